"""Cameras that no configuration names: their route is made of a rule, with their first frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.outbox import Arrival
from edge_video.frames import CameraId
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from tests.support.amqp import CAM1, MakeRig, Rig, jpeg
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, EVERY_BROKER]

DRONE = CameraId("drone")


def fly(rig: Rig, mark: int = 0) -> None:
    """Bring a picture of the drone, which has no attempt."""
    rig.outbox.add_camera(DRONE)
    arrival = rig.outbox.add(
        DRONE, jpeg(mark=mark), session="flight", captured_at_ns=rig.clock.wall_ns()
    )
    assert arrival is Arrival.HELD


def test_a_foreign_camera_goes_to_the_exchange_of_the_others_under_its_id(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, foreign=Route(exchange, "shop.")).connect()
        rig.put_all(3)
        fly(rig)
        eventually(lambda: len(consumer.messages) == 4)
        assert {each.routing_key for each in consumer.messages} == {"shop.cam1", "shop.drone"}
        assert rig.settle().confirmed == 4


def test_an_exchange_that_only_foreign_cameras_have_is_declared_with_the_first_frame(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    other = f"{exchange}-other"
    rig = make_rig(broker, {CAM1: Route(exchange, "cam1")}, foreign=Route(other, "")).connect()
    fly(rig)
    eventually(lambda: rig.counts(DRONE).confirmed == 1)
    with consume(broker, other) as consumer:
        for mark in range(5):
            fly(rig, mark)
            rig.put(CAM1)
            eventually(lambda: not rig.outbox.held)
        eventually(lambda: len(consumer.messages) == 5)
    assert rig.settle().confirmed == 11


def test_a_sink_without_any_configured_camera_is_connected_and_declares_the_exchange(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, {}, foreign=Route(exchange, "")).connect()
    with consume(broker, exchange) as consumer:
        fly(rig)
        eventually(lambda: len(consumer.messages) == 1)


def test_a_routing_key_that_is_too_long_costs_the_frame_and_not_the_connection(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, foreign=Route(exchange, 253 * "x")).connect()
    fly(rig)
    rig.put_all(2)
    assert (rig.settle().confirmed, rig.counts(DRONE).nacked) == (2, 1)
