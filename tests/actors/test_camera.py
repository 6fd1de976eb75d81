"""The camera actor on its own, as an embedding program starts it; time and FFmpeg are played."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import join
from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime
from edge_video.actors.messages import (
    BreakerChanged,
    BreakerWasReset,
    CameraEnded,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    ClearFaults,
    Finish,
    FramesReady,
    InjectFault,
    ResetBreaker,
)
from edge_video.delivery.outbox import Outbox
from edge_video.faults import CrashActor, FreezeFfmpeg
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from tests.support.actors import PICTURE, RecordingActor, ScriptedSystem, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.actors import ScriptedCapture

CAM1 = CameraId("cam1")


class Stage:
    """One camera actor, its receiver, and the system that plays its FFmpeg."""

    def __init__(self, **runtime: Any) -> None:
        self.system = ScriptedSystem("cam1")
        self.runtime = CameraRuntime(
            clock=self.system.clock,
            timer=self.system.timer,
            capture=self.system.make_capture,
            **runtime,
        )
        self.recorder = RecordingActor.start()
        self.outbox = Outbox(self.system.clock)
        self.outbox.add_camera(CAM1)

    def start(
        self, actor: type[CameraActor] = CameraActor, frames: Any = None, **options: Any
    ) -> pykka.ActorRef[CameraActor]:
        options = {"events": self.recorder, "runtime": self.runtime, **options}
        self.camera = actor.start(
            self.system.config.cameras[0], frames=frames or self.outbox, **options
        )
        return self.camera

    def begin(self, **options: Any) -> ScriptedCapture:
        self.start(**options)
        quiesce()
        return self.capture

    @property
    def capture(self) -> ScriptedCapture:
        return self.system.capture_of("cam1")

    def heard(self, *kinds: type) -> list[Any]:
        return heard_by(self.recorder, *kinds)

    def last(self) -> CameraEnded:
        """The last message of all, once the actor is gone."""
        join([self.camera], time.monotonic() + 5)
        ended = self.heard()[-1]
        assert isinstance(ended, CameraEnded)
        return ended


@pytest.fixture
def stage_of() -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(**runtime: Any) -> Stage:
        stages.append(Stage(**runtime))
        return stages[-1]

    yield make
    for stage in stages:
        stage.camera.stop(timeout=5)
        join([stage.camera], time.monotonic() + 5)
        stage.recorder.stop(timeout=5)
    assert pykka.ActorRegistry.get_all() == []


def test_the_first_frame_is_announced_and_every_good_second_is_a_success(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    capture = stage.begin()
    for _ in range(3):
        capture.frame()
        quiesce()
        stage.system.advance(1)
    streaming = stage.heard(CameraStreaming)
    assert [(each.generation, each.after_s) for each in streaming] == [(1, 0.0)]
    stats = stage.heard(CameraStats)
    assert [(each.frames, each.breaker.successes) for each in stats] == [(1, 1), (2, 2), (3, 3)]
    assert stats[-1].ffmpeg_pid == capture.pid


def test_an_orderly_stop_is_no_verdict_on_the_camera(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of()
    capture = stage.begin()
    stage.camera.stop(timeout=5)
    ended = stage.last()
    assert (ended.failure, ended.error) == (None, None)
    assert (ended.breaker.calls, ended.breaker.attempt_running) == (0, False)
    assert capture.stopped
    assert stage.system.timer.next_in_s() is None


def test_one_attempt_fails_once_however_many_symptoms_it_has(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of(allow_faults=True)
    capture = stage.begin()
    capture.end(Cause.TIMEOUT)
    capture.end(Cause.KILLED)
    ended = stage.last()
    assert ended.failure == Failure(Cause.TIMEOUT)
    assert ended.breaker.failures == 1
    assert len(stage.heard(CameraFailed)) == 1


def test_a_capture_that_cannot_start_is_a_failure_like_any_other(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    stage.system.refusals["cam1"] = Failure(Cause.SPAWN_FAILED, "no process left")
    stage.begin()
    assert stage.last().failure == Failure(Cause.SPAWN_FAILED, "no process left")


OVER = Failure(Cause.MEMORY_LIMIT, "301 MB, allowed are 200 MB")


def test_an_ffmpeg_beyond_its_limits_is_a_failure_though_it_streams(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    capture = stage.begin()
    capture.frame()
    capture.over = OVER
    stage.system.advance(1)
    assert stage.last().failure == OVER
    assert stage.last().breaker.failures == 1
    assert capture.stopped


def test_an_end_that_a_limit_has_caused_is_told_as_that(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of()
    capture = stage.begin()
    capture.over = OVER
    capture.end(Cause.KILLED)
    assert stage.last().failure == OVER


def test_a_crash_is_a_failure_in_one_line(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of(allow_faults=True)
    capture = stage.begin()
    stage.camera.tell(InjectFault("cam1", CrashActor("first\nsecond")))
    ended = stage.last()
    assert ended.failure == Failure(Cause.CRASHED, "RequestedCrashError: first second")
    assert ended.error == "RequestedCrashError: first second"
    assert ended.breaker.failures == 1
    assert capture.stopped


def test_a_cleanup_step_that_fails_keeps_no_other_from_being_done(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    capture = stage.begin()

    def refuse(_: str) -> None:
        raise OSError("the process is stuck")

    stage.system.before_stop = refuse
    stage.camera.stop(timeout=5)
    ended = stage.last()
    assert not ended.breaker.attempt_running
    assert stage.system.timer.next_in_s() is None
    capture.frame()
    assert stage.outbox.counts()[CAM1].refused_late == 1


def test_ffmpeg_is_ended_though_the_failure_cannot_be_recorded(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of(draw=lambda: 2.0)  # out of range: the breaker refuses it
    capture = stage.begin()
    capture.end()
    assert stage.last().error is not None
    assert capture.stopped


def test_no_ffmpeg_is_started_for_a_camera_that_was_finished_before_it_began(
    stage_of: Callable[..., Stage],
) -> None:
    gate = threading.Event()

    class LateCamera(CameraActor):
        def on_start(self) -> None:
            assert gate.wait(5)
            super().on_start()

    stage = stage_of()
    camera = stage.start(LateCamera)
    answer = camera.ask(Finish(), block=False)
    gate.set()
    assert answer.get(timeout=5).breaker.attempt_running is False
    join([camera], time.monotonic() + 5)
    assert stage.system.captures == []


def test_a_failed_probe_tells_of_the_change_before_the_failure(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    breaker = CircuitBreaker.new(BreakerPolicy(max_failures=1, jitter=0.0))
    capture = stage.begin(breaker=breaker.permit(stage.system.clock.now)[0])
    capture.end()
    ended = stage.last()
    kinds = [type(each) for each in stage.heard()]
    assert kinds == [BreakerChanged, CameraFailed, CameraEnded]
    assert ended.breaker.state is BreakerState.OPEN


def test_a_reset_clears_the_count_of_a_running_camera(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of()
    breaker = CircuitBreaker.new(BreakerPolicy(retry_floor_s=0.0))
    for generation in (1, 2):
        breaker = breaker.permit(stage.system.clock.now)[0]
        breaker = breaker.failure(stage.system.clock.now, generation)
    stage.begin(breaker=breaker.permit(stage.system.clock.now)[0])
    stage.camera.tell(ResetBreaker(CAM1))
    answers = stage.heard(BreakerWasReset)
    assert [(each.generation, each.breaker.consecutive_failures) for each in answers] == [(3, 0)]


def test_a_receiver_of_frames_gets_them_through_an_outbox_of_its_own(
    stage_of: Callable[..., Stage],
) -> None:
    stage = stage_of()
    capture = stage.begin(frames=stage.recorder)
    capture.frame()
    capture.frame()
    notifications = stage.heard(FramesReady)
    assert len(notifications) == 1
    images = [frame.image for frame in notifications[0].outbox.deliver()]
    assert images == [PICTURE, PICTURE]


def test_a_frozen_ffmpeg_is_thawed_by_clear_faults(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of(allow_faults=True)
    capture = stage.begin()
    stage.camera.tell(InjectFault("cam1", FreezeFfmpeg()))
    stage.camera.tell(ClearFaults())
    quiesce()
    assert capture.signals == [signal.SIGSTOP, signal.SIGCONT]


def test_a_camera_on_its_own_obeys_no_fault_unless_allowed(stage_of: Callable[..., Stage]) -> None:
    stage = stage_of()
    capture = stage.begin()
    stage.camera.tell(InjectFault("cam1", CrashActor()))
    stage.camera.tell(InjectFault("cam1", FreezeFfmpeg()))
    quiesce()
    assert stage.camera.is_alive()
    assert capture.signals == []
