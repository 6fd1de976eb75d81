"""The control connection, with a real broker and a man between, and with brokers that hang."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.control import THREAD, ControlConnection
from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.runtime.timer import SystemClock
from edge_video.testing import eventually
from edge_video.testing.rabbit import free_port
from tests.support.amqp import tls
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.control import RememberingUser, echoing

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from edge_video.delivery.amqp.control import ControlChannel
    from edge_video.testing.rabbit import RabbitNode

Connect = Any


def settings(port: int, **changes: Any) -> AmqpSettings:
    plain = AmqpSettings("127.0.0.1", port, "/", "guest", "guest", node="edge-a")
    return replace(plain, **changes)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Start control connections; afterwards none of their threads is left."""
    made: list[ControlConnection] = []

    def start(*brokers: AmqpSettings, users: tuple[RememberingUser, ...] = ()) -> ControlConnection:
        control = ControlConnection(brokers, SystemClock(), lambda: 0.0)
        made.append(control)
        for user in users:
            control.attach(user)
        control.start()
        return control

    yield start
    for control in made:
        assert control.stop(5.0)
    eventually(lambda: THREAD not in [each.name for each in threading.enumerate()])


@pytest.fixture
def middle(broker: RabbitNode) -> Iterator[BrokerInTheMiddle]:
    with BrokerInTheMiddle(broker.port) as man:
        yield man


def test_each_user_has_a_channel_whether_it_came_before_or_after_the_start(
    broker: RabbitNode, connect: Connect
) -> None:
    early, late = echoing("early"), echoing("late")
    control = connect(settings(broker.port), users=(early,))
    assert early.received.get(timeout=20) == b"heard"
    control.attach(late)
    assert late.received.get(timeout=20) == b"heard"
    assert control.is_open
    assert not control.is_blocked
    assert len(early.channels) == 1


def test_it_speaks_tls_where_the_frames_do(broker: RabbitNode, connect: Connect) -> None:
    user = echoing("tests")
    connect(replace(settings(broker.port), **tls(broker)), users=(user,))
    assert user.received.get(timeout=20) == b"heard"


def test_a_cut_connection_is_made_anew_and_its_users_are_told(
    middle: BrokerInTheMiddle, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    user = echoing("tests")
    connect(settings(middle.port), users=(user,))
    user.received.get(timeout=20)
    middle.cut()
    assert "broker" in user.wait_closed()
    assert user.received.get(timeout=20) == b"heard"
    assert len(user.channels) == 2
    assert not user.channels[0].is_open
    user.channels[0].basic_publish("", "nowhere", b"too late")  # harmless
    events = [getattr(each, "event", "") for each in caplog.records]
    assert [each for each in events if each] == [
        "control_connected",
        "control_lost",
        "control_connected",
    ]


def test_a_channel_that_the_broker_closes_is_that_users_alone(
    broker: RabbitNode, connect: Connect
) -> None:
    unlike, other = RememberingUser("unlike"), echoing("other")
    control = connect(settings(broker.port), users=(unlike, other))
    other.received.get(timeout=20)
    unlike.wait_opened()
    control.submit(
        lambda: unlike.channels[0].exchange_declare("amq.topic", "fanout", callback=print)
    )
    assert "inequivalent arg" in unlike.wait_closed()
    unlike.wait_opened(2)
    assert other.reasons == []
    assert len(other.channels) == 1


def test_an_error_in_a_callback_closes_the_channel_of_its_user_alone(
    broker: RabbitNode, connect: Connect
) -> None:
    def fail(_channel: ControlChannel) -> None:
        if not failing.reasons:
            raise ValueError("planted")

    failing, other = RememberingUser("failing", fail), echoing("other")
    control = connect(settings(broker.port), users=(failing, other))
    assert "error inside" in failing.wait_closed()
    failing.wait_opened(2)
    assert other.received.get(timeout=20) == b"heard"
    assert other.reasons == []
    control.submit(lambda: 1 / 0)
    done = threading.Event()
    control.submit(done.set)
    assert done.wait(10)


def test_a_channel_that_its_user_closes_is_no_loss(
    broker: RabbitNode, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    user = RememberingUser()
    control = connect(settings(broker.port), users=(user,))
    user.wait_opened()
    control.submit(user.channels[0].close)
    assert user.wait_closed() == "closed to begin anew"
    user.wait_opened(2)
    assert "control_channel_closed" not in [getattr(each, "event", "") for each in caplog.records]


def test_a_broker_that_is_abandoned_is_left_for_the_next_one(
    broker: RabbitNode, middle: BrokerInTheMiddle, connect: Connect
) -> None:
    user = echoing("tests")
    nobody = settings(free_port(), is_one_of_several=True)
    control = connect(nobody, settings(middle.port), settings(broker.port), users=(user,))
    for times in (1, 2, 3):
        assert user.received.get(timeout=20) == b"heard"
        control.abandon("it confirms nothing")
        assert user.wait_closed(times) == "it confirms nothing"
    user.wait_opened(4)


def test_a_restarted_broker_is_found_again(broker: RabbitNode, connect: Connect) -> None:
    user = echoing("tests")
    connect(settings(broker.port), users=(user,))
    user.received.get(timeout=20)
    broker.kill()
    user.wait_closed()
    broker.start()
    assert user.received.get(timeout=30) == b"heard"


def hang(client: socket.socket) -> None:
    client.recv(100)
    client.settimeout(20)
    client.recv(100)


@pytest.mark.parametrize("greet", [hang, lambda client: client.close()])
def test_it_stops_at_once_whatever_the_broker_does(
    greet: Callable[[socket.socket], None], middle: BrokerInTheMiddle, connect: Connect
) -> None:
    middle.greet = greet
    control = connect(settings(middle.port))
    eventually(lambda: middle.connections > 0)
    assert control.stop(5.0)
    assert control.stop(5.0)
    assert not control.submit(lambda: None)
    middle.cut()


def test_it_stops_while_nothing_is_carried_any_more(
    middle: BrokerInTheMiddle, connect: Connect
) -> None:
    user = echoing("tests")
    control = connect(settings(middle.port), users=(user,))
    user.received.get(timeout=20)
    middle.stalled = True
    assert control.stop(2.0)


def test_what_was_submitted_before_the_stop_reaches_the_broker(
    broker: RabbitNode, connect: Connect
) -> None:
    user = RememberingUser()
    control = connect(settings(broker.port), users=(user,))
    user.wait_opened()
    with broker.channel() as channel:
        name = channel.queue_declare("", exclusive=True).method.queue
        control.submit(lambda: user.channels[0].basic_publish("", name, b"last words"))
        assert control.stop(5.0)
        eventually(lambda: channel.basic_get(name, auto_ack=True)[2] == b"last words")


def test_work_is_refused_before_the_start_and_beyond_a_bound(connect: Connect) -> None:
    control = ControlConnection([settings(free_port())], SystemClock(), lambda: 0.0)
    assert not control.submit(lambda: None)
    assert control.stop(1.0)
    running = connect(settings(free_port()))
    entered, held = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        held.wait(20)

    running.submit(hold)
    assert entered.wait(10)
    taken = [running.submit(lambda: None) for _ in range(1100)]
    held.set()
    assert taken.count(True) == 1000
    eventually(lambda: running.submit(lambda: None))


def test_the_password_is_in_no_line_and_no_reason(
    middle: BrokerInTheMiddle, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connect(settings(middle.port, username="edge", password="s3cret-word"))
    eventually(lambda: "ACCESS_REFUSED" in caplog.text, timeout_s=20)
    assert "s3cret-word" not in caplog.text
