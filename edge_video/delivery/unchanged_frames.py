"""Counts the frames of an outbox's cameras that are left out because they show no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Lock

    from edge_video.delivery.camera_queue import CameraQueue
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock


class UnchangedFrames:
    """The part of an outbox that frames pass by. Every method: any thread.

    Args:
        clock: stamps frames.
        lock: the outbox's own, which guards the queues.
        queues: the outbox's own, which grow as cameras are added.
    """

    def __init__(self, clock: Clock, lock: Lock, queues: Mapping[CameraId, CameraQueue]) -> None:
        self._clock = clock
        self._lock = lock
        self._queues = queues

    def leave_out(self, camera_id: CameraId, generation: int, image: bytes) -> None:
        """Count a frame as received and as `DropReason.UNCHANGED`.

        It takes a number like any other. One of an attempt that is not the open one is refused, as
        by `Outbox.put`.
        """
        captured_at_ns, now_s = self._clock.wall_ns(), self._clock.monotonic()
        with self._lock:
            queue = self._queues[camera_id]
            if not queue.is_open or generation != queue.generation:
                queue.refuse(generation, len(image), now_s)
                return
            queue.leave_out(image, captured_at_ns, now_s)

    def losses(self, camera_id: CameraId) -> int:
        """Frames of the camera that did not arrive though they were to be published, ever.

        They were dropped on the way, the broker refused them, or the connection died before it
        had answered. Read without the lock: each of its parts only grows.
        """
        return self._queues[camera_id].counters.losses
