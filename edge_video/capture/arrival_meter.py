"""Judges whether what arrives from a camera is a stream, by how many bytes it was."""

from __future__ import annotations

from collections import deque
from typing import Final

_WINDOW_S: Final = 5.0
_ENOUGH_FOR_NO_S: Final = 2.5
"""A camera of few frames a second may send nothing for shorter."""
_STREAM_BYTES_PER_S: Final = 100.0
"""Less is no video: reports and keep-alive answers of a camera that sends nothing else."""


class ArrivalMeter:
    """Judges whether data arrive as those of a video do, from readings of `bytes_taken`."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int]] = deque()

    def reading(self, now_s: float, taken: int | None) -> None:
        """Take one more reading in, at a monotonic time; a fall is a new connection."""
        if taken is None:
            return
        if self._readings and taken < self._readings[-1][1]:
            self._readings.clear()
        self._readings.append((now_s, taken))
        while len(self._readings) > 2 and now_s - self._readings[1][0] >= _WINDOW_S:  # noqa: PLR2004 - a rate needs two
            self._readings.popleft()

    @property
    def arriving(self) -> bool | None:
        """Whether they did in the last five seconds; None while too little is known to say no."""
        if len(self._readings) < 2:  # noqa: PLR2004 - as above
            return None
        (first_s, first), (last_s, last) = self._readings[0], self._readings[-1]
        if last - first >= _STREAM_BYTES_PER_S * max(last_s - first_s, 0.5):
            return True
        return False if last_s - first_s >= _ENOUGH_FOR_NO_S else None
