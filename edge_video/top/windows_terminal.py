"""Has a Windows console for a full screen and its keys, and gives it back as it was.

Windows 10 and later draw what terminals elsewhere draw, once a console is asked to; keys are asked
for, because nothing there waits for keys and for something else at once.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from edge_video.top.terminal import ENTER, LEAVE

if sys.platform == "win32":
    import ctypes
    import msvcrt

if TYPE_CHECKING:
    from typing import TextIO

_PAUSE_S: Final = 0.05
_STANDARD_OUTPUT: Final = -11
_ESCAPES: Final = 0x0004
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING."""
_SPECIAL: Final = ("\x00", "\xe0")
_SEQUENCES: Final = {
    "H": b"\x1b[A",
    "P": b"\x1b[B",
    "M": b"\x1b[C",
    "K": b"\x1b[D",
    "I": b"\x1b[5~",
    "Q": b"\x1b[6~",
    "G": b"\x1b[H",
    "O": b"\x1b[F",
}
"""The second character of a special key, and what terminals elsewhere send for the key."""


class WindowsTerminal:
    """The console of this process, between entering and leaving the context; main thread.

    Args:
        screen: what it is drawn on.
    """

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen
        self._woken = threading.Event()

    def __enter__(self) -> Self:
        _draw_escapes()
        self._write(ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        self._write(LEAVE)

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines now."""
        return os.get_terminal_size(self._screen.fileno())

    def draw(self, lines: str) -> None:
        """Write the screen anew, in one piece so that nothing flickers.

        Raises:
            OSError: the console is gone.
        """
        shown = lines.replace("\n", "\x1b[K\r\n")
        self._write(f"\x1b[H{shown}\x1b[K\x1b[J")

    def wait(self, seconds: float) -> bytes:
        """What was typed, as soon as something was, `wake` was called, or the time is over."""
        until_s = time.monotonic() + seconds
        while not (typed := _typed()):
            if self._woken.wait(_PAUSE_S) or time.monotonic() >= until_s:
                break
        self._woken.clear()
        return typed

    def wake(self) -> None:
        """End a `wait`. Any thread, any signal handler."""
        self._woken.set()

    def _write(self, text: str) -> None:
        self._screen.write(text)
        self._screen.flush()


def _draw_escapes() -> None:
    """Have the console draw escape sequences; a very old one does not, and shows them."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        console, mode = kernel.GetStdHandle(_STANDARD_OUTPUT), ctypes.c_uint32()
        if kernel.GetConsoleMode(console, ctypes.byref(mode)):
            kernel.SetConsoleMode(console, mode.value | _ESCAPES)


def _typed() -> bytes:
    typed = b""
    if sys.platform == "win32":
        while msvcrt.kbhit():
            key = msvcrt.getwch()
            if key in _SPECIAL:
                typed += _SEQUENCES.get(msvcrt.getwch(), b"")
            else:
                typed += key.encode("utf-8", "ignore")
    return typed
