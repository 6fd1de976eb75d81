"""Decides when a camera is asked, how long it may take, and which misses are passed over. Pure.

A camera answers one request with "busy", or cuts a picture, and the next one is whole: as with a
stream that stutters, that is no failure before `stall_timeout` is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge_video.resilience.failures import Cause

_PASSING: Final = frozenset(
    {
        *(Cause.TIMEOUT, Cause.END_OF_STREAM, Cause.BUSY, Cause.CAMERA_ERROR),
        *(Cause.NOT_A_PICTURE, Cause.PICTURE_TOO_LARGE),
    }
)
"""What the next request may bring to an end."""
_MAX_CONNECT_S: Final = 5.0
_MAX_REQUEST_S: Final = 30.0
_LATE_S: Final = 5.0
_FIRST_ANSWERS: Final = 3
_FIRST_INTERVAL_S: Final = 1.0
"""The breaker trusts an attempt after three good seconds: they are not hours apart."""
_MISSED_WAIT_S: Final = 1.0
"""A camera that says it is busy is not asked fifteen times a second."""
_MISSED_SHARE: Final = 0.1
"""Of `stall_timeout`, where that is short: one miss must not be all that there is time for."""
_BEFORE_THE_WATCH: Final = 0.9
"""Of the time in which the camera's actor calls it stalled: this capture knows a better cause."""


@dataclass(frozen=True, slots=True)
class SnapshotPace:
    """The times of one camera, in seconds.

    Attributes:
        interval_s: from one request to the next; a slow answer makes it longer.
        first_picture_s: within which the first picture must come.
        stalled_s: within which every other one must come after the one before it was due.
    """

    interval_s: float
    first_picture_s: float
    stalled_s: float

    @property
    def connect_s(self) -> float:
        """How long a connection may take to be made."""
        return min(_MAX_CONNECT_S, self._request_s(self.first_picture_s, self.stalled_s))

    @property
    def late_s(self) -> float:
        """An answer is late that comes so long after the one before it."""
        return self.interval_s + min(_LATE_S, self.stalled_s)

    def limit_s(self, silent_s: float, *, any_pictures: bool) -> float:
        """Return how long the next request may take, `silent_s` after the last picture."""
        if not any_pictures:
            return self._request_s(self.first_picture_s, self.stalled_s)
        left_s = self._patience_s - silent_s
        return min(_MAX_REQUEST_S, max(left_s, 0.1 * self.stalled_s))

    def ends(self, cause: Cause, silent_s: float, *, any_pictures: bool) -> bool:
        """Whether a request without a picture ends the attempt, `silent_s` after the last one."""
        return (
            not any_pictures
            or cause not in _PASSING
            or silent_s >= self._patience_s - 0.02 * self.stalled_s
        )

    def wait_s(self, took_s: float, answers: int, *, missed: bool) -> float:
        """Return the time until the next request, when the last one took so long.

        Args:
            took_s: from the beginning of the last one to its end.
            answers: how many there were in this attempt.
            missed: whether the last one was none.
        """
        interval_s = self.interval_s
        if answers < _FIRST_ANSWERS:
            interval_s = min(interval_s, _FIRST_INTERVAL_S)
        if missed:
            interval_s = min(_MISSED_WAIT_S, _MISSED_SHARE * self.stalled_s)
        return max(0.0, interval_s - took_s)

    @property
    def _patience_s(self) -> float:
        """How long nothing may come, the usual time between two pictures included."""
        return self.interval_s + _BEFORE_THE_WATCH * self.stalled_s

    @staticmethod
    def _request_s(first_s: float, stalled_s: float) -> float:
        return min(_MAX_REQUEST_S, _BEFORE_THE_WATCH * min(first_s, stalled_s))
