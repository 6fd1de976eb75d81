"""Provides cameras that misbehave on request: child processes in FFmpeg's place.

Everything around them is real: `edge_video.capture.launcher` and `edge_video.capture.capture`
start them as they start FFmpeg, with its command line, pipes, process group, reader and reaping.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from pydantic import SecretStr

from edge_video.capture import FfmpegLauncher
from edge_video.capture.binary import Binary
from edge_video.testing import scripted_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from edge_video.capture import CaptureTotals
    from edge_video.capture.launcher import AnyCapture
    from edge_video.config import CameraConfig
    from edge_video.frames import CameraId
    from edge_video.resilience.failures import Failure

_VERSION: Final = (5, 1, 0)


@dataclass(frozen=True, slots=True)
class CameraScript:
    """How a scripted camera behaves from the start of an attempt on."""

    fps: float = 5.0
    size: tuple[int, int] = (320, 240)
    """Width and height, pixels."""
    frame_bytes: int = 0
    """A frame has at least so many bytes; without, a flat JPEG of the size is about 1 KB."""
    seed: int = 0
    """Makes this camera's pictures differ from another's."""
    frames: int = 0
    """It hangs up after so many frames, with `exit_status`; 0 for never."""
    exit_status: int | None = None
    refuse: str = ""
    """Every attempt fails at once with these words of FFmpeg's; empty for none."""
    unreachable_while: Path | None = None
    """The camera cannot be reached, and a running stream breaks off, while this file exists."""
    ignore_sigterm: bool = False

    def query(self) -> str:
        """As the query of a URL, for `ffmpeg:` set to what `install_scripted_ffmpeg` made."""
        items = {
            "fps": f"{self.fps:g}",
            "size": "{}x{}".format(*self.size),
            "bytes": str(self.frame_bytes),
            "seed": str(self.seed),
            "frames": str(self.frames),
        }
        if self.exit_status is not None:
            items["status"] = str(self.exit_status)
        if self.refuse:
            items["refuse"] = self.refuse
        if self.unreachable_while is not None:
            items["while"] = str(self.unreachable_while)
        if self.ignore_sigterm:
            items["ignores_sigterm"] = "1"
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in items.items())


def install_scripted_ffmpeg(folder: Path) -> Path:
    """Write an executable that stands in for FFmpeg; its path, for the `ffmpeg:` key.

    It answers `-version`, and finds its script in the query of a camera's URL:
    `rtsp://127.0.0.1/door?` followed by `CameraScript.query`.
    """
    program = folder / "ffmpeg-scripted"
    # Isolated and without site-packages: starting costs 10 ms instead of 30, and less memory.
    command = shlex.join([sys.executable, "-I", "-S", scripted_ffmpeg.__file__])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o755)
    return program


class ScriptedCamera:
    """One scripted camera. `script` is what the next attempt follows; the methods act at once.

    They reach the child process that runs now; one that starts later does not hear them. Any
    thread.
    """

    def __init__(self, fifo: Path, script: CameraScript) -> None:
        self.script = script
        os.mkfifo(fifo)
        self._fifo = fifo
        # Open for both directions, so that neither end ever waits for the other.
        self._fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)

    def freeze(self) -> None:
        """No more frames; the process lives on and says nothing."""
        self._tell("freeze")

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._tell("thaw")

    def set_fps(self, fps: float) -> None:
        """Slow down, or speed up."""
        self._tell(f"fps {fps:g}")

    def garbage(self, size: int = 65_536) -> None:
        """So many bytes that belong to no frame."""
        self._tell(f"garbage {size}")

    def truncate_frame(self) -> None:
        """The next frame ends in the middle."""
        self._tell("truncate")

    def oversize_frame(self, size: int = 100 * 2**20) -> None:
        """A frame of so many bytes, announced as such."""
        self._tell(f"oversize {size}")

    def end(self) -> None:
        """The output ends without a word, with exit status 0."""
        self._tell("end")

    def say(self, message: str) -> None:
        """A line on standard error."""
        self._tell(f"say {message}")

    def die(self, message: str = "", status: int = 1) -> None:
        """A message on standard error, and an exit status."""
        self._tell(f"die {status} {message}")

    def ignore_sigterm(self) -> None:
        """From now on only SIGKILL ends it."""
        self._tell("ignore_sigterm")

    def url(self) -> str:
        """What FFmpeg's stand-in is given at a start; forgets commands that nobody heard."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._fd, 4096):
                pass
        control = quote(str(self._fifo), safe="")
        return f"rtsp://127.0.0.1/scripted?{self.script.query()}&control={control}"

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)

    def _tell(self, command: str) -> None:
        os.write(self._fd, f"{' '.join(command.split())}\n".encode())


@dataclass
class ScriptedCameras:
    """A `CaptureFactory`: `start_system(config, capture=cameras)` runs scripted cameras.

    Use it as a context manager. `cameras["cam1"]` is the camera with that id in the configuration.

    Args:
        script: what a camera follows that nobody has given a script of its own.
    """

    script: CameraScript = field(default_factory=CameraScript)

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="edge-video-cameras-"))
        self._cameras: dict[str, ScriptedCamera] = {}
        binary = Binary(str(install_scripted_ffmpeg(self._folder)), _VERSION)
        self._launcher = FfmpegLauncher(binary, lambda line: line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._launcher.processes.kill_all()
        for camera in self._cameras.values():
            camera.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __getitem__(self, camera_id: str) -> ScriptedCamera:
        """The camera of this id, made when it is first asked for."""
        if camera_id not in self._cameras:
            fifo = self._folder / f"{len(self._cameras)}.control"
            self._cameras[camera_id] = ScriptedCamera(fifo, self.script)
        return self._cameras[camera_id]

    def __call__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> AnyCapture:
        """See `CaptureFactory`; called once per attempt."""
        scripted = camera.model_copy(update={"url": SecretStr(self[camera.id].url())})
        return self._launcher(scripted, on_frame=on_frame, on_end=on_end)

    def processes(self) -> dict[int, CameraId]:
        """Process id → camera, of the children that run now."""
        return self._launcher.processes.snapshot()

    def totals(self, camera_id: CameraId) -> CaptureTotals:
        """What the readers of a camera did, over all its attempts."""
        return self._launcher.totals(camera_id)
