"""Measures how many frames per second a camera usually sends, while it streams.

Most cameras send 10 or 12 frames a second whatever `fps` allows. Such a camera is not slow; one
that sends less than it used to is. So the usual rate follows a rise within a minute, and a fall
only within hours: it is noticed first, and becomes usual when it lasts.

What a pause held up (of the network, or of the whole machine) comes all at once behind it and is no
rise: only what two windows in a row agree on is one.
"""

from __future__ import annotations

from typing import Final

_WINDOW_S: Final = 10.0
_RISE: Final = 0.3
_FALL: Final = _WINDOW_S / (6 * 3600)
"""Per window: a fall has become usual, to two thirds, after six hours."""
_MAX_PAUSE_S: Final = 5.0
_NEARLY: Final = 0.95
"""So near to its limit a camera is meant to reach it: clocks differ a little."""


class UsualRate:
    """Measures one camera, over all its attempts. Times are of a monotonic clock, one thread."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._last: tuple[float, int] = (0.0, 0)
        self._fps: float | None = None
        self._before: float | None = None
        """What the window before this one brought."""
        self._windows = 0

    @property
    def latest_fps(self) -> float | None:
        """The rate of the last window, to a tenth; None until one was measured."""
        return None if self._before is None else round(self._before, 1)

    def sample(self, now_s: float, frames: int) -> float | None:
        """Take in how many frames an attempt has brought so far, about once a second.

        Returns the usual rate, to a tenth; None until ten seconds have been measured. A window of
        ten seconds in which the camera did not stream throughout is not counted.
        """
        began, (last_s, last) = self._began, self._last
        self._last = (now_s, frames)
        if began is None or frames < last or now_s - last_s > _MAX_PAUSE_S or not last:
            self._began = (now_s, frames)
        elif now_s - began[0] >= _WINDOW_S:
            self._learn((frames - began[1]) / (now_s - began[0]))
            self._began = (now_s, frames)
        return None if self._fps is None else round(self._fps, 1)

    def _learn(self, fps: float) -> None:
        before, self._before = self._before, fps
        self._windows += 1
        if self._fps is None or before is None:
            self._fps = fps
        elif self._windows == 2:  # noqa: PLR2004 - what it had stored may have been in the first
            self._fps = min(before, fps)
        elif (both := min(before, fps)) > self._fps:
            self._fps += (both - self._fps) * _RISE
        elif fps < self._fps:
            self._fps += (fps - self._fps) * _FALL


def expected_fps(limit_fps: int, usual_fps: float | None) -> float:
    """What a camera is held to: its limit, or what it usually sends where that is less."""
    if not usual_fps or usual_fps >= _NEARLY * limit_fps:
        return float(limit_fps)
    return usual_fps
