"""Says in the log what a sink reports; part of the publisher."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_video.delivery.sink import FramesRefused, FramesUnroutable, RouteRefused
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from edge_video.runtime.timer import Clock
    from edge_video.status.outages import OutageOver

_log = logging.getLogger("edge_video.actors.publisher")

_FIRST_PAUSE_S: Final = 10.0
_MAX_PAUSE_S: Final = 1800.0
"""Between two lines about one outage; the pause doubles with each."""
_MAX_REASONS: Final = 8
"""So many different reasons are told as soon as they appear, of one outage."""


class OutageLines:
    """Decides which failed attempts of one outage after another are worth a line. One thread.

    The loss is, and the first attempt with a new reason; then they are told at pauses that double.
    Connections that do not last make a new outage each: of those six at once are told, then one
    every ten minutes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outages = TokenBucket(6, 1 / 600)
        self._reasons: set[str] = set()
        self._pause_s = _FIRST_PAUSE_S
        self._quiet_until_s = 0.0
        self._lasts = False
        self.tries = 0
        """Attempts that failed in this outage; the connection that was lost is none."""
        self.is_told = False
        """Whether anything was said of this outage."""

    def failed(self, reason: str, *, was_up: bool) -> bool:
        """Take in a loss, or an attempt that failed; whether to say so."""
        now_s = self._clock.monotonic()
        if not self._lasts:
            self._lasts = True
            self.is_told = self._outages.take(now_s)
            due = self.is_told
        else:
            is_new = self.is_told and reason not in self._reasons
            due = (is_new and len(self._reasons) < _MAX_REASONS) or now_s >= self._quiet_until_s
        self.tries += not was_up
        if due:
            self.is_told = True
            self._reasons.add(reason)
        if due or not self._quiet_until_s:
            self._quiet_until_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, _MAX_PAUSE_S)
        return due

    def over(self) -> bool:
        """Note that the outage is over; whether to say so.

        One that began in a predecessor's time was told by that one.
        """
        told, self.is_told = self.is_told or not self._lasts, False
        self._reasons.clear()
        self._pause_s, self._quiet_until_s = _FIRST_PAUSE_S, 0.0
        self._lasts, self.tries = False, 0
        return told


class SinkLog:
    """Writes lines about one sink after another. One thread, the publisher's.

    Args:
        clock: limits the lines about a broker that comes and goes, or blocks and unblocks, many
            times a second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked_lines = TokenBucket(6, 0.1)
        self._blocked_is_reported = False
        self._outage = OutageLines(clock)

    def connected(self, target: str, over: OutageOver | None, *, again: bool) -> None:
        """Say that there is a connection, and how long there was none if that was said."""
        is_told = self._outage.over()
        if over is None or is_told:
            log_event(
                _log,
                LogEvent.PUBLISHER_CONNECTED,
                target=target,
                away_s=over and over.lasted_s,
                dropped=over and over.dropped,
                again=again,
            )

    def lost(self, reason: str, retry_in_s: float, *, was_up: bool, away_s: float) -> None:
        """Say that there is no connection, in a line of its own if it is worth one.

        Args:
            reason: why there is none.
            retry_in_s: seconds until the next attempt.
            was_up: whether there was one until now.
            away_s: since how many seconds there is none.
        """
        outage = self._outage
        if not outage.failed(reason, was_up=was_up):
            unworthy = LogEvent.PUBLISHER_TRY_FAILED
            log_event(_log, unworthy, reason=reason, retry_in_s=retry_in_s)
            return
        log_event(
            _log,
            LogEvent.PUBLISHER_LOST,
            reason=reason,
            retry_in_s=retry_in_s,
            tries=outage.tries,
            away_s=away_s,
        )

    def blocked(self, reason: str) -> None:
        """Say that the sink takes no frames for now, within the limit."""
        self._blocked_is_reported = self._blocked_lines.take(self._clock.monotonic())
        if self._blocked_is_reported:
            log_event(_log, LogEvent.PUBLISHER_BLOCKED, reason=reason)

    def unblocked(self, lasted_s: float, dropped: int) -> None:
        """Say that it takes frames again, if it was said that it took none."""
        if self._blocked_is_reported:
            log_event(_log, LogEvent.PUBLISHER_UNBLOCKED, blocked_s=lasted_s, dropped=dropped)

    def refused(self, event: RouteRefused | FramesRefused | FramesUnroutable) -> None:
        """Say what the sink does not get rid of, and why."""
        match event:
            case RouteRefused(route=route, reason=reason, retry_in_s=retry_in_s):
                reported = LogEvent.EVENTS_REFUSED if event.is_of_events else LogEvent.ROUTE_REFUSED
                log_event(_log, reported, route=route, reason=reason, retry_in_s=retry_in_s)
            case FramesRefused(camera_id=camera_id, reason=reason, retry_in_s=None):
                log_event(_log, LogEvent.FRAMES_TOO_LARGE, camera_id=camera_id, reason=reason)
            case FramesRefused(camera_id=camera_id, reason=reason, retry_in_s=retry_in_s):
                log_event(
                    _log,
                    LogEvent.FRAMES_REFUSED,
                    camera_id=camera_id,
                    reason=reason,
                    retry_in_s=retry_in_s,
                )
            case FramesUnroutable(returned=returned, nacked=nacked, example_route=route):
                log_event(
                    _log, LogEvent.FRAMES_UNROUTABLE, returned=returned, nacked=nacked, route=route
                )
