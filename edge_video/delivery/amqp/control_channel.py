"""Keeps one user's channel on the control connection: guards its callbacks, opens it anew."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import pika
import pika.exceptions

from edge_video.log.events import LogEvent, log_event
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.delivery.amqp.exchange import ChannelHost

_log = logging.getLogger(__name__)

_REOPEN_AFTER_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a channel rests before it is opened again, by how often it was lost lately."""
_LASTING_S: Final = 60.0
"""A channel that lasted so long is no part of a series of losses."""
_MAX_UNANSWERED: Final = 3
"""Channels that a user has left and the broker has not ended; beyond that there is no other one."""
_MAX_REASON: Final = 300


class ControlUser(Protocol):
    """Who has a channel of its own on the control connection; called on the control thread."""

    @property
    def name(self) -> str:
        """Names the user in the log."""

    def opened(self, channel: ControlChannel) -> None:
        """The channel is there, a fresh one: nothing is declared or consumed on it."""

    def closed(self, reason: str) -> None:
        """The channel is gone, with everything on it; secrets are masked in the reason."""


class ControlChannel:
    """What its user does with a channel: pika's methods, under pika's names.

    The control thread only. Every call after the channel's end does nothing: the user hears of the
    end by `ControlUser.closed`. An exception in a callback of the user closes this channel, and
    harms nobody else's.

    Args:
        channel: pika's, open.
        failed: called when a callback has raised.
        abandoned: called, with a reason, when its user leaves it.
    """

    def __init__(
        self,
        channel: Any,
        failed: Callable[[BaseException], None],
        abandoned: Callable[[str], None],
    ) -> None:
        self._channel = channel
        self._failed = failed
        self._abandoned = abandoned
        self._is_abandoned = False
        self._expected: str | None = None

    def expect_refusal(self, code: str | None) -> None:
        """Take a refusal with this code of AMQP for an answer; None: none is one from now on.

        Such a refusal is no error and is not told; the next channel is opened at once, and in a
        series of them after a rest, as after losses. Who expects one must ask for something else
        on that, or would ask again and again.
        """
        self._expected = code

    def expects(self, reason: str) -> bool:
        """Whether that the broker closes the channel for this reason is an answer."""
        return self._expected is not None and self._expected in reason

    @property
    def is_open(self) -> bool:
        """Whether anything can be done on it."""
        return bool(self._channel.is_open)

    def exchange_declare(
        self,
        exchange: str,
        exchange_type: str,
        *,
        durable: bool = False,
        passive: bool = False,
        callback: Callable[[Any], None],
    ) -> None:
        """Declare an exchange; `callback` is called with the broker's answer."""
        if self.is_open:
            self._channel.exchange_declare(
                exchange,
                exchange_type,
                passive=passive,
                durable=durable,
                callback=self._guarded(callback),
            )

    def queue_declare(
        self,
        queue: str,
        *,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        passive: bool = False,
        arguments: Mapping[str, Any] | None = None,
        callback: Callable[[Any], None],
    ) -> None:
        """Declare a queue; the empty name lets the broker choose one (`answer.method.queue`)."""
        if self.is_open:
            self._channel.queue_declare(
                queue,
                passive=passive,
                durable=durable,
                exclusive=exclusive,
                auto_delete=auto_delete,
                arguments=None if arguments is None else dict(arguments),
                callback=self._guarded(callback),
            )

    def queue_bind(
        self, queue: str, exchange: str, routing_key: str, *, callback: Callable[[Any], None]
    ) -> None:
        """Bind a queue to an exchange."""
        if self.is_open:
            self._channel.queue_bind(queue, exchange, routing_key, callback=self._guarded(callback))

    def basic_qos(self, prefetch_count: int) -> None:
        """Limit the unsettled deliveries of each consumer that begins after this."""
        if self.is_open:
            self._channel.basic_qos(prefetch_count=prefetch_count)

    def basic_consume(
        self,
        queue: str,
        on_message: Callable[[Any, Any, bytes], None],
        *,
        consumer_tag: str,
        auto_ack: bool = False,
        callback: Callable[[Any], None],
    ) -> None:
        """Consume; `on_message` is called with method, properties and body of each delivery."""
        if self.is_open:
            guarded = self._guarded(on_message)
            self._channel.basic_consume(
                queue,
                lambda _channel, method, properties, body: guarded(method, properties, body),
                auto_ack=auto_ack,
                consumer_tag=consumer_tag,
                callback=self._guarded(callback),
            )

    def basic_cancel(self, consumer_tag: str, callback: Callable[[Any], None]) -> None:
        """End a consumer; what comes for it meanwhile goes back to its queue."""
        if self.is_open:
            self._channel.basic_cancel(consumer_tag, callback=self._guarded(callback))

    def confirm_delivery(
        self, on_settled: Callable[[Any], None], callback: Callable[[Any], None]
    ) -> None:
        """Have every message confirmed that is published from `callback` on, and none before.

        `on_settled` gets pika's frame of an ack or nack.
        """
        if self.is_open:
            self._channel.confirm_delivery(self._guarded(on_settled), self._guarded(callback))

    def basic_publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: pika.BasicProperties | None = None,
        *,
        mandatory: bool = False,
    ) -> None:
        """Publish a message."""
        if self.is_open:
            self._channel.basic_publish(exchange, routing_key, body, properties, mandatory)

    def basic_ack(self, delivery_tag: int) -> None:
        """Settle a delivery: it leaves its queue."""
        if self.is_open:
            self._channel.basic_ack(delivery_tag)

    def basic_nack(self, delivery_tag: int, *, requeue: bool = True) -> None:
        """Refuse a delivery: it goes back to its queue, or is dropped."""
        if self.is_open:
            self._channel.basic_nack(delivery_tag, requeue=requeue)

    def on_cancelled(self, call: Callable[[str], None]) -> None:
        """Have it called with the tag of each consumer that the broker ends."""
        guarded = self._guarded(call)
        self._channel.add_on_cancel_callback(lambda frame: guarded(frame.method.consumer_tag))

    def on_returned(self, call: Callable[[Any, Any, bytes], None]) -> None:
        """Have it called with method, properties and body of each message that found no queue."""
        guarded = self._guarded(call)
        self._channel.add_on_return_callback(
            lambda _channel, method, properties, body: guarded(method, properties, body)
        )

    def close(self) -> None:
        """Close it; its user is told, and gets another one in a moment."""
        if self.is_open:
            self._channel.close()

    def abandon(self, reason: str) -> None:
        """Leave it for another one though the broker, held up, may not answer its close for long.

        Its user is told at once, and hears nothing of this channel any more. The reason must hold
        no secret. While the broker has not ended the last few of such channels, there is no other.
        """
        if self.is_open:
            self._is_abandoned = True
            self._channel.close()
            self._abandoned(reason)

    def _guarded(self, call: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any) -> None:
            if self._is_abandoned:
                return
            try:
                call(*arguments)
            except Exception as error:  # noqa: BLE001 - it would end everybody's connection
                self._failed(error)

        return run


