"""An exchange that exists is used as it is, a missing one is declared, one that goes heals."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.sink import RouteRefused, SinkConnected, SinkLost
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from tests.support.amqp import CAM1, CAM2, MakeRig, Rig, jpeg
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, EVERY_BROKER]


def confirms_more_than(rig: Rig, confirmed: int) -> bool:
    rig.put(CAM1)
    return rig.counts(CAM1).confirmed > confirmed


@pytest.mark.parametrize(
    "exchange_kind",
    [
        ("topic", {"arguments": {"alternate-exchange": "amq.fanout"}}, {"routing_key": "#"}),
        ("topic", {"auto_delete": True}, {"routing_key": "#"}),
        ("topic", {"durable": False}, {"routing_key": "#"}),
        ("topic", {"arguments": {"x-ours": 1}}, {"routing_key": "#"}),
        ("direct", {}, {"routing_key": "shop.cam1"}),
        ("headers", {}, {"arguments": {"x-match": "all", "camera_id": "cam1"}}),
        ("fanout", {}, {}),
    ],
    ids=["alternate", "auto-delete", "transient", "argument", "direct", "headers", "fanout"],
)
def test_an_exchange_that_exists_is_used_as_it_is(
    broker: RabbitNode,
    exchange: str,
    make_rig: MakeRig,
    exchange_kind: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    kind, more, binding = exchange_kind
    with broker.channel() as channel:
        channel.exchange_declare(exchange, kind, **{"durable": True, **more})
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, **binding)
        rig = make_rig(broker, {CAM1: Route(exchange, "shop.cam1")}).connect()
        rig.put_all(5)
        assert rig.settle().confirmed == 5
        eventually(lambda: channel.queue_declare(queue, passive=True).method.message_count == 5)
    assert len(rig.heard.events) == 1


def test_what_an_exchange_ignores_is_told_once(
    broker: RabbitNode, exchange: str, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "headers", durable=True)
    with caplog.at_level(logging.INFO, "edge_video"):
        make_rig(broker).connect()
    (line,) = [each for each in caplog.messages if "is used as it is" in each]
    assert f"'{exchange}'" in line
    assert "type=headers" in line
    assert "match the headers" in line


def test_an_exchange_deleted_twice_within_seconds_heals_at_once(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    routes = {CAM1: Route(exchange, "a"), CAM2: Route(f"{exchange}.2", "b")}
    rig = make_rig(broker, routes).connect()
    with broker.channel() as channel:
        for _ in range(3):
            rig.put_all(4, CAM1, CAM2)
            rig.settle()
            channel.exchange_delete(exchange)
            confirmed = rig.counts(CAM1).confirmed
            eventually(partial(confirms_more_than, rig, confirmed), timeout_s=3.0)
    rig.settle()
    other = rig.counts(CAM2)
    assert (other.confirmed, other.received) == (6, 6)
    assert rig.counts(CAM1).unknown <= 15
    assert rig.heard.events == [SinkConnected(f"amqp://127.0.0.1:{broker.port}")]


def test_an_exchange_that_keeps_disappearing_is_declared_again_at_a_bounded_pace(
    broker: RabbitNode, exchange: str, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig(broker).connect()
    with broker.channel() as channel:

        def gone() -> bool:
            channel.exchange_delete(exchange)
            rig.put(image=jpeg())
            return len([each for each in caplog.messages if "is declared again" in each]) >= 5

        eventually(gone)
    eventually(lambda: rig.put() or rig.counts().confirmed, timeout_s=10.0)
    assert len([each for each in caplog.messages if "is declared again" in each]) < 10
    assert not rig.heard.of(SinkLost)


def test_an_exchange_of_somebody_else_that_went_is_left_to_its_owner(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    """A consumer's own auto-delete exchange: declared as ours, its next declaration would fail."""
    mine = {"exchange_type": "topic", "durable": True, "auto_delete": True}
    routes = {CAM1: Route(exchange, "a"), CAM2: Route(f"{exchange}.2", "b")}
    with broker.channel() as channel:
        channel.exchange_declare(exchange, **mine)
        rig = make_rig(broker, routes, route_retry_s=1.0).connect()
        rig.put_all(4, CAM1, CAM2)
        rig.settle()
        channel.exchange_delete(exchange)
        eventually(lambda: rig.put(CAM1) or rig.heard.of(RouteRefused))
        assert "who made it must make it again" in rig.heard.of(RouteRefused)[0].reason
        rig.put_all(4, CAM2)
        channel.exchange_declare(exchange, **mine)
        before = rig.counts(CAM1).confirmed
        eventually(lambda: rig.put(CAM1) or rig.counts(CAM1).confirmed > before)
    rig.settle()
    assert rig.counts(CAM2).confirmed == rig.counts(CAM2).received
    assert not rig.heard.of(SinkLost)


def test_frames_to_the_default_exchange_reach_the_queue_of_that_name(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with broker.channel() as channel:
        channel.queue_declare(exchange, exclusive=True)
        rig = make_rig(broker, {CAM1: Route("", exchange)}).connect()
        rig.put_all(5)
        assert rig.settle().confirmed == 5
        assert channel.queue_declare(exchange, passive=True).method.message_count == 5


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


def test_an_existing_exchange_can_be_used_without_the_right_to_declare_it(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, username="writer", password="writer").connect()
        rig.put()
        consumer.wait_for(1)
    assert rig.settle().confirmed == 1
    assert not rig.heard.of(RouteRefused)


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
