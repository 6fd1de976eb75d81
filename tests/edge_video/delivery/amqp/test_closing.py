"""The end of a sink: drained, closed, cut off, or ended by an error of its own."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
import pika.exceptions
import pytest

from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    SinkConnected,
    SinkDrained,
    SinkLost,
)
from edge_video.runtime.timer import SystemClock
from edge_video.testing.consumer import consume
from tests.support.amqp import (
    CAM1,
    CAM2,
    MakeRig,
    jpeg,
)
from tests.support.rabbit import EVERY_BROKER
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_drain_then_close_confirms_everything(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, prefetch_count=2).connect()
        for _ in range(5):
            rig.put(CAM1, jpeg(100_000))
            rig.put(CAM2, jpeg(100_000))
        rig.sink.drain()
        rig.heard.wait_for(SinkDrained)
        counts = rig.counts()
        assert counts.held == counts.in_flight == 0
        assert counts.confirmed == counts.published
        assert rig.sink.close(5.0)
        consumer.wait_for(counts.confirmed)


@pytest.mark.rabbitmq
def test_drain_with_nothing_to_do_is_answered(broker: RabbitNode, make_rig: MakeRig) -> None:
    rig = make_rig(broker).connect()
    rig.sink.drain()
    rig.heard.wait_for(SinkDrained)


@pytest.mark.rabbitmq
def test_close_says_goodbye_to_the_broker(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pika")
    rig = make_rig(broker).connect()
    assert rig.sink.close(5.0)
    assert "ConnectionClosedByClient: (200)" in caplog.text
    assert rig.heard.events == rig.heard.of(SinkConnected)


@pytest.mark.rabbitmq
def test_after_close_nothing_is_told_and_nothing_is_taken(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    assert rig.sink.close(5.0)
    assert rig.sink.close(5.0), "closing twice is fine"
    heard = list(rig.heard.events)
    rig.put()
    rig.sink.frames_ready()
    rig.sink.drain()
    assert rig.counts().published == 0
    assert rig.heard.events == heard


def test_closing_a_sink_that_was_never_opened_is_fine() -> None:
    clock = SystemClock()
    outbox = Outbox(clock)
    sink = AmqpSink(AmqpSettings("h", 1, "/", "u", "p"), {}, outbox, Listener(), clock)
    assert sink.close(0.0)


@pytest.mark.rabbitmq
def test_a_thread_that_cannot_be_joined_is_cut_off(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def slow_resolver(*_arguments: Any, **_more: Any) -> list[Any]:
        assert release.wait(30)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow_resolver)
    rig = make_rig(broker)
    rig.sink.open()
    assert not rig.sink.close(0.1)
    release.set()
    assert rig.sink.close(5.0)
    assert rig.heard.events == []


@pytest.mark.rabbitmq
def test_a_listener_that_raises_ends_the_connection_and_not_in_silence(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker)
    rig.heard.raise_on = SinkConnected
    rig.sink.open()
    assert rig.heard.wait_for(SinkLost).reason == (
        "internal error: RuntimeError: the listener is broken"
    )


@pytest.mark.rabbitmq
def test_an_outbox_that_raises_ends_the_connection_and_not_in_silence(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(broker).connect()

    def broken(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(rig.outbox, "take", broken)
    rig.put()
    assert rig.heard.wait_for(SinkLost).reason == "internal error: KeyError: 'bug'"


@pytest.mark.rabbitmq
def test_a_frame_that_cannot_be_encoded_is_booked_as_unknown(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, {CAM1: Route(exchange, "x" * 300)}).connect()
    rig.put()
    assert "internal error" in rig.heard.wait_for(SinkLost).reason
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_a_lost_connection_leaves_no_socket_behind(broker: RabbitNode, make_rig: MakeRig) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(3):
        rig = make_rig(broker).connect()
        rig.heard.raise_on = SinkDrained
        rig.sink.drain()
        rig.heard.wait_for(SinkLost)
        assert rig.sink.close(5.0), number
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_pika_still_has_the_private_way_out_that_we_use() -> None:
    """`close` would wait for a broker that may hang; pika itself gives up like this."""
    assert callable(pika.SelectConnection._terminate_stream)
