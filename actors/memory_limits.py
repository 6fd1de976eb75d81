"""Limits the outboxes as the memory level asks: small buffers at critical, slow cameras beyond."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.memory import MemoryLevel

if TYPE_CHECKING:
    from edge_video.actors.messages import MemoryLevelChanged
    from edge_video.delivery.outbox import Outbox
    from edge_video.runtime.timer import Clock
    from edge_video.status.ledger import FrameLedger

_log = logging.getLogger(__name__)

_EMERGENCY_INTERVAL_S = 1.0
_MIB = 2**20
_LOOK_S: Final = 5.0
_LINE_S: Final = 600.0
"""Between two lines about frames that are dropped for memory."""


class MemoryLimits:
    """Part of the supervisor, used in its thread.

    Args:
        ledger: knows the outboxes that are limited; those that come later, too.
        clock: says how long memory was short, and limits the lines about dropped frames.
    """

    def __init__(self, ledger: FrameLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._level = MemoryLevel.NORMAL
        self._limited: tuple[Outbox, ...] = ()
        """Those that know the level."""
        self._now = clock.monotonic
        self._short: tuple[float, int] | None = None
        """Since when memory is short, in monotonic seconds, and what had been dropped by then."""
        self._told = 0
        self._told_at_s = self._looked_at_s = clock.monotonic()
        self._quiet_until_s = 0.0

    def apply(self, before: MemoryLevel, change: MemoryLevelChanged) -> None:
        """Limit the outboxes as the new level asks for, or lift the limits."""
        now_s, dropped = self._now(), self._dropped()
        self._level, self._limited = change.level, ()
        self._limit()
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
        """Limit outboxes that are new, and say that frames are dropped for memory.

        Call it each second; it is said soon and then seldom.
        """
        self._limit()
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

    def _limit(self) -> None:
        """Let the outboxes know the level that do not know it yet."""
        outboxes = self._ledger.outboxes
        critical = self._level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY)
        emergency = self._level is MemoryLevel.EMERGENCY
        for outbox in outboxes:
            if outbox not in self._limited:
                outbox.limits.buffers(1 if critical else None)
                outbox.limits.rate(_EMERGENCY_INTERVAL_S if emergency else None)
        self._limited = outboxes

    def _dropped(self) -> int:
        return sum(
            each.dropped_memory
            for outbox in self._ledger.outboxes
            for each in outbox.counts().values()
        )
