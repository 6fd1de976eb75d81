"""Declares the types of single values; each checks its value and says what would be right."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import core_schema

from edge_video.config.section import Accepts, invalid
from edge_video.text.duration import DURATION_PATTERN, MAX_TEXT, format_duration, parse_duration

FROM_FILE: Final = {"from_file": True}
"""The validation context of a file: there a duration must be written with its unit."""

MAX_SHORT_STRING: Final = 255
"""Bytes of an AMQP 0-9-1 short string, which counts them in one octet."""

USER_ALONE: Final = (
    'there is a user name without a password; set password as well (an empty one is "")'
)
"""The message about a user name, of a camera or of the broker, that has no password."""
NUL_IN_LOGIN: Final = (
    "its user name or its password has a NUL in it (%00 in a URL), with which FFmpeg cannot log in;"
    " write it anew"
)
"""The message about a login of a camera that no argument of a program can hold."""


class Mark(Enum):
    """Says of a type what else is to be known of its keys."""

    URL = auto()
    """The secret is a URL: shown with its secret parts masked."""
    ARGUMENTS = auto()
    """The list holds FFmpeg arguments: shown with the secrets in them masked."""
    MAY_BE_IN_FILE = auto()
    """The value may name the file that holds it: `file:/run/secrets/cam1`."""


@dataclass(frozen=True, slots=True)
class InSchema:
    """Adds to the JSON schema what a validator checks, with a better message than a pattern."""

    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    multiple_of: int | None = None
    min_items: int | None = None
    max_items: int | None = None

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the value as its type does, and add what is said here."""
        further = {
            "pattern": self.pattern,
            "minLength": self.min_length,
            "maxLength": self.max_length,
            "multipleOf": self.multiple_of,
            "minItems": self.min_items,
            "maxItems": self.max_items,
        }
        added = {key: value for key, value in further.items() if value is not None}
        return {**handler(schema), **added}


@dataclass(frozen=True, slots=True)
class Formerly:
    """Marks a key with the name that it had before, which an unknown key may be."""

    name: str


