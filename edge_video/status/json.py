"""Renders a snapshot as JSON-ready values: every number, under names that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.text.escaping import one_line
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.delivery.ledger import FrameCounts
    from edge_video.status.model import SystemStatus

SCHEMA: Final = 1
"""Grows when a name goes or changes its meaning; new names do not change it."""


def status_as_json(status: SystemStatus) -> dict[str, object]:
    """The snapshot with `schema`, its sums and the verdict on the books, ready for `json.dumps`.

    Names are those of `edge_video.status.model`, which carry their units: `_s` seconds, `_ns`
    nanoseconds (wall clock where they end in `_at_ns`), `_bytes` bytes, `_percent` percent.
    Frame counts additionally have `dropped` and `errors`. `books.balanced` is whether both
    identities hold for every camera and in total; `books.problems` says where they do not.
    """
    cameras = []
    for camera in status.cameras:
        rendered = _object(camera)
        rendered["frames"] = _counts(camera.frames)
        cameras.append(rendered)
    problems = _problems([(camera.camera_id, camera.frames) for camera in status.cameras])
    problems += _problems([("totals", status.totals)])
    return {
        "schema": SCHEMA,
        **_object(status),
        "cameras": cameras,
        "totals": _counts(status.totals),
        "books": {"balanced": not problems, "problems": problems},
    }


def _object(value: object) -> dict[str, object]:
    # What cameras and brokers say must not steer the terminal that shows the report's file.
    rendered = json_ready(value, one_line)
    if not isinstance(rendered, dict):
        raise TypeError(f"not a dataclass: {value!r}")
    return dict(rendered)


def _counts(counts: FrameCounts) -> dict[str, object]:
    return {**_object(counts), "dropped": counts.dropped, "errors": counts.errors}


def _problems(books: Iterable[tuple[str, FrameCounts]]) -> list[str]:
    return [
        f"{name}: {problem}"
        for name, counts in books
        if (problem := counts.imbalance()) is not None
    ]
