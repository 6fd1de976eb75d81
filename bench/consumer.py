"""A consumer that counts frames and forgets them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pika

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame that came. Times are wall clock, nanoseconds."""

    camera_id: str
    captured_at_ns: int
    published_at_ns: int
    arrived_at_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """The frames that were published within a window of time."""

    per_camera: dict[str, int]
    bytes_per_frame: float
    capture_to_consumer_ms: tuple[float, float]
    """Median, and 99 of 100."""

    @property
    def frames(self) -> int:
        """All cameras together."""
        return sum(self.per_camera.values())


class CountingConsumer:
    """Consumes an exchange in a thread of its own while it is entered."""

    def __init__(self, parameters: pika.ConnectionParameters, exchange: str) -> None:
        self._parameters = parameters
        self._exchange = exchange
        self._arrivals: list[Arrival] = []
        self._thread = threading.Thread(target=self._run, name="bench-consumer", daemon=True)

    def __enter__(self) -> Self:
        self._connection = pika.BlockingConnection(self._parameters)
        channel = self._channel = self._connection.channel()
        channel.exchange_declare(self._exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, self._exchange, "#")
        channel.basic_consume(queue, self._on_message, auto_ack=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._connection.add_callback_threadsafe(self._channel.stop_consuming)
        self._thread.join(10)
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self._connection.close()

    @property
    def count(self) -> int:
        """Frames so far."""
        return len(self._arrivals)

    def between(self, from_ns: int, until_ns: int) -> Arrived:
        """What was published from one moment (wall clock) until another."""
        return summarize(
            [each for each in self._arrivals if from_ns <= each.published_at_ns < until_ns]
        )

    def _run(self) -> None:
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self._channel.start_consuming()

    def _on_message(self, _channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        headers = properties.headers
        self._arrivals.append(
            Arrival(
                headers["camera_id"],
                headers["captured_at_ns"],
                headers["published_at_ns"],
                time.time_ns(),
                len(body),
            )
        )


def summarize(arrivals: list[Arrival]) -> Arrived:
    """Count frames, and rank how long they took.

    Raises:
        ValueError: there is none.
    """
    if not arrivals:
        raise ValueError("no frame came")
    took_ms = sorted((each.arrived_at_ns - each.captured_at_ns) / 1e6 for each in arrivals)
    return Arrived(
        per_camera=dict(Counter(each.camera_id for each in arrivals)),
        bytes_per_frame=sum(each.size for each in arrivals) / len(arrivals),
        capture_to_consumer_ms=(took_ms[len(took_ms) // 2], took_ms[len(took_ms) * 99 // 100]),
    )
