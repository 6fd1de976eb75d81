"""Knows where the frames of every camera are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import FrameCounts, add_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edge_video.capture import CaptureTotals
    from edge_video.delivery.ledger import LatencyHistogram
    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class FrameLedger:
    """The places where frames are counted. They outlive every actor."""

    outbox_of: Mapping[CameraId, Outbox]
    """Of every camera that there is or was; grows when one is added."""
    capture_totals: Callable[[CameraId], CaptureTotals]
    removed: set[CameraId] = field(default_factory=set)
    """Every camera that was removed at some time, come back or not."""

    def removed_counts(
        self, counts: Mapping[CameraId, FrameCounts], present: Iterable[CameraId]
    ) -> FrameCounts:
        """What is counted of cameras that were removed and are not among those present."""
        gone = self.removed.difference(present)
        return add_counts(counts[camera_id] for camera_id in gone if camera_id in counts)

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
