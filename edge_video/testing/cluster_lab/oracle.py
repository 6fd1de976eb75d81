"""Consumes frames and announcements at every broker, and knows what has been seen by whom.

A consumer at each broker node, so that what is published on one side of a partition is seen too.
In a healthy cluster each frame comes three times; the first counts.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from edge_video.resilience.cluster.wire import decode_announcement
from edge_video.testing.cluster_lab.history import Arrival
from edge_video.testing.cluster_lab.nodes import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from edge_video.resilience.cluster.membership import Announcement
    from edge_video.testing.rabbit import RabbitNode

CLUSTER_EXCHANGE: Final = "edge-video.cluster"
_RETRY_S: Final = 0.5
_HEARTBEAT_S: Final = 4
_FRESH_S: Final = 5.0
_STREAMING_S: Final = 2.0
_QUORUM: Final = {"x-queue-type": "quorum"}


class Oracle:
    """What arrived, and what nodes announced; a thread for each broker, until `close`.

    Args:
        brokers: the nodes of the cluster.
        has_quorum_queues: frames come through quorum queues, as docs/reliability.md advises
            consumers: RabbitMQ 4 passes on no frame that also goes to a classic queue of a broker
            node that stands still. They do not show what the smaller side of a partition publishes.
    """

    def __init__(self, brokers: Sequence[RabbitNode], *, has_quorum_queues: bool = False) -> None:
        self._has_quorum_queues = has_quorum_queues
        self._began_s = time.monotonic()
        self._wall_s = time.time() - self._began_s
        self._lock = threading.Lock()
        self._arrivals: list[Arrival] = []
        self._seen: set[tuple[str, str, str, int]] = set()
        self._announced: dict[str, tuple[Announcement, float]] = {}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._consume, args=(each,), name="oracle", daemon=True)
            for each in brokers
        ]
        for each in self._threads:
            each.start()

    def close(self) -> None:
        """End all threads."""
        self._over.set()
        for each in self._threads:
            each.join(15)

    def now_s(self) -> float:
        """Return the time of the history."""
        return time.monotonic() - self._began_s

    def arrivals(self) -> tuple[Arrival, ...]:
        """Return everything that has arrived."""
        with self._lock:
            return tuple(self._arrivals)

    def lateness_s(self, within_s: float) -> float:
        """Return the longest time from a frame's capture to its arrival, of the last seconds."""
        since_s = self.now_s() - within_s
        with self._lock:
            recent = [each for each in self._arrivals[-2000:] if each.at_s >= since_s]
        return max((each.at_s - each.captured_s for each in recent), default=0.0)

    def owners(self, nodes: Collection[str]) -> dict[str, list[str]]:
        """Return which of the nodes announce, of late, that a camera streams there."""
        now_s, found = self.now_s(), dict[str, list[str]]()
        with self._lock:
            for name, (announcement, at_s) in self._announced.items():
                if name not in nodes or now_s - at_s > _FRESH_S:
                    continue
                for camera, owned in announcement.owned.items():
                    if owned.is_streaming:
                        found.setdefault(camera, []).append(name)
        return found

    def unsettled(self, nodes: Collection[str], cameras: Collection[str]) -> str:
        """Return what is not as it should be at rest; empty when everything is."""
        now_s = self.now_s()
        with self._lock:
            fresh = {
                name: each
                for name, (each, at_s) in self._announced.items()
                if name in nodes and now_s - at_s <= _FRESH_S
            }
            streaming = {
                each.camera: each.node
                for each in self._arrivals[-2000:]
                if now_s - each.at_s <= _STREAMING_S
            }
        if silent := sorted(set(nodes) - set(fresh)):
            return f"not heard: {', '.join(silent)}"
        owners = self.owners(nodes)
        for camera in cameras:
            waiting = [name for name, each in fresh.items() if camera in each.waiting]
            owner = owners.get(camera, [])
            if len(owner) != 1 or streaming.get(camera) != owner[0]:
                return f"{camera}: owners {owner}, frames of {streaming.get(camera)}"
            if not waiting and len(nodes) > 1:
                return f"{camera}: nobody waits in line"
        return ""

    # --- threads ----------------------------------------------------------------------------

    def _consume(self, broker: RabbitNode) -> None:
        while not self._over.is_set():
            with contextlib.suppress(AMQPError, AMQPConnectorException, OSError):
                self._consume_once(broker)
            self._over.wait(_RETRY_S)

    def _consume_once(self, broker: RabbitNode) -> None:
        parameters = pika.ConnectionParameters(
            broker.host,
            broker.port,
            heartbeat=_HEARTBEAT_S,
            socket_timeout=3,
            stack_timeout=5,
            blocked_connection_timeout=None,
        )
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            for exchange, take in ((EXCHANGE, self._frame), (CLUSTER_EXCHANGE, self._announcement)):
                channel.exchange_declare(exchange, "topic", durable=True)
                if self._has_quorum_queues and exchange == EXCHANGE:
                    queue = f"oracle-{broker.port}"
                    channel.queue_declare(queue, durable=True, arguments=_QUORUM)
                else:
                    queue = channel.queue_declare("", exclusive=True).method.queue
                channel.queue_bind(queue, exchange, "#")
                channel.basic_consume(queue, take, auto_ack=True)
            while not self._over.is_set():
                connection.process_data_events(0.2)

    def _frame(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        at_s, headers = self.now_s(), properties.headers or {}
        with contextlib.suppress(KeyError):
            key = (headers["camera_id"], headers["node"], headers["session"], headers["seq"])
            arrival = Arrival(
                *key,
                epoch=headers.get("epoch", 0),
                captured_s=headers["captured_at_ns"] / 1e9 - self._wall_s - self._began_s,
                published_s=headers["published_at_ns"] / 1e9 - self._wall_s - self._began_s,
                at_s=at_s,
            )
            with self._lock:
                if key not in self._seen:
                    self._seen.add(key)
                    self._arrivals.append(arrival)

    def _announcement(self, _channel: Any, _method: Any, _properties: Any, body: bytes) -> None:
        with contextlib.suppress(ValueError):
            announcement = decode_announcement(body)
            with self._lock:
                self._announced[announcement.holder.node] = (announcement, self.now_s())
