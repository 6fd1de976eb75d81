"""Where frames wait and where they go: the outbox, its ledger, and the sinks."""

from edge_video.delivery.ledger import DropReason, FrameCounts, LatencyHistogram, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import Sink

__all__ = ["DropReason", "FrameCounts", "LatencyHistogram", "Outbox", "Outcome", "Sink"]
