"""Renders the lines of `top` above the cameras: verdict, delivery, frames, machine. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_video.metrics.memory import MemoryLevel
from edge_video.report.camera_text import format_losses
from edge_video.report.monitor import format_publisher
from edge_video.status.health import CameraHealth, Delivery, verdict
from edge_video.status.model import PublisherState
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    MB,
    format_number,
    format_percent,
    format_retry,
    format_rounded_duration,
    format_short_number,
)
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from edge_video.status.model import PublisherStatus, SystemStatus

_BAD: Final = "bold red"
_NAMED: Final = (
    CameraHealth.TROUBLE,
    CameraHealth.SLOW,
    CameraHealth.STARTING,
    CameraHealth.PAUSED,
    CameraHealth.STOPPED,
    CameraHealth.OFF_SCHEDULE,
    CameraHealth.OFF_EXPECTED,
    CameraHealth.ELSEWHERE,
    CameraHealth.DISABLED,
)
"""Healths that the verdict counts beside the good ones."""


def format_title(status: SystemStatus, language: Language) -> str:
    """Which program this is, where, and since when it runs."""
    title = lookup("top.title", language).format(
        version=one_line(status.version), node=one_line(status.node)
    )
    uptime = format_rounded_duration(float(round(status.uptime_s)))
    return f"{title}, {lookup('top.up', language).format(uptime=uptime)}"


def verdict_text(status: SystemStatus, language: Language) -> Text:
    """How many cameras are well, how the others are, and whether the accounting is right."""
    judged = verdict(status)
    key = "top.summary" if judged.wanted != 1 else "top.summary_of_one"
    good = judged.cameras[CameraHealth.HEALTHY]
    parts = [lookup(key, language).format(good=good, cameras=judged.wanted)]
    for health in _NAMED:
        count = judged.cameras[health]
        if count:
            parts.append(lookup(f"top.health.{health.value}", language).format(count=count))
    ill = judged.cameras[CameraHealth.TROUBLE] + judged.cameras[CameraHealth.SLOW]
    style = _BAD if ill else "bold green" if good == judged.wanted else "bold yellow"
    text = Text(", ".join(parts), style=style)
    if any(each.frames.imbalance() for each in status.cameras):
        text.append(f" | {lookup('top.accounting', language)}", style=_BAD)
    return text


def delivery_text(status: SystemStatus, language: Language) -> Text:
    """Whether frames can be delivered, else since when not and why, and where to."""
    publisher = status.publisher
    state = lookup("top.delivery", language).format(state=format_publisher(publisher, language))
    is_ok = verdict(status).delivery in (Delivery.OK, Delivery.STARTING)
    text = Text(state, style="" if is_ok else _BAD)
    remarks = format_publisher_remarks(publisher, language)
    if remarks:
        text.append(f" {remarks} |")
    return text.append(f" {one_line(publisher.target)}")


def format_publisher_remarks(publisher: PublisherStatus, language: Language) -> str:
    """How long frames cannot be delivered, why, and the countdown; empty when all is well."""
    remarks = []
    if publisher.down_for_s is not None:
        away = format_rounded_duration(float(int(publisher.down_for_s)))
        remarks.append(lookup("top.down_for", language).format(duration=away))
    if publisher.retry_in_s is not None and publisher.state is PublisherState.WAITING:
        remarks.append(format_retry(publisher.retry_in_s, language))
    if publisher.reason:
        remarks.append(translated(one_line(publisher.reason), language))
    return ", ".join(remarks)


def frames_text(status: SystemStatus, language: Language) -> Text:
    """What is dropped now, was lately and since the start, and why; then what was published."""
    totals = status.totals
    text = _drops(status, language)
    published = lookup("top.published", language).format(
        published=totals.published, errors=totals.errors
    )
    if totals.dropped_unchanged:
        unchanged = lookup("drop.unchanged", language).format(count=totals.dropped_unchanged)
        published = f"{published} | {unchanged}"
    return text.append(f" | {published}", style="not bold default")


def _drops(status: SystemStatus, language: Language) -> Text:
    totals, recent = status.totals, status.recent
    if not totals.lost:
        return Text(lookup("top.no_drops", language))
    counts = lookup("top.dropped", language).format(
        lately=recent.dropped_5m, count=totals.lost, reasons=format_losses(totals, language)
    )
    if recent.dropping:
        return Text(f"{lookup('top.dropping', language)} {counts}", style=_BAD)
    style = "bold yellow" if recent.dropped_5m else ""
    return Text(f"{lookup('top.dropped_before', language)} {counts}", style=style)


def machine_text(status: SystemStatus, language: Language) -> Text | None:
    """What the program, its FFmpegs and the machine use; None before the first measurement."""
    used, alarms = _used("top.machine", status, language), _alarms(status, language)
    return used if used is None else Text(" | ").join([used, *alarms])


def short_machine_text(status: SystemStatus, language: Language) -> Text | None:
    """The same in fewer words, and what the machine has not enough of first."""
    used, alarms = _used("top.short_machine", status, language), _alarms(status, language)
    return used if used is None else Text(" | ").join([*alarms, used])


def _used(key: str, status: SystemStatus, language: Language) -> Text | None:
    process = status.process
    if process is None:
        return None
    return Text(
        lookup(key, language).format(
            cpu=format_percent(process.cpu_percent, language),
            ram=format_number(process.rss_bytes / MB, language),
            ffmpegs=process.ffmpeg_processes,
            ffmpeg_cpu=format_percent(process.ffmpeg_cpu_percent, language),
            ffmpeg_ram=format_number(process.ffmpeg_rss_bytes / MB, language),
            machine_cpu=format_percent(process.system_cpu_percent, language, digits=0),
            machine_ram=f"{process.system_ram_used_percent:.0f}",
        )
    )


def _alarms(status: SystemStatus, language: Language) -> list[Text]:
    """What the machine has not enough of."""
    found = (_cpu_shortage(status, language), _memory_level(status, language))
    return [each for each in found if each is not None]


def _cpu_shortage(status: SystemStatus, language: Language) -> Text | None:
    shortage = status.process.cpu_shortage if status.process is not None else None
    if shortage is None:
        return None
    key = "top.cpu_short" if shortage.camera_id else "top.cpu_short.no_camera"
    text = lookup(key, language).format(
        used=format_percent(shortage.used_percent, language, digits=0),
        cores=format_short_number(shortage.use.cores, language),
        camera=shortage.camera_id,
        percent=format_percent(shortage.camera_percent, language, digits=0),
    )
    return Text(text, style=_BAD)


def _memory_level(status: SystemStatus, language: Language) -> Text | None:
    process = status.process
    if process is None or process.memory_level is MemoryLevel.NORMAL:
        return None
    level = lookup("top.memory_level", language).format(level=process.memory_level.name)
    return Text(level, style=_BAD)
