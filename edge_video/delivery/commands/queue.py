"""Consumes a node's requests from the control connection, and sends their answers on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pika

from edge_video.delivery.commands.catalog import EVERY_NODE, PING
from edge_video.delivery.commands.request import MAX_BODY, Answer, Delivery
from edge_video.delivery.commands.timeliness import MAX_LIFETIME_S
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.amqp.control import ControlChannel
    from edge_video.delivery.commands.counts import CommandCounts
    from edge_video.delivery.commands.desk import CommandDesk
    from edge_video.delivery.commands.request import ReplyAddress
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

QUEUE_PREFIX: Final = "edge-video.commands."
MAX_WAITING: Final = 100
"""Requests that wait at the broker; a further one is refused there, and its sender hears it."""
PREFETCH: Final = 8
"""Requests that are here: as many as there are threads. What floods a node waits at the broker."""
_LINES: Final = 5
_LINES_PER_S: Final = 1 / 12
_TAKEN_LINES_PER_S: Final = 1 / 600
"""The queue may be deleted again and again, by whom ever: that it is there again is no news."""
_NOT_FOUND: Final = "NOT_FOUND"
_TAG: Final = "commands"
_APP: Final = "edge-video"


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a node's requests come in."""

    exchange: str
    node: str

    @property
    def queue(self) -> str:
        """The name of the node's queue: exclusive, so that one node of a name is commanded."""
        return QUEUE_PREFIX + self.node

    @property
    def bindings(self) -> tuple[str, ...]:
        """The routing keys of the node's requests."""
        return f"{self.node}.*", f"{EVERY_NODE}.{PING}"


