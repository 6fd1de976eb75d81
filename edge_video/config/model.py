"""The configuration as validated, frozen values: what every other part is handed.

A program that embeds edge-video builds these models directly; `edge_video.config.loader` builds
them from YAML. Durations are floats of seconds here and Go's notation (`30s`) in a file. All
relative paths are relative to the working directory of the process.

A validation error never quotes what it was given: it may be a password.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeAlias, get_args
from urllib.parse import unquote

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PrivateAttr,
    SecretStr,
    Strict,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from edge_video.config.url_checks import (
    AMQP_PORTS,
    NETWORK_SCHEMES,
    check_broker_url,
    check_camera_url,
    check_proxy_url,
    scheme_of,
)
from edge_video.metrics.memory import MemoryPolicy
from edge_video.resilience.breaker import BreakerPolicy
from edge_video.text.argument_secrets import mask_arguments, secrets_in_arguments
from edge_video.text.duration import DURATION_PATTERN, MAX_TEXT, format_duration, parse_duration
from edge_video.text.redact import MASK, Redactor, mask_url, secrets_in_url
from edge_video.text.urls import SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic.fields import FieldInfo

FROM_FILE: Final = {"from_file": True}
"""The validation context of a file: there a duration must be written with its unit."""

_PROXIED: Final = ("http", "https")
_MAX_SHORT_STRING: Final = 255  # bytes; AMQP 0-9-1 counts them in one octet


def _wrong(words: str) -> PydanticCustomError:
    """An error in our own words; braces in them are not a template's."""
    return PydanticCustomError("edge_video", "{words}", {"words": words})


_Conflict: TypeAlias = tuple[str, tuple[str, ...], str]
"""The key to blame, the keys involved, words.

Keys are dotted paths relative to the model, an index between dots: `cameras.2.id`.
"""


def _conflict(conflicts: Iterable[_Conflict]) -> None:
    """Raise one error for all conflicts, if there are any."""
    found = list(conflicts)
    if found:
        words = "; ".join(f"{key}: {text}" for key, _, text in found)
        raise PydanticCustomError("conflict", "{words}", {"words": words, "conflicts": found})


# --- types of single values -----------------------------------------------------------------


def _to_seconds(value: object, info: ValidationInfo) -> float:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise _wrong(str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("a duration is text like 30s, 5m or 500ms")
    if info.context == FROM_FILE and value != 0:
        raise _wrong(f"{value} has no unit; write {value}s, {value}ms or {value}m")
    if not 0 <= value < float("inf"):  # also refuses what is not a number
        raise _wrong("a duration is a number of seconds, zero or more")
    return float(value)


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a float as seconds between two bounds, and lets Go's notation stand for it."""

    low_s: float
    high_s: float

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Seconds, from text or a number."""
        handler(source)
        return core_schema.no_info_after_validator_function(
            self._in_bounds, core_schema.with_info_plain_validator_function(_to_seconds)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What a file may say; `0` is the one number that needs no unit."""
        text = {"type": "string", "pattern": DURATION_PATTERN, "maxLength": MAX_TEXT}
        return {"anyOf": [text, {"const": 0}]}

    def _in_bounds(self, seconds: float) -> float:
        if not self.low_s <= seconds <= self.high_s:
            low, high = format_duration(self.low_s), format_duration(self.high_s)
            raise _wrong(f"{format_duration(seconds)} is not between {low} and {high}")
        return seconds


_DAY_S: Final = 86_400.0
Seconds: TypeAlias = Annotated[float, Duration(0.0, 30 * _DAY_S)]
"""Any length of time."""
Period: TypeAlias = Annotated[float, Duration(0.05, _DAY_S)]
"""An interval or a time-out that must not be zero."""
ShortDuration: TypeAlias = Annotated[float, Duration(0.0, 600.0)]
"""A short wait."""
Heartbeat: TypeAlias = Annotated[float, Duration(1.0, 3600.0)]
Lifetime: TypeAlias = Annotated[float, Duration(0.001, 30 * _DAY_S)]

Whole: TypeAlias = Annotated[int, Strict()]
Number: TypeAlias = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Flag: TypeAlias = Annotated[bool, Strict()]


def _one_line(text: str) -> str:
    if any(not character.isprintable() for character in text):
        raise _wrong("it contains a line break or another control character")
    return text


def _argument(text: str) -> str:
    """Of FFmpeg: lines of `-headers` are told apart by line ends."""
    _not_empty(text.replace("\r", "").replace("\n", ""))
    return text


def _not_empty(text: str) -> str:
    if not text.strip():
        raise _wrong("it is empty")
    return _one_line(text)


def _no_wildcard(text: str) -> str:
    size = len(_one_line(text).encode())
    if size > _MAX_SHORT_STRING:
        raise _wrong(f"it has {size} bytes; AMQP allows {_MAX_SHORT_STRING}")
    if set(text) & {"*", "#"}:
        raise _wrong("* and # are wildcards of bindings; a frame's own routing key has none")
    if " " in text:
        raise _wrong("it contains a space")
    return text


def _no_option(text: str) -> str:
    if text.startswith("-"):
        raise _wrong("it begins with a -, as an option does; further options go to input_args")
    return text


def _exchange_name(text: str) -> str:
    size = len(_not_empty(text).encode())
    if size > _MAX_SHORT_STRING:
        raise _wrong(f"it has {size} bytes; AMQP allows {_MAX_SHORT_STRING}")
    return text


def _camera_id(text: str) -> str:
    if not re.fullmatch(_CAMERA_ID, text):
        raise _wrong(
            "it must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and begin with a letter,"
            " a digit or _, because it becomes the name of directories and of routing keys"
        )
    return text


def _no_directory(text: str) -> str:
    if text.endswith("/") or Path(text).is_dir():
        raise _wrong("it is a directory; name a file in it")
    return text


def _existing_file(path: Path) -> Path:
    _not_empty(str(path))
    if not path.is_file():
        there = path.exists() and not path.is_dir()
        raise _wrong(f"{path} is no regular file" if there else f"there is no file {path}")
    if not os.access(path, os.R_OK):
        raise _wrong(f"the file {path} may not be read by this user")
    return path


def _executable(text: str) -> str:
    if "/" in _not_empty(text) and not (Path(text).is_file() and os.access(text, os.X_OK)):
        raise _wrong(f"there is no program {text}; leave the key out to use ffmpeg from PATH")
    return text


def _rotation(text: str) -> str:
    if not re.fullmatch(_ROTATION, text):
        raise _wrong(
            "it is neither a size (10 MB), nor an age (1 day), nor a time of day (00:00),"
            " nor a weekday (monday at 12:00)"
        )
    return text


def _umask(text: str) -> str:
    if not re.fullmatch(_UMASK, text):
        raise _wrong("a umask is three octal digits: 027 keeps others out, 077 the group as well")
    return text


_UMASK: Final = r"(0o|0)?[0-7]{3}"
_CAMERA_ID: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"
# The part of loguru's notation that has one obvious reading.
_ROTATION: Final = (
    r"(?i:[1-9][0-9]*(\.[0-9]+)? ?(?-i:[kKMG]i?B)"
    r"|[1-9][0-9]* ?(second|minute|hour|day|week|month)s?"
    r"|([01]?[0-9]|2[0-3]):[0-5][0-9]"
    r"|(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"( at ([01]?[0-9]|2[0-3]):[0-5][0-9])?)"
)

