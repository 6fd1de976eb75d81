"""A terminal of its own, and a person in front of it who reads the screen and presses keys."""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LEFT = "\x1b[?25h\x1b[?1049l"
"""The cursor and the screen are those of the shell again."""


class Person:
    """Reads what a program writes to its terminal, on a thread of its own."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self._hands, self.terminal = os.openpty()
        self.resize(columns, lines)
        self._read = bytearray()
        self._changed = threading.Condition(threading.RLock())
        self._is_over = False
        self._eyes = threading.Thread(target=self._watch, name="person", daemon=True)

    def __enter__(self) -> Self:
        self._eyes.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._eyes.join(5)
        os.close(self._hands)
        os.close(self.terminal)

    def resize(self, columns: int, lines: int) -> None:
        termios.tcsetwinsize(self.terminal, (lines, columns))

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.terminal)

    def press(self, keys: bytes) -> None:
        os.write(self._hands, keys)

    @property
    def written(self) -> str:
        """Everything, with its control sequences."""
        with self._changed:
            return self._read.decode("utf-8", "replace")

    def screen(self) -> list[str]:
        """The lines of the newest whole picture."""
        before, end, _ = self.written.rpartition("\x1b[J")
        picture = before.rpartition("\x1b[H")[2] if end else ""
        lines = _COLOURS.sub("", picture).split("\r\n")
        return [line.replace("\x1b[K", "").rstrip() for line in lines]

    def wait_until(self, sees: Callable[[list[str]], bool], timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not sees(self.screen()):
                left_s = deadline - time.monotonic()
                assert left_s > 0, "\n".join(self.screen())
                self._changed.wait(left_s)

    def _watch(self) -> None:
        while not self._is_over:
            ready, _, _ = select.select([self._hands], [], [], 0.1)
            if ready:
                piece = b""
                with contextlib.suppress(OSError):
                    piece = os.read(self._hands, 65_536)
                with self._changed:
                    self._read += piece
                    self._changed.notify_all()
