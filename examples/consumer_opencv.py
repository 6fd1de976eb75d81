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
import pika.spec

MOVED = 0.01
"""Share of the pixels that must differ."""


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
    kinds = {"camera_id": str, "seq": int, "captured_at_ns": int}
    fits = all(isinstance(headers.get(name), kind) for name, kind in kinds.items())
    fits = fits and isinstance(headers.get("epoch", 0), int)
    is_plain = properties.content_type == "image/jpeg" and not properties.content_encoding
    return fits and is_plain and body.startswith(b"\xff\xd8")


def decoded(body: bytes) -> Any:
    """The picture; None when it is none, or an enormous one."""
    try:
        return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None


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

    newest: dict[str, int] = {}

    def counts(headers: dict[str, Any]) -> bool:
        """Whether no other node has the camera since; nothing but nodes that share it say so."""
        camera_id, epoch = headers["camera_id"], headers.get("epoch", 0)
        newest[camera_id] = max(epoch, newest.get(camera_id, 0))
        return bool(epoch == newest[camera_id])

    def look(headers: dict[str, Any], body: bytes) -> None:
        image = decoded(body)
        if image is None:
            print(f"{headers['camera_id']} {headers['seq']}: undecodable", flush=True)
            return
        small = cv2.resize(image, (160, 90))
        moved = float(np.count_nonzero(background.apply(small))) / (160 * 90)
        age_ms = (time.time_ns() - headers["captured_at_ns"]) / 1e6
        height, width = image.shape[:2]
        word = "motion" if moved > MOVED else "still"
        line = f"{headers['camera_id']} {headers['seq']}: {width}x{height}, {word}"
        print(f"{line} {moved:.1%}, {age_ms:.0f} ms old", flush=True)

    def on_frame(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        if is_frame(properties, body) and counts(properties.headers):
            look(properties.headers, body)
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
