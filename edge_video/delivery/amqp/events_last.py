"""Lets a sink be drained when its events are handed over, and not only its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.sink import SinkDrained

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.notifications import NotificationChannel
    from edge_video.delivery.sink import SinkEvent, SinkListener


class EventsLast:
    """A `SinkListener` before the sink's own: holds `SinkDrained` back. The reactor's thread.

    Events are looked at once a second: what came in the last one would stay here. Events that
    cannot be sent are not waited for, as their exchange is refused, or the broker blocks.

    Args:
        listener: the sink's.
        is_blocked: whether the broker takes nothing at present.

    Attributes:
        events: the channel of events; None: there are none.
    """

    def __init__(self, listener: SinkListener, is_blocked: Callable[[], bool]) -> None:
        self.events: NotificationChannel | None = None
        self._listener = listener
        self._is_blocked = is_blocked
        self._waits = False

    def __call__(self, event: SinkEvent) -> None:
        """Pass on what is told of frames."""
        if self.events is None or not isinstance(event, SinkDrained):
            self._listener(event)
            return
        self.events.pump()
        self._waits = True
        self.look()

    def look(self) -> None:
        """Tell that the sink is drained, if only events were missing and none is any more."""
        if self._waits and self.events is not None:
            if self.events.is_busy and not self._is_blocked():
                return
            self._waits = False
            self._listener(SinkDrained())
