from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pika
import pika.exceptions
import pytest

from edge_video.delivery.amqp.exchange import ChannelState
from edge_video.delivery.amqp.faults import AmqpFaults
from edge_video.delivery.amqp.frame_channel import InFlight, Window
from edge_video.delivery.amqp.refusals import read_refusal
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    FramesUnroutable,
    RouteRefused,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import (
    BlockConnection,
    DiskFull,
    DropConnection,
    NackFrames,
    NoPermission,
    RefuseConnections,
    ReturnFrames,
    SlowConfirms,
    StopConfirming,
)
from edge_video.frames import CameraId, Frame
from edge_video.runtime.timer import SystemClock
from edge_video.testing import FakeClock, eventually
from edge_video.testing.rabbit import ODD_PASSWORD, RabbitNode, consume, free_port
from tests.support.amqp import CAM1, CAM2, GENERATION, MakeRig, Rig, jpeg, tls
from tests.support.rabbit import EVERY_BROKER
from tests.support.sinks import Listener

CUT = (
    SinkLost("connection closed by the broker's side"),
    SinkLost("connection reset by the broker"),
)
"""Which of the two depends on what was on its way when the socket was shut."""


def know_name(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """Let a name have these IPv4 addresses; everything else resolves as ever."""
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **more: Any) -> Any:
        if host != name:
            return real(host, port, *arguments, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


# --- the window, by itself -------------------------------------------------------------------


def frame(seq: int) -> Frame:
    return Frame(CAM1, seq, "s", bytes(10), 0, 0.0, 0, 0, 0)


def in_flight(seq: int) -> InFlight:
    return InFlight(frame(seq), f"s-{seq}", "k", float(seq))


def seqs(frames: list[InFlight]) -> list[int]:
    return [frame.seq for frame in frames]


def window_of(count: int) -> Window:
    window = Window()
    for seq in range(1, count + 1):
        window.add(in_flight(seq))
    return window


def test_acks_out_of_order_settle_only_their_own_frame() -> None:
    window = window_of(3)
    assert seqs(window.settle(2, multiple=False)) == [2]
    assert seqs(window.settle(1, multiple=False)) == [1]
    assert window.oldest is not None
    assert window.oldest.at_s == 3.0


def test_an_ack_with_multiple_settles_everything_up_to_its_tag() -> None:
    window = window_of(5)
    window.settle(2, multiple=False)
    assert seqs(window.settle(4, multiple=True)) == [1, 3, 4]
    assert seqs(window.abandon()) == [5]


def test_an_ack_with_multiple_and_tag_zero_settles_everything() -> None:
    assert seqs(window_of(3).settle(0, multiple=True)) == [1, 2, 3]


def test_an_ack_that_comes_twice_settles_nothing() -> None:
    window = window_of(1)
    window.settle(1, multiple=False)
    assert window.settle(1, multiple=False) == []
    assert window.oldest is None


def test_tags_count_from_one_again_on_the_next_channel() -> None:
    window = window_of(3)
    assert seqs(window.abandon()) == [1, 2, 3]
    window.add(in_flight(9))
    assert seqs(window.settle(1, multiple=False)) == [9]


def test_a_returned_frame_is_found_by_camera_and_message_id() -> None:
    window = window_of(2)
    assert not window.mark_returned("cam2", "s-2")
    assert window.mark_returned("cam1", "s-2")
    assert [frame.returned for frame in window.abandon()] == [False, True]


# --- the watchdog, by itself -----------------------------------------------------------------


class Watched:
    """A sink that never connects, its clock, and its only exchange as if it were in use."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        settings = AmqpSettings("h", 1, "/", "u", "p", confirm_timeout_s=5.0)
        self.sink = AmqpSink(
            settings, {CAM1: Route("e", "k")}, Outbox(self.clock), Listener(), self.clock
        )
        self.line = self.sink._lines["e"]
        self.line.state = ChannelState.READY

    def publish(self, seq: int) -> None:
        self.line.window.add(InFlight(frame(seq), str(seq), "k", self.clock.monotonic()))


# --- the good case ---------------------------------------------------------------------------


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_every_frame_is_confirmed_and_arrives_byte_for_byte(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    cameras = [CameraId(f"cam{number}") for number in range(1, 6)]
    routes = {each: Route(exchange, f"shop.{each}") for each in cameras}
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, routes).connect()
        images = rig.put_all(1000, *cameras, size=20_000)
        messages = consumer.wait_for(1000)
    counts = rig.settle()
    assert (counts.confirmed, counts.errors, counts.dropped) == (1000, 0, 0)
    assert sorted(message.body for message in messages) == sorted(images)
    for number, camera_id in enumerate(cameras):
        of_camera = [each for each in messages if each.properties.headers["camera_id"] == camera_id]
        assert [each.properties.headers["seq"] for each in of_camera] == list(range(1, 201))
        assert [each.body for each in of_camera] == images[number::5]


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_message_carries_what_the_contract_promises(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, message_ttl_s=1.5).connect()
        before_ns = time.time_ns()
        rig.put(CAM1, jpeg(width=1280, height=720))
        (message,) = consumer.wait_for(1)
        after_ns = time.time_ns()
    properties, headers = message.properties, message.properties.headers
    assert message.routing_key == "shop.cam1"
    assert {name: headers[name] for name in ("schema", "camera_id", "node", "session", "seq")} == {
        "schema": 1,
        "camera_id": "cam1",
        "node": "shop-4",
        "session": "session-of-cam1",
        "seq": 1,
    }
    assert (headers["width"], headers["height"], headers["dropped"]) == (1280, 720, 0)
    assert before_ns <= headers["captured_at_ns"] <= headers["published_at_ns"] <= after_ns
    assert properties.timestamp == headers["captured_at_ns"] // 10**9
    assert properties.content_type == "image/jpeg"
    assert properties.delivery_mode == 1
    assert properties.app_id == "edge-video"
    assert properties.message_id == "session-of-cam1-1"
    assert properties.expiration == "1500"


@pytest.mark.rabbitmq
def test_frames_that_wait_before_the_connection_is_up_are_sent_when_it_is(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker)
    rig.put()
    rig.put(CAM2)
    rig.connect()
    assert rig.settle().confirmed == 2


@pytest.mark.rabbitmq
def test_the_target_names_the_broker_without_the_user(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, vhost="a/b").connect()
    assert rig.heard.of(SinkConnected) == [SinkConnected(f"amqp://127.0.0.1:{broker.port}/a%2Fb")]


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_an_odd_password_works_and_is_nowhere_in_the_log(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rig = make_rig(broker, username="odd", password=ODD_PASSWORD).connect()
    rig.put()
    assert rig.settle().confirmed == 1
    assert rig.sink.close(5.0)
    assert "pika" in {record.name.partition(".")[0] for record in caplog.records}
    assert ODD_PASSWORD not in caplog.text
    assert ODD_PASSWORD not in repr(rig.sink._settings)


@pytest.mark.rabbitmq
def test_a_window_of_one_frame_keeps_moving(broker: RabbitNode, make_rig: MakeRig) -> None:
    rig = make_rig(broker, prefetch_count=1).connect()
    rig.put_all(100)
    assert rig.settle().confirmed == 100


@pytest.mark.rabbitmq
def test_a_host_name_with_several_addresses_finds_the_one_that_answers(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_name(monkeypatch, "broker.example", "127.0.0.2", "127.0.0.1")
    rig = make_rig(broker, host="broker.example")
    rig.connect()


# --- limits ----------------------------------------------------------------------------------


@pytest.mark.rabbitmq
def test_no_more_frames_are_unconfirmed_than_the_window_allows(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, prefetch_count=3, confirm_timeout_s=60.0).connect()
    broker.freeze()
    for _ in range(3):
        rig.put()
    eventually(lambda: rig.sink.in_flight == 3)
    for _ in range(20):
        rig.put()
        rig.put(CAM2)
    counts = rig.counts()
    assert (counts.in_flight, counts.held, counts.received) == (3, 10, 43)
    broker.thaw()
    assert rig.settle().confirmed == 13


@pytest.mark.rabbitmq
def test_what_lies_in_front_of_a_stuck_socket_stays_bounded(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    size, limit = 400_000, 6_000_000
    rig = make_rig(
        broker, prefetch_count=0, max_in_flight_bytes=limit, confirm_timeout_s=60.0
    ).connect()
    broker.freeze()

    def stuck() -> bool:
        before = rig.sink.in_flight_bytes
        for _ in range(5):
            rig.put(CAM1, jpeg(size))
        threading.Event().wait(0.5)
        return bool(before and rig.sink.in_flight_bytes == before)

    eventually(stuck)
    assert 0 < rig.sink.in_flight_bytes < limit + 2 * size
    assert rig.sink._connection._transport.get_write_buffer_size() < limit + 2 * size
    assert rig.counts().held == 5
    started = time.monotonic()
    assert rig.sink.close(1.0)
    assert time.monotonic() - started < 10
    assert rig.counts().unknown == rig.counts().published


# --- the broker fails ------------------------------------------------------------------------


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
    rig = make_rig(broker, confirm_timeout_s=0.5).connect()
    broker.freeze()
    rig.put()
    assert rig.heard.wait_for(SinkLost) == SinkLost("no confirm for 0.5 s")
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_an_idle_connection_is_not_given_up(broker: RabbitNode, make_rig: MakeRig) -> None:
    rig = make_rig(broker, confirm_timeout_s=0.2).connect()
    rig.put()
    rig.settle()
    assert not threading.Event().wait(1.0)
    rig.put()
    assert rig.settle().confirmed == 2
    assert not rig.heard.of(SinkLost)


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_memory_alarm_blocks_the_sink_until_it_is_over(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, prefetch_count=4, confirm_timeout_s=0.5).connect()
    broker.raise_memory_alarm()
    try:
        rig.put()
        blocked = rig.heard.wait_for(SinkBlocked)
        assert "memory" in blocked.reason
        for _ in range(100):
            rig.put()
        in_flight_before = rig.sink.in_flight
        assert in_flight_before <= 4
        assert not threading.Event().wait(1.0), "longer than the confirm time-out"
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
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=60.0).connect()
    broker.freeze()
    rig.put()
    eventually(lambda: rig.sink.in_flight == 1)
    started = time.monotonic()
    closing = threading.Thread(target=rig.sink.close, args=(1.0,))
    closing.start()
    eventually(lambda: rig.sink._connection.is_closing)
    rig.put()
    closing.join(10)
    assert time.monotonic() - started < 10
    assert rig.counts().unknown == rig.counts().published == 1, "nothing is taken any more"
    assert not rig.heard.of(SinkLost), "who closes need not be told"


# --- connecting fails ------------------------------------------------------------------------


def lost_while_connecting(rig: Rig) -> SinkLost:
    rig.sink.open()
    lost = rig.heard.wait_for(SinkLost)
    assert rig.heard.events == [lost]
    return lost


def test_a_broker_that_quotes_the_password_is_not_quoted() -> None:
    settings = AmqpSettings("127.0.0.1", 1, "/", "odd", ODD_PASSWORD)
    rig = Rig(settings, {CAM1: Route("shop", "cam1")}, 2.0)
    words = f"bye {ODD_PASSWORD}, {quote(ODD_PASSWORD)}, {quote(ODD_PASSWORD, safe='')}"
    closed = pika.exceptions.ConnectionClosedByBroker(320, words)
    rig.sink._lines["shop"].refuse(read_refusal("shop", 406, words).reason)
    said = [rig.sink._describe(closed).words, rig.heard.of(RouteRefused)[0].reason]
    for each in said:
        assert "bye" in each
        assert ODD_PASSWORD not in each
        assert quote(ODD_PASSWORD) not in each
        assert quote(ODD_PASSWORD, safe="") not in each


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
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    broker.freeze()
    rig = make_rig(broker)
    rig.sink.open()
    eventually(lambda: rig.sink._connection is not None)
    assert rig.sink.close(5.0)
    assert rig.heard.events == []


@pytest.mark.rabbitmq
def test_a_broker_that_hangs_in_the_handshake_is_given_up(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, handshake_timeout_s=0.3)
    broker.freeze()
    assert lost_while_connecting(rig) == SinkLost(f"127.0.0.1:{broker.port} did not answer in time")


# --- exchanges -------------------------------------------------------------------------------


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_an_exchange_the_user_may_not_touch_is_refused_and_the_others_go_on(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    routes = {CAM1: Route("secret.exchange", "a"), CAM2: Route(exchange, "b")}
    rig = make_rig(broker, routes, username="limited", password="limited").connect()
    refused = rig.heard.wait_for(RouteRefused)
    assert refused.route == "secret.exchange"
    assert "does not exist and the user may not declare it" in refused.reason
    rig.put_all(20, CAM1, CAM2)
    rig.settle()
    assert (rig.counts(CAM1).dropped_refused, rig.counts(CAM2).confirmed) == (10, 10)


@pytest.mark.rabbitmq
def test_an_existing_exchange_can_be_used_without_the_right_to_declare_it(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, username="writer", password="writer").connect()
        rig.put()
        consumer.wait_for(1)
    assert rig.settle().confirmed == 1
    assert not rig.heard.of(RouteRefused)


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_an_exchange_that_exists_but_may_not_be_written_is_refused_at_the_first_frame(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    secret = f"secret.{exchange}"
    with broker.channel() as channel:
        channel.exchange_declare(secret, "topic", durable=True)
    routes = {CAM1: Route(secret, "a"), CAM2: Route(exchange, "b")}
    rig = make_rig(broker, routes, username="limited", password="limited").connect()
    rig.put(CAM1)
    assert "ACCESS_REFUSED" in rig.heard.wait_for(RouteRefused).reason
    rig.put_all(20, CAM1, CAM2)
    rig.settle()
    counts = rig.counts(CAM1)
    assert (counts.unknown, counts.dropped_refused) == (1, 10)
    assert rig.counts(CAM2).confirmed == 10


@pytest.mark.rabbitmq
def test_a_refused_route_is_tried_again_after_its_wait(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "topic", durable=True, internal=True)
        rig = make_rig(broker, route_retry_s=0.5).connect()
        rig.put()
        assert "internal" in rig.heard.wait_for(RouteRefused).reason
        channel.exchange_delete(exchange)
        channel.exchange_declare(exchange, "topic", durable=True)
    eventually(lambda: rig.put() or rig.counts().confirmed)
    assert not rig.heard.of(SinkLost)


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_an_exchange_deleted_at_run_time_is_declared_again_and_harms_no_other(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    routes = {CAM1: Route(exchange, "a"), CAM2: Route(f"{exchange}.2", "b")}
    rig = make_rig(broker, routes).connect()
    rig.put_all(10, CAM1, CAM2)
    rig.settle()
    with broker.channel() as channel:
        channel.exchange_delete(exchange)
    rig.put_all(10, CAM1, CAM2)
    rig.settle()
    eventually(lambda: rig.put() or rig.counts(CAM1).confirmed > 5)
    rig.settle()
    assert rig.counts(CAM1).unknown >= 1
    assert rig.counts(CAM2).confirmed == 10
    assert rig.heard.events == [SinkConnected(f"amqp://127.0.0.1:{broker.port}")]


@pytest.mark.rabbitmq
def test_a_camera_without_a_route_is_dropped_and_counted(
    broker: RabbitNode, exchange: str, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig(broker, {CAM1: Route(exchange, "a")}).connect()
    rig.outbox.add_camera(CAM2)
    rig.outbox.open(CAM2, GENERATION, "s")
    rig.put(CAM2)
    rig.put(CAM2)
    rig.put(CAM1)
    counts = rig.settle()
    assert (counts.nacked, counts.confirmed) == (2, 1)
    assert caplog.text.count("no route is configured") == 1


# --- returned and expired frames -------------------------------------------------------------


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_unroutable_frames_are_returned_counted_and_told_at_most_every_ten_seconds(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange, binding="shop.cam2") as consumer:
        rig = make_rig(broker, mandatory=True).connect()
        rig.put_all(40, CAM1, CAM2)
        consumer.wait_for(20)
        rig.settle()
    assert rig.counts(CAM1).returned == 20
    assert rig.counts(CAM2).confirmed == 20
    assert rig.heard.of(FramesUnroutable) == [FramesUnroutable(1, 0, f"{exchange}/shop.cam1")]


@pytest.mark.rabbitmq
def test_unroutable_frames_are_confirmed_when_nobody_asked_for_their_return(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    rig.put()
    assert rig.settle().confirmed == 1


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_frames_refused_by_a_full_queue_are_nacked(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        limits = {"x-max-length": 1, "x-overflow": "reject-publish"}
        queue = channel.queue_declare("", exclusive=True, arguments=limits).method.queue
        channel.queue_bind(queue, exchange, "#")
        rig = make_rig(broker).connect()
        rig.put_all(10)
        counts = rig.settle()
    assert counts.nacked >= 5
    assert counts.nacked + counts.confirmed == 10
    assert rig.heard.wait_for(FramesUnroutable).example_route == exchange


@pytest.mark.rabbitmq
def test_a_frame_does_not_outlive_its_time_in_a_queue(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, "#")
        rig = make_rig(broker, message_ttl_s=0.2).connect()
        rig.put()
        assert rig.settle().confirmed == 1

        def empty() -> bool:
            return bool(channel.queue_declare(queue, passive=True).method.message_count == 0)

        eventually(empty)


# --- the end ---------------------------------------------------------------------------------


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


# --- faults on purpose -----------------------------------------------------------------------


@pytest.mark.rabbitmq
def test_a_connection_dropped_on_purpose_is_found_dead_by_pika_itself(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    assert rig.sink.inject(DropConnection())
    assert rig.heard.wait_for(SinkLost) in CUT


def test_a_connection_that_is_being_made_can_be_dropped_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = AmqpSettings("127.0.0.1", mute.getsockname()[1], "/", "u", "p")
        rig = Rig(settings, {CAM1: Route("e", "k")}, 60.0)
        rig.sink.open()
        eventually(lambda: rig.sink._loop is not None)
        rig.sink.inject(DropConnection())
        rig.heard.wait_for(SinkLost)
        assert rig.sink.close(5.0)


@pytest.mark.rabbitmq
def test_refused_connections_are_refused_by_the_kernel_and_said_of_the_broker(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, host="localhost")
    assert rig.sink.inject(RefuseConnections())
    rig.sink.open()
    words = f"connection refused by localhost:{broker.port}"
    assert rig.heard.wait_for(SinkLost) == SinkLost(words)
    assert rig.heard.events == [SinkLost(words)]


@pytest.mark.rabbitmq
def test_refused_connections_leave_one_that_stands_alone(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    rig.sink.inject(RefuseConnections())
    rig.put_all(10)
    assert rig.settle().confirmed == 10


@pytest.mark.rabbitmq
def test_withheld_confirms_settle_nothing_until_they_are_let_through(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, prefetch_count=3, confirm_timeout_s=60.0)
        rig.sink.inject(StopConfirming())
        rig.connect()
        for _ in range(5):
            rig.put()
        consumer.wait_for(3)
        assert rig.counts().in_flight == 3, "the broker has them, and the window is full"
        assert rig.counts().held == 2
        rig.sink.end_fault(StopConfirming())
        assert rig.settle().confirmed == 5
        consumer.wait_for(5)


@pytest.mark.rabbitmq
def test_a_broker_that_never_confirms_is_given_up_and_its_frames_are_unknown(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=0.5).connect()
    rig.sink.inject(StopConfirming())
    rig.put()
    assert rig.heard.wait_for(SinkLost) == SinkLost("no confirm for 0.5 s")
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_slow_confirms_settle_late_in_order_and_completely(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, prefetch_count=5).connect()
    rig.sink.inject(SlowConfirms(delay_s=0.3))
    began_s = time.monotonic()
    rig.put_all(10)
    counts = rig.settle()
    assert counts.confirmed == 10
    assert time.monotonic() - began_s >= 0.6, "two windows, each a delay late"
    assert counts.confirm_ns >= 10 * 0.3e9
    rig.sink.clear_faults()
    rig.put()
    assert rig.settle().confirmed == 11
    assert not rig.heard.of(SinkLost)


@pytest.mark.rabbitmq
def test_late_confirms_on_their_way_are_unknown_when_the_connection_dies(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=60.0).connect()
    rig.sink.inject(SlowConfirms(delay_s=30))
    rig.put_all(4)
    eventually(lambda: rig.sink._faults is not None and rig.sink._faults._withheld)
    rig.sink.inject(DropConnection())
    rig.heard.wait_for(SinkLost)
    assert rig.counts().unknown == 4


def test_a_late_confirm_of_a_channel_that_is_gone_settles_nothing_on_the_next_one() -> None:
    watched = Watched()
    faults = watched.sink._faults = AmqpFaults(watched.sink)
    ack = pika.frame.Method(1, pika.spec.Basic.Ack(1))
    faults.begin(StopConfirming())
    watched.line.channel = "the first"
    watched.publish(1)
    watched.line._on_confirm(ack)
    watched.line.window.abandon()
    watched.line.channel = "the second"
    watched.publish(2)
    faults.clear()
    faults.act()
    assert seqs(watched.line.window.abandon()) == [2]


@pytest.mark.rabbitmq
def test_frames_nacked_on_purpose_are_refused_by_the_broker_and_reach_nobody(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker).connect()
        rig.sink.inject(NackFrames(4))
        eventually(lambda: rig.put() or rig.settle().nacked == 4)
        before = rig.counts().confirmed
        rig.put_all(10)
        counts = rig.settle()
        consumer.wait_for(before + 10)
    assert (counts.nacked, counts.confirmed) == (4, before + 10)
    assert rig.heard.wait_for(FramesUnroutable) == FramesUnroutable(0, 1, "amq.default")


@pytest.mark.rabbitmq
def test_frames_returned_on_purpose_come_back_from_the_broker_and_reach_nobody(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker)
        rig.sink.inject(ReturnFrames(4))
        rig.connect()
        eventually(lambda: rig.put() or rig.settle().returned == 4)
        before = rig.counts().confirmed
        rig.put_all(10)
        counts = rig.settle()
        consumer.wait_for(before + 10)
    assert (counts.returned, counts.nacked, counts.confirmed) == (4, 0, before + 10)
    assert rig.heard.wait_for(FramesUnroutable).returned == 1


@pytest.mark.rabbitmq
def test_a_user_who_may_not_declare_a_queue_goes_on_publishing(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig(broker, username="limited", password="limited").connect()
    rig.sink.inject(NackFrames(4))
    eventually(lambda: "cannot be made to refuse" in caplog.text)
    rig.put_all(10)
    counts = rig.settle()
    assert (counts.confirmed, counts.nacked) == (10, 0)


@pytest.mark.rabbitmq
def test_a_block_on_purpose_is_told_as_the_brokers_and_only_once(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=0.2)
    rig.sink.inject(BlockConnection())
    rig.connect()
    rig.heard.wait_for(SinkBlocked)
    rig.sink.inject(BlockConnection())
    for _ in range(20):
        rig.put()
    assert not threading.Event().wait(0.5), "longer than the broker may be silent"
    counts = rig.counts()
    assert (counts.published, counts.held, counts.dropped_overflow) == (0, 5, 15)
    rig.sink.clear_faults()
    assert rig.settle().confirmed == 5
    blocked = SinkBlocked("the broker takes no frames: blocked on request")
    target = rig.sink._settings.target
    assert rig.heard.events == [SinkConnected(target), blocked, SinkUnblocked()]


def test_a_fault_of_a_directory_is_none_of_a_broker() -> None:
    sink = AmqpSink(
        AmqpSettings("h", 1, "/", "u", "p"),
        {CAM1: Route("e", "k")},
        Outbox(SystemClock()),
        Listener(),
        SystemClock(),
    )
    assert not sink.inject(DiskFull())
    assert not sink.inject(NoPermission())


# --- TLS -------------------------------------------------------------------------------------


@pytest.mark.rabbitmq
def test_tls_with_the_right_authority_and_a_client_certificate_works(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, **tls(broker)).connect()
    rig.put_all(20, size=300_000)
    assert rig.settle().confirmed == 20
    assert rig.heard.of(SinkConnected)[0].target.startswith("amqps://localhost:")


@pytest.mark.rabbitmq
def test_a_tls_connection_that_is_cut_is_tried_again_soon(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, **tls(broker)).connect()
    rig.sink.inject(DropConnection())
    assert rig.heard.wait_for(SinkLost) in CUT


@pytest.mark.rabbitmq
def test_tls_does_not_trust_a_foreign_authority(broker: RabbitNode, make_rig: MakeRig) -> None:
    assert broker.certificates is not None
    lost = lost_while_connecting(make_rig(broker, **tls(broker, ca=broker.certificates.other_ca)))
    assert lost.reason.startswith("TLS: the broker's certificate is not trusted (")
    assert lost.permanent


@pytest.mark.rabbitmq
def test_tls_does_not_trust_a_certificate_of_another_name(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_name(monkeypatch, "broker.example", "127.0.0.1")
    lost = lost_while_connecting(make_rig(broker, **(tls(broker) | {"host": "broker.example"})))
    assert "Hostname mismatch" in lost.reason
    assert lost.permanent


@pytest.mark.rabbitmq
def test_tls_trusts_anyone_when_told_not_to_verify(broker: RabbitNode, make_rig: MakeRig) -> None:
    assert broker.certificates is not None
    changes = tls(broker, ca=broker.certificates.other_ca, verify=False)
    make_rig(broker, **changes).connect()


@pytest.mark.rabbitmq
def test_a_missing_client_certificate_is_said_in_words(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    lost = lost_while_connecting(make_rig(broker, **tls(broker, cert=None, key=None)))
    assert lost.reason.startswith("TLS: ")
    assert "may require a client certificate" in lost.reason


@pytest.mark.rabbitmq
def test_tls_on_the_plain_port_is_said_in_words(broker: RabbitNode, make_rig: MakeRig) -> None:
    lost = lost_while_connecting(make_rig(broker, **(tls(broker) | {"port": broker.port})))
    assert lost.reason == "TLS: the port does not speak TLS"


@pytest.mark.rabbitmq
def test_a_certificate_file_that_is_missing_is_said_in_words(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    assert broker.certificates is not None
    missing = broker.root / "nowhere.pem"
    lost = lost_while_connecting(make_rig(broker, **tls(broker, cert=missing)))
    assert lost.reason.startswith("TLS: cannot use the certificate files")
    assert lost.permanent


@pytest.mark.rabbitmq
def test_no_tls_on_the_tls_port_is_said_in_words(broker: RabbitNode, make_rig: MakeRig) -> None:
    lost = lost_while_connecting(make_rig(broker, port=broker.tls_port))
    assert lost.reason == f"127.0.0.1:{broker.tls_port} ended the AMQP handshake; is it a TLS port?"


@pytest.mark.rabbitmq
def test_tls_below_1_2_is_never_spoken(broker: RabbitNode) -> None:
    assert broker.certificates is not None
    context = make_tls_context(TlsSettings(ca=broker.certificates.ca))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


# --- the node's name --------------------------------------------------------------------------


@pytest.mark.rabbitmq
def test_another_program_of_the_same_node_is_told_and_both_go_on(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    first = make_rig(broker, node="twin", heartbeat_s=1).connect()
    second = make_rig(broker, node="twin", heartbeat_s=1, route_retry_s=0.5).connect()
    told = "Another program publishes to this broker as node twin"
    eventually(lambda: told in caplog.text, 20, "it is told")
    for rig in (first, second):
        rig.put()
        assert rig.settle().confirmed == 1
    time.sleep(2.0)  # some further refusals
    assert caplog.text.count(told) == 1


@pytest.mark.rabbitmq
def test_a_name_that_is_free_again_within_three_heartbeats_is_no_other_program(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker holds a connection that died without a word for so long."""
    first = make_rig(broker, node="ghost", heartbeat_s=1).connect()
    second = make_rig(broker, node="ghost", heartbeat_s=1, route_retry_s=0.2).connect()
    time.sleep(1.0)
    first.sink.close(5.0)
    time.sleep(4.0)
    assert "Another program" not in caplog.text
    second.put()
    assert second.settle().confirmed == 1
