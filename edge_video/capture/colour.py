"""Writes the filters that turn a camera's colours into those of JPEG, at the least cost.

JPEG wants the full range of brightness, and cameras send the limited one. Left alone, FFmpeg
inserts swscale's conversion, which takes 2 ms per 720p picture; zscale's (libzimg) takes a tenth of
that. With FFmpeg 5.1 and 7.1 both give the same picture to the bit; with 9 the brightness is the
same and colours differ by one step of 255 at most (swscale rounds them in another way there).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.capture.source import SourceKind, source_kind

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Acceleration
    from edge_video.config import CameraConfig

_STATED: Final = "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m"
"""JPEG's own colour space, whatever the stream states.

Nothing is computed by it, here or in a viewer. But FFmpeg 7 and later end over a colour space that
swscale does not know (YCgCo, BT.2020 with constant luminance, chroma-derived), which cameras state
by mistake, and zscale over one that no conversion exists for.
"""
_WIDENED: Final = "zscale=matrix=170m:transfer=601:primaries=170m:range=full"
"""What is stated stays, the range aside. FFmpeg 7.0's zscale takes what is not said for unknown,
and ends (`no path between colorspaces`); with others the pictures are the same to the bit."""
_FORMATS: Final = (
    "format=yuv420p|yuvj420p|yuv422p|yuvj422p|yuv444p|yuvj444p|yuv440p|yuvj440p|gray"
    "|yuv420p10|yuv422p10|yuv444p10|gray10|yuv420p12"
)
"""What the decoders of cameras give; zscale has no way from anything else, RGB above all."""
_EVEN: Final = "crop=iw-mod(iw\\,2):ih-mod(ih\\,2):0:0"
"""Nothing for the sizes that cameras have; zscale ends over an odd one where colours are halved."""


def stated_colours() -> str:
    """Return a filter that gives pictures a colour space which every later filter takes."""
    return _STATED


def full_range(
    binary: Binary, camera: CameraConfig, acceleration: Acceleration | None = None
) -> list[str]:
    """Return the filters that make pictures of the limited range ones of the full range.

    There are none where FFmpeg is left to do it: without zscale; for its own test sources, whose
    pictures of the full range are not marked as such; and behind hardware that gives nv12, which
    zscale does not take. Pictures that have the full range are not touched.
    """
    kind = source_kind(camera.url.get_secret_value())
    gives_nv12 = acceleration is not None and not acceleration.gives_yuv420p
    if not binary.zscale or kind is SourceKind.LAVFI or gives_nv12:
        return []
    return [_FORMATS, _EVEN, _WIDENED]
