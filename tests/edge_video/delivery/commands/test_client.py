"""Who asks a node is told within the time-out, whatever the broker does."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pika
import pytest

from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.delivery.commands.client import (
    CannotAskError,
    CommandClient,
    NobodyThereError,
    Question,
)
from tests.support.commands import settings_of

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