Text: TypeAlias = Annotated[str, AfterValidator(_not_empty)]
Argument: TypeAlias = Annotated[str, AfterValidator(_argument)]
RoutingKey: TypeAlias = Annotated[str, AfterValidator(_no_wildcard)]
ExchangeName: TypeAlias = Annotated[str, AfterValidator(_exchange_name)]
CameraIdText: TypeAlias = Annotated[
    str,
    AfterValidator(_camera_id),
    # The pattern goes to the schema only: the validator's words are better than a regex.
    WithJsonSchema({"type": "string", "pattern": f"^{_CAMERA_ID}$"}),
]
FilePath: TypeAlias = Annotated[Path, AfterValidator(_existing_file)]
Program: TypeAlias = Annotated[str, AfterValidator(_executable)]
Rotation: TypeAlias = Annotated[str, AfterValidator(_rotation)]
Umask: TypeAlias = Annotated[
    str, AfterValidator(_umask), WithJsonSchema({"type": "string", "pattern": f"^{_UMASK}$"})
]
Level: TypeAlias = Annotated[
    Literal["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(
        lambda value: (
            {"WARN": "WARNING"}.get(value.upper(), value.upper())
            if isinstance(value, str)
            else value
        )
    ),
]


class _Model(BaseModel):
    """A key without a value (`circuit_breaker:` with every line below commented out) is absent."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: value for key, value in given.items() if value is not None}
        return given


# --- sinks ----------------------------------------------------------------------------------


class AmqpSinkConfig(_Model):
    """Frames go to the broker of `amqp`."""

    type: Literal["amqp"] = "amqp"


class DirectorySinkConfig(_Model):
    """Frames go to files, one directory per camera; for trials without a broker."""

    type: Literal["directory"] = "directory"
    path: Text = "frames"
    """Where the directories are made."""
    keep: Annotated[Whole, Field(ge=1, le=1_000_000)] = 100
    """Files kept per camera; older ones are deleted."""


def _short_form(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


Sink: TypeAlias = Annotated[
    Annotated[AmqpSinkConfig | DirectorySinkConfig, Field(discriminator="type")],
    BeforeValidator(_short_form),
]


# --- AMQP -----------------------------------------------------------------------------------


class TlsConfig(_Model):
    """How the broker is trusted, and how this program proves itself to it."""

    ca: FilePath | None = None
    """PEM file of the authority that signed the broker's certificate; else the system's."""
    cert: FilePath | None = None
    """PEM file of our own certificate, if the broker asks for one."""
    key: FilePath | None = None
    """PEM file of our own key, if it is not in `cert`."""
    verify: Flag = True
    """False accepts any certificate of any broker: for tests only."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.key is not None and self.cert is None:
            _conflict([("key", ("key", "cert"), "a key needs its certificate: set cert as well")])
        return self


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there; everything decoded."""

    host: str
    port: int
    tls: bool
    vhost: str
    username: str
    password: SecretStr

    def __str__(self) -> str:
        scheme = "amqps" if self.tls else "amqp"
        host = f"[{self.host}]" if ":" in self.host else self.host
        vhost = "" if self.vhost == "/" else f"/{self.vhost}"
        return f"{scheme}://{self.username}@{host}:{self.port}{vhost}"


_USER_ALONE: Final = (
    'there is a user name without a password; set password as well (an empty one is "")'
)
_GUEST: Final = "guest"  # RabbitMQ's preset account, for connections from its own machine


def _broker_url(secret: SecretStr) -> SecretStr:
    _in_our_words(check_broker_url, secret.get_secret_value())
    return secret


def _in_our_words(check: Callable[..., None], *given: object) -> None:
    try:
        check(*given)
    except ValueError as error:
        raise _wrong(str(error)) from None


class AmqpConfig(_Model):
    """The broker, and what is sent to it."""

    url: Annotated[SecretStr, AfterValidator(_broker_url)] | None = None
    """`amqp://user:password@host:5672/vhost`, or `amqps://` for TLS."""
    username: Text | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    password: SecretStr | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    exchange: ExchangeName = "edge-video"
    """Topic exchange, durable; declared if it does not exist."""
    routing_key_prefix: RoutingKey = ""
    """A camera without a routing key of its own gets this followed by its id."""
    prefetch_count: Annotated[Whole, Field(ge=0, le=65_535)] = 50
    """Most unconfirmed frames in flight; 0 = no limit."""
    max_in_flight_bytes: Annotated[Whole, Field(ge=65_536, le=2**31 - 1)] = 8 * 2**20
    """Most bytes of unconfirmed frames in flight."""
    message_ttl: Lifetime | None = None
    """How long a frame may wait in a queue; absent: for ever."""
    confirm_timeout: Period = 5.0
    """With frames in flight and nothing confirmed for so long, the connection is given up."""
    max_delay: Period = 0.25
    """How long what is handed to the network may queue there; the rest waits here, newest first."""
    handshake_timeout: Period = 10.0
    """Limit of TCP, TLS and AMQP together; doubled after each time that it ran out, up to 1m."""
    heartbeat: Heartbeat = 10.0
    """AMQP heartbeat."""
    mandatory: Flag = False
    """Ask the broker to return frames that reach no queue; costs CPU when many do."""
    tls: TlsConfig | None = None
    """Only with an `amqps://` URL."""

    if TYPE_CHECKING:  # what is accepted is wider than what the attributes hold

        def __init__(self, *, url: str | SecretStr | None = None, **keys: Any) -> None: ...

    @property
    def masked_url(self) -> str:
        """The broker fit to be shown; empty without a URL."""
        return "" if self.url is None else mask_url(self.url.get_secret_value())

    @property
    def has_password_alone(self) -> bool:
        """Whether there is a password, and no user name to it."""
        split = None if self.url is None else split_url(self.url.get_secret_value())
        has_password = bool(self.password or (split and split.password))
        return has_password and not (self.username or (split and split.username))

    @property
    def broker(self) -> BrokerAddress:
        """The address in parts.

        Raises:
            ValueError: there is no URL; a `Config` whose sink is the broker always has one.
        """
        if self.url is None:
            raise ValueError("amqp.url is not set")
        split = split_url(self.url.get_secret_value())
        vhost = unquote(split.rest[1:]) or "/"
        username = self.username or split.username
        password = self.password.get_secret_value() if self.password else split.password
        if username is None:
            username, password = _GUEST, _GUEST if password is None else password
        return BrokerAddress(
            host=split.host,
            port=split.port or AMQP_PORTS[split.scheme],
            tls=split.scheme == "amqps",
            vhost=vhost,
            username=username,
            password=SecretStr(password or ""),
        )

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.url is None:
            return self
        split = split_url(self.url.get_secret_value())
        conflicts: list[_Conflict] = []
        if (self.username or split.username) and self.password is None and split.password is None:
            key = "username" if self.username else "url"
            conflicts.append((key, ("username", "password", "url"), _USER_ALONE))
        if self.tls is not None and split.scheme != "amqps":
            words = "it takes effect only with a URL that begins with amqps://"
            conflicts.append(("tls", ("tls", "url"), words))
        _conflict(conflicts)
        return self


# --- events ---------------------------------------------------------------------------------


class EventsConfig(_Model):
    """Events about cameras, breakers, publisher and memory, told on the broker as JSON."""

    exchange: ExchangeName
    """Topic exchange, durable; declared if it does not exist. None that carries frames."""
    routing_key_prefix: RoutingKey = ""
    """Before `camera.offline.<id>` and the like."""
    settle: Period = 5.0
    """A state is told once it has held for so long."""
    flap_changes: Annotated[Whole, Field(ge=3, le=1000)] = 6
    """So many changes within `flap_window` are told once, as flapping."""
    flap_window: Period = 60.0
    """And what flapped is told again once it has held for so long."""
    queue: Annotated[Whole, Field(ge=1, le=100_000)] = 1000
    """Most events that wait while the broker is away; the oldest makes room."""

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        if self.flap_window < self.settle:
            window, settle = format_duration(self.flap_window), format_duration(self.settle)
            words = f"{window} is less than settle ({settle})"
            _conflict([("flap_window", ("flap_window", "settle"), words)])
        return self


# --- policies -------------------------------------------------------------------------------


class CircuitBreakerConfig(_Model):
    """When a failing camera is left alone, and for how long."""

    enabled: Flag = True
    """False: a camera is retried for ever, four times a second at most."""
    max_failures: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Consecutive failures that open it."""
    reset_timeout: Seconds = 30.0
    """Added to the backoff: the wait in OPEN is their sum."""
    half_open_successes: Annotated[Whole, Field(ge=1, le=1000)] = 3
    """Good seconds in HALF_OPEN that close it."""
    initial_backoff: Seconds = 5.0
    """The backoff of the failure that opens it."""
    max_backoff: Seconds = 300.0
    """The largest backoff."""
    backoff_multiplier: Annotated[Number, Field(ge=1.0, le=100.0)] = 2.0
    """From one backoff to the next."""
    stable_after: Seconds = 60.0
    """Uninterrupted streaming that clears the count of failures and the backoff."""
    productive_cap: Flag = True
    """The wait after a failure is at most as long as the stream was good before it."""
    long_session: Seconds = 25.0
    """Some cameras end every session after 30 or 60 s and answer at once. The end of a stream
    that was good for so long, for the second time in a row, is no failure that counts: the
    camera is asked again at once. 0s: every end is a failure."""
    jitter: Annotated[Number, Field(ge=0.0, le=0.9)] = 0.1
    """A wait is shortened by up to this share, so that many cameras do not return at once."""

    @model_validator(mode="after")
    def _backoffs_are_ordered(self) -> Self:
        if self.max_backoff < self.initial_backoff:
            high, low = format_duration(self.max_backoff), format_duration(self.initial_backoff)
            words = f"{high} is less than initial_backoff ({low})"
            _conflict([("max_backoff", ("max_backoff", "initial_backoff"), words)])
        return self

    def policy(self) -> BreakerPolicy:
        """The same figures for the breaker itself."""
        return BreakerPolicy(
            enabled=self.enabled,
            max_failures=self.max_failures,
            reset_timeout_s=self.reset_timeout,
            half_open_successes=self.half_open_successes,
            initial_backoff_s=self.initial_backoff,
            max_backoff_s=self.max_backoff,
            backoff_multiplier=self.backoff_multiplier,
            stable_after_s=self.stable_after,
            productive_cap=self.productive_cap,
            long_session_s=self.long_session,
            jitter=self.jitter,
        )