class CommandQueue:
    """A `ControlUser`: declares what a node needs, consumes, and sends answers.

    The control thread, but for `use_desk`. It outlives the actor whose desk answers.

    Args:
        place: where requests come in.
        submit: has something done on the control thread.
        clock: monotonic time.
        counts: is told whether requests come.
    """

    name: Final = "commands"

    def __init__(
        self,
        place: CommandPlace,
        submit: Callable[[Callable[[], None]], object],
        clock: Clock,
        counts: CommandCounts,
    ) -> None:
        self._counts = counts
        self._place = place
        self._desk: CommandDesk | None = None
        self._held: list[tuple[ControlChannel, int, Delivery]] = []
        self._submit = submit
        self._clock = clock
        self._channel: ControlChannel | None = None
        self._declares = False
        self._is_name_taken = False
        self._has_exchange = False
        self._lines = TokenBucket(_LINES, _LINES_PER_S)
        self._taken_lines = TokenBucket(_LINES, _TAKEN_LINES_PER_S)

    def opened(self, channel: ControlChannel) -> None:
        """See `ControlUser`: look for the exchange first; whoever may not make one need not."""
        self._channel = channel
        self._has_exchange = False
        channel.on_cancelled(lambda _tag: channel.close())  # the queue was deleted: begin anew
        channel.on_returned(self._returned)
        channel.expect_refusal(None if self._declares else _NOT_FOUND)
        channel.exchange_declare(
            self._place.exchange,
            "topic",
            durable=True,
            passive=not self._declares,
            callback=self._exchange_is_there,
        )

    def closed(self, reason: str) -> None:
        """See `ControlUser`."""
        self._channel = None
        self._counts.is_taking = False
        self._held.clear()
        if not self._has_exchange:
            self._declares = _NOT_FOUND in reason
        elif "RESOURCE_LOCKED" in reason and not self._is_name_taken:
            self._is_name_taken = True
            log_event(_log, LogEvent.COMMANDS_NAME_TAKEN, node=self._place.node)

    def use_desk(self, desk: CommandDesk | None) -> None:
        """Have requests answered at this desk from now on; None: they wait. Any thread."""
        self._desk = desk
        self._submit(self._hand_over)

    def _exchange_is_there(self, _: Any) -> None:
        self._has_exchange = True
        channel, place = self._channel, self._place
        if channel is None:
            return
        channel.expect_refusal(None)
        arguments = {
            "x-max-length": MAX_WAITING,
            "x-max-length-bytes": MAX_WAITING * MAX_BODY,
            "x-overflow": "reject-publish",
            "x-message-ttl": int(MAX_LIFETIME_S * 1000),
        }
        channel.queue_declare(place.queue, exclusive=True, arguments=arguments, callback=self._bind)

    def _bind(self, _: Any) -> None:
        channel, (own, everybody) = self._channel, self._place.bindings
        if channel is None:
            return
        queue, exchange = self._place.queue, self._place.exchange
        channel.queue_bind(queue, exchange, everybody, callback=lambda _: None)
        channel.queue_bind(queue, exchange, own, callback=lambda _: self._consume(channel))

    def _consume(self, channel: ControlChannel) -> None:
        channel.basic_qos(PREFETCH)
        channel.basic_consume(
            self._place.queue,
            lambda method, properties, body: self._received(channel, method, properties, body),
            consumer_tag=_TAG,
            callback=self._begun,
        )

    def _begun(self, _: Any) -> None:
        was_taken, self._is_name_taken = self._is_name_taken, False
        self._counts.is_taking = True
        place = self._place
        if was_taken or self._taken_lines.take(self._clock.monotonic()):
            log_event(_log, LogEvent.COMMANDS_TAKEN, node=place.node, exchange=place.exchange)

    def _received(self, channel: ControlChannel, method: Any, properties: Any, body: bytes) -> None:
        delivery = delivery_of(method, properties, body)
        self._held.append((channel, method.delivery_tag, delivery))
        self._hand_over()

    def _hand_over(self) -> None:
        while (desk := self._desk) is not None and self._held:
            channel, tag, delivery = self._held[0]
            if not desk.take(delivery, partial(self._answered, channel, tag)):
                return  # it is closed: the next one is handed it
            del self._held[0]

    def _answered(
        self,
        channel: ControlChannel,
        tag: int,
        answer: Answer | None,
        addresses: Sequence[ReplyAddress],
    ) -> None:
        """A thread of the desk: have an answer sent."""
        self._submit(lambda: self._send(channel, tag, answer, addresses))

    def _send(
        self,
        channel: ControlChannel,
        tag: int,
        answer: Answer | None,
        addresses: Sequence[ReplyAddress],
    ) -> None:
        """Send an answer, then let the next request come: answers that wait have a bound."""
        try:
            for each in addresses if answer is not None else ():
                assert answer is not None
                properties = pika.BasicProperties(
                    content_type=answer.content_type,
                    correlation_id=each.correlation_id,
                    headers={"node": self._place.node, "status": answer.status, **answer.headers},
                    app_id=_APP,
                )
                channel.basic_publish(
                    "", each.queue, answer.body, properties, mandatory=not each.is_direct
                )
        finally:  # an answer that cannot be sent may cost no place among the PREFETCH
            channel.basic_ack(tag)

    def _returned(self, method: Any, properties: Any, _body: bytes) -> None:
        if self._lines.take(self._clock.monotonic()):
            log_event(
                _log,
                LogEvent.COMMAND_UNANSWERED,
                queue=method.routing_key,
                request=properties.correlation_id,
            )


def delivery_of(method: Any, properties: Any, body: bytes) -> Delivery:
    """What pika has received, in our words; pika hands over what is not UTF-8 as bytes."""
    key = method.routing_key
    return Delivery(
        routing_key=key if isinstance(key, str) else bytes(key).decode(errors="replace"),
        body=body,
        message_id=_text(properties.message_id),
        correlation_id=_text(properties.correlation_id),
        reply_to=_text(properties.reply_to),
        user_id=_text(properties.user_id),
        expiration=_text(properties.expiration),
        headers=properties.headers or {},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
