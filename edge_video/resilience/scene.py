"""Remembers what a camera usually shows, as a slow average, and how alike a picture is to it."""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.frames.picture_measures import Measures

LEARN_S: Final = 60.0
"""So long a scene is only learned: cameras take a while to find exposure and focus."""

_TIME_CONSTANT_S: Final = 600.0
"""Of the average: what the sun does in minutes is followed, what a hand does at once is not."""
_LEARN_EVERY_S: Final = 5.0
_MAX_STEP_S: Final = 10.0
_ENOUGH_PERCENT: Final = 80.0
"""A likeness with which nobody asks for a better one."""
_MIN_DETAIL: Final = 0.5
"""Levels of luma; a scene with less has nothing that could be lost."""
_MIN_SPREAD: Final = 0.7
"""Fields that differ by less look like any others."""


class Scene:
    """What one camera usually shows. One thread at a time.

    Pictures are compared by the correlation of their fields, which knows neither brightness nor
    contrast. The better one of two counts: of the fields' brightness, and of the edges in them,
    which are still where they were when a camera goes over to infrared light.
    """

    def __init__(self) -> None:
        self._luma: list[float] = []
        self._edges: list[float] = []
        self._detail = 0.0
        self._sharpness = 0.0
        self._learned_s = 0.0
        self._last_s: float | None = None

    def learn(self, measures: Measures, now_s: float) -> None:
        """Take a picture into the average."""
        last_s = self._last_s
        if last_s is not None and 0.0 <= now_s - last_s < _LEARN_EVERY_S:
            return
        self._last_s = now_s
        if last_s is None:
            self._luma, self._edges = list(measures.luma), list(measures.edges)
            self._detail, self._sharpness = measures.detail, _sharpness(measures)
            return
        step_s = min(max(0.0, now_s - last_s), _MAX_STEP_S)
        self._learned_s = min(self._learned_s + step_s, _TIME_CONSTANT_S)
        share = step_s / max(self._learned_s, step_s, 1e-9)
        self._luma = _blended(self._luma, measures.luma, share)
        self._edges = _blended(self._edges, measures.edges, share)
        self._detail += share * (measures.detail - self._detail)
        self._sharpness += share * (_sharpness(measures) - self._sharpness)

    def detail_percent(self, detail: float) -> float | None:
        """How much of the usual detail this is; None while nobody knows what is usual."""
        if self._learned_s < LEARN_S or self._detail < _MIN_DETAIL:
            return None
        return 100.0 * detail / self._detail

    def sharpness_percent(self, measures: Measures) -> float:
        """How much of the usual detail there is in proportion to the contrast of the picture.

        100 or so in any light; less where the lens blurs.
        """
        return 100.0 * _sharpness(measures) / max(self._sharpness, 1e-9)

    def likeness_percent(self, measures: Measures) -> float | None:
        """How alike a picture is to the average, 0 to 100; None where it cannot be told."""
        if self._learned_s < LEARN_S:
            return None
        by_luma = _correlation(self._luma, measures.luma)
        if by_luma is not None and by_luma > _ENOUGH_PERCENT / 100.0:
            return 100.0 * by_luma
        by_edges = _correlation(self._edges, measures.edges)
        known = [each for each in (by_luma, by_edges) if each is not None]
        return 100.0 * max(0.0, *known) if known else None


def _sharpness(measures: Measures) -> float:
    return measures.detail / max(1, measures.high - measures.low)


def _blended(before: Sequence[float], news: Sequence[float], share: float) -> list[float]:
    return [old + share * (new - old) for old, new in zip(before, news, strict=True)]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's coefficient, -1 to 1; None where one of them is much the same all over."""
    size = len(one)
    mean, other_mean = sum(one) / size, sum(other) / size
    variance = sum(map(mul, one, one)) / size - mean * mean
    other_variance = sum(map(mul, other, other)) / size - other_mean * other_mean
    if min(variance, other_variance) < _MIN_SPREAD**2:
        return None
    together: float = sum(map(mul, one, other)) / size - mean * other_mean
    return together / math.sqrt(variance * other_variance)
