"""Limits the outboxes as the memory level asks: small buffers at critical, slow cameras beyond."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.memory import MemoryLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.actors.messages import MemoryLevelChanged
    from edge_video.delivery.outbox import Outbox
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

_EMERGENCY_INTERVAL_S = 1.0
_MIB = 2**20
_LOOK_S: Final = 5.0
_LINE_S: Final = 600.0
"""Between two lines about frames that are dropped for memory."""


class MemoryLimits:
    """Part of the supervisor, used in its thread.

    Args:
        outboxes: what is limited.
        clock: says how long memory was short, and limits the lines about dropped frames.
    """

    def __init__(self, outboxes: Sequence[Outbox], clock: Clock) -> None:
        self._outboxes = outboxes
        self._now = clock.monotonic
        self._short: tuple[float, int] | None = None
        """Since when memory is short, in monotonic seconds, and what had been dropped by then."""
        self._told = 0
        self._told_at_s = self._looked_at_s = clock.monotonic()
        self._quiet_until_s = 0.0

    def apply(self, before: MemoryLevel, change: MemoryLevelChanged) -> None:
        """Limit the outboxes as the new level asks for, or lift the limits."""
        critical = change.level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY)
        emergency = change.level is MemoryLevel.EMERGENCY
        now_s, dropped = self._now(), self._dropped()
        for outbox in self._outboxes:
            outbox.limits.buffers(1 if critical else None)
            outbox.limits.rate(_EMERGENCY_INTERVAL_S if emergency else None)
        since_s, dropped_before = self._short or (now_s, dropped)
        self._short = None if change.level is MemoryLevel.NORMAL else (since_s, dropped_before)
        log_event(
            _log,
            LogEvent.MEMORY_LEVEL_CHANGED,
            before=before,
            level=change.level,
            used_mb=change.used_bytes / _MIB,
            limit_mb=change.limit_bytes / _MIB,
            percent=100 * change.used_bytes / change.limit_bytes,
            short_s=now_s - since_s,
            dropped=dropped - dropped_before,
        )

    def look(self) -> None:
        """Say that frames are dropped for memory, soon and then seldom; call it each second."""
        now_s = self._now()
        if now_s - self._looked_at_s < _LOOK_S:
            return
        self._looked_at_s = now_s
        dropped = self._dropped()
        if dropped == self._told:
            self._told_at_s = now_s
        elif now_s >= self._quiet_until_s:
            log_event(
                _log,
                LogEvent.MEMORY_DROPS,
                dropped=dropped - self._told,
                period_s=float(round(now_s - self._told_at_s)),
            )
            self._told, self._told_at_s = dropped, now_s
            self._quiet_until_s = now_s + _LINE_S

    def _dropped(self) -> int:
        return sum(
            each.dropped_memory for outbox in self._outboxes for each in outbox.counts().values()
        )
