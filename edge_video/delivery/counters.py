"""Counts one camera's frames, from when they come in to how they end.

Everything here is mutable and has no lock of its own: the outbox's lock guards it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from edge_video.delivery.ledger import (
    LATENCY_BOUNDS_S,
    NO_LOSS,
    DropReason,
    FrameCounts,
    LatencyHistogram,
    Outcome,
    drop_field,
)
from edge_video.runtime.units import NS_PER_S

_DELIVERED: Final = (Outcome.CONFIRMED, Outcome.RETURNED)
_NOTHING_TO_SEND_S: Final = 10.0
"""A camera that brings no frame for so long has nothing to send."""

DROPPING_S: Final = 10.0
"""Frames are being dropped now if one was dropped so lately."""
_SLOT_S: Final = 10.0
_SLOTS: Final = 30


class ConfirmTimes:
    """Adds up how long confirmed frames took."""

    __slots__ = ("by_class", "confirm_ns", "latency_s")

    def __init__(self) -> None:
        self.confirm_ns = 0
        self.by_class = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self.latency_s = 0.0

    def histogram(self) -> LatencyHistogram:
        """The times from whole frame to confirm as a value."""
        return LatencyHistogram(tuple(self.by_class), self.latency_s)


class RecentDrops:
    """Counts what was dropped in the last five minutes, in slots of ten seconds."""

    __slots__ = ("_last_s", "_slots")

    def __init__(self) -> None:
        self._slots = [0] * _SLOTS
        self._last_s: float | None = None

    def add(self, frames: int, now_s: float) -> None:
        """Count frames that are dropped now."""
        self._forget_old(now_s)
        self._slots[int(now_s // _SLOT_S) % _SLOTS] += frames
        self._last_s = now_s

    def number(self, now_s: float) -> int:
        """How many were dropped in the last five minutes."""
        self._forget_old(now_s)
        return sum(self._slots)

    def go_on(self, now_s: float) -> bool:
        """Whether one was dropped in the last ten seconds."""
        return self._last_s is not None and now_s - self._last_s <= DROPPING_S

    def _forget_old(self, now_s: float) -> None:
        """Empty the slots that came round since the last drop."""
        if self._last_s is None:
            return
        last, now = int(self._last_s // _SLOT_S), int(now_s // _SLOT_S)
        for slot in range(max(last, now - _SLOTS) + 1, now + 1):
            self._slots[slot % _SLOTS] = 0


class FrameCounters:
    """The counters of one camera's frames.

    Attributes:
        received: frames that came in, ever; the number of the last one.
        received_bytes: their lengths together.
        refused_late: frames of an attempt that had already ended.
        dropped: frames that were never handed over, by reason.
        recent_drops: those of the last minutes, but for frames that nobody misses.
        published: frames handed over.
        published_bytes: their lengths together.
        last_published_seq: the number of the last frame handed over; 0 before any.
        last_published_unchanged: frames that had shown no change, ever, when the last frame handed
            over came in.
        in_flight: number of each frame that is handed over and not settled → when it was handed
            over and when it was captured, in monotonic seconds.
        settled: frames whose end is known, by outcome.
        times: how long the confirmed ones took.
        last_received_s: when the last frame came in, in monotonic seconds.
        undelivered_since_s: since when frames have come in without one arriving.
    """

    __slots__ = (
        "dropped",
        "in_flight",
        "last_published_seq",
        "last_published_unchanged",
        "last_received_s",
        "published",
        "published_bytes",
        "received",
        "received_bytes",
        "recent_drops",
        "refused_late",
        "settled",
        "times",
        "undelivered_since_s",
    )

    def __init__(self) -> None:
        self.received = 0
        self.received_bytes = 0
        self.refused_late = 0
        self.dropped = dict.fromkeys(DropReason, 0)
        self.recent_drops = RecentDrops()
        self.published = 0
        self.published_bytes = 0
        self.last_published_seq = 0
        self.last_published_unchanged = 0
        self.in_flight: dict[int, tuple[float, float]] = {}
        self.settled = dict.fromkeys(Outcome, 0)
        self.times = ConfirmTimes()
        self.last_received_s: float | None = None
        self.undelivered_since_s: float | None = None

    def receive(self, length: int, now_s: float) -> None:
        """Count a frame that came in; what becomes of it is counted apart."""
        self.received += 1
        self.received_bytes += length
        self.last_received_s = now_s

    def drop(self, reason: DropReason, now_s: float, frames: int = 1) -> None:
        """Count frames that came in and are not handed over."""
        self.dropped[reason] += frames
        if reason not in NO_LOSS:
            self.recent_drops.add(frames, now_s)

    def pass_over(self, reason: DropReason, length: int, now_s: float) -> None:
        """Count a frame that came in and is not handed over, for a reason that is no loss."""
        self.receive(length, now_s)
        self.dropped[reason] += 1

    def hand_over(self, seq: int, length: int, captured_at_s: float, now_s: float) -> None:
        """Count a frame that is in flight from now on."""
        self.in_flight[seq] = (now_s, captured_at_s)  # first: it may need memory
        self.last_published_seq = seq
        self.published += 1
        self.published_bytes += length

    def settle(self, seq: int, outcome: Outcome, now_s: float, *, held: int) -> bool:
        """End a frame in flight; False when it is not (or no longer) in flight.

        `held` is how many frames of the camera wait: without any, nothing is left to deliver.
        """
        times = self.in_flight.pop(seq, None)
        if times is None:
            return False
        self.settled[outcome] += 1
        if outcome in _DELIVERED:
            self.undelivered_since_s = now_s if held or self.in_flight else None
        if outcome is Outcome.CONFIRMED:
            handed_over_s, captured_at_s = times
            confirmed, latency_s = self.times, now_s - captured_at_s
            confirmed.confirm_ns += round((now_s - handed_over_s) * NS_PER_S)
            confirmed.latency_s += latency_s
            confirmed.by_class[bisect_left(LATENCY_BOUNDS_S, latency_s)] += 1
        return True

    @property
    def losses(self) -> int:
        """Frames that did not arrive though they were to, ever: dropped, refused, or unknown.

        Those that came back did reach the broker; nobody wants them.
        """
        dropped = sum(self.dropped.values()) - sum(self.dropped[reason] for reason in NO_LOSS)
        return dropped + self.settled[Outcome.NACKED] + self.settled[Outcome.UNKNOWN]

    def undelivered_s(self, now_s: float, *, held: int) -> float | None:
        """How long frames have come in without one arriving; None: nothing is to be sent."""
        since_s, last_s = self.undelivered_since_s, self.last_received_s
        is_over = not (held or self.in_flight) and (
            last_s is None or now_s - last_s > _NOTHING_TO_SEND_S
        )
        return None if since_s is None or is_over else now_s - since_s

    def counts(self, *, held: int) -> FrameCounts:
        """The counts as a value; `held` is how many frames of the camera wait."""
        return FrameCounts(
            received=self.received,
            published=self.published,
            held=held,
            in_flight=len(self.in_flight),
            refused_late=self.refused_late,
            received_bytes=self.received_bytes,
            published_bytes=self.published_bytes,
            confirm_ns=self.times.confirm_ns,
            **{drop_field(reason): number for reason, number in self.dropped.items()},
            **{outcome.value: number for outcome, number in self.settled.items()},
        )
