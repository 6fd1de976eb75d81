"""Describes the endpoints that change the configuration, for the OpenAPI description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.capture.onvif.model import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAN: Final = {"type": "array", "items": {"type": "string"}}

CHANGE_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What became of a change. It is taken over whole, or not at all.",
    "properties": {
        "result": {"type": "string", "enum": ["done", "unchanged", "planned", "refused"]},
        "reason": {"type": ["string", "null"], "description": "Why it was refused."},
        "details": {"type": "array", "items": {"type": "string"}},
        "plan": {
            "type": "object",
            "description": "Cameras, or keys, by what happens to them.",
            "properties": dict.fromkeys(
                ("add", "remove", "restart", "reconnect", "live", "keys", "needs_restart"), _PLAN
            ),
        },
    },
    "required": ["result", "reason", "details", "plan"],
}
"""`ConfigAnswer` as JSON."""

_CAMERA_BODY: Final = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "description": "Keys of a camera as in the configuration, without id and"
                " input_args; null takes a key away.",
            }
        }
    },
}


_CHANGE: Final = {"$ref": "#/components/schemas/Change"}
_ERROR: Final = {"$ref": "#/components/schemas/Error"}


def _content(*schemas: Mapping[str, str]) -> dict[str, Any]:
    """The JSON body of an answer that is one of these."""
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"content": {"application/json": {"schema": schema}}}


_TEXT: Final = {"type": ["string", "null"]}
_STREAM: Final = {
    "type": "object",
    "properties": {
        "profile": {"type": "string"},
        "name": {"type": "string"},
        "codec": _TEXT,
        "width": {"type": ["integer", "null"]},
        "height": {"type": ["integer", "null"]},
        "fps": {"type": ["number", "null"]},
        "url": {"type": "string", "description": "A secret in it is `***`."},
        "proposed": {"type": "boolean", "description": "It costs least of those that will do."},
    },
}

STREAMS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What a device says of its streams.",
    "properties": {
        "address": {"type": "string"},
        "name": _TEXT,
        "problem": {
            "anyOf": [
                {"type": "string", "enum": [each.value for each in Problem]},
                {"type": "null"},
            ],
            "description": "Why it did not tell all of them.",
        },
        "detail": {**_TEXT, "description": "What it said when it refused."},
        "streams": {"type": "array", "items": _STREAM},
    },
    "required": ["address", "name", "problem", "detail", "streams"],
}
"""A device's answer as JSON."""

_STREAMS_BODY: Final = {
    "type": "object",
    "properties": {
        "host": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "description": "HOST or HOST:PORT of its ONVIF service.",
        },
        "username": {**_TEXT, "maxLength": 1024},
        "password": {**_TEXT, "maxLength": 1024, "description": "Not without a username."},
        "width": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 640},
        "fps": {"type": "integer", "minimum": 1, "maximum": 60, "default": 15},
    },
    "required": ["host"],
    "additionalProperties": False,
}


def _streams_operation(common: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "onvif-streams",
        "summary": "Ask a camera for its streams, over ONVIF.",
        "security": [{"token": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _STREAMS_BODY}},
        },
        "responses": {
            **common,
            "200": {
                "description": "What it says, or why it says nothing.",
                **_content({"$ref": "#/components/schemas/DeviceStreams"}),
            },
            "501": {"description": "The extra `onvif` is not installed.", **_content(_ERROR)},
        },
    }


def change_paths(common: dict[str, Any], camera: dict[str, Any]) -> dict[str, Any]:
    """The paths, by their names.

    Args:
        common: responses that every path may give.
        camera: the parameter that names a camera.
    """

    def operation(
        name: str, summary: str, *, body: bool = False, new: bool = False, **more: Any
    ) -> dict[str, Any]:
        answer, either = _content(_CHANGE), _content(_CHANGE, _ERROR)
        return {
            "operationId": name,
            "summary": summary,
            "security": [{"token": []}],
            **({"requestBody": _CAMERA_BODY} if body else {}),
            **more,
            "responses": {
                **common,
                "200": {"description": "Done, or there was nothing to do.", **answer},
                **({"201": {"description": "Done; the camera is new.", **answer}} if new else {}),
                "404": {"description": "There is no such camera.", **answer},
                "409": {"description": "It cannot be done while the system runs.", **answer},
                "422": {"description": "It is not valid; all errors.", **answer},
                "500": {"description": "It failed, and what ran before runs.", **either},
                "503": {"description": "The system stops, or too much is asked.", **either},
                "504": {
                    "description": "The supervisor did not answer in time, and may still do it.",
                    **_content(_ERROR),
                },
            },
        }

    dry_run = {
        "name": "dry_run",
        "in": "query",
        "schema": {"type": "integer", "enum": [0, 1]},
        "description": "1: only say what would happen.",
    }
    one = [camera]
    path = "/api/cameras/{camera_id}"
    probed = {"description": "What it sends (`picture`: Base64 of a JPEG), or why it does not."}
    return {
        "/api/probe": {
            "post": {
                **operation("probe", "Connect to a camera that is not configured.", body=True),
                "responses": {
                    **common,
                    "200": probed,
                    "409": {"description": "There is no FFmpeg to connect with."},
                    "422": {"description": "The keys are not valid (`details`); `url` is needed."},
                },
            }
        },
        "/api/onvif/streams": {"post": _streams_operation(common)},
        "/api/reload": {
            "post": operation("reload", "Read the files anew.", parameters=[dry_run]),
        },
        path: {
            "put": operation(
                "put-camera", "Add a camera, or replace it.", body=True, new=True, parameters=one
            ),
            "patch": operation("patch-camera", "Change some keys.", body=True, parameters=one),
            "delete": operation("delete-camera", "Remove it for good.", parameters=one),
        },
        f"{path}/enable": {
            "post": operation("enable-camera", "Enable it, for good.", parameters=one)
        },
        f"{path}/disable": {
            "post": operation("disable-camera", "Disable it, for good.", parameters=one)
        },
    }
