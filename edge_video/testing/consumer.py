"""Consumes what is published, for tests, and remembers every message."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pika

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.testing.rabbit import RabbitNode


@dataclass(frozen=True)
class Message:
    """One consumed message."""

    properties: Any
    body: bytes
    routing_key: str
    at_ns: int = 0
    """Wall clock, of its arrival."""


class Consumer:
    """A consumer in a thread of its own, on a fresh queue bound to one exchange."""

    def __init__(
        self, parameters: pika.ConnectionParameters, exchange: str, binding: str = "#"
    ) -> None:
        self.messages: list[Message] = []
        self._changed = threading.Condition()
        self._connection = pika.BlockingConnection(parameters)
        channel = self._connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, binding)
        channel.basic_consume(queue, self._on_message, auto_ack=True)
        self._channel = channel
        self._thread = threading.Thread(target=self._run, name="test-consumer", daemon=True)
        self._thread.start()

    def wait_for(self, count: int, timeout_s: float = 30.0) -> list[Message]:
        """The messages, as soon as there are `count` of them."""
        self.wait_until(lambda messages: len(messages) >= count, timeout_s)
        return self.messages

    def wait_until(
        self, predicate: Callable[[list[Message]], bool], timeout_s: float = 30.0
    ) -> None:
        """Wait until the messages satisfy a condition."""
        with self._changed:
            reached = self._changed.wait_for(lambda: predicate(self.messages), timeout_s)
        assert reached, f"not within {timeout_s} s; {len(self.messages)} messages came"

    def close(self) -> None:
        """End the connection and the thread; harmless when the broker is gone."""
        # When the test stopped the broker, the thread has ended by itself.
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._connection.add_callback_threadsafe(self._channel.stop_consuming)
        self._thread.join(10)
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self._connection.close()

    def _run(self) -> None:
        try:
            self._channel.start_consuming()
        except (pika.exceptions.AMQPError, OSError):
            return  # the test ended the broker

    def _on_message(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        with self._changed:
            now_ns = time.time_ns()
            self.messages.append(Message(properties, body, method.routing_key, now_ns))
            self._changed.notify_all()


@contextlib.contextmanager
def consume(node: RabbitNode, exchange: str, binding: str = "#") -> Iterator[Consumer]:
    """Collect what is published to an exchange (declared here when it is not there yet)."""
    consumer = Consumer(node.parameters(), exchange, binding)
    try:
        yield consumer
    finally:
        consumer.close()
