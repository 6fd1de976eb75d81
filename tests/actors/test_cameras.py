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
    world = world_of("cam1", breaker=TO_THE_LETTER)
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(1200)
    floor = 0.25
    assert gaps(world.starts_s["cam1"])[:11] == [
        *[floor] * 4,  # failures 1 to 4: at once, which is the floor between two starts
        *[5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0],
    ]


def test_the_wait_in_open_is_backoff_plus_reset_timeout(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, reset_timeout=5.0))
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(60)
    assert gaps(world.starts_s["cam1"])[4:6] == [10.0, 15.0]


def test_nothing_exists_for_an_open_camera(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1")
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(2)
    camera = world.camera()
    assert (camera.breaker.state, camera.phase) == (BreakerState.OPEN, CameraPhase.WAITING)
    eventually(lambda: world.actors_of("cam1") == [])
    assert all(capture.stopped for capture in world.captures)
    attempts = len(world.captures)
    world.advance(30)
    assert len(world.captures) == attempts


def test_an_open_camera_that_comes_back_closes_after_three_good_seconds(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=TO_THE_LETTER)
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(2)
    assert world.camera().breaker.state is BreakerState.OPEN
    del world.failures["cam1"]
    world.advance(4.1)
    assert world.camera().breaker.state is BreakerState.HALF_OPEN
    world.stream("cam1", 2)
    assert world.camera().breaker.state is BreakerState.HALF_OPEN
    world.stream("cam1", 1)
    breaker = world.camera().breaker
    assert (breaker.state, breaker.backoff_s, breaker.changes) == (BreakerState.CLOSED, 5.0, 3)
    assert world.camera().phase is CameraPhase.STREAMING


def test_sessions_that_end_after_55_s_are_asked_for_anew_at_once(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    world = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0))
    world.start()
    for _ in range(8):
        world.stream("cam1", 55)
        world.capture_of("cam1").end()
        world.advance(0.0)
    assert gaps(world.starts_s["cam1"]) == [55.0] * 8
    breaker = world.camera().breaker
    assert (breaker.state, breaker.changes, breaker.session_ends) == (BreakerState.CLOSED, 0, 7)
    said = [getattr(each, "event", None) for each in caplog.records]
    assert said.count(LogEvent.CAMERA_FAILED) == 1
    assert said.count(LogEvent.CAMERA_SESSION_ENDED) == 7


def test_one_failed_probe_opens_again_with_a_doubled_backoff(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=TO_THE_LETTER)
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(6.5)
    breaker = world.camera().breaker
    assert (breaker.state, breaker.backoff_s, breaker.failures) == (BreakerState.OPEN, 10.0, 6)


