"""Renders what `watch` shows: a table for a terminal, lines and JSON elsewhere. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration
from edge_video.watch.tally import SILENT_AFTER_S, CameraView, Silence

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIB = 1024
_COLUMNS = (
    "camera", "fps", "latency", "gaps", "dropped", "size", "picture", "undecodable", "frames",
    "last",
)  # fmt: skip


def table(views: Sequence[CameraView], header: str, language: Language) -> Table:
    """The live table; what is wrong has a colour and a word."""
    shown = Table(title=Text(header), title_justify="left", expand=False)
    for column in _COLUMNS:
        left = column == "camera"
        title = Text(lookup(f"watch.{column}", language))
        shown.add_column(title, justify="left" if left else "right", no_wrap=not left)
    for view in views:
        shown.add_row(*_cells(view, language))
    return shown


def _cells(view: CameraView, language: Language) -> list[Text]:
    silent = view.silent_s >= SILENT_AFTER_S
    ago = format_rounded_duration(float(round(view.silent_s)))
    last = lookup("watch.silent", language).format(since=ago) if silent else ago
    return [
        Text(one_line(view.camera_id), style="bold"),
        Text(f"{view.fps:.1f}", style="red" if silent else "green"),
        Text(_latency(view, language)),
        Text(str(view.gaps), style="bold red" if view.gaps else ""),
        Text(str(view.dropped), style="yellow" if view.dropped else ""),
        Text(_kib(view.size)),
        Text(_picture(view, language)),
        Text(str(view.undecodable), style="bold red" if view.undecodable else ""),
        Text(str(view.frames)),
        Text(last, style="bold red" if silent else ""),
    ]


def line(view: CameraView, language: Language) -> str:
    """One camera in one line."""
    text = lookup("watch.line", language).format(
        camera_id=one_line(view.camera_id),
        fps=f"{view.fps:.1f}",
        latency=_latency(view, language),
        gaps=view.gaps,
        dropped=view.dropped,
        size=_kib(view.size),
        picture=_picture(view, language),
        undecodable=view.undecodable,
        frames=view.frames,
    )
    extras = []
    if view.repeated:
        extras.append(lookup("watch.repeated", language).format(count=view.repeated))
    if view.restarts:
        extras.append(lookup("watch.restarts", language).format(count=view.restarts))
    if view.last_defect is not None:
        extras.append(one_line(view.last_defect))
    return ", ".join([text, *extras])


def json_line(kind: str, views: Sequence[CameraView], **facts: object) -> str:
    """One JSON object; its `kind` says what it is: watching, connected, interval, lost, summary."""
    document: dict[str, object] = {"kind": kind, **facts}
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


def _latency(view: CameraView, language: Language) -> str:
    if view.latency_ms is None or view.latency_p99_ms is None:
        return lookup("not_available", language)
    return f"{view.latency_ms:.0f} / {view.latency_p99_ms:.0f} ms"


def _kib(size: int) -> str:
    return f"{size / _KIB:.1f} KB"


def _picture(view: CameraView, language: Language) -> str:
    known = view.width and view.height
    return f"{view.width}x{view.height}" if known else lookup("not_available", language)
