"""Knows how FFmpeg is told to decode on each hardware: arguments and filters. Pure.

Of the ways here `cuda` was measured on a card; the others are by FFmpeg's documentation, and what
they do on a machine shows in the trial, which runs the same arguments and filters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.capture.resizing import announcement

if TYPE_CHECKING:
    from edge_video.config import CameraConfig

AUTO: Final = "auto"
NONE: Final = "none"
SOFTWARE: Final = "software"

PREFERRED: Final = ("cuda", "vaapi", "qsv", "v4l2m2m", "videotoolbox", "d3d11va")
"""What `auto` tries, best first. vaapi comes before qsv: both are the same Intel device, and qsv
needs one library more."""


class _Way(NamedTuple):
    """How one hardware is used."""

    pixels: str = ""
    """FFmpeg's name of its pictures on the device; empty: the same as that of the hardware."""
    convert: str = ""
    """The filter that makes them `fetched` on the device; it takes `=name=value` options."""
    fetched: str = "nv12"
    """The pixel format in which they are fetched then."""
    encoder: str = ""
    """The JPEG encoder on the device."""
    decoder: str = ""
    """A decoder by name, in the place of `-hwaccel`: its pictures are in memory by themselves."""
    device_option: str = "-hwaccel_device"
    """What names one of several devices."""
    skips: bool = True
    """Whether it can be told to decode key frames only; decoders by name cannot."""


_WAYS: Final[dict[str, _Way]] = {
    # zscale takes yuv420p, and made of nv12 it costs more than it saves.
    "cuda": _Way(convert="scale_cuda", fetched="yuv420p"),
    "vaapi": _Way(convert="scale_vaapi", encoder="mjpeg_vaapi"),
    # To qsv, `-hwaccel_device` is one of its implementations (hw, sw), and not a node.
    "qsv": _Way(convert="vpp_qsv", encoder="mjpeg_qsv", device_option="-qsv_device", skips=False),
    "v4l2m2m": _Way(decoder="h264_v4l2m2m", skips=False),
    "drm": _Way(pixels="drm_prime"),
    "vdpau": _Way(),
    "vulkan": _Way(),
    "videotoolbox": _Way(pixels="videotoolbox_vld"),
    "d3d11va": _Way(pixels="d3d11"),
}
_PLAIN: Final = "nv12"
_FULL_RANGE: Final = "out_range=full"
"""JPEG has the full range of brightness, and encoders on a device do not convert."""
_HALF: Final = 100
_QUANTIZER_PER_STEP: Final = 15.2


class HardwareKey(NamedTuple):
    """What is configured: what a trial is about."""

    name: str
    """`auto`, or one hardware."""
    device: str | None = None
    encodes: bool = False
    """Whether the device is to make the JPEG images, too."""


