"""The floor of publishing: the same AMQP bytes on a socket, paced, and the confirm read; no more.

`python -m bench.raw_publisher BROKER_URL BYTES FRAMES_PER_SECOND`
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pika

from bench.rig import EXCHANGE
from bench.scripted import jpeg
from edge_video.delivery.amqp.wire import HeaderEncoder, message, publish_method
from edge_video.frames import CameraId, Frame

if TYPE_CHECKING:
    import socket


def main() -> None:
    url, size, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, "topic", durable=True)
    channel.confirm_delivery()
    number = channel.channel_number
    frame = Frame(CameraId("cam0"), 1, "0123456789ab", jpeg(size), time.time_ns(), 0, 1280, 720, 0)
    header = HeaderEncoder(frame, number, node="bench", app="edge-video", expires=None)
    method = publish_method(number, EXCHANGE, "cam0", mandatory=False)
    whole = b"".join(message(method, header.encode(frame, "x-1", 1), number, frame.image))
    sock: socket.socket = connection._impl._transport._sock  # noqa: SLF001 - the socket, bare
    sock.setblocking(True)
    interval_s = 1 / rate
    due_s = time.monotonic()
    while True:
        rest_s = due_s - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)
        due_s += interval_s
        sock.sendall(whole)
        sock.recv(4096)


if __name__ == "__main__":
    main()
