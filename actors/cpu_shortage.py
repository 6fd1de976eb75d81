"""Tells in the log that CPU is short, by what, and what can be done; and its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_video.log.events import LogEvent, log_event
from edge_video.status.health import CameraHealth, camera_health

if TYPE_CHECKING:
    from edge_video.actors.cpu_messages import CpuShortageChanged
    from edge_video.status.model import SystemStatus

_log = logging.getLogger(__name__)


def log_cpu_shortage(change: CpuShortageChanged, status: SystemStatus) -> None:
    """Write the line; that cameras are slow at the same time is said, and no more claimed."""
    shortage, use = change.shortage, change.shortage.use
    slow = sum(camera_health(each) is CameraHealth.SLOW for each in status.cameras)
    if change.lasted_s is not None:
        log_event(_log, LogEvent.CPU_ENOUGH, lasted_s=change.lasted_s, slow=slow)
        return
    log_event(
        _log,
        LogEvent.CPU_SHORT,
        bound=use.bound.value,
        percent=shortage.used_percent,
        cores=use.cores,
        ffmpegs_waiting_percent=use.ffmpegs_waiting_percent,
        stolen_percent=use.stolen_percent,
        others_cores=use.others_cores,
        dearest=shortage.camera_id or "-",
        dearest_percent=shortage.camera_percent,
        slow=slow,
    )
