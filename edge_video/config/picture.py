"""Declares what of a camera's picture is hidden, what is cut out of it, and how it is turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from edge_video.config.section import Accepts, Keys, Section, invalid, raise_conflicts
from edge_video.config.types import InSchema, Number

MAX_MASKS: Final = 16
"""Of one camera."""
MAX_POINTS: Final = 32
"""Of one mask."""
_LEAST_POINTS: Final = 3
_LEAST_SHARE: Final = 0.02
"""Less of a picture than this is a mistake: 12 pixels of 640."""
_FLAT: Final = 1e-9
"""Twice the area of a triangle that is none; of the whole picture."""

_ROUNDING: Final = 1e-6
"""0.7 and 0.3 are a little more than 1 for a computer."""

_SHARE_SCHEMA: Final = {"type": "number", "minimum": 0, "maximum": 1}


def _share(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise invalid(
            f"{value:g} is not between 0 and 1: places in the picture are shares of its width and"
            " height, whatever its size, and no pixels; 0.5 is the middle"
        )
    return value


Share: TypeAlias = Annotated[Number, AfterValidator(_share), WithJsonSchema(_SHARE_SCHEMA)]
"""A place in a picture, or a length: 0 is its left or upper edge, 1 the right or lower one."""
PartOfPicture: TypeAlias = Annotated[Number, Field(ge=_LEAST_SHARE, le=1.0)]


def _pair(point: object) -> object:
    if not isinstance(point, list | tuple) or len(point) != len(("x", "y")):
        raise invalid("a point is two numbers, from the left and from the top: [0.25, 0.5]")
    return point


Point: TypeAlias = Annotated[
    tuple[Share, Share],
    BeforeValidator(_pair),
    WithJsonSchema({"type": "array", "items": _SHARE_SCHEMA, "minItems": 2, "maxItems": 2}),
]


def _outline(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(points) < _LEAST_POINTS:
        raise invalid(f"it has {len(points)} points; a mask has the corners of an area, 3 or more")
    if len(points) > MAX_POINTS:
        raise invalid(f"it has {len(points)} points; {MAX_POINTS} are the most: draw several masks")
    if _is_line(points):
        raise invalid("all points are on one line: that covers nothing")
    if _covers_nothing(points):
        raise invalid("its outline runs along lines, there and back: that covers nothing")
    return points


def _is_line(points: tuple[tuple[float, float], ...]) -> bool:
    """Whether there is no area between the points, wherever the outline goes."""
    (x0, y0), *others = points
    far = max(others, key=lambda each: abs(each[0] - x0) + abs(each[1] - y0))
    return all(abs(_doubled_area((x0, y0), far, each)) < _FLAT for each in others)


def _covers_nothing(points: tuple[tuple[float, float], ...]) -> bool:
    """Whether nothing is left of an outline without the corners that go round no area."""
    corners = list(points)
    at = 0
    while at < len(corners):
        before, after = corners[at - 1], corners[(at + 1) % len(corners)]
        if abs(_doubled_area(before, corners[at], after)) < _FLAT:
            del corners[at]
            at = max(0, at - 2)  # its neighbours have another neighbour now
        else:
            at += 1
    return len(corners) < _LEAST_POINTS


def _doubled_area(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


class MaskConfig(Section):
    """An area that nobody is to see: it is covered before a frame leaves FFmpeg."""

    points: Annotated[
        Accepts[tuple[Point, ...], Sequence[Sequence[float]]],
        AfterValidator(_outline),
        InSchema(min_items=_LEAST_POINTS, max_items=MAX_POINTS),
    ]
    """The corners of the area, 3 to 32, in the order of its outline, each `[x, y]`: 0 is the left
    or upper edge of the picture as the camera sends it, 1 the right or lower one."""
    fill: Literal["black", "blur"] = "black"
    """blur: shapes and movements stay visible; for what nobody may know, black."""


def _masks(masks: tuple[MaskConfig, ...]) -> tuple[MaskConfig, ...]:
    if len(masks) > MAX_MASKS:
        raise invalid(f"there are {len(masks)} masks; {MAX_MASKS} are the most")
    return masks


Masks: TypeAlias = Annotated[
    Accepts[tuple[MaskConfig, ...], Sequence[MaskConfig | Keys]],
    AfterValidator(_masks),
    InSchema(max_items=MAX_MASKS),
]


class CropConfig(Section):
    """The part of the picture that is published; the rest is cut away."""

    x: Share = 0.0
    """Its left edge: 0 is that of the picture as the camera sends it, 1 the right edge of that."""
    y: Share = 0.0
    """Its upper edge: 0 is that of the picture, 1 the lower edge of that."""
    width: PartOfPicture
    """How much of the picture's width is left: 0.5 is half of it."""
    height: PartOfPicture
    """How much of the picture's height is left."""

    @model_validator(mode="after")
    def _is_inside(self) -> Self:
        sides = (("x", "width", self.x + self.width), ("y", "height", self.y + self.height))
        raise_conflicts(
            (length, (start, length), _outside(start, length, end))
            for start, length, end in sides
            if end > 1 + _ROUNDING
        )
        return self


def _outside(start: str, length: str, end: float) -> str:
    return (
        f"{start} and {length} make {end:g} together: the part ends outside of the picture, which"
        " ends at 1"
    )
