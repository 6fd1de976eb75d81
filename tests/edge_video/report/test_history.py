"""A run of any length fits into bounded memory, and what is kept stays true."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.delivery.ledger import FrameCounts
from edge_video.frames import CameraId
from edge_video.report.history import (
    SAMPLES,
    STRETCHES,
    HalvingRing,
    HistoryRecorder,
    Sample,
    merge_samples,
)
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase
from tests.edge_video.report.examples import camera, record, sample, system

CAM1 = CameraId("cam1")


def join(earlier: str, later: str) -> str:
    return earlier + later


@settings(deadline=None)
@given(st.lists(st.characters(), max_size=300), st.integers(2, 9))
def test_a_ring_keeps_everything_in_order_and_never_more_than_its_capacity(
    additions: list[str], capacity: int
) -> None:
    ring: HalvingRing[str] = HalvingRing(capacity, join)
    for each in additions:
        ring = ring.add(each)
        assert len(ring.entries) <= capacity
    assert "".join(ring.entries) == "".join(additions)
    assert {len(entry) for entry in ring.whole} <= {ring.stride}
    if additions:
        assert len(ring.entries) >= min(len(additions), capacity // 2)


def test_adding_leaves_the_ring_before_as_it_was() -> None:
    one = HalvingRing(2, join).add("a")
    one.add("b").add("c")
    assert one.entries == ("a",)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=200))
def test_counts_stay_exact_and_load_is_averaged_however_coarse_it_gets(
    frames: list[int],
) -> None:
    ring: HalvingRing[Sample] = HalvingRing(8, merge_samples)
    totals = list(itertools.accumulate(frames))
    recorder = HistoryRecorder()
    for at_s, (total, count) in enumerate(zip(totals, frames, strict=True), start=1):
        process = replace(sample(), cpu_percent=float(count), rss_bytes=count)
        shown = system(
            camera(frames=FrameCounts(received=total)), process=process, uptime_s=float(at_s)
        )
        recorder.sample(shown)
        ring = ring.add(recorder.history(0.0).samples[-1])
    kept = recorder.history(float(len(frames))).samples
    assert [each.received for each in kept] == [{CAM1: total} for total in totals]
    for entry in ring.entries:
        assert entry.received == {CAM1: totals[round(entry.at_s) - 1]}
    loads = [entry.process for entry in ring.entries if entry.process]
    weighed = sum(load.cpu_percent * load.weight for load in loads)
    assert abs(weighed - sum(frames)) < 1e-6
    assert max(load.rss_bytes for load in loads) == max(frames)


def test_months_of_samples_and_changes_fit() -> None:
    recorder = HistoryRecorder()
    states = itertools.cycle(BreakerState)
    shown = system(camera(), process=sample())
    for at_s in range(20_000):
        recorder.sample(replace(shown, uptime_s=float(at_s)))
        recorder.camera(record(state=next(states)), float(at_s), at_s)
    history = recorder.history(20_000.0)
    assert SAMPLES / 2 <= len(history.samples) <= SAMPLES
    assert len(history.breakers[CAM1]) <= STRETCHES
    seconds = [sum(each.seconds.values()) for each in history.breakers[CAM1]]
    assert sum(seconds) == 20_000.0


changes = st.lists(st.tuples(st.sampled_from(BreakerState), st.integers(0, 40)), max_size=600)


@settings(deadline=None)
@given(changes)
def test_the_seconds_in_each_state_are_kept_exactly_and_without_gaps(
    steps: list[tuple[BreakerState, int]],
) -> None:
    recorder, at_s = HistoryRecorder(), 0
    expected = dict.fromkeys(BreakerState, 0)
    for state, lasts_s in steps:
        recorder.camera(record(state=state), float(at_s), at_s)
        expected[state] += lasts_s
        at_s += lasts_s
    first = recorder.history(float(at_s))
    stretches = first.breakers.get(CAM1, ())
    assert recorder.history(float(at_s)) == first, "reading changes nothing"
    for state in BreakerState:
        assert sum(each.seconds.get(state, 0.0) for each in stretches) == expected[state]
    for before, after in itertools.pairwise(stretches):
        assert before.end_s == after.start_s
    assert all(each.state in each.seconds for each in stretches)


def test_a_camera_that_is_disabled_later_goes_on_and_one_that_always_was_has_no_course() -> None:
    recorder = HistoryRecorder()
    disabled = replace(record(), phase=CameraPhase.DISABLED)
    recorder.camera(disabled, 0.0, 0)
    assert recorder.history(1.0).breakers == {}
    recorder.camera(record(state=BreakerState.OPEN), 1.0, 1)
    recorder.camera(disabled, 3.0, 3)
    stretches = recorder.history(7.0).breakers[CAM1]
    assert [(each.state, each.end_s) for each in stretches] == [
        (BreakerState.OPEN, 3.0),
        (BreakerState.CLOSED, 7.0),
    ]


def test_a_camera_that_was_removed_and_comes_back_has_changed_nothing() -> None:
    recorder = HistoryRecorder()
    recorder.camera(record(), 0.0, 0)
    recorder.keep_cameras([])
    recorder.camera(record(state=BreakerState.OPEN), 1.0, 1)
    assert recorder.history(2.0).events == ()
