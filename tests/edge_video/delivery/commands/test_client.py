"""Who asks a node is told within the time-out, whatever the broker does."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pika
import pytest
from pika import spec

from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.delivery.commands.client import (
    CannotAskError,
    CommandClient,
    NobodyThereError,
    Question,
)
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.commands import settings_of
from tests.support.odd_broker import ANSWERS, CONFIRMS, start
from tests.support.odd_broker import broker as scripted

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode


@pytest.mark.rabbitmq
def test_a_broker_that_blocks_publishers_does_not_hold_who_asks(broker: RabbitNode) -> None:
    client = CommandClient([settings_of(broker)], "amq.topic")
    with (
        pika.BlockingConnection(pika.URLParameters(broker.url())) as connection,
        ThreadPoolExecutor(1) as pool,
    ):
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "amq.topic", "hears.ping")
        broker.raise_memory_alarm()
        began_s = time.monotonic()
        try:
            with pytest.raises(NobodyThereError):
                pool.submit(client.ask, Question("nobody", "ping"), 0.5).result(10)
            with pytest.raises(TimeoutError):
                pool.submit(client.ask, Question("hears", "ping"), 0.5).result(10)
            assert time.monotonic() - began_s < 8
        finally:
            broker.clear_memory_alarm()


def test_a_broker_that_says_nothing_is_waited_for_no_longer_than_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = AmqpSettings("127.0.0.1", silent.getsockname()[1], "/", "guest", "guest")
        began_s = time.monotonic()
        with pytest.raises(CannotAskError, match="did not answer in time"):
            CommandClient([settings], "amq.topic").ask(Question("nobody", "ping"), 0.5)
    assert time.monotonic() - began_s < 5


SO_FAR = {method: ANSWERS[method] for method in (spec.Connection.StartOk, spec.Connection.Open)} | {
    spec.Channel.Open: spec.Channel.OpenOk()
}
"""What one answers that falls silent when it is asked to consume."""


@pytest.mark.parametrize("silent_from", [spec.Channel.Open, spec.Basic.Consume])
def test_a_broker_that_falls_silent_later_is_waited_for_hardly_longer(silent_from: type) -> None:
    answers = {each: SO_FAR[each] for each in SO_FAR if each is not silent_from}
    with scripted(start(CONFIRMS), answers) as port:
        client = CommandClient([AmqpSettings("127.0.0.1", port, "/", "u", "p")], "amq.topic")
        began_s = time.monotonic()
        with pytest.raises(TimeoutError):
            client.ask(Question("nobody", "ping"), 0.5)
    assert time.monotonic() - began_s < 5


@pytest.mark.rabbitmq
def test_an_answer_is_not_held_up_by_a_broker_that_hears_no_goodbye(broker: RabbitNode) -> None:
    with (
        BrokerInTheMiddle(broker.port) as between,
        pika.BlockingConnection(pika.URLParameters(broker.url())) as connection,
        ThreadPoolExecutor(1) as pool,
    ):

        def passed_on(words: bytes) -> bytes:
            between.stalled = b"pong" in words
            return words

        between.tamper = passed_on
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "amq.topic", "hears.ping")
        settings = replace(settings_of(broker), port=between.port)
        asked = pool.submit(
            CommandClient([settings], "amq.topic").ask, Question("hears", "ping"), 15.0
        )
        _, properties, _ = next(iter(channel.consume(queue)))
        answer = pika.BasicProperties(
            correlation_id=properties.correlation_id, headers={"node": "hears", "status": 200}
        )
        channel.basic_publish("", properties.reply_to, b"pong", answer)
        began_s = time.monotonic()
        assert asked.result(10).body == b"pong"
        assert time.monotonic() - began_s < 5
