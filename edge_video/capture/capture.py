"""One FFmpeg process, its output cut into frames, and its last words, by a reactor's thread.

A `Capture` is one attempt: started once, stopped once, never reused. Whatever happens to FFmpeg,
`stop` leaves no process and no file descriptor behind, and no thread of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import logging
import os
import shutil
import signal
import subprocess
import termios
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import IO, TYPE_CHECKING, Final

from edge_video.capture.arrivals import bytes_taken
from edge_video.capture.classification import classify, clean_line, printable
from edge_video.capture.counters import CaptureTotals
from edge_video.capture.environment import ffmpeg_environment
from edge_video.capture.resizing import PictureResized, announced_size, format_size
from edge_video.capture.stream_faults import StreamFaults
from edge_video.capture.workload import Progress, TimeAllowance, WorkJudge
from edge_video.faults import (
    MAX_FRAME_BYTES,
    CameraFault,
    GarbageBytes,
    IgnoreSigterm,
    OversizedFrame,
    RefuseSpawn,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.frames.splitter import FrameSplitter
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.pipe_writer import PipeWriter
from edge_video.runtime.reactor import Member, Reactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.capture.resizing import Size
    from edge_video.frames import CameraId

_log = logging.getLogger(__name__)

DEFAULT_MAX_FRAME_BYTES: Final = MAX_FRAME_BYTES

_PATROL_S: Final = 0.5
"""How soon it is noticed that nothing will come any more, when no end of file says so."""
_PIPE_BYTES: Final = 512 * 1024
"""Room for a whole frame of any usual size, so that one read can take it."""
_READS_PER_ROUND: Final = 4
"""So that a camera which writes without end gives the others their turn; see `workload`, too."""
_LAST_READS: Final = 64
_POLL_S: Final = 0.01
_EXIT_GRACE_S: Final = 1.0
"""FFmpeg closes its output a moment before it exits; its exit status is worth that moment."""
_LAST_WORDS_S: Final = 0.5
_KILLED_WAIT_S: Final = 5.0
_SIGTERM_SPLIT: Final = 0.5
"""Of the deadline. FFmpeg stuck in a read from a silent camera heeds only a second SIGTERM."""
_TOO_LONG_BYTES: Final = 2**22
"""An argument that no Linux takes (at most 32 pages of memory): execve refuses it with E2BIG."""
_ASKED_TO_END: Final = (255, -signal.SIGTERM)
"""Exit statuses of an FFmpeg that obeyed SIGTERM."""


class _Why(Enum):
    """A reason not to read a pipe for now."""

    SLOWED_DOWN = auto()
    """A fault: its next frame is not due yet."""
    FULL = auto()
    """Who takes its frames has no room."""
    OVERDRAWN = auto()
    """It has used its time up; it is the others' turn."""


@dataclass(slots=True)
class CaptureCounters:
    """What the readers of one camera did, over all its attempts. Times in nanoseconds.

    Written by the one reader that runs at a time; `totals` may be called from any thread.
    """

    reads: int = 0
    read_ns: int = 0
    splits: int = 0
    split_ns: int = 0
    discarded_bytes: int = 0
    oversized: int = 0

    def totals(self) -> CaptureTotals:
        """A snapshot."""
        return CaptureTotals(
            reads=self.reads,
            read_ns=self.read_ns,
            splits=self.splits,
            split_ns=self.split_ns,
            discarded_bytes=self.discarded_bytes,
            oversized=self.oversized,
        )


class ProcessTable:
    """The FFmpeg processes that live now; each leads a process group of its own. Any thread.

    A process is taken off before it is reaped, so no number in here can have been given to
    another process already.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cameras: dict[int, CameraId] = {}

    def add(self, pid: int, camera_id: CameraId) -> None:
        """List a process that was just started."""
        with self._lock:
            self._cameras[pid] = camera_id

    def remove(self, pid: int) -> None:
        """Take a process off; harmless when it is not listed."""
        with self._lock:
            self._cameras.pop(pid, None)

    def snapshot(self) -> dict[int, CameraId]:
        """Process id → camera, at this moment."""
        with self._lock:
            return dict(self._cameras)

    def kill_all(self) -> None:
        """Send SIGKILL to every group: the last resort of a shutdown that ran out of time."""
        with self._lock:
            for pid in self._cameras:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)


class CaptureStartError(Exception):
    """FFmpeg could not be started; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.cause}: {failure.detail}")
        self.failure = failure


