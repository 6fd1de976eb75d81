"""Takes frames from the outbox to the broker, and its confirms back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from edge_video.delivery.amqp.channels import FrameChannels
from edge_video.delivery.amqp.flow import FlowControl, Hold
from edge_video.delivery.amqp.schedule import TakeSchedule
from edge_video.delivery.amqp.transport import CorkedServices
from edge_video.delivery.amqp.unroutable import UnroutableFrames
from edge_video.delivery.amqp.writer import FrameWriter
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.sink import SinkDrained

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.faults import AmqpFaults
    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.guarded_loop import GuardedLoop
    from edge_video.delivery.amqp.route_table import RouteTable
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.delivery.amqp.tcp_gauge import TcpGauge
    from edge_video.delivery.amqp.transport import CorkedTransport
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkListener
    from edge_video.frames import CameraId, Frame
    from edge_video.runtime.reactor import Member
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

_BATCH: Final = 256
"""Most frames taken in one round, so that acks and heartbeats get their turn."""


class FramePump:
    """Takes frames while there is room, publishes them, and settles what the broker answers.

    Everything runs in the reactor's thread, behind the guard of `loop`, except `drain` and what
    its parts say of themselves.

    Args:
        settings: limits, and what is the same in every message.
        routes: the exchange and routing key of every camera.
        outbox: where frames are taken from and settled.
        listener: told what happens to them.
        clock: ages and time stamps.
        loop: of the sink.
        host: the connection's side of each channel.
        on_ready: called once, when the broker has decided about every exchange.
    """

    def __init__(
        self,
        settings: AmqpSettings,
        routes: RouteTable,
        outbox: Outbox,
        listener: SinkListener,
        clock: Clock,
        *,
        loop: GuardedLoop,
        host: ChannelHost,
        on_ready: Callable[[], None],
    ) -> None:
        self.flow: Final = FlowControl(settings, outbox, clock.monotonic)
        self.schedule: Final = TakeSchedule(loop, self.flow, self._take_frames)
        self.channels: Final = FrameChannels(
            routes,
            host,
            self.flow,
            FrameWriter(settings, clock.wall_ns),
            listener=listener,
            user=self,
        )
        self.unroutable: Final = UnroutableFrames(listener, clock.monotonic)
        self.faults: AmqpFaults | None = None
        """Asked about every frame and confirm; set with the first fault on purpose."""
        self._on_settlement = loop.guarded(self.on_settlement)
        self._outbox = outbox
        self._listener = listener
        self._on_ready = on_ready
        self._transport: CorkedTransport | None = None
        self._draining = False
        self._unrouted: set[CameraId] = set()

    def services(self, member: Member) -> CorkedServices:
        """What pika runs on, so that confirms come here on the shortest way."""
        return CorkedServices(member, self._on_settlement, self.channels.by_number)

    def start(
        self, connection: Any, transport: CorkedTransport | None, gauge: TcpGauge, frame_max: int
    ) -> None:
        """Publish on a connection that was just opened.

        Args:
            connection: pika's.
            transport: under it; None with TLS.
            gauge: of its socket.
            frame_max: the largest AMQP frame that was agreed on, in bytes.
        """
        self._transport = transport
        self.flow.measure(gauge)
        self.channels.open(connection, transport, frame_max)

    def drain(self) -> None:
        """Tell `SinkDrained` once everything is settled; `check_drained` is due. Any thread."""
        self._draining = True
        self.schedule.frames_ready()

    def abandon(self) -> None:
        """Settle everything that is in flight as unknown: the connection is gone."""
        for channel in self.channels.all:
            self.flow.settle(channel.abandon(), Outcome.UNKNOWN)

    # --- out ------------------------------------------------------------------------------------

    def _take_frames(self) -> None:
        flow, schedule, channels = self.flow, self.schedule, self.channels
        transport = self._transport
        if transport is not None:
            transport.read_now()  # what is confirmed by now makes room
        if flow.wants_look():
            flow.look()
        admit = None if channels.is_plain else channels.admit
        for _ in range(_BATCH):
            if not flow.has_room():
                break
            frame = self._outbox.take(admit)
            if frame is None:
                schedule.has_work = False
                break
            if self.faults is not None and self.faults.redirect(frame):
                continue
            if not channels.publish(frame):
                self._drop_unrouted(frame)
        channels.isolation.act()
        if transport is not None and flow.frames:
            if schedule.has_work and not flow.has_room():
                transport.resume_reads()  # frames wait for room: the next confirm is news
            else:
                transport.defer_reads()
        schedule.taken()
        self.check_drained()

    def _drop_unrouted(self, frame: Frame) -> None:
        if frame.camera_id not in self._unrouted:
            self._unrouted.add(frame.camera_id)
            _log.error("[%s] no route is configured; its frames are dropped", frame.camera_id)
        self._outbox.settle(frame.camera_id, frame.seq, Outcome.NACKED)

    # --- back -----------------------------------------------------------------------------------

    def on_settlement(self, number: int, tag: int, multiple: bool, nack: bool) -> None:
        """Take an ack or a nack that was read from the socket; see `ConfirmReader`."""
        channel = self.channels.by_number.get(number)
        if channel is not None:
            self.confirmed(channel, tag, multiple=multiple, nack=nack)

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """Settle what an ack or a nack names; they come out of order and for whole ranges."""
        if self.faults is not None and self.faults.delays_confirm(channel, tag, multiple, nack):
            return
        settled = channel.window.settle(tag, multiple=multiple)
        if not settled:
            return
        channel.took(settled)
        flow, schedule = self.flow, self.schedule
        was_full = schedule.has_work and not flow.has_room()
        flow.answered(settled)
        flow.settle(settled, Outcome.NACKED if nack else Outcome.CONFIRMED)
        if nack:
            self.unroutable.count(channel.exchange, nacked=len(settled))
        if channel.camera_id is not None:
            largest = max(each.size for each in settled)
            self.channels.isolation.settled(channel.camera_id, largest)
        if not flow.frames and self._transport is not None:
            self._transport.expect_nothing()
        if was_full:
            schedule.skip_pacing()
        schedule.arm()
        self.check_drained()

    def returned(
        self, channel: FrameChannel, pika_channel: Any, method: Any, properties: Any, body: bytes
    ) -> None:
        """See `ChannelsUser`: it is settled with its ack, which is still to come."""
        del pika_channel, body
        camera_id = (properties.headers or {}).get("camera_id", "")
        if channel.mark_returned(camera_id, properties.message_id or ""):
            self.unroutable.count(f"{method.exchange}/{method.routing_key}", returned=1)

    # --- what changes ---------------------------------------------------------------------------

    def channels_changed(self) -> None:
        """See `ChannelsUser`: with every exchange decided about, frames may go."""
        if self.flow.is_held(Hold.CONNECTING):
            if not self.channels.are_answered:
                return
            self.flow.lift(Hold.CONNECTING)
            self._on_ready()
        self.schedule.arm()

    def frames_may_wait(self) -> None:
        """See `ChannelsUser`."""
        self.schedule.has_work = True
        self.schedule.arm()

    def check_drained(self) -> None:
        """Tell `SinkDrained` if that is wanted, and nothing is held or in flight any more."""
        if not self._draining or self.flow.frames:
            return
        waits = any(each.is_unanswered for each in self.channels.all)
        if self._outbox.held == 0 or not (self.schedule.has_work or waits):
            self._draining = False
            self._listener(SinkDrained())
