"""Serves the pipes of one FFmpeg in the reactor's thread, until they are released."""

from __future__ import annotations

import logging
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_video.capture.ending import EndOfOutput, crash_failure
from edge_video.capture.output import OutputReader
from edge_video.capture.stderr import StderrReader, StderrTail
from edge_video.runtime.pipe_writer import PipeWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.capture.output import OutputPump
    from edge_video.capture.process import FfmpegProcess
    from edge_video.capture.resizing import Size, SourceSize
    from edge_video.resilience.failures import Failure
    from edge_video.runtime.reactor import Member, Reactor

_log = logging.getLogger(__name__)

RELEASE_WAIT_S: Final = 5.0
"""How long a loop may take to let go of the pipes; one that takes longer hangs."""
_LIVENESS_CHECK_S: Final = 0.5
"""How soon it is noticed that nothing will come any more, when no end of file says so."""


class ProcessPipes:
    """The pipes of one FFmpeg: its output read, its input fed, and its end noticed.

    Everything belongs to the reactor's thread, except `enter`, `let_drain`, `release` and
    `forget_owner`, which are its capture's, one thread at a time.

    Args:
        process: the FFmpeg, started.
        reactor: whose thread serves the pipes.
        pump: reads its output.
        source_size: takes note of the sizes that it announces.
        redact: masks secrets in what it says, and in exceptions.
        on_room: called when there is room in its standard input again; None when that is not fed.

    Attributes:
        process: as above.
        stderr: reads what it says.
        output: reads its frames.
        ending: judges its end.
        writer: feeds its standard input; None before that is possible, and after the end.
    """

    def __init__(
        self,
        process: FfmpegProcess,
        reactor: Reactor,
        pump: OutputPump,
        *,
        source_size: SourceSize,
        redact: Callable[[str], str],
        on_room: Callable[[], object] | None,
    ) -> None:
        self.process: Final = process
        self.stderr: Final = StderrReader(StderrTail(process.camera_id, redact, self._on_size))
        self.output: Final = OutputReader(pump, self.stderr)
        self.ending: Final = EndOfOutput(process, self.stderr, pump.splitter, pump.callbacks)
        self.writer: PipeWriter | None = None
        self._reactor = reactor
        self._source_size = source_size
        self._redact = redact
        self._on_room = on_room
        self._member: Member | None = None

    # --- the capture's, any thread ----------------------------------------------------------

    def enter(self) -> None:
        """Have the reactor serve the pipes; returns at once.

        Raises:
            RuntimeError: the machine has no thread left.
            OSError: it has no file descriptor left.
        """
        member = self._member = self._reactor.enter(self._on_loop_failed)
        member.call_soon(lambda: self._attach(member))

    def let_drain(self) -> None:
        """Have FFmpeg get no more input, and write what it holds to nobody, so that it can end.

        FFmpeg that waits for input heeds a signal late; the end of its input, at once.
        """
        member = self._member
        if member is not None:
            member.call_soon(self._let_drain)

    def release(self) -> bool:
        """Have the loop read what is left, and forget the pipes; False if it does not answer.

        A loop that answers later closes the pipes then: were they closed before, the numbers of
        their descriptors could be given to others, and it would read those. Blocks for
        `RELEASE_WAIT_S` at most.
        """
        member, self._member = self._member, None
        if member is None:
            return True
        parted, is_late = threading.Event(), threading.Event()
        part = partial(self._part, member, parted, is_late)
        if member.in_thread:
            part()
        elif member.call_soon(part) and not _is_set_in_time(parted, member):
            is_late.set()
            _log.error("the reader of %s does not answer", self.process.camera_id)
            self._reactor.give_up(member)
            return False
        self._reactor.join_if_idle(RELEASE_WAIT_S)
        return True

    def forget_owner(self) -> None:
        """Let go of whatever holds the capture, or this; see `CaptureCallbacks.forget`."""
        self.output.detach()
        self.writer = self._on_room = None

    # --- the reactor's thread ---------------------------------------------------------------

    def on_output_ended(self) -> None:
        """Look into why nothing more comes; see `OutputListener`."""
        member = self._member
        if self.output.end() and member is not None:
            self.ending.begin(member)

    def on_output_failed(self, error: BaseException) -> None:
        """End a capture in which there is a bug, ours or the owner's; see `OutputListener`."""
        _log.error("the reader of %s failed", self.process.camera_id, exc_info=error)
        self._give_up(crash_failure(error, self._redact))

    def _attach(self, member: Member) -> None:
        process = self.process
        if self._on_room is not None and process.stdin is not None:
            self.writer = PipeWriter(member, process.stdin, self._on_room)
        self.output.attach(member, process.stdout, self)
        self.stderr.attach(member, process.stderr)
        member.call_later(_LIVENESS_CHECK_S, lambda: self._check_liveness(member))

    def _check_liveness(self, member: Member) -> None:
        """Notice that FFmpeg is gone though somebody holds the other end of its silent pipe."""
        if self.output.take_is_silent() and self.process.has_exited():
            self.output.read_the_rest()  # it may have come and gone while this thread stood still
            self.stderr.read_the_rest()
            self.on_output_ended()
        self._judge_work()
        if self.output.is_open or self.stderr.is_open:
            member.call_later(_LIVENESS_CHECK_S, lambda: self._check_liveness(member))

    def _judge_work(self) -> None:
        failure = self.output.judge_work()
        if failure is not None and not self.output.pump.callbacks.end_reported:
            self._give_up(failure)

    def _on_size(self, size: Size) -> None:
        """Take note that FFmpeg announced the size of pictures to come."""
        resized = self._source_size.announced(size)
        if resized is not None:
            self._give_up(resized)

    def _give_up(self, failure: Failure) -> None:
        """End FFmpeg, let it write what it holds to nobody, and report why."""
        self.output.discard()
        self.output.pump.callbacks.report_end(failure)
        self.process.signal_group(signal.SIGTERM)

    def _on_loop_failed(self, error: BaseException) -> None:
        """Report that nothing is read any more."""
        self.output.end()
        self.stderr.end()
        self.output.pump.callbacks.report_end(crash_failure(error, self._redact))

    def _let_drain(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.output.discard_what_is_held()

    def _part(self, member: Member, parted: threading.Event, is_late: threading.Event) -> None:
        try:
            self.output.read_the_rest()
            self.stderr.read_the_rest()
        finally:
            member.leave()
            parted.set()
            if is_late.is_set():
                self.process.close_pipes()


def _is_set_in_time(parted: threading.Event, member: Member) -> bool:
    """Wait until the loop has answered, or is dead; False if it hangs."""
    give_up_s = time.monotonic() + RELEASE_WAIT_S
    while not parted.wait(_LIVENESS_CHECK_S) and not member.is_dead:
        if time.monotonic() >= give_up_s:
            return False
    return True
