"""Remembers the frames that the broker has not answered yet, in a window for each channel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.frames import CameraId, Frame

T = TypeVar("T")


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
    size: int = field(init=False)
    """Bytes of the image; asked for four times on its way."""

    def __post_init__(self) -> None:
        self.size = len(self.frame.image)

    def hand_over(self, now_s: float, *, ahead: int, end: int) -> None:
        """Note that it goes to the socket now."""
        self.is_on_its_way = True
        self.at_s, self.ahead, self.end, self.on_wire_at_s = now_s, ahead, end, 0.0

    @property
    def camera_id(self) -> CameraId:
        """Whose frame it is."""
        return self.frame.camera_id


class Window(Generic[T]):
    """The unconfirmed messages of one channel, in the order of their delivery tags."""

    def __init__(self) -> None:
        self._messages: dict[int, T] = {}
        self._next_tag = 1

    def add(self, message: T) -> None:
        """Remember the message that is published next; the broker counts along.

        Before it is handed over: an exception in the hand-over must find it here, to settle it.
        """
        self._messages[self._next_tag] = message
        self._next_tag += 1

    def __len__(self) -> int:
        return len(self._messages)

    def settle(self, tag: int, *, multiple: bool) -> list[T]:
        """Take out the messages that an ack or a nack names; unknown tags are ignored.

        With `multiple` it names every message up to the tag, and every message when the tag is 0.
        """
        if not multiple:
            found = self._messages.pop(tag, None)
            return [] if found is None else [found]
        tags = list(itertools.takewhile(lambda each: tag == 0 or each <= tag, self._messages))
        return [self._messages.pop(each) for each in tags]

    def __iter__(self) -> Iterator[T]:
        return iter(self._messages.values())

    def abandon(self) -> list[T]:
        """Take everything out; the next channel counts from 1 again."""
        left = list(self._messages.values())
        self._messages.clear()
        self._next_tag = 1
        return left

    @property
    def oldest(self) -> T | None:
        """The message that was handed over first; None when the window is empty."""
        return next(iter(self._messages.values()), None)
