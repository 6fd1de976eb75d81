"""Consumes the soak's frames in a process of its own, and looks at every one.

    python -m edge_video.testing.soak.consumer HOST PORT EXCHANGE

It reconnects for ever, and prints a line of JSON each second: the frames of each camera so far, and
whatever was wrong with one. Cameras called `cam7` and `cam7-bursts` show the picture of clip 7.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from collections import Counter
from typing import Any, Final, NoReturn

import pika
import pika.exceptions

from edge_video.testing.clips import clip_identity, decode_jpeg
from edge_video.testing.soak.devices import number_of

_RETRY_S: Final = 0.5
_LOOK_EVERY_S: Final = 1.0
"""Of each camera a picture is decoded so often; headers and markers are checked in every frame."""
_MAX_COMPLAINTS: Final = 20


class Inspector:
    """What is known of the frames so far, and what was wrong with them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._last_seq: dict[str, int] = {}
        self._looked_s: dict[str, float] = {}

    def inspect(self, headers: dict[str, Any], body: bytes, now_s: float) -> None:
        """One frame."""
        camera_id, seq = str(headers["camera_id"]), int(headers["seq"])
        self.counts[camera_id] += 1
        last = self._last_seq.get(camera_id)
        if last is not None:
            if seq <= last:
                self._complain(f"{camera_id}: frame {seq} after {last}")
            elif seq - last - 1 < headers["dropped"]:
                self._complain(f"{camera_id}: {headers['dropped']} dropped in {last}..{seq}")
        self._last_seq[camera_id] = seq
        if not (body.startswith(b"\xff\xd8") and body.endswith(b"\xff\xd9")):
            self._complain(f"{camera_id}: frame {seq} is no whole JPEG")
        if now_s - self._looked_s.get(camera_id, 0.0) >= _LOOK_EVERY_S:
            self._looked_s[camera_id] = now_s
            self._look(camera_id, headers, body)

    def _look(self, camera_id: str, headers: dict[str, Any], body: bytes) -> None:
        try:
            picture = decode_jpeg(body)
            shows = clip_identity(picture)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            self._complain(f"{camera_id}: frame {headers['seq']} cannot be read: {error}")
            return
        height, width = picture.shape[:2]
        if (width, height) != (headers["width"], headers["height"]):
            self._complain(f"{camera_id}: {width}x{height}, announced {headers['width']}")
        if shows != number_of(camera_id):
            self._complain(f"{camera_id}: frame {headers['seq']} shows cam{shows}")

    def _complain(self, what: str) -> None:
        if len(self.complaints) < _MAX_COMPLAINTS:
            self.complaints.append(what)

    def report(self) -> str:
        """A line of JSON; complaints are reported once."""
        complaints, self.complaints = self.complaints, []
        return json.dumps({"counts": dict(self.counts), "complaints": complaints})


def consume(parameters: pika.ConnectionParameters, exchange: str, inspector: Inspector) -> NoReturn:
    """Consume for ever, whatever the broker does."""
    while True:
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            _consume_once(parameters, exchange, inspector)
        print(inspector.report(), flush=True)
        time.sleep(_RETRY_S)


def _consume_once(
    parameters: pika.ConnectionParameters, exchange: str, inspector: Inspector
) -> None:
    connection = pika.BlockingConnection(parameters)
    with contextlib.closing(connection):
        channel = connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, "#")
        reported_s = time.monotonic()
        frames = channel.consume(queue, auto_ack=True, inactivity_timeout=0.5)
        for method, properties, body in frames:
            now_s = time.monotonic()
            if method is not None:
                inspector.inspect(properties.headers, body, now_s)
            if now_s - reported_s >= 1.0:
                reported_s = now_s
                print(inspector.report(), flush=True)


def main(arguments: list[str]) -> None:
    """See the module."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the soak ends it, after the last frame
    host, port, exchange = arguments
    parameters = pika.ConnectionParameters(
        host,
        int(port),
        credentials=pika.PlainCredentials("guest", "guest"),
        socket_timeout=5,
        heartbeat=10,
        blocked_connection_timeout=None,
    )
    with contextlib.suppress(BrokenPipeError):
        consume(parameters, exchange, Inspector())


if __name__ == "__main__":
    main(sys.argv[1:])
