"""Supervision: real actors, fake time."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import is_running
from edge_video.actors.frame_messages import (
    GetFrameCounts,
    PublishAnswer,
    PublishFrame,
    PublishResult,
)
from edge_video.actors.messages import (
    ActorEnded,
    CameraEnded,
    CommandResult,
    Escalated,
    InjectFault,
    MemoryLevelChanged,
    StopCamera,
)
from edge_video.actors.metrics import MetricsActor
from edge_video.actors.publisher import PublisherActor
from edge_video.config import CircuitBreakerConfig, SupervisionConfig
from edge_video.delivery import Outbox
from edge_video.faults import CrashActor, KillFfmpeg
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.testing import eventually
from tests.support.actors import PICTURE, ScriptedSystem, quiesce
from tests.support.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.ledger import FrameCounts

CAM1 = CameraId("cam1")
DEAD = Failure(Cause.NO_SUCH_STREAM, "404 Not Found")
TO_THE_LETTER = CircuitBreakerConfig(jitter=0.0, reset_timeout=0.0)


def test_faults_are_refused_and_counted_unless_allowed(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    assert system.ask(InjectFault("cam1", KillFfmpeg())).result is CommandResult.NOT_ALLOWED
    assert system.capture_of("cam1").signals == []
    assert (system.status().faults_refused, system.status().faults_injected) == (1, 0)


def test_a_crashed_publisher_is_replaced_and_the_books_balance(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", allow_faults=True)
    system.confirms = False
    system.start()
    system.capture_of("cam1").frame()
    quiesce()
    assert system.camera().frames.in_flight == 1
    system.ask(InjectFault("publisher", CrashActor()))
    eventually(lambda: system.status().restarts["publisher"] == 1)
    system.confirms = True
    system.capture_of("cam1").frame()
    eventually(lambda: system.camera().frames.confirmed == 1)
    frames = system.camera().frames
    assert (frames.received, frames.unknown, frames.in_flight) == (2, 1, 0)
    assert frames.imbalance() is None


def test_frames_that_waited_while_the_publisher_was_dead_are_not_forgotten(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", allow_faults=True)
    system.broker_is_up = False
    system.start()
    for _ in range(3):
        system.capture_of("cam1").frame()
    system.broker_is_up = True
    system.ask(InjectFault("publisher", CrashActor()))
    eventually(lambda: system.camera().frames.confirmed == 3)


@pytest.mark.parametrize("name", ["metrics", "reporter"])
def test_crashed_servants_are_replaced_and_know_everything_again(
    world_of: Callable[..., ScriptedSystem], name: str
) -> None:
    system = world_of("cam1", allow_faults=True)
    system.start()
    system.stream("cam1", 1)
    system.ask(InjectFault(name, CrashActor()))
    eventually(lambda: system.status().restarts[name] == 1)
    system.advance(30)
    assert "[cam1]" in system.reports[-1]


def test_too_many_crashes_escalate_to_an_orderly_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    host: pykka.ActorRef[Any] = Host.start()
    system = world_of("cam1", allow_faults=True, host=host)
    system.start()
    system.stream("cam1", 1)

    def restarted(name: str, times: int) -> bool:
        system.advance(0.25)
        return system.status().restarts[name] == times

    for crashes in range(1, 7):
        system.ask(InjectFault("metrics", CrashActor()))
        if crashes <= 5:
            eventually(lambda n=crashes: restarted("metrics", n))  # type: ignore[misc]
    stopped = system.system.wait(10)
    assert stopped is not None
    assert stopped.escalated == Escalated("metrics", 5, 60.0)
    assert host.is_alive()
    assert host.ask("heard", timeout=5) == [Escalated("metrics", 5, 60.0)]
    assert system.captures[0].stopped
    host.stop(timeout=5)


def test_any_actor_s_frames_are_published_beside_those_of_the_cameras(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    system.stream_now("cam1")
    (publisher,) = pykka.ActorRegistry.get_by_class(PublisherActor)
    drone = PublishFrame(CameraId("drone"), PICTURE, system.clock.wall_ns())
    assert publisher.ask(drone, timeout=5) == PublishAnswer(PublishResult.ACCEPTED)
    quiesce()
    assert [frame.camera_id for frame in system.published] == ["cam1", "drone"]
    counts: dict[CameraId, FrameCounts]
    counts = publisher.ask(GetFrameCounts(), block=True, timeout=5)
    assert {each.imbalance() for each in counts.values()} == {None}
    assert system.status().totals.received == 1  # the status shows what is configured


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
    system = world_of("cam1", "cam2")
    system.start()
    system.stream("cam1", 1)
    pykka.ActorRegistry.stop_all(timeout=10)
    stopped = system.system.wait(10)
    assert stopped is not None
    assert len(system.captures) == 2
    assert pykka.ActorRegistry.get_all() == []


def test_a_camera_stopped_from_outside_is_not_restarted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    camera = next(
        ref for ref in pykka.ActorRegistry.get_all() if ref.actor_class.__name__ == "CameraActor"
    )
    camera.stop(timeout=5)
    eventually(lambda: system.camera().phase is CameraPhase.STOPPED)
    system.advance(100)
    assert len(system.captures) == 1


def test_stopping_stops_only_the_system_s_own_actors(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    host: pykka.ActorRef[Any] = Host.start()
    system = world_of("cam1")
    system.start()
    stopped = system.system.stop(10)
    assert stopped.error is None
    assert pykka.ActorRegistry.get_all() == [host]
    host.stop(timeout=5)


def test_the_final_report_shows_the_last_facts(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1", "cam2")
    system.failures["cam2"] = DEAD
    system.start()
    system.advance(2)
    system.stream("cam1", 4)
    stopped = system.system.stop(10)
    by_id = {camera.camera_id: camera for camera in stopped.status.cameras}
    assert by_id[CAM1].frames.confirmed == 4
    assert by_id[CAM1].phase is CameraPhase.STREAMING, "as it was when the end began"
    assert by_id[CameraId("cam2")].phase is CameraPhase.WAITING
    assert by_id[CAM1].breaker.successes == 4
    assert by_id[CameraId("cam2")].breaker.failures == 5
    assert stopped.status.publisher.state is PublisherState.STOPPED
    assert "cam2" in system.reports[-1]


def test_memory_levels_shrink_the_outboxes_and_slow_the_cameras(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.broker_is_up = False
    system.start()

    def level(level: MemoryLevel) -> None:
        system.system.supervisor.tell(MemoryLevelChanged(level, 90 * 2**20, 100 * 2**20))
        quiesce()

    capture = system.capture_of("cam1")
    for _ in range(5):
        capture.frame(PICTURE)
    assert system.camera().frames.held == 5
    level(MemoryLevel.CRITICAL)
    assert system.camera().frames.held == 1
    level(MemoryLevel.EMERGENCY)
    for _ in range(10):
        capture.frame(PICTURE)
    assert system.camera().frames.dropped_memory >= 9
    level(MemoryLevel.NORMAL)
    for _ in range(10):
        capture.frame(PICTURE)
    assert system.camera().frames.held == 5
    assert system.camera().frames.imbalance() is None


def test_a_disabled_camera_is_never_started(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of(
        cameras=[
            {"id": "cam1", "url": "rtsp://a/1"},
            {"id": "cam2", "url": "rtsp://a/2", "enabled": False},
        ]
    )
    system.start()
    system.advance(100)
    assert system.camera("cam2").phase is CameraPhase.DISABLED
    assert "cam2" not in system.starts_s


def test_status_is_answered_while_cameras_fail(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of(*[f"cam{n}" for n in range(20)])
    for n in range(20):
        system.failures[f"cam{n}"] = DEAD
    system.start()
    system.advance(3)
    status = system.system.status()
    assert {camera.breaker.state for camera in status.cameras} == {BreakerState.OPEN}


# --- what must not bring the system down ----------------------------------------------------


def test_an_end_that_is_told_twice_counts_once(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1", breaker=CircuitBreakerConfig(jitter=0.0, max_failures=1))
    system.start()
    policy = system.config.circuit_breaker.policy()
    while_it_ran = CircuitBreaker.new(policy).permit(system.clock.now)[0]
    system.capture_of("cam1").end()
    eventually(lambda: system.camera().phase is CameraPhase.WAITING)
    system.clock.advance(1)
    before = system.camera().breaker
    system.system.supervisor.tell(CameraEnded(CAM1, 1, while_it_ran, None, "a second word"))
    assert system.camera().breaker == before


def test_a_servant_that_was_stopped_from_outside_stays_stopped(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    (metrics,) = pykka.ActorRegistry.get_by_class(MetricsActor)
    metrics.stop(timeout=5)
    eventually(lambda: not is_running(metrics))
    quiesce()
    system.system.supervisor.tell(ActorEnded("metrics", 0, "a second word"))
    system.advance(3)
    assert system.status().restarts["metrics"] == 0


def test_an_end_that_is_told_twice_is_one_crash(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    """By the actor itself, and by the look for those that died in silence, which came between."""
    host: pykka.ActorRef[Any] = Host.start()
    system = world_of("cam1", host=host, supervision=SupervisionConfig(max_restarts=0))
    system.start()
    (metrics,) = pykka.ActorRegistry.get_by_class(MetricsActor)
    for error in ("boom", "its thread ended without a word"):
        system.system.supervisor.tell(ActorEnded("metrics", 0, error))
    assert system.system.wait(10) is not None
    assert host.ask("heard", timeout=5) == [Escalated("metrics", 0, 60.0)]
    for actor in (host, metrics):  # which has not ended, whatever was said of it
        actor.stop(timeout=5)


def test_stray_messages_are_ignored(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.start()
    nobody = CameraId("nobody")
    breaker = CircuitBreakerConfig().policy()
    for stray in (
        "hello",
        ActorEnded("nobody", 0, "boom"),
        CameraEnded(nobody, 0, CircuitBreaker.new(breaker)),
    ):
        system.system.supervisor.tell(stray)
    assert system.status().cameras[0].attempts == 1


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
    system = world_of("cam1", "cam2", breaker=TO_THE_LETTER)
    system.start()
    system.advance(2)
    camera = system.camera()
    assert (camera.breaker.state, camera.breaker.failures) == (BreakerState.OPEN, 5)
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.SPAWN_FAILED
    assert system.camera("cam2").attempts == 1
    monkeypatch.undo()
    system.advance(5)
    assert system.camera().breaker.state is BreakerState.HALF_OPEN
    system.stream("cam1", 1)
    assert system.camera().phase is CameraPhase.STREAMING


def test_a_machine_without_a_thread_for_an_actor_is_told_once_and_asked_again_after_a_pause(
    world_of: Callable[..., ScriptedSystem],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    system = world_of("cam1")
    with monkeypatch.context() as short:
        starve(short, "metrics-")
        system.start()
        system.stream("cam1", 40)
    logged = [getattr(each, "event", None) for each in caplog.records]
    assert logged.count(LogEvent.MACHINE_SHORT) == 1
    assert LogEvent.ACTOR_CRASHED not in logged
    assert 8 <= system.status().restarts["metrics"] <= 13  # 0.25, 0.5, 1, 2, 4, 5, 5 ... s apart
    assert system.camera().phase is CameraPhase.STREAMING
    system.advance(6)
    assert [each for each in threading.enumerate() if each.name.startswith("metrics-")]


def test_an_actor_that_cannot_be_started_for_another_reason_escalates(
    world_of: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(MetricsActor, "start", refuse)
    system = world_of("cam1")
    system.start()
    system.advance(10)
    stopped = system.system.wait(10)
    assert stopped is not None
    assert stopped.escalated == Escalated("metrics", 5, 60.0)
    assert all(capture.stopped for capture in system.captures)


def test_a_timer_that_finds_no_thread_is_asked_for_again_without_a_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = ScriptedSystem("cam1")
    system.real_time = True
    with monkeypatch.context() as short:
        starve(short, "edge-video-timer")
        system.start()
        eventually(lambda: system.status().restarts["timer"] >= 1)
    try:
        eventually(lambda: "edge-video-timer" in {each.name for each in threading.enumerate()})
        system.stream_now("cam1")
        eventually(lambda: system.camera().breaker.successes >= 1)  # the timer's ticks
    finally:
        assert system.system.stop().escalated is None


def test_a_crash_of_the_supervisor_still_stops_everything(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", "cam2", allow_faults=True)
    system.start()
    system.stream("cam1", 1)
    system.system.supervisor.ask(InjectFault("supervisor", CrashActor("boom")), timeout=5)
    stopped = system.system.wait(10)
    assert stopped is not None
    assert stopped.error == "RequestedCrashError: boom"
    assert all(capture.stopped for capture in system.captures)
    assert [sink.closed for sink in system.sinks] == [True]
    assert pykka.ActorRegistry.get_all() == []
    assert stopped.status.totals.imbalance() is None


def test_a_report_that_cannot_be_printed_does_not_hang_the_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    def broken(_: str) -> None:
        raise OSError("no paper")

    system = world_of("cam1", print_block=broken)
    system.start()
    stopped = system.system.stop(10)
    assert stopped.error is None
    assert pykka.ActorRegistry.get_all() == []


def test_a_step_of_the_shutdown_that_fails_does_not_keep_the_others_from_being_done(
    world_of: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError("nothing can be dropped today")

    monkeypatch.setattr(Outbox, "drop_held", broken)
    system = world_of("cam1")
    system.start()
    stopped = system.system.stop(10)
    assert stopped.status.publisher.state is PublisherState.STOPPED
    assert pykka.ActorRegistry.get_all() == []


def test_a_camera_that_is_just_failing_is_waited_for_at_the_stop(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    ending = Ending(system)
    system.capture_of("cam1").end()
    ending.wait()
    system.system.begin_stop()
    assert system.system.wait(0.3) is None
    ending.over()
    stopped = system.system.wait(10)
    assert stopped is not None
    assert stopped.status.cameras[0].phase is CameraPhase.STARTING
    assert stopped.status.cameras[0].breaker.failures == 1
    assert system.actors_of("cam1") == []


def test_a_fault_that_reaches_nobody_is_not_counted(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", allow_faults=True)
    system.start()
    system.ask(StopCamera(CAM1))
    eventually(lambda: system.camera().phase is CameraPhase.STOPPED)
    answer = system.ask(InjectFault("cam1", KillFfmpeg()))
    assert answer.result is CommandResult.NOT_RUNNING
    assert system.status().faults_injected == 0


def test_status_is_refused_and_not_left_waiting_while_the_system_stops(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    ending = Ending(system)
    system.system.begin_stop()
    assert ending.begun.wait(5)
    with pytest.raises(pykka.ActorDeadError):
        system.system.status(timeout_s=5)
    ending.over()
    assert system.system.wait(10) is not None


def test_the_publisher_s_countdown_is_true_at_every_instant(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1", report_interval=3.0)
    system.broker_is_up = False
    system.start()
    # Without a broker the waits grow; one of more than five seconds outlives a stats message.
    while (system.status().publisher.retry_in_s or 0.0) < 8:
        system.advance(system.status().publisher.retry_in_s or 0.01)
    first = system.status().publisher.retry_in_s
    assert first is not None
    system.advance(3.5)
    later = system.status().publisher.retry_in_s
    assert later is not None
    assert later == pytest.approx(first - 3.5)
    assert re.search(r"retry in [0-9]+s", system.reports[-1])
    printed_s = int(re.findall(r"retry in ([0-9]+)s", system.reports[-1])[-1])
    assert later <= printed_s <= later + 3.0 + 1.0
