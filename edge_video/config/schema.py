"""Makes the JSON schema of a configuration file, for editors."""

from __future__ import annotations

from typing import Any, Final

from edge_video.config.model import Config
from edge_video.text.duration import format_duration

_VARIABLE_SCHEMA: Final = {"type": "string", "pattern": r"\$\{"}


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, for editors that complete and check YAML."""
    schema = Config.model_json_schema()
    schema = _with_variables(schema)
    sink = schema["properties"]["sink"]
    short_forms = {"enum": ["amqp", "directory"]}
    schema["properties"]["sink"] = {
        "description": sink.pop("description", ""),
        "anyOf": [short_forms, sink],
    }
    schema["patternProperties"] = {"^x-": {"description": "Ignored; a place for anchors."}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "edge-video configuration",
    }


def _format_default(schema: dict[str, Any]) -> None:
    """Write the default of a duration as a file may have it: `2s`, for 2.0 would be refused."""
    kinds = schema.get("anyOf", ())
    if isinstance(schema.get("default"), float) and {"const": 0} in kinds:
        schema["default"] = format_duration(schema["default"])


def _with_variables(schema: Any) -> Any:
    """Let `${NAME}` stand wherever a number, a choice or a pattern is asked for."""
    if isinstance(schema, list):
        return [_with_variables(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _with_variables(value) for key, value in schema.items()}
    _format_default(schema)
    is_strict = schema.get("type") in ("integer", "number", "boolean") or (
        schema.get("type") == "string" and ("enum" in schema or "pattern" in schema)
    )
    if not is_strict:
        return schema
    outer = {key: schema.pop(key) for key in ("title", "description", "default") if key in schema}
    return {**outer, "anyOf": [schema, _VARIABLE_SCHEMA]}
