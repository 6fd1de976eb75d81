"""Handles the signals that ask the program for something, while somebody waits for them."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""They ask for the orderly stop; SIGHUP comes when the terminal or the ssh session is gone."""

_DUPLICATE_S: Final = 0.1


class StopRequest(Enum):
    """What one signal asks for, given the signals before it."""

    GRACEFUL = auto()
    """The orderly stop."""
    DUPLICATE = auto()
    """Nothing: it is a copy of the signal before it."""
    IMMEDIATE = auto()
    """The end at once: the operator will not wait for the orderly stop."""


def _interrupt(_: signal.Signals) -> NoReturn:
    raise KeyboardInterrupt


@dataclass(slots=True)
class ShutdownSignals:
    """Calls back for the signals that end a program, while it is entered as a context manager.

    The first signal asks for the orderly stop, another one for the end at once. `timeout` and other
    wrappers signal the program and then its whole group, so the same signal again within 0.1 s is a
    copy and no request. Nor is SIGHUP one: a closed terminal sends it once or twice by itself, and
    systemd sends it right after SIGTERM (`SendSIGHUP=`).

    Everything runs in the main thread, the callbacks in between any two steps of it.
    """

    on_graceful: Callable[[signal.Signals], object]
    on_immediate: Callable[[signal.Signals], object] = _interrupt
    """By default it raises `KeyboardInterrupt`."""
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
        if signum == signal.SIGHUP:
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
        if not (each == signal.SIGHUP and signal.getsignal(each) is signal.SIG_IGN)
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
