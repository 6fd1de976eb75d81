"""Holds the channels of one connection, and decides which frame takes which."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge_video.delivery.amqp.exchange import ChannelState
from edge_video.delivery.amqp.frame_channel import FrameChannel
from edge_video.delivery.amqp.in_flight import InFlight
from edge_video.delivery.amqp.isolation import CameraIsolation, admit_to
from edge_video.delivery.amqp.message import message_id
from edge_video.delivery.amqp.refused_frames import RefusedFrames
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.round_robin import Admission
from edge_video.delivery.sink import RouteRefused

if TYPE_CHECKING:
    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.flow import FlowControl
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.delivery.amqp.route_table import RouteTable
    from edge_video.delivery.amqp.settings import Route
    from edge_video.delivery.amqp.transport import CorkedTransport
    from edge_video.delivery.amqp.writer import FrameWriter
    from edge_video.delivery.sink import SinkListener
    from edge_video.frames import CameraId, Frame

_RESERVED_CHANNELS: Final = 2
"""For notifications, and for the question whether another program has this node's name."""

_REFUSAL_CHANNEL: Final = "\0refusals"
"""Among the exchanges, the key of the channel that a fault publishes to; none is called so."""


class ChannelsUser(Protocol):
    """Who publishes on the channels; called in the reactor's thread."""

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """An ack or a nack has come through pika."""

    def returned(
        self, channel: FrameChannel, pika_channel: Any, method: Any, properties: Any, body: bytes
    ) -> None:
        """A frame came back, because nobody is bound to its route."""

    def channels_changed(self) -> None:
        """A channel's state is another one."""

    def frames_may_wait(self) -> None:
        """The outbox may hold frames that can go now."""


