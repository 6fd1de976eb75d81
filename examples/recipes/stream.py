"""Keeps the last hour of frames in a RabbitMQ stream, and plays it. `pip install pika`.

    python stream.py amqp://user:password@broker:5672/%2F record
    python stream.py amqp://user:password@broker:5672/%2F replay --minutes 10 --save pictures

`record` declares the stream and binds it, once; nothing needs to run for frames to be kept.
docs/recipes/stream.md has the sizes worked out and the traps.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFETCH = 20
"""Frames on their way at a time; a stream gives nothing to a consumer without such a limit."""
FIRST_S = 20.0
"""The broker finds the moment in a large stream first: until then its silence means nothing."""


def record(channel: Any, of: argparse.Namespace) -> None:
    """Declare the stream and bind it to the frames' exchange."""
    channel.exchange_declare(of.exchange, "topic", durable=True)
    arguments = {
        "x-queue-type": "stream",
        "x-max-age": of.max_age,
        "x-max-length-bytes": of.max_bytes,
        # What is too old goes a whole segment at a time: by default that is 500 MB.
        "x-stream-max-segment-size-bytes": of.segment_bytes,
    }
    channel.queue_declare(of.stream, durable=True, arguments=arguments)
    channel.queue_bind(of.stream, of.exchange, of.key)
    print(f"{of.stream} keeps {of.max_age} of {of.exchange}, at most {of.max_bytes} bytes")


def replay(channel: Any, of: argparse.Namespace) -> None:
    """Print what a stream has since so many minutes ago, and save it where that is asked for."""
    now = datetime.now(UTC)
    since = now - timedelta(minutes=of.minutes)
    until_ns = int(now.timestamp() * 1e9)
    any_frames = False
    for headers, image in frames_since(channel, of.stream, since, of.patience):
        if headers["captured_at_ns"] >= until_ns:
            break  # the past is over
        if of.camera not in (None, headers["camera_id"]):
            continue
        any_frames = True
        print(f"{headers['camera_id']} {headers['seq']} {headers['captured_at_ns']}")
        if of.save:
            folder = Path(of.save, headers["camera_id"])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{headers['captured_at_ns']}.jpg").write_bytes(image)
    if not any_frames:
        raise SystemExit(f"no frame of the last {of.minutes:g} minutes came within {FIRST_S:g} s")


def frames_since(
    channel: Any, stream: str, since: datetime, patience_s: float
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Headers and image of each frame, in the stream's order, until none comes for so long.

    The first one may take `FIRST_S`.
    """
    channel.basic_qos(prefetch_count=PREFETCH)
    # In whole seconds, and from the beginning of the chunk that has that moment: look again.
    since_ns = int(since.timestamp() * 1e9)
    offset = {"x-stream-offset": since}
    until_s = time.monotonic() + FIRST_S
    for method, properties, image in channel.consume(
        stream, arguments=offset, inactivity_timeout=patience_s
    ):
        if method is None:
            if time.monotonic() < until_s:
                continue
            return
        until_s = 0.0
        channel.basic_ack(method.delivery_tag)  # asks for the next ones; nothing is removed
        headers = properties.headers or {}
        if properties.content_type == "image/jpeg" and headers["captured_at_ns"] >= since_ns:
            yield headers, image


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("command", choices=("record", "replay"))
    parser.add_argument("--stream", default="edge-video.recent")
    keeping = parser.add_argument_group("record")
    keeping.add_argument("--exchange", default="edge-video")
    keeping.add_argument("--key", default="#", help="one camera's routing key; #: all")
    keeping.add_argument("--max-age", default="1h", help="Y, M, D, h, m or s (default: 1h)")
    keeping.add_argument("--max-bytes", type=int, default=2_000_000_000)
    keeping.add_argument("--segment-bytes", type=int, default=50_000_000)
    playing = parser.add_argument_group("replay")
    playing.add_argument("--minutes", type=float, default=60.0)
    playing.add_argument("--camera", help="only this one")
    playing.add_argument("--save", help="a folder for the pictures")
    playing.add_argument("--patience", type=float, default=2.0, help="seconds between two frames")
    return parser.parse_args()


def main(of: argparse.Namespace) -> None:
    """Do it on a connection of its own."""
    connection = pika.BlockingConnection(pika.URLParameters(of.url))
    try:
        {"record": record, "replay": replay}[of.command](connection.channel(), of)
    finally:
        connection.close()


if __name__ == "__main__":
    main(options())
