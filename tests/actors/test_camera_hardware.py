"""A camera whose hardware fails goes on with the CPU: no failure, no breaker; and comes back."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from pydantic import SecretStr

from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime
from edge_video.actors.fallback_spacing import FallbackSpacing
from edge_video.actors.messages import CameraFailed, CameraStats, CameraStreaming
from edge_video.capture.binary import Binary
from edge_video.capture.hardware import Acceleration, Decoding
from edge_video.capture.hardware.keeper import HardwareKeeper
from edge_video.capture.hardware.trial import TrialResult
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from tests.support.actors import RecordingActor, ScriptedSystem, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.config import CameraConfig
    from tests.support.actors import ScriptedCapture

CAM1 = CameraId("cam1")
SAYS = (
    "[h264 @ 0x1] [error] Failed setup for format cuda: hwaccel initialisation returned error.",
)


class Stage:
    """A camera that is to be decoded by cuda, and a keeper whose trial always works."""

    def __init__(self) -> None:
        self.system = ScriptedSystem("cam1")
        self.config = self.system.config.cameras[0].model_copy(
            update={"hwaccel": "cuda", "url": SecretStr("rtsp://10.0.0.5/s")}
        )
        self.keeper = HardwareKeeper(
            Binary("/ffmpeg", (9,)),
            lambda *_: TrialResult(Acceleration("cuda")),
            self.system.clock.monotonic,
        )
        self.ways: list[Acceleration | None] = []
        self.says: tuple[str, ...] = SAYS
        self.runtime = CameraRuntime(
            clock=self.system.clock,
            timer=self.system.timer,
            capture=self.make_capture,
            hardware=self.keeper,
            fallbacks=FallbackSpacing(3.0),
        )
        self.recorder = RecordingActor.start()
        self.outbox = Outbox(self.system.clock)
        self.outbox.add_camera(CAM1)
        self.begin()

    def begin(self, **keys: Any) -> None:
        """Begin an attempt, with other keys of the configuration than before."""
        self.config = self.config.model_copy(update=keys)
        self.camera = CameraActor.start(
            self.config, frames=self.outbox, events=self.recorder, runtime=self.runtime
        )
        quiesce()

    def make_capture(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> ScriptedCapture:
        self.ways.append(self.keeper.acceleration_for(camera))
        capture = self.system.make_capture(camera, on_frame=on_frame, on_end=on_end)
        capture.says = self.says
        return capture

    @property
    def capture(self) -> ScriptedCapture:
        return self.system.capture_of("cam1")

    def stream(self, seconds: int) -> None:
        for _ in range(seconds):
            self.capture.frame()
            quiesce()
            self.system.advance(1)

    def wait(self, seconds: int) -> None:
        """Let no frame come."""
        for _ in range(seconds):
            self.system.advance(1)

    def stream_until_the_card_is_back(self) -> None:
        """Let a minute pass, and the trial that is due then."""
        self.stream(60)
        for _ in range(5):
            for thread in threading.enumerate():
                if thread.name.startswith("hardware-"):
                    thread.join(30)
            self.stream(1)

    def heard(self, *kinds: type) -> list[Any]:
        return heard_by(self.recorder, *kinds)

    @property
    def decoding(self) -> Decoding | None:
        stats: CameraStats = self.heard(CameraStats)[-1]
        return stats.decoding


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO)
    return lambda: [str(each.__dict__["event"].value) for each in caplog.records]


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.camera.stop(timeout=5)
    made.recorder.stop(timeout=5)
    assert pykka.ActorRegistry.get_all() == []


def test_the_cpu_goes_on_within_the_attempt_and_the_hardware_comes_back(stage: Stage) -> None:
    stage.stream(2)
    assert stage.decoding == Decoding("cuda", "cuda")
    stage.capture.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    stage.stream(2)
    decoding = stage.decoding
    assert decoding is not None
    assert (decoding.used, decoding.has_fallen_back) == ("software", True)
    assert "Failed setup for format cuda" in decoding.reason
    stage.stream_until_the_card_is_back()
    assert stage.decoding == Decoding("cuda", "cuda")
    assert [way is None for way in stage.ways] == [False, True, False]
    assert stage.heard(CameraFailed) == []
    stats = stage.heard(CameraStats)[-1]
    assert (stats.breaker.state, stats.breaker.failures) == (BreakerState.CLOSED, 0)
    sessions = [each.session for each in stage.heard(CameraStreaming)]
    assert len(sessions) == len(set(sessions)) == 3  # consumers see that pictures are missing


def test_cameras_that_lose_a_card_in_one_moment_go_on_one_after_the_other(stage: Stage) -> None:
    now_s = stage.system.clock.monotonic
    stage.stream(2)
    assert stage.runtime.fallbacks.reserve(now_s()) == 0.0  # of another camera
    first = stage.capture
    first.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    quiesce()
    assert first.stopped
    stage.wait(2)  # nothing is judged meanwhile
    first.end()
    quiesce()
    assert len(stage.ways) == 1
    stage.wait(1)
    assert [way is None for way in stage.ways] == [False, True]
    stage.stream(1)
    assert stage.heard(CameraFailed) == []
    assert [each.after_s for each in stage.heard(CameraStreaming)] == [0.0, 0.0]


def test_a_camera_that_waits_for_its_turn_can_be_stopped(stage: Stage) -> None:
    stage.runtime.fallbacks.reserve(stage.system.clock.monotonic())
    stage.capture.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    quiesce()
    stage.camera.stop(timeout=5)
    stage.wait(4)
    assert len(stage.ways) == 1
    assert stage.heard(CameraFailed) == []


def test_hardware_that_goes_silent_in_mid_stream_is_left_for_the_cpu(stage: Stage) -> None:
    stage.stream(2)
    stage.wait(12)
    assert [way is None for way in stage.ways] == [False, True]
    stage.stream(1)
    assert stage.heard(CameraFailed) == []


def test_a_camera_that_is_not_there_fails_as_ever(stage: Stage) -> None:
    stage.capture.on_end(Failure(Cause.REFUSED, "Connection refused", 1))
    quiesce()
    (failed,) = stage.heard(CameraFailed)
    assert failed.failure.cause is Cause.REFUSED
    assert len(stage.ways) == 1


def test_hardware_that_gives_no_picture_is_not_trusted_however_long_it_takes(
    stage: Stage, events: Callable[[], list[str]]
) -> None:
    stage.camera.stop(timeout=5)
    stage.says = ()
    for _ in range(2):
        stage.begin(first_frame_timeout=90.0)
        stage.wait(95)
    assert [way is None for way in stage.ways] == [False, False, False, True]
    stage.stream_until_the_card_is_back()
    assert stage.decoding == Decoding("cuda", "cuda")
    assert events().count("camera_hardware_failed") == 1
    assert "camera_hardware_again" not in events()  # it has decoded for seconds
    stage.stream(60)
    assert "camera_hardware_again" in events()


def test_a_camera_that_gives_nothing_is_not_started_anew_for_a_card_that_is_back(
    stage: Stage,
) -> None:
    stage.camera.stop(timeout=5)
    stage.begin(first_frame_timeout=90.0)
    stage.capture.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    quiesce()
    stage.wait(85)
    assert len(stage.ways) == 3
    stage.wait(10)
    assert stage.heard(CameraFailed)


def test_an_ffmpeg_that_reached_its_limit_is_not_charged_to_the_hardware(stage: Stage) -> None:
    stage.stream(2)
    stage.capture.over = Failure(Cause.MEMORY_LIMIT, "700 MB of 500 MB")
    stage.capture.on_end(Failure(Cause.KILLED, "killed by SIGKILL", -9))
    quiesce()
    (failed,) = stage.heard(CameraFailed)
    assert failed.failure.cause is Cause.MEMORY_LIMIT
    assert len(stage.ways) == 1


def test_the_first_frame_has_its_line_once_whichever_ffmpeg_gave_it(
    stage: Stage, events: Callable[[], list[str]]
) -> None:
    stage.capture.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    quiesce()
    assert "camera_streaming" not in events()
    stage.stream(1)
    assert events().count("camera_streaming") == 1
    stage.stream_until_the_card_is_back()
    assert len(stage.ways) == 3
    assert events().count("camera_streaming") == 1


def test_what_comes_late_of_an_ffmpeg_that_was_stopped_concerns_no_other(stage: Stage) -> None:
    first = stage.capture

    def tells_more(_: str) -> None:
        first.frame()
        first.end()

    stage.system.before_stop = tells_more
    first.on_end(Failure(Cause.UNKNOWN, "Conversion failed!", 218))
    quiesce()
    stage.system.before_stop = lambda _: None
    assert len(stage.ways) == 2
    assert stage.heard(CameraFailed) == stage.heard(CameraStreaming) == []
    stage.stream(1)
    assert len(stage.heard(CameraStreaming)) == 1
