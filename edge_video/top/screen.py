"""Renders a system's status for a terminal, troubled cameras first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from edge_video.metrics.memory import MemoryLevel
from edge_video.report.camera_text import format_key_wait
from edge_video.report.monitor import format_publisher, status_word
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import PublisherState
from edge_video.status.usual_rate import format_fps
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    MB,
    format_ago,
    format_failure,
    format_percent,
    format_retry,
    format_rounded_duration,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.status.model import CameraStatus, SystemStatus

_RANKS: Final = (
    "CB_OPEN",
    "WARN",
    "HALF_OPEN",
    "KEY_WAIT",
    "STARTING",
    "OK",
    "STOPPED",
    "DISABLED",
)
_STYLES: Final = {
    "CB_OPEN": "bold white on red",
    "WARN": "bold red",
    "HALF_OPEN": "bold yellow",
    "KEY_WAIT": "yellow",
    "STARTING": "yellow",
    "OK": "green",
    "STOPPED": "dim",
    "DISABLED": "dim",
}
_MARKS: Final = {
    "CB_OPEN": "✗", "WARN": "!", "HALF_OPEN": "?", "KEY_WAIT": "…", "STARTING": "…",
    "OK": "✓", "STOPPED": "■", "DISABLED": "–",
}  # fmt: skip
_TROUBLED: Final = frozenset({"CB_OPEN", "WARN", "HALF_OPEN", "KEY_WAIT", "STARTING"})
_RATE_WINDOW_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection to the system is lost."""

    url: str
    since_s: float | None
    """How long ago; None when there never was one."""
    reason: str


class Rates:
    """Frames per second of each camera, from the snapshots that came in lately."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, dict[str, int]]] = []

    def take(self, status: SystemStatus) -> None:
        """One more snapshot; one of a system that was restarted makes the others void."""
        counts = {str(each.camera_id): each.frames.received for each in status.cameras}
        if self._seen and status.uptime_s < self._seen[-1][0]:
            self._seen.clear()
        self._seen.append((status.uptime_s, counts))
        while len(self._seen) > 2 and status.uptime_s - self._seen[1][0] >= _RATE_WINDOW_S:  # noqa: PLR2004 - a rate needs two
            self._seen.pop(0)

    def fps(self, camera_id: str) -> float | None:
        """None until two snapshots are known."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        if last_s <= first_s or camera_id not in first or camera_id not in last:
            return None
        return max(0, last[camera_id] - first[camera_id]) / (last_s - first_s)


def aged(status: SystemStatus, seconds: float) -> SystemStatus:
    """The snapshot as it would be so much later if nothing happened: countdowns count on."""

    def later(value: float | None) -> float | None:
        return None if value is None else value + seconds

    def sooner(value: float | None) -> float | None:
        return None if value is None else max(0.0, value - seconds)

    return replace(
        status,
        uptime_s=status.uptime_s + seconds,
        publisher=replace(status.publisher, retry_in_s=sooner(status.publisher.retry_in_s)),
        cameras=tuple(
            replace(
                camera,
                last_frame_ago_s=later(camera.last_frame_ago_s),
                last_failure_ago_s=later(camera.last_failure_ago_s),
                key_frame_wait_s=later(camera.key_frame_wait_s),
                breaker=replace(camera.breaker, retry_in_s=sooner(camera.breaker.retry_in_s)),
            )
            for camera in status.cameras
        ),
    )


def by_trouble(cameras: Sequence[CameraStatus]) -> list[CameraStatus]:
    """The troubled cameras first; otherwise in the order of the configuration."""
    return sorted(cameras, key=lambda camera: _RANKS.index(status_word(camera)))


def render(
    status: SystemStatus | None, rates: Rates, language: Language, lost: Lost | None = None
) -> Group:
    """The whole screen."""
    parts: list[Text | Table] = []
    if lost is not None:
        parts.append(Text(format_lost(lost, language), style="bold white on red"))
    if status is not None:
        parts.append(_headline(status, language))
        parts.append(_publisher(status, language))
        machine = _machine(status, language)
        if machine is not None:
            parts.append(machine)
        parts.append(_cameras(status, rates, language))
    return Group(*parts)


def format_lost(lost: Lost, language: Language) -> str:
    """The text that there is no connection, and why."""
    if lost.since_s is None:
        return lookup("top.never", language).format(url=lost.url, reason=one_line(lost.reason))
    since = format_rounded_duration(float(round(lost.since_s)))
    return lookup("top.lost", language).format(
        url=lost.url, since=since, reason=one_line(lost.reason)
    )


