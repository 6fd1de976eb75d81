"""Says in the log what a sink reports; part of the publisher."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_video.delivery.sink import FramesRefused, FramesUnroutable, RouteRefused
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from edge_video.runtime.timer import Clock

_log = logging.getLogger("edge_video.actors.publisher")


class SinkLog:
    """Writes lines about one sink after another. One thread, the publisher's.

    Args:
        clock: limits the lines about a broker that blocks and unblocks many times a second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked_lines = TokenBucket(6, 0.1)
        self._blocked_is_reported = False

    def blocked(self, reason: str) -> None:
        """Say that the sink takes no frames for now, within the limit."""
        self._blocked_is_reported = self._blocked_lines.take(self._clock.monotonic())
        if self._blocked_is_reported:
            log_event(_log, LogEvent.PUBLISHER_BLOCKED, reason=reason)

    def unblocked(self) -> None:
        """Say that it takes frames again, if it was said that it took none."""
        if self._blocked_is_reported:
            log_event(_log, LogEvent.PUBLISHER_UNBLOCKED)

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
