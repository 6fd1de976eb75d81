"""The frames that the broker has not answered yet, and the window of them on one channel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    def size(self) -> int:
        """Bytes of the image."""
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
        """Take out the frames that an ack or a nack names; unknown tags are ignored.

        With `multiple` it names every frame up to the tag, and every frame when the tag is 0.
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
