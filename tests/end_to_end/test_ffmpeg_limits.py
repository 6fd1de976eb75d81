"""An FFmpeg that eats memory is ended by its limit; the camera beside it loses no frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from edge_video.config import CameraConfig, CircuitBreakerConfig, Config, DirectorySinkConfig
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.testing import eventually
from tests.support.reliability import BROKEN, CONTROL, FPS, PICTURE, broken

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.ffmpeg]

HUNGRY: Final = "lavfi:testsrc2=size=1280x720:rate=20,loop=loop=-1:size=2000"
"""FFmpeg keeps each picture, 28 MB more each second."""


def config_of(folder: Path) -> Config:
    return Config(
        sink=DirectorySinkConfig(path=str(folder / "frames"), keep=3),
        buffer=1000,  # a slow disk of this machine is no matter of the test
        max_age=60.0,
        circuit_breaker=CircuitBreakerConfig(max_failures=1),
        cameras=[
            CameraConfig(id=BROKEN, url=HUNGRY, ffmpeg_max_memory_mb=70),
            CameraConfig(id=CONTROL, url=PICTURE, fps=FPS),
        ],
    )


def test_an_ffmpeg_that_eats_memory_harms_nothing_beside_it(tmp_path: Path) -> None:
    with broken(tmp_path, config=config_of(tmp_path), ends=True) as system:
        failed = system.story.wait_for(LogEvent.CAMERA_FAILED, camera_id=BROKEN)
        assert failed.fields["failure"].cause is Cause.MEMORY_LIMIT
        received = system.camera(CONTROL).frames.received
        eventually(
            lambda: system.camera(CONTROL).frames.received >= received + 5, 10, "it streams on"
        )
        cameras = {str(each.camera_id): each for each in system.stop().cameras}
    assert cameras[BROKEN].frames.received > 0
    assert cameras[BROKEN].breaker.failures == 1
    assert system.story.of(LogEvent.BREAKER_CHANGED, camera_id=BROKEN, after=BreakerState.OPEN)
    control = cameras[CONTROL]
    assert (control.attempts, control.frames.dropped, control.last_failure) == (1, 0, None)
    for each in cameras.values():
        assert each.frames.imbalance() is None
