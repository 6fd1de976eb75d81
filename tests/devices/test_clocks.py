"""A camera's clock is never trusted: whatever it says, `fps` pictures per real second come."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture import FfmpegLauncher
from edge_video.config import CameraConfig
from edge_video.testing.clips import encoded_clip
from edge_video.testing.devices import (
    Codec,
    Flv,
    HttpDevice,
    MpegTs,
    RtspDevice,
    Video,
    jpegs,
    pacing,
    stamps,
)
from edge_video.testing.waiting import eventually
from edge_video.text.redact import Redactor
from tests.support.devices import DeviceRun
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.resilience.failures import Failure
    from edge_video.testing.devices import RtpPacket
    from edge_video.testing.devices.device import Device

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]

SETTLED_S = 1.5
"""Half a second beside whole ones: a burst of a second is within what is measured, or not."""
MEASURED_S = 6.0


class Rate:
    """When a camera's frames came, by the monotonic clock, and how the capture ended."""

    def __init__(self, binary: Binary, device: Device, **keys: Any) -> None:
        self.times: list[float] = []
        self.failure: Failure | None = None
        self.first = threading.Event()
        camera = CameraConfig.model_validate({"id": "door", "url": device.url, **keys})
        self.capture = FfmpegLauncher(binary, Redactor())(
            camera, on_frame=self._frame, on_end=self._end
        )

    def _frame(self, _: bytes) -> None:
        self.times.append(time.monotonic())
        self.first.set()

    def _end(self, failure: Failure) -> None:
        self.failure = failure
        self.first.set()

    def measured(self) -> tuple[float, float]:
        """Frames per second after the first one, and the longest pause."""
        began = self.times[0] + SETTLED_S
        within = [each for each in self.times if began <= each < began + MEASURED_S]
        pauses = [b - a for a, b in itertools.pairwise(within)]
        return len(within) / MEASURED_S, max(pauses, default=MEASURED_S)


def measure(
    binary: Binary, devices: Mapping[str, Device], **keys: Any
) -> dict[str, tuple[float, float] | str]:
    """All devices side by side: their rate and longest pause, or why they failed."""
    with contextlib.ExitStack() as stack:
        rates = {}
        for name, device in devices.items():
            stack.enter_context(device)
            rate = rates[name] = Rate(binary, device, **keys)
            stack.callback(rate.capture.stop)
            rate.capture.start()
        for name, rate in rates.items():
            assert rate.first.wait(30), f"{name}: {rate.capture.stderr_tail()}"
        time.sleep(SETTLED_S + MEASURED_S + 0.5)
        return {
            name: str((rate.failure, rate.capture.stderr_tail()))
            if rate.failure or not rate.times
            else rate.measured()
            for name, rate in rates.items()
        }


def assert_each_at(
    fps: float, rates: dict[str, tuple[float, float] | str], *, longest_pause_s: float
) -> None:
    """Within a frame or two of six seconds; a loaded machine is late, so a little more."""
    wrong = {
        name: rate
        for name, rate in rates.items()
        if isinstance(rate, str)
        or abs(rate[0] - fps) > max(0.4, 0.07 * fps)
        or rate[1] > longest_pause_s
    }
    assert not wrong, wrong


@pytest.fixture(scope="module")
def video(ffmpeg: Binary) -> Video:
    """160x120 at 25 fps."""
    del ffmpeg
    return Video.load(encoded_clip(5))


