"""Bounds the frames in the publisher's mailbox."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from edge_video.actors.frame_messages import PublishAnswer, PublishFrame, PublishResult

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WAITING_FRAMES = 1000
MAX_WAITING_BYTES = 64 * 2**20


class FrameMailbox(queue.Queue[Any]):
    """A pykka mailbox in which at most so many `PublishFrame` wait; other messages always do.

    A publisher reads its mailbox at once but while it closes a connection, which may take seconds:
    so long, producers that only tell must not fill the memory. A frame beyond the bounds is
    refused in the teller's own thread: who asked hears `PublishResult.MEMORY`.

    Args:
        max_frames: the most frames that wait.
        max_bytes: the most bytes of their images.
    """

    def __init__(
        self, max_frames: int = MAX_WAITING_FRAMES, max_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        super().__init__()
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames = 0
        self._bytes = 0
        self.on_refused: Callable[[PublishFrame], None] | None = None
        """Called in the teller's thread with each frame that was refused."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an envelope in, or refuse it; any thread, never blocks."""
        message = item.message
        if not isinstance(message, PublishFrame) or self._has_room_for(message):
            super().put(item, block, timeout)
            return
        if self.on_refused is not None:
            self.on_refused(message)
        if item.reply_to is not None:
            item.reply_to.set(PublishAnswer(PublishResult.MEMORY))

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the next envelope out; the actor's thread."""
        item = super().get(block, timeout)
        if isinstance(item.message, PublishFrame):
            with self.mutex:
                self._frames -= 1
                self._bytes -= _size(item.message)
        return item

    def _has_room_for(self, message: PublishFrame) -> bool:
        size = _size(message)
        with self.mutex:
            if self._frames >= self._max_frames or self._bytes + size > self._max_bytes:
                return False
            self._frames += 1
            self._bytes += size
            return True


def _size(message: PublishFrame) -> int:
    """Of the image; what is no image has none, and is refused when it is read."""
    image: object = message.image
    return len(image) if isinstance(image, bytes) else 0
