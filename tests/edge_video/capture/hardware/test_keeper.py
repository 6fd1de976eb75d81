"""Which camera hardware decodes, and when the CPU does: with trials that the tests play."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.hardware import Acceleration, Decoding, HardwareKey
from edge_video.capture.hardware.keeper import MAX_WAIT_S, HardwareKeeper
from edge_video.capture.hardware.trial import TrialResult
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")
CUDA = Acceleration("cuda", converts=True)
FULL = "[h264 @ 0x1] [error] cuvidCreateDecoder() failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory"
BROKEN = Failure(Cause.UNKNOWN, "", 1)


def camera(camera_id: str = "cam1", **keys: Any) -> CameraConfig:
    return CameraConfig(id=camera_id, url="rtsp://h/s", **{"hwaccel": "cuda", **keys})


class Bench:
    """A keeper whose trials and clock a test plays."""

    def __init__(self, result: TrialResult | None = None, wait_s: float = 5.0) -> None:
        self.result = result or TrialResult(CUDA)
        self.trials: list[HardwareKey] = []
        self.now_s = 0.0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.keeper = HardwareKeeper(
            Binary("/ffmpeg", (9,)), self.trial, lambda: self.now_s, trial_wait_s=wait_s
        )

    def trial(self, binary: Binary, key: HardwareKey) -> TrialResult:
        del binary
        self.trials.append(key)
        assert self.goes_on.wait(5)
        return self.result

    def take(self, camera_id: str = "cam1", **keys: Any) -> Acceleration | None:
        return self.keeper.acceleration_for(camera(camera_id, **keys))

    def fail(self, failure: Failure = BROKEN, *lines: str, frames: int = 9) -> bool:
        return self.keeper.has_failed(CAM1, failure, lines or (FULL,), frames)

    def is_usable_again(self) -> bool:
        """Whether it is, where a trial that this begins is over at once."""
        if self.keeper.is_usable_again(CAM1):
            return True
        for thread in threading.enumerate():
            if thread.name.startswith("hardware-"):
                thread.join(5)
        return self.keeper.is_usable_again(CAM1)


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO)
    return lambda: [str(each.__dict__["event"].value) for each in caplog.records]


def test_a_hardware_is_tried_once_for_all_cameras(events: Callable[[], list[str]]) -> None:
    bench = Bench()
    bench.keeper.prepare([camera(), camera("cam2"), camera("cam3", hwaccel="none")])
    assert bench.take() == bench.take("cam2") == CUDA
    assert bench.take("cam3", hwaccel="none") is None
    assert bench.trials == [HardwareKey("cuda")]
    assert bench.keeper.decoding(CAM1) == Decoding("cuda", "cuda")
    assert bench.keeper.decoding(CameraId("cam3")) is None
    assert events() == ["hardware_works"]


def test_where_it_does_not_work_the_cpu_decodes_and_it_is_tried_again(
    events: Callable[[], list[str]],
) -> None:
    bench = Bench(TrialResult(None, "Cannot load libcuda.so.1"))
    assert bench.take() is None
    decoding = bench.keeper.decoding(CAM1)
    assert decoding == Decoding("cuda", "software", "Cannot load libcuda.so.1")
    assert decoding.has_fallen_back
    bench.now_s = 59
    assert not bench.is_usable_again()
    assert len(bench.trials) == 1
    bench.now_s = 61
    assert not bench.is_usable_again()
    assert len(bench.trials) == 2
    bench.now_s = 61 + 119
    assert not bench.is_usable_again()
    bench.result = TrialResult(CUDA)
    bench.now_s = 61 + 121
    assert bench.is_usable_again()
    assert bench.take() == CUDA
    assert events() == ["hardware_fails", "hardware_works"]


def test_auto_without_any_hardware_is_no_trouble_but_hardware_that_is_gone_is(
    events: Callable[[], list[str]],
) -> None:
    bench = Bench(TrialResult(None, "cuda: Cannot load libcuda.so.1"))
    assert bench.take(hwaccel="auto") is None
    assert bench.keeper.decoding(CAM1) == Decoding("auto", "software")
    bench.result = TrialResult(CUDA)
    bench.now_s = 61
    assert bench.is_usable_again()
    assert bench.take(hwaccel="auto") == CUDA
    assert bench.fail()
    bench.result = TrialResult(None, "no card any more")
    bench.now_s = 1000
    assert not bench.is_usable_again()
    assert (bench.keeper.decoding(CAM1) or Decoding("", "")).reason == "no card any more"
    assert events() == [
        "hardware_absent",
        "hardware_works",
        "camera_hardware_failed",
        "hardware_fails",
    ]


def test_a_camera_that_the_hardware_fails_goes_on_in_software(
    events: Callable[[], list[str]],
) -> None:
    bench = Bench()
    bench.take()
    bench.take("cam2")
    assert bench.fail()
    assert bench.take() is None
    assert "CUDA_ERROR_OUT_OF_MEMORY" in (bench.keeper.decoding(CAM1) or Decoding("", "")).reason
    assert bench.keeper.decoding(CAM2) == Decoding("cuda", "cuda")
    assert not bench.fail()  # software is not the hardware's matter
    bench.now_s = 60
    assert bench.is_usable_again()
    assert bench.take() == CUDA
    assert not bench.is_usable_again()
    bench.now_s = 120
    assert not bench.is_usable_again()
    assert events() == ["hardware_works", "camera_hardware_failed", "camera_hardware_again"]


def test_hardware_that_fails_a_camera_again_and_again_is_tried_less_often_and_told_once(
    events: Callable[[], list[str]],
) -> None:
    bench = Bench()
    waits = []
    for _ in range(12):
        assert bench.take() == CUDA
        assert bench.fail()
        failed_at_s = bench.now_s
        while not bench.is_usable_again():
            bench.now_s += 30
        waits.append(bench.now_s - failed_at_s)
    assert waits[:4] == [60, 120, 240, 480]
    assert max(waits) == waits[-1] == MAX_WAIT_S
    assert events() == ["hardware_works", "camera_hardware_failed"]


def test_what_a_camera_does_wrong_is_not_the_hardwares_fault() -> None:
    bench = Bench()
    bench.take()
    assert not bench.fail(Failure(Cause.REFUSED), "Connection refused", frames=0)
    assert not bench.fail(Failure(Cause.STALLED), "nothing special")
    assert bench.take() == CUDA
    assert len(bench.trials) == 1


def test_two_attempts_without_a_picture_are_suspicious() -> None:
    bench = Bench()
    bench.take()
    silent = Failure(Cause.NO_KEY_FRAME, "data came, and no picture")
    assert not bench.fail(silent, "nothing", frames=0)
    bench.now_s = 1
    assert bench.take() == CUDA
    assert len(bench.trials) == 2  # it is tried before it is used again
    assert bench.fail(silent, "nothing", frames=0)
    assert bench.take() is None


def test_a_driver_that_crashes_ffmpeg_is_left_at_once() -> None:
    bench = Bench()
    bench.take()
    assert bench.fail(Failure(Cause.KILLED, "killed by SIGSEGV", -11), "nothing", frames=0)


def test_nobody_waits_for_a_driver_that_hangs() -> None:
    bench = Bench(wait_s=0.01)
    bench.goes_on.clear()
    assert bench.take() is None
    assert bench.take("cam2") is None
    assert bench.trials == [HardwareKey("cuda")]
    assert (bench.keeper.decoding(CAM1) or Decoding("", "")).reason == "its trial goes on"
    bench.now_s = 5
    assert not bench.keeper.is_usable_again(CAM1)
    bench.goes_on.set()
    assert bench.is_usable_again()
    assert bench.take() == CUDA


def test_a_trial_that_breaks_is_a_reason_like_others() -> None:
    bench = Bench()

    def breaks(binary: Binary, key: HardwareKey) -> TrialResult:
        raise ValueError(f"a bug with {key.name} of {binary.path}")

    bench.keeper = HardwareKeeper(Binary("/ffmpeg", (9,)), breaks)
    assert bench.take() is None
    assert (bench.keeper.decoding(CAM1) or Decoding("", "")).reason == "a bug with cuda of /ffmpeg"


def test_a_camera_of_motion_jpeg_is_set_aside_until_it_sends_something_else() -> None:
    bench = Bench()
    assert bench.take() == CUDA
    bench.keeper.set_aside(CAM1)
    assert bench.keeper.decoding(CAM1) == Decoding("cuda", "software")
    assert not bench.fail()
    assert not bench.keeper.is_usable_again(CAM1)
    bench.keeper.set_aside(CAM1, aside=False)
    assert bench.keeper.decoding(CAM1) == Decoding("cuda", "cuda")


def test_another_configuration_begins_anew() -> None:
    bench = Bench()
    bench.take()
    assert bench.fail()
    assert bench.take(hwaccel="vaapi") == CUDA
    assert bench.take(hwaccel="none") is None
    assert bench.keeper.decoding(CAM1) is None


def test_cameras_go_back_to_a_card_one_by_one() -> None:
    bench = Bench()
    names = [CameraId(f"cam{number}") for number in range(1, 5)]
    for name in names:
        bench.take(name)
        assert bench.keeper.has_failed(name, BROKEN, (FULL,), 9)
    bench.now_s = 61
    assert bench.is_usable_again()  # the trial is over, too
    bench.take()
    turns: list[list[CameraId]] = []
    for _ in range(4):
        turns.append([name for name in names if bench.keeper.is_usable_again(name)])
        for name in turns[-1]:
            bench.take(name)
        bench.now_s += 1
    assert turns == [[], ["cam2"], ["cam3"], ["cam4"]]


def test_who_makes_the_images_has_no_part_in_what_is_known_of_a_camera() -> None:
    bench = Bench()
    bench.take(hwaccel="vaapi", jpeg_encoder="hardware")
    assert bench.fail()
    fitted: dict[str, Any] = {
        "width": 640,
        "height": 360,
    }  # bars are the CPU's work, and with them the images
    assert bench.take(hwaccel="vaapi", jpeg_encoder="hardware", **fitted) is None
    assert "CUDA_ERROR_OUT_OF_MEMORY" in (bench.keeper.decoding(CAM1) or Decoding("", "")).reason
    bench.now_s = 61
    assert bench.is_usable_again()
    assert [key.encodes for key in bench.trials] == [True, False]


def test_whoever_waits_for_a_trial_may_be_let_go() -> None:
    bench = Bench(wait_s=60.0)
    bench.goes_on.clear()
    waiting = threading.Thread(target=bench.take)
    waiting.start()
    eventually(lambda: bench.trials)
    bench.keeper.wait_no_longer()
    waiting.join(4)
    assert not waiting.is_alive()
    assert bench.take("cam2") is None
    bench.goes_on.set()
