"""The program, and one capture, against a device: what came, what failed, what was said."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from edge_video.capture import FfmpegLauncher
from edge_video.text.redact import Redactor
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.capture.launcher import AnyCapture
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure


class Watcher:
    """Collects one capture's frames and its end: one attempt at a camera, nothing around it."""

    def __init__(self, binary: Binary, camera: CameraConfig) -> None:
        self.frames: list[bytes] = []
        self.failure: Failure | None = None
        self._changed = threading.Condition()
        launcher = FfmpegLauncher(binary, Redactor())
        self.capture: AnyCapture = launcher(camera, on_frame=self._frame, on_end=self._end)

    def __enter__(self) -> Self:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop()

    def _frame(self, image: bytes) -> None:
        with self._changed:
            self.frames.append(image)
            self._changed.notify_all()

    def _end(self, failure: Failure) -> None:
        with self._changed:
            self.failure = failure
            self._changed.notify_all()

    def wait_for(self, count: int, timeout_s: float = 20.0) -> list[bytes]:
        """Wait for so many frames; fails at once when the capture ends before."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self.frames) >= count or self.failure is not None, timeout_s
            )
        assert len(self.frames) >= count, (
            f"{len(self.frames)} frames; {self.failure}; {self.capture.stderr_tail()}"
        )
        return self.frames

    def wait_for_end(self, timeout_s: float = 20.0) -> Failure:
        with self._changed:
            assert self._changed.wait_for(lambda: self.failure is not None, timeout_s)
        assert self.failure is not None
        return self.failure


class DeviceRun(Program):
    """The whole program on some cameras, frames into a directory below `folder`.

    Args:
        folder: of the test; one run has it for itself.
        cameras: as in a configuration file: `{"id": "door", "url": device.url}`.
        ffmpeg: which one; None for the program's own choice.
        keep: frames that stay in a camera's directory.
        environment: variables added to the test's own.
        more: further keys of the configuration file.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Sequence[dict[str, Any]],
        *,
        ffmpeg: Binary | None = None,
        keep: int = 20,
        environment: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.frames_in = folder / "frames"
        config: dict[str, Any] = {
            "sink": {"type": "directory", "path": str(self.frames_in), "keep": keep},
            "report_interval": "1h",
            "cameras": list(cameras),
            **({"ffmpeg": ffmpeg.path} if ffmpeg else {}),
            **more,
        }
        super().__init__(
            folder, config, "--report-file", str(folder / "final.json"), environment=environment
        )

    def frames(self, camera: str) -> list[bytes]:
        """The frames that are in the camera's directory now, oldest first."""
        return [each.read_bytes() for each in sorted((self.frames_in / camera).glob("*.jpg"))]

    def camera(self, camera: str) -> dict[str, Any]:
        """What the final report says of a camera."""
        of_camera: dict[str, Any] = next(
            each for each in self.report()["cameras"] if each["camera_id"] == camera
        )
        return of_camera