Percent: TypeAlias = Annotated[Number, Field(ge=1.0, le=100.0)]


_LEAST_MEMORY_MB: Final = 60
"""Resident, without any frame: docs/security.md."""
_LEVELS: Final = (
    ("emergency", "frames would be dropped for ever"),
    ("critical", "the level would be CRITICAL for ever"),
    ("warning", "the level would be WARNING for ever"),
)


class MemoryControllerConfig(_Model):
    """How much memory this process may use, and what happens on the way there."""

    enabled: Flag = False
    max_memory_mb: Annotated[Whole, Field(ge=32, le=1_048_576)] = 512
    """All percentages are of this many megabytes (2**20 bytes) of resident memory."""
    warning_percent: Percent = 60.0
    critical_percent: Percent = 75.0
    emergency_percent: Percent = 85.0
    check_interval: Period = 5.0
    gc_trigger_percent: Percent = 70.0
    """From here on the garbage collector is run at each check."""

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        names = ("warning_percent", "critical_percent", "emergency_percent")
        _conflict(
            (high, (low, high), f"{getattr(self, high):g} is not more than {low} ({low_value:g})")
            for low, high in pairwise(names)
            if getattr(self, high) <= (low_value := getattr(self, low))
        )
        return self

    def notes(self) -> list[str]:
        """What these limits would do that is probably not meant."""
        if not self.enabled:
            return []
        for level, consequence in _LEVELS:
            percent = getattr(self, f"{level}_percent")
            megabytes = self.max_memory_mb * percent / 100
            if megabytes < _LEAST_MEMORY_MB:
                words = (
                    f"memory_controller: {level}_percent of max_memory_mb is {megabytes:.0f} MB,"
                    f" and the program alone needs about {_LEAST_MEMORY_MB} MB, so {consequence}:"
                    f" set max_memory_mb to {-(-100 * _LEAST_MEMORY_MB // percent):.0f} or more"
                )
                return [words]
        return []

    def policy(self) -> MemoryPolicy:
        """The same figures for the controller itself."""
        return MemoryPolicy(
            enabled=self.enabled,
            max_memory_mb=self.max_memory_mb,
            warning_percent=self.warning_percent,
            critical_percent=self.critical_percent,
            emergency_percent=self.emergency_percent,
            check_interval_s=self.check_interval,
            gc_trigger_percent=self.gc_trigger_percent,
        )


