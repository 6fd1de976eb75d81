"""Tells what the operating system has, and whether Linux's own ways are taken or portable ones.

The program is made for Linux and tested on it; what Linux alone has is asked for here, or behind
`sys.platform`, so that every module can be imported elsewhere. The portable ways can be forced on
Linux, where they are tested: see `FORCED`.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

FORCED: Final = "EDGE_VIDEO_PORTABLE"
"""The variable of the environment that forces the portable ways; for tests.

`posix`: as on a system that has process groups and whose pipes can be waited for, as macOS has.
Any other value: as on one that has neither, as Windows.
"""

PRIVATE: Final[int] = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Of `os.open`: no other program inherits the file, and its bytes are what they are."""
WITHOUT_WAITING: Final[int] = PRIVATE | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Of `os.open`: nobody at the other end is waited for, and no terminal is taken over."""
NO_LINK: Final[int] = getattr(os, "O_NOFOLLOW", 0)
"""Of `os.open`: a symbolic link is an error."""
DIRECTORY: Final[int] = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | PRIVATE
"""Of `os.open`: a directory is opened, and anything else is an error."""

CAN_OPEN_DIRECTORIES: Final = os.open in os.supports_dir_fd
"""Whether a directory has a descriptor below which files are named."""


def signal_named(name: str) -> signal.Signals | None:
    """Return a signal; None where there is no such."""
    found: signal.Signals | None = getattr(signal, name, None)
    return found


def signals_named(*names: str) -> tuple[signal.Signals, ...]:
    """Return those of the signals that there are here."""
    found = map(signal_named, names)
    return tuple(each for each in found if each is not None)


KILL: Final = signal_named("SIGKILL") or signal.SIGTERM
"""Ends a process at once. `os.kill` ends it so by any number where there is no SIGKILL."""


def is_portable() -> bool:
    """Whether the portable ways are taken, where Linux has one of its own."""
    return sys.platform != "linux" or bool(os.environ.get(FORCED))


def lacks_posix() -> bool:
    """Whether pipes cannot be waited for, and there are no process groups."""
    return sys.platform == "win32" or os.environ.get(FORCED, "posix") not in ("", "posix")
