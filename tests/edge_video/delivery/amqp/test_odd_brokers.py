"""Brokers that are no RabbitMQ: what they lack, or send, is told in words."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import pytest
from pika import spec

from edge_video.delivery.amqp.inquiry import Inquiry, probe_broker
from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import RouteRefused, SinkEvent, SinkLost
from edge_video.runtime.timer import SystemClock
from edge_video.testing.rabbit_files import ODD_PASSWORD
from tests.support.amqp import CAM1
from tests.support.odd_broker import ANSWERS, CONFIRMS, HANGS_UP, broker, start
from tests.support.sinks import Listener


class Damaged:
    """A method that AMQP does not know."""

    INDEX: Final = 0x03E703E7

    def encode(self) -> list[bytes]:
        return []


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


LOGIN_FAILS: Final = {
    "without a word": (None, "ended the connection during the login, without a word", "handshake"),
    "it stops": (
        spec.Connection.Close(320, "CONNECTION_FORCED - shutdown", 0, 0),
        "closed by the broker during the login: CONNECTION_FORCED - shutdown",
        "broker_log",
    ),
    "wrong password": (
        spec.Connection.Close(403, "ACCESS_REFUSED - Login was refused", 0, 0),
        "ACCESS_REFUSED: wrong user name or password",
        "login",
    ),
}


@pytest.mark.parametrize("how", LOGIN_FAILS)
def test_only_a_refused_password_is_told_as_one(how: str) -> None:
    says, words, remedy = LOGIN_FAILS[how]
    with broker(start(CONFIRMS), {spec.Connection.StartOk: says or HANGS_UP}) as port:
        (lost,) = events_of(port, SinkLost)
    assert isinstance(lost, SinkLost)
    assert words in lost.reason
    assert lost.permanent == (how == "wrong password")
    with broker(start(CONFIRMS), {spec.Connection.StartOk: says or HANGS_UP}, asked=2) as port:
        result = probe_broker(AmqpSettings("127.0.0.1", port, "/", "u", "p"), [], str, 5)
    step = result.steps[-1]
    assert (step.inquiry, step.remedy) == (Inquiry.LOGIN, remedy)
    assert words in step.detail


def test_a_broker_that_takes_no_passwords_is_told_as_such() -> None:
    greeting = spec.Connection.Start(0, 9, CONFIRMS, "EXTERNAL", "en_US")
    with broker(greeting, ANSWERS) as port:
        (lost,) = events_of(port, SinkLost)
    assert lost == SinkLost("the broker offers no login with user name and password", True)
