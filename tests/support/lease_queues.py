"""The queue of a lease for tests: the model's, and a real broker's, behind the same few calls."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

import pika
from pika.exceptions import NackError, UnroutableError

from edge_video.resilience.cluster import Holder, Token
from edge_video.testing import eventually
from edge_video.testing.lease_model.queue import MAX_LENGTH, PREFETCH, QuorumQueue

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

    from edge_video.testing.lease_model.queue import BrokerRules, Consumer, Message
    from edge_video.testing.rabbit import RabbitNode

QUEUE_ARGUMENTS: Final = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-max-length": MAX_LENGTH,
    "x-overflow": "reject-publish",
    "x-expires": 600_000,
    "x-consumer-disconnected-timeout": 5000,
}
CONSUMERS: Final = (1, 2, 3)


class LeaseQueue(Protocol):
    """One queue, and consumers with a connection each; epochs stand for tokens."""

    def subscribe(self, consumer: int) -> None:
        """Join the line."""

    def cancel(self, consumer: int) -> None:
        """Leave the line, and keep what is held."""

    def close(self, consumer: int) -> None:
        """Close the consumer's connection."""

    def publish(self, epoch: int) -> bool:
        """Publish a token; return whether it was taken."""

    def settle(self, consumer: int, epoch: int, *, requeue: bool) -> None:
        """Settle the last delivery of this token to the consumer."""

    def deliveries(self, count: int) -> list[tuple[int, int]]:
        """Return all deliveries so far, as consumer and epoch, when there are so many."""


class ModelQueue:
    """The model's."""

    def __init__(self, rules: BrokerRules) -> None:
        self._queue = QuorumQueue(rules, self._deliver)
        self._delivered: list[tuple[int, int]] = []
        self._tags: dict[tuple[int, int], int] = {}

    def _deliver(self, consumer: Consumer, message: Message, tag: int) -> None:
        key = (consumer.connection, message.token.epoch)
        self._delivered.append(key)
        self._tags[key] = tag

    def subscribe(self, consumer: int) -> None:
        self._queue.subscribe(consumer, 1, 0.0)

    def cancel(self, consumer: int) -> None:
        self._queue.cancel(consumer, 0.0)

    def close(self, consumer: int) -> None:
        self._queue.closed(consumer, 0.0)

    def publish(self, epoch: int) -> bool:
        return self._queue.publish(Token(epoch, Holder("edge-a", "1"), 1, is_claim=True), 0.0)

    def settle(self, consumer: int, epoch: int, *, requeue: bool) -> None:
        self._queue.settle(consumer, self._tags[consumer, epoch], 0.0, requeue=requeue)

    def deliveries(self, count: int) -> list[tuple[int, int]]:
        assert len(self._delivered) >= count
        return self._delivered


class BrokerQueue:
    """A real broker's."""

    def __init__(self, node: RabbitNode) -> None:
        self.name = f"lease-{uuid.uuid4().hex}"
        parameters = pika.ConnectionParameters(node.host, node.port)
        self._delivered: list[tuple[int, int]] = []
        self._tags: dict[tuple[int, int], int] = {}
        self._connections = {each: pika.BlockingConnection(parameters) for each in (0, *CONSUMERS)}
        self._channels: dict[int, BlockingChannel] = {
            each: connection.channel() for each, connection in self._connections.items()
        }
        for channel in self._channels.values():
            channel.basic_qos(prefetch_count=PREFETCH)
        self._channels[0].confirm_delivery()
        self._channels[0].queue_declare(self.name, durable=True, arguments=QUEUE_ARGUMENTS)

    def close_all(self) -> None:
        self._channels[0].queue_delete(self.name)
        for connection in self._connections.values():
            if connection.is_open:
                connection.close()

    def subscribe(self, consumer: int) -> None:
        def deliver(_channel: Any, method: Any, _properties: Any, body: bytes) -> None:
            key = (consumer, int(body))
            self._delivered.append(key)
            self._tags[key] = method.delivery_tag

        self._channels[consumer].basic_consume(self.name, deliver, consumer_tag="lease")

    def cancel(self, consumer: int) -> None:
        # Without pika's cancel, which gives back what it has buffered.
        self._channels[consumer].basic_cancel("lease")

    def close(self, consumer: int) -> None:
        self._connections[consumer].close()

    def publish(self, epoch: int) -> bool:
        try:
            self._channels[0].basic_publish("", self.name, str(epoch).encode(), mandatory=True)
        except (NackError, UnroutableError):
            return False
        return True

    def settle(self, consumer: int, epoch: int, *, requeue: bool) -> None:
        tag = self._tags[consumer, epoch]
        if requeue:
            self._channels[consumer].basic_nack(tag, requeue=True)
        else:
            self._channels[consumer].basic_ack(tag)

    def deliveries(self, count: int) -> list[tuple[int, int]]:
        def has_come() -> bool:
            for connection in self._connections.values():
                if connection.is_open:
                    connection.process_data_events(0.01)
            return len(self._delivered) >= count

        eventually(has_come, timeout_s=20)
        return self._delivered
