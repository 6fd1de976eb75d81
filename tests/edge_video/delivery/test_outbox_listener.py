"""When the outbox calls its listener, and what threads see of it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome, add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock
from tests.edge_video.delivery.outbox_scenario import (
    CAM,
    IMAGE,
    OTHER,
    PATIENCE_S,
    OutboxScenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_listener_is_told_once_until_the_outbox_was_found_empty() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.outbox.attach(scenario.on_ready)
    assert scenario.notifications == 0
    scenario.put(CAM, times=3)
    scenario.put(OTHER)
    assert scenario.notifications == 1
    assert scenario.outbox.take() is not None
    scenario.put(OTHER)
    assert scenario.notifications == 1
    scenario.taken()
    scenario.put(OTHER)
    assert scenario.notifications == 2


def test_refused_and_dropped_frames_tell_nobody() -> None:
    scenario = OutboxScenario()
    scenario.put()
    scenario.taken()
    scenario.outbox.attach(scenario.on_ready)
    scenario.outbox.limits.rate(10)
    scenario.put(times=2)
    scenario.put(generation=4)
    assert scenario.notifications == 0


def test_a_new_listener_is_told_at_once_if_frames_wait() -> None:
    scenario = OutboxScenario()
    dead: list[int] = []
    scenario.outbox.attach(lambda: dead.append(1))
    scenario.put()
    assert dead == [1]
    scenario.outbox.attach(scenario.on_ready)  # the former one died with the notice
    assert scenario.notifications == 1
    scenario.put()
    assert scenario.notifications == 1
    assert dead == [1]


def test_a_detached_listener_is_told_nothing_and_frames_still_wait() -> None:
    scenario = OutboxScenario()
    scenario.outbox.attach(scenario.on_ready)
    scenario.outbox.detach()
    scenario.put()
    assert scenario.notifications == 0
    scenario.outbox.attach(scenario.on_ready)
    assert scenario.notifications == 1


def test_after_everything_was_dropped_the_next_frame_is_still_announced() -> None:
    scenario = OutboxScenario()
    scenario.outbox.attach(scenario.on_ready)
    scenario.put()
    scenario.outbox.drop_held(DropReason.MEMORY)
    assert scenario.outbox.take() is None
    scenario.put()
    assert scenario.notifications == 2


def test_the_listener_is_called_without_the_lock() -> None:
    scenario = OutboxScenario()
    seen: list[tuple[int, bool]] = []

    def listener() -> None:
        other_thread = threading.Thread(target=scenario.outbox.counts, daemon=True)
        other_thread.start()
        other_thread.join(PATIENCE_S)
        seen.append((scenario.outbox.held, other_thread.is_alive()))
        scenario.taken()

    scenario.outbox.attach(listener)
    scenario.put()
    scenario.put()
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
    lock = MeddlingLock()
    monkeypatch.setattr("edge_video.delivery.outbox.Lock", lambda: lock)
    scenario = OutboxScenario()
    scenario.outbox.attach(scenario.on_ready)
    scenario.put()
    assert scenario.outbox.take() is not None
    lock.at_release = scenario.put
    assert not look(scenario.outbox)
    assert scenario.outbox.held == 1
    assert scenario.notifications == 2


def test_a_frame_that_is_taken_before_its_notice_arrives_loses_no_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = MeddlingLock()
    monkeypatch.setattr("edge_video.delivery.outbox.Lock", lambda: lock)
    scenario = OutboxScenario()
    scenario.outbox.attach(scenario.on_ready)
    lock.at_release = scenario.taken
    scenario.put()
    assert scenario.outbox.held == 0
    assert scenario.notifications == 1  # late, and harmless
    scenario.put()
    assert scenario.notifications == 2


def test_a_listener_that_raises_breaks_no_reader_and_is_told_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scenario = OutboxScenario()
    calls: list[int] = []

    def dead() -> None:
        calls.append(1)
        raise RuntimeError("the actor is dead")

    scenario.outbox.attach(dead)
    with caplog.at_level(logging.WARNING):
        assert scenario.put(times=3)
    assert len(calls) == 3
    assert [record.message for record in caplog.records] == [
        "nobody could be told that frames wait: RuntimeError('the actor is dead')"
    ]
    scenario.outbox.attach(scenario.on_ready)
    assert scenario.notifications == 1


def test_deliver_takes_and_confirms() -> None:
    scenario = OutboxScenario(CAM, OTHER)
    scenario.put(CAM, times=2)
    scenario.put(OTHER)
    frames = scenario.outbox.deliver()
    assert [(frame.camera_id, frame.seq) for frame in frames] == [(CAM, 1), (OTHER, 1), (CAM, 2)]
    assert scenario.counts() == FrameCounts(
        received=2,
        published=2,
        confirmed=2,
        received_bytes=2 * len(IMAGE),
        published_bytes=2 * len(IMAGE),
    )
    assert scenario.outbox.deliver() == []


def test_one_deliver_per_notice_leaves_nothing_behind() -> None:
    scenario = OutboxScenario(CAM, buffer_frames=5)
    scenario.outbox.attach(scenario.on_ready)
    scenario.put(times=5)
    delivered = []
    rounds = 0
    while scenario.notifications > rounds:
        rounds += 1
        delivered += [frame.seq for frame in scenario.outbox.deliver(limit=2)]
    assert delivered == [1, 2, 3, 4, 5]
    scenario.put()
    assert scenario.notifications == rounds + 1


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


def test_the_counts_add_up_in_every_snapshot_while_threads_flood_the_outbox() -> None:
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
