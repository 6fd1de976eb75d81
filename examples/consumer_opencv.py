"""Finds motion in the frames of one camera with OpenCV, always on the newest picture.

    pip install opencv-python-headless
    python examples/consumer_opencv.py amqp://user:password@broker:5672/%2F edge-video door

Analysis is slower than a camera at times. With a queue of one frame it then skips pictures instead
of falling behind: what it sees is always now. See docs/frames.md.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import cv2
import numpy as np
import pika

MOVED = 0.01
"""Share of the pixels that must differ."""


def main(url: str, exchange: str, routing_key: str, seconds: float = float("inf")) -> None:
    """Say for each analysed picture how much of it moved, until the time is over."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare(exchange, "topic", durable=True)
    bounds = {"x-max-length": 1, "x-message-ttl": 1000}
    queue = channel.queue_declare("", exclusive=True, arguments=bounds).method.queue
    channel.queue_bind(queue, exchange, routing_key)
    channel.basic_qos(prefetch_count=1)
    background = cv2.createBackgroundSubtractorMOG2(history=50, detectShadows=False)

    def on_frame(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        headers = properties.headers
        image = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            print(f"{headers['camera_id']} {headers['seq']}: undecodable", flush=True)
        else:
            small = cv2.resize(image, (160, 90))
            moved = float(np.count_nonzero(background.apply(small))) / (160 * 90)
            age_ms = (time.time_ns() - headers["captured_at_ns"]) / 1e6
            height, width = image.shape[:2]
            word = "motion" if moved > MOVED else "still"
            line = f"{headers['camera_id']} {headers['seq']}: {width}x{height}, {word}"
            print(f"{line} {moved:.1%}, {age_ms:.0f} ms old", flush=True)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, on_frame)
    ends_at_s = time.monotonic() + seconds
    try:
        while time.monotonic() < ends_at_s:
            connection.process_data_events(time_limit=0.5)
    except KeyboardInterrupt:
        pass
    finally:
        connection.close()


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(f"usage: {sys.argv[0]} AMQP-URL EXCHANGE ROUTING-KEY [SECONDS]")
    main(sys.argv[1], sys.argv[2], sys.argv[3], *map(float, sys.argv[4:]))
