"""Measures how long something stood still, and which fault it is put down to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

OUTAGE_AFTER_S: Final = 0.5
"""A counter that does not move for longer than this stands still."""
ITSELF: Final = "of itself"
"""No fault was brought: a camera whose clip ended, say."""
_AT_ONCE_S: Final = 0.3
_SLOW_PAUSE_S: Final = 2.0
_ACTS_WITHIN_S: Final = 6.0
"""A fault may show this much later: FFmpeg and the broker have buffers, a stall has a time-out."""


@dataclass(slots=True)
class Cause:
    """A fault that was brought."""

    kind: str
    at_s: float
    over_at_s: float | None
    """When what it did was undone; None while it lasts."""
    slows: bool = False
    """While it lasts, short pauses are what it is for, and no outage."""


@dataclass(frozen=True, slots=True)
class Outage:
    """From the last sign of life to the next one. Times in seconds since the start."""

    what: str
    began_s: float
    ended_s: float
    kind: str
    """Of the fault it is put down to."""
    recovery_s: float
    """From the moment when nothing stood in the way any more; detection and backoff included."""


@dataclass(slots=True)
class Watch:
    """Follows one counter that should always grow.

    Attributes:
        what: a camera's id, or `confirms`.
    """

    what: str
    causes: list[Cause] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    _value: int = 0
    _moved_s: float | None = None

    def see(self, value: int, now_s: float) -> None:
        """Take a reading."""
        if value == self._value:
            return
        before_s, self._moved_s, self._value = self._moved_s, now_s, value
        if before_s is not None and now_s - before_s > OUTAGE_AFTER_S:
            self._book(before_s, now_s)

    def standing_still_s(self, now_s: float) -> float:
        """For how long nothing has moved although nothing stands in the way."""
        if self._moved_s is None:
            return 0.0
        since_s = self._moved_s
        for cause in self.causes:
            since_s = max(since_s, now_s if cause.over_at_s is None else cause.over_at_s)
        return max(0.0, now_s - since_s)

    def _book(self, began_s: float, ended_s: float) -> None:
        guilty = [each for each in self.causes if began_s - _ACTS_WITHIN_S <= each.at_s <= ended_s]
        pause = ended_s - began_s < _SLOW_PAUSE_S
        if pause and any(each.slows and _over_s(each, ended_s) >= began_s for each in guilty):
            return
        # Put down to the fault that began it, but not over before all of them are.
        first = [each for each in guilty if each.at_s <= began_s + _AT_ONCE_S] or guilty[::-1]
        kind = first[-1].kind if first else ITSELF
        free_s = max([began_s, *(_over_s(each, ended_s) for each in guilty)])
        free_s = min(free_s, ended_s)
        self.outages.append(Outage(self.what, began_s, ended_s, kind, ended_s - free_s))


def _over_s(cause: Cause, ended_s: float) -> float:
    return ended_s if cause.over_at_s is None else cause.over_at_s


@dataclass(frozen=True, slots=True)
class Spread:
    """Of times to recover, in seconds."""

    count: int
    median_s: float
    p95_s: float
    worst_s: float


def spread_of(times_s: list[float]) -> Spread | None:
    """Median, 95th percentile and worst; None of nothing."""
    if not times_s:
        return None
    ranked = sorted(times_s)
    p95 = ranked[min(len(ranked) - 1, -(-len(ranked) * 95 // 100) - 1)]
    return Spread(len(ranked), median(ranked), p95, ranked[-1])
