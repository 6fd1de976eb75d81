"""One attempt at a camera in mode snapshot: what came, what failed, on which thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from edge_video.capture import FfmpegLauncher
from edge_video.capture.binary import Binary
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.testing.devices import SnapshotDevice, jpegs
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from edge_video.capture.launcher import AnyCapture
    from edge_video.resilience.failures import Failure

IMAGES = jpegs(4, size=(64, 48))
NO_FFMPEG = Binary("/nowhere/ffmpeg", (5, 1))
CAM = CameraId("shop")
USER, PASSWORD = "viewer", 'pa"ss:wörd'
LOGIN = {"username": USER, "password": PASSWORD}
JPEG = {"Content_Type": "image/jpeg"}


class Fetching:
    """One attempt at a camera in mode snapshot."""

    def __init__(self, url: str, **keys: Any) -> None:
        self.frames: list[bytes] = []
        self.failure: Failure | None = None
        self.threads: set[str] = set()
        self._changed = threading.Condition()
        values = {"id": CAM, "url": url, "mode": "snapshot", "fps": 50, **keys}
        self.launcher = FfmpegLauncher(NO_FFMPEG, Redactor(["pa%22ss"]))
        self.capture: AnyCapture = self.launcher(
            CameraConfig.model_validate(values), on_frame=self._frame, on_end=self._end
        )

    def __enter__(self) -> Self:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop()

    def _frame(self, image: bytes) -> None:
        with self._changed:
            self.threads.add(threading.current_thread().name)
            self.frames.append(image)
            self._changed.notify_all()

    def _end(self, failure: Failure) -> None:
        with self._changed:
            self.failure = failure
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[bytes]:
        with self._changed:
            self._changed.wait_for(lambda: len(self.frames) >= count or self.failure, 10)
            assert len(self.frames) >= count, self.failure
            return self.frames[:count]

    def wait_for_end(self) -> Failure:
        with self._changed:
            self._changed.wait_for(lambda: self.failure, 10)
            assert self.failure is not None, f"{len(self.frames)} frames"
            return self.failure


def failure_of(device: SnapshotDevice, **keys: Any) -> Failure:
    with device, Fetching(device.url, **keys) as fetching:
        return fetching.wait_for_end()