class _Process:
    """An FFmpeg that was started: signalled and reaped under one lock, so never after its end."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        camera_id: CameraId,
        processes: ProcessTable,
        *,
        fed: bool,
    ) -> None:
        self._lock = threading.Lock()
        self._popen = _spawn(command, environment, fed=fed)
        self._processes = processes
        self.pid: Final = self._popen.pid
        self.deaf = False
        """A fault: SIGTERM is not heeded, because FFmpeg is frozen before it comes."""
        processes.add(self.pid, camera_id)

    @property
    def stdout_fd(self) -> int:
        return self._fileno(self._popen.stdout)

    @property
    def stdin_fd(self) -> int:
        return self._fileno(self._popen.stdin)

    @property
    def stderr_fd(self) -> int:
        return self._fileno(self._popen.stderr)

    @property
    def exit_status(self) -> int | None:
        """Negative for a signal; None until it is reaped."""
        return self._popen.returncode

    def signal(self, signum: int) -> None:
        """To FFmpeg alone."""
        with self._lock:
            if self.exit_status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signum)

    def signal_group(self, signum: int) -> None:
        """To FFmpeg and whatever it started."""
        with self._lock:
            if self.exit_status is None:
                if self.deaf and signum == signal.SIGTERM:
                    self._kill_group(signal.SIGSTOP)
                self._kill_group(signum)

    def await_exit(self, timeout_s: float) -> bool:
        """Wait until FFmpeg has exited, and reap it; False when the time is up."""
        deadline = time.monotonic() + timeout_s
        pause_s = 0.001
        while not self.has_exited():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, 0.02)
        return True

    def has_exited(self) -> bool:
        """Whether FFmpeg is gone; reaps it, after killing whatever it left in its group."""
        with self._lock:
            if self.exit_status is not None:
                return True
            with contextlib.suppress(ChildProcessError):
                options = os.WEXITED | os.WNOHANG | os.WNOWAIT
                if os.waitid(os.P_PID, self.pid, options) is None:
                    return False
            self._kill_group(signal.SIGKILL)
            self._processes.remove(self.pid)
            self._popen.wait()
            return True

    def close_pipes(self) -> None:
        """Only when no thread reads them any more."""
        self.close_stdin()
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def close_stdin(self) -> None:
        """Say that nothing more will be fed; only in the thread that feeds."""
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def _kill_group(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signum)

    @staticmethod
    def _fileno(pipe: IO[bytes] | None) -> int:
        if pipe is None:
            raise ValueError("not a pipe")
        return pipe.fileno()


@functools.cache
def _parent_death_signal() -> tuple[str, ...]:
    """A prefix under which Linux kills the command with the thread that started it, or nothing.

    FFmpeg without its reader ends on its next write, but one whose camera is silent has nothing
    to write, and takes up to four input time-outs to give up. `setpriv` of util-linux asks for
    PR_SET_PDEATHSIG and becomes the command; asking for it from Python would need code between
    fork and exec, which is not safe beside other threads.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    pact = (setpriv, "--pdeathsig", "KILL", "--")
    try:
        tried = subprocess.run(  # noqa: S603 - a fixed command, to see whether it knows the option
            [*pact, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
    except subprocess.TimeoutExpired:
        return ()
    return pact if tried.returncode == 0 else ()


def _spawn(
    command: Sequence[str], environment: Mapping[str, str], *, fed: bool
) -> subprocess.Popen[bytes]:
    if shutil.which(command[0]) is None:
        raise CaptureStartError(
            Failure(Cause.BINARY_MISSING, f"{command[0]}: no such file, or not executable")
        )
    try:
        return subprocess.Popen(  # noqa: S603 - the command is built by edge_video.capture.command
            [*_parent_death_signal(), *command],
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,  # a sibling that held this pipe would keep an orphan alive
            process_group=0,
            env=dict(environment),
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        failure = Failure(Cause.BINARY_MISSING, f"{command[0]}: {error.strerror}")
    except OSError as error:
        failure = Failure(Cause.SPAWN_FAILED, error.strerror or type(error).__name__)
    except ValueError as error:
        failure = Failure(Cause.SPAWN_FAILED, str(error))
    # Not chained: the exception underneath may quote the command line.
    raise CaptureStartError(failure)


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
        on_room: Callable[[], object] | None = None,
    ) -> None:
        self._command = list(command)
        self._environment = environment
        self._camera_id = camera_id
        self._on_frame = on_frame
        self._on_end = on_end
        self._counters = counters
        self._processes = processes
        self._redact = redact
        self._splitter = splitter or FrameSplitter(max_frame_bytes=max_frame_bytes)
        self._stop_lock = threading.Lock()
        self._process: _Process | None = None
        self._words: StderrTail | None = None
        self._tampering: StreamFaults | None = None
        self._withheld: set[_Why] = set()
        self._allowance = TimeAllowance()
        self._work = WorkJudge()
        self._on_room = on_room
        self._writer: PipeWriter | None = None
        self._silent_end = False
        self._ends_when_resized = ends_when_resized
        self._source_size: Size | None = None
        self._reactor = reactor or Reactor(f"reader-{camera_id}", round_s=0)
        self._member: Member | None = None
        self._take_output: Callable[[], bool | None] = _nothing
        self._reading = False
        self._hearing = False
        self._told = False
        self._taken_bytes = 0
        self._discarded = 0
        self._oversized = 0
        self._stopping = False
        self._stopped = False
        self._began_s = 0.0

    # --- for the owner, any thread ---

    @property
    def pid(self) -> int | None:
        """FFmpeg's process id, also its group's; None before the start and once it is reaped."""
        process = self._process
        return process.pid if process is not None and process.exit_status is None else None

    @property
    def frames(self) -> int:
        """Whole frames so far."""
        return self._splitter.frames

    @property
    def source_size(self) -> Size | None:
        """Of the camera's pictures, before any scaling; None until FFmpeg has said it."""
        return self._source_size

    @property
    def exit_status(self) -> int | None:
        """FFmpeg's exit status, negative for a signal; None until it is reaped."""
        return self._process.exit_status if self._process is not None else None

    def last_words(self) -> tuple[str, ...]:
        """FFmpeg's last lines on stderr, oldest first, secrets masked."""
        return self._words.lines() if self._words is not None else ()

    def bytes_taken(self) -> int | None:
        """What FFmpeg has read from its camera over TCP; None where nobody counts."""
        pid = self.pid
        return None if pid is None else bytes_taken(pid)

    def output_waits(self) -> bool:
        """Whether something that FFmpeg wrote waits to be read. The owner's thread."""
        process = self._process
        if process is None or self._stopped:
            return False
        with contextlib.suppress(OSError, ValueError):
            return any(fcntl.ioctl(process.stdout_fd, termios.FIONREAD, bytes(4)))
        return False

    def start(self) -> None:
        """Start FFmpeg and have its pipes read; returns at once.

        Raises:
            CaptureStartError: the binary is missing, or the machine has no process or thread left.
            RuntimeError: started before, or stopped.
        """
        with self._stop_lock:
            if self._process is not None or self._stopping:
                raise RuntimeError("a capture is started once")
            self._began_s = time.monotonic()
            environment = self._environment
            if environment is None:
                environment = ffmpeg_environment(os.environ)
            process = self._process = _Process(
                self._command,
                environment,
                self._camera_id,
                self._processes,
                fed=self._on_room is not None,
            )
            words = self._words = StderrTail(
                process.stderr_fd, self._camera_id, self._redact, self._picture_size
            )
            try:
                member = self._member = self._reactor.enter(self._loop_failed)
            except (RuntimeError, OSError) as error:  # no thread, or no descriptor, left
                self._end(process, 0.0)
                raise CaptureStartError(Failure(Cause.SPAWN_FAILED, str(error))) from error
            member.call_soon(lambda: self._attach(member, process, words))

    def stop(self, deadline_s: float = 2.0) -> None:
        """End FFmpeg and everything that belongs to it: ask, wait, kill, wait.

        Blocks for at most about `deadline_s` seconds, which FFmpeg gets to end by itself (and to
        sign off from its camera). After it returns neither callback is called any more and the
        process is reaped. Idempotent; any thread but the reactor's, which calls the callbacks.
        """
        self._stopping = True
        self._clear_tampering()  # a pipe that is held back would not be drained
        self._end_feeding()
        with self._stop_lock:
            if self._process is not None and not self._stopped:
                self._end(self._process, deadline_s)
            # Their owner holds this capture: a cycle, and with it the buffer of 256 KiB, would stay
            # until the collector's next full run, which in a quiet process is hundreds of attempts
            # away.
            self._on_frame = self._on_end = _to_nobody
            self._tampering = None  # a cycle, too
            self._writer = self._on_room = None
            self._take_output = _nothing

    def signal(self, signum: int) -> None:
        """Send a signal to FFmpeg; nothing happens when it is gone. For fault injection."""
        if self._process is not None:
            self._process.signal(signum)

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """Break FFmpeg, or what it writes, on purpose; False when there is nothing to break.

        `RefuseSpawn` before the start, the others after it. `fps` is the rate of which
        `SlowFrames` leaves a share. One thread, the owner's.
        """
        process = self._process
        if process is None:
            if isinstance(fault, RefuseSpawn):
                self._command = [*self._command, "x" * _TOO_LONG_BYTES]
            return isinstance(fault, RefuseSpawn)
        match fault:
            case GarbageBytes() | TruncatedFrame() | OversizedFrame():
                self._tampered().add(fault)
            case SlowFrames():
                self._tampered().slow_down(fault, fps)
            case IgnoreSigterm():
                process.deaf = True
            case SilentEnd():
                self._silent_end = True
                process.signal(signal.SIGTERM)
            case _:
                return False
        return True

    def untamper(self) -> None:
        """Undo every fault of `tamper` that still acts."""
        self._clear_tampering()
        if self._process is not None:
            self._process.deaf = False

    def _clear_tampering(self) -> None:
        tampering, member = self._tampering, self._member
        if tampering is not None:
            tampering.clear()
            if member is not None:
                member.call_soon(self._go_on)

    def _tampered(self) -> StreamFaults:
        if self._tampering is None:
            self._tampering = StreamFaults(self._tampered_frame)
        return self._tampering

    def _tampered_frame(self, image: bytes) -> None:
        """The reactor's thread: as in `_pump`, a frame at a time."""
        self._counters.splits += 1
        if not self._stopping:
            self._on_frame(image)

    # --- for who feeds it, and who takes its frames: the reactor's thread ---

    def feed(self, *pieces: bytes) -> bool:
        """Write to FFmpeg's standard input; False when that is full, until `on_room` is called.

        What is full still takes everything; whoever feeds must stop by himself. Nothing happens
        once FFmpeg has ended.
        """
        return self._writer is None or self._writer.write(*pieces)

    def end_feed(self) -> None:
        """Close FFmpeg's standard input once everything is written: it encodes that, and ends."""
        if self._writer is not None:
            self._writer.end()

    def pause(self) -> None:
        """Read no more until `resume`: FFmpeg waits, and its camera with it."""
        self._withhold(_Why.FULL)

    def resume(self) -> None:
        """Read on."""
        self._let_go(_Why.FULL)

    def _end_feeding(self) -> None:
        """FFmpeg that waits for input heeds a signal late; the end of its input, at once."""
        member = self._member
        if member is not None:
            member.call_soon(self._let_drain)

    def _let_drain(self) -> None:
        """The reactor's thread: FFmpeg gets no more, and can write what it holds, to nobody."""
        if self._writer is not None:
            self._writer.close()
        if self._withheld and self._process is not None:
            self._take_output = _discard(self._process.stdout_fd)
            for why in _Why:
                self._let_go(why)

    # --- the end ---

    def _end(self, process: _Process, deadline_s: float) -> None:
        """Under the stop lock: everything `stop` does. The pipe is drained meanwhile.

        Without that FFmpeg would not end: recent versions wait, SIGTERM or not, until what their
        writer thread holds is written.
        """
        self._stopping = self._stopped = True
        for wait_s in (deadline_s * _SIGTERM_SPLIT, deadline_s * (1 - _SIGTERM_SPLIT)):
            if not process.has_exited():
                process.signal_group(signal.SIGTERM)
                process.await_exit(wait_s)
        process.signal_group(signal.SIGKILL)
        if not process.await_exit(_KILLED_WAIT_S):
            _log.error("FFmpeg %d of %s cannot be killed", process.pid, self._camera_id)
        if self._part_from_reactor(process):
            process.close_pipes()

    def _part_from_reactor(self, process: _Process) -> bool:
        """Have the loop take what is left and forget the pipes; False if it does not answer."""
        member, self._member = self._member, None
        if member is None:
            return True
        parted, late = threading.Event(), threading.Event()

        def part() -> None:
            try:
                self._take_the_rest()
            finally:
                member.leave()
                parted.set()
                if late.is_set():
                    process.close_pipes()

        if member.in_thread:
            part()
        elif member.call_soon(part):
            give_up_s = time.monotonic() + _KILLED_WAIT_S
            while not parted.wait(_PATROL_S) and not member.is_dead:
                if time.monotonic() >= give_up_s:
                    # Its descriptors stay open until it does: closed, their numbers could be given
                    # to others.
                    late.set()
                    _log.error("the reader of %s does not answer", self._camera_id)
                    self._reactor.give_up(member)
                    return False
        self._reactor.join_if_idle(_KILLED_WAIT_S)
        return True

    # --- the reactor's thread ---

    def _attach(self, member: Member, process: _Process, words: StderrTail) -> None:
        for fd in (process.stdout_fd, process.stderr_fd):
            os.set_blocking(fd, False)
        with contextlib.suppress(OSError):  # this user's share of pipe memory is used up
            fcntl.fcntl(process.stdout_fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._take_output = self._pump(process.stdout_fd)
        if self._on_room is not None:
            os.set_blocking(process.stdin_fd, False)
            self._writer = PipeWriter(member, process.stdin_fd, process.close_stdin, self._on_room)
        member.add_handler(process.stdout_fd, self._on_output, member.READ)
        member.add_handler(
            process.stderr_fd, lambda _fd, _events: self._on_words(words), member.READ
        )
        self._reading = self._hearing = True
        reads = self._counters.reads
        member.call_later(_PATROL_S, lambda: self._patrol(member, process, reads))

    def _pump(self, fd: int) -> Callable[[], bool | None]:
        """What reads the pipe once and hands frames on; it returns whether there may be more.

        None at the end of the file. Every line of it runs for every frame.
        """
        splitter, counters = self._splitter, self._counters
        readv, now = os.readv, time.perf_counter_ns
        get_buffer, buffer_updated = splitter.get_buffer, splitter.buffer_updated
        on_frame, allowance = self._on_frame, self._allowance

        def pump() -> bool | None:
            room = get_buffer()[: allowance.read_bytes]
            before = now()
            try:
                n = readv(fd, (room,))
            except BlockingIOError:
                return False
            between = now()
            if n == 0:
                return None
            tampering = self._tampering
            images = (
                buffer_updated(n) if tampering is None else tampering.updated(splitter, room, n)
            )
            after = now()
            self._taken_bytes += n
            counters.reads += 1
            counters.read_ns += between - before
            counters.split_ns += after - between
            if images:
                counters.splits += len(images)
                for image in images:
                    if not self._stopping:
                        on_frame(image)
            if splitter.discarded_bytes != self._discarded or splitter.oversized != self._oversized:
                self._count_losses()
            if tampering is not None and tampering.wait_s:
                self._hold_back(tampering)
                return False
            return n == len(room)

        return pump

    def _hold_back(self, tampering: StreamFaults) -> None:
        """Read on only when a slowed-down stream's next frame is due; others are not held up."""
        member = self._member
        if member is not None:
            self._withhold(_Why.SLOWED_DOWN)
            member.call_later(tampering.wait_s, self._go_on)

    def _withhold(self, why: _Why) -> None:
        """Read nothing for now."""
        member, process = self._member, self._process
        if member is None or process is None or not self._reading:
            return
        if not self._withheld:
            member.remove_handler(process.stdout_fd)
        self._withheld.add(why)

    def _let_go(self, why: _Why) -> None:
        """Read on, unless there is another reason not to."""
        member, process = self._member, self._process
        if why not in self._withheld or member is None or process is None:
            return
        self._withheld.discard(why)
        if self._reading and not self._withheld:
            member.add_handler(process.stdout_fd, self._on_output, member.READ)

    def _go_on(self) -> None:
        """The next frame of a stream that is held back is due, or it is not held back any more."""
        member, tampering = self._member, self._tampering
        if _Why.SLOWED_DOWN not in self._withheld or member is None or tampering is None:
            return
        tampering.go_on(self._splitter)
        if tampering.wait_s:
            member.call_later(tampering.wait_s, self._go_on)
        else:
            self._let_go(_Why.SLOWED_DOWN)

    def _count_losses(self) -> None:
        splitter, counters = self._splitter, self._counters
        counters.discarded_bytes += splitter.discarded_bytes - self._discarded
        counters.oversized += splitter.oversized - self._oversized
        self._discarded, self._oversized = splitter.discarded_bytes, splitter.oversized

    def _on_output(self, _fd: int, _events: int) -> None:
        more: bool | None = True
        began_ns, before = time.thread_time_ns(), self._taken_bytes
        try:
            for _ in range(_READS_PER_ROUND):
                # First what FFmpeg says: it announces a new size before the picture that has it.
                if self._hearing and self._words is not None:
                    self._words.hear()
                more = self._take_output()
                if not more or self._withheld:
                    break
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must not end silently
            self._crashed(error)
        if more is None:
            self._output_ended()
            return
        if self._stopping:
            return
        spent_s = (time.thread_time_ns() - began_ns) / 1e9
        wait_s = self._allowance.spend(time.monotonic(), spent_s, self._taken_bytes - before)
        if wait_s and self._member is not None and self._reading:
            self._withhold(_Why.OVERDRAWN)
            self._member.call_later(wait_s, lambda: self._let_go(_Why.OVERDRAWN))

    def _judge_work(self) -> None:
        """Give the camera up whose bytes are too much work, and not for frames."""
        splitter, allowance = self._splitter, self._allowance
        overdrawn, allowance.overdrawn = allowance.overdrawn, False
        progress = Progress(
            splitter.frames, splitter.frame_bytes, splitter.discarded_bytes, splitter.oversized
        )
        failure = self._work.judge(time.monotonic(), progress, overdrawn=overdrawn)
        process = self._process
        if failure is not None and process is not None and not self._told:
            self._take_output = _discard(process.stdout_fd)
            self._tell_end(failure)
            process.signal_group(signal.SIGTERM)

    def _picture_size(self, size: Size) -> None:
        """FFmpeg announced the size of pictures to come, as it does when their form changes."""
        before, self._source_size = self._source_size, size
        if not self._ends_when_resized or before in (None, size) or self._process is None:
            return
        assert before is not None
        self._take_output = _discard(self._process.stdout_fd)
        words = f"the pictures changed from {format_size(before)} to {format_size(size)}"
        self._tell_end(PictureResized(Cause.END_OF_STREAM, words, size=size))
        self._process.signal_group(signal.SIGTERM)

    def _crashed(self, error: BaseException) -> None:
        """A bug, ours or the owner's: end FFmpeg, and let it write what it holds to nobody."""
        process = self._process
        assert process is not None
        _log.error("the reader of %s failed", self._camera_id, exc_info=error)
        words = self._redact(f"{type(error).__name__}: {error}")
        self._take_output = _discard(process.stdout_fd)
        self._tell_end(Failure(Cause.CRASHED, clean_line(words)[:200]))
        process.signal_group(signal.SIGTERM)

    def _loop_failed(self, error: BaseException) -> None:
        """Nothing is read any more."""
        self._reading = self._hearing = False
        words = self._redact(f"{type(error).__name__}: {error}")
        self._tell_end(Failure(Cause.CRASHED, clean_line(words)[:200]))

    def _on_words(self, words: StderrTail) -> None:
        if words.hear() is None:
            self._words_ended()

    def _words_ended(self) -> None:
        member, process, words = self._member, self._process, self._words
        if self._hearing and process is not None and words is not None:
            self._hearing = False
            words.finish()
            if member is not None:
                member.remove_handler(process.stderr_fd)

    def _patrol(self, member: Member, process: _Process, reads: int) -> None:
        """A silent pipe stays silent when FFmpeg is gone, even if somebody holds its other end."""
        silent = self._counters.reads == reads
        if silent and not self._withheld and process.has_exited():
            self._output_ended()
            self._words_ended()
        self._judge_work()
        if self._reading or self._hearing:
            reads = self._counters.reads
            member.call_later(_PATROL_S, lambda: self._patrol(member, process, reads))

    def _output_ended(self) -> None:
        member, process = self._member, self._process
        if self._reading and process is not None:
            self._reading = False
            if member is not None:
                member.remove_handler(process.stdout_fd)
                self._await_exit(member, process, time.monotonic() + _EXIT_GRACE_S)

    def _await_exit(self, member: Member, process: _Process, until_s: float) -> None:
        """After the end of the file: wait a moment for the exit status, then for last words."""
        if process.has_exited() or time.monotonic() >= until_s:
            self._await_words(member, time.monotonic() + _LAST_WORDS_S)
        else:
            member.call_later(_POLL_S, lambda: self._await_exit(member, process, until_s))

    def _await_words(self, member: Member, until_s: float) -> None:
        if not self._hearing or time.monotonic() >= until_s:
            self._tell_end(self._judge())
        else:
            member.call_later(_POLL_S, lambda: self._await_words(member, until_s))

    def _judge(self) -> Failure:
        status = self.exit_status
        if self._silent_end and status in _ASKED_TO_END:
            status = 0  # only this number is made up: the end is real, and FFmpeg said nothing
        return classify(
            status,
            self.last_words(),
            any_frames=self.frames > 0,
            killed_by_us=self._stopping,
            ran_s=time.monotonic() - self._began_s,
        )

    def _tell_end(self, failure: Failure) -> None:
        if self._stopping or self._told:
            return
        self._told = True
        try:
            self._on_end(failure)
        except BaseException:  # noqa: BLE001 - as in `_on_output`; there is FFmpeg to reap
            _log.exception("the end of %s could not be told", self._camera_id)

    def _take_the_rest(self) -> None:
        """FFmpeg is gone: what it left in its pipes, and no more than that."""
        for _ in range(_LAST_READS if self._reading else 0):
            if not self._take_output():
                break
        words = self._words
        if words is not None and self._hearing:
            for _ in range(_LAST_READS):
                if words.hear() is not True:
                    break
            self._words_ended()


def _discard(fd: int) -> Callable[[], bool | None]:
    """In the place of `Capture._pump`: read, and forget."""

    def discard() -> bool | None:
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        return len(chunk) == _CHUNK if chunk else None

    return discard


def _nothing() -> bool | None:
    """What is read before the start and after the end."""
    return False


def _to_nobody(_: object) -> None:
    """The callbacks of a capture that has been stopped."""


# --- stderr ---------------------------------------------------------------------------------

_TAIL_LINES: Final = 50
_LINE_LENGTH: Final = 500
_RAW_LINE_BYTES: Final = 4 * _LINE_LENGTH
"""Kept of a line until it is masked: masking needs a secret whole, wherever the line is cut."""
_LOGGED_PER_S: Final = 10
_CHUNK: Final = 65536


class StderrTail:
    """The last lines of a pipe, whatever its volume; masked and cleaned only when looked at.

    Lines that announce a picture's size are not kept: `on_size` gets them. It belongs to one
    thread; `lines` may be called from any.
    """

    def __init__(
        self,
        fd: int,
        camera_id: CameraId,
        redact: Callable[[str], str],
        on_size: Callable[[Size], object] = _to_nobody,
    ) -> None:
        self._fd = fd
        self._on_size = on_size
        self._camera_id = camera_id
        self._redact = redact
        self._lock = threading.Lock()
        self._tail: deque[tuple[bytes, int]] = deque(maxlen=_TAIL_LINES)
        self._partial = b""
        self._window_s = 0.0
        self._logged = 0
        self._unlogged = 0

    def hear(self) -> bool | None:
        """Read once from the pipe, which does not block; None at the end, False if it is empty."""
        try:
            chunk = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            return None
        self.take(chunk)
        return True

    def finish(self) -> None:
        """Nothing more will come: what is there is a line."""
        self.take(b"\n")
        self._log_unlogged()
        self._on_size = _to_nobody  # it holds the capture that holds this

    def take(self, chunk: bytes) -> None:
        """Take bytes in, cut anywhere."""
        # FFmpeg ends some lines with a carriage return only.
        *whole, rest = (self._partial + chunk).replace(b"\r", b"\n").split(b"\n")
        self._partial = rest[:_RAW_LINE_BYTES]
        whole = [
            line[:_RAW_LINE_BYTES] for line in whole if line.strip() and not self._is_size(line)
        ]
        if not whole:
            return
        with self._lock:
            tail = self._tail
            for line in whole:
                if tail and tail[-1][0] == line:
                    tail[-1] = (line, tail[-1][1] + 1)
                else:
                    tail.append((line, 1))
        if _log.isEnabledFor(logging.DEBUG):
            self._log_some(whole)

    def _is_size(self, line: bytes) -> bool:
        size = announced_size(line)
        if size is not None:
            self._on_size(size)
        return size is not None

    def lines(self) -> tuple[str, ...]:
        """Oldest first; a repeated line once, with its number."""
        with self._lock:
            tail = tuple(self._tail)
        return tuple(
            f"{self._fit(line)} (×{times})" if times > 1 else self._fit(line)
            for line, times in tail
        )

    def _fit(self, line: bytes) -> str:
        text = printable(line.decode(errors="replace"))
        return printable(self._redact(text))[:_LINE_LENGTH]

    def _log_some(self, whole: Sequence[bytes]) -> None:
        now_s = time.monotonic()
        if now_s - self._window_s >= 1.0:
            self._log_unlogged()
            self._window_s, self._logged = now_s, 0
        room = _LOGGED_PER_S - self._logged
        for line in whole[:room]:
            _log.debug("[%s] FFmpeg: %s", self._camera_id, self._fit(line))
        self._logged += len(whole[:room])
        self._unlogged += len(whole[room:])

    def _log_unlogged(self) -> None:
        if self._unlogged:
            _log.debug("[%s] FFmpeg: … %d more lines", self._camera_id, self._unlogged)
            self._unlogged = 0
