"""Makes the JSON schema of a configuration file, for editors that complete and check YAML.

It describes what a person may write: durations with their units, `${NAME}` in place of any single
value, and nothing behind the colon of a key that may be left out. What it cannot express (that an
id is used twice, that a file exists, that one limit is above another) `edge-video check` knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.config.descriptions import describe_keys
from edge_video.config.model import Config
from edge_video.config.schema_rules import RULES
from edge_video.text.duration import DURATION_PATTERN, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.config.schema_rules import Schema

SCHEMA_ID: Final = "urn:edge-video:configuration"
_TITLES: Final = {
    "AmqpConfig": "amqp: the broker",
    "AmqpSinkConfig": "sink: the broker",
    "AllowConfig": "one of allow: what a sender may do",
    "CameraClusterConfig": "cluster: how a camera moves between nodes",
    "CameraConfig": "one of cameras",
    "CircuitBreakerConfig": "circuit_breaker: cameras that fail",
    "ClusterConfig": "cluster: nodes that share cameras",
    "CommandsConfig": "commands over the broker",
    "CropConfig": "crop: which part of the picture is published",
    "DeviceConfig": "device: which device a camera is",
    "DirectorySinkConfig": "sink: files instead of a broker",
    "EventsConfig": "events on the broker",
    "HttpConfig": "http: the page, probes, metrics and API",
    "LivenessConfig": "liveness: pictures that are not what the camera looks at",
    "LogConfig": "log",
    "MaskConfig": "one of masks: what nobody is to see",
    "MemoryControllerConfig": "memory_controller",
    "ProfileConfig": "one of profiles",
    "ProfilesConfig": "profiles: which cameras are on",
    "PublishConfig": "publish: all frames, or those that show a change",
    "ReadyConfig": "ready: what /ready asks for",
    "ScheduleConfig": "schedule: when a camera runs",
    "StateConfig": "state: what the program itself keeps",
    "SupervisionConfig": "supervision: restarts of the program's own parts",
    "TlsConfig": "tls: how the broker is trusted",
}
"""What an editor shows above the description of a section."""
_DESCRIPTION: Final = (
    "What edge-video does on this machine: its cameras, where their frames go, and what the"
    " operator sees. Only cameras, and amqp.url unless sink is a directory, are required."
    " `edge-video check` says whether a file is valid."
)
_VARIABLE_SCHEMA: Final = {"type": "string", "pattern": r"\$\{"}
_NULL: Final = {"type": "null"}


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file."""
    describe_keys()
    schema = _with_variables(Config.model_json_schema())
    sections = schema["$defs"]
    for name, section in sections.items():
        section["title"] = _TITLES[name]
        _finish(section, RULES.get(name, []))
    _finish(schema, RULES["Config"])
    for field in schema["properties"].values():
        _describe(field, sections)
    sink = schema["properties"]["sink"]["anyOf"]
    sink[0:0] = [{"enum": ["amqp", "directory"]}, _VARIABLE_SCHEMA]
    schema["patternProperties"] = {"^x-": {"description": "Ignored; a place for anchors."}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "edge-video configuration",
        "description": _DESCRIPTION,
    }


def _finish(section: Schema, rules: list[Schema]) -> None:
    """Put each key into its final form, and add what holds between keys."""
    required = section.get("required", ())
    for key, field in section.get("properties", {}).items():
        kinds = list(_alternatives(field))
        # A key without a value is one that is left out.
        if key not in required and _NULL not in kinds:
            kinds.append(_NULL)
        kept = {name: field[name] for name in ("description", "default") if name in field}
        if kept.get("default", ...) is None:
            del kept["default"]
        section["properties"][key] = kept | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
    if rules:
        section["allOf"] = rules


def _describe(field: Schema, sections: dict[str, Schema]) -> None:
    """Give a key that pydantic leaves without a description the one of its section, the same."""
    refs = [each["$ref"] for each in field.get("anyOf", ()) if "$ref" in each]
    if "description" not in field and refs:
        field["description"] = sections[refs[0].rpartition("/")[2]]["description"]


def _alternatives(schema: Schema) -> Iterator[Schema]:
    """What a value may be, each once, without alternatives inside of alternatives."""
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(each)
    else:
        # A title is the name of the key again, in capitals.
        about = ("title", "description", "default")
        yield {key: value for key, value in schema.items() if key not in about}


def _with_variables(schema: Any) -> Any:
    """Let `${NAME}` stand wherever a number, a choice or a pattern is asked for.

    A text without a pattern may also be a number, which is taken as it is written.
    """
    if isinstance(schema, list):
        return [_with_variables(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _with_variables(value) for key, value in schema.items()}
    _format_default(schema)
    kind = schema.get("type")
    is_limited = bool({"enum", "pattern"} & schema.keys())
    if kind == "string" and not is_limited and "const" not in schema:
        schema["type"] = ["string", "number"]
    if kind in ("integer", "number", "boolean") or is_limited:
        outer = {key: schema.pop(key) for key in ("description", "default") if key in schema}
        return {**outer, "anyOf": [schema, _VARIABLE_SCHEMA]}
    return schema


def _format_default(schema: Schema) -> None:
    """Write the default of a duration as a file may have it: `2s`, for 2.0 would be refused."""
    if isinstance(schema.get("default"), float) and DURATION_PATTERN in _patterns(schema):
        schema["default"] = format_duration(schema["default"])


def _patterns(schema: Schema) -> set[str]:
    """The patterns in a schema and in its alternatives."""
    found = {schema["pattern"]} if "pattern" in schema else set()
    return found.union(*map(_patterns, schema.get("anyOf", ())))
