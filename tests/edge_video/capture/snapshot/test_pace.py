"""When a camera is asked, how long it may take, and what a miss means."""

from __future__ import annotations

import pytest

from edge_video.capture.snapshot.conditions import Conditions
from edge_video.capture.snapshot.pace import SnapshotPace
from edge_video.resilience.failures import Cause

PACE = SnapshotPace(interval_s=0.5, first_picture_s=20.0, stalled_s=10.0)


@pytest.mark.parametrize(
    ("took_s", "missed", "wait_s"),
    [(0.0, False, 0.5), (0.1, False, 0.4), (0.7, False, 0.0), (0.1, True, 0.9)],
)
def test_the_next_request_waits_for_its_time_and_longer_after_a_miss(
    took_s: float, missed: bool, wait_s: float
) -> None:
    assert PACE.wait_s(took_s, 9, missed=missed) == pytest.approx(wait_s)


def test_the_first_pictures_are_no_more_than_a_second_apart_and_a_miss_is_made_up_for() -> None:
    hourly = SnapshotPace(3600.0, 20.0, 10.0)
    waits = [hourly.wait_s(0.0, answers, missed=False) for answers in (1, 2, 3)]
    assert waits == [1.0, 1.0, 3600.0]
    assert hourly.wait_s(0.0, 9, missed=True) == 1.0
    assert not hourly.ends(Cause.TIMEOUT, 3605.0, 9)
    assert hourly.ends(Cause.TIMEOUT, 3609.5, 9)
    assert hourly.limit_s(3600.0, 9) == pytest.approx(9.0)


@pytest.mark.parametrize("answers", [1, 2])
def test_a_camera_that_falls_ill_in_its_first_requests_has_failed_as_soon_as_any(
    answers: int,
) -> None:
    daily = SnapshotPace(86_400.0, 20.0, 10.0)
    assert not daily.ends(Cause.BUSY, 9.0, answers), "its picture was due a second after the last"
    assert daily.ends(Cause.BUSY, 10.0, answers)
    assert daily.limit_s(1.0, answers) == pytest.approx(9.0)


def test_before_the_first_picture_every_miss_ends_the_attempt() -> None:
    assert PACE.limit_s(1e9, 0) == pytest.approx(9.0)
    assert all(PACE.ends(cause, 1e9, 0) for cause in Cause)


def test_between_pictures_a_miss_ends_it_where_the_next_one_cannot_help() -> None:
    passed = {cause for cause in Cause if not PACE.ends(cause, 1.0, 9)}
    assert passed >= {Cause.BUSY, Cause.CAMERA_TIMEOUT, Cause.NO_CONTENT}
    assert not passed & {Cause.WRONG_PASSWORD, Cause.REFUSED, Cause.NO_SUCH_STREAM}


@pytest.mark.parametrize("stalled_s", [0.5, 3.0, 10.0, 120.0])
def test_the_capture_judges_before_its_actor_calls_the_camera_stalled(stalled_s: float) -> None:
    pace = SnapshotPace(interval_s=0.5, first_picture_s=20.0, stalled_s=stalled_s)
    silent_s, asked = 0.5, 0
    while not pace.ends(Cause.TIMEOUT, silent_s, 9):
        silent_s += pace.limit_s(silent_s, 9)
        assert silent_s < pace.interval_s + pace.stalled_s
        silent_s += pace.wait_s(pace.connect_s, 9, missed=True)
        asked += 1
    assert asked


@pytest.mark.parametrize("stalled_s", [3.0, 10.0, 120.0])
def test_a_camera_that_is_busy_once_is_asked_again_before_it_has_failed(stalled_s: float) -> None:
    pace = SnapshotPace(interval_s=0.5, first_picture_s=20.0, stalled_s=stalled_s)
    silent_s, asked = pace.interval_s, 1
    while not pace.ends(Cause.BUSY, silent_s, 9):
        wait_s = pace.wait_s(0.01, 9, missed=True)
        assert 0.01 + wait_s <= 1.0
        silent_s += 0.01 + wait_s
        asked += 1
    assert asked >= 9


def test_a_busy_camera_is_asked_four_times_a_second_at_most() -> None:
    hasty = SnapshotPace(interval_s=0.5, first_picture_s=20.0, stalled_s=0.05)
    assert hasty.wait_s(0.01, 9, missed=True) == pytest.approx(0.24)
    short = SnapshotPace(interval_s=0.5, first_picture_s=20.0, stalled_s=0.5)
    assert not short.ends(Cause.BUSY, short.interval_s + 0.26, 9), "but again before it has failed"


def test_an_etag_is_asked_with_once_it_has_gone_with_the_pictures() -> None:
    conditions = Conditions()
    assert conditions.is_new(b"1", {"etag": '"a"'}, 0.0)
    assert conditions.headers(1.0) == {}
    assert conditions.is_new(b"2", {"etag": '"b"', "last-modified": "then"}, 1.0)
    assert conditions.headers(2.0) == {"If-None-Match": '"b"', "If-Modified-Since": "then"}
    assert conditions.headers(61.0) == {}, "once a minute it is asked for all the same"
    assert not conditions.is_new(b"2", {"etag": '"b"', "last-modified": "then"}, 61.0)
    assert conditions.headers(62.0) != {}


def test_an_etag_that_stays_while_the_picture_changes_is_never_believed_again() -> None:
    conditions = Conditions()
    for number, picture in enumerate((b"1", b"1", b"2", b"2", b"2")):
        conditions.is_new(picture, {"etag": '"a"'}, float(number))
    assert conditions.headers(5.0) == {}


@pytest.mark.parametrize("value", ["", "x" * 300, "a\r\nInjected: 1", "ü"])
def test_a_validator_that_is_none_is_not_sent_back(value: str) -> None:
    conditions = Conditions()
    conditions.is_new(b"1", {"etag": value}, 0.0)
    conditions.is_new(b"1", {"etag": value}, 1.0)
    assert conditions.headers(2.0) == {}
