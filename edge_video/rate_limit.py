"""A limit on frames per second of real time, for images that are passed on as they are."""

from __future__ import annotations

from typing import Final

_CREDIT_S: Final = 1.0
"""So a camera that delivers a second at once keeps its rate; a longer silence earns no more."""


class RateLimiter:
    """Lets at most `fps` images a second through, on average, and never delays one.

    It is the generic cell rate algorithm with the time of arrival as its clock: an image up to
    half an interval early passes, so that a camera of exactly `fps` loses nothing to jitter, and
    a camera that was silent, or slower, may catch up by at most a second's images.

    Args:
        fps: images per second.
    """

    __slots__ = ("_due_s", "_early_s", "_interval_s")

    def __init__(self, fps: float) -> None:
        self._interval_s = 1.0 / fps
        self._early_s = 0.5 / fps
        self._due_s: float | None = None

    def allows(self, now_s: float) -> bool:
        """Whether an image that arrives at `now_s` (monotonic seconds) passes."""
        due_s = now_s if self._due_s is None else max(self._due_s, now_s - _CREDIT_S)
        if now_s < due_s - self._early_s:
            return False
        self._due_s = due_s + self._interval_s
        return True
