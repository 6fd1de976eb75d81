"""What a broker allows is obeyed: size of an AMQP frame, number of channels, heartbeat."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.notification_queue import NotificationQueue
from edge_video.delivery.sink import RouteRefused, SinkConnected, SinkLost
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from tests.support.amqp import CAM1, CAM2, MakeRig, Rig, jpeg, tls

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq


@pytest.mark.parametrize("frame_max", [4096, 8192, 65_536, 131_072, 1_048_576, 0])
def test_bodies_are_cut_at_the_frame_size_the_broker_allows_with_and_without_tls(
    broker: RabbitNode, exchange: str, make_rig: MakeRig, frame_max: int
) -> None:
    with broker.limits(frame_max=frame_max), consume(broker, exchange) as consumer:
        images: list[bytes] = []
        for over in ({}, tls(broker)):
            rig = make_rig(broker, **over).connect()
            most = (frame_max or 131_072) - 8
            for size in (1000, min(most - 26, 200_000), min(2 * most, 300_000), 300_000):
                images += rig.put_all(2, size=size)
            assert rig.settle().confirmed == 8
            assert not rig.heard.of(SinkLost)
        messages = consumer.wait_for(16)
    assert sorted(message.body for message in messages) == sorted(images)


def test_exchanges_beyond_the_channels_the_broker_allows_are_refused_in_words_and_only_they(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    routes = {CAM1: Route(exchange, "k"), CAM2: Route(f"{exchange}-2", "k")}
    with broker.limits(channel_max=1):
        rig = make_rig(broker, routes).connect()
        (refused,) = rig.heard.of(RouteRefused)
        rig.put_all(5, CAM1)
        rig.put_all(2, CAM2)
        rig.settle()
    assert refused.route == f"{exchange}-2"
    assert "the broker allows 1 per connection (its channel_max)" in refused.reason
    assert (rig.counts(CAM1).confirmed, rig.counts(CAM2).dropped_refused) == (5, 2)
    assert not rig.heard.of(SinkLost)


def test_with_one_channel_frames_go_first_and_events_are_refused_in_words(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    notifications = NotificationRoute(f"{exchange}-events", NotificationQueue())
    rig = make_rig(broker, notifications=notifications)
    with broker.limits(channel_max=1):
        rig.connect()
        rig.put_all(5)
        assert rig.settle().confirmed == 5
    (refused,) = rig.heard.of(RouteRefused)
    assert refused.route == notifications.exchange
    assert "channel_max" in refused.reason


@pytest.mark.slow
def test_a_heartbeat_of_a_second_keeps_a_connection_with_and_without_frames_and_tls(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    """The broker hangs up after two silent seconds; pika after six."""
    plain = make_rig(broker, heartbeat_s=1.0).connect()
    secret = make_rig(broker, heartbeat_s=1.0, **tls(broker)).connect()
    ends_s = time.monotonic() + 13
    while time.monotonic() < ends_s:
        if ends_s - time.monotonic() > 7:
            plain.put(image=jpeg(50_000))
            secret.put(image=jpeg(50_000))
        time.sleep(0.1)
    for rig in (plain, secret):
        assert rig.settle().confirmed > 30
        assert not rig.heard.of(SinkLost)
        assert len(rig.heard.of(SinkConnected)) == 1


def is_decided(rig: Rig) -> bool:
    return bool(rig.heard.of(SinkConnected) or rig.heard.of(SinkLost))


def test_the_channels_of_a_user_are_learned_and_frames_go_first(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    knowledge = BrokerKnowledge()
    broker.ctl("set_user_limits", "guest", '{"max-channels": 1}')
    try:
        notifications = NotificationRoute(f"{exchange}-events", NotificationQueue())
        first = make_rig(broker, notifications=notifications, knowledge=knowledge)
        first.sink.open()
        lost = first.heard.wait_for(SinkLost)
        assert "limit of channels (1)" in lost.reason
        # A channel that asked for a missing exchange is closed, and the broker counts it a moment
        # longer: the publisher would try again, and so does this.
        rigs: list[Rig] = []

        def connected() -> bool:
            rigs.append(make_rig(broker, notifications=notifications, knowledge=knowledge))
            rigs[-1].sink.open()
            eventually(partial(is_decided, rigs[-1]))
            return bool(rigs[-1].heard.of(SinkConnected))

        eventually(connected, timeout_s=60)
        second = rigs[-1]
        second.put_all(5)
        assert second.settle().confirmed == 5
        assert "max-channels of this user" in second.heard.wait_for(RouteRefused).reason
        assert not second.heard.of(SinkLost)
    finally:
        broker.ctl("clear_user_limits", "guest", "all")


def test_a_deleted_exchange_heals_where_there_is_one_channel_and_events_wait(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    notifications = NotificationRoute(f"{exchange}-events", NotificationQueue())
    with broker.limits(channel_max=1):
        rig = make_rig(broker, notifications=notifications, route_retry_s=0.2).connect()
        with broker.channel() as channel:
            for _ in range(3):
                channel.exchange_delete(exchange)
                confirmed = rig.counts().confirmed
                while rig.counts().confirmed == confirmed:
                    eventually(lambda: rig.outbox.held < 5)
                    rig.put()
                    eventually(lambda: not rig.counts().in_flight)
    assert not rig.heard.of(SinkLost)
    assert {each.route for each in rig.heard.of(RouteRefused)} == {notifications.exchange}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (("set_user_limits", "guest"), "the user is at its connection limit (0)"),
        (("set_vhost_limits",), "virtual host '/' is at its connection limit (0)"),
    ],
    ids=["user", "vhost"],
)
def test_a_limit_of_connections_is_told_with_whose_it_is(
    broker: RabbitNode, make_rig: MakeRig, limits: tuple[str, ...], words: str
) -> None:
    broker.ctl(*limits, '{"max-connections": 0}')
    try:
        rig = make_rig(broker)
        rig.sink.open()
        lost = rig.heard.wait_for(SinkLost)
    finally:
        if "user" in limits[0]:
            broker.ctl("clear_user_limits", "guest", "all")
        else:
            broker.ctl("clear_vhost_limits")
    assert words in lost.reason
    assert not lost.permanent
