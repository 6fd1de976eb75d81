"""Events to RabbitMQ: a channel of their own on the sink's one connection.

A refused or deleted exchange for events closes only this channel, and no frame waits for an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions

from edge_video.sinks.amqp_reasons import describe_no_channel, describe_refusal
from edge_video.sinks.base import RouteRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.notice_queue import Notice, NoticeQueue
    from edge_video.sinks.base import SinkListener

_NS_PER_S: Final = 1_000_000_000
_WINDOW: Final = 64
"""Most unconfirmed events."""


@dataclass(frozen=True, slots=True)
class NoticeRoute:
    """Where events go, and where they wait."""

    exchange: str
    queue: NoticeQueue


class NoticeLine:
    """The events' channel for one life of a connection. Everything runs in the sink's thread.

    Events are published persistent and confirmed; what was not when the connection died is given
    back to the queue by `close`, so an event may come twice, with the same `message_id`.

    Args:
        route: exchange and queue.
        app: the `app_id`.
        guarded: the sink's wrapper of callbacks.
        listener: told when the exchange is refused.
        clean: masks secrets in what the broker says.
        retry_s: how long a refused exchange rests.
        now: monotonic seconds.
    """

    def __init__(
        self,
        route: NoticeRoute,
        *,
        app: str,
        guarded: Callable[[Callable[..., None]], Callable[..., None]],
        listener: SinkListener,
        clean: Callable[[str], str],
        retry_s: float,
        now: Callable[[], float],
    ) -> None:
        self._exchange = route.exchange
        self._queue = route.queue
        self._app = app
        self._guarded = guarded
        self._listener = listener
        self._clean = clean
        self._retry_s = retry_s
        self._now = now
        self._connection: Any = None
        self._channel: Any = None
        self._ready = False
        self._passive = False
        self._refused_at_s: float | None = None
        self._reopened_at_s: float | None = None
        self._tags: dict[int, str] = {}
        self._next_tag = 1

    def open(self, connection: Any) -> None:
        """The connection is open: make the channel."""
        self._queue.give_back()  # what a predecessor that did not end in order had taken
        self._connection = connection
        self._open_channel()

    def pump(self) -> None:
        """Publish what waits, as far as the window allows; call it about once a second."""
        if self._refused_at_s is not None and self._now() - self._refused_at_s >= self._retry_s:
            self._refused_at_s = None
            self._passive = False
            self._open_channel()
        while self._ready and len(self._tags) < _WINDOW:
            notice = self._queue.take()
            if notice is None:
                return
            self._publish(notice)

    def close(self) -> None:
        """The connection is gone, or about to be: nothing is in flight any more. Idempotent."""
        self._ready = False
        self._tags.clear()
        self._queue.give_back()

    def _open_channel(self) -> None:
        try:
            self._connection.channel(on_open_callback=self._guarded(self._on_open))
        except pika.exceptions.NoFreeChannels:
            self._refuse(describe_no_channel(self._exchange, self._connection.params.channel_max))

    def _on_open(self, channel: Any) -> None:
        self._channel = channel
        self._next_tag = 1
        channel.add_on_close_callback(self._guarded(self._on_closed))
        channel.confirm_delivery(
            self._guarded(self._on_confirm), self._guarded(self._on_confirming)
        )

    def _on_confirming(self, _frame: Any) -> None:
        self._channel.exchange_declare(
            self._exchange,
            exchange_type="topic",
            durable=True,
            passive=self._passive,
            callback=self._guarded(self._on_declared),
        )

    def _on_declared(self, _frame: Any) -> None:
        self._ready = True
        self.pump()

    def _on_closed(self, channel: Any, reason: BaseException) -> None:
        if channel is not self._channel:
            return
        self._channel = None
        was_ready = self._ready
        self.close()
        if not isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            return  # the whole connection is closing
        forbidden = reason.reply_code == 403  # noqa: PLR2004 - AMQP's ACCESS_REFUSED
        if forbidden and not self._passive:
            # It may exist, and publishing to it be allowed: ask, without declaring it.
            self._passive = True
            self._open_channel()
            return
        if was_ready and not forbidden and not self._reopened_lately():
            self._passive = False  # the exchange was deleted: declare it again
            self._open_channel()
            return
        words = describe_refusal(self._exchange, reason.reply_code, reason.reply_text)
        self._refuse(self._clean(words))

    def _refuse(self, words: str) -> None:
        self._refused_at_s = self._now()
        self._listener(RouteRefused(self._exchange, words, self._retry_s))

    def _reopened_lately(self) -> bool:
        before_s, self._reopened_at_s = self._reopened_at_s, self._now()
        return before_s is not None and self._now() - before_s < self._retry_s

    def _publish(self, notice: Notice) -> None:
        # In the window first: an exception below must find the event there to give it back.
        self._tags[self._next_tag] = notice.message_id
        self._next_tag += 1
        self._channel.basic_publish(
            self._exchange,
            notice.routing_key,
            notice.body,
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                timestamp=notice.at_ns // _NS_PER_S,
                message_id=notice.message_id,
                type=notice.name,
                app_id=self._app,
            ),
        )

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        confirmed = not isinstance(method, pika.spec.Basic.Nack)
        tag = method.delivery_tag
        covered = [
            each
            for each in self._tags
            if each == tag or (method.multiple and (tag == 0 or each < tag))
        ]
        for each in covered:
            self._queue.settle(self._tags.pop(each), confirmed=confirmed)
        if covered:
            self.pump()
