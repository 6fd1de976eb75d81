"""Every kind of source but RTSP, for real: HTTP motion JPEG, HLS, RTMP, a file, scaling."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.testing.clips import clip_filter, clip_identity, decode_jpeg, numbered_clip
from edge_video.testing.rabbit import free_port
from tests.support.devices import Watcher
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.capture.binary import Binary

pytestmark = [pytest.mark.ffmpeg, EVERY_FFMPEG]

SIZE = (320, 180)


class CameraPage(http.server.SimpleHTTPRequestHandler):
    """Serves a directory, and `/mjpeg` as an endless multipart stream like a web camera's."""

    pictures: tuple[bytes, ...] = ()

    def do_GET(self) -> None:
        if self.path == "/mjpeg":
            self._stream()
        else:
            super().do_GET()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=shot")
        self.end_headers()
        try:
            for number in range(600):
                image = self.pictures[number % len(self.pictures)]
                head = f"--shot\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n"
                self.wfile.write(head.encode() + image + b"\r\n")
                time.sleep(1 / 20)
        except OSError:
            return  # the viewer is gone

    def log_message(self, *_: object) -> None:
        """Not on the test's output."""


@pytest.fixture
def web_camera(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on loopback, and the directory that it serves."""
    pictures = subprocess.run(
        [
            *("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", clip_filter(5, *SIZE, 10)),
            *("-frames:v", "1", "-c:v", "mjpeg", "-f", "image2pipe", "-"),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout
    page = type("Page", (CameraPage,), {"pictures": (pictures,)})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(page, directory=str(tmp_path))
    )
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="web-camera", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()
    thread.join(5)


def shows(image: bytes, number: int) -> bool:
    return clip_identity(decode_jpeg(image)) == number


def test_an_http_motion_jpeg_camera_streams(
    any_ffmpeg: Binary, web_camera: tuple[str, Path]
) -> None:
    url = f"{web_camera[0]}/mjpeg"
    with Watcher(any_ffmpeg, CameraConfig(id="web", url=url, fps=15)) as watcher:
        assert shows(watcher.wait_for(20)[-1], 5)


def test_an_hls_playlist_streams(any_ffmpeg: Binary, web_camera: tuple[str, Path]) -> None:
    url, folder = web_camera
    clip = numbered_clip(3, size=SIZE, seconds=10)
    subprocess.run(
        [
            *("ffmpeg", "-loglevel", "error", "-i", str(clip), "-c", "copy", "-f", "hls"),
            *("-hls_time", "2", "-hls_list_size", "0", str(folder / "live.m3u8")),
        ],
        check=True,
        timeout=30,
    )
    with Watcher(any_ffmpeg, CameraConfig(id="hls", url=f"{url}/live.m3u8")) as watcher:
        assert shows(watcher.wait_for(20)[-1], 3)


def test_a_playlist_reaches_no_file_of_this_machine(
    any_ffmpeg: Binary, web_camera: tuple[str, Path]
) -> None:
    url, folder = web_camera
    clip = numbered_clip(3, size=SIZE, seconds=10)
    (folder / "evil.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{clip}\n#EXT-X-ENDLIST\n"
    )
    with Watcher(any_ffmpeg, CameraConfig(id="evil", url=f"{url}/evil.m3u8")) as watcher:
        failure = watcher.wait_for_end()
    assert watcher.frames == []
    assert failure.cause is not Cause.CRASHED


def test_an_rtmp_source_streams(any_ffmpeg: Binary) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/door"
    server = subprocess.Popen(
        [
            *("ffmpeg", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi"),
            *("-i", clip_filter(6, *SIZE, 25), "-t", "30", "-c:v", "libx264", "-g", "25"),
            *("-preset", "ultrafast", "-tune", "zerolatency", "-f", "flv", "-listen", "1", url),
        ]
    )
    try:
        camera = CameraConfig(id="rtmp", url=url)
        deadline = time.monotonic() + 20
        while True:  # until the server listens
            with Watcher(any_ffmpeg, camera) as watcher:
                try:
                    frames = watcher.wait_for(20, 10)
                except AssertionError:
                    assert time.monotonic() < deadline, watcher.failure
                    continue
                assert shows(frames[-1], 6)
                break
    finally:
        server.kill()
        server.wait(10)


def test_a_file_plays_in_real_time_and_ends(any_ffmpeg: Binary) -> None:
    clip = numbered_clip(4, size=SIZE, seconds=4)
    began = time.monotonic()
    with Watcher(any_ffmpeg, CameraConfig(id="file", url=str(clip), fps=10)) as watcher:
        failure = watcher.wait_for_end()
    assert failure.cause is Cause.END_OF_STREAM
    assert 38 <= len(watcher.frames) <= 43  # the limit begins with some credit
    # Unpaced, it would take a tenth of this.
    assert time.monotonic() - began > 3.5


@pytest.mark.parametrize(
    ("scale", "size"),
    [
        ({"width": 160}, (160, 90)),
        ({"height": 90}, (160, 90)),
        ({"width": 64, "height": 64}, (64, 64)),
    ],
)
def test_pictures_are_scaled_as_configured(
    any_ffmpeg: Binary, scale: dict[str, int], size: tuple[int, int]
) -> None:
    clip = numbered_clip(4, size=SIZE, seconds=2)
    camera = CameraConfig.model_validate({"id": "file", "url": str(clip), **scale})
    with Watcher(any_ffmpeg, camera) as watcher:
        height, width = decode_jpeg(watcher.wait_for(1)[0]).shape[:2]
    assert (width, height) == size
