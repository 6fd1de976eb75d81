"""Finds out why FFmpeg's output ended."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

from edge_video.capture.classification import classify, clean_line
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.capture.callbacks import CaptureCallbacks
    from edge_video.capture.process import FfmpegProcess
    from edge_video.capture.stderr import StderrReader
    from edge_video.frames.splitter import FrameSplitter
    from edge_video.runtime.reactor import Member

_POLL_S: Final = 0.01
_EXIT_GRACE_S: Final = 1.0
"""FFmpeg closes its output a moment before it exits; its exit status is worth that moment."""
_STDERR_GRACE_S: Final = 0.5
"""What it wrote last to stderr may come after the end of its output, too."""
_ENDED_BY_SIGTERM: Final = (255, -signal.SIGTERM)
"""Exit statuses of an FFmpeg that obeyed SIGTERM."""
_DETAIL_LENGTH: Final = 200


class EndOfOutput:
    """Waits, after the end of FFmpeg's output, for what explains it, and reports the failure.

    Everything belongs to the reactor's thread, except `hides_sigterm`.

    Args:
        process: the FFmpeg.
        stderr: reads what it says.
        splitter: knows how many frames came.
        callbacks: are told the failure.

    Attributes:
        hides_sigterm: a fault on purpose. FFmpeg was ended by SIGTERM, and its end is to be judged
            as that of a stream which ended by itself: only the exit status is made up, for FFmpeg
            says nothing in either case.
    """

    def __init__(
        self,
        process: FfmpegProcess,
        stderr: StderrReader,
        splitter: FrameSplitter,
        callbacks: CaptureCallbacks,
    ) -> None:
        self.hides_sigterm = False
        self._process = process
        self._stderr = stderr
        self._splitter = splitter
        self._callbacks = callbacks

    def begin(self, member: Member) -> None:
        """Wait a moment for the exit status, then for the end of stderr; then report."""
        self._await_exit(member, time.monotonic() + _EXIT_GRACE_S)

    def _await_exit(self, member: Member, until_s: float) -> None:
        if self._process.has_exited() or time.monotonic() >= until_s:
            self._await_stderr(member, time.monotonic() + _STDERR_GRACE_S)
        else:
            member.call_later(_POLL_S, lambda: self._await_exit(member, until_s))

    def _await_stderr(self, member: Member, until_s: float) -> None:
        if not self._stderr.is_open or time.monotonic() >= until_s:
            self._callbacks.report_end(self._judge())
        else:
            member.call_later(_POLL_S, lambda: self._await_stderr(member, until_s))

    def _judge(self) -> Failure:
        status = self._process.exit_status
        if self.hides_sigterm and status in _ENDED_BY_SIGTERM:
            status = 0
        return classify(
            status,
            self._stderr.tail.lines(),
            any_frames=self._splitter.frames > 0,
            killed_by_us=self._callbacks.muted,
            ran_s=time.monotonic() - self._process.began_s,
        )


def crash_failure(error: BaseException, redact: Callable[[str], str]) -> Failure:
    """Return the failure of a capture that an exception ended; secrets in it are masked."""
    text = redact(f"{type(error).__name__}: {error}")
    return Failure(Cause.CRASHED, clean_line(text)[:_DETAIL_LENGTH])
