"""Runs a camera's FFmpeg, reads what it says, and cuts its output into frames.

`Capture` and `FfmpegLauncher` are imported when they are first asked for: whoever needs a counter
alone gets no FFmpeg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.capture.counters import CaptureCounters, CaptureTotals
from edge_video.capture.process import CaptureStartError, ProcessTable

if TYPE_CHECKING:
    from edge_video.capture.capture import Capture
    from edge_video.capture.launcher import FfmpegLauncher

__all__ = [
    "Capture",
    "CaptureCounters",
    "CaptureStartError",
    "CaptureTotals",
    "FfmpegLauncher",
    "ProcessTable",
]


def __getattr__(name: str) -> Any:
    if name == "Capture":
        from edge_video.capture.capture import Capture  # noqa: PLC0415 - see above

        return Capture
    if name == "FfmpegLauncher":
        from edge_video.capture.launcher import FfmpegLauncher  # noqa: PLC0415 - see above

        return FfmpegLauncher
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
