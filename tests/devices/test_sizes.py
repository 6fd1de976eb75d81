"""The size, shape and format of a camera's pictures change in mid-stream: no failure, one line."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.clips import clip_identity, decode_jpeg, encoded_clip
from edge_video.testing.devices import HttpDevice, RtspDevice, Video, jpegs
from edge_video.testing.waiting import eventually
from tests.support.devices import DeviceRun
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]

Size = tuple[int, int]
SMALL, WIDE, TALL = (160, 120), (320, 120), (160, 240)


def video(*sizes: Size, seconds: float = 4) -> Video:
    """One size after the other, for so long each."""
    whole, *rest = (Video.load(encoded_clip(5, size=size, seconds=seconds)) for size in sizes)
    for part in rest:
        whole += part
    return whole


def sizes_of(frames: list[bytes]) -> list[Size]:
    """Each size once for each time that it began."""
    found: list[Size] = []
    for frame in frames:
        height, width = decode_jpeg(frame).shape[:2]
        if not found or found[-1] != (width, height):
            found.append((width, height))
    return found


def resized(run: DeviceRun) -> list[str]:
    return [line.partition("] ")[2] for line in run.log if "camera's pictures changed" in line]


def assert_no_failure(run: DeviceRun) -> None:
    camera = run.camera("door")
    assert camera["breaker"]["failures"] == 0
    assert camera["attempts"] == 1
    assert not [line for line in run.log if "ERROR" in line]


@EVERY_FFMPEG
def test_another_size_is_published_as_it_is(any_ffmpeg: Binary, tmp_path: Path) -> None:
    with (
        RtspDevice(video(SMALL, WIDE), live=True) as device,
        DeviceRun(
            tmp_path, [{"id": "door", "url": device.url}], ffmpeg=any_ffmpeg, keep=500
        ) as run,
    ):
        run.wait_for_log("changed from 160x120 to 320x120; frames are 320x120")
        eventually(lambda: sizes_of(run.frames("door"))[-1:] == [WIDE])
        run.stop()
    # A slow start may find the camera in the middle of its film.
    assert set(sizes_of(run.frames("door"))) == {SMALL, WIDE}
    shown = {clip_identity(decode_jpeg(frame)) for frame in run.frames("door")}
    assert shown == {5}
    assert_no_failure(run)


@EVERY_FFMPEG
def test_a_configured_size_stays_and_pictures_keep_their_shape(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    camera = {"id": "door", "width": 160, "height": 120}
    with (
        RtspDevice(video(SMALL, WIDE)) as device,
        DeviceRun(tmp_path, [{**camera, "url": device.url}], ffmpeg=any_ffmpeg, keep=500) as run,
    ):
        run.wait_for_log("changed from 160x120 to 320x120; frames are 160x120")
        run.wait_for_log("changed from 320x120 to 160x120; frames are 160x120")
        run.stop()
    assert device.sessions == 1, "nothing begins anew"
    frames = run.frames("door")
    assert sizes_of(frames) == [SMALL]
    barred = [picture for picture in map(decode_jpeg, frames) if picture[:25].mean() < 10]
    assert len(barred) >= 30, "320x120 in 160x120 is 160x60 between two bars"
    assert all(clip_identity(picture[30:90]) == 5 for picture in barred)
    assert_no_failure(run)


@EVERY_FFMPEG
def test_a_camera_that_changes_again_and_again_is_fitted_for_a_while(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    with (
        RtspDevice(video(SMALL, WIDE, TALL, seconds=1), live=True) as device,
        DeviceRun(
            tmp_path, [{"id": "door", "url": device.url}], ffmpeg=any_ffmpeg, keep=500
        ) as run,
    ):
        run.wait_for_log("camera's pictures changed", count=6, timeout_s=60)
        device.wait_for_sessions(7)
        before = len(run.frames("door"))
        eventually(lambda: len(run.frames("door")) >= before + 90, 40, "six further changes")
        run.stop()
    assert device.sessions <= 8, "a session is not begun for each change"
    assert len(resized(run)) <= 12, "nor told, once they are fitted"
    assert_no_failure(run)


@EVERY_FFMPEG
def test_images_that_are_passed_through_change_their_size_as_they_like(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    images = [*jpegs(20, size=SMALL), *jpegs(20, size=WIDE)]
    camera = {"id": "door", "mode": "passthrough"}
    with (
        HttpDevice(images) as device,
        DeviceRun(tmp_path, [{**camera, "url": device.url}], ffmpeg=any_ffmpeg, keep=500) as run,
    ):
        run.wait_for_log("changed from 160x120 to 320x120; frames are 320x120")
        run.wait_for_log("changed from 320x120 to 160x120; frames are 160x120")
        run.stop()
    assert device.sessions <= 2, "FFmpeg may look at the stream first"
    assert sizes_of(run.frames("door"))[:3] == [SMALL, WIDE, SMALL]
    assert_no_failure(run)


@EVERY_FFMPEG
def test_another_profile_or_pixel_format_is_not_even_told(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    parts: list[Video] = []
    for options in (
        ["-pix_fmt", "yuv420p", "-profile:v", "baseline"],
        ["-pix_fmt", "yuvj420p", "-profile:v", "high"],
        ["-pix_fmt", "yuv422p"],
        ["-pix_fmt", "yuv420p", "-vf", "setsar=4/3"],
    ):
        clip = tmp_path / f"{len(parts)}.h264"
        make = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(encoded_clip(5, seconds=1))]
        make += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", *options, str(clip)]
        subprocess.run(make, check=True, timeout=60)
        parts.append(Video.load(clip))
    changing = parts[0] + parts[1] + parts[2] + parts[3]
    with (
        RtspDevice(changing) as device,
        DeviceRun(
            tmp_path, [{"id": "door", "url": device.url}], ffmpeg=any_ffmpeg, keep=500
        ) as run,
    ):
        eventually(lambda: len(run.frames("door")) > 8 * 15, 30, "all of it, twice")
        run.stop()
    assert device.sessions == 1
    assert {clip_identity(decode_jpeg(frame)) for frame in run.frames("door")} == {5}
    assert resized(run) == []
    assert_no_failure(run)
