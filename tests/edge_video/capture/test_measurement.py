"""Cameras that are run for a moment, by programs in FFmpeg's place and by FFmpeg."""

from __future__ import annotations

import contextlib
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from edge_video.capture import measurement
from edge_video.capture.binary import Binary
from edge_video.capture.hardware.keeper import HardwareKeeper
from edge_video.capture.hardware.trial import TrialResult
from edge_video.capture.measurement import CameraMeasure, CameraMeasures, MeasuringPlan
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.testing import eventually
from edge_video.testing.devices import SnapshotDevice, jpegs
from edge_video.testing.scripted_camera import CameraScript, install_scripted_ffmpeg
from edge_video.text.redact import Redactor
from tests.support.failing_card import FULL
from tests.support.failing_card import scripted as scripted_card
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.hardware import HardwareKey

PLAN = MeasuringPlan(seconds=0.6, timeout_s=10.0, settling_s=0.0)


@pytest.fixture
def scripted(tmp_path: Path) -> Binary:
    return Binary(str(install_scripted_ffmpeg(tmp_path)), (5, 1, 0))


def camera(name: str, script: CameraScript) -> CameraConfig:
    return CameraConfig(id=name, url=f"rtsp://127.0.0.1/{name}?{script.query()}", fps=60)


def measure(
    binary: Binary, cameras: list[CameraConfig], plan: MeasuringPlan = PLAN
) -> list[CameraMeasure]:
    threads = threading.active_count()
    with CameraMeasures(binary, Redactor(), plan, len(cameras)) as measures:
        found = [each.result() for each in [measures.begin(each) for each in cameras]]
    # A snapshot camera of the tests has threads of its own in here, which end a little later.
    eventually(lambda: threading.active_count() == threads, what="as many threads as before")
    return found


def test_frames_bytes_and_size_are_counted_without_the_start(scripted: Binary) -> None:
    """No bound here is one of time: a machine that is busy looks later, and counts fewer frames."""
    script = CameraScript(fps=50, size=(64, 48), frame_bytes=2000)
    (found,) = measure(scripted, [camera("a", script)])
    assert found.ok
    figures = found.figures
    assert figures is not None
    assert figures.published == (64, 48)
    assert figures.measured_s >= PLAN.seconds - 0.01
    assert figures.frames > 0
    assert 2000 * figures.frames <= figures.bytes_out < 2300 * figures.frames
    assert figures.cpu_percent is not None
    assert figures.in_per_s is None


def test_of_a_camera_without_an_ffmpeg_it_is_known_that_none_costs_anything() -> None:
    with SnapshotDevice(jpegs(4, size=(64, 48))) as device:
        still = CameraConfig(id="still", url=device.url, mode="snapshot", fps=20)
        (found,) = measure(Binary("/nowhere/ffmpeg", (5, 1)), [still])
    assert found.figures is not None
    assert (found.figures.cpu_percent, found.figures.private_bytes) == (0, 0)


def test_cameras_that_are_measured_together_do_not_wait_for_one_that_fails(
    scripted: Binary,
) -> None:
    together = MeasuringPlan(0.6, 10.0, together=True, settling_s=0.0)
    script = CameraScript(fps=20, size=(64, 48))
    cameras = [camera(name, script) for name in "abc"]
    cameras.append(camera("refused", CameraScript(refuse="No route to host")))
    *good, refused = measure(scripted, cameras, together)
    assert all(each.ok for each in good)
    assert not refused.ok
    assert refused.failure is not None
    assert refused.failure.cause is Cause.UNREACHABLE


def running(*names: str) -> set[str]:
    """Of which of these cameras a process is there."""
    commands = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            commands.append(" ".join(child.cmdline()))
    return {name for name in names if any(f"127.0.0.1/{name}?" in each for each in commands)}


@pytest.mark.parametrize("together", [True, False])
def test_only_those_that_are_measured_together_are_there_at_once(
    scripted: Binary, *, together: bool
) -> None:
    endless = MeasuringPlan(600.0, 10.0, together=together, settling_s=0.0)
    with CameraMeasures(scripted, Redactor(), endless, 2) as measures:
        for name in "ab":
            measures.begin(camera(name, CameraScript(fps=20)))
        eventually(lambda: running("a", "b") == ({"a", "b"} if together else {"a"}))


