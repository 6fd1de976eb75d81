"""Publishes frames and notifications to RabbitMQ over one connection; implements `Sink`.

pika is not thread-safe, so every pika object lives and dies in the reactor's thread; the other
threads only leave word there. Each exchange has a channel of its own, because in AMQP an error
closes the channel it happened on: a refused or deleted exchange then costs no other camera
anything.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from edge_video.delivery.amqp.connection import BrokerConnection
from edge_video.delivery.amqp.connection_thread import ConnectionThread
from edge_video.delivery.amqp.errors import ConnectionLoss
from edge_video.delivery.amqp.events_last import EventsLast
from edge_video.delivery.amqp.exchange import ChannelHost
from edge_video.delivery.amqp.faults import AmqpFaults
from edge_video.delivery.amqp.flow import Hold
from edge_video.delivery.amqp.guarded_loop import GuardedLoop
from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.liveness import LivenessCheck
from edge_video.delivery.amqp.node import NodeClaim
from edge_video.delivery.amqp.notifications import NotificationChannel, NotificationRoute
from edge_video.delivery.amqp.pump import FramePump
from edge_video.delivery.amqp.route_table import RouteTable
from edge_video.delivery.sink import (
    SinkBlocked,
    SinkConnected,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import DropConnection
from edge_video.runtime.reactor import Reactor
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edge_video.delivery.amqp.settings import AmqpSettings, Route
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkListener
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock

_CUT_OFF_S: Final = 0.5
"""How long `close` waits for a callback, once it has not been able to join the thread."""


class AmqpSink:
    """One life of a connection to a RabbitMQ broker; a `Sink`.

    The exchanges of all routes are declared (topic, durable) before `SinkConnected` is told. A
    user who may not declare an exchange that exists can still publish to it. While a route is
    refused its frames are settled as nacked; it is tried again every `route_retry_s` seconds.

    Threads: `open`, `frames_ready`, `drain`, `close`, `in_flight` and faults from anywhere.
    Everything else runs in the reactor's thread, every callback of pika behind `GuardedLoop`: an
    exception ends the connection as `SinkLost` and never leaves a silent, dead one. The thread
    `amqp-<n>` does what may block (names, certificates), then waits for the connection's end.

    Args:
        settings: the broker.
        routes: the exchange and routing key of every camera.
        foreign: the exchange of any other camera, and what comes before its id in its routing key;
            None: frames of other cameras are nacked.
        outbox: where frames are taken from and settled.
        listener: told what happens; must not block.
        clock: ages and time stamps.
        reactor: whose thread to use; None for one of this sink's own. With the one that reads the
            cameras, a frame crosses no thread on its way.
        handshake: how long connecting may take, as learned by the sinks before this one; None:
            nothing was learned yet.
        notifications: where the system's notifications go; None: there are none.
        knowledge: what earlier connections have learned about the broker.
        present: those cameras of `routes` whose exchanges are declared at once; None: all.
    """

    def __init__(
        self,
        settings: AmqpSettings,
        routes: Mapping[CameraId, Route],
        outbox: Outbox,
        listener: SinkListener,
        clock: Clock,
        *,
        reactor: Reactor | None = None,
        handshake: HandshakeTimeout | None = None,
        notifications: NotificationRoute | None = None,
        knowledge: BrokerKnowledge | None = None,
        foreign: Route | None = None,
        present: Collection[CameraId] | None = None,
    ) -> None:
        loop = GuardedLoop(settings.target)
        host = _channel_host(settings, clock, loop, knowledge or BrokerKnowledge())
        self._listener = listener
        self._loop = loop
        self._host = host
        self._events_last = EventsLast(listener, lambda: self._connection.is_blocked)
        self._pump = pump = FramePump(
            settings,
            RouteTable(routes, foreign, present),
            outbox,
            self._events_last,
            clock,
            loop=loop,
            host=host,
            on_ready=self._on_ready,
        )
        self._faults = AmqpFaults(host, pump.channels)
        self._connection = BrokerConnection(
            settings,
            loop,
            host,
            user=self,
            handshake=handshake or HandshakeTimeout(settings.handshake_timeout_s),
            connect_target=self._faults.connect_target,
            make_services=pump.services,
        )
        self._thread = ConnectionThread(
            loop, reactor or Reactor(), self._connection, self._begin, self._on_ended
        )
        self._liveness = LivenessCheck(
            self._connection, pump.channels, pump.flow, settings.confirm_timeout_s, host.now
        )
        self._node_claim = NodeClaim(settings.node, settings.heartbeat_s, host)
        self._notifications = None
        if notifications is not None:
            self._notifications = NotificationChannel(
                notifications,
                settings.app,
                host,
                listener,
                frame_channels=pump.channels.exchanges,
                on_settled=self._events_last.look,
            )
            self._events_last.events = self._notifications

    # --- any thread -----------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Frames handed to the broker and not settled yet."""
        return self._pump.flow.frames

    @property
    def in_flight_bytes(self) -> int:
        """Their bytes."""
        return self._pump.flow.bytes

    def open(self) -> None:
        """See `Sink.open`."""
        self._thread.open()

    def frames_ready(self) -> None:
        """See `Sink.frames_ready`."""
        self._pump.schedule.frames_ready()

    def drain(self) -> None:
        """See `Sink.drain`."""
        self._pump.drain()
        self._loop.call_soon(self._pump.check_drained)

    def close(self, timeout_s: float) -> bool:
        """See `Sink.close`."""
        self._pump.flow.hold(Hold.CLOSING)
        has_ended = self._thread.close(timeout_s)
        self._loop.part(self._abandon, timeout_s=-1 if has_ended else _CUT_OFF_S)
        return has_ended

    def inject(self, fault: SinkFault) -> bool:
        """See `Sink.inject`."""
        if isinstance(fault, DropConnection):
            return self._loop.call_soon(self._connection.cut)
        with self._loop.gate:
            is_ours = self._faults.begin(fault)
            if is_ours:
                self._pump.faults = self._faults
        if is_ours:
            self._loop.call_soon(self._apply_faults)
        return is_ours

    def end_fault(self, fault: SinkFault) -> None:
        """See `Sink.end_fault`."""
        with self._loop.gate:
            self._faults.end(fault)
        self._loop.call_soon(self._apply_faults)

    def clear_faults(self) -> None:
        """See `Sink.clear_faults`."""
        with self._loop.gate:
            self._faults.clear()
        self._loop.call_soon(self._apply_faults)

    # --- the connection, in the reactor's thread: `ConnectionUser` ------------------------------

    def connection_opened(self, connection: Any) -> None:
        """See `ConnectionUser`."""
        self._pump.start(
            connection,
            self._connection.transport,
            self._connection.gauge(),
            connection.params.frame_max,  # negotiated by now
        )
        if self._notifications is not None:
            self._notifications.open(connection)
        self._node_claim.open(connection)  # last: where channels are few, it goes without
        self._pump.channels_changed()

    def connection_blocked(self, reason: str) -> None:
        """See `ConnectionUser`."""
        self._pump.flow.hold(Hold.BLOCKED)
        self._listener(SinkBlocked(reason))

    def connection_unblocked(self) -> None:
        """See `ConnectionUser`."""
        self._pump.flow.silence.resumed(self._host.now())
        self._pump.flow.lift(Hold.BLOCKED)
        self._listener(SinkUnblocked())
        self._pump.schedule.arm()

    # --- the rest of its life -------------------------------------------------------------------

    def _begin(self) -> None:
        self._liveness.ticked()
        self._connection.connect()
        self._loop.call_later(self._liveness.every_s, self._on_tick)

    def _on_ready(self) -> None:
        self._listener(SinkConnected(self._connection.target))
        self._apply_faults()

    def _apply_faults(self) -> None:
        connection = self._connection
        is_in_use = connection.is_open and not self._pump.flow.is_held(Hold.CONNECTING)
        self._faults.act(connection.pika_connection if is_in_use else None)

    def _on_tick(self) -> None:
        self._loop.call_later(self._liveness.every_s, self._on_tick)
        self._liveness.ticked()
        self._connection.credit_confirms()
        self._pump.unroutable.report()
        self._events_last.look()
        if self._connection.is_blocked:
            return
        if self._notifications is not None:
            self._notifications.pump()
        self._node_claim.retry_if_due()
        reason = self._liveness.overdue()
        if reason is not None:
            self._loop.end(ConnectionLoss(reason))

    def _on_ended(self, loss: ConnectionLoss | None) -> None:
        """Tell why the connection ended; in the thread `amqp-<n>`."""
        self._faults.close()
        self._loop.part(functools.partial(self._abandon, loss))

    def _abandon(self, loss: ConnectionLoss | None = None) -> None:
        """Settle what is left, as nobody else touches it any more; then tell the loss."""
        self._pump.abandon()
        if self._notifications is not None:
            self._notifications.close()
        if loss is not None:
            self._listener(SinkLost(loss.reason, loss.permanent))


def _channel_host(
    settings: AmqpSettings, clock: Clock, loop: GuardedLoop, knowledge: BrokerKnowledge
) -> ChannelHost:
    return ChannelHost(
        guarded=loop.guarded,
        call_later=loop.call_later,
        # What the broker says may quote anything.
        clean=Redactor([settings.password], [(settings.username, settings.password)]),
        now=clock.monotonic,
        retry_s=settings.route_retry_s,
        knowledge=knowledge,
    )
