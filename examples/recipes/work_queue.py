"""Has every frame worked on at least once, by one of several workers. `pip install pika`.

    python work_queue.py amqp://user:password@broker:5672/%2F edge-video [FRAMES]

Start it as often as there is work; put your own work into `work`. A frame that no worker can
digest ends in the queue WORK.rejected. docs/recipes/work-queue.md says why it is like this.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from typing import Any

import pika

WORK = "edge-video.work"
DEAD = f"{WORK}.dead"
REJECTED = f"{WORK}.rejected"
QUEUE = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 3,  # 3.10 has none by itself, 4.0 has 20
    "x-max-length": 1000,
    "x-max-length-bytes": 200_000_000,  # the oldest go; never `reject-publish`, see the recipe
    "x-dead-letter-exchange": DEAD,
}
REJECTED_QUEUE = {
    "x-queue-type": "quorum",
    "x-max-length": 100,
    "x-message-ttl": 24 * 3600 * 1000,
}


def work(camera: str, image: bytes) -> None:
    """Do what you want of a frame; raise ValueError when the frame itself is at fault."""
    if not image.startswith(b"\xff\xd8"):
        raise ValueError("no JPEG image")
    print(f"{camera}: {len(image)} bytes")


def declare(channel: Any, exchange: str, *, in_order: bool = False) -> None:
    """Make both queues and the exchange between them.

    Args:
        channel: of pika.
        exchange: of the frames.
        in_order: one worker at a time, the next one only when it is gone.
    """
    channel.exchange_declare(exchange, "topic", durable=True)
    # By their reason: what made room or grew old is dead-lettered too, and is not to be kept.
    channel.exchange_declare(DEAD, "headers", durable=True)
    channel.queue_declare(REJECTED, durable=True, arguments=REJECTED_QUEUE)
    for reason in ("rejected", "delivery_limit"):
        matches = {"x-match": "any-with-x", "x-first-death-reason": reason}
        channel.queue_bind(REJECTED, DEAD, "", arguments=matches)
    arguments = QUEUE | ({"x-single-active-consumer": True} if in_order else {})
    channel.queue_declare(WORK, durable=True, arguments=arguments)
    channel.queue_bind(WORK, exchange, "#")


def handle(channel: Any, method: Any, properties: Any, image: bytes) -> None:
    """Work on one frame and say what came of it."""
    headers = properties.headers or {}
    try:
        work(str(headers.get("camera_id")), image)
    except ValueError as error:  # never will it be better: to the rejected ones at once
        print(f"rejected: {error}")
        channel.basic_reject(method.delivery_tag, requeue=False)
    except Exception as error:  # noqa: BLE001 - a model or a disk that may be there again soon
        print(f"again: {error}")
        time.sleep(min(5.0, 0.5 * 2 ** headers.get("x-delivery-count", 0)))
        channel.basic_reject(method.delivery_tag, requeue=True)
    else:
        channel.basic_ack(method.delivery_tag)


def main(url: str, exchange: str, most: int = 0) -> None:
    """Work on so many deliveries; 0: until it is ended."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    declare(channel, exchange)
    channel.basic_qos(prefetch_count=2)
    numbers = count(1)
    for method, properties, image in channel.consume(WORK):
        handle(channel, method, properties, image)
        if next(numbers) == most:
            break
    connection.close()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {sys.argv[0]} AMQP-URL EXCHANGE [FRAMES]")
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
