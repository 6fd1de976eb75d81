"""Has a terminal for a full screen and its keys, and gives it back as it was; not on Windows."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from edge_video.runtime.signals import signals_handled

with contextlib.suppress(ImportError):  # not on Windows
    import termios

if TYPE_CHECKING:
    from types import FrameType

ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
"""The other screen, without cursor and without lines that wrap, empty."""
LEAVE: Final = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_READ: Final = 1024
_LFLAG: Final = 3
_IFLAG: Final = 0
_CC: Final = 6


class Terminal:
    """The terminal of this process, between entering and leaving the context; main thread.

    While it is left nothing of it is changed: neither after an exception nor after a signal that
    ends the program in order, nor while the program is suspended (Ctrl+Z) or in the background.

    Args:
        keys: the descriptor that keys come from; where it is no terminal, none come.
        screen: the descriptor of the screen.
    """

    def __init__(self, keys: int, screen: int) -> None:
        self._keys = keys
        self._screen = screen
        self._before: list[Any] | None = None
        """The attributes to give back; None outside."""
        self._is_entered = False
        self._scope = contextlib.ExitStack()
        self._woken, self._wake = os.pipe()
        self._waking = threading.RLock()
        """Of `_wake`, which may be another file's as soon as it is closed."""
        self._has_keys = os.isatty(keys)
        self._is_suspending = self._is_continued = False

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            return self
        for each in (self._woken, self._wake):
            os.set_blocking(each, False)
        self._scope.callback(self._close_pipe)
        signums = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
        self._scope.enter_context(signals_handled(self._on_signal, signums))
        self._scope.callback(self._leave)
        try:
            self._enter()
        except BaseException:
            self._scope.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._scope.close()

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines now."""
        return os.get_terminal_size(self._screen)

    def draw(self, lines: str) -> None:
        """Write the screen anew, in one piece so that nothing flickers; not in the background.

        Raises:
            OSError: the terminal is gone.
        """
        if not self._is_entered:
            return
        shown = lines.replace("\n", "\x1b[K\r\n")
        self._write(f"\x1b[H{shown}\x1b[K\x1b[J")

    def wait(self, seconds: float) -> bytes:
        """What was typed, as soon as something was, `wake` was called, or the time is over."""
        descriptors = [self._woken]
        if self._has_keys and self._is_entered:  # in the background they are the shell's
            descriptors.append(self._keys)
        ready, _, _ = select.select(descriptors, [], [], max(0.0, seconds))
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, _READ)
        if self._is_suspending:
            self._suspend()
        elif self._is_continued or not self._is_entered:
            # After a SIGSTOP, which nobody can prepare for; or `fg` of what `bg` let go on: then
            # a shell sends no SIGCONT.
            self._is_continued = False
            self._enter()
        if self._keys not in ready:
            return b""
        try:
            typed = os.read(self._keys, _READ)
        except OSError:  # it was hung up
            typed = b""
        self._has_keys = bool(typed)
        return typed

    def wake(self) -> None:
        """End a `wait`. Any thread, any signal handler."""
        with self._waking:
            if self._wake >= 0:
                with contextlib.suppress(BlockingIOError):  # it is full of wishes already
                    os.write(self._wake, b"!")

    def _close_pipe(self) -> None:
        with self._waking:
            wake, self._wake = self._wake, -1
            os.close(wake)
        os.close(self._woken)

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        if sys.platform == "win32":
            return
        self._is_suspending |= signum == signal.SIGTSTP
        self._is_continued |= signum == signal.SIGCONT
        self.wake()

    def _suspend(self) -> None:
        if sys.platform == "win32":
            return
        self._is_suspending = False
        self._leave()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when somebody lets the program go on
        signal.signal(signal.SIGTSTP, ours)
        self._is_continued = False
        self._enter()

    def _enter(self) -> None:
        """Keys come one by one, unechoed; Ctrl+C and Ctrl+Z stay signals, Ctrl+S stops nothing.

        In the background the terminal is somebody else's.
        """
        if sys.platform == "win32":
            return
        if not self._is_in_foreground():
            return
        self._is_entered = True
        if self._has_keys:
            attributes = termios.tcgetattr(self._keys)
            self._before = self._before or [*attributes[:_CC], list(attributes[_CC])]
            attributes[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
            attributes[_IFLAG] &= ~(termios.IXON | termios.ICRNL)
            attributes[_CC][termios.VMIN], attributes[_CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self._keys, termios.TCSADRAIN, attributes)
        self._write(ENTER)

    def _is_in_foreground(self) -> bool:
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(self._screen) == os.getpgrp()
        except OSError:  # it is not the terminal that this process belongs to
            return True

    def _leave(self) -> None:
        if sys.platform == "win32":
            return
        if not self._is_entered:
            return
        self._is_entered = False
        with contextlib.suppress(OSError, termios.error):  # the terminal may be gone
            self._write(LEAVE)
        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._keys, termios.TCSADRAIN, before)

    def _write(self, text: str) -> None:
        left = text.encode("utf-8", "backslashreplace")
        while left:
            left = left[os.write(self._screen, left) :]
