"""Scripted cameras in numbers: hundreds of restarts of one, and a switch that fails fifty at once.

`EDGE_VIDEO_BROKEN_SWITCH_S=60` lets the switch be broken for a whole minute.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime
from edge_video.actors.messages import CameraEnded, CameraStreaming
from edge_video.config import CameraConfig
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause
from edge_video.runtime.timer import SystemClock
from edge_video.testing import (
    CameraScript,
    FakeClock,
    FakeTimer,
    ScriptedCameras,
    eventually,
    install_scripted_ffmpeg,
)
from tests.support.actors import RecordingActor
from tests.support.program import Program, cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pykka

RESTARTS = 400
WARM_UP = 50
RETRY_FLOOR_S = 1.0
CAMERAS = 50


def resources() -> tuple[int, int, float]:
    """Descriptors, threads and resident MiB of this process."""
    gc.collect()
    process = psutil.Process()
    return process.num_fds(), process.num_threads(), process.memory_info().rss / 2**20


@pytest.fixture
def recorder() -> Iterator[pykka.ActorRef[RecordingActor]]:
    recorder = RecordingActor.start()
    yield recorder
    recorder.stop(timeout=5)


@pytest.fixture
def unlogged() -> Iterator[None]:
    """pytest keeps every log line of a test, and this one measures memory."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.usefixtures("unlogged")
def test_hundreds_of_restarts_leave_the_process_as_it_was(
    recorder: pykka.ActorRef[RecordingActor],
) -> None:
    """Real processes, pipes and threads through the real camera actor; each FFmpeg is killed."""
    camera, camera_id = CameraConfig(id="cam1", url="rtsp://10.0.0.1/s"), CameraId("cam1")
    outbox = Outbox(SystemClock())
    clock = FakeClock()
    outbox.add_camera(camera_id)
    breaker = None
    before = resources()
    with ScriptedCameras(CameraScript(fps=100)) as cameras:
        runtime = CameraRuntime(clock=clock, timer=FakeTimer(clock), capture=cameras)
        for attempt in range(RESTARTS):
            if attempt == WARM_UP:
                before = resources()
            actor = CameraActor.start(
                camera, frames=outbox, events=recorder, runtime=runtime, breaker=breaker
            )
            _wait_for(recorder, CameraStreaming)
            (pid,) = cameras.processes()
            os.kill(pid, signal.SIGKILL)
            (ended,) = _wait_for(recorder, CameraEnded)
            assert ended.failure.cause is Cause.KILLED
            clock.advance(RETRY_FLOOR_S)
            breaker = ended.breaker.reset(0.0)
            breaker, permit = breaker.permit(clock.monotonic())
            assert permit.granted
            assert not actor.is_alive()
        after = resources()
    assert breaker is not None
    assert breaker.failures == RESTARTS
    assert outbox.counts()[camera_id].imbalance() is None
    print(f"descriptors, threads, MiB: {before} -> {after}")
    assert after[:2] == before[:2], (before, after)
    assert after[2] - before[2] < 3.0, (before, after)


def _wait_for(recorder: pykka.ActorRef[RecordingActor], kind: type) -> list[Any]:
    """What `recorder` heard of this kind, as soon as there is any; all else is forgotten."""
    actor = recorder._actor_weakref()
    assert actor is not None
    eventually(lambda: any(isinstance(each, kind) for each in actor.heard), what=kind.__name__)
    found = [each for each in actor.heard if isinstance(each, kind)]
    actor.heard.clear()
    return found


@pytest.mark.alone
@pytest.mark.slow
def test_fifty_cameras_behind_a_broken_switch_cost_little_and_log_little(tmp_path: Path) -> None:
    broken_for_s = float(os.environ.get("EDGE_VIDEO_BROKEN_SWITCH_S", "20"))
    switch = tmp_path / "switch-is-broken"
    config = {
        "ffmpeg": str(install_scripted_ffmpeg(tmp_path)),
        "sink": {"type": "directory", "path": str(tmp_path / "frames"), "keep": 2},
        "cameras": [
            {
                "id": f"cam{n}",
                "url": f"rtsp://10.0.0.{n}/s?"
                + CameraScript(fps=1, seed=n, unreachable_while=switch).query(),
            }
            for n in range(1, CAMERAS + 1)
        ],
    }
    with Program(tmp_path, config) as program:
        program.wait_for_log("Streaming", count=CAMERAS, timeout_s=60)
        lines, cpu_s, began_s = len(program.log), cpu_seconds(program.psutil), time.monotonic()
        switch.touch()
        time.sleep(broken_for_s)  # the rates are over a time; nothing is waited for
        took_s = time.monotonic() - began_s
        cpu_share = (cpu_seconds(program.psutil) - cpu_s) / took_s
        per_s = (len(program.log) - lines) / took_s
        print(f"{took_s:.0f} s: {100 * cpu_share:.1f} % of a core, {per_s:.1f} lines/s")
        assert "ERROR reading" in program.output
        assert f"Many cameras at once ({CAMERAS})" in program.output
        assert cpu_share < 0.30
        assert per_s < 10
        switch.unlink()
        assert program.stop() == 0
