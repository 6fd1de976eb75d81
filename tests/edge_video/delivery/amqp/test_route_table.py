"""Routes of cameras: those configured, which may change meanwhile, and one rule for the others."""

from __future__ import annotations

from edge_video.delivery.amqp.route_table import RouteTable
from edge_video.delivery.amqp.settings import Route
from edge_video.frames import CameraId

DOOR, YARD = CameraId("door"), CameraId("yard")
FOREIGN = Route("rest", "shop.")


def test_a_route_that_is_added_or_changed_counts_from_the_next_frame_on() -> None:
    routes = {DOOR: Route("ex", "shop.door")}
    table = RouteTable(routes, FOREIGN)
    assert table.exchanges == ["ex"]
    assert table.route_of(YARD) == Route("rest", "shop.yard")
    routes[YARD] = Route("other", "yard")
    routes[DOOR] = Route("ex", "elsewhere")
    assert table.route_of(YARD) == Route("other", "yard")
    assert dict(table.items()) == routes


def test_the_exchange_of_a_camera_that_is_gone_is_not_needed_and_frames_go_there_still() -> None:
    routes, present = {DOOR: Route("ex", "shop.door"), YARD: Route("old", "yard")}, {DOOR, YARD}
    table = RouteTable(routes, FOREIGN, present)
    assert table.exchanges == ["ex", "old"]
    present.remove(YARD)
    assert table.exchanges == ["ex"]
    assert table.route_of(YARD) == Route("old", "yard")
    present.clear()
    assert table.exchanges == ["rest"]


def test_without_a_rule_other_cameras_have_no_route() -> None:
    table = RouteTable({DOOR: Route("ex", "shop.door")})
    assert table.route_of(YARD) is None


def test_a_key_that_amqp_does_not_allow_is_none() -> None:
    table = RouteTable({}, Route("rest", "k" * 255))
    assert table.exchanges == ["rest"]
    assert table.route_of(DOOR) is None
