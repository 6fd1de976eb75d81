"""Renders a system's status for a pipe or a file, troubled cameras first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from edge_video.report.monitor import format_publisher
from edge_video.status.model import PublisherState
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_ago, format_rounded_duration
from edge_video.text.phrases import translated
from edge_video.top.camera_text import by_trouble, format_fps_of_target, remarks_on, state_text
from edge_video.top.header import (
    format_publisher_remarks,
    format_title,
    machine_text,
    verdict_text,
)

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus
    from edge_video.top.rates import Rates


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection to the system is lost."""

    url: str
    since_s: float | None
    """How long ago; None when there never was one."""
    reason: str


def aged(status: SystemStatus, seconds: float) -> SystemStatus:
    """The snapshot as it would be so much later if nothing happened: countdowns count on."""

    def later(value: float | None) -> float | None:
        return None if value is None else value + seconds

    def sooner(value: float | None) -> float | None:
        return None if value is None else max(0.0, value - seconds)

    return replace(
        status,
        uptime_s=status.uptime_s + seconds,
        publisher=replace(
            status.publisher,
            retry_in_s=sooner(status.publisher.retry_in_s),
            down_for_s=later(status.publisher.down_for_s),
        ),
        cameras=tuple(
            replace(
                camera,
                last_frame_ago_s=later(camera.last_frame_ago_s),
                last_failure_ago_s=later(camera.last_failure_ago_s),
                key_frame_wait_s=later(camera.key_frame_wait_s),
                unchanged_s=later(camera.unchanged_s),
                breaker=replace(camera.breaker, retry_in_s=sooner(camera.breaker.retry_in_s)),
            )
            for camera in status.cameras
        ),
    )


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
        machine = machine_text(status, language)
        if machine is not None:
            parts.append(machine)
        parts.append(_cameras(status, rates, language))
    return Group(*parts)


def format_lost(lost: Lost, language: Language) -> str:
    """The text that there is no connection, and why."""
    reason = translated(one_line(lost.reason), language)
    if lost.since_s is None:
        return lookup("top.never", language).format(url=lost.url, reason=reason)
    since = format_rounded_duration(float(round(lost.since_s)))
    return lookup("top.lost", language).format(url=lost.url, since=since, reason=reason)


def _headline(status: SystemStatus, language: Language) -> Text:
    text = Text(f"{format_title(status, language)} | ")
    text.append_text(verdict_text(status, language))
    return text


def _publisher(status: SystemStatus, language: Language) -> Text:
    publisher, totals = status.publisher, status.totals
    line = lookup("top.publisher", language).format(
        state=format_publisher(publisher, language),
        target=one_line(publisher.target),
        published=totals.published,
        confirmed=totals.confirmed,
        errors=totals.errors,
        dropped=totals.lost,
    )
    good = publisher.state is PublisherState.CONNECTED
    text = Text(line, style="" if good else "bold red")
    remarks = format_publisher_remarks(publisher, language)
    if remarks:
        text.append(f" | {remarks}")
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
        fps = format_fps_of_target(camera, rates, language)
        table.add_row(
            Text(one_line(camera.camera_id), style="bold"),
            state_text(camera),
            Text(fps),
            Text(format_ago(camera.last_frame_ago_s, language)),
            Text(", ".join(remarks_on(camera, language))),
        )
    return table