def _to_seconds(value: object, info: ValidationInfo) -> float:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise invalid(str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid("a duration is text like 30s, 5m or 500ms")
    if info.context == FROM_FILE and value != 0:
        raise invalid(f"{value} has no unit; write {value}s, {value}ms or {value}m")
    if not 0 <= value < float("inf"):  # also refuses what is not a number
        raise invalid("a duration is a number of seconds, zero or more")
    return float(value)


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a float as seconds between two bounds, and lets Go's notation stand for it."""

    low_s: float
    high_s: float

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate text or a number as seconds."""
        handler(source)
        return core_schema.no_info_after_validator_function(
            self._in_bounds, core_schema.with_info_plain_validator_function(_to_seconds)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what a file may say; `0` is the one number that needs no unit."""
        text = {"type": "string", "pattern": DURATION_PATTERN, "maxLength": MAX_TEXT}
        return {"anyOf": [text, {"const": 0}]} if self.low_s == 0 else text

    def _in_bounds(self, seconds: float) -> float:
        if not self.low_s <= seconds <= self.high_s:
            low, high = format_duration(self.low_s), format_duration(self.high_s)
            raise invalid(f"{format_duration(seconds)} is not between {low} and {high}")
        return seconds


_DAY_S: Final = 86_400.0
_SHORTEST_PERIOD_S: Final = 0.05
Seconds: TypeAlias = Annotated[Accepts[float, float | str], Duration(0.0, 30 * _DAY_S)]
"""Any length of time."""
Period: TypeAlias = Annotated[Accepts[float, float | str], Duration(_SHORTEST_PERIOD_S, _DAY_S)]
"""An interval or a time-out that must not be zero."""


NodeStatusPeriod: TypeAlias = Annotated[Accepts[float, float | str], Duration(5.0, 3600.0)]
"""How often a node tells how it is: a burden for nobody, and news for whoever looks."""


def _never_or_rarely(seconds: float) -> float:
    if 0 < seconds < _SHORTEST_PERIOD_S:
        shortest = format_duration(_SHORTEST_PERIOD_S)
        raise invalid(f"{format_duration(seconds)} is below {shortest}; 0s means never")
    return seconds


PeriodOrNever: TypeAlias = Annotated[
    Accepts[float, float | str], Duration(0.0, _DAY_S), AfterValidator(_never_or_rarely)
]
"""An interval; zero: never."""
ShortDuration: TypeAlias = Annotated[Accepts[float, float | str], Duration(0.0, 600.0)]
"""A short wait."""
Heartbeat: TypeAlias = Annotated[Accepts[float, float | str], Duration(1.0, 3600.0)]
"""The interval of AMQP's heartbeats."""
Lifetime: TypeAlias = Accepts[
    Annotated[float, Duration(0.001, 30 * _DAY_S)] | None, float | str | None
]
"""How long something is kept; None for ever."""

Whole: TypeAlias = Annotated[int, Strict()]
Number: TypeAlias = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Megabytes: TypeAlias = Annotated[Whole, Field(ge=0, le=1_048_576)]
CpuPercent: TypeAlias = Annotated[Whole, Field(ge=0, le=100_000)]
"""Of one core."""
Flag: TypeAlias = Annotated[bool, Strict()]


def _one_line(text: str) -> str:
    if any(not character.isprintable() for character in text):
        raise invalid("it contains a line break or another control character")
    return text


def _argument(text: str) -> str:
    """Check an argument of FFmpeg; it may hold line ends, as between several `-headers`."""
    _not_empty(text.replace("\r", "").replace("\n", ""))
    return text


def _not_empty(text: str) -> str:
    if not text.strip():
        raise invalid("it is empty")
    return _one_line(text)


def _no_wildcard(text: str) -> str:
    size = len(_one_line(text).encode())
    if size > MAX_SHORT_STRING:
        raise invalid(f"it has {size} bytes; AMQP allows {MAX_SHORT_STRING}")
    if set(text) & {"*", "#"}:
        raise invalid("* and # are wildcards of bindings; a frame's own routing key has none")
    if " " in text:
        raise invalid("it contains a space")
    return text


def _no_option(text: str) -> str:
    if text.startswith("-"):
        raise invalid("it begins with a -, as an option does; further options go to input_args")
    return text


def _exchange_name(text: str) -> str:
    size = len(_not_empty(text).encode())
    if size > MAX_SHORT_STRING:
        raise invalid(f"it has {size} bytes; AMQP allows {MAX_SHORT_STRING}")
    return text


def _camera_id(text: str) -> str:
    if not re.fullmatch(_CAMERA_ID, text):
        raise invalid(
            "it must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and begin with a letter,"
            " a digit or _, because it becomes the name of directories and of routing keys"
        )
    return text


def _endpoint(text: str) -> str:
    if len(_not_empty(text)) > MAX_SHORT_STRING or any(map(str.isspace, text)):
        raise invalid(f"it must be 1 to {MAX_SHORT_STRING} characters without spaces")
    return text.lower()


def _hardware_address(text: str) -> str:
    if not re.fullmatch(_MAC, text):
        raise invalid("it must be six pairs of hexadecimal digits: 00:11:22:33:44:55")
    return text.replace("-", ":").lower()


def _no_directory(text: str) -> str:
    if text.endswith("/") or Path(text).is_dir():
        raise invalid("it is a directory; name a file in it")
    return text


def _existing_file(path: Path) -> Path:
    _not_empty(str(path))
    if not path.is_file():
        there = path.exists() and not path.is_dir()
        raise invalid(f"{path} is no regular file" if there else f"there is no file {path}")
    if not os.access(path, os.R_OK):
        raise invalid(f"the file {path} may not be read by this user")
    return path


def _executable(text: str) -> str:
    if "/" in _not_empty(text) and not (Path(text).is_file() and os.access(text, os.X_OK)):
        raise invalid(f"there is no program {text}; leave the key out to use ffmpeg from PATH")
    return text


def _rotation(text: str) -> str:
    if not re.fullmatch(_ROTATION, text):
        raise invalid(
            "it is neither a size (10 MB), nor an age (1 day), nor a time of day (00:00),"
            " nor a weekday (monday at 12:00)"
        )
    return text


def _umask(text: str) -> str:
    if not re.fullmatch(_UMASK, text):
        raise invalid("a umask is three octal digits: 027 keeps others out, 077 the group as well")
    return text


_UMASK: Final = r"(0o|0)?[0-7]{3}"
_MAC: Final = r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}"
_CAMERA_ID: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"
# The part of loguru's notation that has one obvious reading.
_ROTATION: Final = (
    r"(?i:[1-9][0-9]*(\.[0-9]+)? ?(?-i:[kKMG]i?B)"
    r"|[1-9][0-9]* ?(second|minute|hour|day|week|month)s?"
    r"|([01]?[0-9]|2[0-3]):[0-5][0-9]"
    r"|(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"( at ([01]?[0-9]|2[0-3]):[0-5][0-9])?)"
)

