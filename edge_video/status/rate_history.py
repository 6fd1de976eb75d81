"""Keeps how many frames a second a camera sent in the last 24 hours. Pure.

Bounded: a day in steps of five minutes, 2.3 KiB a camera. It begins with the program.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

STEP_S: Final = 300.0

_STEPS: Final = int(24 * 3600 / STEP_S)
_EMPTY: Final = bytes(4 * _STEPS)
_MAX_GAP_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class DayOfRates:
    """The rates of the last 24 hours at most, as of one instant."""

    fps: tuple[float | None, ...]
    """Of each step of `STEP_S`, oldest first; None where nobody counted."""
    newest_s: float
    """For how long the newest step has lasted."""


class RateHistory:
    """Adds up one camera's frames. Not thread-safe; times are of a monotonic clock.

    More than 15 seconds between two notes count as nothing: the program was paused, and what nobody
    watched is unknown.
    """

    def __init__(self) -> None:
        self._at_s = 0.0
        self._received: int | None = None
        self._first = self._newest = 0
        self._frames = array("f", _EMPTY)
        self._counted_s = array("f", _EMPTY)

    def note(self, now_s: float, received: int) -> None:
        """Take in how many frames have come so far; called every few seconds."""
        step = int(now_s / STEP_S)
        if self._received is None:
            self._first = self._newest = step
        for number in range(max(self._newest, step - _STEPS) + 1, step + 1):
            self._frames[number % _STEPS] = self._counted_s[number % _STEPS] = 0.0
        self._newest = max(self._newest, step)
        passed_s = now_s - self._at_s
        if self._received is not None and 0 < passed_s <= _MAX_GAP_S:
            self._frames[step % _STEPS] += max(0, received - self._received)
            self._counted_s[step % _STEPS] += passed_s
        self._at_s, self._received = now_s, received

    def day(self, now_s: float) -> DayOfRates:
        """The rates, as of the last note; the newest step is not over."""
        if self._received is None:
            return DayOfRates((), 0.0)
        oldest = max(self._first, self._newest - _STEPS + 1)
        steps = [number % _STEPS for number in range(oldest, self._newest + 1)]
        return DayOfRates(tuple(map(self._fps, steps)), max(0.0, now_s - self._newest * STEP_S))

    def _fps(self, place: int) -> float | None:
        counted_s = self._counted_s[place]
        return None if not counted_s else round(self._frames[place] / counted_s, 2)
