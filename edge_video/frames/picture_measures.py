"""Measures small pictures of one camera: brightness, detail, and what has changed since.

Needs the extra `pictures` (Pillow), whose C code does what concerns every pixel; nothing here is
worth an array library of 30 MB. A measurement of a 720p frame's small picture costs about 0.2 ms.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.frames.small_picture import SmallPicture

GRID: Final = (16, 9)
"""Columns and rows of the grids of a `Measures`."""
MID_GREY: Final = range(126, 133)
"""The luma that decoders fill in where they know nothing: 128, or 130 when stretched from video's
range to that of JPEG, and what coding makes of it."""

_LOW, _HIGH = 0.05, 0.95
_FINE_GRID: Final = (32, 18)
_COARSE_GRID: Final = (4, 3)
_ZERO: Final = 128
"""Stands for no difference in a picture of differences."""
_EDGE_GAIN: Final = 6
"""Differences between neighbours are small, and whole numbers."""
_EDGE_LEVELS: Final = [min(255, _EDGE_GAIN * level) for level in range(256)]
_REMEMBERED: Final = 64
"""Of so many pictures before, a repeated one is known again."""
_REPEAT_LEVELS: Final = 16
"""More than that no encoder makes of a picture that it repeats; another slide of a show is more."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of one picture.

    Attributes:
        low: the luma, 0 to 255, that a twentieth of the pixels is darker than, or as dark as.
        high: the luma that a twentieth of the pixels is at least as bright as.
        grey_percent: share of the pixels that are mid-grey, as a decoder without a key frame shows.
        detail: mean difference between neighbours, in levels of luma.
        is_equal: whether no pixel differs from the picture before; or from another one of the last
            64, while little differs from the one before. So it is where an encoder repeats one
            picture, and makes something else of it in each frame of a group.
        is_anew: whether so much has changed since the anchor that this picture is the next one.
        luma: how much brighter each field of the `GRID` is than what is around it, row by row.
            Without what changes slowly over the picture: a lamp, or a lens that is dark at its rim.
        edges: the same of the differences between neighbours.
    """

    low: int
    high: int
    grey_percent: float
    detail: float
    is_equal: bool
    is_anew: bool
    luma: tuple[float, ...]
    edges: tuple[float, ...]


class PictureMeter:
    """Measures the pictures of one camera, in their order. One thread at a time.

    The *anchor* is a picture that all later ones are compared with: once more than
    `anchor_percent` of the pixels have ever differed from it, by whatever little, the picture that
    brought it about is the next anchor. The noise of a sensor does that within moments; a clock
    that a camera writes into a picture which is frozen never does.

    Args:
        anchor_percent: see above.
    """

    def __init__(self, anchor_percent: float) -> None:
        self.anchor_percent = anchor_percent
        self._before: SmallPicture | None = None
        self._marks: deque[int] = deque(maxlen=_REMEMBERED)
        self._anchor: Any = None
        self._changed: Any = None

    def measure(self, picture: SmallPicture) -> Measures:
        """Measure the next picture; pictures of another size have nothing in common."""
        from PIL import Image, ImageChops  # noqa: PLC0415 - an extra, only where it is used

        is_equal = self._is_repeated(picture)
        image = Image.frombytes("L", (picture.width, picture.height), picture.luma)
        edges = _edges(image)
        levels = image.histogram()
        total = len(picture.luma)
        return Measures(
            low=_quantile(levels, total, _LOW),
            high=_quantile(levels, total, _HIGH),
            grey_percent=100.0 * sum(levels[MID_GREY.start : MID_GREY.stop]) / total,
            detail=_mean(edges.histogram()),
            is_equal=is_equal,
            is_anew=not is_equal and self._is_anew(image, ImageChops),
            luma=_fields(image),
            edges=_fields(edges.point(_EDGE_LEVELS)),
        )

    def _is_repeated(self, picture: SmallPicture) -> bool:
        before, self._before = self._before, picture
        mark = hash((picture.width, picture.luma))
        is_known = mark in self._marks
        self._marks.append(mark)
        if before is None or before == picture:
            return before is not None
        return is_known and _most_difference(before, picture) <= _REPEAT_LEVELS

    def _is_anew(self, image: Any, chops: Any) -> bool:
        anchor = self._anchor
        if anchor is not None and anchor.size == image.size:
            changed = chops.lighter(self._changed, chops.difference(anchor, image))
            unchanged = changed.histogram()[0]
            if 100.0 * (1.0 - unchanged / (image.width * image.height)) <= self.anchor_percent:
                self._changed = changed
                return False
        self._anchor = image
        self._changed = chops.difference(image, image)
        return True


def _most_difference(one: SmallPicture, other: SmallPicture) -> int:
    """The difference of the pixels that differ most; 256, which is more than any, of two sizes."""
    from PIL import Image, ImageChops  # noqa: PLC0415 - as above

    if (one.width, one.height) != (other.width, other.height):
        return 256
    images = (Image.frombytes("L", (each.width, each.height), each.luma) for each in (one, other))
    difference: Any = ImageChops.difference(*images)
    _, most = difference.getextrema()
    return int(most)


def _edges(image: Any) -> Any:
    """Differences to the right and below, added up; black where there is no neighbour."""
    from PIL import ImageChops  # noqa: PLC0415 - as above

    right, below = image.width - 1, image.height - 1
    if not right or not below:
        return ImageChops.difference(image, image)
    inner = image.crop((0, 0, right, below))
    across = ImageChops.difference(inner, image.crop((1, 0, right + 1, below)))
    down = ImageChops.difference(inner, image.crop((0, 1, right, below + 1)))
    return ImageChops.add(across, down)


def _fields(image: Any) -> tuple[float, ...]:
    """Local contrast: what is around a field is about a quarter of the picture, a side."""
    from PIL import ImageChops  # noqa: PLC0415 - as above
    from PIL.Image import Resampling  # noqa: PLC0415 - as above

    fine = image.resize(_FINE_GRID, Resampling.BOX)
    around = fine.resize(_COARSE_GRID, Resampling.BOX).resize(_FINE_GRID, Resampling.BILINEAR)
    contrast = ImageChops.subtract(fine, around, 1, _ZERO)
    means = contrast.convert("F").resize(GRID, Resampling.BOX)
    return tuple(each - _ZERO for each in memoryview(means.tobytes()).cast("f"))


def _mean(levels: Sequence[int]) -> float:
    return sum(level * count for level, count in enumerate(levels)) / max(1, sum(levels))


def _quantile(levels: Sequence[int], total: int, share: float) -> int:
    """The level up to which this share of all values lies."""
    passed = 0
    for level, count in enumerate(levels):
        passed += count
        if passed >= share * total:
            return level
    return len(levels) - 1
