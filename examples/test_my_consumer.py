"""Does my consumer cope with a camera that freezes? A worked example of `edge_video.testing`.

`Consumer` stands for your own program: it wants to know when a camera has become silent, and when
it is back. Run it: pytest examples/test_my_consumer.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pykka
import pytest

from edge_video import (
    CameraConfig,
    CircuitBreakerConfig,
    Config,
    DirectorySinkConfig,
    FramesReady,
    FreezeFfmpeg,
    InjectFault,
    System,
    start_system,
)
from edge_video.testing import (
    CameraScript,
    RecordingPublisher,
    ScriptedCameras,
    assert_frames_accounted_for,
    eventually,
    no_leaks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video import Frame


class Consumer(pykka.ThreadingActor):
    """Your own code: counts frames, and notices each interruption by the change of session."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = 0
        self.sessions: list[str] = []

    def on_receive(self, message: object) -> object:
        match message:
            case FramesReady(outbox=outbox):
                while frames := outbox.deliver():
                    for frame in frames:
                        self.look_at(frame)
            case "how many?":
                return self.frames
            case "sessions?":
                return tuple(self.sessions)
        return None

    def look_at(self, frame: Frame) -> None:
        """A frame of another session than the last one: the camera was away in between."""
        self.frames += 1
        if not self.sessions or self.sessions[-1] != frame.session:
            self.sessions.append(frame.session)


@pytest.fixture
def cameras() -> Iterator[ScriptedCameras]:
    """Real child processes that speak FFmpeg's output; a hundred of them cost little."""
    with no_leaks(), ScriptedCameras(CameraScript(fps=20)) as cameras:
        yield cameras


@pytest.fixture
def consumer() -> Iterator[pykka.ActorRef[Consumer]]:
    """The part under test."""
    consumer = Consumer.start()
    yield consumer
    consumer.stop(timeout=5)


@pytest.fixture
def system(cameras: ScriptedCameras, consumer: pykka.ActorRef[Consumer]) -> Iterator[System]:
    """All of edge-video around it, with short waits."""
    config = Config(
        cameras=[CameraConfig(id="door", url="rtsp://192.0.2.1/door", stall_timeout=1)],
        circuit_breaker=CircuitBreakerConfig(reset_timeout=0, initial_backoff=0.5),
        sink=DirectorySinkConfig(path="not used: frames go to the consumer"),
    )
    system = start_system(
        config,
        capture=cameras,
        frames={"door": consumer},
        sink=RecordingPublisher(),
        allow_faults=True,
    )
    yield system
    assert_frames_accounted_for(system.stop().status)


def frames_of(consumer: pykka.ActorRef[Consumer]) -> int:
    """Asked from outside, so with a time-out."""
    frames: int = consumer.ask("how many?", block=True, timeout=5)
    return frames


def sessions_of(consumer: pykka.ActorRef[Consumer]) -> tuple[str, ...]:
    """FFmpeg's runs, as the consumer saw them."""
    sessions: tuple[str, ...] = consumer.ask("sessions?", block=True, timeout=5)
    return sessions


def test_a_camera_that_freezes_comes_back_as_a_new_session(
    system: System, consumer: pykka.ActorRef[Consumer]
) -> None:
    eventually(lambda: frames_of(consumer) > 5, what="frames")
    system.supervisor.tell(InjectFault("door", FreezeFfmpeg()))
    eventually(lambda: len(sessions_of(consumer)) == 2, what="a second session")
    assert_frames_accounted_for(system.status())


def test_a_camera_that_only_pauses_stays_the_same_session(
    system: System, cameras: ScriptedCameras, consumer: pykka.ActorRef[Consumer]
) -> None:
    eventually(lambda: frames_of(consumer) > 5, what="frames")
    cameras["door"].freeze()
    before = frames_of(consumer)
    cameras["door"].thaw()
    eventually(lambda: frames_of(consumer) > before + 5, what="frames after the pause")
    assert len(sessions_of(consumer)) == 1
    assert system.status().cameras[0].attempts == 1


def test_frames_that_arrive_are_the_camera_s_own(
    system: System, cameras: ScriptedCameras, consumer: pykka.ActorRef[Consumer]
) -> None:
    """Garbage, torn and oversized frames never reach a consumer."""
    eventually(lambda: frames_of(consumer) > 5, what="frames")
    door = cameras["door"]
    door.garbage()
    door.truncate_frame()
    door.oversize_frame(20 * 2**20)
    before = frames_of(consumer)
    eventually(lambda: frames_of(consumer) > before + 5, what="frames after the mess")
    eventually(lambda: cameras.totals(system.status().cameras[0].camera_id).oversized == 1)
