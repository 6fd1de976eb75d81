"""Renders the monitor as one line with its time, and says whether anything has changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.metrics.memory import MemoryLevel
from edge_video.report.monitor import (
    camera_remarks,
    format_publisher,
    publisher_remarks,
    status_word,
)
from edge_video.runtime.units import ns_to_whole_s
from edge_video.status.health import CameraHealth, Delivery, camera_health, verdict
from edge_video.text.catalog import Language, count_text, lookup
from edge_video.text.escaping import one_line

if TYPE_CHECKING:
    from datetime import tzinfo

    from edge_video.status.model import CameraStatus, SystemStatus

_NAMED: Final = 5
"""Cameras that are not well and are named; more are counted."""
_NOT_NAMED: Final = frozenset(
    {
        CameraHealth.HEALTHY,
        CameraHealth.DISABLED,
        CameraHealth.OFF_SCHEDULE,
        CameraHealth.OFF_EXPECTED,
        CameraHealth.ELSEWHERE,
    }
)
_COUNTED: Final = (CameraHealth.OFF_SCHEDULE, CameraHealth.OFF_EXPECTED, CameraHealth.ELSEWHERE)
"""Those of them that are counted."""

Condition: TypeAlias = tuple[object, ...]
"""What an operator would want to hear of when it changes; compared, never read."""


class MonitorForm(StrEnum):
    """What is printed each `report_interval`."""

    FULL = "full"
    """The block."""
    COMPACT = "compact"
    """One line."""
    CHANGES = "changes"
    """One line when the condition of something has changed, and the first time."""
    OFF = "off"


def condition(status: SystemStatus) -> Condition:
    """The condition of every camera, of the delivery and of the memory, without any figure."""
    process = status.process
    return (
        tuple((camera.camera_id, status_word(camera)) for camera in status.cameras),
        tuple(camera_health(camera) for camera in status.cameras),
        verdict(status).delivery,
        status.recent.dropping,
        MemoryLevel.NORMAL if process is None else process.memory_level,
    )


def render_line(status: SystemStatus, language: Language, *, zone: tzinfo | None = None) -> str:
    """The monitor in one line: time, cameras, delivery, and then what is not well.

    `zone` None is the machine's own time zone.
    """
    parts = [_cameras(status, language), _delivery(status, language)]
    recent = status.recent
    if recent.dropped_5m:
        parts.append(count_text("line.dropped", recent.dropped_5m, language))
    if status.process is not None and status.process.memory_level is not MemoryLevel.NORMAL:
        level = lookup(f"memory_level.{status.process.memory_level.value}", language)
        parts.append(lookup("line.memory", language).format(level=level))
    counts = verdict(status).cameras
    parts += [
        count_text(f"line.{health.value}", counts[health], language)
        for health in _COUNTED
        if counts[health]
    ]
    parts += _ill(status, language)
    return " | ".join([_instant(status.taken_at_ns, zone), *parts])


def _instant(wall_ns: int, zone: tzinfo | None) -> str:
    moment = datetime.fromtimestamp(ns_to_whole_s(wall_ns), tz=zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _cameras(status: SystemStatus, language: Language) -> str:
    found = verdict(status)
    healthy = found.cameras[CameraHealth.HEALTHY]
    mark = "✓" if healthy == found.wanted else "⚠"
    text = count_text("line.cameras", found.wanted, language, healthy=healthy)
    return f"{mark} {text}"


def _delivery(status: SystemStatus, language: Language) -> str:
    publisher = status.publisher
    text = lookup("line.publisher", language).format(
        state=format_publisher(publisher, language), published=status.totals.published
    )
    is_well = verdict(status).delivery is Delivery.OK
    remarks = [] if is_well else publisher_remarks(publisher, language)
    return f"{text} ({', '.join(remarks)})" if remarks else text


def _ill(status: SystemStatus, language: Language) -> list[str]:
    """The cameras that do not simply stream, the first few by name."""
    ill = [camera for camera in status.cameras if camera_health(camera) not in _NOT_NAMED]
    named = [_camera(camera, language) for camera in ill[:_NAMED]]
    more = len(ill) - len(named)
    return [*named, *([count_text("line.more", more, language)] if more else [])]


def _camera(camera: CameraStatus, language: Language) -> str:
    word = status_word(camera)
    slow = word == "OK" and camera_health(camera) is CameraHealth.SLOW
    remarks = camera_remarks(camera, language)
    shown = "SLOW" if slow else word
    text = f"[{one_line(camera.camera_id)}] {shown}"
    return f"{text}: {', '.join(remarks)}" if remarks else text