def _headline(status: SystemStatus, language: Language) -> Text:
    shown = [each for each in status.cameras if status_word(each) != "DISABLED"]
    good = sum(status_word(each) == "OK" for each in shown)
    title = lookup("top.title", language).format(
        version=one_line(status.version), node=one_line(status.node)
    )
    up = lookup("top.up", language).format(
        uptime=format_rounded_duration(float(round(status.uptime_s)))
    )
    summary = lookup("top.summary", language).format(good=good, cameras=len(shown))
    text = Text(f"{title}, {up} | ")
    text.append(summary, style="bold green" if good == len(shown) else "bold red")
    if any(each.frames.imbalance() for each in status.cameras):
        text.append(f" | {lookup('top.accounting', language)}", style="bold red")
    return text


def _publisher(status: SystemStatus, language: Language) -> Text:
    publisher, totals = status.publisher, status.totals
    line = lookup("top.publisher", language).format(
        state=format_publisher(publisher, language),
        target=one_line(publisher.target),
        published=totals.published,
        confirmed=totals.confirmed,
        errors=totals.errors,
        dropped=totals.dropped,
    )
    good = publisher.state is PublisherState.CONNECTED
    text = Text(line, style="" if good else "bold red")
    remarks = []
    if publisher.reason:
        remarks.append(one_line(publisher.reason))
    if publisher.retry_in_s is not None and publisher.state is PublisherState.WAITING:
        remarks.append(format_retry(publisher.retry_in_s, language))
    if remarks:
        text.append(" | " + ", ".join(remarks))
    return text


def _machine(status: SystemStatus, language: Language) -> Text | None:
    process = status.process
    if process is None:
        return None
    text = Text(
        lookup("top.machine", language).format(
            cpu=format_percent(process.cpu_percent, language),
            ram=f"{process.rss_bytes / MB:.1f}",
            ffmpegs=process.ffmpeg_processes,
            ffmpeg_cpu=format_percent(process.ffmpeg_cpu_percent, language),
            ffmpeg_ram=f"{process.ffmpeg_rss_bytes / MB:.1f}",
            machine_cpu=format_percent(process.system_cpu_percent, language, digits=0),
            machine_ram=f"{process.system_ram_used_percent:.0f}",
        )
    )
    if process.memory_level is not MemoryLevel.NORMAL:
        level = lookup("top.memory_level", language).format(level=process.memory_level.name)
        text.append(f" | {level}", style="bold red")
    return text


def _cameras(status: SystemStatus, rates: Rates, language: Language) -> Table:
    table = Table(expand=False)
    for column in ("camera", "state", "fps", "last", "trouble"):
        right = column in ("fps", "last")
        table.add_column(
            Text(lookup(f"top.{column}", language)),
            justify="right" if right else "left",
            no_wrap=column != "trouble",
        )
    for camera in by_trouble(status.cameras):
        word = status_word(camera)
        fps = rates.fps(str(camera.camera_id))
        shown = lookup("not_available", language) if fps is None else f"{fps:.1f}"
        table.add_row(
            Text(one_line(camera.camera_id), style="bold"),
            Text(f"{_MARKS[word]} {word}", style=_STYLES[word]),
            Text(f"{shown} / {format_fps(camera.expected_fps)}"),
            Text(format_ago(camera.last_frame_ago_s, language)),
            Text(", ".join(_trouble(camera, language))),
        )
    return table


def _trouble(camera: CameraStatus, language: Language) -> list[str]:
    """The last failure, when it was, and the countdown; nothing of a good camera."""
    if status_word(camera) not in _TROUBLED:
        return []
    waiting = format_key_wait(camera, language)
    if waiting is not None:
        return [waiting]
    remarks = []
    if camera.last_failure is not None:
        remarks.append(format_failure(camera.last_failure, language))
        remarks.append(format_ago(camera.last_failure_ago_s, language))
    if camera.breaker.consecutive_failures:
        count = camera.breaker.consecutive_failures
        remarks.append(lookup("top.failures", language).format(count=count))
    if camera.breaker.forced_open:
        remarks.append(lookup("held_open", language))
    elif camera.breaker.state is BreakerState.OPEN and camera.breaker.retry_in_s is not None:
        remarks.append(format_retry(camera.breaker.retry_in_s, language))
    return remarks
