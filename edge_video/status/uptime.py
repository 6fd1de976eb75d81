"""Measures in which share of the time a camera streamed, of the time in which it was to stream.

Bounded: seven days in buckets of ten minutes, 8 KiB a camera. It begins with the program.
"""

from __future__ import annotations

from array import array
from enum import Enum, auto
from typing import Final

from edge_video.status.health import CameraHealth

DAY_S: Final = 24 * 3600.0
WEEK_S: Final = 7 * DAY_S
BUCKET_S: Final = 600.0

_BUCKETS: Final = int(WEEK_S / BUCKET_S)
_EMPTY: Final = bytes(4 * _BUCKETS)
_KNOWN_AFTER_S: Final = 60.0
_MAX_GAP_S: Final = 10.0


class Presence(Enum):
    """What a moment of a camera counts as."""

    UP = auto()
    DOWN = auto()
    UNEXPECTED = auto()
    """Disabled, stopped, paused, off schedule, off as expected, elsewhere: nothing is counted."""


_PRESENCE: Final = {
    CameraHealth.HEALTHY: Presence.UP,
    CameraHealth.SLOW: Presence.UP,
    CameraHealth.STARTING: Presence.DOWN,
    CameraHealth.TROUBLE: Presence.DOWN,
    CameraHealth.PAUSED: Presence.UNEXPECTED,
    CameraHealth.STOPPED: Presence.UNEXPECTED,
    CameraHealth.DISABLED: Presence.UNEXPECTED,
    CameraHealth.OFF_SCHEDULE: Presence.UNEXPECTED,
    CameraHealth.OFF_EXPECTED: Presence.UNEXPECTED,
    CameraHealth.ELSEWHERE: Presence.UNEXPECTED,
}


def presence(health: CameraHealth) -> Presence:
    """What the moment of a camera that is so counts as."""
    return _PRESENCE[health]


class Uptime:
    """Adds up one camera's time. Not thread-safe; times are of a monotonic clock.

    What lies between two notes counts as the first of them. More than ten seconds between two
    notes count as nothing: the program was paused, and what nobody watched is unknown.

    Args:
        now_s: when the camera was first known.
        first: what it is from then on.
    """

    def __init__(self, now_s: float, first: Presence) -> None:
        self._at_s = now_s
        self._present = first
        self._first = self._bucket = int(now_s / BUCKET_S)
        self._up_s = array("f", _EMPTY)
        self._down_s = array("f", _EMPTY)

    def note(self, now_s: float, present: Presence) -> None:
        """From now on the camera is this; called at each change, and each second."""
        passed_s = now_s - self._at_s
        if 0 < passed_s <= _MAX_GAP_S and self._present is not Presence.UNEXPECTED:
            counted = self._up_s if self._present is Presence.UP else self._down_s
            counted[self._bucket % _BUCKETS] += passed_s
        self._at_s, self._present = now_s, present
        bucket = int(now_s / BUCKET_S)
        for number in range(max(self._bucket, bucket - _BUCKETS) + 1, bucket + 1):
            self._up_s[number % _BUCKETS] = self._down_s[number % _BUCKETS] = 0.0
        self._bucket = max(self._bucket, bucket)

    def day(self) -> float | None:
        """The share of the last 24 hours, 0 to 1; None until a minute was counted."""
        return self._share(DAY_S)

    def week(self) -> float | None:
        """The share of the last seven days; None in the first 24 hours, of which `day` tells."""
        return None if self._bucket - self._first < DAY_S / BUCKET_S else self._share(WEEK_S)

    def _share(self, window_s: float) -> float | None:
        newest = self._bucket
        oldest = max(self._first, newest - int(window_s / BUCKET_S) + 1)
        places = [number % _BUCKETS for number in range(oldest, newest + 1)]
        up_s = sum(self._up_s[place] for place in places)
        counted_s = up_s + sum(self._down_s[place] for place in places)
        return up_s / counted_s if counted_s >= _KNOWN_AFTER_S else None
