"""The end of every trouble is told, with its length and its cost: real actors, fake time."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.memory_limits import MemoryLimits
from edge_video.actors.messages import (
    CameraStats,
    CommandResult,
    ForceOpen,
    MemoryLevelChanged,
    RetryPublisher,
    StartCamera,
    StopCamera,
)
from edge_video.actors.reload_messages import ChangeCamera
from edge_video.capture import CaptureTotals
from edge_video.config import CircuitBreakerConfig
from edge_video.delivery import Outbox
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status import CameraHealth, Delivery, camera_health, verdict
from edge_video.status.ledger import FrameLedger
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.testing import FakeClock
from tests.support.actors import PICTURE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.actors import ScriptedSystem

CAM = CameraId("cam1")
DEAD = Failure(Cause.REFUSED, "refused")
MIB = 2**20


def lines(caplog: pytest.LogCaptureFixture, event: LogEvent) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if getattr(record, "event", None) is event
    ]


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge_video")


def test_a_camera_that_comes_back_says_how_long_it_was_away(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = world_of("cam1")
    system.start()
    system.stream("cam1", 3)
    system.advance(15)  # a stall; the breaker stays closed
    system.stream("cam1", 3)
    assert lines(caplog, LogEvent.CAMERA_BACK) == ["[cam1] Back after 17s; failed attempts: 1"]
    system.stream("cam1", 3)
    assert len(lines(caplog, LogEvent.CAMERA_BACK)) == 1


def test_a_breaker_that_opened_is_back_when_it_has_closed(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    breaker = CircuitBreakerConfig(jitter=0.0, reset_timeout=0.0, initial_backoff=5.0)
    system = world_of("cam1", breaker=breaker)
    system.start()
    system.stream("cam1", 3)
    system.failures["cam1"] = DEAD
    system.capture_of("cam1").end()
    system.advance(4)
    del system.failures["cam1"]
    system.advance(3)
    system.stream("cam1", 2)
    assert lines(caplog, LogEvent.CAMERA_BACK) == []
    system.stream("cam1", 3)
    [line] = lines(caplog, LogEvent.CAMERA_BACK)
    assert line.startswith("[cam1] Back after 8")
    assert line.endswith("failed attempts: 5")


def test_a_camera_that_never_sent_and_one_that_was_stopped_are_not_back(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = world_of("cam1", "cam2")
    system.failures["cam1"] = DEAD
    system.start()
    del system.failures["cam1"]
    system.advance(1)
    system.stream("cam1", 2)
    [line] = lines(caplog, LogEvent.CAMERA_BACK)
    assert line.startswith("[cam1] Sends pictures, ")
    assert "after its first failure; failed attempts: 1" in line
    system.stream("cam2", 2)
    system.capture_of("cam2").end()
    system.ask(StopCamera(CameraId("cam2")))
    system.advance(60)
    system.ask(StartCamera(CameraId("cam2")))
    system.stream("cam2", 2)
    assert len(lines(caplog, LogEvent.CAMERA_BACK)) == 1


def test_a_camera_that_was_disabled_in_its_trouble_is_not_back_when_it_is_enabled(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = world_of("cam1")
    camera = system.config.cameras[0]
    system.start()
    system.stream("cam1", 3)
    system.failures["cam1"] = DEAD
    system.capture_of("cam1").end()
    system.advance(1)
    system.ask(ChangeCamera(camera.model_copy(update={"enabled": False})))
    del system.failures["cam1"]
    system.advance(60)
    system.ask(ChangeCamera(camera))
    system.advance(1)
    system.stream("cam1", 3)
    assert lines(caplog, LogEvent.CAMERA_BACK) == []


def test_the_end_says_what_the_drain_confirmed_and_how_the_cameras_were(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = world_of("cam1", "cam2")
    system.failures["cam2"] = DEAD
    system.start()
    system.stream("cam1", 4)
    system.advance(1)
    ended = system.system.stop(10).status
    assert ended.totals.confirmed == 4
    assert lines(caplog, LogEvent.DRAIN_FINISHED) == ["Last frames: confirmed: 0, abandoned: 0"]
    for each, phase in zip(
        ended.cameras, (CameraPhase.STREAMING, CameraPhase.WAITING), strict=True
    ):
        assert each.phase is phase
    assert camera_health(ended.cameras[0]) is CameraHealth.HEALTHY
    assert camera_health(ended.cameras[1]) is CameraHealth.TROUBLE
    assert verdict(ended).delivery is Delivery.OK


def late(system: ScriptedSystem) -> None:
    system.advance(6)


def owes_a_key_frame(system: ScriptedSystem) -> None:
    breaker = CircuitBreaker.new(system.config.circuit_breaker.policy())
    breaker, _ = breaker.permit(system.clock.now)
    system.system.supervisor.tell(CameraStats(CAM, 1, breaker, 1, 3, key_frame_wait_s=2.0))


def is_being_stopped(system: ScriptedSystem) -> None:
    system.system.supervisor.ask(StopCamera(CAM), timeout=5)


def is_being_paused(system: ScriptedSystem) -> None:
    system.system.supervisor.ask(ForceOpen(CAM), timeout=5)


@pytest.mark.parametrize(
    ("beginning", "health"),
    [
        (lambda _: None, CameraHealth.HEALTHY),
        (late, CameraHealth.TROUBLE),
        (owes_a_key_frame, CameraHealth.TROUBLE),
        (is_being_stopped, CameraHealth.STOPPED),
        (is_being_paused, CameraHealth.PAUSED),
    ],
)
def test_a_camera_is_reported_as_it_was_when_the_stop_began(
    world_of: Callable[..., ScriptedSystem],
    beginning: Callable[[ScriptedSystem], None],
    health: CameraHealth,
) -> None:
    system, has_begun = world_of("cam1"), threading.Event()

    def takes_its_time(_: str) -> None:
        has_begun.wait(5)
        system.clock.now += 60

    system.before_stop = takes_its_time
    system.start()
    system.stream_now("cam1")
    system.advance(1)
    beginning(system)
    assert system.system.status().cameras[0].phase is CameraPhase.STREAMING
    system.system.begin_stop()
    has_begun.set()
    assert camera_health(system.system.stop(10).status.cameras[0]) is health


def test_an_operator_hurries_the_publisher(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.broker_is_up = False
    system.start()
    assert system.status().publisher.state is PublisherState.WAITING
    system.broker_is_up = True
    assert system.ask(RetryPublisher()).result is CommandResult.DONE
    assert system.status().publisher.state is PublisherState.CONNECTED
    assert system.ask(RetryPublisher()).result is CommandResult.ALREADY


class Scene:
    """Outboxes whose memory is limited, and a clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock)
        self.outbox.add_camera(CAM)
        self.outbox.open(CAM, 1, "session")
        self.outbox_of = {CAM: self.outbox}
        ledger = FrameLedger(self.outbox_of, lambda _: CaptureTotals())
        self.limits = MemoryLimits(ledger, self.clock)
        self.level = MemoryLevel.NORMAL

    def enter(self, level: MemoryLevel) -> None:
        before, self.level = self.level, level
        self.limits.apply(before, MemoryLevelChanged(level, 34 * MIB, 40 * MIB))

    def pass_time(self, seconds: int) -> None:
        """Ten frames come each second."""
        for _ in range(seconds):
            for _ in range(10):
                self.outbox.put(CAM, 1, PICTURE)
                self.clock.advance(0.1)
            while self.outbox.take() is not None:
                pass
            self.limits.look()


