"""Reads the keys of a terminal out of the bytes that it sends. Pure."""

from __future__ import annotations

import codecs
import re
from enum import Enum, auto
from typing import Final, TypeAlias


class Key(Enum):
    """A key that is no character."""

    UP = auto()
    DOWN = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()
    HOME = auto()
    END = auto()
    ENTER = auto()
    ESCAPE = auto()
    BACKSPACE = auto()


Press: TypeAlias = "Key | str"
"""A key, or one printable character."""

_ESCAPE: Final = "\x1b"
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
"""A control sequence of a terminal, or one of its short forms (ECMA-48; SS3)."""
_BEGUN: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?")
_LONGEST: Final = 32
_NAMED: Final = {
    "\x1b[A": Key.UP, "\x1bOA": Key.UP, "\x1b[B": Key.DOWN, "\x1bOB": Key.DOWN,
    "\x1b[5~": Key.PAGE_UP, "\x1b[6~": Key.PAGE_DOWN,
    "\x1b[H": Key.HOME, "\x1bOH": Key.HOME, "\x1b[1~": Key.HOME, "\x1b[7~": Key.HOME,
    "\x1b[F": Key.END, "\x1bOF": Key.END, "\x1b[4~": Key.END, "\x1b[8~": Key.END,
    "\r": Key.ENTER, "\n": Key.ENTER, "\x7f": Key.BACKSPACE, "\x08": Key.BACKSPACE,
}  # fmt: skip


class KeyDecoder:
    """Cuts the bytes of a terminal into keys; a sequence may come in pieces."""

    def __init__(self) -> None:
        self._characters = codecs.getincrementaldecoder("utf-8")("ignore")
        self._text = ""

    @property
    def is_waiting(self) -> bool:
        """Whether a sequence has begun that is not whole, or the escape key was pressed."""
        return bool(self._text)

    def feed(self, received: bytes) -> list[Press]:
        """The keys that are whole now; sequences that mean nothing here are left out."""
        self._text += self._characters.decode(received)
        pressed: list[Press] = []
        while self._text:
            sequence = _SEQUENCE.match(self._text)
            if sequence is None and _BEGUN.fullmatch(self._text) and len(self._text) < _LONGEST:
                break  # the rest of it may still come
            one = self._text[0] if sequence is None else sequence[0]
            self._text = self._text[len(one) :]
            if one == _ESCAPE:
                pressed.append(Key.ESCAPE)
            elif one in _NAMED:
                pressed.append(_NAMED[one])
            elif one.isprintable():
                pressed.append(one)
        return pressed

    def flush(self) -> list[Press]:
        """What was pressed when nothing more has come for a while: the escape key, or nothing."""
        begun, self._text = self._text, ""
        return [Key.ESCAPE] if begun == _ESCAPE else []
