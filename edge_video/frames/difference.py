"""Says how much two images of one camera differ, in percent of full brightness.

What is compared is coarse: about 64 x 36 blocks of a picture, each the average of its pixels, so
that most of a sensor's noise averages out and a person far away still fills a block.

Needs the extra `pictures` (Pillow).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.frames.jpeg import image_size
from edge_video.frames.small_picture import small_picture

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCKS: Final = 64
"""About so many blocks are the longer side of a picture."""

_LEVELS: Final = 255
_NO_CHANGE: Final = 128
"""The level that stands for equal brightness in a picture of differences."""
_QUIET_SHARE: Final = 0.75
_NOISE: Final = 3
_OVERALL: Final = 2
WHOLE: Final = 100.0
"""Of pictures that cannot be compared, like those of two sizes."""


@dataclass(frozen=True, slots=True)
class CoarsePicture:
    """The blocks of one image.

    Attributes:
        size: (width, height) of the image in pixels.
        blocks: the average brightness of each block, as a picture of Pillow's.
        mean: of the whole picture, 0 to 255.
    """

    size: tuple[int, int]
    blocks: Image
    mean: float


def load() -> None:
    """Load what decodes and compares now, and not when the first frame waits for it.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    from PIL import Image, ImageChops, JpegImagePlugin  # noqa: PLC0415 - an extra

    del Image, ImageChops, JpegImagePlugin


def coarse_picture(jpeg: bytes) -> CoarsePicture | None:
    """The blocks of an image; None when `small_picture` does not decode it.

    About 1 ms of CPU for a 720p image; any thread.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    small = small_picture(jpeg)
    if small is None:
        return None
    from PIL import Image  # noqa: PLC0415 - an extra

    size = (small.width, small.height)
    blocks = Image.frombuffer("L", size, small.luma, "raw", "L", 0, 1)
    factor = max(1, round(max(size) / BLOCKS))
    if factor > 1:
        blocks = blocks.reduce(factor)
    levels = blocks.tobytes()
    return CoarsePicture(image_size(jpeg), blocks, sum(levels) / len(levels))


def difference(before: CoarsePicture, after: CoarsePicture) -> float:
    """How much two pictures differ: the larger of two figures, in percent of full brightness.

    - The block that changed most, against the picture's own change of brightness as a whole, less
      three times what three quarters of the blocks stay below: that is noise.
    - Twice the change of brightness as a whole: a light that is switched on.

    Pictures of two sizes differ by 100.
    """
    if before.size != after.size:
        return WHOLE
    from PIL import ImageChops  # noqa: PLC0415 - an extra

    shift = after.mean - before.mean
    changes = ImageChops.subtract(after.blocks, before.blocks, 1.0, _NO_CHANGE - round(shift))
    histogram = changes.histogram()
    most = max(abs(level - _NO_CHANGE) for level, blocks in enumerate(histogram) if blocks)
    wanted = _QUIET_SHARE * sum(histogram)
    noise, within = 0, histogram[_NO_CHANGE]
    while within < wanted:
        noise += 1
        within += histogram[_NO_CHANGE - noise]
        if _NO_CHANGE + noise <= _LEVELS:
            within += histogram[_NO_CHANGE + noise]
    levels = max(most - _NOISE * noise, _OVERALL * abs(shift))
    return min(WHOLE, 100 * levels / _LEVELS)
