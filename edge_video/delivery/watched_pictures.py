"""Keeps the newest frames of an outbox's cameras for those who only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from threading import Lock

    from edge_video.delivery.camera_queue import CameraQueue, Picture
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock


class WatchedPictures:
    """The part of an outbox that is for looking. Every method: any thread.

    Args:
        clock: measures the leases.
        lock: the outbox's own, which guards the queues.
        queues: the outbox's own, which grow as cameras are added.
    """

    def __init__(self, clock: Clock, lock: Lock, queues: Mapping[CameraId, CameraQueue]) -> None:
        self._clock = clock
        self._lock = lock
        self._queues = queues

    def watch(self, camera_id: CameraId, lease_s: float) -> Picture | None:
        """The camera's newest picture; from now on, and for `lease_s`, the newest one is kept.

        Nothing is copied and nothing waits: a reference is kept, at most one image per camera.
        None until a frame comes in after the first call, where nothing is remembered.

        Raises:
            KeyError: the camera was never added to the outbox.
        """
        with self._lock:
            return self._queues[camera_id].picture.watch(self._clock.monotonic() + lease_s)

    def remember(self, max_bytes: int, cameras: Collection[CameraId]) -> None:
        """Keep one of the last pictures of these cameras also while nobody looks; 0: none.

        It is renewed every few seconds and stays when the camera fails. Again a reference; one
        of more than `max_bytes` is not kept.
        """
        with self._lock:
            now_s = self._clock.monotonic()
            for each in self._queues.values():
                each.picture.remember(max_bytes if each.camera_id in cameras else 0, now_s)

    def forget_unwatched(self) -> int:
        """Let go of the pictures at which nobody looks any more; how many are looked at.

        What `remember` asked for stays.
        """
        with self._lock:
            now_s = self._clock.monotonic()
            return sum(each.picture.forget_unwatched(now_s) for each in self._queues.values())
