"""Records what becomes of a publisher's connections: state, counts, outages, lines in the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_video.actors.messages import PublisherStats
from edge_video.actors.sink_log import SinkLog
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.status.outages import Instant, OutageLog
from edge_video.status.snapshot import PublisherMarks

if TYPE_CHECKING:
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import FramesRefused, FramesUnroutable, RouteRefused
    from edge_video.runtime.timer import Clock


class ConnectionRecord:
    """Part of the publisher, used in its thread.

    Args:
        outbox: is told whether its frames can be delivered, and knows what that cost.
        clock: says when.
        previous: of the publisher before this one, whose counts and outage go on.

    Attributes:
        status: as it is now, its countdowns aside; see `stats`.
    """

    def __init__(self, outbox: Outbox, clock: Clock, previous: PublisherStatus) -> None:
        self.status = replace(previous, state=PublisherState.CONNECTING, retry_in_s=None)
        self._outbox = outbox
        self._clock = clock
        self._outages = OutageLog(previous.outages)
        self._log = SinkLog(clock)
        self._blocked: tuple[float, int] | None = None
        """Since when, in monotonic seconds, and what had been dropped for any reason by then."""

    @property
    def state(self) -> PublisherState:
        """What the connection is doing."""
        return self.status.state

    @property
    def is_up(self) -> bool:
        """Whether there is a connection, blocked or not."""
        return self.state in (PublisherState.CONNECTED, PublisherState.BLOCKED)

    def begin(self) -> None:
        """Note that there is no connection yet."""
        self._outbox.sink_connected(False)
        self._outages.disconnected(self._instant())

    def connecting(self) -> None:
        """Note that an attempt begins; why the last one failed stays known."""
        self._enter(PublisherState.CONNECTING, self.status.reason)

    def connected(self, target: str) -> None:
        """Note that frames can be delivered, and where to."""
        self._outbox.sink_connected(True)
        over = self._outages.connected(self._instant())
        self._log.connected(target, over, again=self.status.connections > 0)
        connections = self.status.connections + 1
        self.status = replace(self.status, target=target, connections=connections)
        self._enter(PublisherState.CONNECTED)

    def lost(self, reason: str, retry_in_s: float) -> None:
        """Note that the connection, or an attempt at one, failed."""
        was_up = self.is_up
        self._blocked = None
        self._outbox.sink_connected(False)
        away_s = self._outages.failed(reason, self._instant())
        self._log.lost(reason, retry_in_s, was_up=was_up, away_s=away_s)
        self.status = replace(
            self.status,
            connections_lost=self.status.connections_lost + was_up,
            failed_attempts=self.status.failed_attempts + (not was_up),
        )
        self._enter(PublisherState.WAITING, reason)

    def blocked(self, reason: str) -> None:
        """Note that the sink takes no frames for now."""
        self._log.blocked(reason)
        now_s = self._clock.monotonic()
        self._outages.blocked(now_s)
        self._blocked = self._blocked or (now_s, self._dropped())
        self._enter(PublisherState.BLOCKED, reason)

    def unblocked(self) -> None:
        """Note that it takes them again."""
        since, self._blocked = self._blocked, None
        self._outages.unblocked()
        if since is not None:
            since_s, before = since
            self._log.unblocked(self._clock.monotonic() - since_s, self._dropped() - before)
        self._enter(PublisherState.CONNECTED)

    def refused(self, event: RouteRefused | FramesRefused | FramesUnroutable) -> None:
        """Say what the sink does not get rid of, and why."""
        self._log.refused(event)

    def stopped(self) -> None:
        """Note that there will be no connection any more."""
        self._outbox.sink_connected(False)
        self._enter(PublisherState.STOPPED)

    def stats(self, retry_at_s: float | None) -> PublisherStats:
        """What others are told, when the next attempt is due at that monotonic second."""
        outages, now = self._outages, self._instant()
        marks = PublisherMarks(
            retry_at_s, outages.down_since_s, outages.dropped_before, outages.outage_since_s
        )
        return PublisherStats(marks.refresh(self.status, now.s, now.dropped), marks)

    def _enter(self, state: PublisherState, reason: str = "") -> None:
        self.status = replace(
            self.status, state=state, reason=reason, outages=self._outages.outages
        )

    def _instant(self) -> Instant:
        counts = self._outbox.counts().values()
        dropped = sum(each.dropped_not_connected for each in counts)
        return Instant(self._clock.monotonic(), self._clock.wall_ns(), dropped)

    def _dropped(self) -> int:
        return sum(each.lost for each in self._outbox.counts().values())
