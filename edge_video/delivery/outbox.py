"""The outbox: frames wait here between the cameras' readers and the publisher; it keeps the books.

The one structure that several threads share, hence the one place with a lock. Every camera has a
small buffer of its own in which the latest frames win; cameras with frames wait in one line.
"""

from __future__ import annotations

import logging
import operator
import threading
from bisect import bisect_left
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from edge_video.delivery.ledger import (
    LATENCY_BOUNDS_S,
    DropReason,
    FrameCounts,
    LatencyHistogram,
    Outcome,
)
from edge_video.frames import Frame
from edge_video.frames.jpeg import image_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

DEFAULT_MAX_BYTES: Final = 256 * 2**20
"""Five waiting frames of each of 200 cameras, at a quarter of a megabyte each."""

_NANOSECONDS: Final = 1e9
_DELIVERED: Final = (Outcome.CONFIRMED, Outcome.RETURNED)
_NOTHING_TO_SEND_S: Final = 10.0
"""A camera that brings no frame for so long has nothing to send."""


class _Held(NamedTuple):
    """A frame that waits.

    It becomes a `Frame` when it is taken: only then is it known how many were lost before it, and
    a frame that is dropped need not be built.
    """

    seq: int
    session: str
    image: bytes
    captured_at_ns: int
    captured_at_s: float
    width: int
    height: int


class Admission(Enum):
    """What the taker may say about the next frame of a camera."""

    TAKE = auto()
    LEAVE = auto()
    """Not now: it stays where it is, and newer ones may replace it."""


Admit: TypeAlias = "Callable[[CameraId, int], Admission | DropReason]"
"""Camera and size of its oldest waiting frame → whether it is taken, left, or dropped."""


class Picture(NamedTuple):
    """A frame for somebody who only looks."""

    seq: int
    captured_at_ns: int
    """Wall clock."""
    image: bytes


