"""What colours come out of FFmpeg: the same with zscale as without, whatever a stream states."""

from __future__ import annotations

import dataclasses
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from edge_video.capture.binary import Binary

pytestmark = pytest.mark.ffmpeg

_X264 = ("-c:v", "libx264", "-pix_fmt")
_SOURCES = {
    "limited": (*_X264, "yuv420p"),
    "full": (*_X264, "yuvj420p", "-color_range", "pc"),
    "444": (*_X264, "yuv444p"),
    "interlaced": (*_X264, "yuv420p", "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
    "motion-jpeg": ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p"),
    "ycgco": (*_X264, "yuv420p", "-x264-params", "colormatrix=YCgCo"),
    "bt2020c": (*_X264, "yuv420p", "-x264-params", "colormatrix=bt2020c:transfer=smpte2084"),
    "fcc": (*_X264, "yuv420p", "-x264-params", "colormatrix=fcc:transfer=log100:colorprim=film"),
    "reserved": (*_X264, "yuv420p", "-bsf:v", "h264_metadata=matrix_coefficients=3"),
    "gbr": (*_X264, "yuv420p", "-x264-params", "colormatrix=GBR"),
    "10-bit": (*_X264, "yuv420p10le"),
    "rgb": ("-c:v", "png"),
}
_REFUSES_RESERVED = 7
_LAST_EXACT = 7
"""Later ones' swscale rounds colours in another way: one step of 255, in a part of the pixels."""
_CONVERTED_TWICE = {"10-bit", "rgb"}
"""To eight bits of the limited range first: a step or two of 255 are lost."""


@pytest.fixture(scope="module")
def clips(ffmpeg: Binary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two frames from each source, made by one FFmpeg."""
    folder = tmp_path_factory.mktemp("colours")
    outputs = [
        argument
        for name, encoded in _SOURCES.items()
        for argument in ("-frames:v", "2", *encoded, str(folder / f"{name}.mkv"))
    ]
    source = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25")
    command = [ffmpeg.path, "-v", "error", *source, *outputs]
    subprocess.run(command, check=True, timeout=60)
    return folder


def picture(binary: Binary, clip: Path, **keys: Any) -> NDArray[np.int16]:
    """The first picture that a camera which plays this clip gives."""
    import cv2  # noqa: PLC0415 - the quick tests with other versions are collected without it

    command = capture_command(
        binary, CameraConfig(id="c", url=f"file:{clip}", quality=2, fps=25, **keys)
    )
    run = subprocess.run(command, capture_output=True, timeout=60, check=True)
    jpeg = run.stdout[run.stdout.index(b"\xff\xd8") :]
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, run.stderr
    return image.astype(np.int16)


def said_rightly(binary: Binary, source: str) -> dict[str, Any]:
    """What the advice for a reserved colour space says; FFmpeg 7 alone needs it."""
    if source != "reserved" or binary.version[0] != _REFUSES_RESERVED:
        return {}
    return {"input_args": ["-bsf:v", "h264_metadata=matrix_coefficients=5"]}


def difference(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """The root mean square, in steps of 255."""
    return float(np.sqrt(np.mean((one - other) ** 2.0)))


@pytest.mark.parametrize("source", _SOURCES)
def test_zscale_gives_the_picture_that_swscale_gives(
    clips: Path, source: str, ffmpeg: Binary
) -> None:
    clip = clips / f"{source}.mkv"
    assert ffmpeg.zscale
    keys = said_rightly(ffmpeg, source)
    fast = picture(ffmpeg, clip, **keys)
    slow = picture(dataclasses.replace(ffmpeg, zscale=False), clip, **keys)
    same = 0.0 if ffmpeg.version[0] <= _LAST_EXACT else 1.0
    assert difference(fast, slow) <= (2.0 if source in _CONVERTED_TWICE else same)


@pytest.mark.parametrize("source", _SOURCES)
def test_each_ffmpeg_gives_the_same_colours(
    clips: Path, source: str, ffmpeg: Binary, bundled_ffmpeg: Binary
) -> None:
    """FFmpeg 9 ends over three of these without being told another colour space."""
    clip = clips / f"{source}.mkv"
    one = picture(ffmpeg, clip, **said_rightly(ffmpeg, source))
    assert difference(one, picture(bundled_ffmpeg, clip)) <= 2.0


def test_scaled_pictures_have_black_bars_that_are_black(clips: Path, ffmpeg: Binary) -> None:
    image = picture(ffmpeg, clips / "limited.mkv", width=320, height=320)
    assert image.shape == (320, 320, 3)
    assert image[:30].max() <= 1


@EVERY_FFMPEG
def test_a_picture_of_an_odd_size_loses_its_last_row_and_column(
    tmp_path: Path, any_ffmpeg: Binary
) -> None:
    """MPEG-4 cameras may send one; libzimg takes none where colours are halved."""
    clip = tmp_path / "odd.mkv"
    source = ("-f", "lavfi", "-i", "color=red:s=321x241:r=25", "-frames:v", "3")
    filters = "format=yuv444p,scale=321:241,format=yuv420p"
    command = [any_ffmpeg.path, "-v", "error", *source, "-vf", filters, "-c:v", "ffv1", str(clip)]
    subprocess.run(command, check=True, timeout=60)
    image = picture(any_ffmpeg, clip)
    assert image.shape == (240, 320, 3)
    assert image[..., 2].min() > 240
