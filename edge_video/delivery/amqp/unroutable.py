"""Counts the frames that came back or were nacked, and reports them now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.sink import FramesUnroutable

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.sink import SinkListener

_EVERY_S: Final = 10.0


class UnroutableFrames:
    """Reports `FramesUnroutable` at once, and then every ten seconds while there are more of them.

    Everything runs in the reactor's thread.

    Args:
        listener: hears of them.
        now: monotonic seconds.
    """

    def __init__(self, listener: SinkListener, now: Callable[[], float]) -> None:
        self._listener = listener
        self._now = now
        self._since = FramesUnroutable(0, 0, "")
        self._reported_at_s: float | None = None

    def count(self, route: str, *, returned: int = 0, nacked: int = 0) -> None:
        """Count frames that were published to this route."""
        since = self._since
        self._since = FramesUnroutable(
            since.returned + returned, since.nacked + nacked, since.example_route or route
        )
        self.report()

    def report(self) -> None:
        """Report what was counted since the last time, if that is long enough ago."""
        if not (self._since.returned or self._since.nacked):
            return
        now_s = self._now()
        if self._reported_at_s is not None and now_s - self._reported_at_s < _EVERY_S:
            return
        self._reported_at_s = now_s
        event, self._since = self._since, FramesUnroutable(0, 0, "")
        self._listener(event)
