"""What the outbox drops when frames, bytes or memory are short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.ledger import DropReason
from edge_video.delivery.outbox import Outbox
from tests.edge_video.delivery.outbox_scenario import (
    CAM,
    IMAGE,
    OTHER,
    OutboxScenario,
)

if TYPE_CHECKING:
    from edge_video.frames import Frame


class Unreadable(bytes):
    """An image for whose size no memory is left."""

    def startswith(self, *_: object) -> bool:
        raise MemoryError

    def __getitem__(self, _: object) -> bytes:  # type: ignore[override]
        raise MemoryError


def test_a_frame_for_which_no_memory_is_left_when_it_comes_is_received_and_dropped() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    assert scenario.put()
    assert not scenario.outbox.put(OTHER, 1, Unreadable(IMAGE))
    assert not scenario.outbox.put(CAM, 1, Unreadable(IMAGE))
    assert scenario.put(OTHER)
    assert [scenario.counts(each).dropped_memory for each in (CAM, OTHER)] == [1, 1]
    assert scenario.taken() == [(CAM, 1, 0), (OTHER, 2, 1)]
    assert scenario.counts().received == 2


def test_a_frame_for_which_no_memory_is_left_when_it_is_taken_stays_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory(**_: object) -> Frame:
        raise MemoryError

    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(times=2)
    scenario.put(OTHER)
    with monkeypatch.context() as short:
        short.setattr("edge_video.delivery.camera_queue.Frame", no_memory)
        with pytest.raises(MemoryError):
            scenario.outbox.take()
    assert (scenario.counts().held, scenario.counts().in_flight) == (2, 0)
    assert scenario.taken() == [(CAM, 1, 0), (OTHER, 1, 0), (CAM, 2, 0)]
    assert scenario.counts().in_flight == 2


def test_a_smaller_buffer_drops_the_oldest_for_memory_and_can_be_undone() -> None:
    scenario = OutboxScenario(CAM, buffer_frames=4)
    scenario.put(times=4)
    scenario.outbox.limits.buffers(1)
    assert scenario.counts().dropped_memory == 3
    scenario.put()
    assert scenario.counts().dropped_overflow == 1
    scenario.outbox.add_camera(OTHER)
    scenario.outbox.open(OTHER, 1, "x")
    scenario.put(OTHER, times=2)
    assert scenario.counts(OTHER).held == 1
    scenario.outbox.limits.buffers(None)
    scenario.put(times=9)
    assert scenario.counts().held == 4


def test_a_limit_above_the_configured_buffer_does_not_enlarge_it() -> None:
    scenario = OutboxScenario(buffer_frames=2)
    scenario.outbox.limits.buffers(10)
    scenario.put(times=5)
    assert scenario.counts().held == 2


def test_beyond_the_bytes_the_camera_that_holds_the_most_loses_its_oldest_frame() -> None:
    scenario = OutboxScenario(CAM, OTHER, buffer_frames=5, max_bytes=10 * len(IMAGE))
    scenario.put(OTHER, times=2)
    enormous = IMAGE.ljust(4 * len(IMAGE), b"x")
    assert all(scenario.outbox.put(CAM, 1, enormous) for _ in range(5))
    assert scenario.outbox.held_bytes == 10 * len(IMAGE)
    assert scenario.counts(CAM).dropped_memory == 3
    assert scenario.counts(OTHER).held == 2
    assert scenario.taken() == [(OTHER, 1, 0), (CAM, 4, 3), (OTHER, 2, 0), (CAM, 5, 0)]
    assert scenario.outbox.held_bytes == 0


def test_beyond_the_bytes_during_an_outage_frames_are_dropped_for_want_of_a_connection() -> None:
    scenario = OutboxScenario(CAM, OTHER, buffer_frames=5, max_bytes=4 * len(IMAGE))
    scenario.outbox.sink_connected(False)
    scenario.put(CAM, times=3)
    scenario.put(OTHER, times=3)
    counts = [scenario.counts(each) for each in (CAM, OTHER)]
    assert sum(each.dropped_not_connected for each in counts) == 2
    assert [each.dropped_memory for each in counts] == [0, 0]
    scenario.outbox.limits.configure(1, 9.0, 4 * len(IMAGE))
    counts = [scenario.counts(each) for each in (CAM, OTHER)]
    assert sum(each.dropped_not_connected for each in counts) == 4
    scenario.outbox.sink_connected(True)
    scenario.put(CAM, times=2)
    scenario.outbox.limits.buffers(1)
    assert scenario.counts(CAM).dropped_overflow == 2


def test_a_frame_larger_than_all_the_bytes_is_not_held_and_pushes_out_nobody() -> None:
    scenario = OutboxScenario(CAM, OTHER, max_bytes=2 * len(IMAGE))
    scenario.put(OTHER)
    assert not scenario.outbox.put(CAM, 1, IMAGE.ljust(3 * len(IMAGE), b"x"))
    assert scenario.counts(CAM).dropped_memory == 1
    assert scenario.taken() == [(OTHER, 1, 0)]


def test_a_rate_limit_drops_frames_that_come_too_soon_after_an_accepted_one() -> None:
    scenario = OutboxScenario(CAM, OTHER, buffer_frames=9)
    scenario.outbox.limits.rate(0.25)
    accepted = []
    for _ in range(9):
        accepted.append(scenario.put(CAM))
        scenario.clock.advance(0.125)
    assert accepted == [True, False] * 4 + [True]
    assert scenario.put(OTHER)
    assert scenario.counts().dropped_memory == 4
    assert scenario.outbox.last_frame_s(CAM) == scenario.clock.now - 0.125
    scenario.outbox.limits.rate(None)
    assert scenario.put(CAM, times=2)


@pytest.mark.parametrize("reason", DropReason)
def test_all_that_is_held_can_be_dropped_for_a_reason(reason: DropReason) -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(CAM, times=2)
    scenario.put(OTHER)
    assert scenario.outbox.drop_held(reason) == 3
    assert getattr(scenario.counts(), f"dropped_{reason}") == 2
    assert scenario.outbox.held == 0
    assert scenario.outbox.take() is None
    scenario.put(CAM)
    assert scenario.taken() == [(CAM, 3, 2)]


def test_dropping_all_that_is_held_gives_no_camera_a_second_place_in_line() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(CAM)
    scenario.outbox.drop_held(DropReason.MEMORY)
    scenario.put(CAM, times=3)
    scenario.put(OTHER, times=3)
    assert [camera for camera, _, _ in scenario.taken()] == [CAM, OTHER] * 3


def test_limits_that_make_no_sense_are_errors() -> None:
    scenario = OutboxScenario()
    with pytest.raises(ValueError, match="max_age_s"):
        Outbox(scenario.clock, max_age_s=0)
    with pytest.raises(ValueError, match="max_bytes"):
        Outbox(scenario.clock, max_bytes=0)
    with pytest.raises(ValueError, match="at least one"):
        Outbox(scenario.clock, buffer_frames=0)
    with pytest.raises(ValueError, match="at least one"):
        scenario.outbox.add_camera(OTHER, buffer_frames=0)
    with pytest.raises(ValueError, match="at least one"):
        scenario.outbox.limits.buffers(0)


def test_other_limits_hold_at_once_and_for_cameras_that_come_later() -> None:
    scenario = OutboxScenario(CAM, buffer_frames=4)
    scenario.put(times=4)
    scenario.outbox.limits.configure(2, 9.0, 2**20)
    assert (scenario.counts().held, scenario.counts().dropped_overflow) == (2, 2)
    assert scenario.counts().dropped_memory == 0, "none of it was short"
    scenario.outbox.add_camera(OTHER)
    scenario.outbox.open(OTHER, 1, "x")
    scenario.put(OTHER, times=5)
    assert scenario.counts(OTHER).held == 2
    scenario.outbox.limits.configure(3, 9.0, len(IMAGE))
    assert scenario.outbox.held == 1, "no more bytes are held than one frame has"
    with pytest.raises(ValueError, match="at least one frame"):
        scenario.outbox.limits.configure(0, 9.0, 1)
