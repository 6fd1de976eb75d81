from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome, add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId, Frame
from edge_video.runtime.timer import SystemClock
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

CAM = CameraId("cam1")
OTHER = CameraId("cam2")
THIRD = CameraId("cam3")
PATIENCE_S = 20

# A JPEG as far as its frame header: 640 by 360.
IMAGE = b"\xff\xd8\xff\xc0\x00\x0b\x08\x01\x68\x02\x80\x01\x01\x11\x00\xff\xd9"


def image(number: int) -> bytes:
    return IMAGE + b"%d" % number


class OutboxScenario:
    """An outbox with open cameras, a clock that stands still, and a listener that counts."""

    def __init__(
        self,
        *cameras: CameraId,
        buffer_frames: int = 3,
        max_age_s: float = 2.0,
        max_bytes: int = 1000,
    ) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(
            self.clock, buffer_frames=buffer_frames, max_age_s=max_age_s, max_bytes=max_bytes
        )
        self.notifications = 0
        for camera in cameras or (CAM,):
            self.outbox.add_camera(camera)
            self.outbox.open(camera, 1, f"{camera}-1")

    def told(self) -> None:
        self.notifications += 1

    def put(self, camera: CameraId = CAM, times: int = 1, generation: int = 1) -> bool:
        results = [self.outbox.put(camera, generation, IMAGE) for _ in range(times)]
        return all(results)

    def taken(self) -> list[tuple[CameraId, int, int]]:
        """Camera, number and losses of everything that can be taken."""
        taken = []
        while (frame := self.outbox.take()) is not None:
            taken.append((frame.camera_id, frame.seq, frame.dropped))
        return taken

    def counts(self, camera: CameraId = CAM) -> FrameCounts:
        counts = self.outbox.counts()
        for one in counts.values():
            assert one.imbalance() is None
        assert self.outbox.held == add_counts(counts.values()).held
        return counts[camera]


# --- a machine without memory -------------------------------------------------------------------


class Unreadable(bytes):
    """An image for whose size no memory is left."""

    def startswith(self, *_: object) -> bool:
        raise MemoryError

    def __getitem__(self, _: object) -> bytes:  # type: ignore[override]
        raise MemoryError


def test_a_frame_for_which_no_memory_is_left_when_it_comes_is_received_and_dropped() -> None:
    story = OutboxScenario(CAM, OTHER)
    assert story.put()
    assert not story.outbox.put(OTHER, 1, Unreadable(IMAGE))
    assert not story.outbox.put(CAM, 1, Unreadable(IMAGE))
    assert story.put(OTHER)
    assert [story.counts(each).dropped_memory for each in (CAM, OTHER)] == [1, 1]
    assert story.taken() == [(CAM, 1, 0), (OTHER, 2, 1)]
    assert story.counts().received == 2


def test_a_frame_for_which_no_memory_is_left_when_it_is_taken_stays_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory(**_: object) -> Frame:
        raise MemoryError

    story = OutboxScenario(CAM, OTHER)
    story.put(times=2)
    story.put(OTHER)
    with monkeypatch.context() as short:
        short.setattr("edge_video.delivery.camera_queue.Frame", no_memory)
        with pytest.raises(MemoryError):
            story.outbox.take()
    assert (story.counts().held, story.counts().in_flight) == (2, 0)
    assert story.taken() == [(CAM, 1, 0), (OTHER, 1, 0), (CAM, 2, 0)]
    assert story.counts().in_flight == 2


# --- frames ---------------------------------------------------------------------------------------


def test_a_frame_is_stamped_when_it_comes_in() -> None:
    story = OutboxScenario()
    came_ns, came_s = story.clock.wall_ns(), story.clock.monotonic()
    body = image(7)
    assert story.outbox.put(CAM, 1, body)
    story.clock.advance(0.5)
    frame = story.outbox.take()
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
    story = OutboxScenario(buffer_frames=3)
    assert story.put(times=5)
    assert story.counts().dropped_overflow == 2
    assert story.taken() == [(CAM, 3, 2), (CAM, 4, 0), (CAM, 5, 0)]


