"""Messages that another program, or an enemy, could send to an exchange of frames."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import pika
import pika.data
import pika.exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.rabbit import RabbitNode


@dataclass(frozen=True)
class Raw:
    """A header's value as it goes over the wire: its type's letter, and bytes."""

    encoded: bytes


def nested(depth: int) -> Raw:
    """Tables within tables."""
    table = b""
    for _ in range(depth):
        table = b"\x01aF" + struct.pack(">I", len(table)) + table
    return Raw(b"F" + struct.pack(">I", len(table)) + table)


HEADERS_OF_OTHERS: dict[str, Any] = {
    "a time stamp in milliseconds": {"x": Raw(b"T" + struct.pack(">Q", 1_772_000_000_000))},
    "the largest time stamp": {"x": Raw(b"T" + b"\xff" * 8)},
    "no number": {"x": Raw(b"d" + struct.pack(">d", float("nan")))},
    "infinity": {"x": Raw(b"f" + struct.pack(">f", float("inf")))},
    "tables within tables": {"x": nested(1500)},
    "a name that is no text": {"x": Raw(b"S" + struct.pack(">I", 2) + b"\xff\xfe")},
    "headers that are lists": {"camera_id": ["a"], "session": {"b": 1}, "seq": [1]},
    "a time before all times": {"camera_id": "a", "session": "s", "seq": 1, "captured_at_ns": -1},
    "a flag for a number": {"camera_id": "a", "session": "s", "seq": True, "captured_at_ns": 1},
    "no headers": None,
}
"""By what is odd about them."""

FRAME = {"camera_id": "other", "session": "s", "seq": 1, "captured_at_ns": 1}
BODIES_OF_OTHERS: dict[str, tuple[pika.BasicProperties, bytes]] = {
    "text": (pika.BasicProperties(headers=FRAME), b"hello"),
    "nothing": (pika.BasicProperties(headers=FRAME), b""),
    "a compressed picture": (
        pika.BasicProperties(headers=FRAME, content_encoding="gzip"),
        b"\xff\xd8\x1f\x8b",
    ),
    "another kind of picture": (
        pika.BasicProperties(headers=FRAME, content_type="image/png"),
        b"\xff\xd8\xff",
    ),
}


@contextlib.contextmanager
def able_to_send_anything() -> Iterator[None]:
    """pika encodes a `Raw` as it is."""
    usual = pika.data.encode_value

    def encode(pieces: list[bytes], value: object) -> int:
        if not isinstance(value, Raw):
            return int(usual(pieces, value))
        pieces.append(value.encoded)
        return len(value.encoded)

    with mock.patch.object(pika.data, "encode_value", encode):
        yield


def send_all(broker: RabbitNode, exchange: str) -> int:
    """Send every message above; how many the broker took: it refuses numbers that are none."""
    messages = [
        (pika.BasicProperties(headers=headers), b"\xff\xd8 other \xff\xd9")
        for headers in HEADERS_OF_OTHERS.values()
    ]
    taken = 0
    with able_to_send_anything():
        for properties, body in [*messages, *BODIES_OF_OTHERS.values()]:
            with contextlib.suppress(pika.exceptions.AMQPError), broker.channel() as channel:
                channel.confirm_delivery()
                channel.basic_publish(exchange, "other.program", body, properties)
                taken += 1
    return taken
