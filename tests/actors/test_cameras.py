"""Attempts of cameras and commands to them: real actors, fake time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.messages import (
    CameraEnded,
    CommandAnswer,
    CommandResult,
    ForceOpen,
    InjectFault,
    ResetBreaker,
    ResumeCamera,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.config import CircuitBreakerConfig
from edge_video.faults import CrashActor
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually
from tests.support.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.actors import ScriptedSystem

CAM1 = CameraId("cam1")
DEAD = Failure(Cause.NO_SUCH_STREAM, "404 Not Found")
TO_THE_LETTER = CircuitBreakerConfig(jitter=0.0, reset_timeout=0.0)


def gaps(starts_s: list[float]) -> list[float]:
    return [round(b - a, 3) for a, b in itertools.pairwise(starts_s)]


def test_a_dead_camera_is_tried_as_the_specification_s_table_says(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=TO_THE_LETTER)
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(1200)
    floor = 0.25
    assert gaps(system.starts_s["cam1"])[:11] == [
        *[floor] * 4,  # failures 1 to 4: at once, which is the floor between two starts
        *[5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0],
    ]


def test_the_wait_in_open_is_backoff_plus_reset_timeout(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, reset_timeout=5.0))
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(60)
    assert gaps(system.starts_s["cam1"])[4:6] == [10.0, 15.0]


def test_nothing_exists_for_an_open_camera(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    camera = system.camera()
    assert (camera.breaker.state, camera.phase) == (BreakerState.OPEN, CameraPhase.WAITING)
    eventually(lambda: system.actors_of("cam1") == [])
    assert all(capture.stopped for capture in system.captures)
    attempts = len(system.captures)
    system.advance(30)
    assert len(system.captures) == attempts


def test_an_open_camera_that_comes_back_closes_after_three_good_seconds(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=TO_THE_LETTER)
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    assert system.camera().breaker.state is BreakerState.OPEN
    del system.failures["cam1"]
    system.advance(4.1)
    assert system.camera().breaker.state is BreakerState.HALF_OPEN
    system.stream("cam1", 2)
    assert system.camera().breaker.state is BreakerState.HALF_OPEN
    system.stream("cam1", 1)
    breaker = system.camera().breaker
    assert (breaker.state, breaker.backoff_s, breaker.changes) == (BreakerState.CLOSED, 5.0, 3)
    assert system.camera().phase is CameraPhase.STREAMING


def test_sessions_that_end_after_55_s_are_asked_for_anew_at_once(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    system = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0))
    system.start()
    for _ in range(8):
        system.stream("cam1", 55)
        system.capture_of("cam1").end()
        system.advance(0.0)
    assert gaps(system.starts_s["cam1"]) == [55.0] * 8
    breaker = system.camera().breaker
    assert (breaker.state, breaker.changes, breaker.session_ends) == (BreakerState.CLOSED, 0, 7)
    logged = [getattr(each, "event", None) for each in caplog.records]
    assert logged.count(LogEvent.CAMERA_FAILED) == 1
    assert logged.count(LogEvent.CAMERA_SESSION_ENDED) == 7


def test_one_failed_probe_opens_again_with_a_doubled_backoff(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=TO_THE_LETTER)
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(6.5)
    breaker = system.camera().breaker
    assert (breaker.state, breaker.backoff_s, breaker.failures) == (BreakerState.OPEN, 10.0, 6)


def test_a_stalled_stream_fails_after_the_stall_timeout(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.stream("cam1", 2)
    system.advance(9)
    assert system.camera().breaker.failures == 0
    system.advance(2)
    camera = system.camera()
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.STALLED
    assert len(system.captures) == 2


def test_the_first_frame_may_take_longer_than_a_stall(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.advance(19)
    assert system.camera().breaker.failures == 0
    system.advance(2)
    assert system.camera().breaker.failures == 1


def test_a_wrong_password_is_not_hammered(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.failures["cam1"] = Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
    system.start()
    system.advance(59)
    assert len(system.captures) == 2
    system.advance(10)
    assert len(system.captures) == 3


def test_the_next_attempt_begins_only_when_the_old_one_is_gone(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    attempts_while_cleaning_up = []

    def slow_cleanup(_: str) -> None:
        system.timer.advance(5.0)
        attempts_while_cleaning_up.append(len(system.captures))

    system.before_stop = slow_cleanup
    system.capture_of("cam1").end()
    eventually(lambda: attempts_while_cleaning_up == [1])
    system.before_stop = lambda _: None
    eventually(lambda: len(system.captures) == 2)


def test_cameras_behind_one_host_are_started_apart(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of(
        cameras=[{"id": f"c{n}", "url": f"rtsp://nvr/{n}"} for n in range(4)],
        start_spacing=0.1,
    )
    system.start()
    system.advance(1)
    starts = sorted(at for each in system.starts_s.values() for at in each)
    assert gaps(starts) == [0.1, 0.1, 0.1]


def test_a_stopped_camera_stays_stopped_until_it_is_started(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.stream("cam1", 1)
    assert system.ask(StopCamera(CAM1)) == CommandAnswer(CommandResult.DONE)
    eventually(lambda: system.camera().phase is CameraPhase.STOPPED)
    system.advance(400)
    camera = system.camera()
    assert (len(system.captures), camera.breaker.failures) == (1, 0)
    assert system.ask(StopCamera(CAM1)).result is CommandResult.ALREADY
    assert system.ask(StartCamera(CAM1)).result is CommandResult.DONE
    system.advance(1)
    assert len(system.captures) == 2


def test_a_start_while_open_is_rejected_with_the_time_until_retry(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=TO_THE_LETTER)
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    answer = system.ask(StartCamera(CAM1))
    assert answer.result is CommandResult.REJECTED
    assert answer.retry_in_s == pytest.approx(4.0)
    assert system.camera().breaker.rejected == 1
    assert system.camera().breaker.calls == 5


def test_retry_now_makes_the_probe_at_once(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    del system.failures["cam1"]
    assert system.ask(RetryNow(CAM1)).result is CommandResult.DONE
    assert system.camera().breaker.state is BreakerState.HALF_OPEN


def test_reset_closes_an_open_breaker_and_retries_at_once(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    del system.failures["cam1"]
    system.ask(ResetBreaker(CAM1))
    breaker = system.camera().breaker
    assert (breaker.state, breaker.consecutive_failures) == (BreakerState.CLOSED, 0)
    assert len(system.captures) == 6


def test_reset_reaches_a_breaker_whose_camera_is_running(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.capture_of("cam1").end()
    system.advance(1)
    assert system.camera().breaker.consecutive_failures == 1
    system.ask(ResetBreaker(CAM1))
    assert system.camera().breaker.consecutive_failures == 0


def test_a_forced_open_camera_ends_and_waits_for_the_operator(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.stream("cam1", 1)
    system.ask(ForceOpen(CAM1))
    eventually(lambda: system.camera().breaker.forced_open)
    system.advance(400)
    assert len(system.captures) == 1
    assert system.ask(RetryNow(CAM1)).result is CommandResult.REJECTED
    system.ask(ResetBreaker(CAM1))
    system.advance(1)
    assert len(system.captures) == 2


def test_a_command_for_an_unknown_camera_says_so(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.start()
    answer = system.ask(StopCamera(CameraId("nobody")))
    assert answer == CommandAnswer(CommandResult.UNKNOWN_TARGET)


def test_late_messages_of_an_older_attempt_are_ignored(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    stale = system.camera()
    system.capture_of("cam1").end()
    system.advance(1)
    old_breaker = CircuitBreaker.new(BreakerPolicy()).permit(0.0)[0]
    assert old_breaker.generation == 1
    system.system.supervisor.tell(CameraEnded(CAM1, 1, old_breaker, DEAD))
    assert system.camera().attempts == 2
    assert system.camera().breaker.failures == stale.breaker.failures + 1


def test_a_crashed_camera_actor_is_a_failure_and_is_restarted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", allow_faults=True)
    system.start()
    system.stream("cam1", 1)
    system.ask(InjectFault("cam1", CrashActor("boom")))
    system.advance(1)
    camera = system.camera()
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.CRASHED
    assert "boom" in camera.last_failure.detail
    assert camera.attempts == 2
    assert system.captures[0].stopped


# --- commands while an attempt is ending ----------------------------------------------------


def test_a_reset_takes_back_a_force_that_is_still_under_way(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    ending = Ending(system)
    assert ending.begins_with(ForceOpen(CAM1)) is CommandResult.DONE
    assert system.ask(ForceOpen(CAM1)).result is CommandResult.ALREADY
    assert system.ask(StartCamera(CAM1)) == CommandAnswer(CommandResult.REJECTED, None)
    assert system.ask(RetryNow(CAM1)) == CommandAnswer(CommandResult.REJECTED, None)
    assert system.ask(ResetBreaker(CAM1)).result is CommandResult.DONE
    ending.over()
    system.advance(1)
    eventually(lambda: len(system.captures) == 2)
    assert not system.camera().breaker.forced_open


def test_a_pause_that_is_still_under_way_is_resumed(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    ending = Ending(system)
    assert system.ask(ResumeCamera(CAM1)).result is CommandResult.ALREADY
    assert ending.begins_with(ForceOpen(CAM1)) is CommandResult.DONE
    assert system.ask(ResumeCamera(CAM1)).result is CommandResult.DONE
    assert system.ask(ResumeCamera(CAM1)).result is CommandResult.ALREADY
    ending.over()
    system.advance(1)
    eventually(lambda: len(system.captures) == 2)
    assert not system.camera().breaker.forced_open


def test_resuming_does_nothing_to_a_camera_that_waits_after_failures(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.failures["cam1"] = DEAD
    system.start()
    system.advance(2)
    before = len(system.captures)
    assert system.ask(ResumeCamera(CAM1)).result is CommandResult.ALREADY
    assert system.camera().breaker.state is BreakerState.OPEN
    system.ask(ForceOpen(CAM1))
    del system.failures["cam1"]
    assert system.ask(ResumeCamera(CAM1)).result is CommandResult.DONE
    assert len(system.captures) == before + 1


def test_retry_now_is_obeyed_when_the_failed_attempt_is_gone(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    system.start()
    assert system.ask(RetryNow(CAM1)).result is CommandResult.ALREADY
    ending = Ending(system)
    system.capture_of("cam1").end()
    ending.wait()
    assert system.camera().breaker.state is BreakerState.OPEN
    assert system.ask(RetryNow(CAM1)).result is CommandResult.DONE
    system.clock.advance(0.25)  # the floor between two starts
    ending.over()
    eventually(lambda: len(system.captures) == 2)


def test_a_start_that_is_rejected_while_an_attempt_ends_is_counted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    system.start()
    ending = Ending(system)
    system.capture_of("cam1").end()
    ending.wait()
    assert system.ask(StartCamera(CAM1)).result is CommandResult.REJECTED
    ending.over()
    eventually(lambda: system.camera().phase is CameraPhase.WAITING)
    assert system.camera().breaker.rejected == 1


def test_a_camera_started_while_it_stops_starts_once(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    ending = Ending(system)
    assert ending.begins_with(StopCamera(CAM1)) is CommandResult.DONE
    assert system.ask(RetryNow(CAM1)).result is CommandResult.NOT_RUNNING
    assert system.ask(StartCamera(CAM1)).result is CommandResult.DONE
    assert system.ask(StartCamera(CAM1)).result is CommandResult.ALREADY
    assert len(system.captures) == 1
    system.clock.advance(0.25)
    ending.over()
    eventually(lambda: len(system.captures) == 2)
    system.advance(5)
    assert len(system.captures) == 2
    assert system.camera().breaker.failures == 0
