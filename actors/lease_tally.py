"""Counts how often cameras have come to this node and gone; what is counted outlives the actor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_video.resilience.cluster import LeaseState
from edge_video.status.cluster import LeaseCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.resilience.cluster.steps import Lease
    from edge_video.resilience.cluster.terms import StopReason


class LeaseTally:
    """Counts for one node. The lease actor's thread; its successor goes on with it.

    Attributes:
        counts: so far.
    """

    def __init__(self) -> None:
        self.counts = LeaseCounts()
        self._captured: set[str] = set()
        self._looked_s: float | None = None

    def taken(self, camera: str) -> None:
        """Count a camera that is captured here, unless it only has another epoch."""
        if camera not in self._captured:
            self._captured.add(camera)
            self.counts = replace(self.counts, taken=self.counts.taken + 1)

    def ended(self, camera: str, reason: StopReason) -> None:
        """Count a camera that was captured here, and is no more."""
        if camera in self._captured:
            self._captured.discard(camera)
            name = reason.value  # each reason has a field of its name
            self.counts = replace(self.counts, **{name: getattr(self.counts, name) + 1})

    def look(self, leases: Mapping[str, Lease], now_s: float) -> None:
        """Count the time since the last look for each lease that cannot be proven."""
        passed_s = 0.0 if self._looked_s is None else now_s - self._looked_s
        self._looked_s = now_s
        suspect = sum(each.state is LeaseState.SUSPECT for each in leases.values())
        if suspect and passed_s:
            suspect_s = round(self.counts.suspect_s + suspect * passed_s, 3)
            self.counts = replace(self.counts, suspect_s=suspect_s)
