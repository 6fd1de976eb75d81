"""Brings about the faults of one camera's FFmpeg: killed, frozen, its output spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.actors.base import void
from edge_video.actors.camera_runtime import TamperableCapture
from edge_video.faults import CameraFault, Fault, FreezeFfmpeg, KillFfmpeg
from edge_video.runtime.system import KILL, signal_named

if TYPE_CHECKING:
    from edge_video.actors.camera_runtime import RunningCapture
    from edge_video.runtime.timer import Timer, TimerHandle

_STOP: Final = signal_named("SIGSTOP")
_CONTINUE: Final = signal_named("SIGCONT")


class CaptureFaults:
    """Part of a camera actor: used in its thread, the end of a freeze excepted.

    Args:
        timer: ends a freeze.
        fps: of the camera, which some faults need to know.

    Attributes:
        capture: what is broken; None before the first FFmpeg.
    """

    def __init__(self, timer: Timer, fps: float) -> None:
        self.capture: RunningCapture | None = None
        self._timer = timer
        self._fps = fps
        self._thaw: TimerHandle | None = None

    def apply(self, fault: Fault) -> bool:
        """Break FFmpeg; False when it is no fault of a camera, or nothing can break."""
        match fault:
            case KillFfmpeg():
                return self.signal(KILL)
            case FreezeFfmpeg(for_s=for_s):
                return self.freeze(for_s)
            case _ if isinstance(fault, CameraFault):
                return self.tamper(fault)
            case _:
                return False

    def clear(self) -> None:
        """Undo what still acts."""
        self.cancel()
        self.signal(_CONTINUE)
        if isinstance(self.capture, TamperableCapture):
            self.capture.untamper()

    def cancel(self) -> None:
        """Forget the end of a freeze."""
        if self._thaw is not None:
            self._thaw.cancel()

    def freeze(self, for_s: float | None) -> bool:
        """Stop FFmpeg's process, and let it go on after so many seconds; None: until `clear`."""
        self.cancel()
        frozen = self.signal(_STOP)
        if frozen and for_s is not None:
            # From the timer's thread: a signal never blocks, and an actor that is kept busy must
            # not keep its FFmpeg frozen for longer than was asked for.
            self._thaw = self._timer.after(for_s, lambda: void(self.signal(_CONTINUE)))
        return frozen

    def tamper(self, fault: CameraFault) -> bool:
        """Break the capture itself; False when there is nothing to break."""
        capture = self.capture
        return isinstance(capture, TamperableCapture) and capture.tamper(fault, fps=self._fps)

    def signal(self, signum: int | None) -> bool:
        """Send a signal to FFmpeg; False when it does not run, or there is no such signal."""
        if signum is None or self.capture is None or self.capture.pid is None:
            return False
        self.capture.signal(signum)
        return True