Text: TypeAlias = Annotated[str, AfterValidator(_not_empty), InSchema(min_length=1)]
FileName: TypeAlias = Annotated[Text, AfterValidator(_no_directory)]
Argument: TypeAlias = Annotated[str, AfterValidator(_argument)]
Username: TypeAlias = Annotated[Text, Mark.MAY_BE_IN_FILE]
Secret: TypeAlias = Annotated[SecretStr, Mark.MAY_BE_IN_FILE]
OptionalSecret: TypeAlias = Accepts[Secret | None, SecretStr | str | None]
RoutingKey: TypeAlias = Annotated[
    str,
    AfterValidator(_no_wildcard),
    InSchema(pattern=r"^[^*# ]*$", max_length=MAX_SHORT_STRING),
]
ExchangeName: TypeAlias = Annotated[
    str,
    AfterValidator(_exchange_name),
    InSchema(min_length=1, max_length=MAX_SHORT_STRING),
]
CameraIdText: TypeAlias = Annotated[
    str,
    AfterValidator(_camera_id),
    # The pattern goes to the schema only: the validator's message is better than a regex.
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^{_CAMERA_ID}$"}),
]
Endpoint: TypeAlias = Annotated[
    str,
    AfterValidator(_endpoint),
    InSchema(pattern=r"^\S+$", max_length=MAX_SHORT_STRING),
]
HardwareAddress: TypeAlias = Annotated[
    str,
    AfterValidator(_hardware_address),
    WithJsonSchema({"type": "string", "pattern": f"^{_MAC}$"}),
]
FilePath: TypeAlias = Accepts[
    Annotated[Path, AfterValidator(_existing_file)] | None, Path | str | None
]
Program: TypeAlias = Annotated[str, AfterValidator(_executable), InSchema(min_length=1)]
OptionValue: TypeAlias = Annotated[Text, AfterValidator(_no_option), InSchema(pattern="^[^-]")]
Hwaccel: TypeAlias = Literal[
    "none",
    "auto",
    "cuda",
    "vaapi",
    "qsv",
    "v4l2m2m",
    "drm",
    "vdpau",
    "vulkan",
    "videotoolbox",
    "d3d11va",
]
"""Hardware that decodes, by FFmpeg's names; `edge_video.capture.hardware` knows each of them."""
Huffman: TypeAlias = Literal["standard", "optimal"]
"""Tables of JPEG's entropy coder: those that its standard gives, or made for each picture."""
JpegEncoder: TypeAlias = Literal["software", "hardware"]
Rotation: TypeAlias = Annotated[str, AfterValidator(_rotation)]
Umask: TypeAlias = Annotated[
    str, AfterValidator(_umask), WithJsonSchema({"type": "string", "pattern": f"^{_UMASK}$"})
]
Level: TypeAlias = Annotated[
    Accepts[Literal["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"], str],
    BeforeValidator(
        lambda value: (
            {"WARN": "WARNING"}.get(value.upper(), value.upper())
            if isinstance(value, str)
            else value
        )
    ),
]


Percent: TypeAlias = Annotated[Number, Field(ge=1.0, le=100.0)]


def _even(pixels: int) -> int:
    if pixels % 2:
        raise invalid(f"{pixels} is odd; most encoders need an even number")
    return pixels


Pixels: TypeAlias = Annotated[
    Whole, Field(ge=16, le=8192), AfterValidator(_even), InSchema(multiple_of=2)
]
