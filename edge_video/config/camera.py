"""Declares the section of one camera: its source, picture, time limits and route."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from edge_video.config.arguments import argument_problem
from edge_video.config.cluster import CameraClusterConfig
from edge_video.config.liveness import LivenessConfig
from edge_video.config.picture import CropConfig, Masks
from edge_video.config.publish import PublishConfig
from edge_video.config.schedule import ScheduleConfig
from edge_video.config.schema_rules import CAMERA_URL, PROXY_URL
from edge_video.config.section import (
    Accepts,
    Keys,
    Section,
    check_text,
    default,
    made_by,
    raise_conflicts,
)
from edge_video.config.snapshot import MANY_FPS, snapshot_conflicts
from edge_video.config.types import (
    NUL_IN_LOGIN,
    USER_ALONE,
    Argument,
    CameraIdText,
    CpuPercent,
    Endpoint,
    ExchangeName,
    Flag,
    HardwareAddress,
    Huffman,
    Hwaccel,
    InSchema,
    JpegEncoder,
    Mark,
    Megabytes,
    OptionalSecret,
    OptionValue,
    Period,
    Pixels,
    RoutingKey,
    Username,
    Whole,
)
from edge_video.config.url_checks import (
    check_camera_url,
    check_proxy_url,
    scheme_of,
)
from edge_video.delivery.amqp.settings import Route
from edge_video.text.redact import mask_url
from edge_video.text.urls import HTTP_SCHEMES, NETWORK_SCHEMES, SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator


def _camera_url(secret: SecretStr) -> SecretStr:
    check_text(check_camera_url, secret.get_secret_value(), lambda path: Path(path).is_file())
    return secret


def _without_default(schema: dict[str, Any]) -> None:
    """Keep a default out of the schema where other keys decide it; empty text is none, too."""
    del schema["default"]
    schema.pop("minLength", None)


_DECODE_EVERYTHING: Final = ("auto", "qsv", "v4l2m2m")
"""auto leaves key frames alone to the CPU; the other two cannot leave the other frames out."""
_MAKE_JPEG: Final = ("auto", "vaapi", "qsv")
_LEAST_MEMORY_MB: Final = 64
"""An FFmpeg that decodes 1280x720: docs/decisions.md."""
_NO_DEFAULT: Final = Field(json_schema_extra=_without_default)


def _proxy_url(secret: SecretStr) -> SecretStr:
    check_text(check_proxy_url, secret.get_secret_value())
    return secret


class DeviceConfig(Section):
    """Says which device a camera is, wherever it is: `discover --match` finds it again by this."""

    endpoint: Endpoint | None = None
    """What the device calls itself in ONVIF, as `discover` shows it; capitals do not matter."""
    mac: HardwareAddress | None = None
    """Its hardware address. Where both are given, this one decides: an update keeps it."""


class CameraConfig(Section):
    """Describes one camera. What is absent here comes from the keys above the cameras."""

    id: CameraIdText
    """Its name in logs, messages, directories and routing keys."""
    url: Annotated[
        Accepts[SecretStr, SecretStr | str],
        AfterValidator(_camera_url),
        InSchema(pattern=CAMERA_URL),
        Mark.URL,
    ]
    """`rtsp(s)://`, `rtmp(s)://`, `http(s)://`, a file, or `lavfi:` and an FFmpeg test source."""
    username: Username | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    password: OptionalSecret = default(None)
    """As it is, nothing percent-encoded; wins over the URL's."""
    enabled: Flag = True
    """false: configured, shown, not started."""
    schedule: Accepts[ScheduleConfig | None, ScheduleConfig | Keys | None] = default(None)
    """Absent: it runs at all times."""
    expected: Literal["always", "intermittent"] = "always"
    """intermittent: it may be switched off; that nobody is there is no trouble then."""
    fps: Annotated[Whole, Field(ge=1, le=60)] = 15
    """Frames per second; absent: the `fps` above the cameras."""
    quality: Annotated[Whole, Field(ge=2, le=31)] = 5
    """MJPEG qscale, 2 is best; absent: the `quality` above the cameras."""
    huffman: Huffman = "standard"
    """optimal: fewer bytes for the same picture, and more CPU; absent: the `huffman` above the
    cameras."""
    width: Pixels | None = None
    """Scale to it; alone, the height follows; with both, the shape is kept between black bars."""
    height: Pixels | None = None
    """Scale to it; alone, the width follows; with both, the shape is kept between black bars."""
    masks: Masks = default(())
    """Areas that are in no frame: covered first of all, before anything leaves FFmpeg."""
    crop: Accepts[CropConfig | None, CropConfig | Keys | None] = default(None)
    """Only this part of the picture, behind the masks."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Turn the picture clockwise, in degrees, behind `crop`."""
    mirror: Literal["horizontal", "vertical"] | None = None
    """Behind `rotate`: horizontal swaps left and right, vertical top and bottom."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How RTSP carries the stream."""
    stall_timeout: Period = default(10.0)
    """No whole frame for so long is a failure."""
    first_frame_timeout: Period = default(20.0)
    """The same, before the first frame."""
    key_frame_timeout: Period = default(120.0)
    """The same, while data arrive and no picture can be decoded: the camera owes a key frame."""
    http_proxy: Accepts[
        Annotated[SecretStr, AfterValidator(_proxy_url), InSchema(pattern=PROXY_URL)] | None,
        SecretStr | str | None,
    ] = default(None)
    """`http://host:3128`: only this asks through a proxy, never the environment's variables."""
    mode: Literal["transcode", "passthrough", "snapshot"] = "transcode"
    """passthrough: the camera sends Motion JPEG, and its images are passed on as they are.
    snapshot: its URL is a still picture, fetched every 1/`fps` seconds and passed on as it is;
    no FFmpeg runs (needs the extra `snapshot`)."""
    snapshot_interval: Period | None = default(None)
    """With `mode: snapshot`: from one picture to the next; absent: 1/`fps` seconds."""
    keyframes_only: Flag = False
    """Decode nothing but key frames: for a camera that needs a frame every few seconds."""
    hwaccel: Hwaccel = "none"
    """Hardware that decodes its pictures. auto: the best that works here; none: the CPU. Where it
    does not work the CPU decodes, which is told, and it is tried again later; absent: the `hwaccel`
    above the cameras."""
    hwaccel_device: OptionValue | None = None
    """Which of several: a card's number (cuda), a node (vaapi, qsv); absent: the `hwaccel_device`
    above the cameras."""
    jpeg_encoder: JpegEncoder = "software"
    """hardware: the device that decodes also makes the JPEG images, where it can (vaapi, qsv);
    absent: the `jpeg_encoder` above the cameras."""
    ffmpeg_max_memory_mb: Megabytes = 0
    """Its FFmpeg is ended beyond so many megabytes (2**20 bytes) of memory; 0: it may use all there
    is; absent: the `ffmpeg_max_memory_mb` above the cameras."""
    ffmpeg_max_cpu_percent: CpuPercent = 0
    """Its FFmpeg gets no more of the CPU, in percent of one core, or is ended; 0: it may use all
    there is; absent: the `ffmpeg_max_cpu_percent` above the cameras."""
    liveness: Accepts[LivenessConfig | None, LivenessConfig | Keys | None] = default(None)
    """Keys that differ for this camera from those of the `liveness` above the cameras."""
    input_args: Annotated[
        Accepts[tuple[Argument, ...], list[str] | tuple[str, ...]],
        Field(repr=False),
        Mark.ARGUMENTS,
    ] = default(())
    """FFmpeg arguments placed before `-i`."""
    exchange: Annotated[ExchangeName, _NO_DEFAULT] = "edge-video"
    """Absent: `amqp.exchange`."""
    routing_key: Annotated[RoutingKey, _NO_DEFAULT] = ""
    """Absent: `amqp.routing_key_prefix` followed by the id."""
    publish: Accepts[PublishConfig, PublishConfig | Keys] = made_by(PublishConfig)
    """Which frames are published; a key that is absent: that of `publish` above the cameras."""
    cluster: Accepts[CameraClusterConfig | None, CameraClusterConfig | Keys | None] = default(None)
    """How it moves between nodes, where that differs from the `cluster` above the cameras."""
    device: Accepts[DeviceConfig | None, DeviceConfig | Keys | None] = default(None)
    """Which device it is, so that it is found again when its address has changed."""

    @model_validator(mode="before")
    @classmethod
    def _empty_route_is_absent(cls, given: Any) -> Any:
        if isinstance(given, dict):
            routes = ("exchange", "routing_key")
            return {key: value for key, value in given.items() if key not in routes or value != ""}
        return given

    @model_validator(mode="after")
    def _login_is_usable(self) -> Self:
        username, password = self.credentials
        if username and password is None:
            key = "username" if self.username else "url"
            raise_conflicts([(key, ("username", "password", "url"), USER_ALONE)])
        secret = "" if password is None else password.get_secret_value()
        for key, text in (("username", username or ""), ("password", secret)):
            if "\0" in text:
                at = key if getattr(self, key) else "url"
                raise_conflicts([(at, ("username", "password", "url"), NUL_IN_LOGIN)])
        return self

    @model_validator(mode="after")
    def _route_is_concrete(self) -> Self:
        if not self.routing_key:
            # Around the frozen model, and without marking the key as given.
            object.__setattr__(self, "routing_key", self.id)
        return self

    @model_validator(mode="after")
    def _proxy_has_a_use(self) -> Self:
        if (
            self.http_proxy is not None
            and scheme_of(self.url.get_secret_value()) not in HTTP_SCHEMES
        ):
            message = "only http:// and https:// cameras are asked through a proxy"
            raise_conflicts([("http_proxy", ("http_proxy", "url"), message)])
        return self

    @model_validator(mode="after")
    def _arguments_are_understood(self) -> Self:
        problem = argument_problem(self.input_args)
        if problem is not None:
            raise_conflicts([("input_args", ("input_args",), problem)])
        return self

    @model_validator(mode="after")
    def _snapshot_is_possible(self) -> Self:
        raise_conflicts(snapshot_conflicts(self.url.get_secret_value(), dict(self)))
        return self

    @property
    def picture_interval_s(self) -> float:
        """From one picture to the next, as it is wanted."""
        return self.snapshot_interval or 1 / self.fps

    @property
    def is_intermittent(self) -> bool:
        """Whether it need not be there."""
        return self.expected == "intermittent"

    @property
    def is_decoded(self) -> bool:
        """Whether its pictures are: not images that are passed on, nor FFmpeg's test sources."""
        return self.mode == "transcode" and scheme_of(self.url.get_secret_value()) != "lavfi"

    @property
    def is_picture_changed(self) -> bool:
        """Whether its frames show something else than what it sends, whatever their size."""
        return bool(self.masks or self.crop or self.rotate or self.mirror)

    @property
    def masked_url(self) -> str:
        """The URL with its secrets masked."""
        return mask_url(self.url.get_secret_value())

    @property
    def host(self) -> str | None:
        """The host of a network source, in lower case; None for files and test sources."""
        split = self._split_url
        return split.host if split else None

    @property
    def route(self) -> Route:
        """Where its frames are published."""
        return Route(self.exchange, self.routing_key)

    @property
    def credentials(self) -> tuple[str | None, SecretStr | None]:
        """User name and password, decoded: the keys, else the URL's."""
        split = self._split_url
        username = self.username or (split.username if split else None)
        if self.password is not None or split is None or split.password is None:
            return username, self.password
        return username, SecretStr(split.password)

    def notes(self) -> list[str]:
        """Return what is allowed and probably not meant."""
        found = []
        username, password = self.credentials
        if password is not None and username is None:
            found.append(
                f"camera {self.id} has a password without a username: most cameras ask for both"
            )
        if self.mode == "snapshot" and self.picture_interval_s < 1 / MANY_FPS:
            found.append(
                f"camera {self.id} is asked for {self.fps} pictures a second: most cameras make one"
                " or two on request; set its fps"
            )
        if 0 < self.ffmpeg_max_memory_mb < _LEAST_MEMORY_MB:
            found.append(
                f"the FFmpeg of camera {self.id} may use {self.ffmpeg_max_memory_mb} MB: that is"
                " too little for most cameras"
            )
        return [*found, *self._idle_hardware()]

    def _idle_hardware(self) -> Iterator[str]:
        """Yield keys about hardware that change nothing, and why."""
        if self.mode != "transcode":
            return
        if self.hwaccel != "none":
            if scheme_of(self.url.get_secret_value()) == "lavfi":
                yield f"hwaccel of camera {self.id} changes nothing: a test source is not decoded"
            elif self.keyframes_only and self.hwaccel in _DECODE_EVERYTHING:
                yield (
                    f"hwaccel of camera {self.id} changes nothing: with keyframes_only the CPU"
                    f" decodes in the place of {self.hwaccel}"
                )
        if self.jpeg_encoder == "hardware" and self.hwaccel not in _MAKE_JPEG:
            yield (
                f"jpeg_encoder of camera {self.id} changes nothing: only vaapi and qsv make JPEG"
                f" images, and its hwaccel is {self.hwaccel}"
            )
        elif self.jpeg_encoder == "hardware" and self.width and self.height:
            yield (
                f"jpeg_encoder of camera {self.id} changes nothing: with width and height the CPU"
                " draws the bars"
            )
        elif self.jpeg_encoder == "hardware" and self.is_picture_changed:
            yield (
                f"jpeg_encoder of camera {self.id} changes nothing: with masks, crop, rotate or"
                " mirror the CPU makes the picture"
            )

    @property
    def _split_url(self) -> SplitUrl | None:
        url = self.url.get_secret_value()
        return split_url(url) if scheme_of(url) in NETWORK_SCHEMES else None
