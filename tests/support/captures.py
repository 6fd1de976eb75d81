"""Captures of programs in FFmpeg's place, and what they called back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import psutil

from edge_video.capture import Capture, CaptureCounters, ProcessTable
from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.binary import Binary
    from edge_video.resilience.failures import Failure

CAM = CameraId("cam1")
PASSWORD = "canary-Zx9@%/ü"
A_FRAME = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 6\r\n\r\n\xff\xd8xx\xff\xd9\r\n"


class RecordedCapture:
    """A capture, and what it called back, on which thread, and when."""

    def __init__(self, command: Sequence[str], **keys: Any) -> None:
        self.images: list[bytes] = []
        self.failures: list[Failure] = []
        self.threads: set[str] = set()
        self.first = threading.Event()
        self.tenth = threading.Event()
        self.ended = threading.Event()
        self.counters = CaptureCounters()
        self.processes = ProcessTable()
        on_frame = keys.pop("on_frame", self._frame)
        self.capture = Capture(
            command,
            camera_id=CAM,
            on_frame=on_frame,
            on_end=self._end,
            counters=self.counters,
            processes=self.processes,
            redact=keys.pop("redact", Redactor([PASSWORD])),
            **keys,
        )

    def _frame(self, image: bytes) -> None:
        self.threads.add(threading.current_thread().name)
        self.images.append(image)
        self.first.set()
        if len(self.images) >= 10:
            self.tenth.set()

    def _end(self, failure: Failure) -> None:
        self.threads.add(threading.current_thread().name)
        self.failures.append(failure)
        self.ended.set()

    def wait_for_failure(self, timeout_s: float = 15.0) -> Failure:
        assert self.ended.wait(timeout_s), "the end was not told"
        assert len(self.failures) == 1
        return self.failures[0]


def lavfi(binary: Binary, graph: str = "testsrc2=size=320x180:rate=25", **keys: Any) -> list[str]:
    return capture_command(binary, CameraConfig(id=CAM, url=f"lavfi:{graph}", **keys))


def open_files() -> int:
    """How many file descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def is_gone(pid: int) -> bool:
    """No such process; a zombie that nobody reaps after its parent's death counts as none."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


StartCapture: TypeAlias = Callable[..., RecordedCapture]
"""Starts a capture of a command, with the arguments of `Capture`; it is stopped with the test."""
WriteScript: TypeAlias = Callable[[str], list[str]]
"""Writes a Python program to take FFmpeg's place, and returns its command line."""
