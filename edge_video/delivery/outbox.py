"""Holds frames between the cameras' readers and the publisher, and counts them.

Every camera has a bounded queue of its own in which the latest frames win (`camera_queue`);
cameras whose frames wait take turns (`round_robin`). One lock guards all of it.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from threading import Lock
from typing import TYPE_CHECKING, Final

from edge_video.delivery.epochs import Epochs
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.outbox_health import OutboxHealth
from edge_video.delivery.outbox_limits import OutboxLimits
from edge_video.delivery.ready_listener import ReadyListener
from edge_video.delivery.round_robin import RoundRobin
from edge_video.delivery.unchanged_frames import UnchangedFrames
from edge_video.delivery.watched_pictures import WatchedPictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.camera_queue import CameraQueue, HeldFrame
    from edge_video.delivery.ledger import FrameCounts, LatencyHistogram
    from edge_video.delivery.round_robin import Admit
    from edge_video.frames import CameraId, ChangeNote, Frame
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

DEFAULT_MAX_BYTES: Final = 256 * 2**20
"""Five waiting frames of each of 200 cameras, at a quarter of a megabyte each."""

_NANOSECONDS: Final = 1e9


class Arrival(Enum):
    """What became of a frame that was brought."""

    HELD = auto()
    DISPLACED = auto()
    """It is held, and its camera's oldest one was dropped for it."""
    DROPPED = auto()
    """No memory is left for it, or it comes too soon while cameras are slowed."""


