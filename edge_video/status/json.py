"""Renders a snapshot as JSON-ready values under names that stay, and reads it back."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, core_schema

from edge_video.resilience.failures import Cause
from edge_video.status.model import CameraStatus, SystemStatus
from edge_video.text.escaping import one_line
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from edge_video.delivery.ledger import FrameCounts

SCHEMA: Final = 3
"""Grows when a name goes or changes its meaning; new names do not change it."""

_T = TypeVar("_T")

_LARGEST: Final = 2**63
_REASONS: Final = {
    "missing": "is missing",
    "dataclass_type": "is not an object",
    "dict_type": "is not an object",
    "tuple_type": "is not a list",
    "enum": "has an unknown value",
    "string_type": "is not a text",
    "bool_type": "is not true or false",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_type": "is not a number",
    "finite_number": "is no number that can be meant",
    "less_than_equal": "is no number that can be meant",
    "greater_than_equal": "is no number that can be meant",
}


class NotAStatusError(ValueError):
    """The JSON is not a status; the message says where it is not."""


def status_as_json(status: SystemStatus) -> dict[str, object]:
    """The snapshot with `schema`, its sums and whether they add up, ready for `json.dumps`.

    Names are those of `edge_video.status.model`, which carry their units: `_s` seconds, `_ns`
    nanoseconds (wall clock where they end in `_at_ns`), `_bytes` bytes, `_percent` percent.
    Frame counts additionally have `dropped`, `lost` and `errors`. `accounting.balanced` is whether
    both identities hold for every camera and in total; `accounting.problems` says where not.
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
        "removed": _counts(status.removed),
        "totals": _counts(status.totals),
        "recent": _object(status.recent),
        "accounting": {"balanced": not problems, "problems": problems},
    }


def _object(value: object) -> dict[str, object]:
    # What cameras and brokers say must not steer the terminal that shows the report's file.
    rendered = json_ready(value, one_line)
    if not isinstance(rendered, dict):
        raise TypeError(f"not a dataclass: {value!r}")
    return dict(rendered)


def _counts(counts: FrameCounts) -> dict[str, object]:
    sums = {"dropped": counts.dropped, "lost": counts.lost, "errors": counts.errors}
    return {**_object(counts), **sums}


def _problems(counted: Iterable[tuple[str, FrameCounts]]) -> list[str]:
    return [
        f"{name}: {problem}"
        for name, counts in counted
        if (problem := counts.imbalance()) is not None
    ]


def status_from_json(document: object) -> SystemStatus:
    """The snapshot that `status_as_json` made this of; keys it does not know are ignored.

    A newer system may send causes and keys that this version has no name for: the first become
    `Cause.UNKNOWN`, and what is missing takes its default.

    Raises:
        NotAStatusError: a key without a default is missing, or a value is of another kind.
    """
    return _read(SystemStatus, _validator(), document)


def camera_from_json(document: object) -> CameraStatus:
    """One camera of what `status_as_json` made, as `status_from_json` does with all of it.

    Raises:
        NotAStatusError: a key without a default is missing, or a value is of another kind.
    """
    return _read(CameraStatus, _camera_validator(), document)


def _read(kind: type[_T], validator: SchemaValidator, document: object) -> _T:
    try:
        # The strict rules of JSON, not those of Python: a list is a tuple, and "1" is no number.
        value = validator.validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        raise NotAStatusError(_reason(error.errors(include_url=False)[0])) from None
    assert isinstance(value, kind)
    return value


def _reason(error: ErrorDetails) -> str:
    where = "status" + "".join(
        f"[{each}]" if isinstance(each, int) else f".{each}" for each in error["loc"]
    )
    return f"{where} {_REASONS.get(error['type'], error['msg'])}"


@cache
def _validator() -> SchemaValidator:
    return SchemaValidator(_with_rules(TypeAdapter(SystemStatus).core_schema))


@cache
def _camera_validator() -> SchemaValidator:
    return SchemaValidator(_with_rules(TypeAdapter(CameraStatus).core_schema))


def _with_rules(schema: Any) -> Any:
    """Pydantic's schema with all numbers bounded, and with `Cause.UNKNOWN` for unknown causes."""
    if isinstance(schema, list):
        return [_with_rules(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    match schema.get("type"):
        case "int":
            return {**schema, "ge": -_LARGEST, "le": _LARGEST}
        case "float":
            return {**schema, "ge": -_LARGEST, "le": _LARGEST, "allow_inf_nan": False}
        case "enum" if schema["cls"] is Cause:
            return core_schema.with_default_schema(
                schema, default=Cause.UNKNOWN, on_error="default"
            )
    return {key: _with_rules(each) for key, each in schema.items()}
