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
        *(Cause.CAMERA_TIMEOUT, Cause.NO_CONTENT, Cause.NOT_A_PICTURE, Cause.PICTURE_TOO_LARGE),
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
_LEAST_WAIT_S: Final = 0.25
"""However short `stall_timeout` is."""
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

    def limit_s(self, silent_s: float, answers: int) -> float:
        """Return how long the next request may take.

        Args:
            silent_s: since the last picture.
            answers: how many there were in this attempt.
        """
        if not answers:
            return self._request_s(self.first_picture_s, self.stalled_s)
        left_s = self._patience_s(answers) - silent_s
        return min(_MAX_REQUEST_S, max(left_s, 0.1 * self.stalled_s))

    def ends(self, cause: Cause, silent_s: float, answers: int) -> bool:
        """Whether a request without a picture ends the attempt; arguments as of `limit_s`."""
        return (
            not answers
            or cause not in _PASSING
            or silent_s >= self._patience_s(answers) - 0.02 * self.stalled_s
        )

    def wait_s(self, took_s: float, answers: int, *, missed: bool) -> float:
        """Return the time until the next request, when the last one took so long.

        Args:
            took_s: from the beginning of the last one to its end.
            answers: how many there were in this attempt.
            missed: whether the last one was none.
        """
        interval_s = self._interval_after_s(answers)
        if missed:
            share_s = max(_LEAST_WAIT_S, _MISSED_SHARE * self.stalled_s)
            interval_s = min(_MISSED_WAIT_S, share_s)
        return max(0.0, interval_s - took_s)

    def _interval_after_s(self, answers: int) -> float:
        """Return the time from the last request to the one that is due next."""
        if answers < _FIRST_ANSWERS:
            return min(self.interval_s, _FIRST_INTERVAL_S)
        return self.interval_s

    def _patience_s(self, answers: int) -> float:
        """Return how long nothing may come, the time until the picture is due included."""
        return self._interval_after_s(answers) + _BEFORE_THE_WATCH * self.stalled_s

    @staticmethod
    def _request_s(first_s: float, stalled_s: float) -> float:
        return min(_MAX_REQUEST_S, _BEFORE_THE_WATCH * min(first_s, stalled_s))
