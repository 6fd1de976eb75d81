"""Defines what is counted of frames, and the two sums that hold for the counts.

Snapshots are frozen values: they may be kept, compared and rendered on any thread. Counters only
grow while the program runs and survive the restart of every actor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """How a frame that was handed to a sink ended."""

    CONFIRMED = "confirmed"
    NACKED = "nacked"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    """Its connection died before the answer; some of these did arrive."""


class DropReason(StrEnum):
    """Why a frame that came in was never handed to a sink.

    This is the table of the reasons. What lists them (sums, reports, metrics, JSON) is derived from
    it; `FrameCounts` has a field for each, and the catalog a text, `drop.<reason>`.
    """

    OVERFLOW = "overflow"
    """Newer frames of its camera filled the buffer: the sink took them too slowly.

    Or a reload made the buffer smaller.
    """
    NOT_CONNECTED = "not_connected"
    """Newer frames filled the buffer, or the bytes of all, while its sink was not connected.

    Or it grew too old meanwhile.
    """
    STALE = "stale"
    """It had waited longer than a frame is worth anything."""
    SHUTDOWN = "shutdown"
    """It still waited when the time to stop was over."""
    MEMORY = "memory"
    """No memory was to be had or to be spent on it.

    It came sooner than the memory controller allows, or it was held beyond a buffer that the
    controller made smaller, beyond the bytes of all cameras together while its sink was connected,
    or no memory was left.
    """
    REFUSED = "refused"
    """The sink refuses this camera, or the exchange that it goes to."""
    TOO_LARGE = "too_large"
    """Larger than what the sink takes."""
    UNCHANGED = "unchanged"
    """It showed what the last published one shows, and only changes are published: no loss."""
    SUPERSEDED = "superseded"
    """Another node of the cluster has its camera and publishes it: no loss.

    It waited here when that was heard, or came while the capture was ending.
    """


NO_LOSS: Final = (DropReason.UNCHANGED, DropReason.SUPERSEDED)
"""Reasons for which frames are dropped that nobody misses."""


def drop_field(reason: DropReason) -> str:
    """The name of the field of `FrameCounts`, and of the JSON key, that counts a reason."""
    return f"dropped_{reason.value}"


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """What is counted of the frames of one camera, or of all of them added up.

    `received = published + dropped + held`, where `dropped` is the sum over all reasons, and
    `published = confirmed + nacked + returned + unknown + in_flight`, in every snapshot.
    """

    received: int = 0
    published: int = 0
    dropped_overflow: int = 0
    dropped_not_connected: int = 0
    dropped_stale: int = 0
    dropped_shutdown: int = 0
    dropped_memory: int = 0
    dropped_refused: int = 0
    dropped_too_large: int = 0
    dropped_unchanged: int = 0
    dropped_superseded: int = 0
    held: int = 0
    confirmed: int = 0
    nacked: int = 0
    returned: int = 0
    unknown: int = 0
    in_flight: int = 0
    refused_late: int = 0
    """Frames of an attempt that had already ended; they never came in and are in no sum."""
    received_bytes: int = 0
    published_bytes: int = 0
    confirm_ns: int = 0
    """Sum over confirmed frames of the time from hand-over to confirm."""

    def dropped_for(self, reason: DropReason) -> int:
        """Frames dropped for this reason."""
        number: int = getattr(self, drop_field(reason))
        return number

    def settled_as(self, outcome: Outcome) -> int:
        """Frames handed over that ended so."""
        number: int = getattr(self, outcome.value)
        return number

    @property
    def dropped(self) -> int:
        """Frames dropped for any reason."""
        return sum(self.dropped_for(reason) for reason in DropReason)

    @property
    def lost(self) -> int:
        """Frames dropped that somebody may miss: for any reason that is not in `NO_LOSS`."""
        return self.dropped - sum(self.dropped_for(reason) for reason in NO_LOSS)

    @property
    def errors(self) -> int:
        """Frames handed over that are not known to have been accepted and will not be."""
        return self.nacked + self.returned + self.unknown

    def imbalance(self) -> str | None:
        """What does not add up, as text; None when everything does."""
        problems = []
        if self.received != self.published + self.dropped + self.held:
            problems.append(
                f"received {self.received} != published {self.published}"
                f" + dropped {self.dropped} + held {self.held}"
            )
        if self.published != self.confirmed + self.errors + self.in_flight:
            problems.append(
                f"published {self.published} != confirmed {self.confirmed} + nacked {self.nacked}"
                f" + returned {self.returned} + unknown {self.unknown} + in flight {self.in_flight}"
            )
        return "; ".join(problems) or None


def add_counts(counts: Iterable[FrameCounts]) -> FrameCounts:
    """Add counts up, number by number; the empty sum is all zeros."""
    sums = dict.fromkeys((each.name for each in fields(FrameCounts)), 0)
    for one in counts:
        for name in sums:
            sums[name] += getattr(one, name)
    return FrameCounts(**sums)


LATENCY_BOUNDS_S: Final = (
    *(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds, inclusive, of the classes of a `LatencyHistogram`; a last class is open."""


@dataclass(frozen=True, slots=True)
class LatencyHistogram:
    """How long confirmed frames took from being whole to being confirmed."""

    counts: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_S) + 1)
    """Frames by class of `LATENCY_BOUNDS_S`, the open class last; not cumulative."""
    sum_s: float = 0.0

    @property
    def count(self) -> int:
        """Frames in all classes: those that were confirmed."""
        return sum(self.counts)

    def percentile_bound_s(self, percent: float) -> float:
        """At least `percent` of the frames took no longer; infinity when only the open class says.

        0 when there are no frames.
        """
        wanted, so_far = math.ceil(self.count * percent / 100), 0
        if not wanted:
            return 0.0
        for bound_s, count in zip((*LATENCY_BOUNDS_S, math.inf), self.counts, strict=True):
            so_far += count
            if so_far >= wanted:
                return bound_s
        return math.inf
