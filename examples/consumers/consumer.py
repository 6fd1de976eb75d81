"""Prints the frames of edge-video as they come. Python 3.9 or later; `pip install pika`.

    python consumer.py amqp://user:password@broker:5672/%2F edge-video [FRAMES]

What a frame is and what its headers mean: docs/frames.md. `examples/consumer_count.py` counts what
was lost on the way as well, and survives headers that pika cannot decode.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import pika


def main(url: str, exchange: str, most: int = 0) -> None:
    """Print so many frames; 0: until it is ended."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare(exchange, "topic", durable=True)
    # A queue of our own, bounded: a consumer that falls behind loses old frames, and nobody waits.
    bounds = {"x-max-length": 5, "x-message-ttl": 2000}
    queue = channel.queue_declare("", exclusive=True, arguments=bounds).method.queue
    channel.queue_bind(queue, exchange, "#")  # every camera; a routing key: one of them
    channel.basic_qos(prefetch_count=1)

    numbers = count(1)
    newest: dict[str, int] = {}
    for method, properties, image in channel.consume(queue):
        if is_frame(properties, image) and counts(properties.headers, newest):
            of = properties.headers
            print(f"{of['camera_id']} {of['seq']} {of['width']}x{of['height']} {len(image)} bytes")
            if next(numbers) == most:
                break
        channel.basic_ack(method.delivery_tag)
    connection.close()


def is_frame(properties: Any, image: bytes) -> bool:
    """Tell frames from what others may publish to the exchange."""
    headers = properties.headers or {}
    is_named = isinstance(headers.get("camera_id"), str)
    return is_named and properties.content_type == "image/jpeg" and image.startswith(b"\xff\xd8")


def counts(headers: dict[str, Any], newest: dict[str, int]) -> bool:
    """Tell whether no other node has the camera since, where nodes share it."""
    camera, epoch = headers["camera_id"], headers.get("epoch", 0)
    newest[camera] = max(epoch, newest.get(camera, 0))
    return bool(epoch == newest[camera])


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {sys.argv[0]} AMQP-URL EXCHANGE [FRAMES]")
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
