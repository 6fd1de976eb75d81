"""The timeline has an entry for what happened, not one for each repetition."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from edge_video.frames import CameraId
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, Outage, PublisherState, PublisherStatus
from edge_video.status.snapshot import CameraRecord
from edge_video.status.timeline import (
    MAX_ENTRIES,
    MAX_OF_SUBJECT,
    EntryKind,
    Timeline,
    TransitionCounts,
    count_transitions,
    is_half_reported,
    transition_of,
)

CLOSED = CircuitBreaker.new(BreakerPolicy())
OPEN = replace(CLOSED, state=BreakerState.OPEN, changes=1)
HALF_OPEN = replace(CLOSED, state=BreakerState.HALF_OPEN, changes=2)
STREAMING = CameraRecord(CameraId("door"), "rtsp://10.0.0.5/s", 15, CameraPhase.STREAMING, CLOSED)
REFUSED = Failure(Cause.REFUSED, "Connection refused")


def failed(record: CameraRecord, at_s: float, breaker: CircuitBreaker) -> CameraRecord:
    return replace(record, breaker=breaker, last_failure=REFUSED, last_failure_at_s=at_s)


def reported(timeline: Timeline) -> list[tuple[EntryKind, str, int]]:
    return [(entry.kind, entry.cause, entry.count) for entry in timeline.entries]


def test_a_camera_that_opens_probes_and_recovers_makes_one_entry_for_each_change() -> None:
    timeline = Timeline()
    records = [
        STREAMING,
        opened := failed(replace(STREAMING, phase=CameraPhase.STARTING), 1.0, OPEN),
        probing := replace(opened, breaker=HALF_OPEN),
        again := failed(probing, 2.0, replace(OPEN, changes=3)),
        probing2 := replace(again, breaker=replace(HALF_OPEN, changes=4)),
        third := failed(probing2, 3.0, replace(OPEN, changes=5)),
        probing3 := replace(third, breaker=replace(HALF_OPEN, changes=6)),
        well := replace(probing3, breaker=replace(CLOSED, changes=7), phase=CameraPhase.STREAMING),
        replace(well, phase=CameraPhase.STOPPED),
    ]
    for at_ns, (before, now) in enumerate(pairwise(records)):
        timeline.camera_changed(before, now, at_ns, 0.0)
    assert reported(timeline) == [
        (EntryKind.BREAKER_OPENED, "refused", 1),
        (EntryKind.PROBE_FAILED, "refused", 2),
        (EntryKind.BREAKER_CLOSED, "", 1),
        (EntryKind.CAMERA_STREAMING, "", 1),
        (EntryKind.CAMERA_STOPPED, "", 1),
    ]
    probes = timeline.entries[1]
    assert (probes.first_at_ns, probes.last_at_ns) == (2, 4)


def test_closing_and_opening_by_schedule_is_one_entry_each() -> None:
    timeline = Timeline()
    away = failed(replace(STREAMING, phase=CameraPhase.WAITING), 1.0, OPEN)
    night = replace(away, opens_at="2026-11-30T07:00:00-03:00")
    forgiven = replace(night, breaker=CLOSED)
    closed = replace(forgiven, phase=CameraPhase.OFF_SCHEDULE)
    morning = replace(closed, opens_at=None)
    starts = replace(morning, phase=CameraPhase.STARTING)
    for at_ns, (before, now) in enumerate(pairwise([away, night, forgiven, closed, morning])):
        timeline.camera_changed(before, now, at_ns, 0.0)
    timeline.camera_changed(morning, starts, 9, 0.0)
    assert reported(timeline) == [
        (EntryKind.CAMERA_CLOSED, "", 1),
        (EntryKind.CAMERA_OPENED, "", 1),
    ]


def test_a_night_off_as_expected_is_one_entry() -> None:
    timeline = Timeline()
    off = replace(STREAMING, phase=CameraPhase.OFF_EXPECTED)
    tried = replace(off, breaker=replace(CLOSED, generation=CLOSED.generation + 1))
    for at_ns, (before, now) in enumerate(pairwise([STREAMING, off, tried, off, STREAMING])):
        timeline.camera_changed(before, now, at_ns, 0.0)
    assert reported(timeline) == [
        (EntryKind.CAMERA_OFF, "", 1),
        (EntryKind.CAMERA_STREAMING, "", 1),
    ]


def test_cpu_that_is_short_is_an_entry_about_no_camera() -> None:
    timeline = Timeline(limit=10)
    timeline.cpu_shortage_changed(is_short=True, at_ns=1)
    timeline.cpu_shortage_changed(is_short=False, at_ns=2)
    assert reported(timeline) == [
        (EntryKind.CPU_SHORTAGE, "short", 1),
        (EntryKind.CPU_SHORTAGE, "enough", 1),
    ]
    assert all(entry.camera == "" for entry in timeline.entries)


def test_a_flapping_camera_is_one_line_and_does_not_push_others_out() -> None:
    timeline = Timeline(limit=10)
    timeline.memory_level_changed(MemoryLevel.WARNING, 1)
    record = STREAMING
    for number in range(1000):
        before, record = record, failed(record, float(number), CLOSED)
        timeline.camera_changed(before, record, number, 0.0)
    assert reported(timeline) == [
        (EntryKind.MEMORY_LEVEL, "warning", 1),
        (EntryKind.CAMERA_FAILED, "refused", 1000),
    ]


def test_the_timeline_keeps_the_newest_entries() -> None:
    timeline = Timeline(limit=3)
    for number in range(10):
        timeline.add(EntryKind.CAMERA_STOPPED, number, subject=f"cam{number}")
    assert [entry.subject for entry in timeline.entries] == ["cam7", "cam8", "cam9"]
    assert timeline.version == 10


def test_an_entry_that_was_pushed_out_can_begin_again() -> None:
    timeline = Timeline(limit=1)
    for subject in ("a", "b", "a"):
        timeline.add(EntryKind.CAMERA_STOPPED, 0, subject=subject)
    assert reported(timeline) == [(EntryKind.CAMERA_STOPPED, "", 1)]


def test_the_publisher_has_one_entry_per_connection() -> None:
    timeline = Timeline()
    connected = PublisherStatus(PublisherState.CONNECTED, "broker", connections=1)
    waiting = replace(connected, state=PublisherState.WAITING, connections_lost=1, reason="EOF")
    steps = [
        PublisherStatus(PublisherState.CONNECTING, "broker"),
        *(connected, connected, waiting, replace(waiting, retry_in_s=3.0)),
        replace(waiting, failed_attempts=1),
        replace(connected, connections=2, connections_lost=1, failed_attempts=1),
    ]
    for number, (before, now) in enumerate(pairwise(steps)):
        timeline.publisher_changed(before, now, number)
    assert reported(timeline) == [
        (EntryKind.PUBLISHER_CONNECTED, "", 1),
        (EntryKind.PUBLISHER_LOST, "", 2),
        (EntryKind.PUBLISHER_CONNECTED, "", 1),
    ]


def test_a_restarted_actor_has_an_entry() -> None:
    timeline = Timeline()
    timeline.restarts_counted({}, {"publisher": 0, "metrics": 1}, 5)
    timeline.restarts_counted({"metrics": 1}, {"metrics": 1}, 6)
    assert [(entry.kind, entry.subject) for entry in timeline.entries] == [
        (EntryKind.ACTOR_RESTARTED, "metrics")
    ]


def test_transitions_have_their_causes() -> None:
    opened = failed(STREAMING, 1.0, OPEN)
    probing = replace(opened, breaker=HALF_OPEN)
    forced = replace(STREAMING, breaker=replace(OPEN, forced_open=True))
    assert transition_of(STREAMING, opened) == ("CLOSED", "OPEN", "refused")
    assert transition_of(opened, probing) == ("OPEN", "HALF_OPEN", "wait_over")
    assert transition_of(probing, STREAMING) == ("HALF_OPEN", "CLOSED", "recovered")
    assert transition_of(opened, STREAMING) == ("OPEN", "CLOSED", "operator")
    assert transition_of(STREAMING, forced) == ("CLOSED", "OPEN", "operator")
    assert transition_of(opened, opened) is None


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        ({"opens_at": "2026-01-01T07:00:00+00:00"}, "schedule"),
        ({"off_by_profile": "night"}, "schedule"),
        ({"is_elsewhere": True}, "elsewhere"),
    ],
)
@pytest.mark.parametrize("before", [OPEN, HALF_OPEN])
def test_failures_that_are_forgotten_while_a_camera_rests_are_no_recovery(
    before: CircuitBreaker, why: dict[str, Any], cause: str
) -> None:
    ill = replace(STREAMING, breaker=before, phase=CameraPhase.STARTING, **why)
    rests = replace(ill, breaker=CLOSED)
    assert transition_of(ill, rests) == (before.state.value, "CLOSED", cause)
    timeline = Timeline()
    timeline.camera_changed(ill, rests, 1, 1.0)
    assert [each.kind for each in timeline.entries] == []


def test_the_sum_of_the_transitions_is_what_the_breaker_counted() -> None:
    counts: TransitionCounts = Counter()
    count_transitions(counts, STREAMING, failed(STREAMING, 1.0, OPEN))
    skipped = replace(STREAMING, breaker=replace(CLOSED, changes=4))
    count_transitions(counts, failed(STREAMING, 1.0, OPEN), skipped)
    assert counts.total() == 4
    assert counts["unseen", "unseen", "unseen"] == 2


def test_an_opening_waits_for_the_failure_that_caused_it() -> None:
    opened_only = replace(STREAMING, breaker=OPEN)
    assert is_half_reported(STREAMING, STREAMING, opened_only)
    assert not is_half_reported(STREAMING, STREAMING, failed(STREAMING, 1.0, OPEN))
    assert not is_half_reported(STREAMING, opened_only, replace(opened_only, ffmpeg_pid=7))
    forced = replace(STREAMING, breaker=replace(OPEN, forced_open=True))
    assert not is_half_reported(STREAMING, STREAMING, forced)


def test_a_camera_that_comes_and_goes_does_not_push_out_the_others() -> None:
    timeline = Timeline()
    timeline.add(EntryKind.CAMERA_FAILED, 1, subject="yard", cause="refused")
    for at_ns in range(2, 3000):
        kind = EntryKind.CAMERA_STREAMING if at_ns % 2 else EntryKind.CAMERA_FAILED
        timeline.add(kind, at_ns, subject="door")
    of = Counter(entry.subject for entry in timeline.entries)
    assert of == {"yard": 1, "door": MAX_OF_SUBJECT}
    assert [entry.last_at_ns for entry in timeline.entries][-1] == 2999


def test_however_many_subjects_there_are_it_is_bounded() -> None:
    timeline = Timeline()
    for number in range(2 * MAX_ENTRIES):
        timeline.add(EntryKind.CAMERA_FAILED, number, subject=f"cam{number}")
    assert len(timeline.entries) == MAX_ENTRIES
    assert timeline.entries[0].subject == f"cam{MAX_ENTRIES}"


def test_the_same_wish_of_two_people_is_two_entries() -> None:
    timeline = Timeline()
    for at_ns, by in enumerate(("token, 10.0.0.1", "token, 10.0.0.1", "token, 10.0.0.2")):
        timeline.add(EntryKind.COMMAND_RETRY, at_ns, subject="door", by=by)
    assert [(entry.by[-1], entry.count) for entry in timeline.entries] == [("1", 2), ("2", 1)]


def test_an_entry_is_about_a_camera_or_about_something_else() -> None:
    timeline = Timeline()
    timeline.add(EntryKind.CAMERA_FAILED, 1, subject="publisher")  # a camera may be named so
    timeline.add(EntryKind.PUBLISHER_LOST, 2, subject="publisher")
    assert [entry.camera for entry in timeline.entries] == ["publisher", ""]


def test_what_is_over_tells_how_long_it_lasted() -> None:
    timeline = Timeline()
    wall_ns = iter([100, 90, 80, 10**18, 7, 8])  # the wall clock is set again and again
    opened = failed(replace(STREAMING, phase=CameraPhase.STARTING), 1.0, OPEN)
    probing = replace(opened, breaker=HALF_OPEN)
    again = failed(probing, 2.0, replace(OPEN, changes=3))
    well = replace(again, breaker=replace(CLOSED, changes=5), phase=CameraPhase.STREAMING)
    records = [STREAMING, opened, probing, again, replace(again, breaker=HALF_OPEN), well]
    for at_s, (before, now) in enumerate(pairwise(records)):
        timeline.camera_changed(before, now, next(wall_ns), 10.0 * at_s)
    lasted = [(entry.kind, entry.lasted_s) for entry in timeline.entries]
    assert (EntryKind.BREAKER_CLOSED, 40.0) in lasted
    assert [each for _, each in lasted if each is not None] == [40.0]


def test_a_connection_after_an_outage_tells_its_cost() -> None:
    timeline = Timeline()
    over = Outage(5 * 10**9, 49 * 10**9, "refused", dropped=856, lasted_s=44.0)
    connected = PublisherStatus(PublisherState.CONNECTED, "broker", connections=2, outages=(over,))
    timeline.publisher_changed(None, connected, 49 * 10**9)
    (entry,) = timeline.entries
    assert (entry.lasted_s, entry.dropped) == (44.0, 856)


def test_the_cost_of_an_outage_is_told_once() -> None:
    timeline = Timeline()
    over = Outage(5 * 10**9, 49 * 10**9, "refused", dropped=856, lasted_s=44.0)
    waiting = PublisherStatus(
        PublisherState.WAITING,
        "broker",
        connections=1,
        connections_lost=1,
        outages=(replace(over, ended_at_ns=None, dropped=3),),
    )
    connected = replace(waiting, state=PublisherState.CONNECTED, connections=2, outages=(over,))
    stopped = replace(connected, state=PublisherState.STOPPED)
    again = replace(connected, connections=3)
    happened = [
        waiting,
        connected,
        replace(connected, state=PublisherState.BLOCKED, reason="memory alarm"),
        connected,
        stopped,
        replace(stopped, state=PublisherState.CONNECTING),
        again,
    ]
    for number, (before, now) in enumerate(pairwise(happened)):
        timeline.publisher_changed(before, now, number)
    costs = [(entry.kind, entry.lasted_s, entry.dropped) for entry in timeline.entries]
    assert costs == [
        (EntryKind.PUBLISHER_CONNECTED, 44.0, 856),
        (EntryKind.PUBLISHER_BLOCKED, None, 0),
        (EntryKind.PUBLISHER_CONNECTED, None, 0),
    ]


def test_the_trouble_of_a_camera_that_was_disabled_or_removed_is_over() -> None:
    timeline = Timeline()
    opened = failed(replace(STREAMING, phase=CameraPhase.WAITING), 1.0, OPEN)
    disabled = replace(opened, phase=CameraPhase.DISABLED, breaker=CLOSED)
    timeline.camera_changed(STREAMING, opened, 0, 1.0)
    timeline.camera_changed(opened, disabled, 0, 2.0)
    timeline.camera_changed(disabled, STREAMING, 0, 90.0)
    timeline.camera_changed(STREAMING, opened, 0, 100.0)
    timeline.keep_cameras([])
    timeline.camera_changed(replace(opened, breaker=CLOSED), STREAMING, 0, 190.0)
    streaming = [each for each in timeline.entries if each.kind is EntryKind.CAMERA_STREAMING]
    assert [each.lasted_s for each in streaming] == [None, None]
