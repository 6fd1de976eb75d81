"""Knows where the frames of every camera are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.capture import CaptureTotals
    from edge_video.delivery.ledger import FrameCounts, LatencyHistogram
    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class FrameLedger:
    """The places where frames are counted. They outlive every actor."""

    outbox_of: Mapping[CameraId, Outbox]
    capture_totals: Callable[[CameraId], CaptureTotals]

    @property
    def outboxes(self) -> tuple[Outbox, ...]:
        """Each outbox once, in the order of the cameras."""
        return tuple(dict.fromkeys(self.outbox_of.values()))

    def frame_counts(self) -> dict[CameraId, FrameCounts]:
        """Of all cameras; each outbox is read in one consistent step."""
        counts: dict[CameraId, FrameCounts] = {}
        for outbox in self.outboxes:
            counts.update(outbox.counts())
        return counts

    def recent_drops(self) -> dict[CameraId, tuple[int, bool]]:
        """Of all cameras: frames dropped in the last five minutes, and whether it goes on now."""
        recent: dict[CameraId, tuple[int, bool]] = {}
        for outbox in self.outboxes:
            recent.update(outbox.health.recent_drops())
        return recent

    def latencies(self) -> dict[CameraId, LatencyHistogram]:
        """Of all cameras, from whole frame to confirm."""
        latencies: dict[CameraId, LatencyHistogram] = {}
        for outbox in self.outboxes:
            latencies.update(outbox.latencies())
        return latencies
