"""Renders the outages, the events and the legend of the report's page. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_video.report.outage_text import outage_lines
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.units import ns_to_whole_s
from edge_video.status.health import HEALTHY_PERCENT
from edge_video.status.timeline import EntryKind
from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_failure
from edge_video.text.phrases import translated
from edge_video.text.report_texts import LEGEND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from edge_video.report.markup import Markup
    from edge_video.status.model import SystemStatus
    from edge_video.status.timeline import TimelineEntry

_CAUSES: Final = frozenset(cause.value for cause in Cause)
_PLACES: Final = frozenset({"publisher", "memory", "cpu"})
"""Subjects that the sentence itself names."""


def outage_list(status: SystemStatus, html: Markup, zone: tzinfo | None) -> str:
    """A line for each outage; nothing without any."""
    lines = outage_lines(status, html.language, zone=zone)
    items = "".join(f"<li>{html.safe(line)}</li>" for line in lines)
    return f'<ul class="outages">{items}</ul>' if items else ""


def event_list(events: Sequence[TimelineEntry], html: Markup, zone: tzinfo | None) -> str:
    """The section of the events, oldest first; there are few of them, however long the run was."""
    if not events:
        return html.section("page.events", f"<p>{html.text('page.events_none')}</p>")
    items = "".join(_event(each, html, zone) for each in events)
    note = html.text("page.events_note", count=len(events))
    return html.section("page.events", f'<p class="dim">{note}</p><ol class="events">{items}</ol>')


def legend(html: Markup) -> str:
    """The section that explains marks and terms."""
    items = "".join(
        f"<dt>{html.text(f'legend.{name}')}</dt>"
        f"<dd>{html.text(f'legend.{name}.is', healthy=f'{HEALTHY_PERCENT:g}')}</dd>"
        for name in LEGEND
    )
    return html.section("page.legend", f"<dl>{items}</dl>")


def _event(entry: TimelineEntry, html: Markup, zone: tzinfo | None) -> str:
    times = ""
    if entry.count > 1:
        until = _instant(entry.last_at_ns, zone)
        times = " · " + html.text("page.events_times", count=entry.count, time=until)
    is_said = entry.subject in _PLACES and entry.kind is not EntryKind.ACTOR_RESTARTED
    if entry.by:
        times += " · " + html.text("page.events_by", who=entry.by)
    subject = "" if is_said else html.safe(entry.subject)
    return (
        f"<li><time>{_instant(entry.first_at_ns, zone)}</time><b>{subject}</b>"
        f"<span>{html.safe(_sentence(entry, html))}{times}</span></li>"
    )


def _sentence(entry: TimelineEntry, html: Markup) -> str:
    known = entry.cause in _CAUSES
    cause = entry.cause
    if known:
        cause = format_failure(Failure(Cause(entry.cause), entry.detail), html.language)
    elif entry.kind is EntryKind.MEMORY_LEVEL:
        cause = lookup(f"memory_level.{entry.cause}", html.language)
    elif entry.kind is EntryKind.CPU_SHORTAGE:
        cause = lookup(f"cpu_shortage.{entry.cause}", html.language)
    text = lookup(f"entry.{entry.kind.value}", html.language).format(cause=cause)
    detail = "" if known else translated(one_line(entry.detail), html.language)
    return f"{text}: {detail}" if detail else text


def _instant(wall_ns: int, zone: tzinfo | None) -> str:
    moment = datetime.fromtimestamp(ns_to_whole_s(wall_ns), tz=zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
