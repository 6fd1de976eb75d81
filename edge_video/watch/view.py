"""Renders what `watch` shows as lines and as JSON; the table is in `live_table`. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_number, format_rounded_duration
from edge_video.text.json import moment
from edge_video.watch.silence import SILENT_AFTER_S, Silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.watch.tally import CameraView

_KIB = 1024


def line(view: CameraView, language: Language) -> str:
    """One camera in one line."""
    text = lookup("watch.line", language).format(
        camera_id=one_line(view.camera_id),
        fps=format_rate(view, language),
        latency=format_latency(view, language),
        gaps=view.gaps,
        dropped=view.dropped,
        away=_line_away(view, language),
        size=format_size(view.size, language),
        picture=format_picture(view, language),
        undecodable=view.undecodable,
        frames=view.frames,
    )
    extras = []
    if view.unchanged:
        extras.append(lookup("watch.unchanged", language).format(count=view.unchanged))
    if view.unchanged_s is not None:
        lasting = format_rounded_duration(float(round(view.unchanged_s)))
        extras.append(lookup("watch.unchanged_for", language).format(duration=lasting))
    if view.superseded:
        extras.append(lookup("watch.superseded", language).format(count=view.superseded))
    if view.repeated:
        extras.append(lookup("watch.repeated", language).format(count=view.repeated))
    if view.restarts:
        extras.append(lookup("watch.restarts", language).format(count=view.restarts))
    if view.last_defect is not None:
        extras.append(one_line(view.last_defect))
    return ", ".join([text, *extras])


def json_line(kind: str, views: Sequence[CameraView], at_ns: int, **facts: object) -> str:
    """One JSON object; its `kind` says what it is: watching, connected, interval, lost, summary, ….

    `at_ns` (wall clock) is shown as `ts`, as in the log: ISO 8601, here in UTC.
    """
    document: dict[str, object] = {"ts": moment(at_ns), "kind": kind, **facts}
    if kind in ("interval", "summary"):
        document["cameras"] = [_rounded(asdict(view)) for view in views]
    return json.dumps(document, ensure_ascii=False)


def format_silence(silence: Silence, language: Language) -> str:
    """The text that says who fell silent, or is back."""
    if silence.camera_id is None:
        key = "watch.all_silent" if silence.silent else "watch.all_back"
        return lookup(key, language).format(seconds=format_rounded_duration(SILENT_AFTER_S))
    key = "watch.fell_silent" if silence.silent else "watch.is_back"
    return lookup(key, language).format(
        camera_id=one_line(silence.camera_id), seconds=format_rounded_duration(SILENT_AFTER_S)
    )


def _rounded(view: dict[str, object]) -> dict[str, object]:
    return {
        name: round(value, 3) if isinstance(value, float) else value for name, value in view.items()
    }


def format_rate(view: CameraView, language: Language) -> str:
    """Frames per second, or that no rate was measured yet."""
    if view.fps is None:
        return lookup("not_available", language)
    return format_number(view.fps, language)


def format_latency(view: CameraView, language: Language) -> str:
    """The median and the 99th percentile, in milliseconds."""
    if view.latency_ms is None or view.latency_p99_ms is None:
        return lookup("not_available", language)
    return f"{view.latency_ms:.0f} / {view.latency_p99_ms:.0f} ms"


def is_overdue(view: CameraView) -> bool:
    """Whether the camera is silent, and for longer than it has announced."""
    return view.silent_s - view.next_within_s >= SILENT_AFTER_S


def format_away(view: CameraView, language: Language) -> str:
    """What was missed while this consumer was not connected; empty when it always was."""
    if view.away_at_least:
        return lookup("watch.away_at_least", language).format(count=view.away)
    return str(view.away) if view.away else ""


def _line_away(view: CameraView, language: Language) -> str:
    count = format_away(view, language)
    return lookup("watch.line_away", language).format(count=count) if count else ""


def format_size(size: int, language: Language) -> str:
    """Bytes as KB of 1024, as in every report."""
    return f"{format_number(size / _KIB, language)} KB"


def format_picture(view: CameraView, language: Language) -> str:
    """Width and height in pixels."""
    known = view.width and view.height
    return f"{view.width}x{view.height}" if known else lookup("not_available", language)
