from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.probe import (
    CameraProbes,
    VideoStream,
    parse_stream,
    probe_all,
    probe_camera,
)
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rtsp import RtspAuth, RtspServer
from edge_video.text.redact import Redactor
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("line", "stream"),
    [
        (
            (
                "[info]   Stream #0:0: Video: h264 (High), yuvj420p(pc, progressive), 1280x720"
                " [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 90k tbn"
            ),
            VideoStream("h264", 1280, 720, 25.0),
        ),
        (
            (
                "  Stream #0:1[0x1011](eng): Video: hevc (Main) (HEVC / 0x43564548),"
                " yuv420p(tv, bt709), 3840x2160, 29.97 fps, 29.97 tbr, 1k tbn"
            ),
            VideoStream("hevc", 3840, 2160, 29.97),
        ),
        (
            "Stream #0:0: Video: mjpeg, yuvj422p, 640x480, 90k tbr",
            VideoStream("mjpeg", 640, 480, None),
        ),
        ("Stream #0:0: Video: h264, none, 90k tbr", VideoStream("h264", None, None, None)),
        ("Stream #0:0: Video: h264, yuv420p, 64x64, 1k fps", VideoStream("h264", 64, 64, 1000.0)),
        ("Stream #0:0: Audio: aac, 48000 Hz, stereo", None),
        ("", None),
    ],
)
def test_ffmpegs_description_of_a_stream_is_understood(
    line: str, stream: VideoStream | None
) -> None:
    assert parse_stream(["Input #0, rtsp, from 'x':", line]) == stream


def test_what_ffmpeg_writes_is_not_taken_for_what_the_camera_sends() -> None:
    lines = ["Output #0, mpjpeg, to 'pipe:1':", "  Stream #0:0: Video: mjpeg, 320x180, 15 fps"]
    assert parse_stream(lines) is None


@pytest.mark.rtsp
@EVERY_FFMPEG
def test_a_camera_is_described_by_what_it_really_sends(
    any_ffmpeg: Binary, rtsp_server: RtspServer
) -> None:
    cameras = [
        CameraConfig(id="h264", url=rtsp_server.url("/cam1"), width=320),
        CameraConfig(id="hevc", url=rtsp_server.url("/hevc")),
        CameraConfig(id="none", url=rtsp_server.url("/nope")),
    ]
    h264, hevc, none = probe_all(any_ffmpeg, cameras, Redactor(), 20.0)
    assert (h264.camera_id, h264.ok, h264.failure) == ("h264", True, None)
    assert h264.picture is not None
    assert h264.picture.startswith(b"\xff\xd8\xff")
    assert (h264.codec, h264.width, h264.height, h264.fps) == ("h264", 1280, 720, 25.0)
    assert h264.first_frame_s is not None
    assert 0 < h264.first_frame_s < 20
    assert (hevc.codec, hevc.width, hevc.height, hevc.fps) == ("hevc", 640, 360, 25.0)
    assert not none.ok
    assert none.failure is not None
    assert none.failure.cause is Cause.NO_SUCH_STREAM
    assert none.first_frame_s is None


@pytest.mark.ffmpeg
def test_a_probe_leaves_nothing_behind(ffmpeg: Binary) -> None:
    threads = threading.active_count()
    cameras = [CameraConfig(id=f"c{n}", url="lavfi:testsrc2=size=64x64") for n in range(3)]
    results = probe_all(ffmpeg, cameras, Redactor(), 20.0)
    assert [result.camera_id for result in results] == ["c0", "c1", "c2"]
    assert all(result.ok and result.width == 64 for result in results)
    assert threading.active_count() == threads


@pytest.mark.ffmpeg
def test_probes_that_nobody_waits_for_any_more_are_cancelled(ffmpeg: Binary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        camera = CameraConfig(id="cam1", url=f"rtsp://127.0.0.1:{silent.getsockname()[1]}/s")
        before = time.monotonic()
        with CameraProbes(ffmpeg, Redactor(), 60.0) as probes:
            answer = probes.begin(camera)
            connection, _ = silent.accept()  # FFmpeg is there, and waits
    connection.close()
    assert time.monotonic() - before < 30
    assert not answer.result().ok


def test_no_cameras_have_no_results() -> None:
    assert probe_all(Binary("ffmpeg", (5,)), [], Redactor(), 1.0) == []


@pytest.mark.rtsp
def test_a_frozen_camera_is_given_up_at_the_timeout(
    ffmpeg: Binary, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    server.freeze()
    before = time.monotonic()
    result = probe_camera(ffmpeg, CameraConfig(id="cam1", url=server.url("/cam")), Redactor(), 1.0)
    assert time.monotonic() - before < 10
    assert result.failure is not None
    assert result.failure.cause is Cause.TIMEOUT
    assert "no frame in 1 s" in result.failure.detail


@pytest.mark.rtsp
def test_a_wrong_password_is_told_without_showing_it(
    ffmpeg: Binary, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)}, RtspAuth("digest"))
    camera = CameraConfig(id="cam1", url=server.url("/cam"), username="admin", password="canary/@%")
    result = probe_camera(ffmpeg, camera, Redactor(["canary/@%"]), 20.0)
    assert result.failure is not None
    assert result.failure.cause is Cause.WRONG_PASSWORD
    assert "canary" not in repr(result)


def test_a_missing_binary_is_a_result_and_no_exception() -> None:
    result = probe_camera(
        Binary("/no/such/ffmpeg", (5,)), CameraConfig(id="c", url="lavfi:x"), Redactor(), 5.0
    )
    assert result.failure is not None
    assert result.failure.cause is Cause.BINARY_MISSING
