"""What a camera's next capture is made of, after a change of its configuration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from edge_video.capture import FfmpegLauncher
from edge_video.capture.binary import Binary
from edge_video.capture.hardware import Acceleration, Decoding, HardwareKey
from edge_video.capture.hardware.keeper import HardwareKeeper
from edge_video.capture.hardware.trial import TrialResult
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from edge_video.capture.launcher import AnyCapture

CAM1 = CameraId("cam1")
FULL = "[h264 @ 0x1] [error] cuvidCreateDecoder() failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory"


def works(binary: Binary, key: HardwareKey) -> TrialResult:
    del binary, key
    return TrialResult(Acceleration("cuda"))


def capture_of(launcher: FfmpegLauncher, **keys: Any) -> AnyCapture:
    camera = CameraConfig(id="cam1", **keys)
    return launcher(camera, on_frame=lambda _: None, on_end=lambda _: None)


def test_hardware_is_forgotten_of_a_camera_that_has_become_one_of_still_pictures() -> None:
    now_s = [0.0]
    make = partial(HardwareKeeper, trial=works, now=lambda: now_s[0])
    launcher = FfmpegLauncher(Binary("/ffmpeg", (9,)), str, make_hardware=make)
    capture_of(launcher, url="rtsp://10.0.0.5/s", hwaccel="cuda")
    hardware = launcher.hardware
    assert hardware.decoding(CAM1) == Decoding("cuda", "cuda")
    assert hardware.has_failed(CAM1, Failure(Cause.UNKNOWN), (FULL,), 9)
    capture_of(launcher, url="http://10.0.0.5/snapshot.jpg", mode="snapshot")
    assert hardware.decoding(CAM1) is None
    now_s[0] = 1e6
    assert not hardware.is_usable_again(CAM1)
    assert not hardware.has_failed(CAM1, Failure(Cause.UNKNOWN), (), 0)
