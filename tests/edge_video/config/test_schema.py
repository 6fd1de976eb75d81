"""The JSON schema: what editors show and check is what the loader takes and refuses."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge_video.config import ConfigError, json_schema, parse_config

ROOT: Final = Path(__file__).parents[3]
SCHEMA: Final = json_schema()
VALIDATOR: Final = Draft202012Validator(SCHEMA)
SECTIONS: Final = {"": SCHEMA, **SCHEMA["$defs"]}
KEYS: Final = [(name, key) for name, each in SECTIONS.items() for key in each["properties"]]

Document: TypeAlias = dict[str, Any]


def test_the_schema_in_the_repository_and_in_the_wheel_is_current() -> None:
    stored = json.loads((ROOT / "config/schema.json").read_text())
    assert stored == SCHEMA, "run python scripts/write_schema.py"
    packaged = ROOT / "edge_video/config/schema.json"
    assert packaged.resolve() == ROOT / "config/schema.json"


def test_it_is_a_schema_and_has_a_name() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:edge-video:configuration"


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_has_a_description_and_a_default_that_the_loader_takes(
    section: str, key: str
) -> None:
    field = SECTIONS[section]["properties"][key]
    assert field["description"]
    if "default" in field:
        document = with_key(section, key, field["default"])
        assert list(VALIDATOR.iter_errors(document)) == []
        assert loads(document)


def with_key(section: str, key: str, value: object) -> Document:
    """A file with this key in its section, and what the section needs beside it."""
    document = copy.deepcopy(BASE)
    places: dict[str, tuple[str | int, ...]] = {
        "": (),
        "AmqpConfig": ("amqp",),
        "TlsConfig": ("amqp", "tls"),
        "CameraConfig": ("cameras", 0),
        "ScheduleConfig": ("cameras", 0, "schedule"),
        "PublishConfig": ("publish",),
        "MaskConfig": ("cameras", 0, "masks", 0),
        "CropConfig": ("cameras", 0, "crop"),
        "EventsConfig": ("events",),
        "CommandsConfig": ("commands",),
        "AllowConfig": ("commands", "allow", 0),
        "CircuitBreakerConfig": ("circuit_breaker",),
        "MemoryControllerConfig": ("memory_controller",),
        "LivenessConfig": ("liveness",),
        "ClusterConfig": ("cluster",),
        "CameraClusterConfig": ("cameras", 0, "cluster"),
        "LogConfig": ("log",),
        "SupervisionConfig": ("supervision",),
        "HttpConfig": ("http",),
        "ReadyConfig": ("http", "ready"),
        "ProfileConfig": ("profiles", "open"),
        "AmqpSinkConfig": ("sink",),
        "DirectorySinkConfig": ("sink",),
    }
    if section == "ScheduleConfig":
        days = {"sat": "08:00-13:00", "sun": "22:00-02:00"}
        document["cameras"][0]["schedule"] = {"timezone": "UTC", **days}
    if section == "MaskConfig":
        document["cameras"][0]["masks"] = [{"points": [[0, 0], [1, 0], [1, 1]]}]
    if section == "CropConfig":
        document["cameras"][0]["crop"] = {"width": 0.5, "height": 0.5}
    if section == "TlsConfig":
        document["amqp"]["url"] = "amqps://broker/"
    if section == "EventsConfig":
        document["events"] = {"exchange": "events"}
    if section in ("CommandsConfig", "AllowConfig"):
        document["commands"] = {"allow": [{"user": "ops", "commands": ["all"]}]}
    if (section, key) in (("AllowConfig", "key"), ("AllowConfig", "name")):
        document["commands"]["allow"] = [{"key": "k" * 32, "name": "ops", "commands": ["all"]}]
    if section == "DirectorySinkConfig":
        document["sink"] = {"type": "directory"}
    if section == "AmqpSinkConfig":
        document["sink"] = {"type": "amqp"}
    put(document, (*places[section], key), value)
    return document


def put(document: Document, path: tuple[str | int, ...], value: object) -> None:
    place: Any = document
    for step in path[:-1]:
        if isinstance(place, dict) and not isinstance(place.get(step), dict | list):
            place[step] = {}
        place = place[step]
    if isinstance(place, dict):
        place[path[-1]] = value


def loads(document: Document) -> bool:
    try:
        # JSON is YAML, and its quotes say what is text.
        parse_config(json.dumps(document), "config.yaml", {"FPS": "15"})
    except ConfigError:
        return False
    return True


BASE: Final[Document] = {
    "amqp": {"url": "amqp://broker.local/"},
    "cameras": [{"id": "door", "url": "rtsp://10.0.0.5/stream"}],
}

CAMERA: Final = ("cameras", 0)
CHANGES: Final[dict[tuple[str | int, ...], list[Any]]] = {
    ("fps",): [1, 60, 0, 61, "15", 1.5, True, None, "${FPS}"],
    ("sink",): [
        *("amqp", "directory", "file", None),
        *({"type": "directory", "keep": 5}, {"type": "directory", "keep": 0}, {"path": "x"}),
        *({"type": "amqp"}, {"type": "amqp", "path": "x"}, {}, 7),
    ],
    ("amqp",): [None, {}, {"username": "u", "password": "p"}, []],
    ("amqp", "url"): [
        *("amqps://h/shop", "AMQP://h", "http://h", "h:5672", "amqp://h/?heartbeat=1", None),
        *("amqp://u:p@h/", "amqp://u@h/", 7),
    ],
    ("amqp", "username"): ["u", "", None, 7],
    ("amqp", "password"): ["p", 123, None, ""],
    ("amqp", "exchange"): ["ex", "", 7, "x" * 256],
    ("amqp", "routing_key_prefix"): ["shop.", "", "a b", "#", "*"],
    ("amqp", "prefetch_count"): [0, -1, 65_536],
    ("amqp", "message_ttl"): ["10s", 10, None],
    ("amqp", "tls"): [None, {}, {"verify": False}, {"key": "x"}],
    ("events",): [None, {"exchange": "ev"}, {}, {"exchange": "ev", "settle": "1s"}],
    ("max_age",): ["2s", "500ms", "1m30s", 2, 2.5, 0, "2", "soon", None],
    ("start_spacing",): [0, "0", "0s", 1, "1s"],
    ("language",): ["en", "pt-BR", "auto", "de", None],
    ("umask",): ["027", "0o027", "27", "888", None],
    ("node",): ["shop-7", 7, "", None],
    ("x-anchors",): [{"any": "thing"}],
    ("fsp",): [15],
    ("buffer",): [1, 0, "5"],
    ("malloc_tuning",): [True, False, "true", 1, None],
    ("log",): [None, {"level": "DEBUG"}, {"level": "LOUD"}, {"format": "xml"}, {"file": ""}, 7],
    ("circuit_breaker",): [{"jitter": 0.5}, {"jitter": 1}, {"max_failures": 0}, None, "off"],
    ("memory_controller",): [{"warning_percent": 50}, {"warning_percent": 0}, None],
    ("supervision",): [{"period": "2m"}, {"period": 0}, {"max_restarts": 0}],
    ("http",): [
        *(None, {}, {"listen": "0.0.0.0:80"}, {"listen": "localhost:80"}, {"listen": "[::1]:80"}),
        {"listen": "0.0.0.0:80", "token": "12345678"},
        {"listen": "0.0.0.0:80", "token": None},
        *({"listen": "80"}, {"token": "short"}, {"token": "has a space"}, {"token": "ção-12345"}),
        *({"hosts": ["cameras.example"]}, {"hosts": ["http://x"]}, {"ready": {"cameras": -1}}),
    ],
    (*CAMERA, "id"): ["a.b-c_1", 7, "", "a b", "ç", "x" * 65, None],
    (*CAMERA, "url"): [
        *("rtsps://h/s", "RTSP://h/s", "rtmp://h/s", "http://h/m", "https://h/m"),
        *("rtsp://u:p@h/s", "rtsp://u@h/s", "file:clip", "/clips/clip", "lavfi:testsrc2"),
        *("10.0.0.5:554/stream", "rstp://h/s", "ftp://h/s", "lavfi:", "~/clip.mp4", "", None),
    ],
    (*CAMERA, "username"): ["viewer", "", 7, None],
    (*CAMERA, "password"): ["p@ss", 123, "", None],
    (*CAMERA, "width"): [1280, 1281, 8, 9000, "1280", None],
    (*CAMERA, "masks"): [
        *([], None, {}, [{}], [{"points": [[0, 0], [1, 0], [0.5, 1]], "fill": "blur"}]),
        *([{"points": [[0, 0], [1, 0]]}], [{"points": [[0, 0], [1, 0], [320, 1]]}]),
        *([{"points": [[0, 0], [1, 0], [0.5]]}], [{"points": [0, 0, 1, 0, 1, 1]}]),
        [{"points": [[0, 0], [1, 0], [1, 1]], "fill": "red"}],
    ],
    (*CAMERA, "crop"): [None, {}, {"width": 0.5, "height": 1}, {"width": 640, "height": 480}],
    (*CAMERA, "rotate"): [0, 90, 45, "90", None],
    (*CAMERA, "mirror"): ["horizontal", "vertical", "both", None],
    (*CAMERA, "mode"): ["passthrough", "transcode", "copy", None],
    (*CAMERA, "keyframes_only"): [True, False, None],
    (*CAMERA, "huffman"): ["standard", "optimal", "default", None],
    (*CAMERA, "hwaccel"): ["auto", "none", "v4l2m2m", "dxva", "-auto", "", None],
    (*CAMERA, "hwaccel_device"): ["/dev/dri/renderD128", "1", "-1", "", None],
    (*CAMERA, "jpeg_encoder"): ["hardware", "software", "vaapi", None],
    (*CAMERA, "http_proxy"): ["http://proxy:3128", "https://proxy", "proxy", None],
    (*CAMERA, "transport"): ["udp", "http", None],
    (*CAMERA, "exchange"): ["ex", "", None],
    (*CAMERA, "routing_key"): ["shop.door", "", "shop.*", None],
    (*CAMERA, "device"): [
        *(None, {}, {"endpoint": "urn:uuid:1-2"}, {"endpoint": ""}, {"endpoint": "a b"}, "urn:x"),
        *({"mac": "00:11:22:AA:bb:cc"}, {"mac": "00-11-22-aa-bb-cc"}, {"mac": "0011"}, {"id": 1}),
    ],
    (*CAMERA, "input_args"): [["-x", "1"], [], "-x", None],
    (*CAMERA, "stall_timeout"): ["10s", 10, 0],
    (*CAMERA, "enabled"): [True, False, None, "no"],
    ("cameras",): [[], None, {}, [7], [{"id": "a"}], [{"url": "x.mp4"}]],
}


def agree(document: Document) -> None:
    wrong = [
        f"{error.json_path}: {error.message[:80]}" for error in VALIDATOR.iter_errors(document)
    ]
    assert loads(document) is (wrong == []), f"the schema says {wrong} of {document}"


def test_schema_and_loader_agree_on_every_change_alone() -> None:
    agree(BASE)
    for path, values in CHANGES.items():
        for value in values:
            document = copy.deepcopy(BASE)
            put(document, path, value)
            agree(document)


ONE_CHANGE: Final = st.sampled_from(
    [(path, value) for path, values in CHANGES.items() for value in values]
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(ONE_CHANGE, min_size=2, max_size=5))
def test_schema_and_loader_agree_on_changes_together(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    document = copy.deepcopy(BASE)
    for path, value in changes:
        if not (path[:2] == CAMERA and not well_formed(document)):
            put(document, path, copy.deepcopy(value))
    agree(document)


def well_formed(document: Document) -> bool:
    """Whether there is a first camera to change."""
    cameras = document["cameras"]
    return isinstance(cameras, list) and bool(cameras) and isinstance(cameras[0], dict)
