"""Turns any value of this program into JSON-ready values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TypeAlias

from edge_video.runtime.units import ns_to_s

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def _unchanged(text: str) -> str:
    return text


def moment(wall_ns: int) -> str:
    """A moment of the wall clock as JSON lines have it: ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(ns_to_s(wall_ns), UTC).isoformat(timespec="milliseconds")


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
