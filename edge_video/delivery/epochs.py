"""Numbers an outbox's frames by the lease with which their camera is captured, in a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.ledger import DropReason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Lock

    from edge_video.delivery.camera_queue import CameraQueue, HeldFrame
    from edge_video.delivery.round_robin import RoundRobin
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock


class Epochs:
    """The part of an outbox that knows which node's frames count. Every method: any thread.

    Args:
        clock: says when frames are dropped.
        lock: the outbox's own, which guards the queues.
        queues: the outbox's own, which grow as cameras are added.
        waiting: those of them that hold frames.
    """

    def __init__(
        self,
        clock: Clock,
        lock: Lock,
        queues: Mapping[CameraId, CameraQueue],
        waiting: RoundRobin,
    ) -> None:
        self._clock = clock
        self._lock = lock
        self._queues = queues
        self._waiting = waiting

    def begin(self, camera_id: CameraId, epoch: int) -> None:
        """Let every frame of a camera that comes from now on carry this epoch.

        Those that wait keep theirs: it tells which node's frame each of them is.
        """
        with self._lock:
            queue = self._queues[camera_id]
            queue.origin.epoch = epoch
            queue.origin.is_superseded = False

    def supersede(self, camera_id: CameraId) -> int:
        """Drop what waits of a camera that another node has, and what still comes; how many wait.

        What still comes is of the attempt that is ending; `begin` is the end of that.
        """
        dropped: list[HeldFrame] = []
        with self._lock:
            queue = self._queues[camera_id]
            queue.origin.is_superseded = True
            queue.is_open = False
            self._waiting.drop_queue(queue, DropReason.SUPERSEDED, dropped, self._clock.monotonic())
        return len(dropped)