class FrameChannels:
    """One channel for each exchange, and one for each camera that is kept apart.

    Everything runs in the reactor's thread. Reads `by_number` is all that the transport does.

    Args:
        routes: the exchange and routing key of every camera.
        host: the connection's side of each channel.
        flow: counts and settles frames.
        writer: writes them.
        listener: told what is refused.
        user: who publishes.
    """

    def __init__(
        self,
        routes: RouteTable,
        host: ChannelHost,
        flow: FlowControl,
        writer: FrameWriter,
        *,
        listener: SinkListener,
        user: ChannelsUser,
    ) -> None:
        self.by_number: Final[dict[int, FrameChannel]] = {}
        """The channels whose confirms are read here, by AMQP's number."""
        self.isolation: Final = CameraIsolation(self, host, listener)
        self._routes = routes
        self._host = host
        self._flow = flow
        self._writer = writer
        self._listener = listener
        self._user = user
        self._by_exchange = {
            exchange: FrameChannel(exchange, host, self) for exchange in routes.exchanges
        }
        self._refused = RefusedFrames(flow, self.isolation, self._routes, host.clean)
        self._connection: Any = None

    def open(self, connection: Any, transport: CorkedTransport | None, frame_max: int) -> None:
        """Open the channel of each exchange on a connection that is open.

        Args:
            connection: pika's.
            transport: under it; None with TLS.
            frame_max: the largest AMQP frame that was agreed on, in bytes.
        """
        self._connection = connection
        self._writer.use(transport, frame_max)
        for channel in self._by_exchange.values():
            channel.open(connection)

    @property
    def all(self) -> list[FrameChannel]:
        """Every channel, those of single cameras included."""
        return [*self._by_exchange.values(), *self.isolation.channels]

    @property
    def exchanges(self) -> int:
        """How many channels the exchanges take."""
        return len(self._by_exchange)

    @property
    def are_answered(self) -> bool:
        """Whether the broker has decided about every exchange, for or against it."""
        return not any(each.is_unanswered for each in self._by_exchange.values())

    # --- publishing -----------------------------------------------------------------------------

    @property
    def is_plain(self) -> bool:
        """Whether every frame may go the usual way at once."""
        if not self.isolation.is_idle:
            return False
        for each in self._by_exchange.values():  # no `all`: this is asked for every frame
            if each.state is not ChannelState.READY or each.on_trial:
                return False
        return True

    def admit(self, camera_id: CameraId, size: int) -> Admission | DropReason:
        """Judge the next frame of a camera; under the outbox's lock."""
        route = self._route_of(camera_id)
        if route is None:
            return Admission.TAKE
        verdict = self.isolation.admit(camera_id, size)
        return admit_to(self._by_exchange[route.exchange]) if verdict is None else verdict

    def publish(self, frame: Frame) -> bool:
        """Publish a frame on its channel; False when its camera has no route."""
        camera_id = frame.camera_id
        route = self._route_of(camera_id)
        if route is None:
            return False
        channel = self.isolation.channel(camera_id) or self._by_exchange[route.exchange]
        if channel.state is ChannelState.REFUSED:  # just now: no channel is left for its exchange
            return False
        entry = InFlight(frame, message_id(frame), route.routing_key)
        flow = self._flow
        flow.record(entry)
        if channel.state is ChannelState.OPENING:  # a moment ago, for this very frame
            channel.again.append(entry)
        else:
            flow.hand_over(entry, channel.window)
            self._writer.write(channel, entry)
        return True

    def _route_of(self, camera_id: CameraId) -> Route | None:
        """The route of a camera; a new exchange gets its channel, which is opened at once."""
        route = self._routes.route_of(camera_id)
        if route is not None and route.exchange not in self._by_exchange:
            channel = FrameChannel(route.exchange, self._host, self)
            self._by_exchange[route.exchange] = channel
            channel.open(self._connection)
        return route

    # --- what channels tell: `FrameOwner` -------------------------------------------------------

    def channel_opened(self, channel: FrameChannel) -> None:
        """See `FrameOwner`."""
        pika_channel = channel.pika_channel
        if channel.released:
            pika_channel.close()
            return
        number = pika_channel.channel_number
        self.by_number[number] = channel
        channel.encoder = self._writer.encoder(number, channel.exchange)
        pika_channel.add_on_return_callback(
            self._host.guarded(functools.partial(self._user.returned, channel))
        )

    def channel_changed(self) -> None:
        """See `FrameOwner`."""
        self._user.channels_changed()

    def channel_ready(self, channel: FrameChannel) -> None:
        """See `FrameOwner`: what the broker never looked at is published again, before others."""
        while channel.again:
            entry = channel.again.popleft()
            self._flow.hand_over(entry, channel.window)
            self._writer.write(channel, entry)
        self._user.frames_may_wait()  # what was left in the outbox meanwhile

    def channel_closed(self, channel: FrameChannel, number: int, refusal: Refusal | None) -> None:
        """See `FrameOwner`."""
        self.by_number.pop(number, None)
        self._refused.settle(channel, refusal)

    def channel_refused(self, channel: FrameChannel, reason: str, retry_in_s: float) -> None:
        """See `FrameOwner`."""
        self._flow.settle(channel.abandon(), Outcome.NACKED)
        if channel.camera_id is None:
            self._listener(RouteRefused(channel.exchange, reason, retry_in_s))
        else:
            self.isolation.release(channel.camera_id)

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """See `FrameOwner`."""
        self._user.confirmed(channel, tag, multiple=multiple, nack=nack)

    # --- channels of single cameras: `IsolationOwner` -------------------------------------------

    def open_private(self, camera_id: CameraId) -> FrameChannel | None:
        """See `IsolationOwner`."""
        route = self._route_of(camera_id)
        if route is None:
            return None
        limit = self._connection.params.channel_max
        if limit and len(self.all) + _RESERVED_CHANNELS >= limit:
            return None  # those of the exchanges are opened again, sometimes
        channel = FrameChannel(route.exchange, self._host, self, camera_id)
        channel.open(self._connection)
        return None if channel.state is ChannelState.REFUSED else channel

    def release_private(self, channel: FrameChannel) -> None:
        """See `IsolationOwner`."""
        home = self._by_exchange[channel.exchange]
        channel.released = True
        self._flow.settle(channel.window.abandon(), Outcome.UNKNOWN)
        home.again.extend(channel.again)
        channel.again.clear()
        if home.state is ChannelState.READY:
            self.channel_ready(home)
        if channel.pika_channel is not None and channel.pika_channel.is_open:
            channel.pika_channel.close()
        self._user.frames_may_wait()

    # --- frames that the broker shall refuse: `FaultyChannels` ----------------------------------

    def adopt(self, pika_channel: Any) -> FrameChannel:
        """See `FaultyChannels`."""
        channel = FrameChannel("amq.default", self._host, self)
        channel.state, channel.pika_channel = ChannelState.READY, pika_channel
        self._by_exchange[_REFUSAL_CHANNEL] = channel
        self.channel_opened(channel)
        return channel

    def redirect(self, channel: FrameChannel, queue: str, frame: Frame) -> None:
        """See `FaultyChannels`."""
        entry = InFlight(frame, message_id(frame), queue)
        self._flow.record(entry)
        self._flow.hand_over(entry, channel.window)
        self._writer.write_to_queue(channel, entry)
