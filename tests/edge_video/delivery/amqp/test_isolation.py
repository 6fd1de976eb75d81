"""One frame, one route, one camera that a real broker refuses harms nothing beside it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.sink import FramesRefused, RouteRefused, SinkLost
from edge_video.frames import CameraId
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from tests.support.amqp import CAM1, CAM2, MakeRig, jpeg, tls
from tests.support.rabbit import EVERY_BROKER, broker_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, EVERY_BROKER]

LIMIT = 60_000


@contextlib.contextmanager
def message_size(broker: RabbitNode, size: int) -> Iterator[None]:
    """Let the broker refuse larger messages, on channels that are opened from now on."""
    known = "case persistent_term:get(max_message_size, none) of none -> none; P -> P end"
    before = broker.evaluate(f"{{application:get_env(rabbit, max_message_size), {known}}}")
    set_size = (
        "application:set_env(rabbit, max_message_size, {0}),"
        "case persistent_term:get(max_message_size, none) of none -> ok;"
        " _ -> persistent_term:put(max_message_size, {0}) end"
    )
    broker.evaluate(set_size.format(size))
    try:
        yield
    finally:
        assert "134217728" in before or "16777216" in before, before
        broker.evaluate(set_size.format(134217728 if "134217728" in before else 16777216))


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_frame_above_the_brokers_limit_is_lost_alone_and_the_limit_is_learned(
    broker: RabbitNode, exchange: str, make_rig: MakeRig, secure: bool
) -> None:
    with message_size(broker, LIMIT), consume(broker, exchange) as consumer:
        rig = make_rig(broker, **(tls(broker) if secure else {})).connect()
        for mark in range(20):
            eventually(lambda: rig.outbox.held < 5)
            rig.put(CAM1, jpeg(1000, mark=mark))
            rig.put(CAM2, jpeg(LIMIT if mark % 2 else 2000, mark=mark))
        rig.settle()
        small, large = rig.counts(CAM1), rig.counts(CAM2)
        assert (small.nacked, small.dropped) == (0, 0)
        # One refusal teaches the limit; on a busy machine it may come after the next large frames.
        assert 1 <= large.nacked <= 5
        assert large.nacked + large.dropped_too_large == 10
        assert small.unknown <= 2 * large.nacked, "only what was confirmed at the very moment"
        assert small.confirmed + small.unknown == 20
        assert large.confirmed + large.unknown == 10
        consumer.wait_for(30 - small.unknown - large.unknown)
    refused = rig.heard.of(FramesRefused)
    assert [(each.camera_id, each.retry_in_s) for each in refused] == [(CAM2, None)]
    assert "60000 bytes" in refused[0].reason
    assert not rig.heard.of(RouteRefused)
    assert not rig.heard.of(SinkLost)


def test_frames_behind_the_refused_one_are_published_again_and_none_of_them_twice(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with message_size(broker, LIMIT), consume(broker, exchange, binding="shop.cam1") as consumer:
        rig = make_rig(broker)
        rig.put(CAM2, jpeg(LIMIT))  # in the same round as the four behind it
        images = [jpeg(1000, mark=mark) for mark in range(4)]
        for image in images:
            rig.put(CAM1, image)
        rig.connect()
        assert rig.settle().confirmed == 4
        bodies = [each.body for each in consumer.wait_for(4)]
    assert bodies == images
    assert (rig.counts(CAM2).nacked, rig.counts(CAM1).unknown) == (1, 0)


def test_the_next_connection_tries_a_learned_limit_where_it_harms_nobody(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    knowledge = BrokerKnowledge(max_message_bytes=LIMIT)
    rig = make_rig(broker, knowledge=knowledge).connect()
    with consume(broker, exchange) as consumer:
        rig.put(CAM2, jpeg(LIMIT))
        eventually(lambda: rig.put(CAM1) or rig.counts(CAM2).confirmed == 1)
        rig.put(CAM2, jpeg(2 * LIMIT))
        rig.settle()
        consumer.wait_until(lambda messages: len(messages) == rig.counts().confirmed)
    assert knowledge.max_message_bytes is None
    assert rig.counts().published == rig.counts().confirmed
    assert not rig.heard.of(FramesRefused)


def test_a_limit_that_still_holds_costs_the_next_connection_no_confirm(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    knowledge = BrokerKnowledge(max_message_bytes=LIMIT)
    with message_size(broker, LIMIT):
        rig = make_rig(broker, knowledge=knowledge).connect()
        for mark in range(20):
            eventually(lambda: rig.outbox.held < 5)
            rig.put(CAM1, jpeg(1000, mark=mark))
            rig.put(CAM2, jpeg(LIMIT, mark=mark))
        eventually(lambda: rig.put(CAM2, jpeg(LIMIT)) or rig.heard.of(FramesRefused))
        rig.settle()
    assert rig.counts(CAM1).confirmed == 20
    assert rig.counts(CAM2).nacked == 1
    assert knowledge.max_message_bytes == LIMIT


def test_a_topic_the_user_may_not_write_costs_its_camera_alone_and_is_tried_again(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    name = broker_user(broker)
    with consume(broker, exchange) as consumer:
        broker.ctl("set_topic_permissions", name, exchange, r"^shop\.cam1$", ".*")
        rig = make_rig(broker, username=name, password=name, route_retry_s=1.0).connect()
        rig.put_all(40, CAM1, CAM2)
        rig.settle()
        good, bad = rig.counts(CAM1), rig.counts(CAM2)
        assert good.confirmed + good.unknown == 20
        assert good.unknown <= 2
        assert bad.nacked >= 1
        assert bad.nacked + bad.dropped_refused == 20
        refused = rig.heard.wait_for(FramesRefused)
        assert (refused.camera_id, refused.retry_in_s) == (CAM2, 1.0)
        assert "'shop.cam2'" in refused.reason
        eventually(lambda: rig.put(CAM2) or len(rig.heard.of(FramesRefused)) > 1)
        rig.put_all(10, CAM1)
        rig.settle()
        assert rig.counts(CAM1).unknown == good.unknown, "the trial harms nobody"
        broker.ctl("clear_topic_permissions", name)
        eventually(lambda: rig.put(CAM2) or rig.counts(CAM2).confirmed)
        rig.put_all(10, CAM2)
        rig.settle()
        consumer.wait_until(lambda messages: len(messages) >= rig.counts().confirmed)
        assert not rig.heard.of(RouteRefused)
        assert not rig.heard.of(SinkLost)


def test_a_hundred_cameras_that_are_refused_leave_the_others_in_peace(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    cameras = [CameraId(f"cam{number}") for number in range(100)]
    routes = {each: Route(exchange, f"shop.{each}") for each in cameras}
    name = broker_user(broker)
    broker.ctl("set_topic_permissions", name, exchange, r"^shop\.cam0$", ".*")
    rig = make_rig(broker, routes, username=name, password=name, route_retry_s=0.5).connect()
    for _ in range(5):
        rig.put_all(100, *cameras)
    eventually(lambda: rig.put(cameras[0]) or rig.counts(cameras[0]).confirmed >= 20)
    rig.settle()
    good = rig.counts(cameras[0])
    assert not rig.heard.of(SinkLost)
    assert good.confirmed >= 20
    assert good.dropped_refused == 0
    # Some tenths of a second; each wait for one of the others would be another half.
    assert good.confirm_ns / good.confirmed < 5e9
    assert {each.camera_id for each in rig.heard.of(FramesRefused)} == set(cameras[1:])


def test_an_exchange_that_may_not_be_written_is_tried_again_with_a_single_frame(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    name = broker_user(broker, write="^$")
    rig = make_rig(broker, username=name, password=name, route_retry_s=0.5).connect()
    rig.put_all(10)
    rig.settle()
    before = rig.counts()
    eventually(lambda: rig.put() or len(rig.heard.of(RouteRefused)) > 1)
    rig.settle()
    counts = rig.counts()
    assert counts.unknown == before.unknown
    assert counts.nacked == len(rig.heard.of(RouteRefused)) - 1
    broker.ctl("set_permissions", name, ".*", ".*", ".*")
    eventually(lambda: rig.put() or rig.counts().confirmed)
    assert not rig.heard.of(SinkLost)
