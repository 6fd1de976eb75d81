"""Counts the frames of a running system, and what was lost on the way: nothing but pika.

    python examples/consumer_count.py amqp://user:password@broker:5672/%2F edge-video

A line per camera and second; Ctrl+C ends it. A frame that is missing in `seq` and not explained by
the header `dropped` was lost on the way or in this program's own queue. See docs/frames.md.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pika
import pika.spec


@dataclass
class Count:
    """One camera."""

    frames: int = 0
    dropped: int = 0
    gaps: int = 0
    superseded: int = 0
    epoch: int = 0
    seq: int | None = None
    session: str = ""

    def take(self, headers: dict[str, Any]) -> None:
        """One frame."""
        # Where nodes share the camera, those of a node that was replaced do not count.
        epoch = headers.get("epoch", 0)
        if epoch < self.epoch:
            self.superseded += 1
            return
        if epoch > self.epoch and headers["session"] != self.session:
            self.seq = None  # another node's sequence
        self.epoch = epoch
        # Where only changes are published, what showed none was left out on purpose.
        seq, unchanged = headers["seq"], headers.get("unchanged", 0)
        dropped = headers["dropped"] - unchanged
        restarted = self.seq is not None and seq <= self.seq and headers["session"] != self.session
        if self.seq is not None and not restarted:
            lost = seq - self.seq - 1 - unchanged
            self.dropped += min(lost, dropped)
            self.gaps += lost - min(lost, dropped)
        self.frames += 1
        self.seq, self.session = seq, headers["session"]


class Tolerant(pika.BasicProperties):  # type: ignore[misc]  # pika has no types
    """Properties that anybody may have sent.

    What pika cannot decode (a time stamp beyond the year 9999, say) would otherwise end the
    connection, with all frames that wait in it.
    """

    def decode(self, encoded: bytes, offset: int = 0) -> pika.BasicProperties:
        """As far as it goes."""
        try:
            return super().decode(encoded, offset)
        except Exception:  # noqa: BLE001 - whatever it is, it is no frame of edge-video
            return self


pika.spec.props[pika.BasicProperties.INDEX] = Tolerant


def is_frame(properties: pika.BasicProperties, body: bytes) -> bool:
    """Whether a message is a frame; an exchange may carry messages of other programs, too."""
    headers = properties.headers or {}
    kinds = {"camera_id": str, "session": str, "seq": int, "captured_at_ns": int, "dropped": int}
    fits = all(isinstance(headers.get(name), kind) for name, kind in kinds.items())
    fits = fits and isinstance(headers.get("epoch", 0), int)
    is_plain = properties.content_type == "image/jpeg" and not properties.content_encoding
    return fits and is_plain and body.startswith(b"\xff\xd8")


def main(url: str, exchange: str, seconds: float = float("inf")) -> None:
    """Count until the time is over."""
    counts: dict[str, Count] = defaultdict(Count)
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare(exchange, "topic", durable=True)
    # A queue of our own, bounded: a consumer that falls behind loses old frames, and nobody waits.
    bounds = {"x-max-length": 100, "x-message-ttl": 2000}
    queue = channel.queue_declare("", exclusive=True, arguments=bounds).method.queue
    channel.queue_bind(queue, exchange, "#")
    channel.basic_qos(prefetch_count=20)

    def on_frame(channel: Any, method: Any, properties: Any, image: bytes) -> None:
        if is_frame(properties, image):
            counts[properties.headers["camera_id"]].take(properties.headers)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, on_frame)
    tells_at_s = time.monotonic() + 1.0
    ends_at_s = time.monotonic() + seconds
    try:
        while (now_s := time.monotonic()) < ends_at_s:
            # Comes back with the first frames, long before its time limit.
            connection.process_data_events(time_limit=min(1.0, max(0.0, tells_at_s - now_s)))
            if time.monotonic() < tells_at_s:
                continue
            tells_at_s += 1.0
            for camera_id, count in sorted(counts.items()):
                line = f"{camera_id}: frames {count.frames}, gaps {count.gaps}"
                line += f", dropped at the node {count.dropped}"
                print(f"{line}, of a replaced node {count.superseded}", flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        connection.close()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {sys.argv[0]} AMQP-URL EXCHANGE [SECONDS]")
    main(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:]))
