"""Publishes notifications to RabbitMQ, on a channel of their own of the sink's connection.

A refused or deleted exchange for events closes only this channel, and no frame waits for an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pika

from edge_video.delivery.amqp.exchange import ChannelState, ExchangeChannel
from edge_video.delivery.amqp.refusals import RefusalKind
from edge_video.delivery.sink import RouteRefused
from edge_video.runtime.units import ns_to_whole_s

if TYPE_CHECKING:
    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.delivery.notification_queue import Notification, NotificationQueue
    from edge_video.delivery.sink import SinkListener

_OF_THE_EXCHANGE: Final = (RefusalKind.EXCHANGE, RefusalKind.MISSING)
_WINDOW: Final = 64
"""Most unconfirmed events."""


@dataclass(frozen=True, slots=True)
class NotificationRoute:
    """Where events go, and where they wait."""

    exchange: str
    queue: NotificationQueue


class NotificationChannel(ExchangeChannel):
    """The events' channel for one life of a connection. Everything runs in the sink's thread.

    Events are published persistent and confirmed; what was not when the connection died is given
    back to the queue by `close`, so an event may come twice, with the same `message_id`.

    Args:
        route: exchange and queue.
        app: the `app_id`.
        host: the connection's side.
        listener: told when the exchange is refused.
        frame_channels: channels that frames need; events take none of these, not even while one
            is being opened again.
    """

    def __init__(
        self,
        route: NotificationRoute,
        app: str,
        host: ChannelHost,
        listener: SinkListener,
        *,
        frame_channels: int = 0,
    ) -> None:
        super().__init__(route.exchange, host)
        self._queue = route.queue
        self._app = app
        self._frame_channels = frame_channels
        self._listener = listener
        self._tags: dict[int, str] = {}
        self._one_by_one = False
        """One event closed the channel: which one is found by publishing them singly."""
        self._next_tag = 1

    def open(self, connection: Any, state: ChannelState = ChannelState.OPENING) -> None:
        """The connection is open: make the channel."""
        self._queue.give_back()  # what a predecessor that did not end in order had taken
        limit = connection.params.channel_max
        if limit and limit <= self._frame_channels:
            self._connection = connection
            self.refuse_channel()
        else:
            super().open(connection, state)

    def pump(self) -> None:
        """Publish what waits, as far as the window allows; call it about once a second."""
        self.retry_if_due()
        while self.state is ChannelState.READY and len(self._tags) < self._window:
            notification = self._queue.take()
            if notification is None:
                self._one_by_one = self._one_by_one and bool(self._tags)
                return
            self._publish(notification)

    def close(self) -> None:
        """The connection is gone, or about to be: nothing is in flight any more. Idempotent."""
        if self.state is ChannelState.READY:
            self.state = ChannelState.OPENING
        self._give_back()

    @property
    def _window(self) -> int:
        return 1 if self._one_by_one or self.on_trial else _WINDOW

    def _give_back(self) -> None:
        self._tags.clear()
        self._queue.give_back()

    # --- the channel's life ---------------------------------------------------------------------

    def on_opened(self) -> None:
        """See `ExchangeChannel`; delivery tags count from 1 again."""
        self._next_tag = 1

    def on_ready(self) -> None:
        """See `ExchangeChannel`."""
        self.pump()

    def on_closed(self, number: int, refusal: Refusal | None) -> None:
        """See `ExchangeChannel`: all but a refused event are published again."""
        del number
        if refusal is not None and refusal.kind not in _OF_THE_EXCHANGE:
            if len(self._tags) == 1:
                (message_id,) = self._tags.values()
                self._queue.settle(message_id, confirmed=False)
            self._one_by_one = True
        self._give_back()

    def on_refused(self, reason: str, retry_in_s: float) -> None:
        """See `ExchangeChannel`."""
        self._listener(RouteRefused(self.exchange, reason, retry_in_s, is_of_events=True))

    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """See `ExchangeChannel`."""
        covered = [
            each for each in self._tags if each == tag or (multiple and (tag == 0 or each < tag))
        ]
        for each in covered:
            self._queue.settle(self._tags.pop(each), confirmed=not nack)
        if covered:
            self.accepted()
            self.pump()

    def _publish(self, notification: Notification) -> None:
        # In the window first: an exception below must find the event there to give it back.
        self._tags[self._next_tag] = notification.message_id
        self._next_tag += 1
        self.pika_channel.basic_publish(
            self.exchange,
            notification.routing_key,
            notification.body,
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                timestamp=ns_to_whole_s(notification.at_ns),
                message_id=notification.message_id,
                type=notification.name,
                app_id=self._app,
            ),
        )
