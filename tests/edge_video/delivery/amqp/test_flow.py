"""What is in flight on a connection, and whether another frame has room; without a broker."""

from __future__ import annotations

from typing import Any

import pytest

from edge_video.delivery.amqp.flow import FlowControl, Hold
from edge_video.delivery.amqp.in_flight import InFlight, Window
from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.testing import FakeClock
from tests.support.amqp import CAM1, GENERATION, jpeg


class Flow(FlowControl):
    """Flow control of a connection that is up, with the outbox that it settles in."""

    def __init__(self, **limits: Any) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock)
        self.outbox.add_camera(CAM1)
        self.outbox.open(CAM1, GENERATION, "s")
        self.window: Window[InFlight] = Window()
        settings = AmqpSettings("h", 1, "/", "u", "p", **limits)
        super().__init__(settings, self.outbox, self.clock.monotonic)
        self.lift(Hold.CONNECTING)

    def publish(self, size: int = 1000) -> InFlight:
        self.outbox.put(CAM1, GENERATION, jpeg(size))
        frame = self.outbox.take()
        assert frame is not None
        entry = InFlight(frame, f"s-{frame.seq}", "k")
        self.record(entry)
        self.hand_over(entry, self.window)
        return entry


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_settled_frame_is_in_flight_no_longer(outcome: Outcome) -> None:
    flow = Flow()
    entry = flow.publish()
    assert (flow.frames, flow.bytes) == (1, entry.size)
    flow.settle([entry], outcome)
    counts = flow.outbox.counts()[CAM1]
    assert (flow.frames, flow.bytes, counts.in_flight) == (0, 0, 0)
    assert counts.imbalance() is None


def test_a_returned_frame_that_is_confirmed_counts_as_returned() -> None:
    flow = Flow()
    entry = flow.publish()
    entry.returned = True
    flow.settle([entry], Outcome.CONFIRMED)
    counts = flow.outbox.counts()[CAM1]
    assert (counts.returned, counts.confirmed) == (1, 0)


def test_the_number_of_frames_is_bounded_unless_it_is_zero() -> None:
    flow, unbounded = Flow(prefetch_count=2), Flow(prefetch_count=0)
    for each in (flow, unbounded):
        each.publish()
        assert each.has_room()
        each.publish()
    assert not flow.has_room()
    assert unbounded.has_room()


def test_one_frame_may_cross_the_limit_of_bytes() -> None:
    flow = Flow(max_in_flight_bytes=1500)
    flow.publish()
    assert flow.has_room()
    flow.publish()
    assert not flow.has_room()


def test_no_frame_has_room_until_every_hold_is_lifted() -> None:
    flow = Flow()
    flow.hold(Hold.BLOCKED)
    flow.hold(Hold.CLOSING)
    flow.lift(Hold.BLOCKED)
    assert not flow.has_room()
    flow.lift(Hold.CLOSING)
    assert flow.has_room()


def test_a_frame_that_was_taken_back_stays_in_flight_and_goes_again() -> None:
    flow = Flow()
    entry = flow.publish()
    flow.window.abandon()
    flow.take_back(entry)
    assert flow.frames == 1
    flow.hand_over(entry, flow.window)
    flow.settle(flow.window.settle(1, multiple=False), Outcome.CONFIRMED)
    assert (flow.frames, flow.bytes) == (0, 0)
