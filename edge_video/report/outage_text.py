"""Renders the times in which frames could not be delivered: when, how long, why, at what cost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_video.runtime.units import ns_to_whole_s
from edge_video.text.catalog import Language, count_text, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration, shorten
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from datetime import tzinfo

    from edge_video.status.model import Outage, SystemStatus

_REASON_LIMIT: Final = 120


def format_outages(status: SystemStatus, language: Language) -> str:
    """How many there were, and how long they lasted together; the status has the last ones."""
    outages = status.publisher.outages
    if not outages:
        return lookup("outages.none", language)
    lasted_s = sum(each.lasted_s for each in outages)
    duration = format_rounded_duration(lasted_s, language)
    return count_text("outages.sum", len(outages), language, duration=duration)


def outage_lines(
    status: SystemStatus, language: Language, *, zone: tzinfo | None = None
) -> list[str]:
    """A line for each, oldest first. `zone` None is the machine's own time zone."""
    return [_line(each, language, zone) for each in status.publisher.outages]


def _line(outage: Outage, language: Language, zone: tzinfo | None) -> str:
    began = _moment(outage.started_at_ns, zone)
    if outage.ended_at_ns is None:
        end = lookup("outages.lasting", language)
    else:
        ended = _moment(outage.ended_at_ns, zone)
        end = f"{ended:%H:%M:%S}" if ended.date() == began.date() else f"{ended:%Y-%m-%d %H:%M:%S}"
    return lookup("outages.line", language).format(
        start=f"{began:%Y-%m-%d %H:%M:%S}",
        end=end,
        duration=format_rounded_duration(outage.lasted_s, language),
        reason=shorten(translated(one_line(outage.reason), language), _REASON_LIMIT),
        dropped=count_text("frames_dropped", outage.dropped, language),
    )


def _moment(wall_ns: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(ns_to_whole_s(wall_ns), tz=zone)
