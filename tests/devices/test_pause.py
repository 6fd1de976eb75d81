"""The program itself is stopped and goes on, as `docker pause` or a moving machine does it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.clips import encoded_clip
from edge_video.testing.devices import HttpDevice, RtspDevice, Video, jpegs
from edge_video.testing.waiting import eventually
from tests.support.devices import DeviceRun

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

pytestmark = [pytest.mark.ffmpeg]

PAUSE_S = 6.0
_APART_S = 0.3


def wait_for_frames(program: DeviceRun, counts: dict[str, int]) -> None:
    """Wait until each camera has more frames than that."""
    eventually(
        lambda: all(len(program.frames(name)) > count for name, count in counts.items()),
        timeout_s=30,
    )


@pytest.mark.parametrize("whole_container", [False, True], ids=["program", "program and FFmpegs"])
def test_a_pause_fails_no_camera_that_streams(
    ffmpeg: Binary, tmp_path: Path, whole_container: bool
) -> None:
    video = Video.load(encoded_clip(5))
    with RtspDevice(video) as rtsp, HttpDevice(jpegs()) as web:
        cameras = [
            {"id": each_id, "url": url, "stall_timeout": "2s", "first_frame_timeout": "2s"}
            for each_id, url in (("rtsp", rtsp.url), ("web", web.url))
        ]
        with DeviceRun(tmp_path, cameras, ffmpeg=ffmpeg, keep=1000) as program:
            wait_for_frames(program, {"rtsp": 10, "web": 10})
            ffmpegs = [each.pid for each in program.ffmpegs()] if whole_container else []
            # The worst order: nothing waits in a pipe when the program wakes, and nothing comes.
            for pid in (*ffmpegs, program.process.pid):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(_APART_S)
            time.sleep(PAUSE_S)  # what is waited for is that nothing happens
            for pid in (program.process.pid, *ffmpegs):
                os.kill(pid, signal.SIGCONT)
                time.sleep(_APART_S)
            wait_for_frames(
                program, {name: len(program.frames(name)) + 30 for name in ("rtsp", "web")}
            )
            assert program.stop() == 0
    print("\n".join(program.log))
    assert [program.camera(name)["attempts"] for name in ("rtsp", "web")] == [1, 1]
    assert "ERROR reading" not in "\n".join(program.log)
