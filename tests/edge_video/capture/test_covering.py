"""Boxes cover polygons: never a point too few, seldom many too many."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_video.capture.covering import Box, around, covering, gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.covering import Point

MOST: Final = 64
SHARE: Final = st.floats(0, 1, width=32)
OUTLINES: Final = st.lists(st.tuples(SHARE, SHARE), min_size=3, max_size=10).map(tuple)

L_SHAPE: Final = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.4), (0.5, 0.4), (0.5, 0.6), (0.1, 0.6))
TRIANGLE: Final = ((0.2, 0.1), (0.9, 0.5), (0.1, 0.8))
BOW_TIE: Final = ((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9))
STAR: Final = tuple(
    (0.5 + 0.4 * math.sin(4 * math.pi * i / 5), 0.5 - 0.4 * math.cos(4 * math.pi * i / 5))
    for i in range(5)
)


def turns(points: Sequence[Point], x: float, y: float) -> int:
    """How often the outline goes round a point: by angles, quite another way than the boxes'."""
    angle = 0.0
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        ahead = math.atan2(y1 - y, x1 - x) - math.atan2(y0 - y, x0 - x)
        angle += math.remainder(ahead, 2 * math.pi)
    return round(angle / (2 * math.pi))


def covers(boxes: Sequence[Box], x: float, y: float) -> bool:
    near = 1e-9
    return any(
        box.left - near <= x <= box.right + near and box.top - near <= y <= box.bottom + near
        for box in boxes
    )


def area(boxes: Sequence[Box]) -> float:
    return sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)


@settings(max_examples=50)
@given(OUTLINES, st.integers(1, 64), st.lists(st.tuples(SHARE, SHARE), min_size=10, max_size=10))
def test_every_point_inside_is_in_a_box(
    outline: tuple[Point, ...], most: int, points: list[Point]
) -> None:
    assume(len({y for _, y in outline}) > 1)
    boxes = covering(outline, most)
    assert 1 <= len(boxes) <= most
    # Corners are where mistakes would be: points near to them, and in the middle between them.
    near = [((x + a) / 2, (y + b) / 2) for (x, y), (a, b) in pairwise([*outline, outline[1]])]
    for x, y in [*points, *near]:
        assert covers(boxes, x, y) or not turns(outline, x, y)


@settings(max_examples=25)
@given(OUTLINES)
def test_what_is_left_of_a_window_and_the_boxes_are_the_whole_window(
    outline: tuple[Point, ...],
) -> None:
    assume(len({y for _, y in outline}) > 1)
    boxes = covering(outline, 16)
    window = Box(0.0, 0.0, 1.0, 1.0)
    assert area(boxes) + area(gaps(boxes, window)) == pytest.approx(1.0)


def test_what_is_upright_is_covered_exactly() -> None:
    assert covering(((0.1, 0.2), (0.4, 0.2), (0.4, 0.7), (0.1, 0.7)), MOST) == (
        Box(0.1, 0.2, 0.4, 0.7),
    )
    assert covering(L_SHAPE, MOST) == (Box(0.1, 0.1, 0.2, 0.4), Box(0.1, 0.4, 0.5, 0.6))


def test_slanted_sides_are_covered_closely_and_more_coarsely_with_fewer_boxes() -> None:
    exact = abs((0.7 * 0.7) - (-0.1 * 0.4)) / 2
    sizes = [area(covering(TRIANGLE, most)) for most in (64, 16, 4, 1)]
    assert exact < sizes[0] < 1.05 * exact
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(0.8 * 0.7), "the box around it"


def test_an_outline_may_cross_itself() -> None:
    tie = covering(BOW_TIE, MOST)
    assert covers(tie, 0.2, 0.5)
    assert covers(tie, 0.8, 0.5)
    assert not covers(tie, 0.5, 0.2)
    assert covers(covering(STAR, MOST), 0.5, 0.5), "the middle of a star"


def test_the_worst_outline_is_covered_by_the_box_around_it_at_least() -> None:
    zigzag = tuple((index / 31, 0.1 if index % 2 else 0.9) for index in range(31))
    tangle = tuple((x, (y * 7919 * (i + 1)) % 1) for i, (x, y) in enumerate(zigzag))
    boxes = covering(tangle, 8)
    assert len(boxes) <= 8
    assert around(boxes).left <= min(x for x, _ in tangle)
