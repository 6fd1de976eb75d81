"""Keeps the times in which there was no connection to the sink; part of the publisher. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from edge_video.status.model import Outage

MAX_OUTAGES: Final = 20


class Instant(NamedTuple):
    """A moment, and what had been dropped for want of a connection by then."""

    s: float
    """Monotonic clock."""
    ns: int
    """Wall clock."""
    dropped: int


@dataclass(frozen=True, slots=True)
class OutageOver:
    """What an outage was, when it is over."""

    lasted_s: float
    dropped: int


class OutageLog:
    """Notes when the connection to the sink went, and when it came back. One thread, bounded.

    Args:
        outages: those of a predecessor; one that lasts goes on.

    Attributes:
        outages: the last ones, oldest first.
        down_since_s: monotonic clock, since when frames cannot be delivered; None: they can be.
        dropped_before: frames dropped for want of a connection before the present outage.
    """

    def __init__(self, outages: tuple[Outage, ...] = ()) -> None:
        self.outages = outages
        self.down_since_s: float | None = None
        self.dropped_before = 0
        self._gone: Instant | None = None

    @property
    def outage_since_s(self) -> float | None:
        """Monotonic clock, since when the outage lasts that is not over; None without one."""
        return None if self._gone is None or self._lasting is None else self._gone.s

    @property
    def _lasting(self) -> Outage | None:
        last = self.outages[-1] if self.outages else None
        return last if last is not None and last.ended_at_ns is None else None

    def disconnected(self, now: Instant) -> None:
        """Note that there is no connection from now on, if there was one.

        It is no outage before `failed`: a first connection is being made, too.
        """
        if self._gone is not None:
            return
        lasting = self._lasting
        if lasting is not None:  # of a predecessor
            began_s, before = now.s - lasting.lasted_s, now.dropped - lasting.dropped
            now = Instant(began_s, lasting.started_at_ns, before)
        self._gone, self.dropped_before = now, now.dropped
        self.blocked(now.s)

    def failed(self, reason: str, now: Instant) -> float:
        """Note why the connection, or an attempt at one, failed; return the outage's seconds.

        The first attempt that fails is part of the outage which it begins.
        """
        self.disconnected(now)
        assert self._gone is not None
        cost, lasts_s = now.dropped - self.dropped_before, now.s - self._gone.s
        before = self.outages if self._lasting is None else self.outages[:-1]
        lasting = Outage(self._gone.ns, None, reason, cost, lasts_s)
        self.outages = (*before, lasting)[-MAX_OUTAGES:]
        return lasts_s

    def connected(self, now: Instant) -> OutageOver | None:
        """Note that there is a connection; what the outage was, None when nothing had failed."""
        gone, lasting = self._gone, self._lasting
        self._gone = self.down_since_s = None
        if gone is None or lasting is None:
            return None
        cost, lasted_s = now.dropped - self.dropped_before, now.s - gone.s
        over = replace(lasting, ended_at_ns=now.ns, dropped=cost, lasted_s=lasted_s)
        self.outages = (*self.outages[:-1], over)
        return OutageOver(lasted_s, cost)

    def blocked(self, now_s: float) -> None:
        """Note that frames cannot be delivered from now on; without an effect if they cannot."""
        if self.down_since_s is None:
            self.down_since_s = now_s

    def unblocked(self) -> None:
        """Note that frames can be delivered again."""
        self.down_since_s = None
