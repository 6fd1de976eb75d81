"""Knows what goes wrong lately with the frames of an outbox's cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Lock

    from edge_video.delivery.camera_queue import CameraQueue
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock


class OutboxHealth:
    """The part of an outbox that is asked about trouble. Every method: any thread.

    Args:
        clock: says what is lately.
        lock: the outbox's own, which guards the queues.
        queues: the outbox's own, which grow as cameras are added.
    """

    def __init__(self, clock: Clock, lock: Lock, queues: Mapping[CameraId, CameraQueue]) -> None:
        self._clock = clock
        self._lock = lock
        self._queues = queues

    def recent_drops(self) -> dict[CameraId, tuple[int, bool]]:
        """Of all cameras: frames dropped in the last five minutes, and whether it goes on now."""
        with self._lock:
            now_s = self._clock.monotonic()
            return {
                camera_id: (recent.number(now_s), recent.go_on(now_s))
                for camera_id, queue in self._queues.items()
                for recent in (queue.counters.recent_drops,)
            }

    def undelivered_s(self, camera_id: CameraId) -> float | None:
        """How long the camera has had frames without one arriving; None: nothing is to be sent.

        Raises:
            KeyError: the camera was never added to the outbox.
        """
        with self._lock:
            queue = self._queues[camera_id]
            return queue.counters.undelivered_s(self._clock.monotonic(), held=len(queue.frames))
