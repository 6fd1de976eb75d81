"""Declares the whole configuration as a validated, frozen value.

A program that embeds edge-video builds these models directly; `edge_video.config.loader` builds
them from YAML. Durations are floats of seconds here and Go's notation (`30s`) in a file. All
relative paths are relative to the working directory of the process.

A validation error never quotes what it was given: it may be a password.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from edge_video.config.broker import AmqpConfig, AmqpSinkConfig, EventsConfig, Sink
from edge_video.config.camera import CameraConfig
from edge_video.config.cluster import ClusterConfig, cluster_conflicts
from edge_video.config.commands import CommandsConfig, misplaced_commands
from edge_video.config.http import HttpConfig
from edge_video.config.liveness import LivenessConfig, inherited
from edge_video.config.masking import masked, redactor_of
from edge_video.config.policies import (
    CircuitBreakerConfig,
    LogConfig,
    MemoryControllerConfig,
    StateConfig,
    SupervisionConfig,
)
from edge_video.config.problems import ConfigError, Problem
from edge_video.config.profiles import ProfilesConfig
from edge_video.config.publish import PublishConfig
from edge_video.config.section import (
    Accepts,
    Conflict,
    Keys,
    Section,
    default,
    invalid,
    made_by,
    raise_conflicts,
)
from edge_video.config.types import (
    FROM_FILE,
    MAX_SHORT_STRING,
    CpuPercent,
    Flag,
    Huffman,
    Hwaccel,
    JpegEncoder,
    Megabytes,
    OptionValue,
    Period,
    PeriodOrNever,
    Program,
    ShortDuration,
    Text,
    Umask,
    Whole,
)
from edge_video.frames.small_picture import can_decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.text.redact import Redactor


_OF_DECODED_PICTURES: Final = (
    *("width", "height", "hwaccel", "hwaccel_device", "jpeg_encoder", "keyframes_only"),
)


def _language(value: object) -> object:
    if isinstance(value, str):
        name = value.replace("_", "-").casefold()
        return {"pt": "pt-BR", "pt-br": "pt-BR", "auto": "auto", "en": "en"}.get(name, value)
    return value


class Config(Section):
    """Holds every section, checked. Each camera has its concrete fps, quality and route."""

    fps: Annotated[Whole, Field(ge=1, le=60)] = 15
    """Frames per second of each camera."""
    quality: Annotated[Whole, Field(ge=2, le=31)] = 5
    """MJPEG qscale of each camera, 2 is best."""
    huffman: Huffman = "standard"
    """Which tables the JPEG images of each camera are coded with. standard: those of the JPEG
    standard; optimal: made for each picture, which shows the same in fewer bytes, for more CPU
    (docs/performance.md has figures)."""
    ffmpeg_max_memory_mb: Megabytes = 0
    """An FFmpeg is ended beyond so many megabytes (2**20 bytes) of memory; 0: it may use all there
    is. docs/service.md says how limits are kept."""
    ffmpeg_max_cpu_percent: CpuPercent = 0
    """An FFmpeg gets no more of the CPU, in percent of one core, or is ended; 0: it may use all
    there is."""
    hwaccel: Hwaccel = "none"
    """Hardware that decodes the pictures of each camera. auto: the best that works here; none: the
    CPU. docs/hardware.md says what each needs, and what happens when it fails."""
    hwaccel_device: OptionValue | None = None
    """Which of several: a card's number (cuda), a node like /dev/dri/renderD128 (vaapi, qsv);
    absent: FFmpeg's own choice."""
    jpeg_encoder: JpegEncoder = "software"
    """hardware: the device that decodes also makes the JPEG images, where it can (vaapi, qsv)."""
    publish: Accepts[PublishConfig, PublishConfig | Keys] = made_by(PublishConfig)
    """Which frames of each camera are published: all, or those that show a change."""
    sink: Sink = made_by(AmqpSinkConfig)
    """Where frames go: `amqp`, or `{type: directory, path: frames, keep: 100}`."""
    amqp: Accepts[AmqpConfig | None, AmqpConfig | Keys | None] = default(None)
    """The broker, and what is sent to it; required unless `sink` is a directory."""
    events: Accepts[EventsConfig | None, EventsConfig | Keys | None] = default(None)
    """Absent: no events are published."""
    commands: Accepts[CommandsConfig | None, CommandsConfig | Keys | None] = default(None)
    """Commands over the broker, for nodes that HTTP does not reach; absent: none are taken."""
    circuit_breaker: Accepts[CircuitBreakerConfig, CircuitBreakerConfig | Keys] = made_by(
        CircuitBreakerConfig
    )
    """When a failing camera is left alone, and for how long."""
    memory_controller: Accepts[MemoryControllerConfig, MemoryControllerConfig | Keys] = made_by(
        MemoryControllerConfig
    )
    """How much memory this process may use, and what happens on the way there."""
    buffer: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Frames of one camera that may wait for the sink; the oldest makes room."""
    max_buffered_bytes: Annotated[Whole, Field(ge=16 * 2**20, le=2**40)] = 256 * 2**20
    """Bytes of all frames that wait; beyond it the camera that holds the most loses its oldest."""
    max_age: Period = default(2.0)
    """A frame older than this when its turn comes is dropped."""
    start_spacing: ShortDuration = default(0.1)
    """Least time between two starts of cameras on one host."""
    report_interval: PeriodOrNever = default(30.0)
    """How often the monitor is printed; 0s: never."""
    monitor: Literal["full", "compact", "changes", "off"] = "full"
    """full: the block of all cameras; compact: one line; changes: one line when the condition of a
    camera, of the delivery or of the memory has changed since the last look; off: none."""
    shutdown_timeout: ShortDuration = default(5.0)
    """How long frames that are held may take to be confirmed at shutdown."""
    language: Annotated[
        Accepts[Literal["auto", "en", "pt-BR"], str], BeforeValidator(_language)
    ] = default("auto")
    """Of logs and reports; auto: from the locale."""
    log: Accepts[LogConfig, LogConfig | Keys] = made_by(LogConfig)
    """The program's own log: what is written, and where."""
    node: Text = Field(default_factory=lambda: socket.gethostname() or "edge-video")
    """This machine's name in messages; absent: its host name."""
    ffmpeg: Program | None = None
    """The FFmpeg binary; absent: ffmpeg on PATH, else the one of the imageio-ffmpeg package."""
    malloc_tuning: Flag = True
    """Keep glibc from giving memory back to the system after each frame: less CPU."""
    umask: Umask = "027"
    """What files of this program never allow, beside what its own umask forbids: log, pictures,
    reports. 027: no access for others."""
    supervision: Accepts[SupervisionConfig, SupervisionConfig | Keys] = made_by(SupervisionConfig)
    """How often the publisher, the metrics, HTTP and the reporter may be restarted."""
    http: Accepts[HttpConfig | None, HttpConfig | Keys | None] = default(None)
    """The page, probes, metrics and API; absent: nothing is served."""
    liveness: Accepts[LivenessConfig | None, LivenessConfig | Keys | None] = default(None)
    """Whether pictures are frozen, black, covered or moved; absent: nobody looks at them."""
    cluster: Accepts[ClusterConfig | None, ClusterConfig | Keys | None] = default(None)
    """Nodes share their cameras, each captured by one of them; absent: this node captures all of
    its own."""
    state: Accepts[StateConfig | None, StateConfig | Keys | None] = default(None)
    """What the program keeps between two starts; absent: nothing, and cameras are changed in the
    file only."""
    profiles: Accepts[ProfilesConfig, ProfilesConfig | Keys] = made_by(ProfilesConfig)
    """Which cameras are on in which profile, like `{open: {cameras: [door, centro.*]}}`."""
    profile: Text | None = None
    """The profile that applies until an operator chooses another one; absent: none, and all
    cameras are on."""
    cameras: Annotated[
        Accepts[tuple[CameraConfig, ...], Sequence[CameraConfig | Keys]],
        Field(json_schema_extra={"minItems": 1}),
    ]
    """The cameras; at least one."""

    _notes: tuple[str, ...] = PrivateAttr(default=())

    @field_validator("cameras")
    @classmethod
    def _cameras_inherit(
        cls, cameras: tuple[CameraConfig, ...], info: ValidationInfo
    ) -> tuple[CameraConfig, ...]:
        if not cameras:
            raise invalid("there must be at least one camera")
        # Keys that are in error are missing here; their own error is reported.
        amqp = info.data.get("amqp") or AmqpConfig()
        publish = info.data.get("publish") or PublishConfig()
        above = {
            "fps": info.data.get("fps", 15),
            "quality": info.data.get("quality", 5),
            "huffman": info.data.get("huffman", "standard"),
            "ffmpeg_max_memory_mb": info.data.get("ffmpeg_max_memory_mb", 0),
            "ffmpeg_max_cpu_percent": info.data.get("ffmpeg_max_cpu_percent", 0),
            "exchange": amqp.exchange,
        }
        decoding = {
            "hwaccel": info.data.get("hwaccel", "none"),
            "hwaccel_device": info.data.get("hwaccel_device"),
            "jpeg_encoder": info.data.get("jpeg_encoder", "software"),
        }
        return tuple(
            camera.model_copy(
                update={
                    key: value
                    for key, value in (
                        above
                        | (decoding if camera.is_decoded else {})
                        | {"routing_key": amqp.routing_key_prefix + camera.id}
                    ).items()
                    if key not in camera.model_fields_set
                }
                | {"liveness": inherited(info.data.get("liveness"), camera.liveness)}
                | {"publish": camera.publish.over(publish)}
            )
            for camera in cameras
        )

    @model_validator(mode="after")
    def _parts_agree(self, info: ValidationInfo) -> Self:
        conflicts = [
            *self._repeated_ids(),
            *self._long_routes(),
            *self._misplaced_events(),
            *self._misplaced_commands(),
            *self._not_decoded(),
            *self._unknown_profile(),
            *self._undecodable(),
            *cluster_conflicts(
                self.cluster,
                [camera.id for camera in self.cameras],
                is_broker=isinstance(self.sink, AmqpSinkConfig),
            ),
        ]
        # A program may give every camera an actor of its own; `start_system` knows.
        needs_sink = info.context == FROM_FILE or self.events or self.cluster or self.commands
        if needs_sink and not self.has_sink:
            message = (
                "it is required, because frames go to the broker;"
                " for a trial without one, write sink: directory"
            )
            conflicts.append(("amqp.url", ("amqp.url", "amqp", "sink"), message))
        raise_conflicts(conflicts)
        return self

    def _repeated_ids(self) -> Iterable[Conflict]:
        first: dict[str, int] = {}
        for index, camera in enumerate(self.cameras):
            # Directories on some file systems ignore case.
            earlier = first.setdefault(camera.id.casefold(), index)
            if earlier != index:
                keys = (f"cameras.{index}.id", f"cameras.{earlier}.id")
                yield keys[0], keys, f"{camera.id} is already the id of cameras[{earlier}]"

    def _not_decoded(self) -> Iterable[Conflict]:
        """Yield keys that need decoded pictures, of cameras in mode passthrough."""
        for number, camera in enumerate(self.cameras):
            if camera.mode == "passthrough":
                for key in _OF_DECODED_PICTURES:
                    if getattr(camera, key) not in (None, False, "none", "software"):
                        place = f"cameras.{number}.{key}"
                        yield place, (place,), "with mode: passthrough nothing is decoded or scaled"
                for key in ("masks", "crop", "rotate", "mirror"):
                    if getattr(camera, key):
                        place = f"cameras.{number}.{key}"
                        message = (
                            "with mode: passthrough the camera's own images are published, whole;"
                            " leave mode out, or let the camera itself do it"
                        )
                        yield place, (place,), message

    def _undecodable(self) -> Iterable[Conflict]:
        """Yield the section of liveness where nothing is installed that decodes pictures."""
        is_wanted = any(camera.liveness and camera.liveness.enabled for camera in self.cameras)
        if is_wanted and not can_decode():
            message = "the package Pillow is not installed: pip install 'edge-video[pictures]'"
            yield "liveness", ("liveness", "cameras"), message

    def _unknown_profile(self) -> Iterable[Conflict]:
        known = self.profiles.by_name
        if self.profile is not None and self.profile not in known:
            names = ", ".join(known) or "none"
            yield "profile", ("profile", "profiles"), f"there is no such profile; known: {names}"

    def _long_routes(self) -> Iterable[Conflict]:
        for index, camera in enumerate(self.cameras):
            size = len(camera.routing_key.encode())
            if size > MAX_SHORT_STRING:
                message = f"with the id of cameras[{index}] it has {size} bytes; AMQP allows 255"
                yield "amqp.routing_key_prefix", ("amqp.routing_key_prefix",), message

    def _misplaced_events(self) -> Iterable[Conflict]:
        events = self.events
        if events is None:
            return
        if not isinstance(self.sink, AmqpSinkConfig):
            message = "events travel on the connection of the frames; they need sink: amqp"
            yield "events", ("events", "sink"), message
        for index, camera in enumerate(self.cameras):
            if camera.exchange == events.exchange:
                message = (
                    f"{events.exchange} carries the frames of cameras[{index}]; events need an"
                    " exchange of their own, or whoever is bound with # would get them as frames"
                )
                keys = ("events.exchange", f"cameras.{index}.exchange", "amqp.exchange")
                yield "events.exchange", keys, message
                return
        longest = max((len(camera.id) for camera in self.cameras), default=0)
        size = len(events.routing_key_prefix.encode()) + len("breaker.flapping.") + longest
        if size > MAX_SHORT_STRING:
            message = f"with the longest id it makes keys of {size} bytes; AMQP allows 255"
            yield "events.routing_key_prefix", ("events.routing_key_prefix",), message

    def _misplaced_commands(self) -> Iterable[Conflict]:
        taken = {camera.exchange for camera in self.cameras}
        if self.events is not None:
            taken.add(self.events.exchange)
        is_broker = isinstance(self.sink, AmqpSinkConfig)
        return misplaced_commands(self.commands, taken, self.node, has_broker=is_broker)

    @property
    def has_sink(self) -> bool:
        """Whether there is a place for frames that go to no actor of an embedding program."""
        if isinstance(self.sink, AmqpSinkConfig):
            return self.amqp is not None and bool(self.amqp.addresses)
        return True

    def with_cameras(self, cameras: Iterable[CameraConfig]) -> Self:
        """Return the same configuration with other cameras; they inherit what they do not say.

        Raises:
            ConfigError: these cameras do not go together, or not with the rest.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        try:
            changed = type(self)(**{**values, "cameras": tuple(cameras)})
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            raise ConfigError(
                tuple(Problem("cameras", None, "", detail["msg"]) for detail in details)
            ) from None
        return changed.with_notes(self._notes)

    def with_notes(self, notes: tuple[str, ...]) -> Self:
        """Return the same configuration with further notes of its reader, secrets masked."""
        noted = self.model_copy()
        noted._notes = (*self._notes, *notes)  # noqa: SLF001 - its own kind; the model is frozen
        return noted

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and probably not meant, a sentence each, secrets masked."""
        strangers = self.profiles.strangers(camera.id for camera in self.cameras)
        found = [*self._notes, *self._shared_routes(), *strangers]
        if not any(camera.enabled for camera in self.cameras):
            found.append("every camera is disabled: nothing will be captured")
        sections = (self.amqp and self.amqp.tls, *self.cameras, self.amqp, self.memory_controller)
        found += [note for section in sections if section is not None for note in section.notes()]
        return tuple(map(self.secrets(), found))

    def _shared_routes(self) -> Iterable[str]:
        routes: dict[tuple[str, str], str] = {}
        for camera in self.cameras:
            other = routes.setdefault((camera.exchange, camera.routing_key), camera.id)
            if other != camera.id and isinstance(self.sink, AmqpSinkConfig):
                yield (
                    f"cameras {other} and {camera.id} share the routing key {camera.routing_key}"
                    f" of exchange {camera.exchange}: consumers can tell their frames apart only"
                    " by the header camera_id"
                )

    def secrets(self) -> Redactor:
        """Make a redactor that masks every secret of this configuration, those in URLs included."""
        redactor = redactor_of(self.cameras)
        for section in (self.http, self.amqp, self.commands):
            if section is not None:
                section.add_secrets(redactor)
        return redactor

    def masked(self) -> dict[str, Any]:
        """Return the effective configuration as plain values, secrets masked."""
        return masked(self, self.secrets())
