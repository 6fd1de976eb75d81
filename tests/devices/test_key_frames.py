"""Cameras whose key frames are far apart: waited for, told, and no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture.probe import probe_camera
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.testing.clips import encoded_clip
from edge_video.testing.devices import Codec, RtspDevice, Video
from edge_video.testing.waiting import eventually
from edge_video.text.redact import Redactor
from tests.support.devices import DeviceRun
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

pytestmark = [pytest.mark.ffmpeg]


@pytest.fixture(scope="module")
def video(ffmpeg: Binary) -> Video:
    """The pictures from one key frame to the one before the next."""
    del ffmpeg
    whole = Video.load(encoded_clip(5))
    keys = [number for number in range(len(whole)) if whole.is_key(number)]
    assert len(keys) > 1
    return whole[keys[0] : keys[1]]


def rate(video: Video, interval_s: float) -> float:
    """Pictures a second, so that key frames are so far apart."""
    return len(video) / interval_s


def camera(device: RtspDevice, **keys: Any) -> dict[str, Any]:
    return {
        "id": "door",
        "url": device.url,
        "stall_timeout": "3s",
        "first_frame_timeout": "6s",
    } | keys


@EVERY_FFMPEG
def test_a_camera_that_owes_a_key_frame_is_waited_for(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    device = RtspDevice(video, fps=rate(video, 12), start=1)
    with device, DeviceRun(tmp_path, [camera(device)], ffmpeg=any_ffmpeg) as program:
        program.wait_for_log("[door] Data arrive, waiting for a key frame")
        program.wait_for_log("[door] Streaming 160x120")
        eventually(lambda: len(program.frames("door")) > 3, timeout_s=20)
        assert program.stop() == 0
    assert program.camera("door")["attempts"] == 1


@EVERY_FFMPEG
def test_a_key_frame_that_never_comes_is_told_as_that(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    device = RtspDevice(video[1:], fps=5)
    with (
        device,
        DeviceRun(tmp_path, [camera(device, key_frame_timeout="8s")], ffmpeg=any_ffmpeg) as program,
    ):
        line = program.wait_for_log("[door] ERROR reading:")
        assert program.stop() == 0
    assert "no key frame (data came for" in line
    assert "key_frame_timeout" in line


@EVERY_FFMPEG
def test_over_udp_a_camera_that_owes_a_key_frame_is_waited_for_too(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    with RtspDevice(video, fps=rate(video, 14), start=1) as device:
        udp = camera(device, transport="udp", first_frame_timeout="8s")
        with DeviceRun(tmp_path, [udp], ffmpeg=any_ffmpeg) as program:
            program.wait_for_log("[door] Data arrive, waiting for a key frame")
            program.wait_for_log("[door] Streaming 160x120")
            assert program.stop() == 0
    assert program.camera("door")["attempts"] == 1


@EVERY_FFMPEG
def test_over_udp_a_camera_that_sends_nothing_is_told_as_that(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    with RtspDevice(video, alter=lambda *_: []) as device:
        silent = camera(device, transport="udp", first_frame_timeout="8s")
        with DeviceRun(tmp_path, [silent], ffmpeg=any_ffmpeg) as program:
            line = program.wait_for_log("[door] ERROR reading:")
            assert program.stop() == 0
    assert "its UDP packets do not arrive" in line
    assert "Data arrive" not in "\n".join(program.log)


@EVERY_FFMPEG
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_camera_that_announces_video_and_sends_none_is_stalled(
    any_ffmpeg: Binary, codec: str, tmp_path: Path
) -> None:
    kind = Codec.H264 if codec == "libx264" else Codec.H265
    video = Video.load(encoded_clip(5, codec=codec), kind)
    with RtspDevice(video, alter=lambda *_: []) as device:
        # FFmpeg's own time-out comes before the program's
        cameras = [camera(device, first_frame_timeout="20s")]
        with DeviceRun(tmp_path, cameras, ffmpeg=any_ffmpeg) as program:
            line = program.wait_for_log("[door] ERROR reading:")
            assert program.stop() == 0
    assert "stalled, no frames" in line


@EVERY_FFMPEG
def test_a_camera_that_sends_nothing_after_play_is_a_stall(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    device = RtspDevice(video, pictures=0, ending="silence")
    with (
        device,
        DeviceRun(tmp_path, [camera(device, stall_timeout="8s")], ffmpeg=any_ffmpeg) as program,
    ):
        line = program.wait_for_log("[door] ERROR reading:")
        assert program.stop() == 0
    assert "stalled" in line or "timed out" in line


@EVERY_FFMPEG
def test_key_frames_only_outlives_an_interval_above_the_stall_timeout(
    any_ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    device = RtspDevice(video, fps=rate(video, 6))
    with (
        device,
        DeviceRun(tmp_path, [camera(device, keyframes_only=True)], ffmpeg=any_ffmpeg) as program,
    ):
        eventually(lambda: len(program.frames("door")) >= 6, timeout_s=60)
        assert program.stop() == 0
    assert program.camera("door")["attempts"] == 1
    assert program.camera("door")["key_frame_interval_s"] == pytest.approx(6, abs=1.2)


@EVERY_FFMPEG
def test_probe_measures_how_far_apart_key_frames_are(any_ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video, fps=rate(video, 4)) as device:
        config = CameraConfig(id="door", url=device.url)
        result = probe_camera(any_ffmpeg, config, Redactor(), 30.0)
    assert result.key_frames is not None
    assert not result.key_frames.at_least
    assert result.key_frames.interval_s == pytest.approx(4, abs=0.6)


def test_probe_says_so_when_no_key_frame_came_in_time(ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video[1:], fps=10) as device:
        config = CameraConfig(id="door", url=device.url)
        result = probe_camera(ffmpeg, config, Redactor(), 6.0)
    assert result.failure is not None
    assert result.failure.cause is Cause.NO_KEY_FRAME
