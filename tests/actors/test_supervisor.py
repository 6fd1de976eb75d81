"""Supervision: real actors, fake time."""

from __future__ import annotations

import itertools
import re
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import is_running
from edge_video.actors.messages import (
    ActorEnded,
    CameraEnded,
    CommandAnswer,
    CommandResult,
    Escalated,
    ForceOpen,
    GetFrameCounts,
    InjectFault,
    MemoryLevelChanged,
    PublishAnswer,
    PublishFrame,
    PublishResult,
    ResetBreaker,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.actors.metrics import MetricsActor
from edge_video.actors.publisher import PublisherActor
from edge_video.config import CircuitBreakerConfig
from edge_video.delivery import Outbox
from edge_video.faults import CrashActor, KillFfmpeg
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.testing import eventually
from tests.support.actors import PICTURE, ScriptedSystem, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.actors.messages import CameraCommand
    from edge_video.delivery.ledger import FrameCounts

CAM1 = CameraId("cam1")
DEAD = Failure(Cause.NO_SUCH_STREAM, "404 Not Found")
TO_THE_LETTER = CircuitBreakerConfig(jitter=0.0, reset_timeout=0.0)


@pytest.fixture
def world_of() -> Iterator[Callable[..., ScriptedSystem]]:
    """Makes worlds, and stops their systems after the test."""
    worlds: list[ScriptedSystem] = []

    def make(*camera_ids: str, **options: Any) -> ScriptedSystem:
        worlds.append(ScriptedSystem(*camera_ids, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        if hasattr(world, "system"):
            world.system.stop(timeout_s=20)


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


def test_faults_are_refused_and_counted_unless_allowed(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    assert world.ask(InjectFault("cam1", KillFfmpeg())).result is CommandResult.NOT_ALLOWED
    assert world.capture_of("cam1").signals == []
    assert (world.status().faults_refused, world.status().faults_injected) == (1, 0)


def test_a_crashed_publisher_is_replaced_and_the_books_balance(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", allow_faults=True)
    world.confirms = False
    world.start()
    world.capture_of("cam1").frame()
    quiesce()
    assert world.camera().frames.in_flight == 1
    world.ask(InjectFault("publisher", CrashActor()))
    eventually(lambda: world.status().restarts["publisher"] == 1)
    world.confirms = True
    world.capture_of("cam1").frame()
    eventually(lambda: world.camera().frames.confirmed == 1)
    frames = world.camera().frames
    assert (frames.received, frames.unknown, frames.in_flight) == (2, 1, 0)
    assert frames.imbalance() is None


def test_frames_that_waited_while_the_publisher_was_dead_are_not_forgotten(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", allow_faults=True)
    world.broker_is_up = False
    world.start()
    for _ in range(3):
        world.capture_of("cam1").frame()
    world.broker_is_up = True
    world.ask(InjectFault("publisher", CrashActor()))
    eventually(lambda: world.camera().frames.confirmed == 3)


@pytest.mark.parametrize("name", ["metrics", "reporter"])
def test_crashed_servants_are_replaced_and_know_everything_again(
    world_of: Callable[..., ScriptedSystem], name: str
) -> None:
    world = world_of("cam1", allow_faults=True)
    world.start()
    world.stream("cam1", 1)
    world.ask(InjectFault(name, CrashActor()))
    eventually(lambda: world.status().restarts[name] == 1)
    world.advance(30)
    assert "[cam1]" in world.reports[-1]


def test_too_many_crashes_escalate_to_an_orderly_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    host: pykka.ActorRef[Any] = Host.start()
    world = world_of("cam1", allow_faults=True, host=host)
    world.start()
    world.stream("cam1", 1)

    def restarted(name: str, times: int) -> bool:
        world.advance(0.25)
        return world.status().restarts[name] == times

    for crashes in range(1, 7):
        world.ask(InjectFault("metrics", CrashActor()))
        if crashes <= 5:
            eventually(lambda n=crashes: restarted("metrics", n))  # type: ignore[misc]
    stopped = world.system.wait(10)
    assert stopped is not None
    assert stopped.escalated == Escalated("metrics", 5, 60.0)
    assert host.is_alive()
    assert host.ask("heard", timeout=5) == [Escalated("metrics", 5, 60.0)]
    assert world.captures[0].stopped
    host.stop(timeout=5)


def test_any_actor_s_frames_are_published_beside_those_of_the_cameras(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    world.stream_now("cam1")
    (publisher,) = pykka.ActorRegistry.get_by_class(PublisherActor)
    drone = PublishFrame(CameraId("drone"), PICTURE, world.clock.wall_ns())
    assert publisher.ask(drone, timeout=5) == PublishAnswer(PublishResult.ACCEPTED)
    quiesce()
    assert [frame.camera_id for frame in world.published] == ["cam1", "drone"]
    counts: dict[CameraId, FrameCounts]
    counts = publisher.ask(GetFrameCounts(), block=True, timeout=5)
    assert {each.imbalance() for each in counts.values()} == {None}
    assert world.status().totals.received == 1  # the status shows what is configured


class Host(pykka.ThreadingActor):
    """An embedding program's own actor."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> object:
        if message == "heard":
            return self.heard
        self.heard.append(message)
        return None


def test_a_host_that_stops_all_its_actors_gets_no_restarts(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", "cam2")
    world.start()
    world.stream("cam1", 1)
    pykka.ActorRegistry.stop_all(timeout=10)
    stopped = world.system.wait(10)
    assert stopped is not None
    assert len(world.captures) == 2
    assert pykka.ActorRegistry.get_all() == []


def test_a_camera_stopped_from_outside_is_not_restarted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    camera = next(
        ref for ref in pykka.ActorRegistry.get_all() if ref.actor_class.__name__ == "CameraActor"
    )
    camera.stop(timeout=5)
    eventually(lambda: world.camera().phase is CameraPhase.STOPPED)
    world.advance(100)
    assert len(world.captures) == 1


def test_stopping_stops_only_the_system_s_own_actors(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    host: pykka.ActorRef[Any] = Host.start()
    world = world_of("cam1")
    world.start()
    stopped = world.system.stop(10)
    assert stopped.error is None
    assert pykka.ActorRegistry.get_all() == [host]
    host.stop(timeout=5)


def test_the_final_report_shows_the_last_facts(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1", "cam2")
    world.failures["cam2"] = DEAD
    world.start()
    world.advance(2)
    world.stream("cam1", 4)
    stopped = world.system.stop(10)
    by_id = {camera.camera_id: camera for camera in stopped.status.cameras}
    assert by_id[CAM1].frames.confirmed == 4
    assert by_id[CAM1].phase is CameraPhase.STOPPED
    assert by_id[CAM1].breaker.successes == 4
    assert by_id[CameraId("cam2")].breaker.failures == 5
    assert stopped.status.publisher.state is PublisherState.STOPPED
    assert "cam2" in world.reports[-1]


def test_memory_levels_shrink_the_outboxes_and_slow_the_cameras(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.broker_is_up = False
    world.start()

    def level(level: MemoryLevel) -> None:
        world.system.supervisor.tell(MemoryLevelChanged(level, 90 * 2**20, 100 * 2**20))
        quiesce()

    capture = world.capture_of("cam1")
    for _ in range(5):
        capture.frame(PICTURE)
    assert world.camera().frames.held == 5
    level(MemoryLevel.CRITICAL)
    assert world.camera().frames.held == 1
    level(MemoryLevel.EMERGENCY)
    for _ in range(10):
        capture.frame(PICTURE)
    assert world.camera().frames.dropped_memory >= 9
    level(MemoryLevel.NORMAL)
    for _ in range(10):
        capture.frame(PICTURE)
    assert world.camera().frames.held == 5
    assert world.camera().frames.imbalance() is None


def test_a_disabled_camera_is_never_started(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of(
        cameras=[
            {"id": "cam1", "url": "rtsp://a/1"},
            {"id": "cam2", "url": "rtsp://a/2", "enabled": False},
        ]
    )
    world.start()
    world.advance(100)
    assert world.camera("cam2").phase is CameraPhase.DISABLED
    assert "cam2" not in world.starts_s


def test_status_is_answered_while_cameras_fail(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of(*[f"cam{n}" for n in range(20)])
    for n in range(20):
        world.failures[f"cam{n}"] = DEAD
    world.start()
    world.advance(3)
    status = world.system.status()
    assert {camera.breaker.state for camera in status.cameras} == {BreakerState.OPEN}


# --- commands while an attempt is ending ----------------------------------------------------


class Ending:
    """Holds a camera in its cleanup until `over`."""

    def __init__(self, world: ScriptedSystem) -> None:
        self.begun = threading.Event()
        self._over = threading.Event()
        self._world = world
        world.before_stop = self._hold

    def _hold(self, _: str) -> None:
        self.begun.set()
        assert self._over.wait(10)

    def wait(self) -> None:
        assert self.begun.wait(5)
        quiesce()

    def begins_with(self, command: CameraCommand) -> CommandResult:
        """Not by `ScriptedSystem.ask`, which would wait for the camera that is held."""
        answer = self._world.system.supervisor.ask(command, block=True, timeout=5)
        self.wait()
        assert isinstance(answer, CommandAnswer)
        return answer.result

    def over(self) -> None:
        self._over.set()


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


# --- what must not bring the system down ----------------------------------------------------


def test_an_end_that_is_told_twice_counts_once(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    world.start()
    policy = world.config.circuit_breaker.policy()
    while_it_ran = CircuitBreaker.new(policy).permit(world.clock.now)[0]
    world.capture_of("cam1").end()
    eventually(lambda: world.camera().phase is CameraPhase.WAITING)
    world.clock.advance(1)
    before = world.camera().breaker
    world.system.supervisor.tell(CameraEnded(CAM1, 1, while_it_ran, None, "a second word"))
    assert world.camera().breaker == before


def test_a_servant_that_was_stopped_from_outside_stays_stopped(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    (metrics,) = pykka.ActorRegistry.get_by_class(MetricsActor)
    metrics.stop(timeout=5)
    eventually(lambda: not is_running(metrics))
    quiesce()
    world.system.supervisor.tell(ActorEnded("metrics", 0, "a second word"))
    world.advance(3)
    assert world.status().restarts["metrics"] == 0


def test_stray_messages_are_ignored(world_of: Callable[..., ScriptedSystem]) -> None:
    world = world_of("cam1")
    world.start()
    nobody = CameraId("nobody")
    breaker = CircuitBreakerConfig().policy()
    for stray in (
        "hello",
        ActorEnded("nobody", 0, "boom"),
        CameraEnded(nobody, 0, CircuitBreaker.new(breaker)),
    ):
        world.system.supervisor.tell(stray)
    assert world.status().cameras[0].attempts == 1


def starve(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    """The machine has no thread left for those whose name begins so."""
    real = threading.Thread.start

    def start(self: threading.Thread) -> None:
        if self.name.startswith(prefix):
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)


def test_a_camera_that_cannot_be_started_is_a_failure_and_costs_no_other(
    world_of: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    starve(monkeypatch, "camera-cam1-")
    world = world_of("cam1", "cam2", breaker=TO_THE_LETTER)
    world.start()
    world.advance(2)
    camera = world.camera()
    assert (camera.breaker.state, camera.breaker.failures) == (BreakerState.OPEN, 5)
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.SPAWN_FAILED
    assert world.camera("cam2").attempts == 1
    monkeypatch.undo()
    world.advance(5)
    assert world.camera().breaker.state is BreakerState.HALF_OPEN
    world.stream("cam1", 1)
    assert world.camera().phase is CameraPhase.STREAMING


def test_a_machine_without_a_thread_for_an_actor_is_told_once_and_asked_again_after_a_pause(
    world_of: Callable[..., ScriptedSystem],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    world = world_of("cam1")
    with monkeypatch.context() as short:
        starve(short, "metrics-")
        world.start()
        world.stream("cam1", 40)
    said = [getattr(each, "event", None) for each in caplog.records]
    assert said.count(LogEvent.MACHINE_SHORT) == 1
    assert LogEvent.ACTOR_CRASHED not in said
    assert 8 <= world.status().restarts["metrics"] <= 13  # 0.25, 0.5, 1, 2, 4, 5, 5 ... s apart
    assert world.camera().phase is CameraPhase.STREAMING
    world.advance(6)
    assert [each for each in threading.enumerate() if each.name.startswith("metrics-")]


def test_an_actor_that_cannot_be_started_for_another_reason_escalates(
    world_of: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(MetricsActor, "start", refuse)
    world = world_of("cam1")
    world.start()
    world.advance(10)
    stopped = world.system.wait(10)
    assert stopped is not None
    assert stopped.escalated == Escalated("metrics", 5, 60.0)
    assert all(capture.stopped for capture in world.captures)


def test_a_timer_that_finds_no_thread_is_asked_for_again_without_a_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = ScriptedSystem("cam1")
    world.real_time = True
    with monkeypatch.context() as short:
        starve(short, "edge-video-timer")
        world.start()
        eventually(lambda: world.status().restarts["timer"] >= 1)
    try:
        eventually(lambda: "edge-video-timer" in {each.name for each in threading.enumerate()})
        world.stream_now("cam1")
        eventually(lambda: world.camera().breaker.successes >= 1)  # the timer's ticks
    finally:
        assert world.system.stop().escalated is None


def test_a_crash_of_the_supervisor_still_stops_everything(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", "cam2", allow_faults=True)
    world.start()
    world.stream("cam1", 1)
    world.system.supervisor.ask(InjectFault("supervisor", CrashActor("boom")), timeout=5)
    stopped = world.system.wait(10)
    assert stopped is not None
    assert stopped.error == "RequestedCrashError: boom"
    assert all(capture.stopped for capture in world.captures)
    assert [sink.closed for sink in world.sinks] == [True]
    assert pykka.ActorRegistry.get_all() == []
    assert stopped.status.totals.imbalance() is None


def test_a_report_that_cannot_be_printed_does_not_hang_the_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    def broken(_: str) -> None:
        raise OSError("no paper")

    world = world_of("cam1", print_block=broken)
    world.start()
    stopped = world.system.stop(10)
    assert stopped.error is None
    assert pykka.ActorRegistry.get_all() == []


def test_a_step_of_the_shutdown_that_fails_does_not_keep_the_others_from_being_done(
    world_of: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError("nothing can be dropped today")

    monkeypatch.setattr(Outbox, "drop_held", broken)
    world = world_of("cam1")
    world.start()
    stopped = world.system.stop(10)
    assert stopped.status.publisher.state is PublisherState.STOPPED
    assert pykka.ActorRegistry.get_all() == []


def test_a_camera_that_is_just_failing_is_waited_for_at_the_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    ending = Ending(world)
    world.capture_of("cam1").end()
    ending.wait()
    world.system.begin_stop()
    assert world.system.wait(0.3) is None
    ending.over()
    stopped = world.system.wait(10)
    assert stopped is not None
    assert stopped.status.cameras[0].phase is CameraPhase.STOPPED
    assert stopped.status.cameras[0].breaker.failures == 1
    assert world.actors_of("cam1") == []


def test_a_fault_that_reaches_nobody_is_not_counted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", allow_faults=True)
    world.start()
    world.ask(StopCamera(CAM1))
    eventually(lambda: world.camera().phase is CameraPhase.STOPPED)
    answer = world.ask(InjectFault("cam1", KillFfmpeg()))
    assert answer.result is CommandResult.NOT_RUNNING
    assert world.status().faults_injected == 0


def test_status_is_refused_and_not_left_waiting_while_the_system_stops(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1")
    world.start()
    ending = Ending(world)
    world.system.begin_stop()
    assert ending.begun.wait(5)
    with pytest.raises(pykka.ActorDeadError):
        world.system.status(timeout_s=5)
    ending.over()
    assert world.system.wait(10) is not None


def test_the_publisher_s_countdown_is_true_at_every_instant(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    world = world_of("cam1", report_interval=3.0)
    world.broker_is_up = False
    world.start()
    # Without a broker the waits grow; one of more than five seconds outlives a stats message.
    while (world.status().publisher.retry_in_s or 0.0) < 8:
        world.advance(world.status().publisher.retry_in_s or 0.01)
    first = world.status().publisher.retry_in_s
    assert first is not None
    world.advance(3.5)
    later = world.status().publisher.retry_in_s
    assert later is not None
    assert later == pytest.approx(first - 3.5)
    assert re.search(r"retry in [0-9]+s", world.reports[-1])
    printed_s = int(re.findall(r"retry in ([0-9]+)s", world.reports[-1])[-1])
    assert later <= printed_s <= later + 3.0 + 1.0
