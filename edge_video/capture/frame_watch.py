"""Judges a stream's silence: stalled, waiting for a key frame, or not watched at all.

A camera that sends data without a picture is no silent camera: until its next key frame nothing
can be decoded, and a restart would only wait anew. And a judge that was late himself, because the
program was stopped, the container paused or the machine moved, has not seen any silence in that
time. Everything here is pure; the time is an argument.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edge_video.capture.arrival_meter import ArrivalMeter
from edge_video.resilience.failures import Cause, Failure

_LATE_LOOK_S: Final = 2.0
"""Looks come every second. One that comes later than this does not know what it missed."""
_USUAL_LOOK_S: Final = 1.0
_METER_AFTER_S: Final = 2.0
"""Silence is looked into only from here on: asking the kernel costs about a millisecond."""
_TOLD_AFTER_S: Final = 4.0
_INTERVALS_KEPT: Final = 5
_SHORTEST_INTERVAL_S: Final = 1.5
"""What is measured by one look a second; shorter intervals need no patience."""
_OUTLIVED: Final = 1.5
"""So many of its own time-outs after the start FFmpeg would have ended, had nothing come."""
_LATE_INTERVALS: Final = 2.5
"""Intervals of key frames that a camera may be late."""


@dataclass(slots=True)
class KeyFrameNotes:
    """What is known about a camera's key frames, over all its attempts. One writer at a time.

    Attributes:
        interval_s: the longest of the last intervals, where only key frames are decoded; None
            while it is unknown or too short to matter.
        recent_s: the last intervals.
    """

    interval_s: float | None = None
    recent_s: deque[float] = field(default_factory=lambda: deque(maxlen=_INTERVALS_KEPT))

    def passed(self, seconds: float) -> None:
        """Take note of one more interval between two key frames."""
        self.recent_s.append(seconds)
        longest_s = max(self.recent_s)
        self.interval_s = longest_s if longest_s >= _SHORTEST_INTERVAL_S else None


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How long silence may last, in seconds.

    Attributes:
        first_frame_s: without any data that count, before the first frame.
        stalled_s: the same, after it.
        key_frame_s: while data arrive and no picture can be decoded.
        key_frames_only: nothing else is decoded, so that a frame comes only with the next one.
        packets_only: the bytes that FFmpeg takes are counted nowhere, as over UDP. But it ends by
            itself when no packet comes for `stalled_s`: while it lives longer, packets come.
    """

    first_frame_s: float
    stalled_s: float
    key_frame_s: float
    key_frames_only: bool = False
    packets_only: bool = False