class ControlSeat:
    """One user's channel on one connection, opened anew whenever the broker closes it.

    The control thread only.

    Args:
        user: whose it is.
        connection: pika's, open.
        host: the connection's side.
    """

    def __init__(self, user: ControlUser, connection: Any, host: ChannelHost) -> None:
        self._user = user
        self._connection = connection
        self._host = host
        self._channel: ControlChannel | None = None
        self._opened_s = 0.0
        self._losses = 0
        self._is_loss_told = False
        self._unanswered = 0
        self._has_failed = False
        self._is_over = False

    def open(self) -> None:
        """Ask for a channel."""
        if self._is_over or not self._connection.is_open:
            return
        try:
            self._connection.channel(on_open_callback=self._host.guarded(self._on_open))
        except pika.exceptions.NoFreeChannels:
            self._rest("the broker allows no further channel")

    def end(self, reason: str) -> None:
        """Tell the user that the connection is gone, and open nothing any more."""
        self._is_over = True
        self._left(reason)

    def _on_open(self, channel: Any) -> None:
        self._opened_s, self._has_failed = self._host.now(), False
        self._channel = ControlChannel(channel, self._on_failed, self._on_abandoned)
        channel.add_on_close_callback(self._host.guarded(partial(self._on_closed, self._channel)))
        try:
            self._user.opened(self._channel)
        except Exception as error:  # noqa: BLE001 - as in `ControlChannel`
            self._on_failed(error)

    def _on_failed(self, error: BaseException) -> None:
        _log.error("the channel of %s failed inside", self._user.name, exc_info=error)
        self._has_failed = True
        if self._channel is not None:
            self._channel.close()

    def _on_abandoned(self, reason: str) -> None:
        self._end_series()
        self._unanswered += 1
        self._left(reason)
        if self._unanswered <= _MAX_UNANSWERED:
            self._rest(reason)

    def _on_closed(self, channel: ControlChannel, _channel: Any, error: BaseException) -> None:
        if not self._connection.is_open:
            return  # the whole connection ends, and tells it with its own reason
        if channel is not self._channel:
            self._on_abandoned_ended()
            return
        self._end_series()
        if isinstance(error, pika.exceptions.ChannelClosedByClient) and not self._has_failed:
            self._left("closed to begin anew")  # as its user wanted: nothing to tell
            self._host.call_later(self._next_rest_s(), self.open)
            return
        reason = self._host.clean(_describe(error))
        is_answer = channel.expects(reason)
        self._left(reason)
        if is_answer:
            self._host.call_later(self._next_rest_s(0.0), self.open)
        else:
            self._rest(reason)

    def _on_abandoned_ended(self) -> None:
        self._unanswered -= 1
        if self._unanswered == _MAX_UNANSWERED:  # this one was waited for
            self.open()

    def _end_series(self) -> None:
        if self._host.now() - self._opened_s >= _LASTING_S:
            self._losses, self._is_loss_told = 0, False

    def _left(self, reason: str) -> None:
        had_channel, self._channel = self._channel is not None, None
        if not had_channel:
            return
        try:
            self._user.closed(reason)
        except Exception:  # noqa: BLE001 - the other users are told all the same
            _log.exception("%s could not be told of its channel's end", self._user.name)

    def _rest(self, reason: str) -> None:
        rest_s = self._next_rest_s()
        if not self._is_loss_told or rest_s == _REOPEN_AFTER_S[-1]:
            self._is_loss_told = True
            log_event(
                _log,
                LogEvent.CONTROL_CHANNEL_CLOSED,
                user=self._user.name,
                reason=reason,
                retry_in_s=rest_s,
            )
        self._host.call_later(rest_s, self.open)

    def _next_rest_s(self, first_s: float = _REOPEN_AFTER_S[0]) -> float:
        """Count an end of whatever kind, and return how long to rest: the longer the more often."""
        losses, self._losses = self._losses, self._losses + 1
        return _REOPEN_AFTER_S[min(losses, len(_REOPEN_AFTER_S) - 1)] if losses else first_s


def _describe(error: BaseException) -> str:
    if isinstance(error, pika.exceptions.ChannelClosedByBroker):
        text = f"closed by the broker: {error.reply_text}"
    elif isinstance(error, pika.exceptions.ChannelClosedByClient):
        text = "closed because of an error inside"
    else:
        text = f"{type(error).__name__}: {error}"
    return shorten(one_line(text), _MAX_REASON)
