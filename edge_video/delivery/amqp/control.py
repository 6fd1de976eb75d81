"""Keeps the control connection: a second one to the broker, for everything that is no frame.

Leases, announcements and commands must not wait behind a socket that is full of frames, so they
have a connection of their own, with a heartbeat of 5 s, a thread of its own and one channel for
each user. Only where something is configured that needs it is it made at all.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pika.adapters.utils.selector_ioloop_adapter import SelectorIOServicesAdapter

from edge_video.delivery.amqp.brokers import BrokerCycle
from edge_video.delivery.amqp.connection import BrokerConnection
from edge_video.delivery.amqp.control_channel import ControlChannel, ControlSeat, ControlUser
from edge_video.delivery.amqp.errors import ConnectionLoss
from edge_video.delivery.amqp.exchange import ChannelHost
from edge_video.delivery.amqp.guarded_loop import GuardedLoop
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.backoff import reconnect_delay_s
from edge_video.runtime.reactor import Reactor
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.amqp.brokers import Broker
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.runtime.reactor import Member
    from edge_video.runtime.timer import Clock

__all__ = ["ControlChannel", "ControlConnection", "ControlUser"]

_log = logging.getLogger(__name__)

THREAD: Final = "edge-video-control"
HEARTBEAT_S: Final = 5.0
"""A broker notices a dead node within 2 to 3 of them, and a node its broker within 2."""

_MAX_DELAY_S: Final = 5.0
"""Between two rounds over all brokers: a lease is not proven meanwhile."""
_WITHIN_ROUND_S: Final = 0.25
_HELD_S: Final = 10.0
"""A connection that lasted so long is no part of an outage before it."""
_MAX_WORK: Final = 1000
"""More that waits for the thread is refused: it hangs, for a name that is not resolved, say."""
_TELL_EVERY: Final = 12
"""Of the attempts that fail one after the other, after the first: about once a minute."""


class ControlConnection:
    """One connection to one of the brokers, made anew for ever; each user has a channel on it.

    Threads: `attach`, `start`, `stop`, `submit` and `abandon` from anywhere, and none of them waits
    for the broker, but for `stop`. Everything else runs on the control thread.

    Args:
        settings: of each broker, at least one.
        clock: for how long a connection lasted.
        draw: where chance comes from: a number in [0, 1).
    """

    def __init__(
        self, settings: Sequence[AmqpSettings], clock: Clock, draw: Callable[[], float]
    ) -> None:
        self._brokers = BrokerCycle([_for_control(each) for each in settings], clock, draw)
        self._count = len(settings)
        self._clock = clock
        self._draw = draw
        self._reactor = Reactor(THREAD, round_s=0)
        self._member: Member | None = None
        self._users: list[ControlUser] = []
        self._life: _Life | None = None
        self._record = _Record(clock)
        self._work = threading.BoundedSemaphore(_MAX_WORK)
        self._is_stopping = False
        self._has_ended = threading.Event()

    # --- any thread -----------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether a broker has let us in."""
        life = self._life
        return life is not None and life.connection.is_open

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes no messages at present, and has said so."""
        life = self._life
        return life is not None and life.connection.is_blocked

    def attach(self, user: ControlUser) -> None:
        """Give this user a channel, now or with the connection."""
        self._users.append(user)
        self.submit(lambda: self._seat(user))

    def start(self) -> None:
        """Connect, and go on with it until `stop`; nothing more where that has begun.

        Raises:
            RuntimeError: the machine has no thread left.
            OSError: it has no file descriptor left.
        """
        if self._member is None:
            self._member = self._reactor.enter(self._on_thread_failed)
            self._member.call_soon(self._connect)

    def use(self, settings: Sequence[AmqpSettings]) -> None:
        """Connect to these brokers from now on, and leave the present one."""
        self._brokers = BrokerCycle(
            [_for_control(each) for each in settings], self._clock, self._draw
        )
        self._count = len(settings)
        self.abandon("the configuration has changed")

    def stop(self, timeout_s: float) -> bool:
        """Say goodbye to the broker and end the thread, after all that was submitted before.

        Returns:
            False when the thread still runs; it ends by itself, once it hangs no more.
        """
        member = self._member
        if member is None:
            return True
        if not self._is_stopping:
            self._is_stopping = True
            if not member.call_soon(lambda: self._close(timeout_s)):
                self._has_ended.set()
        if not self._has_ended.wait(timeout_s):
            return False
        self._reactor.join_if_idle(timeout_s)
        return True

    def submit(self, work: Callable[[], None]) -> bool:
        """Run it on the control thread; False, and not at all, when that is over or hangs."""
        member = self._member
        if member is None or not self._work.acquire(blocking=False):
            return False
        if member.call_soon(lambda: self._do(work)):
            return True
        self._work.release()
        return False

    def abandon(self, reason: str) -> None:
        """Give the present connection up, because it does not do what it should; make another."""
        life = self._life
        if life is not None:
            life.loop.end(ConnectionLoss(reason))

    # --- the control thread -------------------------------------------------------------------

    def _do(self, work: Callable[[], None]) -> None:
        self._work.release()
        try:
            work()
        except Exception:  # noqa: BLE001 - it is that user's own error
            _log.exception("work on %s failed inside", THREAD)

    def _connect(self) -> None:
        if self._is_stopping or self._member is None:
            return
        life = _Life(self._brokers.next(), self._clock, self._on_open, self._on_ended)
        self._life = life
        try:
            life.begin(self._reactor)
        except Exception as error:  # noqa: BLE001 - without a descriptor, say: it is tried again
            life.loop.end(ConnectionLoss(f"internal error: {type(error).__name__}: {error}"))

    def _on_open(self, life: _Life) -> None:
        self._record.opened(life.connection.target)
        for user in self._users:
            self._seat(user)

    def _seat(self, user: ControlUser) -> None:
        if self._life is not None:
            self._life.seat(user)

    def _on_ended(self, life: _Life) -> None:
        """Any thread: leave word for the control thread."""
        if self._member is not None:
            self._member.call_soon(lambda: self._ended(life))

    def _ended(self, life: _Life) -> None:
        if life is not self._life:
            return
        self._life = None
        loss = life.loop.loss or ConnectionLoss("the program ends")
        life.leave(loss.reason)
        if self._is_stopping:
            self._leave()
            return
        delay_s = self._delay_s(self._record.failed())
        self._record.lost(loss.reason, delay_s)
        assert self._member is not None
        self._member.call_later(delay_s, self._connect)

    def _delay_s(self, failures: int) -> float:
        rounds, within = divmod(failures, self._count)
        if within:
            return self._draw() * _WITHIN_ROUND_S
        return reconnect_delay_s(rounds, self._draw(), cap_s=_MAX_DELAY_S)

    def _close(self, within_s: float) -> None:
        if self._life is None:
            self._leave()
        else:
            self._life.connection.close(within_s)

    def _leave(self) -> None:
        if self._member is not None:
            self._member.leave()
        self._has_ended.set()

    def _on_thread_failed(self, error: BaseException) -> None:
        """Begin anew on another thread; only an error of the reactor itself comes here."""
        life, self._life = self._life, None
        reason = f"internal error: {type(error).__name__}: {error}"
        if life is not None:
            life.leave(reason)
        if self._is_stopping:
            self._has_ended.set()
            return
        self._member = self._reactor.enter(self._on_thread_failed)
        self._member.call_later(_MAX_DELAY_S, self._connect)


class _Life:
    """One connection, or one attempt at it, with the channels on it."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        on_open: Callable[[_Life], None],
        on_ended: Callable[[_Life], None],
    ) -> None:
        settings = broker.settings
        self.loop: Final = _EndingLoop(settings.target, lambda: on_ended(self))
        self._on_open = on_open
        self._pika_connection: Any = None
        self._seats: dict[ControlUser, ControlSeat] = {}
        self._host = ChannelHost(
            guarded=self.loop.guarded,
            call_later=self.loop.call_later,
            clean=Redactor([settings.password], [(settings.username, settings.password)]),
            now=clock.monotonic,
            retry_s=settings.route_retry_s,
            knowledge=broker.knowledge,
        )
        self.connection: Final = BrokerConnection(
            settings,
            self.loop,
            self._host,
            user=self,
            handshake=broker.handshake,
            connect_target=lambda host, port: (host, port),
            make_services=_ControlServices,
        )

    def begin(self, reactor: Reactor) -> None:
        """Resolve the name and connect. The thread may hang in it: nobody else needs it now."""
        self.loop.enter(reactor)
        if self.connection.prepare():
            self.loop.call_soon(self.connection.connect)

    def seat(self, user: ControlUser) -> None:
        """Open the user's channel, unless it has one, or there is no connection."""
        if self._pika_connection is not None and user not in self._seats:
            self._seats[user] = ControlSeat(user, self._pika_connection, self._host)
            self._seats[user].open()

    def leave(self, reason: str) -> None:
        """Close the socket at once, and tell the users."""
        member = self.loop.member
        self.loop.leave()
        if member is not None:
            self.connection.release(member, threading.Event())
        for seat in self._seats.values():
            seat.end(reason)

    def connection_opened(self, connection: Any) -> None:
        """See `ConnectionUser`."""
        self._pika_connection = connection
        self._on_open(self)

    def connection_blocked(self, reason: str) -> None:
        """See `ConnectionUser`."""
        log_event(_log, LogEvent.CONTROL_BLOCKED, reason=reason)

    def connection_unblocked(self) -> None:
        """See `ConnectionUser`."""
        log_event(_log, LogEvent.CONTROL_UNBLOCKED)


