"""Lets the cameras whose frames wait take turns, one frame each.

Everything here is mutable and has no lock of its own: the outbox's lock guards it.
"""

from __future__ import annotations

import operator
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.delivery.ledger import DropReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.camera_queue import CameraQueue, HeldFrame
    from edge_video.frames import CameraId, Frame


class Admission(Enum):
    """What the taker may say about the next frame of a camera."""

    TAKE = auto()
    LEAVE = auto()
    """Not now: it stays where it is, and newer ones may replace it."""


Admit: TypeAlias = "Callable[[CameraId, int], Admission | DropReason]"
"""Camera and size of its oldest waiting frame → whether it is taken, left, or dropped."""


class RoundRobin:
    """The queues that hold frames, in the order of their turns, and the sums over them.

    Attributes:
        held: frames that wait, of all cameras.
        held_bytes: their lengths together.
        max_bytes: the most of them; whoever adds a frame beyond it calls `make_room`.
        is_connected: whether the taker can deliver; while it cannot, what is pushed out and what
            grows too old is dropped for that.
    """

    __slots__ = ("_max_age_s", "_waiting", "held", "held_bytes", "is_connected", "max_bytes")

    def __init__(self, max_age_s: float, max_bytes: int) -> None:
        self._max_age_s = max_age_s
        self.max_bytes = max_bytes
        self._waiting: deque[CameraQueue] = deque()  # those that hold frames, each once
        self.held = 0
        self.held_bytes = 0
        self.is_connected = True

    @property
    def overflow(self) -> DropReason:
        """Why frames are dropped that newer ones push out."""
        return DropReason.OVERFLOW if self.is_connected else DropReason.NOT_CONNECTED

    def limit(self, max_age_s: float, max_bytes: int) -> None:
        """Hold no older frames, and no more of them, from now on; nothing is dropped yet."""
        self._max_age_s = max_age_s
        self.max_bytes = max_bytes

    def put(self, queue: CameraQueue, frame: HeldFrame, now_s: float) -> HeldFrame | None:
        """Let a frame wait in the queue of its camera; the frame that it pushed out of there.

        Raises:
            MemoryError: there is none for it; nothing has changed.
        """
        frames = queue.frames
        if not frames:
            self._waiting.append(queue)
        try:
            frames.append(frame)
        except MemoryError:
            if not frames:
                self._waiting.pop()
            raise
        queue.accept(frame, now_s)
        self.held += 1
        self.held_bytes += len(frame.image)
        if len(frames) > queue.capacity:
            return self._drop_oldest(queue, self.overflow, now_s)
        return None

    def make_room(self, reason: DropReason, dropped: list[HeldFrame], now_s: float) -> None:
        """Drop frames until the bytes fit: always the oldest of the camera that holds the most."""
        while self.held_bytes > self.max_bytes:
            queue = max(self._waiting, key=_held_bytes_of)
            dropped.append(self._drop_oldest(queue, reason, now_s))
            if not queue.frames:
                self._waiting.remove(queue)

    def shrink(
        self, queue: CameraQueue, reason: DropReason, dropped: list[HeldFrame], now_s: float
    ) -> None:
        """Drop what a queue holds beyond its capacity."""
        while len(queue.frames) > queue.capacity:
            dropped.append(self._drop_oldest(queue, reason, now_s))

    def connect(self, dropped: list[HeldFrame], now_s: float) -> None:
        """Note that the taker can deliver again; what grew too old until now is dropped first."""
        if self.is_connected:
            return
        oldest_s = now_s - self._max_age_s
        for queue in tuple(self._waiting):
            while queue.frames and queue.frames[0].captured_at_s < oldest_s:
                dropped.append(self._drop_oldest(queue, DropReason.NOT_CONNECTED, now_s))
            if not queue.frames:
                self._waiting.remove(queue)
        self.is_connected = True

    def drop_all(self, reason: DropReason, dropped: list[HeldFrame], now_s: float) -> None:
        """Drop every frame that waits."""
        for queue in self._waiting:
            dropped.extend(queue.frames)
            queue.drop_all(reason, now_s)
        self._waiting.clear()
        self.held = self.held_bytes = 0

    def drop_queue(
        self, queue: CameraQueue, reason: DropReason, dropped: list[HeldFrame], now_s: float
    ) -> None:
        """Drop every frame that waits of one camera."""
        if not queue.frames:
            return
        self.held -= len(queue.frames)
        self.held_bytes -= queue.held_bytes
        dropped.extend(queue.frames)
        queue.drop_all(reason, now_s)
        self._waiting.remove(queue)

    def take(self, now_s: float, admit: Admit | None = None) -> Frame | None:
        """Take the next frame that is neither stale nor left by `admit`; None: there is none."""
        waiting = self._waiting
        oldest_s = now_s - self._max_age_s
        left = 0
        while left < len(waiting):
            queue = waiting[0]
            if queue.frames[0].captured_at_s < oldest_s:
                held_bytes = queue.held_bytes
                reason = DropReason.STALE if self.is_connected else DropReason.NOT_CONNECTED
                self.held -= queue.drop_older(oldest_s, reason, now_s)
                self.held_bytes -= held_bytes - queue.held_bytes
            verdict = Admission.TAKE if admit is None else self._judge(queue, admit, now_s)
            if not queue.frames:
                waiting.popleft()
                continue
            if verdict is Admission.LEAVE:
                waiting.rotate(-1)
                left += 1
                continue
            frame = queue.hand_over(now_s)
            self.held -= 1
            self.held_bytes -= len(frame.image)
            if queue.frames:
                waiting.rotate(-1)
            else:
                waiting.popleft()
            return frame
        return None

    def _judge(self, queue: CameraQueue, admit: Admit, now_s: float) -> Admission:
        """Drop the frames that are not admitted; what may be done with the next one."""
        while queue.frames:
            verdict = admit(queue.camera_id, len(queue.frames[0].image))
            if isinstance(verdict, Admission):
                return verdict
            self._drop_oldest(queue, verdict, now_s)
        return Admission.LEAVE

    def _drop_oldest(self, queue: CameraQueue, reason: DropReason, now_s: float) -> HeldFrame:
        frame = queue.drop_oldest(reason, now_s)
        self.held -= 1
        self.held_bytes -= len(frame.image)
        return frame


_held_bytes_of: Final = operator.attrgetter("held_bytes")
