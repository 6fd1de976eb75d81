"""The signals that ask the program for something, and for how long they are heard."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""They ask for the orderly stop; SIGHUP comes when the terminal or the ssh session is gone."""


@contextmanager
def signals_handled(
    handler: Callable[[int, FrameType | None], None],
    signums: Sequence[signal.Signals] = STOP_SIGNALS,
) -> Iterator[None]:
    """Within it, the handler runs in the main thread for these signals; main thread.

    A SIGHUP that is ignored stays ignored: that is what `nohup` is for.
    """
    heard = [
        each
        for each in signums
        if not (each == signal.SIGHUP and signal.getsignal(each) is signal.SIG_IGN)
    ]
    before = {each: signal.signal(each, handler) for each in heard}
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
