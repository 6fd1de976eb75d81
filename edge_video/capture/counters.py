"""Counts what reading one camera took."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class CaptureTotals:
    """What reading one camera took, over all attempts. Times in nanoseconds."""

    reads: int = 0
    read_ns: int = 0
    """Inside the read call, with data already there: the cost of reading, not of waiting."""
    splits: int = 0
    """Whole frames cut out of the byte stream."""
    split_ns: int = 0
    discarded_bytes: int = 0
    """Bytes that belonged to no frame (garbage, torn frames, broken headers)."""
    oversized: int = 0
    """Frames refused because they were larger than the limit."""
    unchanged: int = 0
    """With `mode: snapshot`: answers that the picture is that of before, or that showed it."""


@dataclass(slots=True)
class CaptureCounters:
    """Counts what the readers of one camera do, over all its attempts: growing `CaptureTotals`.

    Written by the one reader that runs at a time; `totals` may be called from any thread.
    """

    reads: int = 0
    read_ns: int = 0
    splits: int = 0
    split_ns: int = 0
    discarded_bytes: int = 0
    oversized: int = 0
    unchanged: int = 0

    def totals(self) -> CaptureTotals:
        """Return a snapshot."""
        return CaptureTotals(*astuple(self))
