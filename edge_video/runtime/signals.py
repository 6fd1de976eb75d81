"""Handles the signals that ask the program for something, while somebody waits for them."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NoReturn, Self

from edge_video.runtime.system import WITHOUT_WAITING, signal_named, signals_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

STOP_SIGNALS: Final = signals_named("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""They ask for the orderly stop; SIGHUP comes when the terminal or the ssh session is gone.

Windows has SIGBREAK in its place: Ctrl+Break, and a window that is closed.

Where there is something to reload, SIGHUP asks for that: see `ShutdownSignals`.
"""

_HANG_UP: Final = signal_named("SIGHUP")
_DUPLICATE_S: Final = 0.1


class StopRequest(Enum):
    """What one signal asks for, given the signals before it."""

    GRACEFUL = auto()
    """The orderly stop."""
    DUPLICATE = auto()
    """Nothing: it is a copy of the signal before it."""
    IMMEDIATE = auto()
    """The end at once: the operator will not wait for the orderly stop."""
    RELOAD = auto()
    """The configuration is to be read anew; nothing, when the stop has begun."""


class Terminal:
    """Knows whether the terminal in which the program was started is still there."""

    def __init__(self, path: str = "/dev/tty") -> None:
        self._path = path
        self._was_there = self._is_there()

    @property
    def is_gone(self) -> bool:
        """Whether there was one, and it has hung up."""
        return self._was_there and not self._is_there()

    def _is_there(self) -> bool:
        try:
            os.close(os.open(self._path, os.O_RDWR | WITHOUT_WAITING))
        except OSError:
            return False
        return True


def _interrupt(_: signal.Signals) -> NoReturn:
    raise KeyboardInterrupt


@dataclass(slots=True)
class ShutdownSignals:
    """Calls back for the signals that end a program, while it is entered as a context manager.

    The first signal asks for the orderly stop, another one for the end at once. `timeout` and other
    wrappers signal the program and then its whole group, so the same signal again within 0.1 s is a
    copy and no request. Nor is SIGHUP one: a closed terminal sends it once or twice by itself, and
    systemd sends it right after SIGTERM (`SendSIGHUP=`).

    With `on_reload` a SIGHUP asks for that instead, unless the terminal is gone in which the
    program was started: then nobody is there any more who could have sent it.

    Everything runs in the main thread, the callbacks in between any two steps of it.
    """

    on_graceful: Callable[[signal.Signals], object]
    on_immediate: Callable[[signal.Signals], object] = _interrupt
    """By default it raises `KeyboardInterrupt`."""
    on_reload: Callable[[], object] | None = None
    """What a SIGHUP asks for as long as the terminal is there, or never was; None: the stop."""
    terminal: Terminal = field(default_factory=Terminal)
    _first: tuple[int, float] | None = None
    _scope: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._scope.enter_context(signals_handled(self._handle))
        return self

    def __exit__(self, *_: object) -> None:
        self._scope.close()

    def classify(self, signum: int, now_s: float) -> StopRequest:
        """What this signal, at this monotonic time, asks for; remembers the first one.

        A SIGHUP begins the orderly stop, and is no first of two signals: an operator who then sends
        another one has not waited in vain yet.
        """
        if signum == _HANG_UP:
            if self.on_reload is not None and not self.terminal.is_gone:
                return StopRequest.RELOAD
            return StopRequest.GRACEFUL if self._first is None else StopRequest.DUPLICATE
        if self._first is None:
            self._first = (signum, now_s)
            return StopRequest.GRACEFUL
        first, at_s = self._first
        is_copy = first == signum and now_s - at_s < _DUPLICATE_S
        return StopRequest.DUPLICATE if is_copy else StopRequest.IMMEDIATE

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        match self.classify(signum, time.monotonic()):
            case StopRequest.GRACEFUL:
                self.on_graceful(signal.Signals(signum))
            case StopRequest.IMMEDIATE:
                self.on_immediate(signal.Signals(signum))
            case StopRequest.RELOAD:
                if self.on_reload is not None and self._first is None:
                    self.on_reload()
            case StopRequest.DUPLICATE:
                pass


@contextmanager
def signals_handled(
    handler: Callable[[int, FrameType | None], None],
    signums: Sequence[signal.Signals] = STOP_SIGNALS,
) -> Iterator[None]:
    """Within it, the handler runs in the main thread for these signals; main thread.

    A SIGHUP that is ignored stays ignored: that is what `nohup` is for.
    """
    handled = [
        each
        for each in signums
        if not (each == _HANG_UP and signal.getsignal(each) is signal.SIG_IGN)
    ]
    before = {each: signal.signal(each, handler) for each in handled}
    try:
        yield
    finally:
        for each, earlier in before.items():
            signal.signal(each, earlier)


@contextmanager
def signals_ignored(*signums: signal.Signals) -> Iterator[None]:
    """Within it, these signals do nothing; main thread."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in signums}
    try:
        yield
    finally:
        for each, earlier in before.items():
            signal.signal(each, earlier)
