"""Publishes the frames of one exchange on its channel, and knows which are unconfirmed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from edge_video.delivery.amqp.exchange import ChannelState, ExchangeChannel
from edge_video.delivery.amqp.in_flight import InFlight, Window

if TYPE_CHECKING:
    from edge_video.delivery.amqp.encoder import MessageEncoder
    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.frames import CameraId


class FrameOwner(Protocol):
    """Who keeps the channels of a connection; called in the connection's thread."""

    def channel_opened(self, channel: FrameChannel) -> None:
        """A new channel, on which nothing was published yet: it is given its encoder."""

    def channel_changed(self) -> None:
        """A channel's state is another one."""

    def channel_ready(self, channel: FrameChannel) -> None:
        """Frames may be published."""

    def channel_closed(self, channel: FrameChannel, number: int, refusal: Refusal | None) -> None:
        """The channel of this number is gone, with the confirms of what is in the window."""

    def channel_refused(self, channel: FrameChannel, reason: str, retry_in_s: float) -> None:
        """The exchange is refused, for this reason."""

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """An ack or a nack has come through pika."""


class FrameChannel(ExchangeChannel):
    """The frames of one exchange, or of one camera alone, on a channel.

    Args:
        exchange: its name.
        host: the connection's side.
        owner: who keeps it.
        camera_id: the only camera whose frames come here; None: those of the whole exchange.
    """

    encoder: MessageEncoder
    """Of the present channel; set by the owner when that is opened."""

    def __init__(
        self,
        exchange: str,
        host: ChannelHost,
        owner: FrameOwner,
        camera_id: CameraId | None = None,
    ) -> None:
        super().__init__(exchange, host, declares=camera_id is None)
        self.camera_id = camera_id
        self.window: Window[InFlight] = Window()
        self.again: deque[InFlight] = deque()
        """Frames that the broker never looked at; published first on the next channel."""
        self.proven: set[str] = set()
        """Routing keys of which a frame was confirmed, and none refused since."""
        self.topics_refused = 0
        self.released = False
        """Nobody uses it any more; it is to be closed as soon as it is open."""
        self._owner = owner

    @property
    def is_unanswered(self) -> bool:
        """Whether its frames wait in the outbox, because the broker has not decided yet."""
        return self.state in (ChannelState.OPENING, ChannelState.WAITING)

    @property
    def unsettled(self) -> int:
        """Frames that are neither confirmed nor refused yet."""
        return len(self.window) + len(self.again)

    def took(self, frames: list[InFlight]) -> None:
        """Note that the broker took these frames: what it refused before, it refuses no longer."""
        for each in frames:
            self.proven.add(each.routing_key)
        self.accepted()

    def mark_returned(self, camera_id: str, message_id: str) -> bool:
        """Note that a frame came back; its ack is still to come. False when it is not here."""
        for entry in self.window:
            if entry.message_id == message_id and entry.camera_id == camera_id:
                entry.returned = True
                return True
        return False

    def abandon(self) -> list[InFlight]:
        """Take out everything that is not settled."""
        left = self.window.abandon() + list(self.again)
        self.again.clear()
        return left

    def set_state(self, state: ChannelState) -> None:
        """See `ExchangeChannel`."""
        super().set_state(state)
        self._owner.channel_changed()

    def on_opened(self) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_opened(self)

    def on_ready(self) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_ready(self)

    def on_closed(self, number: int, refusal: Refusal | None) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_closed(self, number, refusal)

    def on_refused(self, reason: str, retry_in_s: float) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_refused(self, reason, retry_in_s)

    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """See `ExchangeChannel`."""
        self._owner.confirmed(self, tag, multiple=multiple, nack=nack)
