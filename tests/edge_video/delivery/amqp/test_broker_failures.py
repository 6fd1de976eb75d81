"""A broker that fails, or cannot be connected to: what is told, and what becomes of the frames."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from edge_video.delivery.sink import (
    SinkBlocked,
    SinkLost,
    SinkUnblocked,
)
from edge_video.testing import eventually
from edge_video.testing.rabbit import RabbitNode, free_port
from tests.support.amqp import (
    CAM2,
    MakeRig,
    lost_while_connecting,
)
from tests.support.rabbit import EVERY_BROKER


@pytest.mark.rabbitmq
def test_a_broker_stopped_under_load_loses_the_connection_once_and_the_books_balance(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    rig.put_all(50)
    assert rig.settle().confirmed == 50
    stopping = threading.Thread(target=broker.stop)
    stopping.start()
    eventually(lambda: rig.put() or rig.heard.of(SinkLost))
    stopping.join()
    lost = rig.heard.wait_for(SinkLost)
    assert lost.reason.startswith(("closed by the broker: CONNECTION_FORCED", "connection "))
    assert not lost.permanent
    assert rig.counts().in_flight == 0, "booked as unknown before the loss is told"
    assert rig.counts().imbalance() is None


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_frames_unconfirmed_when_the_broker_is_killed_are_unknown(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=60.0).connect()
    broker.freeze()
    rig.put()
    rig.put(CAM2)
    eventually(lambda: rig.sink.in_flight == 2)
    broker.kill()
    rig.heard.wait_for(SinkLost)
    assert rig.counts().unknown == 2


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_hung_broker_is_given_up_when_no_confirm_comes(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=2.0).connect()
    broker.freeze()
    rig.put()
    assert rig.heard.wait_for(SinkLost) == SinkLost("no confirm for 2 s")
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_an_idle_connection_is_not_given_up(broker: RabbitNode, make_rig: MakeRig) -> None:
    rig = make_rig(broker, confirm_timeout_s=2.0).connect()
    rig.put()
    rig.settle()
    assert not threading.Event().wait(2.5)
    rig.put()
    assert rig.settle().confirmed == 2
    assert not rig.heard.of(SinkLost)


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_memory_alarm_blocks_the_sink_until_it_is_over(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, prefetch_count=4, confirm_timeout_s=2.0).connect()
    broker.raise_memory_alarm()
    try:
        rig.put()
        blocked = rig.heard.wait_for(SinkBlocked)
        assert "memory" in blocked.reason
        for _ in range(100):
            rig.put()
        in_flight_before = rig.sink.in_flight
        assert in_flight_before <= 4
        assert not threading.Event().wait(2.5), "longer than the confirm time-out"
        assert rig.sink.in_flight == in_flight_before
        assert rig.counts().held == 5
        assert not rig.heard.of(SinkLost), "a blocked broker is not a hung one"
    finally:
        broker.clear_memory_alarm()
    rig.heard.wait_for(SinkUnblocked)
    counts = rig.settle()
    assert counts.confirmed == counts.published > 5


@pytest.mark.rabbitmq
def test_close_while_blocked_is_bounded(broker: RabbitNode, make_rig: MakeRig) -> None:
    rig = make_rig(broker).connect()
    broker.raise_memory_alarm()
    try:
        rig.put()
        rig.heard.wait_for(SinkBlocked)
        started = time.monotonic()
        assert rig.sink.close(20.0)
        assert time.monotonic() - started < 10, "no goodbye is waited for that cannot come"
    finally:
        broker.clear_memory_alarm()
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_close_while_the_broker_hangs_is_bounded_and_silent(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pika")
    rig = make_rig(broker, confirm_timeout_s=60.0).connect()
    broker.freeze()
    rig.put()
    eventually(lambda: rig.sink.in_flight == 1)
    started = time.monotonic()
    closing = threading.Thread(target=rig.sink.close, args=(1.0,))
    closing.start()
    eventually(lambda: "Closing connection (200)" in caplog.text)
    rig.put()
    closing.join(10)
    assert time.monotonic() - started < 10
    assert rig.counts().unknown == rig.counts().published == 1, "nothing is taken any more"
    assert not rig.heard.of(SinkLost), "who closes need not be told"


# --- connecting fails ---


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_wrong_password_is_said_in_words_and_will_not_heal(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rig = make_rig(broker, password="hunter2hunter2")
    assert lost_while_connecting(rig) == SinkLost(
        "ACCESS_REFUSED: wrong user name or password", permanent=True
    )
    assert "hunter2" not in caplog.text


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_missing_virtual_host_is_said_in_words_and_will_not_heal(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    assert lost_while_connecting(make_rig(broker, vhost="nowhere")) == SinkLost(
        "NOT_ALLOWED: virtual host 'nowhere' does not exist", permanent=True
    )


@pytest.mark.rabbitmq
def test_a_port_without_a_broker_refuses(broker: RabbitNode, make_rig: MakeRig) -> None:
    port = free_port()
    assert lost_while_connecting(make_rig(broker, port=port)) == SinkLost(
        f"connection refused by 127.0.0.1:{port}"
    )


@pytest.mark.rabbitmq
def test_a_name_that_does_not_exist_is_named(broker: RabbitNode, make_rig: MakeRig) -> None:
    assert lost_while_connecting(make_rig(broker, host="broker.invalid")) == SinkLost(
        "the name broker.invalid cannot be resolved"
    )


@pytest.mark.rabbitmq
def test_a_broker_that_hangs_while_connecting_can_be_left_at_any_time(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pika")
    broker.freeze()
    rig = make_rig(broker)
    rig.sink.open()
    eventually(lambda: "connecting to" in caplog.text)
    assert rig.sink.close(5.0)
    assert rig.heard.events == []


@pytest.mark.rabbitmq
def test_a_broker_that_hangs_in_the_handshake_is_given_up(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, handshake_timeout_s=0.3)
    broker.freeze()
    assert lost_while_connecting(rig) == SinkLost(f"127.0.0.1:{broker.port} did not answer in time")
