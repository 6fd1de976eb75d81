"""How frames come into the outbox, leave it, and are counted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome
from edge_video.frames import Frame
from tests.edge_video.delivery.outbox_scenario import (
    CAM,
    IMAGE,
    OTHER,
    THIRD,
    OutboxScenario,
    image,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# --- frames ---------------------------------------------------------------------------------------


def test_a_frame_is_stamped_when_it_comes_in() -> None:
    scenario = OutboxScenario()
    came_ns, came_s = scenario.clock.wall_ns(), scenario.clock.monotonic()
    body = image(7)
    assert scenario.outbox.put(CAM, 1, body)
    scenario.clock.advance(0.5)
    frame = scenario.outbox.take()
    assert frame == Frame(
        camera_id=CAM,
        seq=1,
        session="cam1-1",
        image=body,
        captured_at_ns=came_ns,
        captured_at_s=came_s,
        width=640,
        height=360,
        dropped=0,
    )
    assert frame.image is body


def test_a_full_buffer_drops_its_oldest_frame() -> None:
    scenario = OutboxScenario(buffer_frames=3)
    assert scenario.put(times=5)
    assert scenario.counts().dropped_overflow == 2
    assert scenario.taken() == [(CAM, 3, 2), (CAM, 4, 0), (CAM, 5, 0)]


def test_a_camera_can_have_a_buffer_of_its_own() -> None:
    scenario = OutboxScenario(CAM, buffer_frames=3)
    scenario.outbox.add_camera(OTHER, buffer_frames=1)
    scenario.outbox.add_camera(OTHER, buffer_frames=9)
    scenario.outbox.open(OTHER, 1, "x")
    scenario.put(OTHER, times=4)
    assert scenario.taken() == [(OTHER, 4, 3)]


def test_adding_a_camera_again_changes_nothing() -> None:
    scenario = OutboxScenario()
    scenario.put(times=2)
    scenario.outbox.add_camera(CAM)
    scenario.put()
    assert scenario.taken() == [(CAM, 1, 0), (CAM, 2, 0), (CAM, 3, 0)]


def test_a_frame_older_than_the_limit_is_dropped_when_its_turn_comes() -> None:
    scenario = OutboxScenario(CAM, OTHER, max_age_s=2.0)
    scenario.put(CAM, times=2)
    scenario.clock.advance(0.5)
    scenario.put(CAM)
    scenario.clock.advance(1.5)
    scenario.put(OTHER)
    assert scenario.counts().held == 3
    scenario.clock.advance(0.001)  # 2.0 s is still fresh, this is not
    assert scenario.taken() == [(CAM, 3, 2), (OTHER, 1, 0)]
    assert scenario.counts().dropped_stale == 2
    assert scenario.counts(OTHER).dropped_stale == 0


def test_a_frame_exactly_as_old_as_the_limit_is_fresh() -> None:
    scenario = OutboxScenario(max_age_s=2.0)
    scenario.put()
    scenario.clock.advance(2.0)
    assert scenario.taken() == [(CAM, 1, 0)]


def test_a_camera_with_nothing_but_stale_frames_does_not_hide_the_others() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(CAM, times=3)
    scenario.clock.advance(5)
    scenario.put(OTHER)
    assert scenario.taken() == [(OTHER, 1, 0)]
    scenario.put(CAM)
    assert scenario.taken() == [(CAM, 4, 3)]


def test_cameras_take_turns_and_keep_their_places() -> None:
    scenario = OutboxScenario(CAM, OTHER, THIRD, buffer_frames=3)
    scenario.put(CAM, times=3)
    scenario.put(OTHER, times=2)
    scenario.put(THIRD)
    scenario.put(CAM, times=9)  # overflowing neither loses nor gains a place
    assert [camera for camera, _, _ in scenario.taken()] == [CAM, OTHER, THIRD, CAM, OTHER, CAM]


def test_dropped_is_every_frame_between_two_that_were_taken_whatever_the_reason() -> None:
    scenario = OutboxScenario(buffer_frames=3)
    scenario.put(times=2)
    assert scenario.outbox.take() is not None
    scenario.put(times=4)  # 2 and 3 overflow
    scenario.outbox.limits.buffers(2)  # 4 makes way
    scenario.outbox.limits.rate(1.0)
    scenario.put()  # 7 comes too soon
    scenario.outbox.limits.rate(None)
    scenario.clock.advance(3)
    scenario.put(generation=99)  # no number, no loss
    scenario.put()  # 5 overflows, 6 is stale
    assert scenario.taken() == [(CAM, 8, 6)]
    counts = scenario.counts()
    assert (counts.dropped_overflow, counts.dropped_memory, counts.dropped_stale) == (3, 2, 1)
    assert counts.refused_late == 1


# --- attempts -------------------------------------------------------------------------------------


def test_frames_are_refused_until_an_attempt_is_opened() -> None:
    scenario = OutboxScenario()
    scenario.outbox.add_camera(OTHER)
    assert not scenario.put(OTHER)
    assert scenario.counts(OTHER) == FrameCounts(refused_late=1)


def test_late_frames_of_an_ended_attempt_are_refused_and_counted() -> None:
    scenario = OutboxScenario()
    scenario.put()
    scenario.outbox.end(CAM, 1)
    assert not scenario.put()
    assert scenario.counts().refused_late == 1
    assert scenario.counts().received == 1
    assert scenario.taken() == [(CAM, 1, 0)]  # what was held is still published


def test_numbers_go_on_over_attempts_and_the_session_changes() -> None:
    scenario = OutboxScenario()
    scenario.put()
    scenario.outbox.end(CAM, 1)
    scenario.outbox.open(CAM, 2, "cam1-2")
    assert not scenario.put(generation=1)
    assert scenario.put(generation=2)
    sessions = [(frame.seq, frame.session) for frame in scenario.outbox.deliver()]
    assert sessions == [(1, "cam1-1"), (2, "cam1-2")]


def test_a_late_open_or_end_of_an_older_attempt_changes_nothing() -> None:
    scenario = OutboxScenario()
    scenario.outbox.open(CAM, 3, "new")
    scenario.outbox.open(CAM, 2, "old")
    scenario.outbox.end(CAM, 2)
    assert not scenario.put(generation=2)
    assert scenario.put(generation=3)
    (frame,) = scenario.outbox.deliver()
    assert frame.session == "new"


def test_an_unknown_camera_is_an_error() -> None:
    outbox = OutboxScenario().outbox
    for call in (
        lambda: outbox.open(OTHER, 1, "x"),
        lambda: outbox.end(OTHER, 1),
        lambda: outbox.put(OTHER, 1, IMAGE),
        lambda: outbox.settle(OTHER, 1, Outcome.CONFIRMED),
        lambda: outbox.last_frame_s(OTHER),
        lambda: outbox.last_size(OTHER),
    ):
        with pytest.raises(KeyError):
            call()


# --- settlement -----------------------------------------------------------------------------------


def test_every_outcome_has_its_own_counter_and_only_confirms_are_timed() -> None:
    scenario = OutboxScenario(buffer_frames=9)
    scenario.put(times=5)
    frames = [scenario.outbox.take() for _ in range(5)]
    assert scenario.counts().in_flight == 5
    for frame, outcome in zip(frames, Outcome, strict=False):
        assert frame is not None
        scenario.clock.advance(0.25)
        assert scenario.outbox.settle(CAM, frame.seq, outcome)
    assert scenario.counts() == FrameCounts(
        received=5,
        published=5,
        confirmed=1,
        nacked=1,
        returned=1,
        unknown=1,
        in_flight=1,
        received_bytes=5 * len(IMAGE),
        published_bytes=5 * len(IMAGE),
        confirm_ns=250_000_000,
    )


def test_the_first_word_about_a_frame_counts() -> None:
    scenario = OutboxScenario()
    scenario.put(times=2)
    scenario.taken()
    assert scenario.outbox.settle(CAM, 1, Outcome.RETURNED)
    assert not scenario.outbox.settle(CAM, 1, Outcome.CONFIRMED)
    assert not scenario.outbox.settle(CAM, 99, Outcome.CONFIRMED)
    assert (scenario.counts().returned, scenario.counts().confirmed) == (1, 0)


def test_a_held_frame_cannot_be_settled() -> None:
    scenario = OutboxScenario()
    scenario.put()
    assert not scenario.outbox.settle(CAM, 1, Outcome.CONFIRMED)
    assert scenario.counts().held == 1


def test_everything_in_flight_can_be_settled_at_once() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(CAM, times=2)
    scenario.put(OTHER)
    scenario.taken()
    scenario.put(CAM)
    assert scenario.outbox.settle_all(Outcome.UNKNOWN) == 3
    assert scenario.outbox.settle_all(Outcome.UNKNOWN) == 0
    assert (scenario.counts().unknown, scenario.counts(OTHER).unknown) == (2, 1)
    assert scenario.counts().held == 1
    assert not scenario.outbox.settle(CAM, 1, Outcome.CONFIRMED)


def test_the_last_frame_is_known_even_when_it_was_not_kept() -> None:
    scenario = OutboxScenario()
    assert scenario.outbox.last_frame_s(CAM) is None
    assert scenario.outbox.last_size(CAM) == (0, 0)
    scenario.put()
    scenario.outbox.drop_held(DropReason.SHUTDOWN)
    came_s = scenario.clock.now
    scenario.clock.advance(3)
    scenario.put(generation=9)
    assert scenario.outbox.last_frame_s(CAM) == came_s
    assert scenario.outbox.last_size(CAM) == (640, 360)


def drop_by_overflow(scenario: OutboxScenario) -> None:
    scenario.put(times=3)


def drop_for_memory(scenario: OutboxScenario) -> None:
    scenario.put()
    scenario.outbox.limits.buffers(1)


def drop_as_stale(scenario: OutboxScenario) -> None:
    scenario.clock.advance(9)
    assert scenario.outbox.take() is None


def drop_for_shutdown(scenario: OutboxScenario) -> None:
    scenario.outbox.drop_held(DropReason.SHUTDOWN)


def take_without_settling(scenario: OutboxScenario) -> None:
    assert scenario.outbox.take() is not None
    assert scenario.counts().in_flight == 1


@pytest.mark.parametrize(
    "leave",
    [
        drop_by_overflow,
        drop_for_memory,
        drop_as_stale,
        drop_for_shutdown,
        take_without_settling,
    ],
)
def test_a_body_is_let_go_when_its_frame_leaves(leave: Callable[[OutboxScenario], None]) -> None:
    scenario = OutboxScenario(buffer_frames=3)
    body = image(7)
    before = sys.getrefcount(body)
    scenario.outbox.put(CAM, 1, body)
    assert sys.getrefcount(body) == before + 1
    leave(scenario)
    assert sys.getrefcount(body) == before
