"""Decodes a JPEG image small and grey: enough to judge a picture, at a fraction of the cost.

A JPEG image is coded in blocks of 8 x 8 pixels that begin with their average, so libjpeg's decoder
can give a picture of an eighth of the size (of each side) without computing a single pixel of the
large one. What remains is to read the image's code, which grows with its bytes: about 1 ms of CPU
for 60 KB, the usual 720p frame at quality 5.

Needs the extra `pictures` (Pillow), which is loaded when the first picture is decoded.
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass, field
from typing import Final

from edge_video.frames.jpeg import image_size, is_one_scan

SCALE: Final = 8
"""A small picture has one pixel for that many of each side of the image."""

MAX_IMAGE_BYTES: Final = 4 * 2**20
"""A larger image is not decoded: reading its code would take some 50 ms."""

_MAX_PIXELS: Final = 40_000_000
"""Of an image that is decoded, 8K and some."""


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """The brightness of an image, an eighth of its width and of its height (rounded up).

    Two small pictures can be compared pixel by pixel when their sizes are equal, and equal images
    have equal small pictures. No colour is kept: every pixel is the average luma of a block.

    Attributes:
        width: in pixels of the small picture, at least 1.
        height: in pixels of the small picture, at least 1.
        luma: `width * height` bytes, row by row from the top left; 0 is black, 255 white.
    """

    width: int
    height: int
    luma: bytes = field(repr=False)


def small_picture(jpeg: bytes) -> SmallPicture | None:
    """Decode an image small; None when it is torn or no JPEG image, or takes too long. Any thread.

    Not decoded are progressive images and such as come in several scans, whose decoding may take
    minutes for a few bytes, and very large ones: the time grows with bytes and pixels alone. An
    image of fewer than 8 pixels a side is scaled down less. Costs CPU (see the module), so
    decode a few images a second and not each, none twice, and none on a thread that reads or
    publishes frames.

    Raises:
        ModuleNotFoundError: Pillow is not installed; `can_decode` tells it beforehand.
    """
    # An extra, and slow to load: only where it is used. Not `Image.open`, which loads every format
    # and warns on standard error of damaged metadata.
    if len(jpeg) > MAX_IMAGE_BYTES or not is_one_scan(jpeg):
        return None
    width, height = image_size(jpeg)
    if not 0 < width * height <= _MAX_PIXELS:
        return None
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415

    try:
        image = JpegImageFile(io.BytesIO(jpeg))
        image.draft("L", (1, 1))
        grey = image if image.mode == "L" else image.convert("L")
        return SmallPicture(grey.width, grey.height, grey.tobytes())
    except (OSError, SyntaxError, ValueError):
        return None  # Pillow's ways to say that an image is torn


def can_decode() -> bool:
    """Whether the extra `pictures` is installed; nothing is loaded to find out."""
    return importlib.util.find_spec("PIL") is not None