def test_a_camera_can_have_a_buffer_of_its_own() -> None:
    story = OutboxScenario(CAM, buffer_frames=3)
    story.outbox.add_camera(OTHER, buffer_frames=1)
    story.outbox.add_camera(OTHER, buffer_frames=9)
    story.outbox.open(OTHER, 1, "x")
    story.put(OTHER, times=4)
    assert story.taken() == [(OTHER, 4, 3)]


def test_adding_a_camera_again_changes_nothing() -> None:
    story = OutboxScenario()
    story.put(times=2)
    story.outbox.add_camera(CAM)
    story.put()
    assert story.taken() == [(CAM, 1, 0), (CAM, 2, 0), (CAM, 3, 0)]


def test_a_frame_older_than_the_limit_is_dropped_when_its_turn_comes() -> None:
    story = OutboxScenario(CAM, OTHER, max_age_s=2.0)
    story.put(CAM, times=2)
    story.clock.advance(0.5)
    story.put(CAM)
    story.clock.advance(1.5)
    story.put(OTHER)
    assert story.counts().held == 3
    story.clock.advance(0.001)  # 2.0 s is still fresh, this is not
    assert story.taken() == [(CAM, 3, 2), (OTHER, 1, 0)]
    assert story.counts().dropped_stale == 2
    assert story.counts(OTHER).dropped_stale == 0


def test_a_frame_exactly_as_old_as_the_limit_is_fresh() -> None:
    story = OutboxScenario(max_age_s=2.0)
    story.put()
    story.clock.advance(2.0)
    assert story.taken() == [(CAM, 1, 0)]


def test_a_camera_with_nothing_but_stale_frames_does_not_hide_the_others() -> None:
    story = OutboxScenario(CAM, OTHER)
    story.put(CAM, times=3)
    story.clock.advance(5)
    story.put(OTHER)
    assert story.taken() == [(OTHER, 1, 0)]
    story.put(CAM)
    assert story.taken() == [(CAM, 4, 3)]


def test_cameras_take_turns_and_keep_their_places() -> None:
    story = OutboxScenario(CAM, OTHER, THIRD, buffer_frames=3)
    story.put(CAM, times=3)
    story.put(OTHER, times=2)
    story.put(THIRD)
    story.put(CAM, times=9)  # overflowing neither loses nor gains a place
    assert [camera for camera, _, _ in story.taken()] == [CAM, OTHER, THIRD, CAM, OTHER, CAM]


def test_dropped_is_every_frame_between_two_that_were_taken_whatever_the_reason() -> None:
    story = OutboxScenario(buffer_frames=3)
    story.put(times=2)
    assert story.outbox.take() is not None
    story.put(times=4)  # 2 and 3 overflow
    story.outbox.limit_buffers(2)  # 4 makes way
    story.outbox.limit_rate(1.0)
    story.put()  # 7 comes too soon
    story.outbox.limit_rate(None)
    story.clock.advance(3)
    story.put(generation=99)  # no number, no loss
    story.put()  # 5 overflows, 6 is stale
    assert story.taken() == [(CAM, 8, 6)]
    counts = story.counts()
    assert (counts.dropped_overflow, counts.dropped_memory, counts.dropped_stale) == (3, 2, 1)
    assert counts.refused_late == 1


# --- attempts -------------------------------------------------------------------------------------


def test_frames_are_refused_until_an_attempt_is_opened() -> None:
    story = OutboxScenario()
    story.outbox.add_camera(OTHER)
    assert not story.put(OTHER)
    assert story.counts(OTHER) == FrameCounts(refused_late=1)


def test_late_frames_of_an_ended_attempt_are_refused_and_counted() -> None:
    story = OutboxScenario()
    story.put()
    story.outbox.end(CAM, 1)
    assert not story.put()
    assert story.counts().refused_late == 1
    assert story.counts().received == 1
    assert story.taken() == [(CAM, 1, 0)]  # what was held is still published


def test_numbers_go_on_over_attempts_and_the_session_changes() -> None:
    story = OutboxScenario()
    story.put()
    story.outbox.end(CAM, 1)
    story.outbox.open(CAM, 2, "cam1-2")
    assert not story.put(generation=1)
    assert story.put(generation=2)
    sessions = [(frame.seq, frame.session) for frame in story.outbox.deliver()]
    assert sessions == [(1, "cam1-1"), (2, "cam1-2")]