class Outbox:
    """Where the cameras put frames and the publisher takes them. Every method: any thread.

    Two sides use it at once: each camera's reader puts (one thread may read for all), and one taker
    takes and settles. No method blocks longer than another one computes.

    The taker is told that frames wait, not asked to poll: the listener given to `attach` is called
    when a frame is put, **at most once until `take` has returned None**, and never under the lock.
    Whether to call is decided in the same critical section that holds the frame, and re-arming
    in the one that found nothing to take, so no frame can slip in between unannounced. The call
    itself comes after the lock is released: a listener that was replaced meanwhile may be called
    once more, and must not mind.

    Args:
        clock: stamps frames, ages them, measures confirms.
        buffer_frames: the most frames held per camera; a further one drops the oldest.
        max_age_s: seconds after its capture at which a waiting frame is worth nothing any more.
        max_bytes: the most bytes held, of all cameras together. Beyond it the camera that holds
            the most loses its oldest frame, so one with enormous frames cannot crowd out others.

    Attributes:
        pictures: keeps the newest frames for those who only look.
        health: knows what goes wrong lately.
        limits: bounds what is held.
        unchanged: counts frames that are left out because they show no change.
        epochs: knows which node's frames count, where nodes share cameras.

    Raises:
        ValueError: `buffer_frames`, `max_age_s` or `max_bytes` is not positive.
        KeyError: (any method) the camera was never added: a bug of the caller.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        buffer_frames: int = 5,
        max_age_s: float = 2.0,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        if max_age_s <= 0:
            raise ValueError(f"max_age_s must be positive, got {max_age_s}")
        if max_bytes < 1:
            raise ValueError(f"max_bytes must be positive, got {max_bytes}")
        self._clock = clock
        self._lock = Lock()
        self._queues: dict[CameraId, CameraQueue] = {}
        self._waiting = RoundRobin(max_age_s, max_bytes)
        self._listener = ReadyListener()
        self._is_paused = False
        self.pictures = WatchedPictures(clock, self._lock, self._queues)
        self.health = OutboxHealth(clock, self._lock, self._queues)
        self.unchanged = UnchangedFrames(clock, self._lock, self._queues)
        self.epochs = Epochs(clock, self._lock, self._queues, self._waiting)
        self.limits = OutboxLimits(clock, self._lock, self._queues, self._waiting, buffer_frames)

    # --- cameras --------------------------------------------------------------------------------

    def add_camera(self, camera_id: CameraId, *, buffer_frames: int | None = None) -> None:
        """Make a camera known; `buffer_frames` overrides the outbox's own. Idempotent.

        A camera that is known already keeps everything, its buffer size included. Its frames are
        refused until `open`.
        """
        with self._lock:
            if camera_id not in self._queues:
                self._queues[camera_id] = self.limits.queue(camera_id, buffer_frames)

    def open(self, camera_id: CameraId, generation: int, session: str) -> None:
        """Accept the frames of this attempt from now on, and of no older one.

        An attempt older than the latest one opened is ignored.
        """
        with self._lock:
            self._queues[camera_id].open(generation, session)

    def end(self, camera_id: CameraId, generation: int) -> None:
        """Refuse the attempt's frames from now on. Those that are held are still published."""
        with self._lock:
            self._queues[camera_id].end(generation)

    def put(
        self,
        camera_id: CameraId,
        generation: int,
        image: bytes,
        note: ChangeNote | None = None,
    ) -> bool:
        """Bring a whole frame; True when it is held, False when it was refused or dropped.

        Called by the camera's reader. A frame of an attempt that is not the open one is refused:
        it gets no number and is counted as `refused_late` only; but where another node has the
        camera it gets one, and is dropped for that. The note goes with the frame.
        """
        captured_at_ns = self._clock.wall_ns()
        now_s = self._clock.monotonic()
        dropped: list[HeldFrame] = []
        with self._lock:
            queue = self._queues[camera_id]
            if not queue.is_open or generation != queue.generation:
                queue.refuse(generation, len(image), now_s)
                return False
            arrival = self._receive(
                queue,
                image,
                dropped,
                session=queue.origin.session,
                captured_at_ns=captured_at_ns,
                captured_at_s=now_s,
                now_s=now_s,
                note=note,
                epoch=queue.origin.epoch,
            )
            listener = (
                None if self._listener.is_notified else self._listener.notify(self._waiting.held)
            )
        del dropped  # now, without the lock: freeing a large image takes a while
        if listener is not None:
            self._notify(listener)
        return arrival is not Arrival.DROPPED

    def add(
        self,
        camera_id: CameraId,
        image: bytes,
        *,
        session: str,
        captured_at_ns: int,
        epoch: int | None = None,
    ) -> Arrival:
        """Bring a frame that was captured by somebody else, and not by an attempt of `open`.

        It is held, dropped and counted by the same rules as those of `put`. Its age is that of
        `captured_at_ns`, on the wall clock; a time to come counts as now.
        """
        now_s = self._clock.monotonic()
        age_s = max(0.0, (self._clock.wall_ns() - captured_at_ns) / _NANOSECONDS)
        dropped: list[HeldFrame] = []
        with self._lock:
            arrival = self._receive(
                self._queues[camera_id],
                image,
                dropped,
                session=session,
                captured_at_ns=captured_at_ns,
                captured_at_s=now_s - age_s,
                now_s=now_s,
                epoch=epoch,
            )
            listener = self._listener.notify(self._waiting.held)
        del dropped
        self._notify(listener)
        return arrival

    def count_lost(self, camera_id: CameraId, frames: int, reason: DropReason) -> None:
        """Count frames that were lost on their way here as received and dropped.

        Their numbers are used up, so whoever gets the next frame sees the gap.
        """
        with self._lock:
            counters = self._queues[camera_id].counters
            counters.received += frames
            counters.drop(reason, self._clock.monotonic(), frames)

    def _receive(
        self,
        queue: CameraQueue,
        image: bytes,
        dropped: list[HeldFrame],
        *,
        session: str,
        captured_at_ns: int,
        captured_at_s: float,
        now_s: float,
        note: ChangeNote | None = None,
        epoch: int | None = None,
    ) -> Arrival:
        """Hold a frame and count it, under the lock; what is dropped for it goes to `dropped`."""
        interval_s = self.limits.min_interval_s
        if interval_s is not None and queue.comes_too_soon(now_s, interval_s):
            queue.drop_unheld(len(image), now_s)
            return Arrival.DROPPED
        try:  # whatever may need memory comes before anything is counted
            frame = queue.stamp(
                image, session, captured_at_ns, captured_at_s, note=note, epoch=epoch
            )
            overflown = self._waiting.put(queue, frame, now_s)
        except MemoryError:
            queue.drop_unheld(len(image), now_s)
            return Arrival.DROPPED
        if overflown is not None:
            dropped.append(overflown)
        if self._waiting.held_bytes > self._waiting.max_bytes:
            # While nobody takes frames, it is not memory that is short.
            connected = self._waiting.is_connected
            reason = DropReason.MEMORY if connected else DropReason.NOT_CONNECTED
            self._waiting.make_room(reason, dropped, now_s)
        if not queue.frames:  # the newest goes last
            return Arrival.DROPPED
        return Arrival.HELD if overflown is None else Arrival.DISPLACED

    # --- the taker ------------------------------------------------------------------------------

    def attach(self, on_ready: Callable[[], None]) -> None:
        """Make this the listener, in place of any other; it is called at once if frames wait.

        A `pause` is over.

        It is called by whichever thread brings a frame (or attaches, or delivers), so it must
        only tell its owner. One that raises is logged, and is called again at the next frame.
        """
        with self._lock:
            self._is_paused = False
            self._listener.replace(on_ready)
            listener = self._listener.notify(self._waiting.held)
        self._notify(listener)

    def detach(self) -> None:
        """Tell nobody any more; frames are held, and dropped, by the same rules as ever."""
        with self._lock:
            self._listener.replace(None)

    def pause(self) -> None:
        """Let `take` find nothing until the next `attach`: what is in flight comes to an end.

        Frames are held, and dropped, by the same rules as ever.
        """
        with self._lock:
            self._is_paused = True

    def take(self, admit: Admit | None = None) -> Frame | None:
        """The next camera's oldest frame that is not stale; it is in flight until `settle`.

        Cameras take turns, one frame each. None means that nothing is held, or nothing that is
        admitted: from then on the listener is told again.

        Args:
            admit: judges each frame before it is taken, under the lock: it must be quick and not
                call back. None: all are taken.
        """
        with self._lock:
            frame = None
            if not self._is_paused:
                frame = self._waiting.take(self._clock.monotonic(), admit)
            if frame is None:
                self._listener.is_notified = False
            return frame

    def settle(self, camera_id: CameraId, seq: int, outcome: Outcome) -> bool:
        """Say how a frame in flight ended; later calls for the same frame are ignored.

        False, and nothing changes, when the frame is not in flight or was settled before.
        """
        with self._lock:
            queue = self._queues[camera_id]
            now_s = self._clock.monotonic()
            return queue.counters.settle(seq, outcome, now_s, held=len(queue.frames))

    def deliver(self, limit: int = 64) -> list[Frame]:
        """Take up to `limit` frames and settle them as confirmed: for a taker that keeps them.

        If more wait, the listener is told again, so one call per notice leaves nothing behind.
        """
        frames: list[Frame] = []
        with self._lock:
            now_s = self._clock.monotonic()
            while len(frames) < limit and (frame := self._waiting.take(now_s)) is not None:
                queue = self._queues[frame.camera_id]
                queue.counters.settle(frame.seq, Outcome.CONFIRMED, now_s, held=len(queue.frames))
                frames.append(frame)
            self._listener.is_notified = False
            listener = self._listener.notify(self._waiting.held)
        self._notify(listener)
        return frames

    def settle_all(self, outcome: Outcome) -> int:
        """Settle everything in flight (the taker died); how many frames."""
        settled = 0
        with self._lock:
            now_s = self._clock.monotonic()
            for queue in self._queues.values():
                for seq in tuple(queue.counters.in_flight):
                    settled += queue.counters.settle(seq, outcome, now_s, held=len(queue.frames))
        return settled

    # --- control --------------------------------------------------------------------------------

    def drop_held(self, reason: DropReason) -> int:
        """Drop every frame that waits, for this reason; how many they were."""
        dropped: list[HeldFrame] = []
        with self._lock:
            self._waiting.drop_all(reason, dropped, self._clock.monotonic())
        return len(dropped)

    def sink_connected(self, connected: bool) -> None:
        """Say whether the taker can deliver; a new outbox believes that it can.

        While it cannot, frames that newer ones push out, and those that grow too old, are dropped
        as `DropReason.NOT_CONNECTED`.
        """
        dropped: list[HeldFrame] = []
        with self._lock:
            if connected:
                self._waiting.connect(dropped, self._clock.monotonic())
            else:
                self._waiting.is_connected = False

    # --- what is known --------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Frames that wait, of all cameras."""
        return self._waiting.held

    @property
    def held_bytes(self) -> int:
        """Bytes of the frames that wait, of all cameras."""
        return self._waiting.held_bytes

    def counts(self) -> dict[CameraId, FrameCounts]:
        """The counts of all cameras, all at the same instant, in the order they were added."""
        with self._lock:
            return {
                camera_id: queue.counters.counts(held=len(queue.frames))
                for camera_id, queue in self._queues.items()
            }

    def last_frame_s(self, camera_id: CameraId) -> float | None:
        """When the camera's last whole frame came in, in monotonic seconds; None before any."""
        return self._queues[camera_id].counters.last_received_s

    def last_size(self, camera_id: CameraId) -> tuple[int, int]:
        """(width, height) of the camera's last whole frame; (0, 0) before any."""
        return self._queues[camera_id].sizes.last_size

    def latencies(self) -> dict[CameraId, LatencyHistogram]:
        """From whole frame to confirm, of all cameras, in the order they were added."""
        with self._lock:
            return {
                camera_id: queue.counters.times.histogram()
                for camera_id, queue in self._queues.items()
            }

    # --- the listener ---------------------------------------------------------------------------

    def _notify(self, listener: Callable[[], None] | None) -> None:
        """Call the listener, without the lock. It must not be able to break a camera's reader."""
        if listener is None:
            return
        try:
            listener()
        except Exception as error:  # noqa: BLE001 - whatever ails the taker, no camera may suffer
            with self._lock:
                is_news = self._listener.failed(listener)
            if is_news:
                _log.warning("nobody could be told that frames wait: %r", error)
