"""Makes the API's OpenAPI description from the snapshot's own types."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.frames import CameraId
from edge_video.http.openapi_changes import CHANGE_SCHEMA, STREAMS_SCHEMA, change_paths
from edge_video.http.openapi_cluster import CLUSTER_SCHEMAS, cluster_paths
from edge_video.metrics.sample import ProcessSample
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Failure
from edge_video.status.model import CameraStatus, SystemStatus
from edge_video.status.outcome import OutcomeKind
from edge_video.status.timeline import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIONS: Final[Mapping[str, str]] = {
    "start": "Start a stopped camera, or ask for an attempt of one that waits.",
    "stop": "Stop the camera until it is started again.",
    "retry": "Cut an OPEN camera's wait short: the next attempt begins at once.",
    "reset": "Close the breaker, clear its backoff and a forced opening; retry at once.",
    "pause": "Leave the camera alone until it is resumed or reset; a stream that runs is ended.",
    "resume": "End a pause: as reset, but nothing happens to a camera that is not paused.",
    "accept-picture": "What the camera shows now is right: learn anew what is usual for it.",
    "force-open": "The older name of `pause`.",
}

DEFAULT_WAIT_S: Final = 5.0
"""For how long the answer to an action waits for what comes of it."""
MAX_WAIT_S: Final = 6
"""With what the supervisor may take, less than an answer may."""

MAX_SEQ: Final = 10**15 - 1
"""No camera ever has so many frames."""

_TYPES: Final = (BreakerState, CaptureTotals, Failure, FrameCounts, ProcessSample)
_NAMES: Final = {"CameraId": CameraId, **{each.__name__: each for each in _TYPES}}
"""What the snapshot's module imports for the type checker only."""

_PRIMITIVES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
_EXTRA: Final = {name: {"type": "integer"} for name in ("dropped", "lost", "errors")}


