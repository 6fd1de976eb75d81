"""Events on a real broker: an own channel of the frames' connection, at least once, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.ledger import add_counts
from edge_video.delivery.notification_queue import Notification, NotificationQueue
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import RouteRefused, SinkConnected, SinkDrained, SinkEvent
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock
from edge_video.testing import wait_until
from edge_video.testing.consumer import consume
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq

CAM1 = CameraId("cam1")
PICTURE = b"\xff\xd8 a picture \xff\xd9"


def notification(number: int) -> Notification:
    return Notification(
        message_id=f"id-{number}",
        name="camera_online",
        routing_key="camera.online.cam1",
        at_ns=1_700_000_000_500_000_000,
        body=b'{"number": %d}' % number,
    )


class Rig:
    """One queue of events, and one connection after the other."""

    def __init__(self, node: RabbitNode, exchange: str, user: str = "guest") -> None:
        self.queue = NotificationQueue(100)
        self.outbox = Outbox(SystemClock(), buffer_frames=5, max_age_s=60)
        self.outbox.add_camera(CAM1)
        self.outbox.open(CAM1, 1, "session")
        self.settings = AmqpSettings(
            node.host, node.port, "/", user, user, route_retry_s=0.2, confirm_timeout_s=20
        )
        self.exchange = exchange
        self.heard: list[SinkEvent] = []
        self.sinks: list[AmqpSink] = []

    def connect(self) -> AmqpSink:
        before = len(self.of(SinkConnected))
        sink = AmqpSink(
            self.settings,
            {CAM1: Route(f"{self.exchange}.frames", "cam1")},
            self.outbox,
            self.heard.append,
            SystemClock(),
            notifications=NotificationRoute(self.exchange, self.queue),
        )
        self.sinks.append(sink)
        sink.open()
        assert wait_until(lambda: len(self.of(SinkConnected)) > before, 20)
        return sink

    def of(self, kind: type[SinkEvent]) -> list[SinkEvent]:
        return [event for event in self.heard if isinstance(event, kind)]

    def confirmed(self, count: int) -> bool:
        return wait_until(lambda: self.queue.counts().confirmed >= count, 20)


@pytest.fixture
def rig(broker: RabbitNode, exchange: str) -> Iterator[Rig]:
    made = Rig(broker, exchange)
    yield made
    for sink in made.sinks:
        sink.close(5)


@EVERY_BROKER
def test_events_arrive_in_order_and_are_confirmed(broker: RabbitNode, rig: Rig) -> None:
    with consume(broker, rig.exchange, "camera.online.#") as consumer:
        for number in range(100):  # more than a window
            rig.queue.put(notification(number))
        rig.connect()
        messages = consumer.wait_for(100)
        assert [each.properties.message_id for each in messages] == [f"id-{n}" for n in range(100)]
        assert rig.confirmed(100)
        properties = messages[7].properties
        assert (properties.content_type, properties.delivery_mode) == ("application/json", 2)
        assert (properties.timestamp, properties.type) == (1_700_000_000, "camera_online")
        assert properties.app_id == "edge-video"
        assert messages[7].body == b'{"number": 7}'


def test_a_sink_is_drained_when_its_last_events_are_confirmed_too(rig: Rig) -> None:
    """They are looked at once a second else: what came in the last one would stay here."""
    sink = rig.connect()
    rig.queue.put(notification(0))
    assert rig.confirmed(1)
    for number in range(1, 100):
        rig.queue.put(notification(number))
    sink.drain()
    assert wait_until(lambda: bool(rig.of(SinkDrained)), 20)
    assert (rig.queue.counts().confirmed, rig.queue.counts().held) == (100, 0)


def test_what_waited_while_the_broker_was_away_comes_after_it(broker: RabbitNode, rig: Rig) -> None:
    with consume(broker, rig.exchange) as consumer:
        first = rig.connect()
        rig.queue.put(notification(1))
        assert rig.confirmed(1)
        first.close(5)
        for number in range(2, 120):
            rig.queue.put(notification(number))
        rig.connect()
        assert rig.confirmed(101)
        counts = rig.queue.counts()
        assert (counts.put, counts.dropped, counts.held, counts.in_flight) == (119, 18, 0, 0)
        expected = ["id-1", *(f"id-{n}" for n in range(20, 120))]
        assert [each.properties.message_id for each in consumer.wait_for(101)] == expected


def test_a_frozen_broker_loses_no_event_and_repeats_at_most_what_it_did_not_confirm(
    broker: RabbitNode, rig: Rig
) -> None:
    with consume(broker, rig.exchange) as consumer:
        sink = rig.connect()
        broker.freeze()
        try:
            for number in range(10):
                rig.queue.put(notification(number))
            assert wait_until(lambda: rig.queue.counts().in_flight == 10)
            sink.close(1)
            assert rig.queue.counts().held == 10
        finally:
            broker.thaw()
        rig.connect()
        assert rig.confirmed(10)
        consumer.wait_until(lambda messages: messages[-1].properties.message_id == "id-9")
        assert {each.properties.message_id for each in consumer.messages} == {
            f"id-{n}" for n in range(10)
        }


@EVERY_BROKER
def test_a_refused_exchange_for_events_costs_no_frame_and_is_tried_again(
    broker: RabbitNode, rig: Rig
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(rig.exchange, "topic", durable=True, internal=True)
    sink = rig.connect()
    rig.queue.put(notification(1))
    assert wait_until(lambda: rig.of(RouteRefused))
    [refused] = rig.of(RouteRefused)[:1]
    assert isinstance(refused, RouteRefused)
    assert rig.exchange in refused.route
    for _ in range(5):
        rig.outbox.put(CAM1, 1, PICTURE)
    sink.frames_ready()
    assert wait_until(lambda: add_counts(rig.outbox.counts().values()).confirmed == 5)
    sink.drain()  # which waits for no event that cannot be sent
    assert wait_until(lambda: bool(rig.of(SinkDrained)))
    with broker.channel() as channel:
        channel.exchange_delete(rig.exchange)
        channel.exchange_declare(rig.exchange, "topic", durable=True)
    with consume(broker, rig.exchange) as consumer:
        assert [each.properties.message_id for each in consumer.wait_for(1)] == ["id-1"]
    assert rig.confirmed(1)


def test_a_user_who_may_only_write_tells_events_to_an_exchange_that_exists(
    broker: RabbitNode, exchange: str
) -> None:
    name = exchange.removeprefix("open.")
    with consume(broker, name) as consumer, consume(broker, f"{name}.frames"):
        rig = Rig(broker, name, user="writer")
        rig.connect()
        rig.queue.put(notification(1))
        consumer.wait_for(1)
        for sink in rig.sinks:
            sink.close(5)


def test_an_exchange_for_events_that_is_deleted_comes_back_with_what_waited(
    broker: RabbitNode, rig: Rig
) -> None:
    rig.connect()
    rig.queue.put(notification(1))
    assert rig.confirmed(1)
    with broker.channel() as channel:
        channel.exchange_delete(rig.exchange)
    rig.queue.put(notification(2))
    assert rig.confirmed(2)
    assert rig.of(RouteRefused) == []
    with broker.channel() as channel:
        channel.exchange_declare(rig.exchange, passive=True)
