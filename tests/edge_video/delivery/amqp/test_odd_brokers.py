"""Brokers that are no RabbitMQ: what they lack, or send, is told in words."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
from pika import frame, spec

from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import RouteRefused, SinkEvent, SinkLost
from edge_video.runtime.timer import SystemClock
from edge_video.testing.rabbit_files import ODD_PASSWORD
from tests.support.amqp import CAM1
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIRMS: Final = {"capabilities": {"publisher_confirms": True, "basic.nack": True}}

ANSWERS: Final[dict[type, Any]] = {
    spec.Connection.StartOk: spec.Connection.Tune(10, 131_072, 0),
    spec.Connection.Open: spec.Connection.OpenOk(),
    spec.Channel.Open: spec.Channel.OpenOk(),
    spec.Confirm.Select: spec.Confirm.SelectOk(),
    spec.Channel.Close: spec.Channel.CloseOk(),
    spec.Connection.Close: spec.Connection.CloseOk(),
}
"""What a broker answers that is content with everything it is asked before an exchange."""


def start(server_properties: dict[str, Any]) -> Any:
    return spec.Connection.Start(0, 9, server_properties, "PLAIN", "en_US")


class Damaged:
    """A method that AMQP does not know."""

    INDEX: Final = 0x03E703E7

    def encode(self) -> list[bytes]:
        return []


@contextlib.contextmanager
def broker(greeting: Any, answers: Mapping[type, Any]) -> Iterator[int]:
    """A broker that greets, then answers each method by its type; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as connection:
                received = connection.recv(8)
                connection.sendall(frame.Method(0, greeting).marshal())
                received = b""
                while more := connection.recv(65_536):
                    received += more
                    used, method = frame.decode_frame(received)
                    while used:
                        received = received[used:]
                        answer = answers.get(type(getattr(method, "method", None)))
                        if answer is not None:
                            of_all = isinstance(answer, spec.Connection.Close)
                            channel = 0 if of_all else method.channel_number
                            connection.sendall(frame.Method(channel, answer).marshal())
                        used, method = frame.decode_frame(received)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)


def events_of(port: int, awaited: type[SinkEvent], password: str = "p") -> list[SinkEvent]:
    """What a sink tells of the broker on this port, until the awaited event."""
    clock, heard = SystemClock(), Listener()
    outbox = Outbox(clock)
    outbox.add_camera(CAM1)
    settings = AmqpSettings("127.0.0.1", port, "/", "u", password)
    sink = AmqpSink(settings, {CAM1: Route("e", "k")}, outbox, heard, clock)
    sink.open()
    heard.wait_for(awaited)
    assert sink.close(1.0)
    return list(heard.events)


def test_a_broker_without_publisher_confirms_is_told_in_words() -> None:
    with broker(start({}), ANSWERS) as port:
        events = events_of(port, SinkLost)
    assert events == [SinkLost("the broker offers no publisher confirms", permanent=True)]


QUOTING: Final = (
    f"bye {ODD_PASSWORD}, {quote(ODD_PASSWORD)}, {quote(ODD_PASSWORD, safe='')}",
    {ODD_PASSWORD, quote(ODD_PASSWORD), quote(ODD_PASSWORD, safe="")},
)
"""What a broker might say that quotes a password in every way, and the ways."""


@pytest.mark.parametrize(
    ("asked", "answer", "event"),
    [
        (spec.Exchange.Declare, spec.Channel.Close(406, QUOTING[0], 0, 0), RouteRefused),
        (spec.Channel.Open, spec.Connection.Close(320, QUOTING[0], 0, 0), SinkLost),
    ],
    ids=["exchange", "connection"],
)
def test_a_broker_that_quotes_the_password_is_not_quoted(
    asked: type, answer: Any, event: type[SinkEvent]
) -> None:
    with broker(start(CONFIRMS), ANSWERS | {asked: answer}) as port:
        (told,) = [each for each in events_of(port, event, ODD_PASSWORD) if type(each) is event]
    assert isinstance(told, RouteRefused | SinkLost)
    assert "bye" in told.reason
    assert not [each for each in QUOTING[1] if each in told.reason]


def test_frames_smaller_than_amqp_allows_are_told_as_what_they_are() -> None:
    tune = {spec.Connection.StartOk: spec.Connection.Tune(10, 1, 0)}
    with broker(start(CONFIRMS), ANSWERS | tune) as port:
        (lost,) = events_of(port, SinkLost)
    assert lost == SinkLost("the broker's frame_max is 1, and AMQP requires at least 4096 bytes")


def test_damaged_amqp_in_the_handshake_is_no_wrong_password() -> None:
    with broker(start(CONFIRMS), {spec.Connection.StartOk: Damaged()}) as port:
        (lost,) = events_of(port, SinkLost)
    assert lost == SinkLost("the broker's side sends what is no AMQP, or damaged on its way")
