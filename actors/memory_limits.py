"""Limits the outboxes as the memory level asks: small buffers at critical, slow cameras beyond."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.memory import MemoryLevel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.actors.messages import MemoryLevelChanged
    from edge_video.delivery.outbox import Outbox

_log = logging.getLogger(__name__)

_EMERGENCY_INTERVAL_S = 1.0
_MIB = 2**20


def apply_memory_level(
    outboxes: Iterable[Outbox], before: MemoryLevel, change: MemoryLevelChanged
) -> None:
    """Limit the outboxes as the new level asks for, or lift the limits; any thread."""
    critical = change.level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY)
    emergency = change.level is MemoryLevel.EMERGENCY
    for outbox in outboxes:
        outbox.limit_buffers(1 if critical else None)
        outbox.limit_rate(_EMERGENCY_INTERVAL_S if emergency else None)
    log_event(
        _log,
        LogEvent.MEMORY_LEVEL_CHANGED,
        before=before,
        level=change.level,
        used_mb=change.used_bytes / _MIB,
        limit_mb=change.limit_bytes / _MIB,
        percent=100 * change.used_bytes / change.limit_bytes,
    )
