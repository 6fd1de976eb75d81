"""Limits the frames per second of real time, for images that this program itself thins out.

It judges as the filter does that thins decoded pictures within FFmpeg:
`edge_video.capture.limiter` says how, and what credit, phase and ceiling are.
"""

from __future__ import annotations

from edge_video.capture.limiter import (
    CEILING_PAUSES,
    FIRST_GUESS_FRAMES,
    LEAST_CEILING_FRAMES,
    LEAST_CEILING_S,
    MAX_PAUSE_S,
    MEMORY_S,
    NEARLY_ALL,
)

_MAX_PHASE = 1.5


class RateLimiter:
    """Lets at most `fps` images a second through, on average, and never delays one.

    A camera of exactly `fps` loses nothing to jitter; of one that delivers seconds at once every
    n-th image passes, and as many as of a steady one. A long silence earns half a second's images.

    Args:
        fps: images per second.
    """

    __slots__ = (
        "_credit",
        "_fps",
        "_frames",
        "_last_s",
        "_least_s",
        "_pause_s",
        "_phase",
        "_second_pause_s",
        "_time_s",
    )

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._least_s = max(LEAST_CEILING_S, LEAST_CEILING_FRAMES / fps)
        self._last_s: float | None = None
        self._credit = (1 + fps * self._least_s) / 2 + 1
        self._time_s = FIRST_GUESS_FRAMES / fps
        self._frames = float(FIRST_GUESS_FRAMES)
        self._phase = 1.0
        self._pause_s = 0.0
        self._second_pause_s = 0.0

    def allows(self, now_s: float) -> bool:
        """Whether an image that arrives at `now_s` (monotonic seconds) passes."""
        last_s = now_s if self._last_s is None else self._last_s
        elapsed_s = min(max(now_s - last_s, 0.0), MAX_PAUSE_S)
        self._last_s = now_s
        ceiling_s = self._ceiling_s(elapsed_s)
        elapsed_s = min(elapsed_s, ceiling_s)
        fading = 1 - elapsed_s / MEMORY_S
        most = 1 + self._fps * ceiling_s
        self._credit = min(self._credit + self._fps * elapsed_s, most)
        self._time_s = self._time_s * fading + elapsed_s
        self._frames = self._frames * fading + 1
        self._phase = min(_MAX_PHASE, self._phase + self._step(most))
        if self._credit < 0.5 or (self._phase < 1 and self._credit < most - 0.5):  # noqa: PLR2004 - rounding
            return False
        self._credit -= 1
        self._phase = max(self._phase - 1, 0.0)
        return True

    def _ceiling_s(self, elapsed_s: float) -> float:
        fading = 1 - elapsed_s / MEMORY_S
        self._pause_s *= fading
        self._second_pause_s *= fading
        if elapsed_s > self._pause_s:
            self._second_pause_s, self._pause_s = self._pause_s, elapsed_s
        elif elapsed_s > self._second_pause_s:
            self._second_pause_s = elapsed_s
        return max(self._least_s, CEILING_PAUSES * self._second_pause_s)

    def _step(self, most: float) -> float:
        share = self._fps * self._time_s / self._frames
        if share > NEARLY_ALL:
            return _MAX_PHASE
        return share * (0.75 + 0.5 * self._credit / most)
