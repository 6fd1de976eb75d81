"""Brokers that are no RabbitMQ: what they lack, or send, is told in words."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import SinkLost
from edge_video.runtime.timer import SystemClock
from tests.support.amqp import CAM1
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator


def method(channel: int, of_class: int, number: int, arguments: bytes = b"") -> bytes:
    payload = struct.pack(">HH", of_class, number) + arguments
    return struct.pack(">BHL", 1, channel, len(payload)) + payload + b"\xce"


def long(text: bytes) -> bytes:
    return struct.pack(">L", len(text)) + text


ANSWERS = (
    method(0, 10, 10, b"\x00\x09" + long(b"") + long(b"PLAIN") + long(b"en_US")),
    method(0, 10, 30, struct.pack(">HLH", 10, 131_072, 0)),
    method(0, 10, 41, b"\x00"),
    method(1, 20, 11, long(b"")),
)
"""To the protocol header, start-ok, tune-ok with open, and channel.open."""


@contextlib.contextmanager
def broker_without_confirms() -> Iterator[int]:
    """A broker that announces no capability at all; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as connection:
                for answer in ANSWERS:
                    received = connection.recv(65_536)
                    while answer is ANSWERS[2] and b"\x00\x0a\x00\x28" not in received:
                        received += connection.recv(65_536)  # open may come after tune-ok
                    connection.sendall(answer)
                connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)


def test_a_broker_without_publisher_confirms_is_told_in_words() -> None:
    clock, heard = SystemClock(), Listener()
    outbox = Outbox(clock)
    outbox.add_camera(CAM1)
    with broker_without_confirms() as port:
        settings = AmqpSettings("127.0.0.1", port, "/", "u", "p")
        sink = AmqpSink(settings, {CAM1: Route("e", "k")}, outbox, heard, clock)
        sink.open()
        lost = heard.wait_for(SinkLost)
        assert sink.close(5.0)
    assert lost == SinkLost("the broker offers no publisher confirms", permanent=True)
