"""From a camera's configuration to its capture: the one place that knows both FFmpeg halves."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.capture import Capture, CaptureCounters, ProcessTable
from edge_video.ffmpeg import capture_command
from edge_video.ffmpeg_environment import ffmpeg_environment
from edge_video.frames import CameraId
from edge_video.inquiry import explain
from edge_video.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.config import CameraConfig
    from edge_video.failures import Failure
    from edge_video.ffmpeg import Binary
    from edge_video.stats import CaptureTotals


def camera_environment(camera: CameraConfig) -> dict[str, str]:
    """The environment of a camera's FFmpeg. Its proxy, whose URL may have a password, goes here."""
    proxy = camera.http_proxy
    return ffmpeg_environment(os.environ, proxy.get_secret_value() if proxy is not None else None)


def explained_by_camera(camera: CameraConfig, failure: Failure, frames: int) -> Failure:
    """The failure with its true cause, after one question to the camera; blocks for 2 s at most."""
    return explain(camera, failure, frames=frames)


@dataclass(frozen=True, slots=True)
class FfmpegLauncher:
    """Makes the capture of an attempt; keeps what outlives attempts: counters and process table.

    Args:
        binary: the FFmpeg to run.
        redact: masks secrets in a line of FFmpeg's.
        processes: where live FFmpeg processes are listed.
        reactor: reads the pipes of all cameras.
    """

    binary: Binary
    redact: Callable[[str], str]
    processes: ProcessTable = field(default_factory=ProcessTable)
    reactor: Reactor = field(default_factory=Reactor)
    _counters: dict[CameraId, CaptureCounters] = field(default_factory=dict)

    def __call__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> Capture:
        """Make a capture that has not started yet. Any thread; one attempt per camera at a time."""
        camera_id = CameraId(camera.id)
        return Capture(
            capture_command(self.binary, camera),
            camera_id=camera_id,
            on_frame=on_frame,
            on_end=on_end,
            counters=self._counters.setdefault(camera_id, CaptureCounters()),
            processes=self.processes,
            redact=self.redact,
            reactor=self.reactor,
            environment=camera_environment(camera),
            # What is not fitted into one size cannot go on in another.
            ends_when_resized=camera.width is None or camera.height is None,
        )

    def totals(self, camera_id: CameraId) -> CaptureTotals:
        """What reading a camera took, over all its attempts. Any thread."""
        return self._counters.setdefault(camera_id, CaptureCounters()).totals()
