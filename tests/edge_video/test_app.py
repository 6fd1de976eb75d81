"""The composition root: what it starts, what it hands on, and that nothing of it is left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video import app
from edge_video.app import Ending, System, start_system
from edge_video.capture.binary import BinaryMissing
from edge_video.config import CameraConfig, Config
from edge_video.config.source import ConfigSource
from edge_video.runtime.timer import SystemTimer
from edge_video.status.model import PublisherState
from edge_video.testing import eventually
from edge_video.wiring import parts
from tests.support.actors import RecordingActor, ScriptedSystem, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def config_of(**values: Any) -> Config:
    return Config.model_validate(
        {
            "amqp": {"url": "amqp://me:secret@broker:5673/shop", "exchange": "ex"},
            "cameras": [{"id": "cam1", "url": "rtsp://10.0.0.1/s"}],
            **values,
        }
    )


@pytest.fixture
def real_time() -> Iterator[Callable[..., ScriptedSystem]]:
    """Starts systems with the real clock and timer; cameras and broker are scripted."""
    systems: list[ScriptedSystem] = []

    def start(*camera_ids: str, **options: Any) -> ScriptedSystem:
        system = ScriptedSystem(*camera_ids)
        systems.append(system)
        system.system = start_system(
            system.config, capture=system.make_capture, sink=system.sinks_for, **options
        )
        quiesce()
        return system

    yield start
    for system in systems:
        system.system.stop(20)


def threads_called(*names: str) -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith(names)]


def test_a_stopped_system_leaves_no_actor_and_no_thread(
    real_time: Callable[..., ScriptedSystem],
) -> None:
    system = real_time("cam1", "cam2")
    ours = ("camera-", "publisher-", "metrics-", "reporter-", "supervisor", "edge-video-timer")
    assert len(threads_called(*ours)) == 7
    stopped = system.system.stop(20)
    assert (stopped.error, stopped.escalated) == (None, None)
    assert stopped.status.publisher.state is PublisherState.STOPPED
    eventually(lambda: threads_called(*ours) == [])
    assert pykka.ActorRegistry.get_all() == []
    assert system.system.stop(1) is stopped
    with pytest.raises(pykka.ActorDeadError):
        system.system.status(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_timer_that_dies_is_started_again_with_all_it_had_to_do(
    real_time: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = SystemTimer()
    monkeypatch.setattr(app, "SystemTimer", lambda: timer)
    system = real_time("cam1")

    def fatal() -> None:
        raise SystemExit

    timer.after(0.0, fatal)
    eventually(lambda: system.system.status().restarts["timer"] == 1)
    system.capture_of("cam1").frame()
    eventually(lambda: system.system.status().cameras[0].breaker.successes == 1)


def test_a_system_that_does_not_stop_in_time_says_so_and_goes_on_stopping(
    real_time: Callable[..., ScriptedSystem],
) -> None:
    system = real_time("cam1")
    gate = threading.Event()
    system.before_stop = lambda _: void(gate.wait(10))
    with pytest.raises(pykka.Timeout):
        system.system.stop(0.05)
    gate.set()
    assert system.system.wait(10) is not None


def void(_: object) -> None:
    """Drop a value."""


def test_a_camera_s_frames_can_go_to_an_actor_of_the_host(
    real_time: Callable[..., ScriptedSystem],
) -> None:
    recorder = RecordingActor.start()
    system = real_time("cam1", "cam2", frames={"cam2": recorder})
    system.capture_of("cam1").frame()
    system.capture_of("cam2").frame()
    eventually(lambda: [frame.camera_id for frame in system.published] == ["cam1"])
    (notification,) = heard_by(recorder)
    assert [frame.camera_id for frame in notification.outbox.deliver()] == ["cam2"]
    status = system.system.status()
    assert [camera.frames.confirmed for camera in status.cameras] == [1, 1]
    recorder.stop(timeout=5)


def test_a_system_whose_cameras_all_go_to_actors_of_the_host_needs_no_sink() -> None:
    host, scripted = RecordingActor.start(), ScriptedSystem("cam1")
    config = Config(cameras=[CameraConfig(id="cam1", url="lavfi:testsrc2")])
    system = start_system(config, frames={"cam1": host}, capture=scripted.make_capture)
    eventually(lambda: system.status().publisher.state is PublisherState.CONNECTED)
    eventually(lambda: scripted.captures)
    scripted.capture_of("cam1").frame()
    (notification,) = heard_by(host)
    assert [frame.camera_id for frame in notification.outbox.deliver()] == ["cam1"]
    stopped = system.stop(20)
    assert (stopped.error, stopped.status.publisher.target) == (None, "none")
    assert stopped.status.cameras[0].frames.confirmed == 1
    host.stop(timeout=5)


def test_a_camera_whose_frames_have_no_place_to_go_is_refused_before_anything_starts() -> None:
    camera = {"url": "lavfi:testsrc2"}
    config = Config(cameras=[{"id": "cam1", **camera}, {"id": "cam2", **camera}])
    host = RecordingActor.start()
    with pytest.raises(ValueError, match=r"no place for the frames of cam2: set amqp\.url"):
        start_system(config, frames={"cam1": host})
    assert pykka.ActorRegistry.get_all() == [host]
    host.stop(timeout=5)


def test_frames_for_a_camera_that_does_not_exist_are_refused_before_anything_starts() -> None:
    recorder = RecordingActor.start()
    capture = ScriptedSystem("cam1").make_capture
    with pytest.raises(ValueError, match="no such camera: cam9"):
        start_system(config_of(), frames={"cam9": recorder}, capture=capture)
    assert pykka.ActorRegistry.get_all() == [recorder]
    recorder.stop(timeout=5)


def test_a_source_that_says_not_what_runs_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"source\.accept\(\) the reading first"):
        start_system(config_of(), source=ConfigSource(tmp_path / "config.yaml"))
    assert pykka.ActorRegistry.get_all() == []


def test_without_ffmpeg_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> None:
        raise BinaryMissing("there is no FFmpeg")

    monkeypatch.setattr(parts, "find_binary", missing)
    with pytest.raises(BinaryMissing):
        start_system(config_of())
    assert pykka.ActorRegistry.get_all() == []


def test_the_end_is_announced_though_the_timer_cannot_be_stopped() -> None:
    class StuckTimer:
        def stop(self, timeout_s: float | None = None) -> bool:
            raise OSError(f"stuck for {timeout_s} s")

    timer: Any = StuckTimer()
    ending = Ending(timer)
    stopped: Any = object()
    with pytest.raises(OSError, match="stuck"):
        ending.on_stopped(stopped)
    assert ending.wait(0) is stopped


def test_a_system_is_told_to_stop_any_number_of_times(
    real_time: Callable[..., ScriptedSystem],
) -> None:
    system: System = real_time("cam1").system
    for _ in range(3):
        system.begin_stop()
    assert system.wait(10) is not None
    system.begin_stop()
