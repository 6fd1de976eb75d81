"""Makes test clips that say in their pixels which camera they belong to.

Every picture is FFmpeg's moving test pattern under fixed grain (so that a 720p JPEG at quality 5
is about 50 KB, like a real camera's), and over it:

* a strip along the top, an eighth of the height, cut into sixteen equal cells: black, white (the
  frame of the code), then eight cells that spell the camera's number in binary, most significant
  bit first, white for one; the rest is black;
* a block of one plain colour in the bottom left corner, for human eyes.

`clip_identity` reads the strip back from a decoded picture of any size.
"""

from __future__ import annotations

import colorsys
import contextlib
import functools
import io
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS: Final = 16
_BITS: Final = 8
_LOOP_S: Final = 10
"""Seconds that are really encoded; longer clips repeat them without encoding again."""

_LAYOUT: Final = 4
"""Part of the cache's name; count it up when the picture changes."""


@functools.cache
def _clip_directory() -> Path:
    """Where clips stay between runs, so that only the first run pays for them."""
    directory = Path(tempfile.gettempdir()) / f"edge-video-clips-{os.getuid()}-{_LAYOUT}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def clip_filter(number: int, width: int, height: int, fps: int) -> str:
    """The lavfi graph of a numbered picture; also usable as a camera's `lavfi` source."""
    if not 0 <= number < 2**_BITS:
        raise ValueError(f"a clip's number must be 0 to {2**_BITS - 1}, got {number}")
    red, green, blue = colorsys.hsv_to_rgb((number * 0.382) % 1.0, 0.8, 0.9)
    colour = f"0x{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    boxes = [
        "drawbox=x=0:y=0:w=iw:h=ih/8:c=black:t=fill",
        f"drawbox=x=0:y=ih*3/4:w=iw/4:h=ih/4:c={colour}:t=fill",
    ]
    white = [1, *(2 + bit for bit in range(_BITS) if number >> (_BITS - 1 - bit) & 1)]
    boxes += [f"drawbox=x=iw*{cell}/16:y=0:w=iw/16:h=ih/8:c=white:t=fill" for cell in white]
    return ",".join([f"testsrc2=size={width}x{height}:rate={fps}", "noise=alls=6:allf=u", *boxes])


def numbered_clip(
    number: int,
    *,
    size: tuple[int, int] = (1280, 720),
    fps: int = 25,
    seconds: float = 90,
    codec: str = "libx264",
) -> Path:
    """A Matroska clip of camera `number`, made on first use and kept.

    The key frame interval is one second and there are no B-frames, as in an IP camera.

    Args:
        number: 0 to 255; read back by `clip_identity`.
        size: width and height in pixels.
        fps: frames per second.
        seconds: the length; the picture repeats every ten seconds.
        codec: `libx264` or `libx265`.
    """
    width, height = size
    name = f"{codec}-{width}x{height}-{fps}-{number:03}-{seconds:g}s.mkv"
    clip = _clip_directory() / name
    if not clip.exists():
        with tempfile.TemporaryDirectory(dir=_clip_directory()) as scratch:
            once = Path(scratch) / "once.mkv"
            whole = Path(scratch) / "whole.mkv"
            _encode(
                once, clip_filter(number, width, height, fps), min(seconds, _LOOP_S), fps, codec
            )
            _repeat(once, whole, seconds)
            # Two test runs may make the same clip at once: the last rename wins, both are whole.
            whole.replace(clip)
    return clip


