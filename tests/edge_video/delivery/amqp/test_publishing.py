"""Frames to a real broker: the good case, the limits, and what comes back."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.sink import (
    FramesUnroutable,
    SinkConnected,
)
from edge_video.frames import CameraId
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from edge_video.testing.rabbit_files import ODD_PASSWORD
from tests.support.amqp import (
    CAM1,
    CAM2,
    GENERATION,
    MakeRig,
    jpeg,
    know_name,
    lost_while_connecting,
)
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode


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
    assert ODD_PASSWORD not in repr(AmqpSettings("h", 1, "/", "odd", ODD_PASSWORD))


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


@pytest.mark.rabbitmq
def test_an_address_that_stands_still_is_not_the_first_again(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_name(monkeypatch, "broker.example", "127.0.0.2", "127.0.0.1")
    knowledge = BrokerKnowledge()
    with socket.create_server(("127.0.0.2", broker.port)):  # its kernel accepts, and nobody reads
        rigs = [
            make_rig(broker, knowledge=knowledge, host="broker.example", handshake_timeout_s=1.0)
            for _ in range(2)
        ]
        lost = lost_while_connecting(rigs[0])
        assert lost.reason == f"broker.example:{broker.port} did not answer in time"
        rigs[1].connect()


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


# --- limits ---


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
    assert rig.counts().held == 5
    started = time.monotonic()
    assert rig.sink.close(1.0)
    assert time.monotonic() - started < 10
    assert rig.counts().unknown == rig.counts().published


# --- returned and expired frames ---


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