class _EndingLoop(GuardedLoop):
    """A guarded loop that tells its end, as there is no thread that waits for it."""

    def __init__(self, target: str, on_end: Callable[[], None]) -> None:
        super().__init__(target)
        self._on_end = on_end

    def end(self, loss: ConnectionLoss | None) -> None:
        super().end(loss)
        self._on_end()


class _ControlServices(SelectorIOServicesAdapter):  # type: ignore[misc] # pika is untyped
    """pika's services on a reactor."""

    transport = None
    """There is none of ours under it."""


class _Record:
    """What is told of connections and their losses, at pauses that do not flood the log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_s: float | None = None
        self._lost_s: float | None = None

    def opened(self, target: str) -> None:
        """Note and tell that a broker has let us in."""
        self._opened_s = self._clock.monotonic()
        away_s = None if self._lost_s is None else self._opened_s - self._lost_s
        log_event(_log, LogEvent.CONTROL_CONNECTED, target=target, away_s=away_s)

    def failed(self) -> int:
        """Note that the connection is gone, or was not made; return the failures in a row."""
        now_s = self._clock.monotonic()
        if self._opened_s is not None and now_s - self._opened_s >= _HELD_S:
            self._failures = 0
            self._lost_s = None
        self._lost_s = now_s if self._lost_s is None else self._lost_s
        self._opened_s = None
        self._failures += 1
        return self._failures

    def lost(self, reason: str, retry_in_s: float) -> None:
        """Tell the loss, if it is one that is told."""
        if self._failures % _TELL_EVERY == 1:
            log_event(_log, LogEvent.CONTROL_LOST, reason=reason, retry_in_s=retry_in_s)


def _for_control(settings: AmqpSettings) -> AmqpSettings:
    return replace(settings, app=f"{settings.app} control", heartbeat_s=HEARTBEAT_S)
