"""How long the publisher waits where several brokers take turns."""

from __future__ import annotations

from edge_video.actors.reconnection import Reconnection
from edge_video.testing.clock import FakeClock, FakeTimer

HALF = 0.5
AT_ONCE = 0.125


def test_every_broker_is_tried_before_the_wait_which_grows_by_the_round() -> None:
    clock = FakeClock()
    waits = Reconnection(clock, FakeTimer(clock), lambda: HALF, brokers=3)
    alone = Reconnection(clock, FakeTimer(clock), lambda: HALF)

    def round_of_failures() -> list[float]:
        return [waits.lost(lambda: None, was_up=False, permanent=False) for _ in range(3)]

    for _ in range(6):
        expected = alone.lost(lambda: None, was_up=False, permanent=False)
        assert round_of_failures() == [AT_ONCE, AT_ONCE, expected]


def test_after_a_connection_that_held_the_others_are_tried_at_once() -> None:
    clock = FakeClock()
    waits = Reconnection(clock, FakeTimer(clock), lambda: HALF, brokers=2)
    assert waits.lost(lambda: None, was_up=False, permanent=False) == AT_ONCE
    waits.connected()
    clock.advance(60)
    assert waits.lost(lambda: None, was_up=True, permanent=False) == AT_ONCE
    assert waits.lost(lambda: None, was_up=False, permanent=False) > AT_ONCE


def test_the_long_wait_is_for_brokers_that_all_refuse() -> None:
    clock = FakeClock()
    waits = Reconnection(clock, FakeTimer(clock), lambda: HALF, brokers=2)

    def both(*permanent: bool) -> float:
        return [waits.lost(lambda: None, was_up=False, permanent=each) for each in permanent][-1]

    assert both(True, True) == 30.0
    assert both(False, True) < 15.0
    assert both(True, True) == 30.0
