"""An intermittent camera that is not there: one line, no trouble, a try each minute; and back."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.messages import ForceOpen, RetryNow, StopCamera
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status import CameraHealth, CameraPhase, camera_health, verdict
from tests.actors.test_reload import reload

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.actors import ScriptedSystem

DOOR = CameraId("door")
GONE = Failure(Cause.UNREACHABLE, "No route to host")


def cameras(**keys: object) -> list[dict[str, object]]:
    return [{"id": "door", "url": "rtsp://10.0.0.1/s", "expected": "intermittent", **keys}]


@pytest.fixture
def absent(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> Callable[..., ScriptedSystem]:
    """Starts a door that fails in this way from the beginning."""
    caplog.set_level("INFO")

    def start(failure: Failure | None = GONE, **keys: object) -> ScriptedSystem:
        system = world_of(cameras=cameras(**keys))
        if failure is not None:
            system.failures["door"] = failure
        system.start()
        return system

    return start


def until_tried(system: ScriptedSystem) -> None:
    """Let the minute pass in which it is tried next."""
    for _ in range(60):
        if system.running["door"]:
            return
        system.advance(1.0)
    raise AssertionError("it was not tried")


def lines_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and event of what was written about the door."""
    return [
        (record.levelname, str(getattr(record, "event", "")))
        for record in caplog.records
        if "[door]" in record.getMessage()
    ]


@pytest.mark.parametrize("cause", [Cause.UNREACHABLE, Cause.REFUSED, Cause.TIMEOUT])
def test_a_camera_that_is_not_there_is_off_with_one_line(
    absent: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture, cause: Cause
) -> None:
    system = absent(Failure(cause))
    system.advance(300.0)
    door = system.camera(DOOR)
    assert (door.phase, camera_health(door)) == (
        CameraPhase.OFF_EXPECTED,
        CameraHealth.OFF_EXPECTED,
    )
    assert verdict(system.status()).is_good
    assert verdict(system.status()).wanted == 0
    assert door.off_since_ns is not None
    assert door.off_expected_s == pytest.approx(300, abs=1)
    assert (door.breaker.state, door.breaker.failures, door.breaker.changes) == (
        BreakerState.CLOSED,
        0,
        0,
    )
    assert door.last_failure is None
    lines = [each for each in lines_of(caplog) if each[1] != "camera_connecting"]
    assert lines == [("INFO", "camera_off")]
    assert len(lines_of(caplog)) <= 2  # one connecting at the start


def test_it_is_tried_each_minute_for_ever_and_nothing_runs_in_between(
    absent: Callable[..., ScriptedSystem],
) -> None:
    system = absent()
    system.advance(300.0)
    settled = len(system.starts_s["door"])
    system.advance(600.0)
    starts = system.starts_s["door"]
    waits = [after - before for before, after in pairwise(starts)]
    assert max(waits) <= 60.0
    assert waits == sorted(waits)
    assert len(starts) - settled in (9, 10)
    assert (system.running["door"], system.actors_of("door")) == (0, [])


