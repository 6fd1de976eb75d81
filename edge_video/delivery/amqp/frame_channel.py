"""The frames of one exchange on its channel: what is unconfirmed, and what is encoded once."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from edge_video.delivery.amqp.exchange import ChannelState, ExchangeChannel

if TYPE_CHECKING:
    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.delivery.amqp.wire import HeaderEncoder
    from edge_video.frames import CameraId, Frame


@dataclass(slots=True, eq=False)
class InFlight:
    """A frame that the broker has neither confirmed nor refused yet."""

    frame: Frame
    """Kept whole, to be published again when the broker never looked at it."""
    message_id: str
    routing_key: str
    at_s: float = 0.0
    """Monotonic, of the hand-over."""
    returned: bool = False
    is_on_its_way: bool = False
    """It was handed over, and not found to be untouched since."""
    ahead: int = 0
    """Unconfirmed bytes of the connection at the hand-over, its own included."""
    end: int = 0
    """Bytes handed over on this connection up to its own last one."""
    on_wire_at_s: float = 0.0
    """Monotonic: when it was last seen to be on its way still."""

    def hand_over(self, now_s: float, *, ahead: int, end: int) -> None:
        """Note that it goes to the socket now."""
        self.is_on_its_way = True
        self.at_s, self.ahead, self.end, self.on_wire_at_s = now_s, ahead, end, 0.0

    @property
    def camera_id(self) -> CameraId:
        """Whose frame it is."""
        return self.frame.camera_id

    @property
    def seq(self) -> int:
        """Its number among the frames of its camera."""
        return self.frame.seq

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.frame.image)


class Window:
    """The unconfirmed frames of one channel, in the order of their delivery tags."""

    def __init__(self) -> None:
        self._frames: dict[int, InFlight] = {}
        self._next_tag = 1

    def add(self, frame: InFlight) -> None:
        """Remember the frame that is published next; the broker counts along."""
        self._frames[self._next_tag] = frame
        self._next_tag += 1

    def __len__(self) -> int:
        return len(self._frames)

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


class Verdict(NamedTuple):
    """What became of the frames that were unconfirmed when the broker closed a channel."""

    unknown: list[InFlight]
    """The broker took most of them; their confirms were lost."""
    refused: list[InFlight]
    """The frame that was refused, if it can be named."""
    untouched: list[InFlight]
    """The broker never looked at them: what follows the refused frame on a channel is ignored."""


def judge(frames: list[InFlight], refusal: Refusal | None, *, proven: bool) -> Verdict:
    """Find the refused frame among those that were unconfirmed, in their order.

    A broker takes the messages of a channel one after another and stops at the first that it
    refuses. So that one is the first that fits the refusal, and what comes before it was accepted.
    Where messages like it were accepted before (`proven`), the permission was taken away
    meanwhile: any that fits may be the first that was refused, and only what comes after the last
    of them was certainly not looked at.

    Args:
        frames: in the order of their delivery tags.
        refusal: None when the channel was not closed for a message.
        proven: a frame like the refused one was confirmed before.
    """
    named = refusal is not None and refusal.names_a_frame
    fitting = [
        at
        for at, each in enumerate(frames)
        if named and refusal is not None and refusal.concerns(each.routing_key, each.size)
    ]
    if not fitting:
        return Verdict(frames, [], [])
    at = fitting[-1] if proven else fitting[0]
    return Verdict(frames[:at], [frames[at]], frames[at + 1 :])


class FrameOwner(Protocol):
    """Who keeps the accounts of all frames of a connection; told in the connection's thread."""

    def channel_opened(self, line: FrameChannel) -> None:
        """A new channel, on which nothing was published yet."""

    def channel_changed(self) -> None:
        """A channel's state is another one."""

    def channel_ready(self, line: FrameChannel) -> None:
        """Frames may be published."""

    def channel_closed(self, line: FrameChannel, number: int, refusal: Refusal | None) -> None:
        """The channel of this number is gone, with the confirms of what is in the window."""

    def channel_refused(self, line: FrameChannel, reason: str, retry_in_s: float) -> None:
        """The exchange is refused, for this reason in words."""

    def confirmed(self, line: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """An ack or a nack has come through pika."""


class FrameChannel(ExchangeChannel):
    """The frames of one exchange, or of one camera alone, on a channel.

    Args:
        exchange: its name.
        host: the connection's side.
        owner: who keeps the accounts.
        camera_id: the only camera whose frames come here; None: those of the whole exchange.
    """

    def __init__(
        self,
        exchange: str,
        host: ChannelHost,
        owner: FrameOwner,
        camera_id: CameraId | None = None,
    ) -> None:
        super().__init__(exchange, host, declares=camera_id is None)
        self.camera_id = camera_id
        self.window = Window()
        self.again: deque[InFlight] = deque()
        """Frames that the broker never looked at; published first on the next channel."""
        self.proven: set[str] = set()
        """Routing keys of which a frame was confirmed, and none refused since."""
        self.topics_refused = 0
        self.methods: dict[str, bytes] = {}
        """Routing key → the encoded `basic.publish` of the present channel."""
        self.headers: dict[CameraId, HeaderEncoder] = {}
        self.released = False
        """Nobody uses it any more; it is to be closed as soon as it is open."""
        self._owner = owner

    def took(self, frames: list[InFlight]) -> None:
        """The broker took these frames: what it refused before, it refuses no longer."""
        for each in frames:
            self.proven.add(each.routing_key)
        self.accepted()

    @property
    def unsettled(self) -> int:
        """Frames that are neither confirmed nor refused yet."""
        return len(self.window) + len(self.again)

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
        self.methods.clear()
        self.headers.clear()
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