def test_memory_that_is_short_says_what_it_costs_and_that_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    scene.pass_time(10)
    scene.enter(MemoryLevel.EMERGENCY)
    scene.pass_time(1500)
    scene.enter(MemoryLevel.NORMAL)
    scene.pass_time(1500)
    change, *rest = [record.getMessage() for record in caplog.records]
    assert change == (
        "Memory EMERGENCY: 34 of 40 MB (85%);"
        " of each camera one frame a second is taken, all others are dropped"
    )
    drops = lines(caplog, LogEvent.MEMORY_DROPS)
    assert len(drops) == 4, "soon, then every ten minutes; the last one after it is over"
    assert drops[0] == "Frames dropped to save memory: 45 in the last 5s"
    assert "in the last 10m" in drops[1]
    end = lines(caplog, LogEvent.MEMORY_LEVEL_CHANGED)[-1]
    dropped = scene.outbox.counts()[CAM].dropped_memory
    assert end == (
        f"Memory NORMAL: 34 of 40 MB (85%) after 25m; frames dropped for it meanwhile: {dropped}"
    )
    assert len(rest) == 5


def test_an_outbox_that_comes_while_memory_is_short_is_limited_as_well() -> None:
    scene, late, later = Scene(), CameraId("late"), CameraId("later")
    scene.enter(MemoryLevel.EMERGENCY)
    for camera in (late, later):
        outbox = scene.outbox_of[camera] = Outbox(scene.clock)
        outbox.add_camera(camera)
        outbox.open(camera, 1, "session")
        scene.limits.look()
        assert [outbox.put(camera, 1, PICTURE) for _ in range(3)] == [True, False, False]
    scene.enter(MemoryLevel.NORMAL)
    for camera in (late, later):
        outbox = scene.outbox_of[camera]
        assert [outbox.put(camera, 1, PICTURE) for _ in range(3)] == [True, True, True]
        assert outbox.held == 4


def test_a_program_whose_memory_suffices_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.pass_time(100)
    assert caplog.records == []
