"""Runs the thread `amqp-<n>` of one connection, which prepares it and waits for its end."""

from __future__ import annotations

import itertools
import logging
import threading
from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.errors import ConnectionLoss

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.connection import BrokerConnection
    from edge_video.delivery.amqp.guarded_loop import GuardedLoop
    from edge_video.runtime.reactor import Member, Reactor

_log = logging.getLogger(__name__)

_RELEASE_POLL_S: Final = 0.5
_JOIN_REACTOR_S: Final = 2.0

_thread_numbers = itertools.count(1)


class ConnectionThread:
    """The thread `amqp-<n>`: it does what may block before a connection, then waits for its end.

    `open` and `close` may be called from any thread, `open` once.

    Args:
        loop: of the sink.
        reactor: whose loop it enters.
        connection: what it is about.
        begin: called in the reactor's thread, once that is entered.
        ended: called in this thread at its end, with the reason; None when `close` asked for it.
    """

    def __init__(
        self,
        loop: GuardedLoop,
        reactor: Reactor,
        connection: BrokerConnection,
        begin: Callable[[], None],
        ended: Callable[[ConnectionLoss | None], None],
    ) -> None:
        self._loop = loop
        self._reactor = reactor
        self._connection = connection
        self._begin = begin
        self._ended = ended
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start it."""
        name = f"amqp-{next(_thread_numbers)}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """End the connection, and wait for the thread; False if it is still running."""
        self._is_closing = True
        self._loop.call_soon(lambda: self._connection.close(timeout_s))
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _run(self) -> None:
        target = self._connection.target
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - a silent dead thread is worse than any error
            _log.exception("the connection to %s failed inside", target)
            self._loop.end(ConnectionLoss(f"internal error: {type(error).__name__}: {error}"))
        loss = self._loop.loss or ConnectionLoss("pika's loop ended")
        try:
            self._ended(None if self._is_closing else loss)
        except Exception:  # noqa: BLE001 - nobody is left to tell
            _log.exception("the loss of %s could not be told", target)

    def _serve(self) -> None:
        """Connect, and wait until the connection has ended, for whatever reason."""
        if not self._connection.prepare() or self._is_closing:
            return
        member = self._loop.enter(self._reactor)
        try:
            self._loop.call_soon(self._begin)
            # After the line above: a request to close must find the loop, or be seen here.
            if not self._is_closing:
                self._loop.over.wait()
        finally:
            self._loop.leave()
            self._leave(member)

    def _leave(self, member: Member) -> None:
        """Have the socket closed and the loop left, and see the reactor's thread end."""
        released = threading.Event()
        if member.call_soon(lambda: self._connection.release(member, released)):
            while not released.wait(_RELEASE_POLL_S) and not member.gone:
                pass
        if not released.is_set():
            self._connection.drop()
        self._reactor.join_if_idle(_JOIN_REACTOR_S)