@dataclass(frozen=True, slots=True)
class Acceleration:
    """One way to have pictures decoded, and fetched, that FFmpeg may be given.

    Attributes:
        name: of the hardware, as in the configuration.
        device: which of several; None: FFmpeg's own choice.
        converts: pictures are brought into the form to fetch on the device.
        encodes: the device makes the JPEG images, too; nothing is fetched but those.
    """

    name: str
    device: str | None = None
    converts: bool = False
    encodes: bool = False

    @property
    def gives_yuv420p(self) -> bool:
        """Whether pictures are fetched in a form that zscale takes."""
        return self.converts and not self.encodes and _WAYS[self.name].fetched == "yuv420p"

    def input_arguments(self) -> list[str]:
        """Return what stands before `-i`."""
        way = _WAYS[self.name]
        if way.decoder:
            return ["-c:v", way.decoder]
        pixels = ("-hwaccel_output_format", way.pixels or self.name)
        device = () if self.device is None else (way.device_option, self.device)
        return ["-hwaccel", self.name, *pixels, *device]

    def fetching(self) -> list[str]:
        """Return the filters that fetch pictures which have passed the limit of the rate.

        They take none that are not on the device: FFmpeg ends rather than decode in software.
        """
        way = _WAYS[self.name]
        if way.decoder:
            return []
        if not self.converts:
            return [f"hwdownload,format={_PLAIN}"]
        form = f"format={way.fetched}"
        return [f"{way.convert}={form},hwdownload,{form}"]

    def scaling(self, width: int | None, height: int | None) -> str:
        """Return the filter that scales on the device, and announces the size of what it is given.

        For pictures that the device encodes; one number at most is given: bars are not drawn there.
        """
        w, h = "iw", "ih"
        if width is not None:
            w, h = f"{width}", f"2*trunc({width}*ih/iw/2)"
        elif height is not None:
            w, h = f"2*trunc({height}*iw/ih/2)", f"{height}"
        size = f"w='{announcement()}+{w}':h='{h}'"
        return f"{_WAYS[self.name].convert}={size}:format={_PLAIN}:{_FULL_RANGE}"

    def encoder_arguments(self, quality: int) -> list[str]:
        """Return what has the device make JPEG images, about as good as `-q:v quality` would be."""
        # One at a time: otherwise each picture waits in the device for those that follow it.
        at_once = ("-async_depth", "1")
        encoder = _WAYS[self.name].encoder
        return ["-c:v", encoder, *at_once, "-global_quality", str(jpeg_quality(quality))]


def jpeg_quality(qscale: int) -> int:
    """Return the quality, 1 to 100, at which JPEG's usual tables are as coarse as `-q:v qscale`.

    FFmpeg's own encoder at 5 makes files as large as others at 62, and its steps grow in
    proportion.
    """
    scale = _QUANTIZER_PER_STEP * qscale
    quality = _HALF - scale / 2 if scale <= _HALF else _HALF * _HALF / 2 / scale
    return max(1, min(100, round(quality)))


def accelerations(key: HardwareKey, has: tuple[str, ...]) -> list[Acceleration]:
    """Return the ways to try, best first: the first that works is taken.

    Args:
        key: what is configured.
        has: the hardware that FFmpeg was built with, as it lists it.
    """
    names = [name for name in PREFERRED if is_built_in(name, has)]
    if key.name != AUTO:
        names = [key.name] if is_built_in(key.name, has) else []
    return [way for name in names for way in _ways_of(name, key)]


def is_known(name: str) -> bool:
    """Whether it is a hardware that can be configured."""
    return name in _WAYS


def is_built_in(name: str, has: tuple[str, ...]) -> bool:
    """Whether FFmpeg may have it; decoders by name are in no list of its hardware."""
    return bool(_WAYS[name].decoder) or name in has


def _ways_of(name: str, key: HardwareKey) -> list[Acceleration]:
    way = _WAYS[name]
    device = key.device
    if key.name == AUTO and device is not None and device.isdecimal() != (name == "cuda"):
        device = None  # a number is a card's, a path is a node's
    found = [Acceleration(name, device)]
    if way.convert:
        found.insert(0, Acceleration(name, device, converts=True))
    if way.encoder and key.encodes:
        found.insert(0, Acceleration(name, device, converts=True, encodes=True))
    return found


def wanted_hardware(camera: CameraConfig) -> HardwareKey | None:
    """Return the hardware that is configured for a camera; None: the CPU decodes, or nobody.

    Nothing is decoded of images that are passed on and of FFmpeg's own test sources. Key frames
    alone cost the CPU less than a context on a card does, so `auto` leaves them to it.
    """
    if camera.hwaccel == NONE or not camera.is_decoded:
        return None
    if camera.keyframes_only and (camera.hwaccel == AUTO or not _WAYS[camera.hwaccel].skips):
        return None
    has_bars = camera.width is not None and camera.height is not None
    encodes = camera.jpeg_encoder == "hardware" and not has_bars and not camera.is_picture_changed
    return HardwareKey(camera.hwaccel, camera.hwaccel_device, encodes)
