"""Describes every key of the configuration: type, default, range, meaning, an example."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

import yaml
from pydantic_core import PydanticUndefined

from edge_video.config.annotations import choices, is_section, item_type, leaves, limits, marks_of
from edge_video.config.descriptions import describe_keys
from edge_video.config.model import Config
from edge_video.config.section import Section
from edge_video.config.types import Duration, Formerly, Mark
from edge_video.runtime.opening_hours import DAYS
from edge_video.text.duration import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_UNITS: Final = {
    r".*bytes": "bytes",
    r".*_mb": "megabytes",
    r".*_percent": "percent",
    r"width|height": "pixels",
    r"fps": "frames_per_second",
    r"threshold": "percent",
}
"""By the name of a key that is a number; their texts are `explain.unit.…`."""

_EXAMPLES: Final[dict[str, object]] = {
    "amqp.url": "amqp://shop:${BROKER_PASSWORD}@broker.local:5672/",
    "amqp.urls": ["amqps://mq-1.shop.example", "amqps://mq-2.shop.example"],
    "amqp.username": "shop",
    "amqp.password": "${BROKER_PASSWORD}",
    "amqp.routing_key_prefix": "shop.",
    "amqp.message_ttl": "10s",
    "amqp.tls.ca": "/etc/edge-video/ca.pem",
    "amqp.tls.cert": "/etc/edge-video/client.pem",
    "amqp.tls.key": "/etc/edge-video/client.key",
    "cameras.id": "door",
    "cameras.url": "rtsp://10.0.0.5:554/stream",
    "cameras.username": "viewer",
    "cameras.password": "${DOOR_PASSWORD}",
    "huffman": "optimal",
    "cameras.huffman": "optimal",
    "cameras.width": 1280,
    "cameras.height": 720,
    "cameras.masks.fill": "blur",
    "cameras.crop.x": 0.25,
    "cameras.crop.y": 0.5,
    "cameras.crop.width": 0.5,
    "cameras.crop.height": 0.5,
    "cameras.rotate": 90,
    "cameras.mirror": "horizontal",
    "cameras.http_proxy": "http://10.0.0.1:3128",
    "hwaccel": "auto",
    "hwaccel_device": "/dev/dri/renderD129",
    "jpeg_encoder": "hardware",
    "cameras.snapshot_interval": "30s",
    "cameras.hwaccel": "vaapi",
    "cameras.hwaccel_device": "/dev/dri/renderD129",
    "cameras.jpeg_encoder": "hardware",
    "cameras.schedule.timezone": "America/Sao_Paulo",
    **{f"cameras.schedule.{day}": "08:00-12:00, 13:00-19:00" for day in DAYS},
    "cameras.input_args": ["-rtsp_flags", "prefer_tcp"],
    "cameras.device.endpoint": "urn:uuid:5d1b50b0-95f3-4d0a-8f5e-6a4c1f9d2e77",
    "cameras.device.mac": "00:11:22:aa:bb:cc",
    "cameras.exchange": "shop.exchange",
    "cameras.routing_key": "shop.door",
    "events.exchange": "shop.events",
    "events.node_status": "30s",
    "ffmpeg": "/usr/bin/ffmpeg",
    "ffmpeg_max_memory_mb": 512,
    "ffmpeg_max_cpu_percent": 150,
    "cameras.ffmpeg_max_memory_mb": 1024,
    "cameras.ffmpeg_max_cpu_percent": 200,
    "http.token": "${HTTP_TOKEN}",
    "http.hosts": ["edge-1.shop.example"],
    "cameras.liveness.on_frozen": "restart",
    "cameras.liveness.moved_after": "0s",
    "cluster.group": "chain-south",
    "cluster.capacity": 2.0,
    "cluster.handover": "break-before-make",
    "cluster.uncertain": "stop",
    "cameras.cluster.handover": "break-before-make",
    "cameras.cluster.uncertain": "stop",
    "log.file": "logs/edge-video.log",
    "node": "edge-1",
    "state.dir": "/var/lib/edge-video",
}
"""Of keys whose default says nothing."""

_SHARES: Final = "cameras.crop."
"""Keys that are shares of the picture, whatever keys of the same name are elsewhere."""
_MASK: Final = {"points": [[0.0, 0.0], [0.3, 0.0], [0.25, 0.4], [0.0, 0.5]]}
_CROP: Final = {"width": 0.5, "height": 0.5}
_PROFILES: Final = {
    "profiles": {"open": {"cameras": ["door", "centro.*"]}, "closed": {"cameras": ["door"]}},
    "profile": "open",
}
_SIGNER: Final = {"key": "${COMMANDS_KEY}", "name": "head-office", "commands": ["all"]}
_USER: Final = {"user": "operator", "commands": ["status", "retry"], "cameras": ["centro.*"]}
_CAMERA: Final = {"id": "door", "url": "rtsp://10.0.0.5:554/stream"}
_AROUND: Final = {
    "cameras.http_proxy": {"id": "door", "url": "http://10.0.0.5/video.mjpg"},
    "cameras.snapshot_interval": {
        "id": "door",
        "url": "http://10.0.0.5/snapshot.jpg",
        "mode": "snapshot",
    },
}
_ANY: Final = "NAME"
_PER_CAMERA: Final = {
    "fps": "fps",
    "quality": "quality",
    "huffman": "huffman",
    "amqp.exchange": "exchange",
    **{f"publish.{key}": f"publish.{key}" for key in ("when", "threshold", "at_least", "after")},
    "ffmpeg_max_memory_mb": "ffmpeg_max_memory_mb",
    "ffmpeg_max_cpu_percent": "ffmpeg_max_cpu_percent",
    "hwaccel": "hwaccel",
    "hwaccel_device": "hwaccel_device",
    "jpeg_encoder": "jpeg_encoder",
}
"""Keys that a camera may set for itself, under which name."""


class Kind(StrEnum):
    """What may be written as the value of a key."""

    SECTION = "section"
    SECTION_OR_WORD = "section_or_word"
    SECTIONS = "sections"
    TEXTS = "texts"
    POINTS = "points"
    DURATION = "duration"
    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    URL = "url"
    TEXT = "text"
    TEXT_OR_FILE = "text_or_file"


_WITH_CHOICES: Final = (Kind.CHOICE, Kind.SECTION_OR_WORD)
_WITH_SPAN: Final = (Kind.INTEGER, Kind.NUMBER, Kind.DURATION)


@dataclass(frozen=True, slots=True)
class KeyReference:
    """What is to be known of one key.

    Attributes:
        path: its name, with those of the sections around it: `amqp.prefetch_count`.
        meaning: a sentence or two.
        kind: its type.
        choices: what it may be, where that can be listed.
        default: as one would write it; None: there is none.
        is_required: whether a file must have it.
        span: the least and the greatest value, as one would write them; None: it has none.
        unit: of a number; None: it counts, or has none.
        example: lines of YAML.
        of_camera: how a camera sets it for itself; None: it does not, or is a camera's anyway.
        formerly: the name that it had before.
        keys: those of a section, by their last name.
    """

    path: str
    meaning: str
    kind: Kind
    choices: tuple[str, ...] = ()
    default: str | None = None
    is_required: bool = False
    span: tuple[str, str] | None = None
    unit: str | None = None
    example: str = ""
    of_camera: str | None = None
    formerly: str | None = None
    keys: tuple[str, ...] = ()

    @property
    def is_section(self) -> bool:
        """Whether it has keys of its own."""
        return bool(self.keys)

    @property
    def is_per_camera(self) -> bool:
        """Whether each camera has its own."""
        return self.path.startswith("cameras.")


def all_keys() -> dict[str, KeyReference]:
    """Every key and section of a file, by its path, in the order of the models."""
    describe_keys()
    return {each.path: each for each in _keys_of(Config, "")}


def normalized(path: str) -> str:
    """A path as `all_keys` has it: without indexes, as `cameras[2].fps` has one."""
    return re.sub(r"\[\d*\]|\.\d+(?=\.|$)", "", path.strip().strip("."))


def find_keys(path: str, keys: dict[str, KeyReference]) -> list[KeyReference]:
    """The key of this path; else those whose last name, or former name, it is."""
    named = [each for each in keys.values() if _stands_for(each.path, path)]
    if named:
        return named
    named = [each for each in keys.values() if each.path.rsplit(".", 1)[-1] == path]
    return named or [each for each in keys.values() if path and each.formerly == path]


def _stands_for(known: str, path: str) -> bool:
    """Whether a path is this one, in which `NAME` may stand for any name."""
    own, other = known.split("."), path.split(".")
    return len(own) == len(other) and all(
        mine in (theirs, _ANY) for mine, theirs in zip(own, other, strict=True)
    )


def similar_keys(path: str, keys: dict[str, KeyReference]) -> list[str]:
    """Keys that may be meant by a name that is none, the likeliest first."""
    close = difflib.get_close_matches(path, keys, n=3, cutoff=0.6)
    last = path.rsplit(".", 1)[-1]
    names = {key.rsplit(".", 1)[-1]: key for key in keys}
    close += [names[each] for each in difflib.get_close_matches(last, names, n=2, cutoff=0.75)]
    return list(dict.fromkeys(close))[:3]


def _keys_of(section: type[BaseModel], prefix: str) -> Iterator[KeyReference]:
    for name, field in section.model_fields.items():
        path = f"{prefix}{name}"
        inner = _sections_in(field)
        yield _reference(path, field, inner)
        for each in inner:
            yield from _keys_of(each, f"{path}.")
            named = _named(each)
            if named is not None:
                yield from _keys_of(named, f"{path}.{_ANY}.")
        if len(inner) > 1:  # each of them says of its own type only
            first = next(key for key in _keys_of(inner[0], f"{path}.") if key.choices)
            yield replace(first, choices=tuple(choices(field)))


def _named(section: type[BaseModel]) -> type[BaseModel] | None:
    """What stands in a section below any name; None: its names are its keys."""
    field = section.field_for(_ANY) if issubclass(section, Section) else None
    return None if field is None else next(iter(_sections_in(field)), None)


def _sections_in(field: FieldInfo) -> list[type[BaseModel]]:
    item = item_type(field.annotation)
    found = leaves(field.annotation if item is None else item)
    return [leaf for leaf in found if is_section(leaf)]


def _reference(path: str, field: FieldInfo, inner: list[type[BaseModel]]) -> KeyReference:
    marks = marks_of(field)
    kind = _kind(field, inner, marks)
    name = path.rsplit(".", 1)[-1]
    is_number = kind in (Kind.INTEGER, Kind.NUMBER)
    meaning = field.description or (inner[0].__doc__ if inner else "") or ""
    return KeyReference(
        path=path,
        meaning=" ".join(meaning.split()),
        kind=kind,
        choices=tuple(choices(field)) if kind in _WITH_CHOICES else (),
        default=_written_default(field, inner),
        is_required=field.is_required(),
        span=_span(field, marks) if kind in _WITH_SPAN else None,
        unit=_unit(name) if is_number and not path.startswith(_SHARES) else None,
        example=_example(path, field, inner),
        of_camera=f"cameras[].{_PER_CAMERA[path]}" if path in _PER_CAMERA else None,
        formerly=next((each.name for each in marks if isinstance(each, Formerly)), None),
        keys=tuple(dict.fromkeys(key for each in inner for key in each.model_fields)),
    )


def _span(field: FieldInfo, marks: tuple[Any, ...]) -> tuple[str, str] | None:
    duration = next((each for each in marks if isinstance(each, Duration)), None)
    if duration is not None:
        return format_duration(duration.low_s), format_duration(duration.high_s)
    low, _, high = limits(field).partition(" and ")
    return (low, high) if low != str(None) else None


def _unit(name: str) -> str | None:
    return next((unit for form, unit in _UNITS.items() if re.fullmatch(form, name)), None)


def _kind(field: FieldInfo, inner: list[type[BaseModel]], marks: tuple[Any, ...]) -> Kind:
    is_list = item_type(field.annotation) is not None
    if inner and is_list:
        return Kind.SECTIONS
    if inner:
        return Kind.SECTION if len(inner) == 1 else Kind.SECTION_OR_WORD
    if is_list:
        return Kind.TEXTS if str in leaves(item_type(field.annotation)) else Kind.POINTS
    return _kind_of_value(field, marks)


def _kind_of_value(field: FieldInfo, marks: tuple[Any, ...]) -> Kind:
    if any(isinstance(each, Duration) for each in marks):
        return Kind.DURATION
    if _is_choice(field.annotation):
        return Kind.CHOICE
    if Mark.URL in marks:
        return Kind.URL
    if Mark.MAY_BE_IN_FILE in marks:
        return Kind.TEXT_OR_FILE
    leaf = next(iter(leaves(field.annotation)))
    kinds = {int: Kind.INTEGER, float: Kind.NUMBER, bool: Kind.FLAG}
    return next((kind for each, kind in kinds.items() if leaf is each), Kind.TEXT)


def _is_choice(annotation: object) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return any(_is_choice(member) for member in get_args(annotation))


def _plain_default(field: FieldInfo, inner: list[type[BaseModel]]) -> object:
    """The default as a file has it; None where it has none, or says nothing."""
    value = field.default
    says_nothing = value is None or value is PydanticUndefined
    # Where other keys decide the default, the schema is told to leave it out.
    if inner or field.is_required() or says_nothing or callable(field.json_schema_extra):
        return None
    if isinstance(value, float) and any(isinstance(each, Duration) for each in marks_of(field)):
        return format_duration(value)
    return list(value) if isinstance(value, tuple) else value


def _written_default(field: FieldInfo, inner: list[type[BaseModel]]) -> str | None:
    value = _plain_default(field, inner)
    return None if value in (None, "", []) else _inline(value)


def _example(path: str, field: FieldInfo, inner: list[type[BaseModel]]) -> str:
    """The key in the sections around it, as YAML."""
    if path.partition(".")[0] in _PROFILES:
        return _dumped(_PROFILES)
    if inner:
        return ""
    if path.startswith("commands."):
        allow = _SIGNER if path.endswith((".key", ".name")) else _USER
        return _dumped({"commands": {"exchange": "edge-video.commands", "allow": [allow]}})
    value = _EXAMPLES.get(path, _plain_default(field, inner))
    if path.startswith("cameras."):
        return _camera_example(path, value)
    *outer, name = path.split(".")
    if path in ("sink.path", "sink.keep"):
        return _dumped({"sink": {"type": "directory", name: value}})
    shown_section: dict[str, Any] = {name: value}
    for section in reversed(outer):
        shown_section = {section: shown_section}
    return _dumped(shown_section)


def _camera_example(path: str, value: object) -> str:
    """The key of a camera, in that camera."""
    if path.startswith("cameras.schedule."):
        name = path.rpartition(".")[2]
        hours = {"mon-fri": "07:00-19:00"} if name == "timezone" else {name: value}
        schedule = {"timezone": "America/Sao_Paulo", **hours}
        return _dumped({"cameras": [_CAMERA | {"schedule": schedule}]})
    if path.startswith("cameras.masks."):
        mask = _MASK | ({"fill": value} if path.endswith(".fill") else {})
        return _dumped({"cameras": [_CAMERA | {"masks": [mask]}]})
    if path.startswith(_SHARES):
        crop = {**_CROP, path.removeprefix(_SHARES): value}
        return _dumped({"cameras": [_CAMERA | {"crop": crop}]})
    around = _AROUND.get(path, _CAMERA)
    _, *outer, name = path.split(".")
    shown: dict[str, Any] = {name: value}
    for section in reversed(outer):
        shown = {section: shown}
    return _dumped({"cameras": [around | shown]})


def _inline(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).partition("\n")[0]


def _dumped(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=100).rstrip("\n")
