"""Holds one camera's waiting frames and its counts.

Everything here is mutable and has no lock of its own: the outbox's lock guards it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.delivery.counters import FrameCounters
from edge_video.delivery.ledger import DropReason
from edge_video.frames import ChangeNote, Frame
from edge_video.frames.jpeg import SizeReader

if TYPE_CHECKING:
    from edge_video.frames import CameraId


LAST_PICTURE_EVERY_S: Final = 3.0
"""How far apart the pictures are of which the last one is kept."""

_NEVER_S: Final = float("inf")
_UNCHANGED: Final = DropReason.UNCHANGED


class HeldFrame(NamedTuple):
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
    note: ChangeNote | None
    unchanged: int
    """Frames of the camera that had been left out for showing no change, ever, when it came."""
    epoch: int | None = None
    """As in `Frame`."""


class Picture(NamedTuple):
    """A frame for somebody who only looks."""

    seq: int
    captured_at_ns: int
    """Wall clock."""
    image: bytes


class WatchedPicture:
    """Keeps the newest frame of a camera while somebody looks, and else one of the last seconds.

    The second kind is there for when the camera fails: its last picture tells an unplugged camera
    from a covered one.

    Attributes:
        newest: the frame that is kept.
        due_s: when the next frame is to be kept, in monotonic seconds.
    """

    __slots__ = ("_last_bytes", "_until_s", "due_s", "newest")

    def __init__(self) -> None:
        self.newest: HeldFrame | None = None
        self.due_s = _NEVER_S
        self._until_s = 0.0
        self._last_bytes = 0

    def watch(self, until_s: float) -> Picture | None:
        """The picture that is kept; each of the next ones is kept until then."""
        self._until_s = until_s
        self.due_s = 0.0
        newest = self.newest
        return newest and Picture(newest.seq, newest.captured_at_ns, newest.image)

    def keep(self, frame: HeldFrame, now_s: float) -> None:
        """Keep a frame that is due."""
        if now_s < self._until_s:
            self.newest = frame
        elif len(frame.image) <= self._last_bytes:
            self.newest = frame
            self.due_s = now_s + LAST_PICTURE_EVERY_S
        else:
            self.newest = None  # rather none than one that looks newer than it is
            self.due_s = now_s + LAST_PICTURE_EVERY_S if self._last_bytes else _NEVER_S

    def remember(self, max_bytes: int, now_s: float) -> None:
        """From now on keep one of the last frames also while nobody looks, up to this size.

        0: none is kept then.
        """
        if max_bytes != self._last_bytes:
            self._last_bytes = max_bytes
            self.due_s = min(self.due_s, now_s)
            self.forget_unwatched(now_s)

    def forget_unwatched(self, now_s: float) -> bool:
        """Let go of what nobody looks at, the last picture aside; whether somebody looks."""
        is_watched = now_s < self._until_s
        if not is_watched and self.newest and len(self.newest.image) > self._last_bytes:
            self.newest = None
        return is_watched and self.newest is not None


class Origin:
    """Tells which attempt, and in a cluster which lease, the frames of a camera are of.

    Attributes:
        session: the name of the latest attempt that was opened.
        epoch: as in `Frame`.
        is_superseded: another node has the camera; what comes of it is dropped for that.
    """

    __slots__ = ("epoch", "is_superseded", "session")

    def __init__(self) -> None:
        self.session = ""
        self.epoch: int | None = None
        self.is_superseded = False


class CameraQueue:
    """A bounded queue in which the latest frames of one camera win.

    Attributes:
        camera_id: whose frames they are.
        configured: the most frames held, as configured.
        capacity: the most frames held now; less than configured while memory is short.
        frames: the frames that wait, oldest first.
        held_bytes: their lengths together.
        counters: what is counted of the camera's frames.
        sizes: reads the images' sizes; knows that of the last one.
        picture: the newest frame, kept for somebody who looks, or one of the last seconds.
        generation: the number of the latest attempt that was opened.
        origin: of the frames that come.
        is_open: whether its frames are accepted.
        last_accepted_s: when a frame was last accepted, in monotonic seconds.
    """

    __slots__ = (
        "camera_id",
        "capacity",
        "configured",
        "counters",
        "frames",
        "generation",
        "held_bytes",
        "is_open",
        "last_accepted_s",
        "origin",
        "picture",
        "sizes",
    )

    def __init__(self, camera_id: CameraId, configured: int) -> None:
        self.camera_id = camera_id
        self.configured = configured
        self.capacity = configured
        self.frames: deque[HeldFrame] = deque()
        self.held_bytes = 0
        self.counters = FrameCounters()
        self.sizes = SizeReader()
        self.picture = WatchedPicture()
        self.generation: int | None = None
        self.origin = Origin()
        self.is_open = False
        self.last_accepted_s: float | None = None

    def open(self, generation: int, session: str) -> None:
        """Accept the frames of this attempt, unless a later one was opened before."""
        if self.generation is None or generation >= self.generation:
            self.generation = generation
            self.origin.session = session
            self.is_open = not self.origin.is_superseded

    def end(self, generation: int) -> None:
        """Accept no frames of this attempt any more."""
        if self.generation == generation:
            self.is_open = False

    def refuse(self, generation: int, length: int, now_s: float) -> None:
        """Count a frame that is not accepted: its attempt has ended, or another node has it."""
        if self.origin.is_superseded and generation == self.generation:
            self.counters.pass_over(DropReason.SUPERSEDED, length, now_s)
        else:
            self.counters.refused_late += 1

    def limit(self, frames: int | None) -> None:
        """Bound the capacity by this number, too; what is held beyond it stays for the moment."""
        self.capacity = self.configured if frames is None else min(self.configured, frames)

    def comes_too_soon(self, now_s: float, min_interval_s: float) -> bool:
        """Whether a frame that comes now follows the last accepted one sooner than that."""
        last_s = self.last_accepted_s
        return last_s is not None and now_s - last_s < min_interval_s

    def stamp(
        self,
        image: bytes,
        session: str,
        captured_at_ns: int,
        captured_at_s: float,
        *,
        note: ChangeNote | None = None,
        epoch: int | None = None,
    ) -> HeldFrame:
        """Make the next frame of an image. Nothing is counted yet: it may need memory."""
        seq, unchanged = self.counters.received + 1, self.counters.dropped[_UNCHANGED]
        width, height = self.sizes.size_of(image)
        return HeldFrame(
            seq,
            session,
            image,
            captured_at_ns,
            captured_at_s,
            width,
            height,
            note,
            unchanged,
            epoch,
        )

    def accept(self, frame: HeldFrame, now_s: float) -> None:
        """Count a frame that has just joined the queue."""
        length, counters = len(frame.image), self.counters
        counters.received += 1  # as `receive` does: a call less for each frame
        counters.received_bytes += length
        counters.last_received_s = now_s
        if counters.undelivered_since_s is None:
            counters.undelivered_since_s = now_s
        self.last_accepted_s = now_s
        self.held_bytes += length
        if now_s >= self.picture.due_s:
            self.picture.keep(frame, now_s)

    def drop_unheld(self, length: int, now_s: float) -> None:
        """Count a frame that came in and is not held, for the sake of memory."""
        self.counters.receive(length, now_s)
        self.counters.drop(DropReason.MEMORY, now_s)

    def leave_out(self, image: bytes, captured_at_ns: int, now_s: float) -> None:
        """Count a frame that came in and is not held, because it shows no change.

        Whoever only looks sees it all the same.
        """
        if now_s >= self.picture.due_s:
            frame = self.stamp(image, self.origin.session, captured_at_ns, now_s)
            self.picture.keep(frame, now_s)
        else:
            self.sizes.size_of(image)
        self.counters.pass_over(_UNCHANGED, len(image), now_s)

    def drop_oldest(self, reason: DropReason, now_s: float) -> HeldFrame:
        """Drop the oldest frame."""
        frame = self.frames.popleft()
        self.held_bytes -= len(frame.image)
        self.counters.drop(reason, now_s)
        return frame

    def drop_older(self, oldest_s: float, reason: DropReason, now_s: float) -> int:
        """Drop the frames that were captured before `oldest_s`; how many they were."""
        frames = self.frames
        before = len(frames)
        while frames and frames[0].captured_at_s < oldest_s:
            self.drop_oldest(reason, now_s)
        return before - len(frames)

    def drop_all(self, reason: DropReason, now_s: float) -> None:
        """Drop every frame."""
        if self.frames:
            self.counters.drop(reason, now_s, len(self.frames))
        self.frames.clear()
        self.held_bytes = 0

    def hand_over(self, now_s: float) -> Frame:
        """Take the oldest frame out; it is in flight from now on.

        Raises:
            MemoryError: there is none for it; it stays where it is and nothing is counted.
        """
        held, counters = self.frames[0], self.counters
        length, note = len(held.image), held.note
        unchanged = held.unchanged - counters.last_published_unchanged
        if note is not None:
            note = note._replace(unchanged=unchanged)
        elif unchanged:  # only changes were published until lately
            note = ChangeNote(None, unchanged)
        frame = Frame(
            camera_id=self.camera_id,
            seq=held.seq,
            session=held.session,
            image=held.image,
            captured_at_ns=held.captured_at_ns,
            captured_at_s=held.captured_at_s,
            width=held.width,
            height=held.height,
            dropped=held.seq - counters.last_published_seq - 1,
            note=note,
            epoch=held.epoch,
        )
        counters.hand_over(held.seq, length, held.captured_at_s, now_s)
        counters.last_published_unchanged = held.unchanged
        self.frames.popleft()
        self.held_bytes -= length
        return frame
