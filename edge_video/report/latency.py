"""How long frames took, in words. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, LatencyHistogram
from edge_video.text.formatting import format_rounded_duration

if TYPE_CHECKING:
    from collections.abc import Iterable


def add_latencies(latencies: Iterable[LatencyHistogram]) -> LatencyHistogram:
    """Of several cameras together."""
    kept = tuple(latencies)
    columns = zip(*(each.counts for each in (LatencyHistogram(), *kept)), strict=True)
    return LatencyHistogram(tuple(map(sum, columns)), sum(each.sum_s for each in kept))


def format_class(number: int) -> str:
    """One class of a histogram in words."""
    bounds_s = (*LATENCY_BOUNDS_S, math.inf)
    return _spell_bound(bounds_s[number])


def format_percentile(latency: LatencyHistogram, percent: float) -> str:
    """`percentile_bound_s` in words."""
    return _spell_bound(latency.percentile_bound_s(percent))


def _spell_bound(bound_s: float) -> str:
    if math.isinf(bound_s):
        return f"> {format_rounded_duration(LATENCY_BOUNDS_S[-1])}"
    return f"≤ {format_rounded_duration(bound_s)}"