class LogConfig(_Model):
    """The program's own log; an embedding program sets up its own."""

    level: Level = "INFO"
    format: Literal["text", "json"] = "text"
    """json: one object per line."""
    file: Annotated[Text, AfterValidator(_no_directory)] | None = None
    """Written as well as standard error."""
    rotation: Rotation = "10 MB"
    """When the file is set aside: a size (10 MB), an age (1 day), a time of day (00:00)."""
    retention: Annotated[Whole, Field(ge=1, le=10_000)] = 5
    """Files kept."""


class SupervisionConfig(_Model):
    """How often the publisher, the metrics, HTTP and the reporter may be restarted."""

    max_restarts: Annotated[Whole, Field(ge=0, le=1000)] = 5
    """More restarts than this within `period` end the program."""
    period: Period = 60.0


# --- the operator's view --------------------------------------------------------------------

_HOST_AND_PORT: Final = re.compile(
    r"(\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]/@\s]+)):(?P<port>[0-9]{1,5})"
)
_SHORTEST_TOKEN: Final = 8
_MAX_TOKEN: Final = 200
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where HTTP is served."""

    host: str
    port: int
    """0: any free one."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _split_listen(text: str) -> ListenAddress:
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise _wrong("it must be an address and a port, like 127.0.0.1:8080 or [::1]:8080")
    host = match["v6"] or match["host"].lower()
    if match["v6"]:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise _wrong("what stands between [ and ] is no IPv6 address") from None
    return ListenAddress(host, int(match["port"]))