def wrong_clocks() -> dict[str, Callable[[int], int]]:
    chance = random.Random(7)
    jitter = [chance.randrange(2**32) for _ in range(5000)]
    return {
        "right": stamps.steady(25),
        "repeats one in 50": stamps.repeated(25),
        "repeats every other": lambda i: (i // 2) * 7200,
        "stray 2.7 h back": stamps.stray(25, -9800),
        "stray 60 s back": stamps.stray(25, -60),
        "stray 10 h ahead": stamps.stray(25, 37600),
        "constant": stamps.constant(90),
        "milliseconds": stamps.milliseconds(25),
        "half speed": stamps.at_speed(25, 0.5),
        "ten times as fast": stamps.at_speed(25, 10.5),
        "backwards": lambda i: 2_000_000_000 - i * 3600,
        "wraps": stamps.wrapping(25, after=60),
        "set back an hour": stamps.jumping(25, -3600, after=60),
        "set ahead an hour": stamps.jumping(25, 3600, after=60),
        "random": lambda i: jitter[i % len(jitter)],
    }


def without_markers(_: int, packets: list[RtpPacket]) -> list[RtpPacket]:
    return [dataclasses.replace(each, marker=False) for each in packets]


def with_random_markers(number: int, packets: list[RtpPacket]) -> list[RtpPacket]:
    chance = random.Random(number)
    return [dataclasses.replace(each, marker=chance.random() < 0.5) for each in packets]


@EVERY_FFMPEG
def test_no_wrong_clock_changes_the_rate_or_ends_the_stream(
    any_ffmpeg: Binary, video: Video
) -> None:
    devices = {name: RtspDevice(video, stamp=stamp) for name, stamp in wrong_clocks().items()}
    assert_each_at(5, measure(any_ffmpeg, devices, fps=5), longest_pause_s=0.7)


@EVERY_FFMPEG
def test_odd_rtp_changes_nothing_either(any_ffmpeg: Binary, video: Video) -> None:
    reordered = Video.load(encoded_clip(6, b_frames=2))
    devices = {
        "no marker": RtspDevice(video, alter=without_markers),
        "random markers": RtspDevice(video, alter=with_random_markers),
        "B-frames in send order": RtspDevice(reordered),
        "B-frames, constant": RtspDevice(reordered, stamp=stamps.constant()),
        "HEVC B-frames in send order": RtspDevice(
            Video.load(encoded_clip(6, codec="libx265", b_frames=2), Codec.H265)
        ),
    }
    assert_each_at(15, measure(any_ffmpeg, devices, fps=15), longest_pause_s=0.5)
    devices = {
        "udp, repeats": RtspDevice(video, stamp=stamps.repeated(25)),
        "udp, stray": RtspDevice(video, stamp=stamps.stray(25, 37600)),
    }
    assert_each_at(15, measure(any_ffmpeg, devices, fps=15, transport="udp"), longest_pause_s=0.5)


@EVERY_FFMPEG
def test_the_limit_is_of_real_seconds_when_images_are_passed_through(any_ffmpeg: Binary) -> None:
    pictures = jpegs(25)
    video = Video.of_jpegs(pictures)
    devices: dict[str, Device] = {
        name: RtspDevice(video, stamp=stamp)
        for name, stamp in wrong_clocks().items()
        # One image of RTP may come in many packets, which FFmpeg puts together by their time.
        if name not in ("constant", "repeats one in 50", "repeats every other")
    }
    devices["HTTP"] = HttpDevice(pictures, fps=25)
    rates = measure(any_ffmpeg, devices, fps=5, mode="passthrough")
    assert_each_at(5, rates, longest_pause_s=0.7)


@EVERY_FFMPEG
def test_the_limit_is_of_real_seconds_for_key_frames_alone(any_ffmpeg: Binary) -> None:
    video = Video.load(encoded_clip(5, gop=5))
    devices = {name: RtspDevice(video, stamp=stamp) for name, stamp in wrong_clocks().items()}
    rates = measure(any_ffmpeg, devices, fps=2, keyframes_only=True)
    assert_each_at(2, rates, longest_pause_s=1.1)


@EVERY_FFMPEG
def test_a_camera_that_sends_a_second_at_a_time_keeps_its_rate(
    any_ffmpeg: Binary, video: Video
) -> None:
    devices = {
        "bursts": RtspDevice(video, due=pacing.bursts(25)),
        "bursts, constant": RtspDevice(video, due=pacing.bursts(25), stamp=stamps.constant()),
    }
    rates = measure(any_ffmpeg, devices, fps=5)
    assert_each_at(5, rates, longest_pause_s=1.3)


def http_clocks(per_second: int) -> Iterator[tuple[str, Callable[[int], int]]]:
    """As `wrong_clocks`, in other units."""
    for name, stamp in wrong_clocks().items():
        yield name, lambda i, stamp=stamp: stamp(i) * per_second // stamps.CLOCK  # type: ignore[misc]


@EVERY_FFMPEG
def test_the_clock_of_flv_is_not_trusted(any_ffmpeg: Binary) -> None:
    flv = Flv.of(encoded_clip(5))
    devices = {
        name: HttpDevice(
            flv.pictures,
            prefix=flv.head,
            content_type="video/x-flv",
            fps=25,
            part=lambda i, tag, stamp=stamp: flv.stamped(tag, stamp(i)),  # type: ignore[misc]
        )
        for name, stamp in http_clocks(1000)
    }
    assert_each_at(5, measure(any_ffmpeg, devices, fps=5), longest_pause_s=0.7)


@EVERY_FFMPEG
def test_the_clock_of_a_transport_stream_is_not_trusted(any_ffmpeg: Binary) -> None:
    ts = MpegTs.of(encoded_clip(5))
    devices = {
        name: HttpDevice(
            ts.pictures,
            content_type="video/mp2t",
            fps=25,
            part=lambda i, picture, stamp=stamp: ts.stamped(picture, stamp(i)),  # type: ignore[misc]
        )
        for name, stamp in http_clocks(stamps.CLOCK)
    }
    assert_each_at(5, measure(any_ffmpeg, devices, fps=5), longest_pause_s=0.7)


@EVERY_FFMPEG
def test_a_wrong_clock_does_not_stop_what_is_read_at_its_own_pace(any_ffmpeg: Binary) -> None:
    """As HLS is, and files: no leap makes FFmpeg wait. Only a clock ten times as fast slows it."""
    ts = MpegTs.of(encoded_clip(5))
    devices = {
        name: HttpDevice(
            ts.pictures,
            content_type="video/mp2t",
            path="/live.ts",
            fps=25,
            part=lambda i, picture, stamp=stamp: ts.stamped(picture, stamp(i)),  # type: ignore[misc]
        )
        for name, stamp in http_clocks(stamps.CLOCK)
        if name != "ten times as fast"
    }
    rates = measure(any_ffmpeg, devices, fps=5)
    wrong = {name: rate for name, rate in rates.items() if isinstance(rate, str) or rate[0] < 3.2}
    assert not wrong, wrong


@EVERY_FFMPEG
def test_a_camera_of_ten_pictures_a_second_is_healthy_under_fifteen(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    camera = {"id": "door", "fps": 15}
    with (
        RtspDevice(video, fps=10) as device,
        DeviceRun(tmp_path, [{**camera, "url": device.url}], ffmpeg=any_ffmpeg, keep=500) as run,
    ):
        eventually(lambda: len(run.frames("door")) >= 130, 40, "13 s of it")
        run.stop()
    assert run.camera("door")["usual_fps"] == pytest.approx(10, abs=0.6)
    printed = "\n".join(run.printed)
    assert "✓ [door]" in printed
    assert "(what the camera sends; fps is 15)" in printed
