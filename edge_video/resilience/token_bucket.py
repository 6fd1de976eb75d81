"""Limits how often something may happen: a burst at once, then so many a second. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """A bucket of `size` tokens that gains `gain_per_s` tokens a second and begins full.

    Time is an argument, in monotonic seconds; a clock that runs backwards gains nothing. Not
    thread-safe.
    """

    size: float
    gain_per_s: float
    _missing: float = 0.0
    _filled_at_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Take one token; False when there is none, and then nothing is taken."""
        if self.wait_s(now_s) > 0.0:
            return False
        self._missing += 1.0
        return True

    def wait_s(self, now_s: float) -> float:
        """Seconds until a token can be taken; 0.0 when one can be taken now."""
        if self._filled_at_s is not None:
            gained = max(0.0, now_s - self._filled_at_s) * self.gain_per_s
            self._missing = max(0.0, self._missing - gained)
        self._filled_at_s = now_s
        return max(0.0, 1.0 - (self.size - self._missing)) / self.gain_per_s
