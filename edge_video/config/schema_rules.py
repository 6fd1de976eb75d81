"""Says in JSON schema what holds between the keys of a section, and what a URL looks like.

The models check the same, more of it, and say it better; this is for editors, which are to mark a
mistake before anything is run.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from edge_video.text.urls import AMQP_PORTS, HTTP_SCHEMES, LOCAL_SCHEMES, NETWORK_SCHEMES

Schema: TypeAlias = dict[str, Any]


def _any_case(names: tuple[str, ...]) -> str:
    """The alternatives in small letters or capitals; JSON schema has no flag for that."""
    alternatives = (
        "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in name)
        for name in names
    )
    return f"(?:{'|'.join(alternatives)})"


CAMERA_URL: Final = (
    rf"^(?:{_any_case(NETWORK_SCHEMES)}://.+|{_any_case(LOCAL_SCHEMES)}:.*[^/ ].*|[^:~]+)$"
)
"""A known scheme, or a path: nothing with a colon, which would be an address without a scheme."""
BROKER_URL: Final = rf"^{_any_case(tuple(AMQP_PORTS))}://[^?]+$"
PROXY_URL: Final = rf"^{_any_case(('http',))}://.+$"
LISTEN: Final = r"^(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+):[0-9]{1,5}$"
HOST_NAME: Final = r"^[A-Za-z0-9._-]{1,253}$"

_NULL: Final = {"type": "null"}
_THIS_MACHINE: Final = (
    rf"^(?:127\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}|{_any_case(('localhost',))}|\[::1\]):"
)
_USER_IN_URL: Final = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/?#:@]+@"
_BOTH_IN_URL: Final = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/?#:@]*:.*@"
_VARIABLE: Final = r"\$\{"


def _given(*keys: str) -> Schema:
    """These keys are there and have a value."""
    return {"required": [*keys], "properties": {key: {"not": _NULL} for key in keys}}


def _matches(key: str, pattern: str) -> Schema:
    """This key is there, and its text has the pattern."""
    return {"required": [key], "properties": {key: {"type": "string", "pattern": pattern}}}


def _absent(*keys: str) -> Schema:
    """None of these keys has a value."""
    return {"properties": dict.fromkeys(keys, _NULL)}


def _sink(kind: Schema) -> Schema:
    """The sink is of this kind, in its short form or in its long one."""
    long_form = {"type": "object", "required": ["type"], "properties": {"type": kind}}
    return {"required": ["sink"], "properties": {"sink": {"anyOf": [kind, long_form]}}}


_DIRECTORY: Final = _sink({"const": "directory"})
_UNKNOWN_SINK: Final = _sink({"type": "string", "pattern": _VARIABLE})
_BROKER: Final = {
    "required": ["amqp"],
    "properties": {"amqp": {"type": "object", **_given("url")}},
}
_USER_HAS_PASSWORD: Final = {
    "if": {"anyOf": [_given("username"), _matches("url", _USER_IN_URL)]},
    "then": {
        "anyOf": [
            _given("password"),
            _matches("url", _BOTH_IN_URL),
            _matches("url", _VARIABLE),
        ]
    },
}

RULES: Final[dict[str, list[Schema]]] = {
    "Config": [
        {"if": {"not": {"anyOf": [_DIRECTORY, _UNKNOWN_SINK]}}, "then": _BROKER},
        {"if": _DIRECTORY, "then": _absent("events")},
    ],
    "AmqpConfig": [
        _USER_HAS_PASSWORD,
        {
            "if": {"allOf": [_given("tls"), _matches("url", rf"^{_any_case(('amqp',))}:")]},
            "then": False,
        },
    ],
    "AmqpSinkConfig": [{"required": ["type"]}],
    "DirectorySinkConfig": [{"required": ["type"]}],
    "TlsConfig": [{"if": _given("key"), "then": _given("cert")}],
    "CameraConfig": [
        _USER_HAS_PASSWORD,
        {
            "if": {"required": ["mode"], "properties": {"mode": {"const": "passthrough"}}},
            "then": {
                "properties": {
                    **dict.fromkeys(("width", "height", "hwaccel_device"), _NULL),
                    "hwaccel": {"enum": ["none", None]},
                    "jpeg_encoder": {"enum": ["software", None]},
                    "keyframes_only": {"enum": [False, None]},
                    **dict.fromkeys(("crop", "mirror"), _NULL),
                    "rotate": {"enum": [0, None]},
                    "masks": {"anyOf": [_NULL, {"type": "array", "maxItems": 0}]},
                }
            },
        },
        {
            "if": _given("snapshot_interval"),
            "then": {"required": ["mode"], "properties": {"mode": {"const": "snapshot"}}},
        },
        {
            "if": {"required": ["mode"], "properties": {"mode": {"const": "snapshot"}}},
            "then": {
                "properties": {
                    **dict.fromkeys(("width", "height", "hwaccel_device"), _NULL),
                    **dict.fromkeys(("crop", "mirror"), _NULL),
                    "rotate": {"enum": [0, None]},
                    "masks": {"anyOf": [_NULL, {"type": "array", "maxItems": 0}]},
                    "hwaccel": {"enum": ["none", None]},
                    "jpeg_encoder": {"enum": ["software", None]},
                    "keyframes_only": {"enum": [False, None]},
                    "input_args": {"maxItems": 0},
                },
                "anyOf": [
                    _matches("url", rf"^{_any_case(HTTP_SCHEMES)}://"),
                    _matches("url", _VARIABLE),
                ],
            },
        },
        {
            "if": _given("http_proxy"),
            "then": {
                "anyOf": [
                    _matches("url", rf"^{_any_case(HTTP_SCHEMES)}://"),
                    _matches("url", _VARIABLE),
                ]
            },
        },
    ],
    "HttpConfig": [
        {
            "if": {
                "required": ["listen"],
                "properties": {
                    "listen": {
                        "type": "string",
                        "not": {"anyOf": [{"pattern": _THIS_MACHINE}, {"pattern": _VARIABLE}]},
                    }
                },
            },
            "then": _given("token"),
        }
    ],
}
"""Section → what must hold besides what each of its keys says; the same as its validators say."""
