"""Bounds what an outbox holds: as configured, and tighter while memory is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.camera_queue import CameraQueue
from edge_video.delivery.ledger import DropReason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Lock

    from edge_video.delivery.camera_queue import HeldFrame
    from edge_video.delivery.round_robin import RoundRobin
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock


class OutboxLimits:
    """The part of an outbox that bounds it. Every method: any thread.

    Args:
        clock: says when frames are dropped.
        lock: the outbox's own, which guards the queues.
        queues: the outbox's own, which grow as cameras are added.
        waiting: those of them that hold frames.
        buffer_frames: the most frames held per camera, as configured.

    Attributes:
        min_interval_s: a frame that comes sooner after its camera's previous one is dropped; None:
            no frame is.

    Raises:
        ValueError: a limit is not positive.
    """

    def __init__(
        self,
        clock: Clock,
        lock: Lock,
        queues: Mapping[CameraId, CameraQueue],
        waiting: RoundRobin,
        buffer_frames: int,
    ) -> None:
        self.min_interval_s: float | None = None
        self._clock = clock
        self._lock = lock
        self._queues = queues
        self._waiting = waiting
        self._configured = positive(buffer_frames)
        self._shortage: int | None = None

    def queue(self, camera_id: CameraId, buffer_frames: int | None) -> CameraQueue:
        """Make the queue of a new camera; under the lock."""
        frames = self._configured if buffer_frames is None else positive(buffer_frames)
        queue = CameraQueue(camera_id, frames)
        queue.limit(self._shortage)
        return queue

    def configure(self, buffer_frames: int, max_age_s: float, max_bytes: int) -> None:
        """Hold so much from now on; what is held beyond it is dropped, oldest first.

        It is an overflow, or for want of a connection: memory is not short.
        """
        self._configured = positive(buffer_frames)
        dropped: list[HeldFrame] = []
        with self._lock:
            self._waiting.limit(max_age_s, max_bytes)
            for queue in self._queues.values():
                queue.configured = buffer_frames
            self._fit(self._waiting.overflow, dropped)

    def buffers(self, frames: int | None) -> None:
        """Hold at most `frames` per camera, however many are configured; None lifts the limit.

        What is held beyond it is dropped, oldest first, as `DropReason.MEMORY`. (A frame that
        later finds the smaller buffer full is an overflow like any other.)
        """
        dropped: list[HeldFrame] = []
        with self._lock:
            self._shortage = None if frames is None else positive(frames)
            self._fit(DropReason.MEMORY, dropped)

    def _fit(self, reason: DropReason, dropped: list[HeldFrame]) -> None:
        """Drop what is held beyond the limits; under the lock."""
        now_s = self._clock.monotonic()
        for queue in self._queues.values():
            queue.limit(self._shortage)
            self._waiting.shrink(queue, reason, dropped, now_s)
        self._waiting.make_room(reason, dropped, now_s)

    def rate(self, min_interval_s: float | None) -> None:
        """Drop each frame that comes sooner than this after its camera's previous accepted one.

        Such frames count as received and as `DropReason.MEMORY`; None lifts the limit.
        """
        self.min_interval_s = min_interval_s


def positive(frames: int) -> int:
    """The number of frames that a buffer holds.

    Raises:
        ValueError: it is none.
    """
    if frames < 1:
        raise ValueError(f"a buffer holds at least one frame, got {frames}")
    return frames
