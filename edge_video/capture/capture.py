"""Runs one FFmpeg and hands on the frames in its output, by a reactor's thread.

A `Capture` puts the parts together: `process` starts and ends FFmpeg, `pipes` serves its pipes in
the reactor, where `output` reads frames, `stderr` what FFmpeg says, and `ending` judges the end.
It is one attempt: started once, stopped once, never reused. Whatever happens to FFmpeg, `stop`
leaves no process and no file descriptor behind, and no thread of its own.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.capture.arrivals import bytes_taken
from edge_video.capture.callbacks import CaptureCallbacks
from edge_video.capture.environment import ffmpeg_environment
from edge_video.capture.limits import unconfined
from edge_video.capture.output import Hold, OutputPump
from edge_video.capture.pipes import ProcessPipes
from edge_video.capture.process import CaptureStartError, FfmpegProcess, ProcessSpec
from edge_video.capture.resizing import SourceSize
from edge_video.capture.stream_faults import apply_fault, clear_stream_faults, refused_argument
from edge_video.faults import MAX_FRAME_BYTES, CameraFault, RefuseSpawn
from edge_video.frames.splitter import FrameSplitter
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.reactor import Reactor
from edge_video.runtime.system import KILL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.capture.counters import CaptureCounters
    from edge_video.capture.limits import Confinement
    from edge_video.capture.process import ProcessTable
    from edge_video.capture.resizing import Size
    from edge_video.frames import CameraId
    from edge_video.runtime.pipe_writer import PipeWriter

_log = logging.getLogger(__name__)

DEFAULT_MAX_FRAME_BYTES: Final = MAX_FRAME_BYTES


class Capture:
    """One run of FFmpeg. It lives no longer than the thread that called `start`.

    Args:
        command: the command line; its first item is the binary. Never logged: it has the password.
        camera_id: names the threads and the log lines.
        on_frame: called with every whole JPEG, from the reactor's thread; it must not block. An
            exception ends the capture with `Cause.CRASHED`.
        on_end: called once, from the reactor's thread, when the stream has ended by itself; not
            after `stop` has begun.
        counters: of this camera; no other capture may write them at the same time.
        processes: where the process is listed while it lives.
        redact: masks secrets in a line of FFmpeg's.
        max_frame_bytes: larger images are refused and counted.
        ends_when_resized: end with a `PictureResized` before the first picture of another size.
        reactor: reads the pipes; None for one of this capture's own.
        environment: of FFmpeg; None for what it needs of this process's own.
        splitter: cuts the output into frames; None for one with `max_frame_bytes`.
        confine: holds FFmpeg within its limits, by its process id.
        on_room: the process reads its standard input, which `feed` fills; this is called, from
            the reactor's thread, when there is room in it again.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        camera_id: CameraId,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        counters: CaptureCounters,
        processes: ProcessTable,
        redact: Callable[[str], str],
        max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
        ends_when_resized: bool = False,
        reactor: Reactor | None = None,
        environment: Mapping[str, str] | None = None,
        splitter: FrameSplitter | None = None,
        confine: Callable[[int], Confinement] = unconfined,
        on_room: Callable[[], object] | None = None,
    ) -> None:
        if environment is None:
            environment = ffmpeg_environment(os.environ)
        self._spec = ProcessSpec(
            list(command), environment, camera_id, processes, on_room is not None, confine
        )
        self._reactor = reactor or Reactor(f"reader-{camera_id}", round_s=0)
        self._callbacks = CaptureCallbacks(camera_id, on_frame, on_end)
        self._pump = OutputPump(
            splitter or FrameSplitter(max_frame_bytes=max_frame_bytes), counters, self._callbacks
        )
        self._source_size = SourceSize(ends_when_resized=ends_when_resized)
        self._redact = redact
        self._on_room = on_room
        self._stop_lock = threading.Lock()
        self._pipes: ProcessPipes | None = None
        """Of the FFmpeg that was started; they are kept after its end, for what is known of it."""
        self._stopped = False

    # --- for the owner, any thread ---

    @property
    def pid(self) -> int | None:
        """FFmpeg's process id, also its group's; None before the start and once it is reaped."""
        pipes = self._pipes
        if pipes is None or pipes.process.exit_status is not None:
            return None
        return pipes.process.pid

    @property
    def frames(self) -> int:
        """Whole frames so far."""
        return self._pump.splitter.frames

    @property
    def source_size(self) -> Size | None:
        """Of the camera's pictures, before any scaling; None until FFmpeg has said it."""
        return self._source_size.size

    @property
    def exit_status(self) -> int | None:
        """FFmpeg's exit status, negative for a signal; None until it is reaped."""
        return self._pipes.process.exit_status if self._pipes is not None else None

    def stderr_tail(self) -> tuple[str, ...]:
        """Return FFmpeg's last lines on stderr, oldest first, secrets masked."""
        return self._pipes.stderr.tail.lines() if self._pipes is not None else ()

    def bytes_taken(self) -> int | None:
        """Return what FFmpeg has read from its camera over TCP; None where nobody counts."""
        pid = self.pid
        return None if pid is None else bytes_taken(pid)

    def output_waits(self) -> bool:
        """Whether something that FFmpeg wrote waits to be read. The owner's thread."""
        pipes = self._pipes
        return pipes is not None and not self._stopped and pipes.process.stdout.holds_bytes()

    def limit_reached(self, ended: Failure | None = None) -> Failure | None:
        """Return the failure whose cause is a limit that FFmpeg has reached; None if it has not.

        FFmpeg is measured; or, where a failure has `ended` it, that is judged. One that takes too
        much memory is killed: in the time that an orderly end takes, it would take more. The
        owner's thread.
        """
        if self._pipes is None:
            return None
        process = self._pipes.process
        if ended is not None:
            return process.confinement.judged(ended, self.stderr_tail())
        if self._stopped or process.exit_status is not None:  # its id may be somebody else's now
            return None
        failure = process.confinement.look()
        if failure is not None and failure.cause is Cause.MEMORY_LIMIT:
            process.signal_group(KILL)
        return failure

    def start(self) -> None:
        """Start FFmpeg and have its pipes read; returns at once.

        Raises:
            CaptureStartError: the binary is missing, or the machine has no process or thread left.
            RuntimeError: started before, or stopped.
        """
        with self._stop_lock:
            if self._pipes is not None or self._callbacks.muted:
                raise RuntimeError("a capture is started once")
            pipes = self._pipes = ProcessPipes(
                FfmpegProcess(self._spec),
                self._reactor,
                self._pump,
                source_size=self._source_size,
                redact=self._redact,
                on_room=self._on_room,
            )
            try:
                pipes.enter()
            except (RuntimeError, OSError) as error:  # no thread, or no descriptor, left
                self._end(pipes, 0.0)
                raise CaptureStartError(Failure(Cause.SPAWN_FAILED, str(error))) from error

    def stop(self, deadline_s: float = 2.0) -> None:
        """End FFmpeg and everything that belongs to it: ask, wait, kill, wait.

        Blocks for at most about `deadline_s` seconds, which FFmpeg gets to end by itself (and to
        sign off from its camera). After it returns neither callback is called any more and the
        process is reaped. Idempotent; any thread but the reactor's, which calls the callbacks.
        """
        self._callbacks.mute()
        pipes = self._pipes
        if pipes is not None:
            clear_stream_faults(pipes.output)  # a pipe that is held back would not be drained
            pipes.let_drain()
        with self._stop_lock:
            if self._pipes is not None and not self._stopped:
                self._end(self._pipes, deadline_s)
            self._callbacks.forget()
            self._on_room = None

    def signal(self, signum: int) -> None:
        """Send a signal to FFmpeg; nothing happens when it is gone. For fault injection."""
        if self._pipes is not None:
            self._pipes.process.signal(signum)

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """Break FFmpeg, or what it writes, on purpose; False when there is nothing to break.

        `RefuseSpawn` before the start, the others after it. `fps` is the rate of which
        `SlowFrames` leaves a share. One thread, the owner's.
        """
        if self._pipes is not None:
            return apply_fault(self._pipes, fault, fps)
        if not isinstance(fault, RefuseSpawn):
            return False
        self._spec = replace(self._spec, command=[*self._spec.command, refused_argument()])
        return True

    def untamper(self) -> None:
        """Undo every fault of `tamper` that still acts."""
        if self._pipes is not None:
            clear_stream_faults(self._pipes.output)
            self._pipes.process.ignores_sigterm = False

    def _end(self, pipes: ProcessPipes, deadline_s: float) -> None:
        """Do everything that `stop` does, under its lock. The pipes are drained meanwhile."""
        self._callbacks.mute()
        self._stopped = True
        if not pipes.process.end(deadline_s):
            _log.error("FFmpeg %d of %s cannot be killed", pipes.process.pid, self._spec.camera_id)
        if pipes.release():
            pipes.process.close_pipes()
        pipes.forget_owner()

    # --- for who feeds it, and who takes its frames: the reactor's thread ---

    def feed(self, *pieces: bytes) -> bool:
        """Write to FFmpeg's standard input; False when that is full, until `on_room` is called.

        What is full still takes everything; whoever feeds must stop by himself. Nothing happens
        once FFmpeg has ended.
        """
        writer = self._writer
        return writer is None or writer.write(*pieces)

    def end_feed(self) -> None:
        """Close FFmpeg's standard input once everything is written: it encodes that, and ends."""
        if self._writer is not None:
            self._writer.end()

    def pause(self) -> None:
        """Read no more until `resume`: FFmpeg waits, and its camera with it."""
        if self._pipes is not None:
            self._pipes.output.hold(Hold.FULL)

    def resume(self) -> None:
        """Read on."""
        if self._pipes is not None:
            self._pipes.output.release(Hold.FULL)

    @property
    def _writer(self) -> PipeWriter | None:
        return self._pipes.writer if self._pipes is not None else None
