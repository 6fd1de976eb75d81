"""Fixtures of the tests' RTSP cameras, which themselves are `edge_video.testing.rtsp`."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.capture.binary import Binary, BinaryMissing, find_binary
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rtsp import RtspServer, has_gstreamer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_video.testing.rtsp import RtspAuth


def require(present: object, what: str) -> None:
    """Skip the test when something is missing on a laptop; fail it in CI, where nothing may be."""
    if present:
        return
    reason = f"NOT TESTED: this machine has no {what}"
    if os.environ.get("CI") or os.environ.get("EDGE_VIDEO_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def require_of_matrix(present: object, what: str) -> None:
    """As `require`, for what scripts/make-matrix-root.sh makes; where that cannot be, skip."""
    if not present and os.environ.get("EDGE_VIDEO_NO_MATRIX") == "1":
        pytest.skip(f"NOT TESTED: no {what}, by EDGE_VIDEO_NO_MATRIX=1")
    require(present, f"{what} (scripts/make-matrix-root.sh makes it)")


@pytest.fixture(scope="session")
def ffmpeg() -> Binary:
    """The machine's own FFmpeg, which also makes the clips."""
    require(shutil.which("ffmpeg"), "ffmpeg on PATH")
    return find_binary("ffmpeg")


@pytest.fixture(scope="session")
def bundled_ffmpeg() -> Binary:
    """The FFmpeg of the imageio-ffmpeg package: another version, other words."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="NOT TESTED: no imageio-ffmpeg")
    try:
        return find_binary(imageio_ffmpeg.get_ffmpeg_exe())
    except (BinaryMissing, RuntimeError):
        require(None, "binary in the imageio-ffmpeg package")
        raise


@pytest.fixture(scope="session")
def any_ffmpeg(request: pytest.FixtureRequest) -> Binary:
    """The FFmpegs in turn, when a test is parametrized with `EVERY_FFMPEG`."""
    binary: Binary = request.getfixturevalue(request.param)
    return binary


def in_turn(fixture: str, *parts: str) -> pytest.MarkDecorator:
    """Parametrize a test with several fixtures of one kind; the first is the machine's own part.

    `EDGE_VIDEO_PARTS=own` leaves the machine's own alone: so does `make matrix`, whose sets put
    each of the parts into its place, and would otherwise run each test with all parts in each set.
    """
    chosen = parts[:1] if os.environ.get("EDGE_VIDEO_PARTS") == "own" else parts
    return pytest.mark.parametrize(fixture, chosen, indirect=True)


EVERY_FFMPEG: Final = in_turn("any_ffmpeg", "ffmpeg", "bundled_ffmpeg")
"""5.1 (or what the machine has) and 9, the oldest and the newest; the matrix has 7.1 too."""


@pytest.fixture(scope="session")
def gstreamer(ffmpeg: Binary) -> Binary:
    """GStreamer's RTSP server can be run, and clips for it be made."""
    require(has_gstreamer(), "GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0)")
    return ffmpeg


@pytest.fixture(scope="session")
def rtsp_server(gstreamer: Binary) -> Iterator[RtspServer]:
    """Cameras for everybody: /cam1 to /cam3 (720p25, H.264), /hevc (360p25), /short (two seconds).

    Tests must not stop, freeze or change it; they make one with `make_rtsp_server` for that.
    """
    del gstreamer
    with RtspServer(
        {
            **{f"/cam{n}": numbered_clip(n) for n in (1, 2, 3)},
            "/hevc": numbered_clip(7, size=(640, 360), seconds=30, codec="libx265"),
            "/short": numbered_clip(9, size=(320, 180), seconds=2),
        }
    ) as server:
        yield server


@pytest.fixture
def make_rtsp_server(gstreamer: Binary) -> Iterator[Callable[..., RtspServer]]:
    """Make servers of one's own to break: `make_rtsp_server(mounts, auth)`; already started."""
    del gstreamer
    servers: list[RtspServer] = []

    def make(mounts: Mapping[str, Path], auth: RtspAuth | None = None) -> RtspServer:
        server = RtspServer(mounts, auth)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.kill()
