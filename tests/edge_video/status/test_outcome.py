"""What came of an action, by what is known before and after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, PublisherState, PublisherStatus
from edge_video.status.outcome import CameraWait, Outcome, OutcomeKind, publisher_outcome
from edge_video.status.snapshot import CameraRecord

NOW_S = 1000.0
REFUSED = Failure(Cause.REFUSED, "Connection refused")
OPEN = replace(
    CircuitBreaker.new(BreakerPolicy()),
    state=BreakerState.OPEN,
    generation=7,
    retry_at_s=NOW_S + 40,
)
WAITING = CameraRecord(
    CameraId("door"),
    "rtsp://10.0.0.5/s",
    15,
    CameraPhase.WAITING,
    OPEN,
    last_failure=REFUSED,
    last_failure_at_s=NOW_S - 20,
)
TRYING = replace(
    WAITING,
    phase=CameraPhase.STARTING,
    breaker=replace(OPEN, state=BreakerState.HALF_OPEN, generation=8, attempt_running=True),
)


def outcome(
    action: str, before: CameraRecord, now: CameraRecord, *, was_so: bool = False
) -> Outcome | None:
    return CameraWait(action, before, was_so=was_so).outcome(now, NOW_S)


@pytest.mark.parametrize("action", ["start", "retry", "reset", "resume"])
def test_a_try_is_open_until_its_own_attempt_is_decided(action: str) -> None:
    assert outcome(action, WAITING, WAITING) is None, "the old failure is none of it"
    assert outcome(action, WAITING, TRYING) is None
    failed = replace(
        TRYING, breaker=replace(OPEN, generation=8), last_failure_at_s=NOW_S, last_failure=REFUSED
    )
    assert outcome(action, WAITING, failed) == Outcome(OutcomeKind.FAILED, REFUSED, retry_in_s=40.0)
    streaming = replace(TRYING, phase=CameraPhase.STREAMING)
    assert outcome(action, WAITING, streaming) == Outcome(OutcomeKind.STREAMING)


def test_an_attempt_that_ran_already_counts_when_that_was_the_answer() -> None:
    streaming = replace(TRYING, phase=CameraPhase.STREAMING)
    assert outcome("retry", TRYING, streaming, was_so=True) == Outcome(OutcomeKind.STREAMING)


def test_a_try_that_finds_nobody_is_decided_when_it_has_ended() -> None:
    off = replace(TRYING, phase=CameraPhase.OFF_EXPECTED)
    assert outcome("retry", WAITING, off) is None
    over = replace(off, breaker=replace(off.breaker, attempt_running=False))
    assert outcome("retry", WAITING, over) == Outcome(OutcomeKind.OFF_EXPECTED)


def test_a_stream_of_before_is_not_what_came_of_a_try() -> None:
    ending = replace(WAITING, phase=CameraPhase.STREAMING)  # its last words are on their way
    assert outcome("retry", ending, ending) is None


def test_what_a_reset_does_to_a_stopped_camera_is_nothing_to_wait_for() -> None:
    stopped = replace(WAITING, phase=CameraPhase.STOPPED)
    assert outcome("reset", stopped, stopped) == Outcome(OutcomeKind.STOPPED)
    assert outcome("start", stopped, stopped) is None


def test_a_stop_and_a_pause_are_over_when_the_camera_is_at_rest() -> None:
    assert outcome("stop", TRYING, TRYING) is None
    stopped = replace(WAITING, phase=CameraPhase.STOPPED)
    assert outcome("stop", TRYING, stopped) == Outcome(OutcomeKind.STOPPED)
    assert outcome("pause", TRYING, TRYING) is None
    paused = replace(WAITING, breaker=replace(OPEN, forced_open=True))
    assert outcome("pause", TRYING, paused) == Outcome(OutcomeKind.PAUSED)


def test_the_publisher_is_connected_or_has_failed_once_more() -> None:
    waiting = PublisherStatus(
        PublisherState.WAITING, "broker", reason="refused", failed_attempts=3, retry_in_s=9.0
    )
    assert publisher_outcome(waiting, waiting) is None
    trying = replace(waiting, state=PublisherState.CONNECTING)
    assert publisher_outcome(waiting, trying) is None
    failed = replace(waiting, failed_attempts=4)
    assert publisher_outcome(waiting, failed) == Outcome(
        OutcomeKind.FAILED, reason="refused", retry_in_s=9.0
    )
    connected = replace(waiting, state=PublisherState.CONNECTED)
    assert publisher_outcome(waiting, connected) == Outcome(OutcomeKind.CONNECTED)
