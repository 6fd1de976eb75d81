"""Holds frames until a sink takes them, counts how each ends, and writes them to sinks."""

from edge_video.delivery.ledger import DropReason, FrameCounts, LatencyHistogram, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import Sink

__all__ = ["DropReason", "FrameCounts", "LatencyHistogram", "Outbox", "Outcome", "Sink"]