def _listen(text: str) -> str:
    _split_listen(text)
    return text


def _token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value()
    if not _SHORTEST_TOKEN <= len(token) <= _MAX_TOKEN:
        raise _wrong(f"a token has {_SHORTEST_TOKEN} to {_MAX_TOKEN} characters")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise _wrong("a token is made of ASCII letters, digits and signs, without spaces")
    return secret


def _host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text):
        raise _wrong("it must be a host name, without scheme, port or path")
    return text.lower()


class ReadyConfig(_Model):
    """What `/ready` asks for."""

    publisher: Flag = True
    """The broker is connected."""
    cameras: Annotated[Whole, Field(ge=0, le=10_000)] = 1
    """So many cameras stream, at least."""


class HttpConfig(_Model):
    """The operator's page, probes, metrics and API; off unless this section is there."""

    listen: Annotated[Text, AfterValidator(_listen)] = "127.0.0.1:8080"
    """Address and port. Anything but the machine itself needs a token."""
    token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """Opens actions; on an address that others reach, reading too. Absent: no actions."""
    hosts: tuple[Annotated[str, AfterValidator(_host_name)], ...] = ()
    """Names besides IP addresses under which browsers may ask: a DNS name, a proxy's name."""
    ready: ReadyConfig = Field(default_factory=ReadyConfig)

    @property
    def address(self) -> ListenAddress:
        """`listen` in parts."""
        return _split_listen(self.listen)

    @model_validator(mode="after")
    def _strangers_need_a_token(self) -> Self:
        if self.token is None and not self.address.is_loopback:
            words = (
                "it is required, because listen is an address that other machines reach;"
                " set one (${NAME} or file:/run/secrets/...), or listen on 127.0.0.1"
            )
            _conflict([("token", ("token", "listen"), words)])
        return self


# --- cameras --------------------------------------------------------------------------------


def _camera_url(secret: SecretStr) -> SecretStr:
    _in_our_words(check_camera_url, secret.get_secret_value(), lambda path: Path(path).is_file())
    return secret


def _even(pixels: int) -> int:
    if pixels % 2:
        raise _wrong(f"{pixels} is odd; most encoders need an even number")
    return pixels


Pixels: TypeAlias = Annotated[Whole, Field(ge=16, le=8192), AfterValidator(_even)]


def _without_default(schema: dict[str, Any]) -> None:
    """An editor must not be told a default that other keys decide."""
    del schema["default"]


_NO_DEFAULT: Final = Field(json_schema_extra=_without_default)


def _proxy_url(secret: SecretStr) -> SecretStr:
    _in_our_words(check_proxy_url, secret.get_secret_value())
    return secret