def test_cameras_that_are_measured_together_wait_for_one_whose_card_gives_nothing(
    tmp_path: Path,
) -> None:
    binary = scripted_card(tmp_path, "exec sleep 60")
    together = MeasuringPlan(0.6, 1.5, together=True, settling_s=0.0)
    cameras = [
        CameraConfig(id="card", url="rtsp://127.0.0.1/card?", hwaccel="cuda", fps=60),
        CameraConfig(id="cpu", url="rtsp://127.0.0.1/cpu?", fps=60),
    ]
    with CameraMeasures(binary, Redactor(), together, 2) as measures:
        card, cpu = [measures.begin(each) for each in cameras]
        assert cpu.result().ok
        assert running("card") or card.done(), "the CPU decodes it by now"
        assert card.result().ok


def test_a_stream_that_ends_early_is_told_with_what_it_had_cost(scripted: Binary) -> None:
    long = MeasuringPlan(20.0, 10.0, settling_s=0.0)
    (found,) = measure(scripted, [camera("a", CameraScript(fps=20, frames=60))], long)
    assert not found.ok
    assert found.failure is not None
    assert found.figures is not None
    assert 0.5 <= found.figures.measured_s < long.seconds


@pytest.mark.parametrize(
    ("fails", "reason"),
    [
        (f"echo '{FULL}' >&2; exit 218", "CUDA_ERROR_OUT_OF_MEMORY"),
        ("exit 218", "no picture came"),
    ],
    ids=["it says why", "it says nothing"],
)
def test_where_hardware_fails_what_the_cpu_costs_is_measured(
    tmp_path: Path, fails: str, reason: str
) -> None:
    binary = scripted_card(tmp_path, fails)
    wanted = CameraConfig(id="a", url="rtsp://127.0.0.1:9/s", hwaccel="cuda", fps=60)
    (found,) = measure(binary, [wanted])
    assert found.ok
    assert found.figures is not None
    assert found.decoding is not None
    assert (found.decoding.wanted, found.decoding.used) == ("cuda", "software")
    assert reason in found.decoding.reason


def test_whoever_leaves_ends_what_runs(scripted: Binary) -> None:
    endless = MeasuringPlan(600.0, 10.0, settling_s=0.0)
    began_s = time.monotonic()
    with CameraMeasures(scripted, Redactor(), endless, 2) as measures:
        first = measures.begin(camera("a", CameraScript(fps=20)))
        second = measures.begin(camera("b", CameraScript(fps=20)))
        eventually(lambda: running("a"))
    assert time.monotonic() - began_s < 60
    assert first.done()
    assert second.cancelled()


def test_whoever_leaves_waits_for_no_trial_of_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def trial(binary: Binary, key: HardwareKey) -> TrialResult:
        del binary, key
        began.set()
        goes_on.wait(60)
        return TrialResult(None)

    monkeypatch.setattr(measurement, "HardwareKeeper", partial(HardwareKeeper, trial=trial))
    slow = MeasuringPlan(0.6, 30.0)
    wanted = CameraConfig(id="a", url="rtsp://127.0.0.1:9/s", hwaccel="cuda")
    with CameraMeasures(Binary("/no/such/ffmpeg", (9,)), Redactor(), slow, 1) as measures:
        found = measures.begin(wanted)
        assert began.wait(20)
        left_s = time.monotonic()
    assert time.monotonic() - left_s < 20
    assert found.done()
    goes_on.set()


def test_a_missing_ffmpeg_is_a_failure_of_each_camera() -> None:
    (found,) = measure(Binary("/no/such/ffmpeg", (5, 1)), [camera("a", CameraScript())])
    assert found.failure is not None
    assert found.failure.cause is Cause.BINARY_MISSING


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_real_ffmpeg_is_measured(any_ffmpeg: Binary) -> None:
    url = "lavfi:testsrc2=size=320x240:rate=25"
    (found,) = measure(any_ffmpeg, [CameraConfig(id="a", url=url, fps=10, height=120)])
    assert found.ok
    assert found.figures is not None
    assert found.figures.published == (160, 120)
    assert found.figures.private_bytes is not None
    assert found.figures.pss_bytes is not None
    assert 2**20 < found.figures.private_bytes <= found.figures.pss_bytes
