"""Validates plain values, and reports pydantic's errors as messages for an operator."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from edge_video.config.annotations import choices, limits
from edge_video.config.model import Config
from edge_video.config.problems import MAX_QUOTE
from edge_video.config.reader import placeholder_camera
from edge_video.config.types import FROM_FILE
from edge_video.config.yaml_nodes import TAG, tag_of_plain
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from edge_video.config.problems import Findings, KeyPath

_ROUNDS: Final = 5


def validate(values: dict[str, Any], findings: Findings) -> Config | None:
    """Make a configuration of plain values; None when something is wrong, which is reported.

    What is wrong is taken out and the rest validated again, for errors behind errors:
    pydantic compares keys with each other only when each of them is right, and an operator wants
    to hear of everything at once.
    """
    for _ in range(_ROUNDS):
        try:
            return Config.model_validate(values, context=FROM_FILE)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        invalid = [path for detail in details for path in _report(detail, findings)]
        if not invalid:
            return None
        for path in invalid:
            _take_out(values, path)
    return None


def _report(detail: ErrorDetails, findings: Findings) -> list[KeyPath]:
    """Report one of pydantic's errors; return the keys to take out for the next round."""
    path = _without_tag(detail["loc"])
    if detail["type"] != "conflict":
        if not findings.is_settled(path):
            findings.report(path, _message(detail, path, findings))
        return [path]
    blamed = []
    for key, involved, message in detail.get("ctx", {})["conflicts"]:
        paths = [path + _path(each) for each in involved]
        blamed.append(path + _path(key))
        if not any(findings.is_settled(each) for each in paths):
            findings.report(blamed[-1], findings.with_variables(blamed[-1], message))
    return blamed if path else []


def _path(dotted: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def _without_tag(loc: tuple[str | int, ...]) -> KeyPath:
    """Leave out the chosen kind of sink, which pydantic names in a path and the file does not."""
    return loc[:1] + loc[2:] if loc[:1] == ("sink",) else loc


def _take_out(values: dict[str, Any], path: KeyPath) -> None:
    """Remove a wrong value, or put a right one in its place where one is required."""
    if path[:1] == ("cameras",):
        if len(path) < 3:  # noqa: PLR2004 - the list or a whole camera, no key of a camera
            values["cameras"] = [placeholder_camera(0)]
            return
        index, key = path[1:3]
        placeholder = placeholder_camera(int(index))
        if key in placeholder:
            values["cameras"][index][key] = placeholder[str(key)]
        else:
            values["cameras"][index].pop(key, None)
        return
    parent: Any = values
    for key in path[:-1]:
        parent = parent.get(key) if isinstance(parent, dict) else None
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def _message(detail: ErrorDetails, path: KeyPath, findings: Findings) -> str:
    """Word one of pydantic's errors for an operator."""
    kind = detail["type"]
    if kind == "edge_video":
        return findings.with_variables(path, str(detail.get("ctx", {})["message"]))
    if kind == "missing":
        return f"it is required: {_REQUIRED.get(path[-1], 'set it')}"
    if kind == "union_tag_not_found":
        return "it needs the key type: amqp or directory"
    return _about_value(detail["type"], path, findings)


_REQUIRED: Final[dict[str | int, str]] = {
    "cameras": "a list of at least one camera",
    "id": "the camera's name",
    "url": "where the camera's stream is, like rtsp://10.0.0.5:554/stream",
}


def _about_value(kind: str, path: KeyPath, findings: Findings) -> str:
    value = _shown(path, findings)
    origin = findings.origins.get(path)
    field = None if origin is None else origin.field
    if kind in ("literal_error", "union_tag_invalid"):
        if origin is None or origin.written is None:  # the long form of the sink
            value = _shown((*path, "type"), findings)
        return _not_one_of(value, field)
    if kind.startswith(("greater_than", "less_than")):
        return f"{value} is not between {_limits(field)}"
    if not value.strip():
        return "it is empty; write a value, or leave the key out"
    if origin is not None and origin.is_quoted and tag_of_plain(value) != TAG + "str":
        return f"{value} is text because of its quotes; write it without them"
    expected = next((text for prefix, text in _KINDS if kind.startswith(prefix)), None)
    return f"{value} is {expected}" if expected else "this value cannot be used here"


_KINDS: Final = (
    ("int", "not a whole number"),
    ("float", "not a number"),
    ("finite", "not a number"),
    ("bool", "neither true nor false"),
)


def _limits(field: FieldInfo | None) -> str:
    return "its limits" if field is None else limits(field)


def _shown(path: KeyPath, findings: Findings) -> str:
    """The value as the file has it (`${FPS}`, not what it stands for)."""
    origin = findings.origins.get(path)
    written = origin.written if origin is not None else None
    # Masked before it is cut: half a URL no longer looks like one.
    text = Redactor()("this" if written is None else written)
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


def _not_one_of(value: str, field: FieldInfo | None) -> str:
    known = [] if field is None else choices(field)
    close = get_close_matches(value, known, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f"{value} is not one of {', '.join(known)}{hint}"
