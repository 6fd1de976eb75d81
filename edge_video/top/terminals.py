"""Opens the terminal of this process, of whichever kind the operating system has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Protocol, Self

from edge_video.top.terminal import Terminal
from edge_video.top.windows_terminal import WindowsTerminal

if TYPE_CHECKING:
    import os

_NO_KEYS: Final = -1
"""Of a program whose standard input is closed: no descriptor."""


class AnyTerminal(Protocol):
    """What a full screen needs of a terminal; see `Terminal`."""

    def __enter__(self) -> Self:
        """Take the screen and the keys."""
        ...

    def __exit__(self, *_: object) -> None:
        """Give them back as they were."""
        ...

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines now."""
        ...

    def draw(self, lines: str) -> None:
        """Write the screen anew."""
        ...

    def wait(self, seconds: float) -> bytes:
        """What was typed, as soon as something was, `wake` was called, or the time is over."""
        ...

    def wake(self) -> None:
        """End a `wait`. Any thread, any signal handler."""
        ...


def open_terminal() -> AnyTerminal:
    """Return the terminal that standard input and output are."""
    if sys.platform == "win32":
        return WindowsTerminal(sys.stdout)
    keys = _NO_KEYS if sys.stdin is None else sys.stdin.fileno()
    return Terminal(keys, sys.stdout.fileno())