class _Line:
    """One camera's waiting frames and its books. Touched only under the outbox's lock."""

    __slots__ = (
        "camera_id",
        "capacity",
        "configured",
        "confirm_ns",
        "dropped",
        "frames",
        "generation",
        "head",
        "held_bytes",
        "in_flight",
        "is_open",
        "last_accepted_s",
        "last_frame_s",
        "last_size",
        "last_taken_seq",
        "latencies",
        "latency_s",
        "newest",
        "published",
        "published_bytes",
        "received_bytes",
        "refused_late",
        "seq",
        "session",
        "settled",
        "undelivered_since_s",
        "watched_until_s",
    )

    def __init__(self, camera_id: CameraId, configured: int, capacity: int) -> None:
        self.camera_id = camera_id
        self.configured = configured
        self.capacity = capacity
        self.frames: deque[_Held] = deque()
        self.held_bytes = 0
        self.generation: int | None = None
        self.is_open = False
        self.session = ""
        self.seq = 0  # frames received, ever
        self.last_taken_seq = 0
        self.last_frame_s: float | None = None
        self.last_accepted_s: float | None = None
        self.last_size = (0, 0)
        self.head = b""  # how the last image began, up to its size
        self.in_flight: dict[int, tuple[float, float]] = {}  # seq: hand-over, capture; monotonic s
        self.dropped = dict.fromkeys(DropReason, 0)
        self.settled = dict.fromkeys(Outcome, 0)
        self.published = 0
        self.refused_late = 0
        self.received_bytes = 0
        self.published_bytes = 0
        self.confirm_ns = 0
        self.latencies = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self.latency_s = 0.0
        self.watched_until_s = 0.0
        self.undelivered_since_s: float | None = None
        self.newest: _Held | None = None  # kept only while somebody watches

    def receive(self, length: int, now_s: float, size: tuple[int, int]) -> None:
        """Count a frame that came in; what becomes of it is counted apart."""
        self.seq += 1
        self.received_bytes += length
        self.last_frame_s = now_s
        self.last_size = size

    def remove_oldest(self) -> _Held:
        """Take the oldest frame out of the buffer; the caller books it."""
        held = self.frames.popleft()
        self.held_bytes -= len(held.image)
        return held

    def size_of(self, image: bytes) -> tuple[int, int]:
        """(width, height) of an image; quick when it begins as the one before it."""
        head = self.head
        if head and image.startswith(head):
            return self.last_size
        width, height, length = image_head(image)
        self.head = image[:length]
        return width, height

    def drop_stale(self, oldest_s: float) -> int:
        """Drop the frames that were captured before `oldest_s`; how many they were."""
        frames = self.frames
        before = len(frames)
        while frames and frames[0].captured_at_s < oldest_s:
            self.remove_oldest()
        stale = before - len(frames)
        self.dropped[DropReason.STALE] += stale
        return stale

    def hand_over(self, now_s: float) -> Frame:
        """Take the oldest frame out; it is in flight from now on.

        Should there be no memory for it, it stays where it is and nothing is counted.
        """
        held = self.frames[0]
        frame = Frame(
            camera_id=self.camera_id,
            seq=held.seq,
            session=held.session,
            image=held.image,
            captured_at_ns=held.captured_at_ns,
            captured_at_s=held.captured_at_s,
            width=held.width,
            height=held.height,
            dropped=held.seq - self.last_taken_seq - 1,
        )
        self.in_flight[held.seq] = (now_s, held.captured_at_s)
        self.remove_oldest()
        self.last_taken_seq = held.seq
        self.published += 1
        self.published_bytes += len(held.image)
        return frame

    def settle(self, seq: int, outcome: Outcome, now_s: float) -> bool:
        """End a frame in flight; False when it is not (or no longer) in flight."""
        since = self.in_flight.pop(seq, None)
        if since is None:
            return False
        self.settled[outcome] += 1
        if outcome in _DELIVERED:
            self.undelivered_since_s = now_s if self.frames or self.in_flight else None
        if outcome is Outcome.CONFIRMED:
            handed_over_s, captured_at_s = since
            self.confirm_ns += round((now_s - handed_over_s) * _NANOSECONDS)
            latency_s = now_s - captured_at_s
            self.latency_s += latency_s
            self.latencies[bisect_left(LATENCY_BOUNDS_S, latency_s)] += 1
        return True

    def counts(self) -> FrameCounts:
        """The books as a value."""
        return FrameCounts(
            received=self.seq,
            published=self.published,
            dropped_overflow=self.dropped[DropReason.OVERFLOW],
            dropped_stale=self.dropped[DropReason.STALE],
            dropped_shutdown=self.dropped[DropReason.SHUTDOWN],
            dropped_memory=self.dropped[DropReason.MEMORY],
            dropped_refused=self.dropped[DropReason.REFUSED],
            dropped_too_large=self.dropped[DropReason.TOO_LARGE],
            held=len(self.frames),
            confirmed=self.settled[Outcome.CONFIRMED],
            nacked=self.settled[Outcome.NACKED],
            returned=self.settled[Outcome.RETURNED],
            unknown=self.settled[Outcome.UNKNOWN],
            in_flight=len(self.in_flight),
            refused_late=self.refused_late,
            received_bytes=self.received_bytes,
            published_bytes=self.published_bytes,
            confirm_ns=self.confirm_ns,
        )


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
        self._buffer_frames = _positive(buffer_frames)
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._lines: dict[CameraId, _Line] = {}
        self._waiting: deque[_Line] = deque()  # exactly the lines that hold frames, each once
        self._held = 0
        self._held_bytes = 0
        self._listener: Callable[[], None] | None = None
        self._told = False  # the listener knows, and has not found the outbox empty since
        self._listener_failed = False
        self._buffer_limit: int | None = None
        self._min_interval_s: float | None = None

    # --- cameras --------------------------------------------------------------------------------

    def add_camera(self, camera_id: CameraId, *, buffer_frames: int | None = None) -> None:
        """Make a camera known; `buffer_frames` overrides the outbox's own. Idempotent.

        A camera that is known already keeps everything, its buffer size included. Its frames are
        refused until `open`.
        """
        configured = _positive(self._buffer_frames if buffer_frames is None else buffer_frames)
        with self._lock:
            if camera_id not in self._lines:
                self._lines[camera_id] = _Line(camera_id, configured, self._limited(configured))

    def open(self, camera_id: CameraId, generation: int, session: str) -> None:
        """Accept the frames of this attempt from now on, and of no older one.

        An attempt older than the latest one opened is ignored.
        """
        with self._lock:
            line = self._lines[camera_id]
            if line.generation is None or generation >= line.generation:
                line.generation = generation
                line.session = session
                line.is_open = True

    def end(self, camera_id: CameraId, generation: int) -> None:
        """Refuse the attempt's frames from now on. Those that are held are still published."""
        with self._lock:
            line = self._lines[camera_id]
            if line.generation == generation:
                line.is_open = False

    def put(self, camera_id: CameraId, generation: int, image: bytes) -> bool:
        """Bring a whole frame; True when it is held, False when it was refused or dropped.

        Called by the camera's reader. A frame of an attempt that is not the open one is refused:
        it gets no number and is counted as `refused_late` only.
        """
        length = len(image)
        captured_at_ns = self._clock.wall_ns()
        now_s = self._clock.monotonic()
        # They outlive the lock: freeing a large image takes a while.
        overflown: _Held | None = None
        crowded_out: list[_Held] = []
        with self._lock:
            line = self._lines[camera_id]
            if not line.is_open or generation != line.generation:
                line.refused_late += 1
                return False
            if self._min_interval_s is not None and self._comes_too_soon(line, now_s):
                line.receive(length, now_s, line.last_size)
                line.dropped[DropReason.MEMORY] += 1
                return False
            frames = line.frames
            begins_to_wait = not frames
            try:  # whatever may need memory comes before anything is counted
                size = line.size_of(image)
                held = _Held(line.seq + 1, line.session, image, captured_at_ns, now_s, *size)
                if begins_to_wait:
                    self._waiting.append(line)
                frames.append(held)
            except MemoryError:
                if begins_to_wait and self._waiting and self._waiting[-1] is line:
                    self._waiting.pop()
                line.receive(length, now_s, line.last_size)
                line.dropped[DropReason.MEMORY] += 1
                return False
            line.receive(length, now_s, size)
            line.last_accepted_s = now_s
            if line.undelivered_since_s is None:
                line.undelivered_since_s = now_s
            if len(frames) > line.capacity:
                overflown = line.remove_oldest()
                self._held_bytes -= len(overflown.image)
                line.dropped[DropReason.OVERFLOW] += 1
            line.held_bytes += length
            if now_s < line.watched_until_s:
                line.newest = held
            self._held += overflown is None
            self._held_bytes += length
            if self._held_bytes > self._max_bytes:
                self._make_room(crowded_out)
            is_held = bool(frames)  # the newest goes last
            notification = None if self._told else self._due_notice()
        if notification is not None:
            self._tell(notification)
        return is_held

    # --- the taker ------------------------------------------------------------------------------

    def attach(self, on_ready: Callable[[], None]) -> None:
        """Make this the listener, in place of any other; it is called at once if frames wait.

        It is called by whichever thread brings a frame (or attaches, or delivers), so it must
        only tell its owner. One that raises is logged, and is called again at the next frame.
        """
        with self._lock:
            self._listener = on_ready
            self._listener_failed = False
            self._told = False
            notification = self._due_notice()
        self._tell(notification)

    def detach(self) -> None:
        """Tell nobody any more; frames are held, and dropped, by the same rules as ever."""
        with self._lock:
            self._listener = None
            self._told = False

    def take(self, admit: Admit | None = None) -> Frame | None:
        """The next camera's oldest frame that is not stale; it is in flight until `settle`.

        Cameras take turns, one frame each. None means that nothing is held, or nothing that is
        admitted: from then on the listener is told again.

        Args:
            admit: judges each frame before it is taken, under the lock: it must be quick and not
                call back. None: all are taken.
        """
        with self._lock:
            frame = self._take(self._clock.monotonic(), admit)
            if frame is None:
                self._told = False
            return frame

    def settle(self, camera_id: CameraId, seq: int, outcome: Outcome) -> bool:
        """Say how a frame in flight ended; the first word counts.

        False, and nothing changes, when the frame is not in flight or was settled before.
        """
        with self._lock:
            return self._lines[camera_id].settle(seq, outcome, self._clock.monotonic())

    def deliver(self, limit: int = 64) -> list[Frame]:
        """Take up to `limit` frames and settle them as confirmed: for a taker that keeps them.

        If more wait, the listener is told again, so one call per notice leaves nothing behind.
        """
        frames: list[Frame] = []
        with self._lock:
            now_s = self._clock.monotonic()
            while len(frames) < limit and (frame := self._take(now_s)) is not None:
                self._lines[frame.camera_id].settle(frame.seq, Outcome.CONFIRMED, now_s)
                frames.append(frame)
            self._told = False
            notification = self._due_notice()
        self._tell(notification)
        return frames

    def settle_all(self, outcome: Outcome) -> int:
        """Settle everything in flight (the taker died without a word); how many frames."""
        settled = 0
        with self._lock:
            now_s = self._clock.monotonic()
            for line in self._lines.values():
                for seq in tuple(line.in_flight):
                    settled += line.settle(seq, outcome, now_s)
        return settled

    # --- control --------------------------------------------------------------------------------

    def limit_buffers(self, frames: int | None) -> None:
        """Hold at most `frames` per camera, however many are configured; None lifts the limit.

        What is held beyond it is dropped, oldest first, as `DropReason.MEMORY`. (A frame that
        later finds the smaller buffer full is an overflow like any other.)

        Raises:
            ValueError: `frames` is not positive.
        """
        dropped: list[_Held] = []
        with self._lock:
            self._buffer_limit = None if frames is None else _positive(frames)
            for line in self._lines.values():
                line.capacity = self._limited(line.configured)
                while len(line.frames) > line.capacity:
                    dropped.append(line.remove_oldest())
                    line.dropped[DropReason.MEMORY] += 1
            self._held -= len(dropped)
            self._held_bytes -= sum(len(each.image) for each in dropped)

    def limit_rate(self, min_interval_s: float | None) -> None:
        """Drop each frame that comes sooner than this after its camera's previous accepted one.

        Such frames count as received and as `DropReason.MEMORY`; None lifts the limit.
        """
        with self._lock:
            self._min_interval_s = min_interval_s

    def drop_held(self, reason: DropReason) -> int:
        """Drop every frame that waits, for this reason; how many they were."""
        dropped: list[_Held] = []
        with self._lock:
            for line in self._waiting:
                line.dropped[reason] += len(line.frames)
                dropped.extend(line.frames)
                line.frames.clear()
                line.held_bytes = 0
            self._waiting.clear()
            self._held = self._held_bytes = 0
        return len(dropped)

    # --- what is known --------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Frames that wait, of all cameras."""
        return self._held

    @property
    def held_bytes(self) -> int:
        """Bytes of the frames that wait, of all cameras."""
        return self._held_bytes

    def counts(self) -> dict[CameraId, FrameCounts]:
        """The books of all cameras, all at the same instant, in the order they were added."""
        with self._lock:
            return {camera_id: line.counts() for camera_id, line in self._lines.items()}

    def undelivered_s(self, camera_id: CameraId) -> float | None:
        """How long the camera has had frames without one arriving; None: nothing is to be sent."""
        with self._lock:
            line, now_s = self._lines[camera_id], self._clock.monotonic()
            since_s, last_s = line.undelivered_since_s, line.last_frame_s
            is_over = not (line.frames or line.in_flight) and (
                last_s is None or now_s - last_s > _NOTHING_TO_SEND_S
            )
            return None if since_s is None or is_over else now_s - since_s

    def last_frame_s(self, camera_id: CameraId) -> float | None:
        """When the camera's last whole frame came in, in monotonic seconds; None before any."""
        return self._lines[camera_id].last_frame_s

    def last_size(self, camera_id: CameraId) -> tuple[int, int]:
        """(width, height) of the camera's last whole frame; (0, 0) before any."""
        return self._lines[camera_id].last_size

    def latencies(self) -> dict[CameraId, LatencyHistogram]:
        """From whole frame to confirm, of all cameras, in the order they were added."""
        with self._lock:
            return {
                camera_id: LatencyHistogram(tuple(line.latencies), line.latency_s)
                for camera_id, line in self._lines.items()
            }

    # --- who looks ------------------------------------------------------------------------------

    def watch(self, camera_id: CameraId, lease_s: float) -> Picture | None:
        """The camera's newest picture; from now on, and for `lease_s`, the newest one is kept.

        Nothing is copied and nothing waits: a reference is kept, at most one image per camera.
        None until a frame comes in after the first call.
        """
        with self._lock:
            line = self._lines[camera_id]
            line.watched_until_s = self._clock.monotonic() + lease_s
            newest = line.newest
        return newest and Picture(newest.seq, newest.captured_at_ns, newest.image)

    def forget_unwatched(self) -> None:
        """Let go of the pictures at which nobody looks any more."""
        with self._lock:
            now_s = self._clock.monotonic()
            for line in self._lines.values():
                if line.newest is not None and now_s >= line.watched_until_s:
                    line.newest = None

    # --- under the lock, `_tell` excepted -------------------------------------------------------

    def _take(self, now_s: float, admit: Admit | None = None) -> Frame | None:
        waiting = self._waiting
        oldest_s = now_s - self._max_age_s
        left = 0
        while left < len(waiting):
            line = waiting[0]
            held_bytes = line.held_bytes
            self._held -= line.drop_stale(oldest_s)
            self._held_bytes -= held_bytes - line.held_bytes
            verdict = Admission.TAKE if admit is None else self._judge(line, admit)
            if not line.frames:
                waiting.popleft()
                continue
            if verdict is Admission.LEAVE:
                waiting.rotate(-1)
                left += 1
                continue
            frame = line.hand_over(now_s)
            self._held -= 1
            self._held_bytes -= len(frame.image)
            if line.frames:
                waiting.rotate(-1)
            else:
                waiting.popleft()
            return frame
        return None

    def _judge(self, line: _Line, admit: Admit) -> Admission:
        """Drop the frames that are not admitted; what may be done with the next one."""
        while line.frames:
            verdict = admit(line.camera_id, len(line.frames[0].image))
            if isinstance(verdict, Admission):
                return verdict
            dropped = line.remove_oldest()
            line.dropped[verdict] += 1
            self._held -= 1
            self._held_bytes -= len(dropped.image)
        return Admission.LEAVE

    def _make_room(self, dropped: list[_Held]) -> None:
        """Drop frames until the bytes fit: always the oldest of the camera that holds the most."""
        while self._held_bytes > self._max_bytes:
            line = max(self._waiting, key=_held_bytes_of)
            held = line.remove_oldest()
            dropped.append(held)
            line.dropped[DropReason.MEMORY] += 1
            self._held -= 1
            self._held_bytes -= len(held.image)
            if not line.frames:
                self._waiting.remove(line)

    def _comes_too_soon(self, line: _Line, now_s: float) -> bool:
        return (
            self._min_interval_s is not None
            and line.last_accepted_s is not None
            and now_s - line.last_accepted_s < self._min_interval_s
        )

    def _limited(self, configured: int) -> int:
        return configured if self._buffer_limit is None else min(configured, self._buffer_limit)

    def _due_notice(self) -> Callable[[], None] | None:
        """The listener, if it has to be told now; it then counts as told."""
        if self._told or not self._held or self._listener is None:
            return None
        self._told = True
        return self._listener

    def _tell(self, listener: Callable[[], None] | None) -> None:
        """Call the listener, without the lock. It must not be able to break a camera's reader."""
        if listener is None:
            return
        try:
            listener()
        except Exception as error:  # noqa: BLE001 - whatever ails the taker, no camera may suffer
            with self._lock:
                known = self._listener_failed or listener is not self._listener
                if listener is self._listener:
                    self._told = False
                    self._listener_failed = True
            if not known:
                _log.warning("nobody could be told that frames wait: %r", error)


_held_bytes_of: Final = operator.attrgetter("held_bytes")


def _positive(buffer_frames: int) -> int:
    if buffer_frames < 1:
        raise ValueError(f"a buffer holds at least one frame, got {buffer_frames}")
    return buffer_frames