def encoded_clip(
    number: int = 1,
    *,
    size: tuple[int, int] = (160, 120),
    fps: int = 25,
    seconds: float = 10,
    codec: str = "libx264",
    gop: int = 25,
    b_frames: int = 0,
) -> Path:
    """The bare stream (Annex B) of camera `number`, for `devices.Video`; made once and kept.

    Args:
        number: 0 to 255; read back by `clip_identity`.
        size: width and height in pixels.
        fps: pictures per second.
        seconds: the length.
        codec: `libx264` or `libx265`.
        gop: pictures from one key frame to the next; there are none at changes of the scene.
        b_frames: between two others.
    """
    suffix = "h265" if codec == "libx265" else "h264"
    clip = _clip_directory() / (
        f"{size[0]}x{size[1]}-{fps}-{number:03}-{seconds:g}s-g{gop}-b{b_frames}.{suffix}"
    )
    if not clip.exists():
        with tempfile.TemporaryDirectory(dir=_clip_directory()) as scratch:
            whole = Path(scratch) / clip.name
            graph = clip_filter(number, *size, fps)
            _encode(whole, graph, seconds, fps, codec, gop=gop, b_frames=b_frames)
            whole.replace(clip)
    return clip


def clip_images(
    number: int = 1, *, size: tuple[int, int] = (160, 120), count: int = 10
) -> list[bytes]:
    """JPEG images of camera `number`, for motion JPEG; read back by `clip_identity`."""
    done = subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-loglevel", "error"),
            *("-f", "lavfi", "-i", clip_filter(number, *size, 10), "-frames:v", str(count)),
            *("-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "3", "-huffman", "default"),
            *("-f", "image2pipe", "-"),
        ],
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    # A marker inside a scan is followed by a zero or a number of a restart, never by D8.
    return [b"\xff\xd8" + each for each in done.stdout.split(b"\xff\xd8") if each]


def _encode(
    target: Path,
    graph: str,
    seconds: float,
    fps: int,
    codec: str,
    *,
    gop: int | None = None,
    b_frames: int = 0,
) -> None:
    gop = gop or fps
    tuning = (
        [
            "-x265-params",
            (
                f"log-level=error:bframes={b_frames}:rc-lookahead={b_frames and 20}:pools=2"
                f":scenecut=0:min-keyint={gop}"
            ),
        ]
        if codec == "libx265"
        else ["-bf", str(b_frames), "-sc_threshold", "0", "-keyint_min", str(gop)]
    )
    _ffmpeg(
        *("-f", "lavfi", "-i", graph, "-t", f"{seconds:g}"),
        *("-c:v", codec, "-preset", "ultrafast", "-crf", "25"),
        *("-g", str(gop), "-pix_fmt", "yuv420p", *tuning, str(target)),
    )


def _repeat(once: Path, target: Path, seconds: float) -> None:
    _ffmpeg(
        *("-stream_loop", str(int(seconds / _LOOP_S)), "-i", str(once)),
        *("-t", f"{seconds:g}", "-c", "copy", str(target)),
    )


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)


def decode_jpeg(image: bytes) -> NDArray[np.uint8]:
    """Decode a JPEG to height × width × RGB; raises when it is not a whole, valid JPEG."""
    with contextlib.closing(Image.open(io.BytesIO(image))) as picture:
        return np.asarray(picture.convert("RGB"))


def clip_identity(picture: NDArray[Any]) -> int:
    """Which camera a decoded picture (height × width × RGB) shows.

    Raises:
        ValueError: the picture does not carry the strip.
    """
    height, width = picture.shape[:2]
    row = picture[height // 32 : height // 11]
    cells = []
    for cell in range(_CELLS):
        # The middle half of a cell: its borders are blurred by scaling and compression.
        left, right = width * (4 * cell + 1) // 64, width * (4 * cell + 3) // 64
        cells.append(float(row[:, left:right].mean()))
    if any(64 < level < 192 for level in cells):
        raise ValueError(f"no clear strip in the picture: {[round(level) for level in cells]}")
    bits = [level >= 192 for level in cells]
    if bits[:2] != [False, True] or any(bits[2 + _BITS :]):
        raise ValueError(f"the strip lacks its frame: {bits}")
    return sum(bit << (_BITS - 1 - place) for place, bit in enumerate(bits[2 : 2 + _BITS]))
