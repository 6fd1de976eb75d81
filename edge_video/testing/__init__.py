"""Provides what the project's own tests use, and its users can: clocks, cameras, brokers.

See docs/testing.md. Importing this starts nothing. The parts that need more than the package's own
dependencies are modules of their own: `pytest_plugin` (pytest), `rtsp` (GStreamer), `rabbit` (a
RabbitMQ server), `clips` and `soak` (`pip install edge-video[testing]`).
"""

from edge_video.testing.clock import FakeClock, FakeTimer
from edge_video.testing.leaks import Inventory, LeakError, no_leaks
from edge_video.testing.ledger import assert_frames_accounted_for, ledger_differences
from edge_video.testing.recording_publisher import RecordingPublisher
from edge_video.testing.scripted_camera import (
    CameraScript,
    ScriptedCamera,
    ScriptedCameras,
    install_scripted_ffmpeg,
)
from edge_video.testing.waiting import eventually, wait_until

__all__ = [
    "CameraScript",
    "FakeClock",
    "FakeTimer",
    "Inventory",
    "LeakError",
    "RecordingPublisher",
    "ScriptedCamera",
    "ScriptedCameras",
    "assert_frames_accounted_for",
    "eventually",
    "install_scripted_ffmpeg",
    "ledger_differences",
    "no_leaks",
    "wait_until",
]
