"""Guards the callbacks of one sink in the reactor's loop, and ends them once."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

import pika.exceptions

from edge_video.delivery.amqp.errors import ConnectionLoss

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.runtime.reactor import Member, Reactor

_log = logging.getLogger(__name__)


class GuardedLoop:
    """Runs the callbacks of one sink one at a time, and none of them after its end.

    Every callback of pika and of the reactor goes through `guarded`: an exception in one ends the
    sink with a reason, and never leaves a silent, dead connection behind.

    Threads: everything here may be called from any thread. `member` belongs to the reactor's.

    Args:
        target: names the broker in the log, without secrets.
    """

    def __init__(self, target: str) -> None:
        self.gate: Final = threading.RLock()
        """Held while a callback runs."""
        self.over: Final = threading.Event()
        """Set when the connection is to be left."""
        self.loss: ConnectionLoss | None = None
        """Why the connection ended: the first reason that was given to `end`."""
        self.member: Member | None = None
        """The sink's part of the reactor's loop; None before `enter` and after `leave`."""
        self._target = target
        self._bound = True
        self._ended = False

    def enter(self, reactor: Reactor) -> Member:
        """Join a reactor's loop.

        Raises:
            RuntimeError: the machine has no thread left.
            OSError: it has no file descriptor left.
        """
        self.member = reactor.enter(self._on_loop_failed)
        return self.member

    def leave(self) -> None:
        """Let no further callback begin; the loop's own part is dismissed by its owner."""
        self._ended = True
        self.member = None

    def guarded(self, call: Callable[..., None]) -> Callable[..., None]:
        """Wrap a callback: it does nothing after the sink's end, and no exception gets out."""

        def run(*arguments: Any) -> None:
            with self.gate:
                if self._ended or not self._bound:
                    return
                try:
                    call(*arguments)
                except pika.exceptions.MethodNotImplemented:
                    self.end(ConnectionLoss("the broker offers no publisher confirms", True))
                except Exception as error:  # noqa: BLE001 - it would kill pika's loop
                    _log.exception("the connection to %s failed inside", self._target)
                    self._on_loop_failed(error)

        return run

    def call_soon(self, call: Callable[[], None]) -> bool:
        """Call it in the reactor's thread; False, and not at all, while there is no loop."""
        member = self.member
        return member is not None and member.call_soon(self.guarded(call))

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call it in so many seconds. The reactor's thread only."""
        if self.member is not None:
            self.member.call_later(delay_s, self.guarded(call))

    def end(self, loss: ConnectionLoss | None) -> None:
        """Let the connection be left; None when that was asked for."""
        if self.loss is None:
            self.loss = loss
        self._ended = True
        self.over.set()

    def part(self, settle: Callable[[], None], *, timeout_s: float = -1) -> None:
        """Let no callback run from now on; the first caller's `settle` settles what is left.

        Args:
            settle: called at most once in the life of this loop, while no callback runs.
            timeout_s: how long to wait for a callback that is running; negative: for ever.
        """
        held = self.gate.acquire(timeout=timeout_s)
        try:
            if self._bound:
                self._bound = False
                settle()
        finally:
            if held:
                self.gate.release()

    def _on_loop_failed(self, error: BaseException) -> None:
        self.end(ConnectionLoss(f"internal error: {type(error).__name__}: {error}"))
