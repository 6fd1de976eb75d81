"""Formats how long frames took. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, LatencyHistogram
from edge_video.text.formatting import format_rounded_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.text.language import Language


def add_latencies(latencies: Iterable[LatencyHistogram]) -> LatencyHistogram:
    """The histogram of several cameras together."""
    kept = tuple(latencies)
    columns = zip(*(each.counts for each in (LatencyHistogram(), *kept)), strict=True)
    return LatencyHistogram(tuple(map(sum, columns)), sum(each.sum_s for each in kept))


def format_class(number: int, language: Language) -> str:
    """The bound of one class of a histogram: `≤ 50ms`, `> 10s`."""
    bounds_s = (*LATENCY_BOUNDS_S, math.inf)
    return _format_bound(bounds_s[number], language)


def format_percentile(latency: LatencyHistogram, percent: float, language: Language) -> str:
    """The upper bound of a percentile: `≤ 50ms`, `> 10s`."""
    return _format_bound(latency.percentile_bound_s(percent), language)


def _format_bound(bound_s: float, language: Language) -> str:
    if math.isinf(bound_s):
        return f"> {format_rounded_duration(LATENCY_BOUNDS_S[-1], language)}"
    return f"≤ {format_rounded_duration(bound_s, language)}"