class CameraConfig(_Model):
    """One camera. In a `Config`, what is absent here comes from the keys above the cameras."""

    id: CameraIdText
    """Its name in logs, messages, directories and routing keys."""
    url: Annotated[SecretStr, AfterValidator(_camera_url)]
    """`rtsp(s)://`, `rtmp(s)://`, `http(s)://`, a file, or `lavfi:` and an FFmpeg test source."""
    username: Text | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    password: SecretStr | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    enabled: Flag = True
    """False: configured, shown, not started."""
    fps: Annotated[Whole, Field(ge=1, le=60)] = 15
    """Frames per second; absent: the `fps` above the cameras."""
    quality: Annotated[Whole, Field(ge=2, le=31)] = 5
    """MJPEG qscale, 2 is best; absent: the `quality` above the cameras."""
    width: Pixels | None = None
    """Scale to it; alone, the height follows; with both, the shape is kept between black bars."""
    height: Pixels | None = None
    """Scale to it; alone, the width follows; with both, the shape is kept between black bars."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How RTSP carries the stream."""
    stall_timeout: Period = 10.0
    """No whole frame for so long is a failure."""
    first_frame_timeout: Period = 20.0
    """The same, before the first frame."""
    key_frame_timeout: Period = 120.0
    """The same, while data arrive and no picture can be decoded: the camera owes a key frame."""
    http_proxy: Annotated[SecretStr, AfterValidator(_proxy_url)] | None = None
    """`http://host:3128`: only this asks through a proxy, never the environment's variables."""
    mode: Literal["transcode", "passthrough"] = "transcode"
    """passthrough: the camera sends Motion JPEG, and its images are passed on as they are."""
    keyframes_only: Flag = False
    """Decode nothing but key frames: for a camera that needs a frame every few seconds."""
    hwaccel: Annotated[Text, AfterValidator(_no_option)] | None = None
    """FFmpeg's `-hwaccel`: decode on this hardware (auto, vaapi, cuda, qsv ...); absent: none."""
    input_args: Annotated[tuple[Argument, ...], Field(repr=False)] = ()
    """FFmpeg arguments placed before `-i`."""
    exchange: Annotated[ExchangeName, _NO_DEFAULT] = "edge-video"
    """Absent: `amqp.exchange`."""
    routing_key: Annotated[RoutingKey, _NO_DEFAULT] = ""
    """Absent: `amqp.routing_key_prefix` followed by the id."""

    if TYPE_CHECKING:  # what is accepted is wider than what the attributes hold

        def __init__(
            self,
            *,
            id: str,  # noqa: A002 - the name of the key
            url: str | SecretStr,
            **keys: Any,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _empty_route_is_absent(cls, given: Any) -> Any:
        if isinstance(given, dict):
            routes = ("exchange", "routing_key")
            return {key: value for key, value in given.items() if key not in routes or value != ""}
        return given

    @model_validator(mode="after")
    def _user_has_a_password(self) -> Self:
        username, password = self.credentials
        if username and password is None:
            key = "username" if self.username else "url"
            _conflict([(key, ("username", "password", "url"), _USER_ALONE)])
        return self

    @model_validator(mode="after")
    def _route_is_concrete(self) -> Self:
        if not self.routing_key:
            # Around the frozen model, and without marking the key as given.
            object.__setattr__(self, "routing_key", self.id)
        return self

    @model_validator(mode="after")
    def _proxy_has_a_use(self) -> Self:
        if self.http_proxy is not None and scheme_of(self.url.get_secret_value()) not in _PROXIED:
            words = "only http:// and https:// cameras are asked through a proxy"
            _conflict([("http_proxy", ("http_proxy", "url"), words)])
        return self

    @property
    def masked_url(self) -> str:
        """Fit to be shown."""
        return mask_url(self.url.get_secret_value())

    @property
    def host(self) -> str | None:
        """The host of a network source, in lower case; None for files and test sources."""
        split = self._split_url
        return split.host if split else None

    @property
    def credentials(self) -> tuple[str | None, SecretStr | None]:
        """User name and password, decoded: the keys, else the URL's."""
        split = self._split_url
        username = self.username or (split.username if split else None)
        if self.password is not None or split is None or split.password is None:
            return username, self.password
        return username, SecretStr(split.password)

    @property
    def _split_url(self) -> SplitUrl | None:
        url = self.url.get_secret_value()
        return split_url(url) if scheme_of(url) in NETWORK_SCHEMES else None


# --- everything -----------------------------------------------------------------------------


def _language(value: object) -> object:
    if isinstance(value, str):
        name = value.replace("_", "-").casefold()
        return {"pt": "pt-BR", "pt-br": "pt-BR", "auto": "auto", "en": "en"}.get(name, value)
    return value


class Config(_Model):
    """Everything, checked. Each camera carries its concrete fps, quality, exchange and route."""

    fps: Annotated[Whole, Field(ge=1, le=60)] = 15
    """Frames per second of each camera."""
    quality: Annotated[Whole, Field(ge=2, le=31)] = 5
    """MJPEG qscale of each camera, 2 is best."""
    sink: Sink = Field(default_factory=AmqpSinkConfig)
    """Where frames go: `amqp`, or `{type: directory, path: frames, keep: 100}`."""
    amqp: AmqpConfig | None = None
    events: EventsConfig | None = None
    """Absent: no events are told on the broker."""
    circuit_breaker: CircuitBreakerConfig = Field(default_factory=CircuitBreakerConfig)
    memory_controller: MemoryControllerConfig = Field(default_factory=MemoryControllerConfig)
    buffer: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Frames of one camera that may wait for the sink; the oldest makes room."""
    max_buffered_bytes: Annotated[Whole, Field(ge=16 * 2**20, le=2**40)] = 256 * 2**20
    """Bytes of all frames that wait; beyond it the camera that holds the most loses its oldest."""
    max_age: Period = 2.0
    """A frame older than this when its turn comes is dropped."""
    start_spacing: ShortDuration = 0.1
    """Least time between two starts of cameras on one host."""
    report_interval: Period = 30.0
    """How often the monitor is printed."""
    shutdown_timeout: ShortDuration = 5.0
    """How long frames that are held may take to be confirmed at shutdown."""
    language: Annotated[Literal["auto", "en", "pt-BR"], BeforeValidator(_language)] = "auto"
    """Of logs and reports; auto: from the locale."""
    log: LogConfig = Field(default_factory=LogConfig)
    node: Text = Field(default_factory=lambda: socket.gethostname() or "edge-video")
    """This machine's name in messages; absent: its host name."""
    ffmpeg: Program | None = None
    """The FFmpeg binary; absent: ffmpeg on PATH, else the one of the imageio-ffmpeg package."""
    malloc_tuning: Flag = True
    """Keep glibc from giving memory back to the system after each frame: less CPU."""
    umask: Umask = "027"
    """What files of this program never allow, beside what its own umask forbids: log, pictures,
    reports. 027: no access for others."""
    supervision: SupervisionConfig = Field(default_factory=SupervisionConfig)
    http: HttpConfig | None = None
    """The operator's view; absent: nothing is served."""
    cameras: Annotated[tuple[CameraConfig, ...], Field(json_schema_extra={"minItems": 1})]
    """At least one."""

    _notes: tuple[str, ...] = PrivateAttr(default=())

    if TYPE_CHECKING:  # what is accepted is wider than what the attributes hold

        def __init__(
            self, *, cameras: Iterable[CameraConfig | Mapping[str, Any]], **keys: Any
        ) -> None: ...

    @field_validator("cameras")
    @classmethod
    def _cameras_inherit(
        cls, cameras: tuple[CameraConfig, ...], info: ValidationInfo
    ) -> tuple[CameraConfig, ...]:
        if not cameras:
            raise _wrong("there must be at least one camera")
        # Keys that are in error are missing here; their own error is reported.
        amqp = info.data.get("amqp") or AmqpConfig()
        above = {
            "fps": info.data.get("fps", 15),
            "quality": info.data.get("quality", 5),
            "exchange": amqp.exchange,
        }
        return tuple(
            camera.model_copy(
                update={
                    key: value
                    for key, value in (
                        above | {"routing_key": amqp.routing_key_prefix + camera.id}
                    ).items()
                    if key not in camera.model_fields_set
                }
            )
            for camera in cameras
        )

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        conflicts = [
            *self._repeated_ids(),
            *self._long_routes(),
            *self._misplaced_events(),
            *self._not_decoded(),
        ]
        if isinstance(self.sink, AmqpSinkConfig) and (self.amqp is None or self.amqp.url is None):
            words = (
                "it is required, because frames go to the broker;"
                " for a trial without one, write sink: directory"
            )
            conflicts.append(("amqp.url", ("amqp.url", "amqp", "sink"), words))
        _conflict(conflicts)
        return self

    def _repeated_ids(self) -> Iterable[_Conflict]:
        first: dict[str, int] = {}
        for index, camera in enumerate(self.cameras):
            # Directories on some file systems ignore case.
            earlier = first.setdefault(camera.id.casefold(), index)
            if earlier != index:
                keys = (f"cameras.{index}.id", f"cameras.{earlier}.id")
                yield keys[0], keys, f"{camera.id} is already the id of cameras[{earlier}]"

    def _not_decoded(self) -> Iterable[_Conflict]:
        """What needs decoded pictures, of cameras whose images are passed on as they are."""
        for number, camera in enumerate(self.cameras):
            if camera.mode == "passthrough":
                for key in ("width", "height", "hwaccel", "keyframes_only"):
                    if getattr(camera, key) not in (None, False):
                        place = f"cameras.{number}.{key}"
                        yield place, (place,), "with mode: passthrough nothing is decoded or scaled"

    def _long_routes(self) -> Iterable[_Conflict]:
        for index, camera in enumerate(self.cameras):
            size = len(camera.routing_key.encode())
            if size > _MAX_SHORT_STRING:
                words = f"with the id of cameras[{index}] it has {size} bytes; AMQP allows 255"
                yield "amqp.routing_key_prefix", ("amqp.routing_key_prefix",), words

    def _misplaced_events(self) -> Iterable[_Conflict]:
        events = self.events
        if events is None:
            return
        if not isinstance(self.sink, AmqpSinkConfig):
            words = "events travel on the connection of the frames; they need sink: amqp"
            yield "events", ("events", "sink"), words
        for index, camera in enumerate(self.cameras):
            if camera.exchange == events.exchange:
                words = (
                    f"{events.exchange} carries the frames of cameras[{index}]; events need an"
                    " exchange of their own, or whoever is bound with # would get them as frames"
                )
                keys = ("events.exchange", f"cameras.{index}.exchange", "amqp.exchange")
                yield "events.exchange", keys, words
                return
        longest = max((len(camera.id) for camera in self.cameras), default=0)
        size = len(events.routing_key_prefix.encode()) + len("breaker.flapping.") + longest
        if size > _MAX_SHORT_STRING:
            words = f"with the longest id it makes keys of {size} bytes; AMQP allows 255"
            yield "events.routing_key_prefix", ("events.routing_key_prefix",), words

    def with_notes(self, notes: tuple[str, ...]) -> Self:
        """The same configuration, with what its file's reader had to say; secrets masked."""
        noted = self.model_copy()
        noted._notes = notes  # noqa: SLF001 - its own kind; the model is frozen
        return noted

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and probably not meant, a sentence each, secrets masked."""
        found = [*self._notes]
        routes: dict[tuple[str, str], str] = {}
        for camera in self.cameras:
            other = routes.setdefault((camera.exchange, camera.routing_key), camera.id)
            if other != camera.id and isinstance(self.sink, AmqpSinkConfig):
                found.append(
                    f"cameras {other} and {camera.id} share the routing key {camera.routing_key}"
                    f" of exchange {camera.exchange}: consumers can tell their frames apart only"
                    " by the header camera_id"
                )
        if not any(camera.enabled for camera in self.cameras):
            found.append("every camera is disabled: nothing will be captured")
        if self.amqp is not None and self.amqp.tls is not None and not self.amqp.tls.verify:
            found.append("amqp.tls.verify is false: any broker's certificate is accepted")
        found += [
            f"camera {camera.id} has a password without a username: most cameras ask for both"
            for camera in self.cameras
            if camera.credentials[1] is not None and camera.credentials[0] is None
        ]
        if self.amqp is not None and self.amqp.has_password_alone:
            found.append("amqp has a password without a username: guest is tried with it")
        found += self.memory_controller.notes()
        redact = self.secrets()
        return tuple(map(redact, found))

    def secrets(self) -> Redactor:
        """Masks every password of this configuration, those in URLs included."""
        redactor = redactor_of(self.cameras)
        if self.http is not None and self.http.token is not None:
            redactor.add_secret(self.http.token.get_secret_value())
        amqp = self.amqp
        if amqp is None or amqp.url is None:
            if amqp is not None and amqp.password is not None:
                redactor.add_credentials(amqp.username or "", amqp.password.get_secret_value())
            return redactor
        for secret in secrets_in_url(amqp.url.get_secret_value()):
            if secret != _GUEST:
                redactor.add_secret(secret)
        password = amqp.broker.password.get_secret_value()
        # guest is RabbitMQ's preset, known to all: masking it would only blur user names.
        if password != _GUEST:
            redactor.add_credentials(amqp.broker.username, password)
        return redactor

    def masked(self) -> dict[str, Any]:
        """The effective configuration as plain values: durations in Go's form, secrets masked."""
        return _plain(self, self.secrets())


def redactor_of(cameras: Iterable[CameraConfig]) -> Redactor:
    """Masks every password of some cameras, those in URLs included."""
    secrets: set[str] = set()
    credentials = []
    for camera in cameras:
        found = {
            *secrets_in_url(camera.url.get_secret_value()),
            *secrets_in_arguments(camera.input_args),
        }
        if camera.http_proxy is not None:
            found.update(secrets_in_url(camera.http_proxy.get_secret_value()))
        # A camera is often called like its stream: its name must stay readable.
        secrets |= found - {camera.id}
        username, password = camera.credentials
        if password is not None:
            credentials.append((username or "", password.get_secret_value()))
    return Redactor(secrets, credentials)


def _plain(model: BaseModel, redact: Redactor) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if value is not None and _is_duration(field):
            plain[name] = format_duration(value)
        elif isinstance(value, SecretStr):
            secret = value.get_secret_value()
            plain[name] = redact(mask_url(secret)) if name == "url" else MASK
        elif name == "input_args":
            plain[name] = [redact(each) for each in mask_arguments(value)]
        else:
            plain[name] = _plain_value(value, redact)
    return plain


def _plain_value(value: object, redact: Redactor) -> object:
    if isinstance(value, BaseModel):
        return _plain(value, redact)
    if isinstance(value, tuple):
        return [_plain_value(each, redact) for each in value]
    return redact(str(value)) if isinstance(value, str | Path) else value


def _is_duration(field: FieldInfo) -> bool:
    return any(isinstance(mark, Duration) for mark in marks_of(field))


def marks_of(field: FieldInfo) -> list[object]:
    """Everything `Annotated` says of a field, also inside `… | None` and nested `Field(…)`."""
    marks: list[object] = [*field.metadata]
    for member in get_args(field.annotation):
        marks += getattr(member, "__metadata__", ())
    for mark in tuple(marks):
        marks += getattr(mark, "metadata", ())
    return marks
