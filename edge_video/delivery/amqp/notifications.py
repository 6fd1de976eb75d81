"""Publishes notifications to RabbitMQ, on a channel of their own of the sink's connection.

A refused or deleted exchange for them closes only this channel, and no frame waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pika

from edge_video.delivery.amqp.exchange import ChannelState, ExchangeChannel
from edge_video.delivery.amqp.in_flight import Window
from edge_video.delivery.amqp.refusals import RefusalKind
from edge_video.delivery.sink import RouteRefused
from edge_video.runtime.units import ns_to_whole_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.delivery.notification_queue import Notification, NotificationQueue
    from edge_video.delivery.sink import SinkListener

_OF_THE_EXCHANGE: Final = (RefusalKind.EXCHANGE, RefusalKind.MISSING)
_WINDOW: Final = 64
"""Most unconfirmed notifications."""
_TRANSIENT: Final = 1
_PERSISTENT: Final = 2


@dataclass(frozen=True, slots=True)
class NotificationRoute:
    """Where notifications go, and where they wait."""

    exchange: str
    queue: NotificationQueue


class NotificationChannel(ExchangeChannel):
    """The channel of notifications for one life of a connection. All in the reactor's thread.

    They are published confirmed, and persistent where they are of use for ever. What was not
    confirmed when the connection died is given back to the queue by `close`, so one may come
    twice, with the same `message_id`.

    Args:
        route: exchange and queue.
        app: the `app_id`.
        host: the connection's side.
        listener: told when the exchange is refused.
        frame_channels: channels that frames need; notifications take none of these, not even
            while one is being opened again.
        on_settled: called after the broker has answered to some.
    """

    def __init__(
        self,
        route: NotificationRoute,
        app: str,
        host: ChannelHost,
        listener: SinkListener,
        *,
        frame_channels: int = 0,
        on_settled: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(route.exchange, host)
        self._queue = route.queue
        self._app = app
        self._frame_channels = frame_channels
        self._listener = listener
        self._on_settled = on_settled
        self._window: Window[str] = Window()
        """Of message ids."""
        self._one_by_one = False
        """One of them closed the channel: which one is found by publishing them singly."""

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
        while self.state is ChannelState.READY and len(self._window) < self._max_unconfirmed:
            notification = self._queue.take()
            if notification is None:
                self._one_by_one = self._one_by_one and bool(len(self._window))
                return
            self._publish(notification)

    def close(self) -> None:
        """The connection is gone, or about to be: nothing is in flight any more. Idempotent."""
        if self.state is ChannelState.READY:
            self.state = ChannelState.OPENING
        self._give_back()

    @property
    def is_busy(self) -> bool:
        """Whether some wait or are on their way, and the broker takes them."""
        waits = len(self._window) or self._queue.counts().held
        return self.state is ChannelState.READY and bool(waits)

    @property
    def _max_unconfirmed(self) -> int:
        return 1 if self._one_by_one or self.on_trial else _WINDOW

    def _give_back(self) -> None:
        self._window.abandon()
        self._queue.give_back()

    # --- the channel's life ---------------------------------------------------------------------

    def on_opened(self) -> None:
        """See `ExchangeChannel`; delivery tags count from 1 again."""
        self._window.abandon()

    def on_ready(self) -> None:
        """See `ExchangeChannel`."""
        self.pump()

    def on_closed(self, number: int, refusal: Refusal | None) -> None:
        """See `ExchangeChannel`: all but a refused one are published again."""
        del number
        if refusal is not None and refusal.kind not in _OF_THE_EXCHANGE:
            if len(self._window) == 1:
                (message_id,) = self._window
                self._queue.settle(message_id, confirmed=False)
            self._one_by_one = True
        self._give_back()

    def on_refused(self, reason: str, retry_in_s: float) -> None:
        """See `ExchangeChannel`."""
        self._listener(RouteRefused(self.exchange, reason, retry_in_s, is_of_events=True))

    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """See `ExchangeChannel`."""
        settled = self._window.settle(tag, multiple=multiple)
        for message_id in settled:
            self._queue.settle(message_id, confirmed=not nack)
        if settled:
            self.accepted()
            self.pump()
            self._on_settled()

    def _publish(self, notification: Notification) -> None:
        self._window.add(notification.message_id)
        life_s = notification.life_s
        self.pika_channel.basic_publish(
            self.exchange,
            notification.routing_key,
            notification.body,
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=_PERSISTENT if life_s is None else _TRANSIENT,
                expiration=None if life_s is None else str(round(1000 * life_s)),
                timestamp=ns_to_whole_s(notification.at_ns),
                message_id=notification.message_id,
                type=notification.name,
                app_id=self._app,
            ),
        )
