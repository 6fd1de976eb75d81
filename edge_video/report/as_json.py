"""Renders a snapshot as JSON-ready values: every number, under names that stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.report.text import one_line

if TYPE_CHECKING:
    from edge_video.stats import FrameCounts, SystemStatus

SCHEMA: Final = 1
"""Grows when a name goes or changes its meaning; new names do not change it."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def _unchanged(text: str) -> str:
    return text


def json_ready(  # noqa: PLR0911 - one case, one return
    value: object, clean: Callable[[str], str] = _unchanged
) -> Json:
    """The value as `json.dumps` takes it, every string in it passed through `clean`.

    Dataclasses become objects, enumerations their values, bytes their number, numbers that JSON
    does not have (infinity) null, anything else its text.
    """
    match value:
        case Enum():
            return json_ready(value.value, clean)
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return clean(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case Mapping():
            return {clean(str(key)): json_ready(each, clean) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [json_ready(each, clean) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: json_ready(getattr(value, each.name), clean)
            for each in fields(value)
            if each.repr
        }
    return clean(str(value))


def status_as_json(status: SystemStatus) -> dict[str, object]:
    """The snapshot with `schema`, its sums and the verdict on the books, ready for `json.dumps`.

    Names are those of `edge_video.stats`, which carry their units: `_s` seconds, `_ns`
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