class FrameWatch:
    """Judges the silence of one attempt. One thread, which calls `look` about once a second.

    Args:
        limits: of the camera.
        notes: of the camera; they outlive this attempt.
        now_s: the monotonic time of the start.
    """

    def __init__(self, limits: SilenceLimits, notes: KeyFrameNotes, now_s: float) -> None:
        self._limits = limits
        self._notes = notes
        self._last_look_s = now_s
        self._was_late = False
        self._missed_some = False
        self._frames = 0
        self._meter = ArrivalMeter()
        self._silent_s = 0.0
        self._quiet_s = 0.0
        self._excused = False

    @property
    def any_frames(self) -> bool:
        """Whether a frame has come."""
        return self._frames > 0

    @property
    def wants_reading(self) -> bool:
        """Whether the next `look` should be told how many bytes were taken."""
        return self._silent_s >= _METER_AFTER_S - 1

    def look(self, now_s: float, frames: int, taken: int | None = None) -> bool:
        """Take note of a second; whether frames came in it.

        Args:
            now_s: monotonic.
            frames: whole frames of the attempt so far.
            taken: bytes that FFmpeg has taken from its camera so far; None if unknown.
        """
        passed_s = self._watched(now_s)
        if frames > self._frames:
            self._note_interval(frames - self._frames, passed_s)
            self._frames = frames
            self._silent_s = self._quiet_s = 0.0
            self._excused = False
            self._meter = ArrivalMeter()
            return True
        self._silent_s += passed_s
        self._meter.reading(now_s, taken)
        if self._arriving or (self._arriving is None and self._owes_key_frames):
            self._quiet_s = 0.0
        else:
            self._quiet_s += passed_s
        return False

    @property
    def _arriving(self) -> bool | None:
        """Whether data come; None while that is not known."""
        alive_s = _OUTLIVED * self._limits.stalled_s + _USUAL_LOOK_S
        if self._limits.packets_only and self._silent_s >= alive_s:
            return True
        return self._meter.arriving

    @property
    def _owes_key_frames(self) -> bool:
        """Whether silence is the rule: a frame comes with the next key frame only."""
        return self.any_frames and self._limits.key_frames_only

    def _watched(self, now_s: float) -> float:
        """Return how many seconds since the last look count.

        None of a pause; of an overloaded program, whose every look is late, the usual second.
        """
        passed_s, self._last_look_s = now_s - self._last_look_s, now_s
        late = passed_s > _LATE_LOOK_S
        self._missed_some = late and not self._was_late
        self._was_late = late
        if self._missed_some:
            return 0.0
        return _USUAL_LOOK_S if late else passed_s

    def _note_interval(self, came: int, passed_s: float) -> None:
        waited_s = self._silent_s + passed_s
        if self._limits.key_frames_only and self._frames:
            self._notes.passed(waited_s if came == 1 else 0.0)

    @property
    def waiting_s(self) -> float | None:
        """How long data have come without a picture; None when nothing unusual is waited for."""
        owed_s = (self._notes.interval_s or 0.0) * 1.5 if self.any_frames else 0.0
        usual = self.any_frames and not self._owes_key_frames
        if usual or not self._arriving or self._silent_s < max(_TOLD_AFTER_S, owed_s):
            return None
        return self._silent_s

    @property
    def silent_s(self) -> float:
        """How long no frame has come, as far as it was watched."""
        return self._silent_s

    def excuse(self) -> bool:
        """Begin anew, as frames wait to be read; False if that was granted since the last frame."""
        if self._excused:
            return False
        self._excused = True
        self._silent_s = self._quiet_s = 0.0
        return True

    def verdict(self) -> Failure | None:
        """Return the failure once the silence has lasted too long; none after a late look."""
        if self._missed_some:
            return None
        if not self.any_frames:
            return self._before_the_first()
        if self._limits.key_frames_only:
            return self._between_key_frames()
        if self._silent_s < self._limits.stalled_s:
            return None
        also = ", though data arrive" if self._arriving else ""
        return Failure(Cause.STALLED, f"no frame for {round(self._silent_s)} s{also}")

    def _before_the_first(self) -> Failure | None:
        limits = self._limits
        if self._quiet_s >= limits.first_frame_s:
            return Failure(Cause.STALLED, f"no frame in {round(self._silent_s)} s")
        if self._silent_s >= max(limits.key_frame_s, limits.first_frame_s):
            return self._no_key_frame()
        return None

    def _between_key_frames(self) -> Failure | None:
        limits, arriving = self._limits, self._arriving
        if arriving is False and self._quiet_s >= limits.stalled_s:
            return Failure(Cause.STALLED, f"no frame for {round(self._quiet_s)} s")
        if self._silent_s < self._key_frame_limit_s():
            return None
        if arriving:
            return self._no_key_frame()
        return Failure(Cause.STALLED, f"no frame for {round(self._silent_s)} s")

    def _key_frame_limit_s(self) -> float:
        """Return the limit by the interval that was seen; a camera may lengthen it at night."""
        limits = self._limits
        if not self._notes.recent_s:
            return max(limits.stalled_s, limits.key_frame_s)
        least_s = limits.stalled_s * (2 if self._arriving else 1)
        return max(least_s, _LATE_INTERVALS * (self._notes.interval_s or 0.0))

    def _no_key_frame(self) -> Failure:
        reason = f"data came for {round(self._silent_s)} s, and no key frame in them"
        if self._notes.interval_s is not None:
            reason += f"; they came every {round(self._notes.interval_s)} s"
        elif not self.any_frames:
            reason += "; the limit is key_frame_timeout"
        return Failure(Cause.NO_KEY_FRAME, reason)