class _Schemas:
    """Collects `components.schemas` while it translates types."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, annotation: Any) -> dict[str, Any]:  # noqa: PLR0911 - one case, one return
        """The JSON schema of what `edge_video.status.json` makes of a value of this type."""
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        if annotation in _PRIMITIVES:
            return {"type": _PRIMITIVES[annotation]}
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin is tuple:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return {"type": "string", "enum": [each.value for each in annotation]}
        if is_dataclass(annotation) and isinstance(annotation, type):
            return self._object(annotation)
        raise TypeError(f"no JSON schema for {annotation!r}")

    def _object(self, cls: type) -> dict[str, Any]:
        name = cls.__name__
        if name not in self.components:
            self.components[name] = {}  # taken, should it contain itself
            hints = typing.get_type_hints(cls, localns=_NAMES)
            shown = [each for each in fields(cls) if each.repr]
            properties = {each.name: self.of(hints[each.name]) for each in shown}
            if cls is FrameCounts:
                properties |= _EXTRA
            self.components[name] = {
                "type": "object",
                "description": (cls.__doc__ or "").split("\n\n")[0],
                "properties": properties,
                "required": list(properties),
            }
        return {"$ref": f"#/components/schemas/{name}"}


def openapi(version: str) -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    schemas = _Schemas()
    schemas.of(SystemStatus)
    schemas.of(CameraStatus)
    components = schemas.components
    status = components["SystemStatus"]
    status["properties"] |= {
        "schema": {"type": "integer", "description": "Grows when a name changes its meaning."},
        "totals": {"$ref": "#/components/schemas/FrameCounts"},
        "recent": {"$ref": "#/components/schemas/Recent"},
        "accounting": {
            "type": "object",
            "properties": {
                "balanced": {"type": "boolean"},
                "problems": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["balanced", "problems"],
        },
    }
    status["required"] += ["schema", "totals", "recent", "accounting"]
    components |= _OWN_SCHEMAS | CLUSTER_SCHEMAS
    components |= {"Change": CHANGE_SCHEMA, "DeviceStreams": STREAMS_SCHEMA}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "edge-video",
            "version": version,
            "description": "Status and control of one running edge-video. See docs/http.md.",
        },
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": _RESPONSES,
        },
    }


_OWN_SCHEMAS: Final[dict[str, Any]] = {
    "Error": {
        "type": "object",
        "properties": {"error": {"type": "string", "description": "What is wrong."}},
        "required": ["error"],
    },
    "Verdict": {
        "type": "object",
        "properties": {
            "ok": {"type": "boolean"},
            "reasons": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["ok", "reasons"],
    },
    "Answer": {
        "type": "object",
        "properties": {
            "result": {
                "type": "string",
                "enum": [
                    *("done", "already", "rejected"),
                    *("unknown_target", "not_allowed", "not_running"),
                ],
            },
            "retry_in_s": {
                "anyOf": [{"type": "number"}, {"type": "null"}],
                "description": "For `rejected` and after a failure: seconds until an attempt is"
                " permitted, null while an operator has paused the camera.",
            },
            "outcome": {
                "anyOf": [
                    {"type": "string", "enum": [each.value for each in OutcomeKind]},
                    {"type": "null"},
                ],
                "description": "What came of it within `wait` seconds; null when nothing was to be"
                " waited for.",
            },
            "cause": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "Of a camera's failure.",
            },
            "detail": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "The evidence for the failure, or why the broker is not reached.",
            },
        },
        "required": ["result", "retry_in_s", "outcome", "cause", "detail"],
    },
    "ProfileAnswer": {
        "type": "object",
        "properties": {
            "result": {"type": "string", "enum": ["done", "already", "unknown_target"]},
            "profiles": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Those that are configured.",
            },
            "error": {"type": "string", "description": "Of a profile that there is not."},
        },
        "required": ["result", "profiles"],
    },
    "History": {
        "type": "object",
        "properties": {
            "at_ms": {"type": "integer", "description": "Wall clock: when the newest step ends."},
            "step_s": {"type": "number", "description": "How long each step lasts."},
            "newest_s": {"type": "number", "description": "How long the newest one lasts yet."},
            "fps": {
                "type": "array",
                "items": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                "description": "Frames a second of each step since the start of the program, at"
                " most of a day, oldest first; null where nobody counted.",
            },
        },
        "required": ["at_ms", "step_s", "newest_s", "fps"],
    },
    "Timeline": {
        "type": "object",
        "properties": {
            "version": {"type": "integer"},
            "entries": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/TimelineEntry"},
            },
            "sentences": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "string"}},
                "description": "Details in English, and the same in Portuguese.",
            },
        },
        "required": ["version", "entries", "sentences"],
    },
    "TimelineEntry": {
        "type": "object",
        "properties": {
            "number": {"type": "integer"},
            "kind": {"type": "string", "enum": [each.value for each in EntryKind]},
            "first_at_ms": {"type": "integer", "description": "Wall clock, as the next."},
            "last_at_ms": {"type": "integer"},
            "subject": {"type": "string", "description": "A camera, an actor, or empty."},
            "camera": {"type": "string", "description": "The camera; empty for all else."},
            "cause": {"type": "string"},
            "detail": {"type": "string"},
            "count": {"type": "integer", "description": "How often in a row."},
            "by": {"type": "string", "description": "Who asked for it; empty where nobody did."},
            "lasted_s": {
                "anyOf": [{"type": "number"}, {"type": "null"}],
                "description": "How long the trouble lasted that is over with this.",
            },
            "dropped": {"type": "integer", "description": "Frames dropped while that lasted."},
        },
        "required": [
            *("number", "kind", "first_at_ms", "last_at_ms", "subject", "camera", "cause"),
            *("detail", "count", "by", "lasted_s", "dropped"),
        ],
    },
}


def _json(schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


_RESPONSES: Final = {
    "Refused": _json("Error", "The request is not one that we answer."),
    "Unauthorized": _json("Error", "The token is missing or wrong."),
    "Forbidden": _json("Error", "Another site's page asks, or actions are off."),
    "TooMany": _json("Error", "Too many wrong tokens, or too many at once; see Retry-After."),
    "NotFound": _json("Error", "There is no such thing."),
    "Broken": _json("Error", "This is a bug of edge-video; its log has more."),
}
_COMMON: Final = {
    "400": {"$ref": "#/components/responses/Refused"},
    "401": {"$ref": "#/components/responses/Unauthorized"},
    "403": {"$ref": "#/components/responses/Forbidden"},
    "429": {"$ref": "#/components/responses/TooMany"},
    "500": {"$ref": "#/components/responses/Broken"},
    "503": _json("Error", "It cannot be answered now."),
}
_CAMERA_PARAMETER: Final = {
    "name": "camera_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
}

_WAIT_PARAMETER: Final = {
    "name": "wait",
    "in": "query",
    "schema": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_WAIT_S,
        "default": int(DEFAULT_WAIT_S),
    },
    "description": "For how many seconds the answer waits for what comes of it.",
}


def _paths() -> dict[str, Any]:
    not_found = {"404": {"$ref": "#/components/responses/NotFound"}}
    paths: dict[str, Any] = {
        "/health": _get(
            "Is the program alive?",
            {"200": _json("Verdict", "It is."), "503": _json("Verdict", "It is not; why.")},
            security=[{}],
        ),
        "/ready": _get(
            "Does it do its work?",
            {"200": _json("Verdict", "It does."), "503": _json("Verdict", "It does not; why.")},
        ),
        "/metrics": _get(
            "For Prometheus.",
            {"200": {"description": "Metrics.", "content": {"text/plain": {}}}},
        ),
        "/api/status": _get("Everything.", {"200": _json("SystemStatus", "The system.")}),
        "/api/timeline": _get(
            "What happened, newest first.",
            {
                "200": _json("Timeline", "At most 1000 entries, 200 of each camera."),
                "404": {"$ref": "#/components/responses/NotFound"},
            },
            parameters=[
                {
                    "name": "camera",
                    "in": "query",
                    "schema": {"type": "string"},
                    "description": "Only what happened to this camera.",
                }
            ],
        ),
        "/api/cameras/{camera_id}": _get(
            "One camera.", {"200": _json("CameraStatus", "The camera."), **not_found}, camera=True
        ),
        "/api/cameras/{camera_id}/history": _get(
            "How many frames a second it sent, in the last 24 hours.",
            {"200": _json("History", "In steps of five minutes."), **not_found},
            camera=True,
        ),
        "/api/cameras/{camera_id}/picture": _get(
            "Its newest picture, or its last one; 204 while there is none, so ask again.",
            {
                "200": {
                    "description": "A frame, captured at X-Captured-At-Ms. X-Picture-Stale: 1"
                    " says that the camera has gone quiet since.",
                    "content": {"image/jpeg": {}},
                },
                "204": {"description": "None yet, or none newer than `after`."},
                **not_found,
            },
            camera=True,
            parameters=[
                {
                    "name": "after",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 0, "maximum": MAX_SEQ},
                    "description": "The number of the frame one has (header X-Frame-Seq).",
                },
                {
                    "name": "live",
                    "in": "query",
                    "schema": {"type": "integer", "enum": [1]},
                    "description": "Up to five pictures a second instead of one.",
                },
            ],
        ),
    }
    for action, text in ACTIONS.items():
        paths[f"/api/cameras/{{camera_id}}/{action}"] = _post(action, text, camera=True)
    paths["/api/publisher/retry"] = _post(
        "retry-publisher", "Cut the wait for the broker short: connect at once.", camera=False
    )
    paths["/api/profile"] = _profile_path()
    paths |= cluster_paths(_COMMON)
    for path, operations in change_paths(_COMMON, _CAMERA_PARAMETER).items():
        paths[path] = {**paths.get(path, {}), **operations}
    return paths


def _profile_path() -> dict[str, Any]:
    name = {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "Null: none."}
    body = {
        "type": "object",
        "properties": {"name": name},
        "required": ["name"],
        "additionalProperties": False,
    }
    operation: dict[str, Any] = _post("profile", "Let a profile apply, or none.", camera=False)
    post = operation["post"]
    responses = {
        **post["responses"],
        "200": _json("ProfileAnswer", "It applies, or did already."),
        "404": _json("ProfileAnswer", "There is no such profile."),
    }
    del responses["409"]
    content = {"application/json": {"schema": body}}
    changed = {"requestBody": {"required": True, "content": content}, "responses": responses}
    return {"post": {**post, "parameters": [], **changed}}


def _post(operation: str, text: str, *, camera: bool) -> dict[str, Any]:
    not_found = {"404": _json("Answer", "There is no such camera.")} if camera else {}
    return {
        "post": {
            "operationId": operation,
            "summary": text,
            "parameters": [*([_CAMERA_PARAMETER] if camera else []), _WAIT_PARAMETER],
            "security": [{"token": []}],
            "responses": {
                **_COMMON,
                **not_found,
                "200": _json("Answer", "Done, or it was so already; `outcome` says what came."),
                "409": _json("Answer", "Not in this state; see Retry-After."),
                "504": _json(
                    "Error", "The supervisor did not answer in time, and may still do it."
                ),
            },
        }
    }


def _get(
    summary: str,
    responses: dict[str, Any],
    *,
    camera: bool = False,
    parameters: list[dict[str, Any]] | None = None,
    security: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "get": {
            "summary": summary,
            "parameters": [*([_CAMERA_PARAMETER] if camera else []), *(parameters or [])],
            # Without a token only where no other machine can ask.
            "security": security or [{"token": []}, {}],
            "responses": {**_COMMON, **responses},
        }
    }
