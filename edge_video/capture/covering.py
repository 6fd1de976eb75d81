"""Covers polygons with few upright boxes, never missing a point. Pure geometry.

FFmpeg fills boxes cheaply and has no filter for polygons. All coordinates are shares of the
picture, 0 to 1, so that boxes hold for pictures of any size.

A polygon is cut into trapezoids at the height of every corner and of every crossing of its
outline: between two such heights its edges are straight and do not cross. Strips across the picture
then take in all that the trapezoids have in them. The finest strips are tried first, and coarser
ones as long as there are too many boxes: what is covered only grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Point: TypeAlias = tuple[float, float]
Interval: TypeAlias = tuple[float, float]

_STEPS: Final = (1 / 256, 1 / 128, 1 / 64, 1 / 32)
"""How far a slanted edge may move sideways within one strip, finest first."""
_COARSE: Final = (32, 16, 8, 4, 2)
"""Strips of equal height, where even the heights of the corners are too many."""
_LINES_PER_BOX: Final = 4
"""With more lines than this there would be too many boxes in any case but a contrived one."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle; shares of the picture, from its left upper corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Edge:
    """One side of a polygon, from its upper end to its lower one."""

    upper_x: float
    top: float
    lower_x: float
    bottom: float
    turn: int
    """1 where the outline goes down, -1 where it goes up."""

    def at(self, height: float) -> float:
        """Where it is at a height."""
        if height == self.bottom:
            return self.lower_x
        share = (height - self.top) / (self.bottom - self.top)
        return self.upper_x + (self.lower_x - self.upper_x) * share


@dataclass(frozen=True, slots=True)
class _Trapezoid:
    """A part of a polygon between two heights and two straight edges."""

    top: float
    bottom: float
    left: Interval
    """Where its left edge is, at the top and at the bottom."""
    right: Interval

    def spans(self, top: float, bottom: float) -> Interval | None:
        """Its extent within a strip; None when it has nothing there."""
        upper, lower = max(top, self.top), min(bottom, self.bottom)
        if lower - upper <= 0:
            return None
        ends = [(each - self.top) / (self.bottom - self.top) for each in (upper, lower)]
        left = min(_between(self.left, each) for each in ends)
        return left, max(_between(self.right, each) for each in ends)


@lru_cache(maxsize=64)  # of every start of FFmpeg the same
def covering(points: tuple[Point, ...], most: int) -> tuple[Box, ...]:
    """Return boxes that together hold every point of a polygon, from top to bottom.

    Inside is whatever the outline goes round, more often one way than the other: of an outline
    that crosses itself like a star, the middle as well.

    Args:
        points: the corners, in the order of the outline; not all on one line.
        most: boxes at most; one at least.
    """
    trapezoids = _trapezoids(points)
    heights = sorted(trapezoids)
    bottom = max(points, key=_height)[1]
    strips = [_fine([*heights, bottom], trapezoids, step) for step in _STEPS]
    strips += [_even(heights[0], bottom, count) for count in _COARSE]
    for lines in strips:
        if len(lines) > _LINES_PER_BOX * most:
            continue
        boxes = _boxes(trapezoids, lines)
        if len(boxes) <= most:
            return boxes
    return (around(_boxes(trapezoids, [heights[0], bottom])),)


def around(boxes: Sequence[Box]) -> Box:
    """Return the box around all of them."""
    return Box(
        left=min(each.left for each in boxes),
        top=min(each.top for each in boxes),
        right=max(each.right for each in boxes),
        bottom=max(each.bottom for each in boxes),
    )


def gaps(boxes: Sequence[Box], window: Box) -> list[Box]:
    """Return the boxes of a window that are not covered: what `covering` has left of it."""
    found = []
    rows: dict[Interval, list[Interval]] = {}
    for each in boxes:
        rows.setdefault((each.top, each.bottom), []).append((each.left, each.right))
    edge = window.top
    for (top, bottom), covered in rows.items():
        if top > edge:
            found.append(Box(window.left, edge, window.right, top))
        left = window.left
        for start, end in [*covered, (window.right, window.right)]:
            if start > left:
                found.append(Box(left, top, start, bottom))
            left = end
        edge = bottom
    if edge < window.bottom:
        found.append(Box(window.left, edge, window.right, window.bottom))
    return found


def _trapezoids(points: Sequence[Point]) -> dict[float, list[_Trapezoid]]:
    """The parts of a polygon, by the height at which they begin."""
    edges = [
        _Edge(*start, *end, 1) if start[1] < end[1] else _Edge(*end, *start, -1)
        for start, end in pairwise([*points, points[0]])
        if start[1] != end[1]
    ]
    heights = {y for _, y in points}
    for first, second in combinations(edges, 2):
        heights.update(_crossing(first, second))
    return {top: _band(edges, top, bottom) for top, bottom in pairwise(sorted(heights))}


def _band(edges: Sequence[_Edge], top: float, bottom: float) -> list[_Trapezoid]:
    """The parts between two heights, within which no edge begins, ends or crosses another."""
    found = []
    winding = 0
    left: Interval | None = None
    sides = [
        ((each.at(top), each.at(bottom)), each.turn)
        for each in edges
        if each.top <= top and each.bottom >= bottom
    ]
    for side, turn in sorted(sides, key=lambda each: sum(each[0])):
        winding += turn
        if left is None:
            left = side
        elif not winding:
            found.append(_Trapezoid(top, bottom, left, side))
            left = None
    return found


def _crossing(first: _Edge, second: _Edge) -> tuple[float, ...]:
    """The height at which two edges cross, if they do."""
    top, bottom = max(first.top, second.top), min(first.bottom, second.bottom)
    if top >= bottom:
        return ()
    above, below = first.at(top) - second.at(top), first.at(bottom) - second.at(bottom)
    if above * below >= 0:
        return ()
    return (top + (bottom - top) * above / (above - below),)


def _fine(
    heights: Sequence[float], trapezoids: Mapping[float, Sequence[_Trapezoid]], step: float
) -> list[float]:
    """The lines between strips in which no edge moves sideways by more than a step."""
    lines = [heights[0]]
    for top, bottom in pairwise(heights):
        moves = (abs(b - a) for each in trapezoids[top] for a, b in (each.left, each.right))
        count = max(1, math.ceil(max(moves, default=0.0) / step))
        lines += _even(top, bottom, count)[1:]
    return lines


def _even(top: float, bottom: float, count: int) -> list[float]:
    return [*(top + (bottom - top) * number / count for number in range(count)), bottom]


def _boxes(
    trapezoids: Mapping[float, Sequence[_Trapezoid]], lines: Sequence[float]
) -> tuple[Box, ...]:
    """All that is between the lines, as boxes; equal ones below each other are one."""
    rows: list[tuple[float, float, list[Interval]]] = []
    parts = [each for band in trapezoids.values() for each in band]
    for top, bottom in pairwise(lines):
        spans = [span for each in parts if (span := each.spans(top, bottom)) is not None]
        covered = _joined(spans)
        if rows and rows[-1][2] == covered:
            rows[-1] = (rows[-1][0], bottom, covered)
        else:
            rows.append((top, bottom, covered))
    return tuple(Box(left, top, right, bottom) for top, bottom, row in rows for left, right in row)


def _joined(spans: Sequence[Interval]) -> list[Interval]:
    """The same without overlaps, from left to right."""
    joined: list[Interval] = []
    for left, right in sorted(spans):
        if joined and left <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(right, joined[-1][1]))
        else:
            joined.append((left, right))
    return joined


def _between(ends: Interval, share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def _height(point: Point) -> float:
    return point[1]
