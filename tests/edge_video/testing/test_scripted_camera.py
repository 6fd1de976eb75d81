"""The scripted camera: a real child process under a real `Capture`."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import pytest
from PIL import Image

from edge_video.capture.binary import find_binary
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.frames.jpeg import image_size
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import CameraScript, ScriptedCameras, eventually, install_scripted_ffmpeg
from edge_video.testing.scripted_ffmpeg import picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.capture.launcher import AnyCapture

FAST = CameraScript(fps=50)
CAMERA = CameraConfig(id="cam1", url="rtsp://10.0.0.1/s")


@dataclass
class Attempt:
    """One capture of the scripted camera, and what it said."""

    cameras: ScriptedCameras
    images: list[bytes] = field(default_factory=list)
    ends: list[Failure] = field(default_factory=list)

    def start(self) -> AnyCapture:
        self.capture = self.cameras(CAMERA, on_frame=self.images.append, on_end=self.ends.append)
        self.capture.start()
        return self.capture

    def more_frames(self, count: int = 3) -> None:
        before = len(self.images)
        eventually(lambda: len(self.images) >= before + count, what=f"{count} more frames")

    def failure(self) -> Failure:
        eventually(lambda: self.ends, what="the end of the stream")
        return self.ends[0]


@pytest.fixture
def cameras() -> Iterator[ScriptedCameras]:
    with ScriptedCameras(FAST) as cameras:
        yield cameras


@pytest.fixture
def attempt(cameras: ScriptedCameras) -> Iterator[Attempt]:
    attempt = Attempt(cameras)
    yield attempt
    attempt.capture.stop()


@pytest.mark.parametrize("shade", [0, 1, 127, 128, 200, 255])
@pytest.mark.parametrize("size", [(320, 240), (321, 243), (8, 8), (1280, 720)])
def test_pictures_are_real_jpegs(shade: int, size: tuple[int, int]) -> None:
    image = picture(*size, shade, b"which one")
    decoded = Image.open(io.BytesIO(image))
    decoded.load()
    assert decoded.size == size == image_size(image)
    assert decoded.getextrema() == (shade, shade)
    assert decoded.info["comment"] == b"which one"


def test_a_picture_is_filled_up_to_a_size() -> None:
    for size in (2_000, 70_000, 200_001):
        image = picture(64, 48, 7, b"x", size)
        assert size <= len(image) <= size + 4
        decoded = Image.open(io.BytesIO(image))
        decoded.load()
        assert decoded.getextrema() == (7, 7)


def test_frames_come_whole_and_numbered(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames(5)
    comments = [Image.open(io.BytesIO(image)).info["comment"] for image in attempt.images[:5]]
    assert comments == [f"seed=0 frame={n}".encode() for n in range(1, 6)]


def test_a_frozen_camera_lives_and_gives_nothing_until_it_thaws(attempt: Attempt) -> None:
    capture = attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].freeze()
    frames = -1

    def silent() -> bool:
        nonlocal frames
        frames, before = len(attempt.images), frames
        return frames == before

    eventually(silent)
    assert capture.pid is not None
    assert attempt.ends == []
    attempt.cameras["cam1"].thaw()
    attempt.more_frames()


def test_garbage_is_discarded_and_the_frames_go_on(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].garbage(10_000)
    totals = attempt.cameras.totals
    eventually(lambda: totals(CameraId("cam1")).discarded_bytes > 9_900, what="garbage")
    attempt.more_frames()


def test_a_truncated_frame_never_comes_out(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].truncate_frame()
    eventually(lambda: attempt.cameras.totals(CameraId("cam1")).discarded_bytes > 0)
    attempt.more_frames()
    for image in attempt.images:
        Image.open(io.BytesIO(image)).load()


def test_an_oversized_frame_is_refused_and_counted(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].oversize_frame(40 * 2**20)
    eventually(lambda: attempt.cameras.totals(CameraId("cam1")).oversized == 1)
    attempt.more_frames()
    assert max(map(len, attempt.images)) < 5_000


def test_last_words_and_status_are_classified(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].die("Server returned 404 Not Found", status=7)
    assert attempt.failure().cause is Cause.NO_SUCH_STREAM
    assert attempt.capture.exit_status == 7
    assert attempt.capture.stderr_tail() == ("Server returned 404 Not Found",)


def test_a_silent_end_is_an_end_of_stream(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].end()
    assert attempt.failure().cause is Cause.END_OF_STREAM


def test_a_camera_that_ignores_sigterm_is_killed(attempt: Attempt) -> None:
    attempt.cameras["cam1"].script = CameraScript(fps=50, ignore_sigterm=True)
    capture = attempt.start()
    attempt.more_frames()
    capture.stop(deadline_s=0.2)
    assert capture.exit_status == -9


def test_a_slower_camera_gives_fewer_frames(attempt: Attempt) -> None:
    attempt.start()
    attempt.more_frames()
    attempt.cameras["cam1"].set_fps(0.01)
    attempt.cameras["cam1"].say("heard")  # commands are obeyed in order
    eventually(lambda: attempt.capture.stderr_tail() == ("heard",))
    assert len(attempt.images) < 200


def test_what_nobody_heard_does_not_hit_the_next_attempt(cameras: ScriptedCameras) -> None:
    cameras["cam1"].script = CameraScript(fps=50, frames=1)
    first = Attempt(cameras)
    first.start()
    first.failure()
    first.capture.stop()
    cameras["cam1"].end()
    cameras["cam1"].script = FAST
    second = Attempt(cameras)
    second.start()
    second.more_frames(5)
    second.capture.stop()


def test_a_refused_attempt_gives_its_words(attempt: Attempt) -> None:
    attempt.cameras["cam1"].script = CameraScript(refuse="401 Unauthorized: no such user?&=%é")
    attempt.start()
    assert attempt.failure().cause is Cause.WRONG_PASSWORD
    assert attempt.images == []


def test_an_unreachable_camera_comes_back_when_it_can(attempt: Attempt, tmp_path: Path) -> None:
    cable = tmp_path / "unplugged"
    attempt.cameras["cam1"].script = CameraScript(fps=50, unreachable_while=cable)
    attempt.start()
    attempt.more_frames()
    cable.touch()
    assert attempt.failure().cause is Cause.TIMEOUT
    attempt.capture.stop()
    again = Attempt(attempt.cameras)
    again.start()
    assert again.failure().cause is Cause.UNREACHABLE
    again.capture.stop()
    cable.unlink()
    attempt.start()
    attempt.more_frames()


def test_its_process_is_counted_as_an_ffmpeg_of_ours(attempt: Attempt) -> None:
    capture = attempt.start()
    attempt.more_frames()
    assert "ffmpeg" in psutil.Process(capture.pid).name()
    assert attempt.cameras.processes() == {capture.pid: "cam1"}


def test_it_can_stand_in_for_the_ffmpeg_binary(tmp_path: Path) -> None:
    binary = find_binary(str(install_scripted_ffmpeg(tmp_path)))
    assert binary.version == (5, 1, 0)
    url = "rtsp://10.0.0.1/door?" + CameraScript(frames=2, exit_status=3).query()
    done = subprocess.run(
        [binary.path, "-nostdin", "-i", url, "-f", "mpjpeg", "pipe:1"],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.count(b"Content-length") == 2
