"""A camera whose hardware is not there, or fails it: pictures come, and nothing has failed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import join
from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime
from edge_video.actors.messages import CameraFailed, CameraStats
from edge_video.capture import FfmpegLauncher
from edge_video.config import CameraConfig
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock, SystemTimer
from edge_video.testing.clips import numbered_clip
from tests.support.actors import RecordingActor, heard_by
from tests.support.failing_card import FULL, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Decoding


class Running:
    """A camera actor as an embedding program starts it, until the test is over."""

    def __init__(self, binary: Binary, **keys: Any) -> None:
        self.recorder = RecordingActor.start()
        self.timer = SystemTimer()
        self.timer.start()
        launcher = FfmpegLauncher(binary, str)
        outbox = Outbox(SystemClock())
        outbox.add_camera(CameraId("cam1"))
        runtime = CameraRuntime(
            clock=SystemClock(), timer=self.timer, capture=launcher, hardware=launcher.hardware
        )
        config = CameraConfig(id="cam1", hwaccel="cuda", **keys)
        self.camera = CameraActor.start(
            config, frames=outbox, events=self.recorder, runtime=runtime
        )

    def decoding(self) -> Decoding:
        """What decodes, once pictures come of the one that is to be seen."""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            stats = heard_by(self.recorder, CameraStats)
            if stats and stats[-1].frames and stats[-1].decoding.has_fallen_back:
                decoding: Decoding = stats[-1].decoding
                return decoding
            time.sleep(0.05)
        raise AssertionError("no pictures came")

    def end(self) -> None:
        self.camera.stop(timeout=5)
        join([self.camera], time.monotonic() + 5)
        self.recorder.stop(timeout=5)
        self.timer.stop()


@pytest.fixture
def running() -> Iterator[list[Running]]:
    started: list[Running] = []
    yield started
    for each in started:
        each.end()
    assert pykka.ActorRegistry.get_all() == []


@pytest.mark.parametrize(
    "fails",
    [
        f"echo '{FULL}' >&2; echo '[error] Conversion failed!' >&2; exit 218",
        f"cat '{{folder}}/part'; echo '{FULL}' >&2; exec sleep 60",
    ],
    ids=["it ends", "it goes on without a picture"],
)
def test_a_card_that_is_full_leaves_its_camera_to_the_cpu(
    tmp_path: Path, running: list[Running], fails: str
) -> None:
    binary = scripted(tmp_path, fails.format(folder=tmp_path))
    running.append(Running(binary, url="rtsp://127.0.0.1:9/s", stall_timeout=3.0))
    decoding = running[0].decoding()
    assert (decoding.wanted, decoding.used) == ("cuda", "software")
    assert "CUDA_ERROR_OUT_OF_MEMORY" in decoding.reason
    assert heard_by(running[0].recorder, CameraFailed) == []


@pytest.mark.ffmpeg
def test_a_real_ffmpeg_on_a_machine_without_a_card_decodes_by_the_cpu(
    bundled_ffmpeg: Binary, running: list[Running]
) -> None:
    clip = numbered_clip(9, size=(320, 180), seconds=2)
    running.append(Running(bundled_ffmpeg, url=str(clip)))
    assert running[0].decoding().reason == "Cannot load libcuda.so.1"
