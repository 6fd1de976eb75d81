"""Limits the log lines about cameras when many cameras fail at once. Pure.

Fifty cameras behind one broken switch would write five hundred lines within seconds, and all of
them are one fact. The budget lets the first lines through, then a few each second; the rest is
counted by event, and one line every few seconds names the numbers. A site of a few cameras never
gets near it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Mapping

BURST_LINES: Final = 50
LINES_PER_S: Final = 4.0
SUMMARY_INTERVAL_S: Final = 5.0

_BUDGETED: Final = frozenset(
    {
        LogEvent.CAMERA_FAILED,
        LogEvent.CAMERA_SESSION_ENDED,
        LogEvent.CAMERA_RETRYING,
        LogEvent.CAMERA_STREAMING,
        LogEvent.CAMERA_RESIZED,
        LogEvent.CAMERA_PROTECTED,
        LogEvent.BREAKER_CHANGED,
        LogEvent.BREAKER_FORGIVEN,
        LogEvent.BREAKER_WAITING,
    }
)
"""Lines that each camera causes by itself; all other events are always logged."""


@dataclass(slots=True)
class HeldBack:
    """Counts of the lines held back since the last summary."""

    lines: int = 0
    failures: int = 0
    opened: int = 0
    streaming: int = 0
    cameras: set[str] = field(default_factory=set)


class LogBudget:
    """Two token buckets over the lines about cameras, one for failures and one for recoveries.

    Two, so that fifty cameras which begin to stream do not use up what the next failure needs.
    Time is in monotonic seconds; not thread-safe.

    Args:
        burst: lines that may come at once, of each sort.
        lines_per_s: lines per second in the long run, of each sort.
    """

    def __init__(self, burst: int = BURST_LINES, lines_per_s: float = LINES_PER_S) -> None:
        self._failures = TokenBucket(burst, lines_per_s)
        self._recoveries = TokenBucket(burst, lines_per_s)
        self._held_back = HeldBack()
        self._held_since_s = 0.0

    @property
    def held_lines(self) -> int:
        """Lines held back since the last summary."""
        return self._held_back.lines

    def admits(self, event: LogEvent | None, fields: Mapping[str, object], now_s: float) -> bool:
        """Whether a line may be written; one that may not is counted."""
        if event not in _BUDGETED:
            return True
        opened = event is LogEvent.BREAKER_CHANGED and fields.get("after") == BreakerState.OPEN
        recovered = event in (LogEvent.CAMERA_STREAMING, LogEvent.BREAKER_FORGIVEN) or (
            event is LogEvent.BREAKER_CHANGED and not opened
        )
        if (self._recoveries if recovered else self._failures).take(now_s):
            return True
        held = self._held_back
        if not held.lines:
            self._held_since_s = now_s
        held.lines += 1
        held.failures += event is LogEvent.CAMERA_FAILED
        held.streaming += event is LogEvent.CAMERA_STREAMING
        held.opened += opened
        if isinstance(camera_id := fields.get("camera_id"), str):
            held.cameras.add(camera_id)
        return False

    def summary_in_s(self, now_s: float) -> float | None:
        """Seconds until what was held back is to be summed up; None when nothing was."""
        if not self._held_back.lines:
            return None
        return max(0.0, self._held_since_s + SUMMARY_INTERVAL_S - now_s)

    def sum_up(self) -> HeldBack | None:
        """What was held back, which is counted anew from now on; None when nothing was."""
        held, self._held_back = self._held_back, HeldBack()
        return held if held.lines else None
