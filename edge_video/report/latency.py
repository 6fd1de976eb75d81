"""How long frames took, by class: sums, percentiles and words. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.report.text import spell_duration
from edge_video.stats import LATENCY_BOUNDS_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.stats import SystemStatus


@dataclass(frozen=True, slots=True)
class LatencyClasses:
    """Frames by how long they took.

    `counts[i]` frames took at most `bounds_s[i]` seconds and more than the bound before it; one
    more class, the last one, is open.
    """

    bounds_s: Sequence[float]
    counts: Sequence[int]
    sum_s: float = 0.0

    @property
    def count(self) -> int:
        """Frames in all classes."""
        return sum(self.counts)

    def percentile_bound_s(self, percent: float) -> float:
        """At least `percent` of the frames took no longer; infinity when only the open class says.

        0 when there are no frames.
        """
        wanted, so_far = math.ceil(self.count * percent / 100), 0
        if not wanted:
            return 0.0
        for bound_s, count in zip((*self.bounds_s, math.inf), self.counts, strict=True):
            so_far += count
            if so_far >= wanted:
                return bound_s
        return math.inf

    def label(self, number: int) -> str:
        """One class in words."""
        if number < len(self.bounds_s):
            return f"≤ {spell_duration(self.bounds_s[number])}"
        return f"> {spell_duration(self.bounds_s[-1])}"

    def spell_percentile(self, percent: float) -> str:
        """`percentile_bound_s` in words."""
        bound_s = self.percentile_bound_s(percent)
        if math.isinf(bound_s):
            return self.label(len(self.bounds_s))
        return f"≤ {spell_duration(bound_s)}"


def latency_of(status: SystemStatus) -> LatencyClasses | None:
    """Of all cameras together; None when there is no camera."""
    histograms = [camera.latency for camera in status.cameras]
    if not histograms:
        return None
    counts = [sum(column) for column in zip(*(each.counts for each in histograms), strict=True)]
    return LatencyClasses(LATENCY_BOUNDS_S, counts, sum(each.sum_s for each in histograms))