def test_a_stalled_stream_fails_after_the_stall_timeout(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.stream("cam1", 2)
    world.advance(9)
    assert world.camera().breaker.failures == 0
    world.advance(2)
    camera = world.camera()
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.STALLED
    assert len(world.captures) == 2


def test_the_first_frame_may_take_longer_than_a_stall(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.advance(19)
    assert world.camera().breaker.failures == 0
    world.advance(2)
    assert world.camera().breaker.failures == 1


def test_a_wrong_password_is_not_hammered(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1")
    world.failures["cam1"] = Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
    world.start()
    world.advance(59)
    assert len(world.captures) == 2
    world.advance(10)
    assert len(world.captures) == 3


def test_the_next_attempt_begins_only_when_the_old_one_is_gone(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    attempts_while_cleaning_up = []

    def slow_cleanup(_: str) -> None:
        world.timer.advance(5.0)
        attempts_while_cleaning_up.append(len(world.captures))

    world.before_stop = slow_cleanup
    world.capture_of("cam1").end()
    eventually(lambda: attempts_while_cleaning_up == [1])
    world.before_stop = lambda _: None
    eventually(lambda: len(world.captures) == 2)


def test_cameras_behind_one_host_are_started_apart(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of(
        cameras=[{"id": f"c{n}", "url": f"rtsp://nvr/{n}"} for n in range(4)],
        start_spacing=0.1,
    )
    world.start()
    world.advance(1)
    starts = sorted(at for each in world.starts_s.values() for at in each)
    assert gaps(starts) == [0.1, 0.1, 0.1]


def test_a_stopped_camera_stays_stopped_until_it_is_started(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.stream("cam1", 1)
    assert world.ask(StopCamera(CAM1)) == CommandAnswer(CommandResult.DONE)
    eventually(lambda: world.camera().phase is CameraPhase.STOPPED)
    world.advance(400)
    camera = world.camera()
    assert (len(world.captures), camera.breaker.failures) == (1, 0)
    assert world.ask(StopCamera(CAM1)).result is CommandResult.ALREADY
    assert world.ask(StartCamera(CAM1)).result is CommandResult.DONE
    world.advance(1)
    assert len(world.captures) == 2


def test_a_start_while_open_is_rejected_with_the_time_until_retry(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=TO_THE_LETTER)
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(2)
    answer = world.ask(StartCamera(CAM1))
    assert answer.result is CommandResult.REJECTED
    assert answer.retry_in_s == pytest.approx(4.0)
    assert world.camera().breaker.rejected == 1
    assert world.camera().breaker.calls == 5


def test_retry_now_makes_the_probe_at_once(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1")
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(2)
    del world.failures["cam1"]
    assert world.ask(RetryNow(CAM1)).result is CommandResult.DONE
    assert world.camera().breaker.state is BreakerState.HALF_OPEN


def test_reset_closes_an_open_breaker_and_retries_at_once(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.failures["cam1"] = DEAD
    world.start()
    world.advance(2)
    del world.failures["cam1"]
    world.ask(ResetBreaker(CAM1))
    breaker = world.camera().breaker
    assert (breaker.state, breaker.consecutive_failures) == (BreakerState.CLOSED, 0)
    assert len(world.captures) == 6


def test_reset_reaches_a_breaker_whose_camera_is_running(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.capture_of("cam1").end()
    world.advance(1)
    assert world.camera().breaker.consecutive_failures == 1
    world.ask(ResetBreaker(CAM1))
    assert world.camera().breaker.consecutive_failures == 0


def test_a_forced_open_camera_ends_and_waits_for_the_operator(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.stream("cam1", 1)
    world.ask(ForceOpen(CAM1))
    eventually(lambda: world.camera().breaker.forced_open)
    world.advance(400)
    assert len(world.captures) == 1
    assert world.ask(RetryNow(CAM1)).result is CommandResult.REJECTED
    world.ask(ResetBreaker(CAM1))
    world.advance(1)
    assert len(world.captures) == 2


def test_a_command_for_an_unknown_camera_says_so(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1")
    world.start()
    answer = world.ask(StopCamera(CameraId("nobody")))
    assert answer == CommandAnswer(CommandResult.UNKNOWN_TARGET)


def test_late_messages_of_an_older_attempt_are_ignored(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    stale = world.camera()
    world.capture_of("cam1").end()
    world.advance(1)
    old_breaker = CircuitBreaker.new(BreakerPolicy()).permit(0.0)[0]
    assert old_breaker.generation == 1
    world.system.supervisor.tell(CameraEnded(CAM1, 1, old_breaker, DEAD))
    assert world.camera().attempts == 2
    assert world.camera().breaker.failures == stale.breaker.failures + 1


def test_a_crashed_camera_actor_is_a_failure_and_is_restarted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", allow_faults=True)
    world.start()
    world.stream("cam1", 1)
    world.ask(InjectFault("cam1", CrashActor("boom")))
    world.advance(1)
    camera = world.camera()
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.CRASHED
    assert "boom" in camera.last_failure.detail
    assert camera.attempts == 2
    assert world.captures[0].stopped


# --- commands while an attempt is ending ----------------------------------------------------


def test_a_reset_takes_back_a_force_that_is_still_under_way(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    ending = Ending(world)
    assert ending.begins_with(ForceOpen(CAM1)) is CommandResult.DONE
    assert world.ask(ForceOpen(CAM1)).result is CommandResult.ALREADY
    assert world.ask(StartCamera(CAM1)) == CommandAnswer(CommandResult.REJECTED, None)
    assert world.ask(RetryNow(CAM1)) == CommandAnswer(CommandResult.REJECTED, None)
    assert world.ask(ResetBreaker(CAM1)).result is CommandResult.DONE
    ending.over()
    world.advance(1)
    eventually(lambda: len(world.captures) == 2)
    assert not world.camera().breaker.forced_open


def test_retry_now_is_obeyed_when_the_failed_attempt_is_gone(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    world.start()
    assert world.ask(RetryNow(CAM1)).result is CommandResult.ALREADY
    ending = Ending(world)
    world.capture_of("cam1").end()
    ending.wait()
    assert world.camera().breaker.state is BreakerState.OPEN
    assert world.ask(RetryNow(CAM1)).result is CommandResult.DONE
    world.clock.advance(0.25)  # the floor between two starts
    ending.over()
    eventually(lambda: len(world.captures) == 2)


def test_a_start_that_is_rejected_while_an_attempt_ends_is_counted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    world.start()
    ending = Ending(world)
    world.capture_of("cam1").end()
    ending.wait()
    assert world.ask(StartCamera(CAM1)).result is CommandResult.REJECTED
    ending.over()
    eventually(lambda: world.camera().phase is CameraPhase.WAITING)
    assert world.camera().breaker.rejected == 1


def test_a_camera_started_while_it_stops_starts_once(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    ending = Ending(world)
    assert ending.begins_with(StopCamera(CAM1)) is CommandResult.DONE
    assert world.ask(RetryNow(CAM1)).result is CommandResult.NOT_RUNNING
    assert world.ask(StartCamera(CAM1)).result is CommandResult.DONE
    assert world.ask(StartCamera(CAM1)).result is CommandResult.ALREADY
    assert len(world.captures) == 1
    world.clock.advance(0.25)
    ending.over()
    eventually(lambda: len(world.captures) == 2)
    world.advance(5)
    assert len(world.captures) == 2
    assert world.camera().breaker.failures == 0
