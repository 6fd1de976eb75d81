"""Faults that wait, in a system of real actors under a fake clock."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.base import SupervisedActor
from edge_video.actors.messages import (
    ClearFaults,
    CommandAnswer,
    CommandResult,
    InjectFault,
    StartCamera,
    StopCamera,
)
from edge_video.faults import (
    AfterFrames,
    AtNextStart,
    CrashActor,
    CrashInStart,
    DelayActor,
    FreezeFfmpeg,
    GarbageBytes,
    KillFfmpeg,
    When,
)
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually
from tests.support.actors import ScriptedSystem, quiesce
from tests.support.watched import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pykka

CAM1 = CameraId("cam1")
DONE = CommandAnswer(CommandResult.DONE)


@pytest.fixture
def world_of() -> Iterator[Callable[..., ScriptedSystem]]:
    systems: list[ScriptedSystem] = []

    def make(*camera_ids: str) -> ScriptedSystem:
        systems.append(ScriptedSystem(*camera_ids, allow_faults=True))
        systems[-1].start()
        return systems[-1]

    yield make
    for system in systems:
        system.system.stop()


def kills(system: ScriptedSystem, camera_id: str = "cam1") -> int:
    return sum(
        each.signals.count(signal.SIGKILL)
        for each in system.captures
        if each.camera.id == camera_id
    )


def scheduled(system: ScriptedSystem) -> int:
    return sum(entry.call is not None for entry in system.timer._heap)


def test_frames_are_watched_only_while_a_fault_waits_for_them(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    calls = scheduled(system)
    assert system.ask(InjectFault("cam1", KillFfmpeg(), AfterFrames(3))) == DONE
    assert scheduled(system) == calls + 1
    assert system.status().faults_armed == 1
    for _ in range(2):
        system.capture_of("cam1").frame()
    system.advance(0.1)
    assert kills(system) == 0
    system.capture_of("cam1").frame()
    system.advance(0.1)
    assert kills(system) == 1
    assert scheduled(system) == calls
    status = system.status()
    assert (status.faults_injected, status.faults_armed) == (1, 0)


def test_what_comes_due_in_a_camera_that_rests_acts_in_its_next_attempt(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    system.ask(InjectFault("cam1", KillFfmpeg(), AfterFrames(1)))
    system.capture_of("cam1").frame()
    system.ask(StopCamera(CAM1))
    eventually(lambda: system.camera().phase is CameraPhase.STOPPED)
    system.advance(0.2)
    assert kills(system) == 0
    system.ask(StartCamera(CAM1))
    system.advance(0.2)
    assert kills(system) == 1


@pytest.mark.parametrize("when", [AtNextStart(), AfterFrames(1)])
def test_what_acts_at_a_start_waits_for_one(
    world_of: Callable[..., ScriptedSystem], when: When
) -> None:
    system = world_of()
    system.ask(InjectFault("cam1", CrashInStart("stillborn"), when))
    system.capture_of("cam1").frame()
    system.advance(0.1)
    assert system.camera().attempts == 1
    system.capture_of("cam1").end()
    system.advance(2)
    camera = system.camera()
    assert camera.attempts == 3
    assert camera.last_failure is not None
    assert "stillborn" in camera.last_failure.detail
    assert system.status().faults_armed == 0


def test_a_camera_named_like_an_actor_is_reached_by_its_full_name(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("publisher", "cam2")
    assert system.ask(InjectFault("camera:publisher", KillFfmpeg())) == DONE
    assert kills(system, "publisher") == 1
    assert system.ask(InjectFault("camera:cam2", KillFfmpeg())) == DONE
    assert kills(system, "cam2") == 1
    answer = system.ask(InjectFault("publisher", KillFfmpeg()))
    assert answer.result is CommandResult.NOT_UNDERSTOOD


def test_no_more_than_a_thousand_faults_wait(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of()
    request = InjectFault("cam1", KillFfmpeg(), AtNextStart())
    for _ in range(1000):
        system.system.supervisor.tell(request)
    assert system.ask(request).result is CommandResult.REJECTED
    assert system.status().faults_armed == 1000
    assert system.ask(ClearFaults()) == DONE
    assert system.status().faults_armed == 0


def test_a_fault_that_finds_nothing_to_break_says_so(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    with listening() as story:
        system.ask(InjectFault("cam1", GarbageBytes()))  # a scripted capture has no bytes
        assert story.of(LogEvent.FAULT_MISSED, target="camera-cam1-1", fault="GarbageBytes")


def test_freezing_for_a_while_ends_by_the_timer_and_a_longer_freeze_wins(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    system.ask(InjectFault("cam1", FreezeFfmpeg(for_s=2.0)))
    system.advance(1)
    system.ask(InjectFault("cam1", FreezeFfmpeg(for_s=3.0)))
    system.advance(2.5)
    assert system.capture_of("cam1").signals == [signal.SIGSTOP, signal.SIGSTOP]
    system.advance(1)
    assert system.capture_of("cam1").signals[2:] == [signal.SIGCONT]


def test_a_stop_forgets_what_waits(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of()
    system.ask(InjectFault("publisher", CrashInStart(), times=9))
    system.ask(InjectFault("cam1", KillFfmpeg(), AfterFrames(1)))
    stopped = system.system.stop()
    assert (stopped.status.faults_injected, stopped.error) == (0, None)


class Late(SupervisedActor):
    """Begins only when it is allowed to."""

    def __init__(self) -> None:
        super().__init__(supervisor=None, thread_name="late", allow_faults=True)
        self.heard: list[str] = []

    def on_start(self) -> None:
        return

    def handle(self, message: object) -> object:
        self.heard.append(type(message).__name__)
        return None

    def apply_fault(self, fault: object) -> bool:
        self.heard.append(type(fault).__name__)
        return True

    def clear_faults(self) -> None:
        self.heard.append("cleared")

    def exit_message(self, error: str | None) -> object:
        return error


def test_a_fault_that_overtakes_the_beginning_waits_for_it() -> None:
    late = Late.start()
    try:
        late.tell(InjectFault("late", KillFfmpeg()))
        late.tell(ClearFaults())
        late.tell(InjectFault("late", FreezeFfmpeg()))
        quiesce()
        heard = late.proxy().heard
        assert heard.get(timeout=5) == ["cleared"]
        SupervisedActor.on_start(_actor(late))
        eventually(lambda: heard_of(late) == ["cleared", "Begin", "FreezeFfmpeg"])
    finally:
        late.stop(timeout=5)


def heard_of(ref: pykka.ActorRef[Late]) -> list[str]:
    return list(ref.proxy().heard.get(timeout=5))


def _actor(ref: pykka.ActorRef[Late]) -> Late:
    actor = ref._actor_weakref()
    assert actor is not None
    return actor


def test_a_delay_ends_with_its_time_or_with_the_faults(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    system.ask(InjectFault("metrics", DelayActor(for_s=0.01)))
    system.system.supervisor.ask(InjectFault("metrics", DelayActor(for_s=60.0)), timeout=5)
    system.system.supervisor.ask(ClearFaults("metrics"), timeout=5)
    system.system.supervisor.ask(InjectFault("metrics", CrashActor()), timeout=5)
    eventually(lambda: system.status().restarts["metrics"] == 1)
