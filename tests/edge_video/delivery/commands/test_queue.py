"""What the broker hands over goes to a desk, and leaves its place whatever comes of it."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pika
import pika.exceptions
import pytest

from edge_video.delivery.commands.counts import CommandCounts
from edge_video.delivery.commands.queue import CommandPlace, CommandQueue, delivery_of
from edge_video.delivery.commands.request import Answer, Delivery
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable


class Channel:
    """Has what the queue does with a control channel, and keeps what was sent and acked."""

    def __init__(self) -> None:
        self.sent: list[pika.BasicProperties] = []
        self.acked: list[int] = []
        self.deliver: Callable[..., None] = lambda *_: None

    def exchange_declare(self, *_: Any, callback: Callable[[Any], None], **__: Any) -> None:
        callback(None)

    queue_declare = queue_bind = exchange_declare

    def basic_consume(
        self,
        _queue: str,
        on_message: Callable[..., None],
        *,
        callback: Callable[[Any], None],
        **_: Any,
    ) -> None:
        self.deliver = on_message
        callback(None)

    def basic_publish(
        self, _exchange: str, _key: str, _body: bytes, properties: pika.BasicProperties, **_: Any
    ) -> None:
        properties.encode()
        self.sent.append(properties)

    def basic_ack(self, tag: int) -> None:
        self.acked.append(tag)

    def basic_qos(self, *_: Any) -> None:
        pass

    on_cancelled = on_returned = expect_refusal = basic_qos


class Desk:
    """Answers everything at once, while it is open."""

    is_open = True

    def take(self, delivery: Delivery, answered: Callable[..., None]) -> bool:
        address = delivery.reply_address
        if self.is_open:
            answered(Answer(200, b"{}"), [] if address is None else [address])
        return self.is_open


def opened(channel: Channel, clock: FakeClock | None = None) -> CommandQueue:
    queue = CommandQueue(
        CommandPlace("c", "n"), lambda work: work(), clock or FakeClock(), CommandCounts()
    )
    queue.opened(channel)  # type: ignore[arg-type]  # it has what is used of it
    return queue


def message(**properties: Any) -> tuple[Any, Any, bytes]:
    method = SimpleNamespace(routing_key="n.ping", delivery_tag=1)
    return method, pika.BasicProperties(**properties), b""


def test_what_is_not_text_is_as_if_it_were_not_there() -> None:
    names = ("message_id", "correlation_id", "reply_to", "user_id", "expiration")
    method, properties, body = message(**dict.fromkeys(names, b"\xff"))
    method.routing_key = b"n.\xff"
    delivery = delivery_of(method, properties, body)
    assert delivery == Delivery("n.�", b"")
    assert delivery.reply_address is None


def test_a_request_is_known_by_any_id_that_a_message_has_room_for() -> None:
    channel, known_by = Channel(), "é" * 126 + "aaa"
    opened(channel).use_desk(Desk())  # type: ignore[arg-type]  # as above
    channel.deliver(*message(reply_to="amq.gen-x", correlation_id=known_by))
    assert [each.correlation_id for each in channel.sent] == [known_by]
    assert channel.acked == [1]


def test_an_answer_that_cannot_be_sent_takes_no_place_for_good() -> None:
    channel = Channel()
    opened(channel).use_desk(Desk())  # type: ignore[arg-type]  # as above
    with pytest.raises(pika.exceptions.ShortStringTooLong):
        channel.deliver(*message(reply_to="amq.gen-x", correlation_id="x" * 256))
    assert channel.acked == [1]


def test_what_a_closed_desk_does_not_take_waits_for_the_next_one() -> None:
    channel, closed = Channel(), Desk()
    closed.is_open = False
    queue = opened(channel)
    queue.use_desk(closed)  # type: ignore[arg-type]  # as above
    channel.deliver(*message(reply_to="amq.gen-x"))
    assert channel.acked == []
    queue.use_desk(Desk())  # type: ignore[arg-type]  # as above
    assert channel.acked == [1]


def test_a_queue_that_is_deleted_again_and_again_floods_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    queue = opened(Channel(), clock)
    for _ in range(109):
        clock.advance(30)
        queue.closed("closed to begin anew")
        queue.opened(Channel())  # type: ignore[arg-type]  # as above
    lines = [getattr(each, "event", "") for each in caplog.records]
    assert lines == ["commands_taken"] * 10, "five, and one in ten minutes"

    queue.opened(Channel())  # type: ignore[arg-type]  # as above
    queue.closed("RESOURCE_LOCKED")
    queue.opened(Channel())  # type: ignore[arg-type]  # as above
    lines = [getattr(each, "event", "") for each in caplog.records][10:]
    assert lines == ["commands_name_taken", "commands_taken"]
