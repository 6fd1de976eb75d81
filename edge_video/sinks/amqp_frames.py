"""The frames of one exchange on its channel: what is unconfirmed, and what is encoded once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge_video.sinks.amqp_exchange import ChannelState, ExchangeChannel

if TYPE_CHECKING:
    from edge_video.frames import CameraId
    from edge_video.sinks.amqp_exchange import ChannelHost
    from edge_video.sinks.amqp_wire import HeaderEncoder


@dataclass(slots=True)
class InFlight:
    """A frame that the broker has neither confirmed nor refused yet."""

    camera_id: CameraId
    seq: int
    size: int
    at_s: float
    """Monotonic, of the hand-over."""
    message_id: str
    returned: bool = False
    ahead: int = 0
    """Unconfirmed bytes of the connection at the hand-over, its own included."""
    end: int = 0
    """Bytes handed over on this connection up to its own last one."""
    on_wire_at_s: float = 0.0
    """Monotonic: when it was last seen to be on its way still."""


class Window:
    """The unconfirmed frames of one channel, in the order of their delivery tags."""

    def __init__(self) -> None:
        self._frames: dict[int, InFlight] = {}
        self._next_tag = 1

    def add(self, frame: InFlight) -> None:
        """Remember the frame that is published next; the broker counts along."""
        self._frames[self._next_tag] = frame
        self._next_tag += 1

    def settle(self, tag: int, *, multiple: bool) -> list[InFlight]:
        """Take out what an ack or a nack is about; an unknown tag is about nothing.

        With `multiple` it is every frame up to the tag, and every frame at all when the tag is 0.
        """
        if not multiple:
            found = self._frames.pop(tag, None)
            return [] if found is None else [found]
        tags = list(itertools.takewhile(lambda each: tag == 0 or each <= tag, self._frames))
        return [self._frames.pop(each) for each in tags]

    def mark_returned(self, camera_id: str, identifier: str) -> bool:
        """Note that a frame came back; its ack is still to come. False when it is not here."""
        for frame in self._frames.values():
            if frame.message_id == identifier and frame.camera_id == camera_id:
                frame.returned = True
                return True
        return False

    def abandon(self) -> list[InFlight]:
        """Take everything out; the next channel counts from 1 again."""
        left = list(self._frames.values())
        self._frames.clear()
        self._next_tag = 1
        return left

    @property
    def oldest(self) -> InFlight | None:
        """The frame that was handed over first; None when the window is empty."""
        return next(iter(self._frames.values()), None)


class FrameOwner(Protocol):
    """Who keeps the accounts of all frames of a connection; told in the connection's thread."""

    def channel_opened(self, line: FrameChannel) -> None:
        """A new channel, on which nothing was published yet."""

    def channel_changed(self) -> None:
        """A channel's state is another one."""

    def channel_answered(self) -> None:
        """An exchange was accepted or refused."""

    def channel_closed(self, line: FrameChannel, number: int) -> None:
        """The channel of this number is gone, with the confirms of what is in the window."""

    def channel_refused(self, line: FrameChannel, reason: str) -> None:
        """The exchange is refused, for this reason in words."""

    def confirmed(self, line: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """An ack or a nack has come through pika."""


class FrameChannel(ExchangeChannel):
    """The frames of one exchange, on its channel."""

    def __init__(self, exchange: str, host: ChannelHost, owner: FrameOwner) -> None:
        super().__init__(exchange, host)
        self.window = Window()
        self.methods: dict[str, bytes] = {}
        """Routing key → the encoded `basic.publish` of the present channel."""
        self.headers: dict[CameraId, HeaderEncoder] = {}
        self._owner = owner

    def set_state(self, state: ChannelState) -> None:
        """See `ExchangeChannel`."""
        super().set_state(state)
        self._owner.channel_changed()

    def on_opened(self) -> None:
        """See `ExchangeChannel`."""
        self.methods.clear()
        self.headers.clear()
        self._owner.channel_opened(self)

    def on_ready(self) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_answered()

    def on_closed(self, number: int) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_closed(self, number)

    def on_refused(self, reason: str) -> None:
        """See `ExchangeChannel`."""
        self._owner.channel_refused(self, reason)
        self._owner.channel_answered()

    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """See `ExchangeChannel`."""
        self._owner.confirmed(self, tag, multiple=multiple, nack=nack)
