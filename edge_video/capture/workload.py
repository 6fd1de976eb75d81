"""Limits what one camera's bytes may cost the thread that reads all cameras.

A frame of any usual size costs its thread some ten microseconds. Bytes that are full of markers,
headers without end or images of a few bytes cost a thousand times as much per byte, and would take
the whole thread from the other cameras. So each camera has an allowance of time, and whoever has
used his up waits until it has grown again. Pure: time comes as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge_video.resilience.failures import Cause, Failure

SHARE: Final = 0.2
"""Of the thread's time, for one camera: eight times what 60 large frames a second take."""
BURST_S: Final = 0.02
"""What a camera may use at once after a pause."""
TURN_S: Final = 0.002
"""What one turn may take, as far as the size of a read decides it."""
FIRST_READ_BYTES: Final = 64 * 1024
_LEAST_READ_BYTES: Final = 4 * 1024
_MAX_READ_BYTES: Final = 512 * 1024
_NO_TIME_S: Final = 1e-9

_JUDGED_OVER_S: Final = 5.0
_NO_IMAGE_BYTES: Final = 4 * 2**20
_BULK_FRAME_BYTES: Final = 4 * 1024
_MB: Final = 1_000_000


class TimeAllowance:
    """The time that one camera may take of the thread, as a bucket that fills with time.

    Attributes:
        overdrawn: whether it had to wait since this was last set to False.
        read_bytes: as much as the next turn should read, by what a byte of the last one cost.
    """

    __slots__ = ("_filled_s", "_left_s", "overdrawn", "read_bytes")

    def __init__(self) -> None:
        self._left_s = BURST_S
        self._filled_s: float | None = None
        self.read_bytes = FIRST_READ_BYTES
        self.overdrawn = False

    def spend(self, now_s: float, spent_s: float, n: int) -> float:
        """Book a turn of so many seconds of CPU for `n` bytes; return how many to wait now."""
        if self._filled_s is not None:
            filled_s = self._left_s + SHARE * (now_s - self._filled_s)
            self._left_s = min(BURST_S, filled_s)
        self._filled_s = now_s
        self._left_s -= spent_s
        if n >= _LEAST_READ_BYTES or spent_s > TURN_S:  # less says nothing of what a byte costs
            fitting = int(TURN_S * n / max(spent_s, _NO_TIME_S))
            self.read_bytes = max(_LEAST_READ_BYTES, min(_MAX_READ_BYTES, fitting))
        if self._left_s >= 0:
            return 0.0
        self.overdrawn = True
        return -self._left_s / SHARE


@dataclass(frozen=True, slots=True)
class Progress:
    """What a camera's splitter has done so far.

    Attributes:
        frames: whole frames.
        frame_bytes: their lengths together.
        discarded_bytes: bytes that belong to no frame.
        oversized: images that were refused as too large.
    """

    frames: int = 0
    frame_bytes: int = 0
    discarded_bytes: int = 0
    oversized: int = 0


class WorkJudge:
    """Judges whether what a camera sends is worth the work that it makes.

    Large frames in large numbers are: they are read as fast as the allowance lets them. A camera
    is given up when for five seconds its work is too much and is not for frames, or when what it
    sends is not JPEG.
    """

    def __init__(self) -> None:
        self._frame_at = Progress()
        self._frame_s: float | None = None
        self._over_at = Progress()
        self._over_s: float | None = None

    def judge(self, now_s: float, progress: Progress, *, overdrawn: bool) -> Failure | None:
        """Return why to give the camera up, or None; asked once in a while.

        Args:
            now_s: monotonic time.
            progress: so far.
            overdrawn: whether it had to wait for its allowance since the last judgement.
        """
        if self._frame_s is None or progress.frames > self._frame_at.frames:
            self._frame_at, self._frame_s = progress, now_s
        if not overdrawn or self._over_s is None:
            self._over_at, self._over_s = progress, now_s
        if now_s - self._frame_s >= _JUDGED_OVER_S and self._is_not_jpeg(progress):
            mb = (progress.discarded_bytes - self._frame_at.discarded_bytes) / _MB
            return Failure(
                Cause.NOT_JPEG, f"{mb:.0f} MB without an image in {now_s - self._frame_s:.0f} s"
            )
        if now_s - self._over_s < _JUDGED_OVER_S:
            return None
        failure = self._too_much_work(now_s - self._over_s, progress)
        self._over_at, self._over_s = progress, now_s
        return failure

    def _is_not_jpeg(self, progress: Progress) -> bool:
        before = self._frame_at
        came = progress.discarded_bytes - before.discarded_bytes
        return came >= _NO_IMAGE_BYTES and progress.oversized == before.oversized

    def _too_much_work(self, for_s: float, progress: Progress) -> Failure | None:
        before = self._over_at
        frames = progress.frames - before.frames
        frame_bytes = progress.frame_bytes - before.frame_bytes
        discarded = progress.discarded_bytes - before.discarded_bytes
        if frame_bytes > discarded and frame_bytes >= frames * _BULK_FRAME_BYTES:
            return None
        none_at_all = not frames and progress.oversized == before.oversized
        return Failure(
            Cause.NOT_JPEG if none_at_all else Cause.TOO_MUCH_WORK,
            f"in {for_s:.0f} s: {frames} images of {frame_bytes // max(1, frames)} bytes,"
            f" {discarded / _MB:.1f} MB of no image",
        )