def test_a_late_open_or_end_of_an_older_attempt_changes_nothing() -> None:
    story = OutboxScenario()
    story.outbox.open(CAM, 3, "new")
    story.outbox.open(CAM, 2, "old")
    story.outbox.end(CAM, 2)
    assert not story.put(generation=2)
    assert story.put(generation=3)
    (frame,) = story.outbox.deliver()
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
    story = OutboxScenario(buffer_frames=9)
    story.put(times=5)
    frames = [story.outbox.take() for _ in range(5)]
    assert story.counts().in_flight == 5
    for frame, outcome in zip(frames, Outcome, strict=False):
        assert frame is not None
        story.clock.advance(0.25)
        assert story.outbox.settle(CAM, frame.seq, outcome)
    assert story.counts() == FrameCounts(
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
    story = OutboxScenario()
    story.put(times=2)
    story.taken()
    assert story.outbox.settle(CAM, 1, Outcome.RETURNED)
    assert not story.outbox.settle(CAM, 1, Outcome.CONFIRMED)
    assert not story.outbox.settle(CAM, 99, Outcome.CONFIRMED)
    assert (story.counts().returned, story.counts().confirmed) == (1, 0)


def test_a_held_frame_cannot_be_settled() -> None:
    story = OutboxScenario()
    story.put()
    assert not story.outbox.settle(CAM, 1, Outcome.CONFIRMED)
    assert story.counts().held == 1


def test_everything_in_flight_can_be_settled_at_once() -> None:
    story = OutboxScenario(CAM, OTHER)
    story.put(CAM, times=2)
    story.put(OTHER)
    story.taken()
    story.put(CAM)
    assert story.outbox.settle_all(Outcome.UNKNOWN) == 3
    assert story.outbox.settle_all(Outcome.UNKNOWN) == 0
    assert (story.counts().unknown, story.counts(OTHER).unknown) == (2, 1)
    assert story.counts().held == 1
    assert not story.outbox.settle(CAM, 1, Outcome.CONFIRMED)


# --- control --------------------------------------------------------------------------------------


def test_a_smaller_buffer_drops_the_oldest_for_memory_and_can_be_undone() -> None:
    story = OutboxScenario(CAM, buffer_frames=4)
    story.put(times=4)
    story.outbox.limit_buffers(1)
    assert story.counts().dropped_memory == 3
    story.put()
    assert story.counts().dropped_overflow == 1
    story.outbox.add_camera(OTHER)
    story.outbox.open(OTHER, 1, "x")
    story.put(OTHER, times=2)
    assert story.counts(OTHER).held == 1
    story.outbox.limit_buffers(None)
    story.put(times=9)
    assert story.counts().held == 4


def test_a_limit_above_the_configured_buffer_does_not_enlarge_it() -> None:
    story = OutboxScenario(buffer_frames=2)
    story.outbox.limit_buffers(10)
    story.put(times=5)
    assert story.counts().held == 2


def test_beyond_the_bytes_the_camera_that_holds_the_most_loses_its_oldest_frame() -> None:
    story = OutboxScenario(CAM, OTHER, buffer_frames=5, max_bytes=10 * len(IMAGE))
    story.put(OTHER, times=2)
    enormous = IMAGE.ljust(4 * len(IMAGE), b"x")
    assert all(story.outbox.put(CAM, 1, enormous) for _ in range(5))
    assert story.outbox.held_bytes == 10 * len(IMAGE)
    assert story.counts(CAM).dropped_memory == 3
    assert story.counts(OTHER).held == 2
    assert story.taken() == [(OTHER, 1, 0), (CAM, 4, 3), (OTHER, 2, 0), (CAM, 5, 0)]
    assert story.outbox.held_bytes == 0


def test_a_frame_larger_than_all_the_bytes_is_not_held_and_pushes_out_nobody() -> None:
    story = OutboxScenario(CAM, OTHER, max_bytes=2 * len(IMAGE))
    story.put(OTHER)
    assert not story.outbox.put(CAM, 1, IMAGE.ljust(3 * len(IMAGE), b"x"))
    assert story.counts(CAM).dropped_memory == 1
    assert story.taken() == [(OTHER, 1, 0)]


def test_a_rate_limit_drops_frames_that_come_too_soon_after_an_accepted_one() -> None:
    story = OutboxScenario(CAM, OTHER, buffer_frames=9)
    story.outbox.limit_rate(0.25)
    accepted = []
    for _ in range(9):
        accepted.append(story.put(CAM))
        story.clock.advance(0.125)
    assert accepted == [True, False] * 4 + [True]
    assert story.put(OTHER)
    assert story.counts().dropped_memory == 4
    assert story.outbox.last_frame_s(CAM) == story.clock.now - 0.125
    story.outbox.limit_rate(None)
    assert story.put(CAM, times=2)


@pytest.mark.parametrize("reason", DropReason)
def test_all_that_is_held_can_be_dropped_for_a_reason(reason: DropReason) -> None:
    story = OutboxScenario(CAM, OTHER)
    story.put(CAM, times=2)
    story.put(OTHER)
    assert story.outbox.drop_held(reason) == 3
    assert getattr(story.counts(), f"dropped_{reason}") == 2
    assert story.outbox.held == 0
    assert story.outbox.take() is None
    story.put(CAM)
    assert story.taken() == [(CAM, 3, 2)]


def test_dropping_all_that_is_held_gives_no_camera_a_second_place_in_line() -> None:
    story = OutboxScenario(CAM, OTHER)
    story.put(CAM)
    story.outbox.drop_held(DropReason.MEMORY)
    story.put(CAM, times=3)
    story.put(OTHER, times=3)
    assert [camera for camera, _, _ in story.taken()] == [CAM, OTHER] * 3


def test_limits_that_make_no_sense_are_errors() -> None:
    story = OutboxScenario()
    with pytest.raises(ValueError, match="max_age_s"):
        Outbox(story.clock, max_age_s=0)
    with pytest.raises(ValueError, match="max_bytes"):
        Outbox(story.clock, max_bytes=0)
    with pytest.raises(ValueError, match="at least one"):
        Outbox(story.clock, buffer_frames=0)
    with pytest.raises(ValueError, match="at least one"):
        story.outbox.add_camera(OTHER, buffer_frames=0)
    with pytest.raises(ValueError, match="at least one"):
        story.outbox.limit_buffers(0)


def test_the_last_frame_is_known_even_when_it_was_not_kept() -> None:
    story = OutboxScenario()
    assert story.outbox.last_frame_s(CAM) is None
    assert story.outbox.last_size(CAM) == (0, 0)
    story.put()
    story.outbox.drop_held(DropReason.SHUTDOWN)
    came_s = story.clock.now
    story.clock.advance(3)
    story.put(generation=9)
    assert story.outbox.last_frame_s(CAM) == came_s
    assert story.outbox.last_size(CAM) == (640, 360)


def drop_by_overflow(story: OutboxScenario) -> None:
    story.put(times=3)


def drop_for_memory(story: OutboxScenario) -> None:
    story.put()
    story.outbox.limit_buffers(1)


def drop_as_stale(story: OutboxScenario) -> None:
    story.clock.advance(9)
    assert story.outbox.take() is None


def drop_for_shutdown(story: OutboxScenario) -> None:
    story.outbox.drop_held(DropReason.SHUTDOWN)


def take_without_settling(story: OutboxScenario) -> None:
    assert story.outbox.take() is not None
    assert story.counts().in_flight == 1


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
    story = OutboxScenario(buffer_frames=3)
    body = image(7)
    before = sys.getrefcount(body)
    story.outbox.put(CAM, 1, body)
    assert sys.getrefcount(body) == before + 1
    leave(story)
    assert sys.getrefcount(body) == before


# --- notices --------------------------------------------------------------------------------------


def test_the_listener_is_told_once_until_the_outbox_was_found_empty() -> None:
    story = OutboxScenario(CAM, OTHER)
    story.outbox.attach(story.told)
    assert story.notifications == 0
    story.put(CAM, times=3)
    story.put(OTHER)
    assert story.notifications == 1
    assert story.outbox.take() is not None
    story.put(OTHER)
    assert story.notifications == 1
    story.taken()
    story.put(OTHER)
    assert story.notifications == 2


def test_refused_and_dropped_frames_tell_nobody() -> None:
    story = OutboxScenario()
    story.put()
    story.taken()
    story.outbox.attach(story.told)
    story.outbox.limit_rate(10)
    story.put(times=2)
    story.put(generation=4)
    assert story.notifications == 0


def test_a_new_listener_is_told_at_once_if_frames_wait() -> None:
    story = OutboxScenario()
    dead: list[int] = []
    story.outbox.attach(lambda: dead.append(1))
    story.put()
    assert dead == [1]
    story.outbox.attach(story.told)  # the former one died with the notice
    assert story.notifications == 1
    story.put()
    assert story.notifications == 1
    assert dead == [1]


def test_a_detached_listener_is_told_nothing_and_frames_still_wait() -> None:
    story = OutboxScenario()
    story.outbox.attach(story.told)
    story.outbox.detach()
    story.put()
    assert story.notifications == 0
    story.outbox.attach(story.told)
    assert story.notifications == 1


def test_after_everything_was_dropped_the_next_frame_is_still_announced() -> None:
    story = OutboxScenario()
    story.outbox.attach(story.told)
    story.put()
    story.outbox.drop_held(DropReason.MEMORY)
    assert story.outbox.take() is None
    story.put()
    assert story.notifications == 2


def test_the_listener_is_called_without_the_lock() -> None:
    story = OutboxScenario()
    seen: list[tuple[int, bool]] = []

    def listener() -> None:
        other_thread = threading.Thread(target=story.outbox.counts, daemon=True)
        other_thread.start()
        other_thread.join(PATIENCE_S)
        seen.append((story.outbox.held, other_thread.is_alive()))
        story.taken()

    story.outbox.attach(listener)
    story.put()
    story.put()
    assert seen == [(1, False), (1, False)]


class MeddlingLock:
    """A lock that lets something happen in the very instant it is released."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at_release: Callable[[], object] | None = None

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        meddle, self.at_release = self.at_release, None
        if meddle is not None:
            meddle()


@pytest.mark.parametrize("look", [Outbox.take, Outbox.deliver])
def test_a_frame_that_comes_right_after_the_outbox_was_found_empty_is_announced(
    look: Callable[[Outbox], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = OutboxScenario()
    story.outbox.attach(story.told)
    story.put()
    assert story.outbox.take() is not None
    lock = MeddlingLock()
    monkeypatch.setattr(story.outbox, "_lock", lock)
    lock.at_release = story.put
    assert not look(story.outbox)
    assert story.outbox.held == 1
    assert story.notifications == 2


def test_a_frame_that_is_taken_before_its_notice_arrives_loses_no_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = OutboxScenario()
    story.outbox.attach(story.told)
    lock = MeddlingLock()
    monkeypatch.setattr(story.outbox, "_lock", lock)
    lock.at_release = story.taken
    story.put()
    assert story.outbox.held == 0
    assert story.notifications == 1  # late, and harmless
    story.put()
    assert story.notifications == 2


def test_a_listener_that_raises_breaks_no_reader_and_is_told_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    story = OutboxScenario()
    calls: list[int] = []

    def dead() -> None:
        calls.append(1)
        raise RuntimeError("the actor is dead")

    story.outbox.attach(dead)
    with caplog.at_level(logging.WARNING):
        assert story.put(times=3)
    assert len(calls) == 3
    assert [record.message for record in caplog.records] == [
        "nobody could be told that frames wait: RuntimeError('the actor is dead')"
    ]
    story.outbox.attach(story.told)
    assert story.notifications == 1


def test_deliver_takes_and_confirms() -> None:
    story = OutboxScenario(CAM, OTHER)
    story.put(CAM, times=2)
    story.put(OTHER)
    frames = story.outbox.deliver()
    assert [(frame.camera_id, frame.seq) for frame in frames] == [(CAM, 1), (OTHER, 1), (CAM, 2)]
    assert story.counts() == FrameCounts(
        received=2,
        published=2,
        confirmed=2,
        received_bytes=2 * len(IMAGE),
        published_bytes=2 * len(IMAGE),
    )
    assert story.outbox.deliver() == []


def test_one_deliver_per_notice_leaves_nothing_behind() -> None:
    story = OutboxScenario(CAM, buffer_frames=5)
    story.outbox.attach(story.told)
    story.put(times=5)
    delivered = []
    rounds = 0
    while story.notifications > rounds:
        rounds += 1
        delivered += [frame.seq for frame in story.outbox.deliver(limit=2)]
    assert delivered == [1, 2, 3, 4, 5]
    story.put()
    assert story.notifications == rounds + 1


# --- threads --------------------------------------------------------------------------------------


def test_no_frame_is_lost_and_no_notice_either_between_many_readers_and_one_taker() -> None:
    """Each reader puts its next frame only when the former one was taken.

    So the outbox runs empty all the time, and a single lost notice stops everything.
    """
    cameras = [CameraId(f"cam{n}") for n in range(4)]
    frames_each = 1500
    outbox = Outbox(SystemClock(), buffer_frames=2, max_age_s=1000)
    ready = threading.Event()
    turn = {camera: threading.Semaphore(1) for camera in cameras}
    stalled: list[CameraId] = []
    for camera in cameras:
        outbox.add_camera(camera)
        outbox.open(camera, 1, "s")
    outbox.attach(ready.set)

    def read(camera: CameraId) -> None:
        for _ in range(frames_each):
            if not turn[camera].acquire(timeout=PATIENCE_S):
                stalled.append(camera)
                return
            outbox.put(camera, 1, IMAGE)

    readers = [threading.Thread(target=read, args=(camera,), daemon=True) for camera in cameras]
    for reader in readers:
        reader.start()
    taken = 0
    while taken < frames_each * len(cameras):
        # Only a notice may wake the taker: it does not look by itself.
        assert ready.wait(PATIENCE_S), f"a notice was lost after {taken} frames"
        ready.clear()
        while (frame := outbox.take()) is not None:
            taken += 1
            assert outbox.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)
            turn[frame.camera_id].release()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert not stalled
    assert all(
        counts == replace(counts, received=frames_each, confirmed=frames_each, held=0, in_flight=0)
        and counts.imbalance() is None
        for counts in outbox.counts().values()
    )


def take_until(done: threading.Event, outbox: Outbox, ready: threading.Event) -> list[str]:
    """Take and confirm whatever comes; what was wrong with the numbers."""
    last_seq: dict[CameraId, int] = {}
    faults = []
    while not (done.is_set() and outbox.held == 0):
        ready.wait(0.01)
        ready.clear()
        while (frame := outbox.take()) is not None:
            last = last_seq.get(frame.camera_id, 0)
            if frame.seq - frame.dropped - 1 != last:
                faults.append(f"{frame!r} after {last}")
            last_seq[frame.camera_id] = frame.seq
            outbox.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)
    return faults


def test_the_books_balance_in_every_snapshot_while_threads_flood_the_outbox() -> None:
    cameras = [CameraId(f"cam{n}") for n in range(4)]
    frames_each = 2000
    outbox = Outbox(SystemClock(), buffer_frames=2, max_age_s=1000)
    ready, done = threading.Event(), threading.Event()
    for camera in cameras:
        outbox.add_camera(camera)
        outbox.open(camera, 1, "s")
    outbox.attach(ready.set)

    def read(camera: CameraId) -> None:
        for _ in range(frames_each):
            outbox.put(camera, 1, IMAGE)

    with ThreadPoolExecutor(len(cameras) + 1) as threads:
        taker = threads.submit(take_until, done, outbox, ready)
        readers = [threads.submit(read, camera) for camera in cameras]
        try:
            while not all(reader.done() for reader in readers):
                for counts in outbox.counts().values():
                    assert counts.imbalance() is None
                    assert counts.held <= 2
        finally:
            done.set()
        assert taker.result(PATIENCE_S) == []
    totals = add_counts(outbox.counts().values())
    assert totals.received == frames_each * len(cameras)
    assert totals.confirmed + totals.dropped_overflow == totals.received


# --- any story ------------------------------------------------------------------------------------

CAMERAS = st.sampled_from([CAM, OTHER, THIRD])
MAX_BYTES = 130


class AnyStory(RuleBasedStateMachine):
    """Random events against a plain model: a list of what each camera holds."""

    def __init__(self) -> None:
        super().__init__()
        self.configured = {CAM: 3, OTHER: 3, THIRD: 1}
        self.story = OutboxScenario(CAM, OTHER, buffer_frames=3, max_age_s=2.0, max_bytes=MAX_BYTES)
        self.outbox = self.story.outbox
        self.outbox.add_camera(THIRD, buffer_frames=1)
        self.generation = {CAM: 1, OTHER: 1, THIRD: 0}
        self.open = {CAM: True, OTHER: True, THIRD: False}
        self.limit: int | None = None
        self.interval: float | None = None
        self.held: dict[CameraId, deque[tuple[int, float, int]]] = {
            c: deque() for c in self.configured
        }
        self.received_bytes = dict.fromkeys(self.configured, 0)
        self.published_bytes = dict.fromkeys(self.configured, 0)
        self.accepted_s = dict.fromkeys(self.configured, -1e9)
        self.seq = dict.fromkeys(self.configured, 0)
        self.taken_seq = dict.fromkeys(self.configured, 0)
        self.refused = dict.fromkeys(self.configured, 0)
        self.drops: dict[CameraId, dict[DropReason, int]] = {
            c: dict.fromkeys(DropReason, 0) for c in self.configured
        }
        self.outcomes: dict[CameraId, dict[Outcome, int]] = {
            c: dict.fromkeys(Outcome, 0) for c in self.configured
        }
        self.in_flight: list[tuple[CameraId, int]] = []
        self.line: list[CameraId] = []  # whose turn it is
        self.attached = False
        self.told = False
        self.expected_notices = 0

    def capacity(self, camera: CameraId) -> int:
        configured = self.configured[camera]
        return configured if self.limit is None else min(configured, self.limit)

    def expect_notice(self) -> None:
        if self.attached and not self.told and any(self.held.values()):
            self.told = True
            self.expected_notices += 1

    def drop_stale(self, camera: CameraId) -> None:
        now = self.story.clock.now
        while self.held[camera] and now - self.held[camera][0][1] > 2.0:
            self.held[camera].popleft()
            self.drops[camera][DropReason.STALE] += 1

    def expected_next(self) -> tuple[CameraId, int, int] | None:
        while self.line:
            camera = self.line.pop(0)
            self.drop_stale(camera)
            if self.held[camera]:
                seq, _, size = self.held[camera].popleft()
                self.published_bytes[camera] += size
                lost = seq - self.taken_seq[camera] - 1
                self.taken_seq[camera] = seq
                if self.held[camera]:
                    self.line.append(camera)
                return camera, seq, lost
        return None

    def bytes_of(self, camera: CameraId) -> int:
        return sum(size for _, _, size in self.held[camera])

    def make_room(self) -> None:
        while sum(map(self.bytes_of, self.line)) > MAX_BYTES:
            largest = max(self.line, key=self.bytes_of)
            self.held[largest].popleft()
            self.drops[largest][DropReason.MEMORY] += 1
            if not self.held[largest]:
                self.line.remove(largest)

    @rule(
        camera=CAMERAS,
        behind=st.sampled_from([0, 0, 0, 0, 1, -1]),
        size=st.sampled_from([len(IMAGE), len(IMAGE), 40, 70, MAX_BYTES, MAX_BYTES + 1]),
    )
    def put(self, camera: CameraId, behind: int, size: int) -> None:
        now = self.story.clock.now
        held = self.held[camera]
        expected = False
        if behind or not self.open[camera]:
            self.refused[camera] += 1
        else:
            self.seq[camera] += 1
            self.received_bytes[camera] += size
            if self.interval is not None and now - self.accepted_s[camera] < self.interval:
                self.drops[camera][DropReason.MEMORY] += 1
            else:
                self.accepted_s[camera] = now
                held.append((self.seq[camera], now, size))
                if len(held) > self.capacity(camera):
                    held.popleft()
                    self.drops[camera][DropReason.OVERFLOW] += 1
                if camera not in self.line:
                    self.line.append(camera)
                self.make_room()
                expected = bool(held)
                self.expect_notice()
        image = IMAGE.ljust(size, b"x")
        assert self.outbox.put(camera, self.generation[camera] - behind, image) is expected

    @rule()
    def take(self) -> None:
        expected = self.expected_next()
        frame = self.outbox.take()
        if expected is None:
            assert frame is None
            self.told = False
        else:
            assert frame is not None
            assert (frame.camera_id, frame.seq, frame.dropped) == expected
            self.in_flight.append(expected[:2])

    @rule(limit=st.integers(1, 4))
    def deliver(self, limit: int) -> None:
        expected: list[tuple[CameraId, int, int]] = []
        while len(expected) < limit and (one := self.expected_next()) is not None:
            expected.append(one)
            self.outcomes[one[0]][Outcome.CONFIRMED] += 1
        self.told = False
        self.expect_notice()
        frames = self.outbox.deliver(limit)
        assert [(frame.camera_id, frame.seq, frame.dropped) for frame in frames] == expected

    @rule(which=st.integers(0, 9), outcome=st.sampled_from(Outcome), again=st.booleans())
    def settle(self, which: int, outcome: Outcome, again: bool) -> None:
        if which < len(self.in_flight):
            camera, seq = self.in_flight.pop(which)
            self.outcomes[camera][outcome] += 1
            assert self.outbox.settle(camera, seq, outcome)
            if again:
                assert not self.outbox.settle(camera, seq, Outcome.NACKED)
        else:
            assert not self.outbox.settle(CAM, self.seq[CAM] + 1, outcome)

    @rule(outcome=st.sampled_from(Outcome))
    def settle_all(self, outcome: Outcome) -> None:
        assert self.outbox.settle_all(outcome) == len(self.in_flight)
        for camera, _ in self.in_flight:
            self.outcomes[camera][outcome] += 1
        self.in_flight.clear()

    @rule(camera=CAMERAS)
    def open_next(self, camera: CameraId) -> None:
        self.generation[camera] += 1
        self.open[camera] = True
        self.outbox.open(camera, self.generation[camera], "next")
        self.outbox.open(camera, self.generation[camera] - 1, "late")

    @rule(camera=CAMERAS, late=st.booleans())
    def end(self, camera: CameraId, late: bool) -> None:
        self.outbox.end(camera, self.generation[camera] - late)
        if not late:
            self.open[camera] = False

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.25, 1.0, 2.5]))
    def time_passes(self, seconds: float) -> None:
        self.story.clock.advance(seconds)

    @rule(frames=st.sampled_from([None, 1, 2, 7]))
    def limit_buffers(self, frames: int | None) -> None:
        self.limit = frames
        self.outbox.limit_buffers(frames)
        for camera, held in self.held.items():
            while len(held) > self.capacity(camera):
                held.popleft()
                self.drops[camera][DropReason.MEMORY] += 1

    @rule(interval=st.sampled_from([None, 0.2, 1.0]))
    def limit_rate(self, interval: float | None) -> None:
        self.interval = interval
        self.outbox.limit_rate(interval)

    @rule(reason=st.sampled_from(DropReason))
    def drop_held(self, reason: DropReason) -> None:
        assert self.outbox.drop_held(reason) == sum(map(len, self.held.values()))
        for camera, held in self.held.items():
            self.drops[camera][reason] += len(held)
            held.clear()
        self.line.clear()

    @rule()
    def attach(self) -> None:
        self.attached, self.told = True, False
        self.expect_notice()
        self.outbox.attach(self.story.told)

    @rule()
    def detach(self) -> None:
        self.attached = self.told = False
        self.outbox.detach()

    @invariant()
    def the_listener_was_told_exactly_when_it_had_to_be(self) -> None:
        assert self.story.notifications == self.expected_notices

    @invariant()
    def the_books_are_those_of_the_model(self) -> None:
        counts = self.outbox.counts()
        assert self.outbox.held == sum(map(len, self.held.values()))
        assert self.outbox.held_bytes == sum(map(self.bytes_of, self.held)) <= MAX_BYTES
        for camera, one in counts.items():
            assert one.imbalance() is None
            outcomes, drops = self.outcomes[camera], self.drops[camera]
            in_flight = sum(1 for each, _ in self.in_flight if each == camera)
            published = in_flight + sum(outcomes.values())
            assert replace(one, confirm_ns=0) == FrameCounts(
                received=self.seq[camera],
                published=published,
                held=len(self.held[camera]),
                in_flight=in_flight,
                refused_late=self.refused[camera],
                received_bytes=self.received_bytes[camera],
                published_bytes=self.published_bytes[camera],
                **{f"dropped_{reason}": number for reason, number in drops.items()},
                **{str(outcome): number for outcome, number in outcomes.items()},
            )
            assert one.held <= self.configured[camera]


TestAnyStory = AnyStory.TestCase
TestAnyStory.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