def test_it_streams_soon_after_it_is_switched_on(
    absent: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = absent()
    system.advance(300.0)
    del system.failures["door"]
    caplog.clear()
    until_tried(system)
    system.stream("door", 3)
    door = system.camera(DOOR)
    assert (door.phase, camera_health(door)) == (CameraPhase.STREAMING, CameraHealth.HEALTHY)
    assert door.off_since_ns is None
    assert door.off_expected_s == pytest.approx(330, abs=31)
    assert [event for _, event in lines_of(caplog)] == ["camera_streaming", "camera_on"]
    assert {level for level, _ in lines_of(caplog)} == {"INFO"}
    system.failures["door"] = GONE  # and off again: the wait begins anew
    system.capture_of("door").end(Cause.UNREACHABLE)
    system.advance(1.0)
    assert system.camera(DOOR).off_since_ns is not None
    before = len(system.starts_s["door"])
    system.advance(30.0)
    assert len(system.starts_s["door"]) > before


@pytest.mark.parametrize(
    "cause",
    [Cause.WRONG_PASSWORD, Cause.NO_SUCH_STREAM, Cause.STALLED, Cause.NAME_NOT_RESOLVED],
)
def test_whoever_answers_and_does_not_stream_is_in_trouble(
    absent: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture, cause: Cause
) -> None:
    system = absent()
    system.advance(300.0)
    system.failures["door"] = Failure(cause)
    caplog.clear()
    system.advance(61.0)
    door = system.camera(DOOR)
    assert camera_health(door) is CameraHealth.TROUBLE
    assert door.last_failure == Failure(cause)
    assert door.off_since_ns is None
    assert ("ERROR", "camera_failed") in lines_of(caplog)


def test_a_wrong_password_is_not_tried_more_often_because_it_was_off_in_between(
    absent: Callable[..., ScriptedSystem],
) -> None:
    system = absent(Failure(Cause.WRONG_PASSWORD))
    system.advance(30.0)
    assert system.camera(DOOR).breaker.state is BreakerState.OPEN
    system.failures["door"] = GONE
    system.advance(300.0)
    door = system.camera(DOOR)
    assert camera_health(door) is CameraHealth.OFF_EXPECTED
    system.failures["door"] = Failure(Cause.WRONG_PASSWORD)
    system.advance(61.0)
    again = system.camera(DOOR)
    assert again.breaker.state is BreakerState.OPEN
    assert again.breaker.failures == door.breaker.failures + 1


def test_a_stream_that_falls_silent_is_no_trouble_until_it_is_decided(
    absent: Callable[..., ScriptedSystem],
) -> None:
    system = absent(None, fps=1)
    system.stream("door", 30)
    found = set()
    for _ in range(9):
        system.advance(1.0)
        found.add(camera_health(system.camera(DOOR)))
    assert found == {CameraHealth.HEALTHY}
    system.advance(3.0)
    assert camera_health(system.camera(DOOR)) is CameraHealth.TROUBLE  # nobody asked who is there


def test_what_an_operator_asks_of_it_is_done(absent: Callable[..., ScriptedSystem]) -> None:
    system = absent()
    system.advance(300.0)
    before = len(system.starts_s["door"])
    system.ask(RetryNow(DOOR))
    assert len(system.starts_s["door"]) == before + 1
    assert system.camera(DOOR).phase is CameraPhase.OFF_EXPECTED
    system.ask(ForceOpen(DOOR))
    assert camera_health(system.camera(DOOR)) is CameraHealth.PAUSED
    assert system.camera(DOOR).off_since_ns is None
    system.ask(StopCamera(DOOR))
    system.advance(120.0)
    assert system.camera(DOOR).phase is CameraPhase.STOPPED
    assert len(system.starts_s["door"]) == before + 1


def test_the_key_is_taken_over_live(absent: Callable[..., ScriptedSystem]) -> None:
    system = absent(None, expected="always")
    system.stream("door", 3)
    reload(system, cameras=cameras())
    assert len(system.starts_s["door"]) == 1
    system.failures["door"] = GONE
    system.capture_of("door").end(Cause.REFUSED)
    system.advance(1.0)
    assert system.camera(DOOR).phase is CameraPhase.OFF_EXPECTED
    system.advance(300.0)
    reload(system, cameras=cameras(expected="always"))
    system.advance(5.0)
    door = system.camera(DOOR)
    assert camera_health(door) is CameraHealth.TROUBLE
    assert door.last_failure == GONE


def test_a_camera_without_the_key_fails_as_ever(absent: Callable[..., ScriptedSystem]) -> None:
    system = absent(expected="always")
    system.advance(300.0)
    door = system.camera(DOOR)
    assert camera_health(door) is CameraHealth.TROUBLE
    assert door.breaker.state is not BreakerState.CLOSED
    assert (door.off_since_ns, door.off_expected_s) == (None, 0.0)
