"""Starts FFmpeg in a process group of its own, signals it, and reaps it.

Where there are no process groups FFmpeg alone is signalled, and where Linux does not kill it with
this program, an `OrphanGuard` does.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.capture.limits import unconfined
from edge_video.capture.orphan_guard import OrphanGuard
from edge_video.capture.process_group import group_options, signal_group
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.child_pipes import input_of, output_of
from edge_video.runtime.system import KILL, is_portable, signal_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.capture.limits import Confinement
    from edge_video.frames import CameraId
    from edge_video.runtime.child_pipes import ChildPipe

_log = logging.getLogger(__name__)

KILLED_WAIT_S: Final = 5.0
"""How long SIGKILL may take to end a process."""
_SIGTERM_SPLIT: Final = 0.5
"""Of the deadline. FFmpeg stuck in a read from a silent camera heeds only a second SIGTERM."""


class ProcessTable:
    """The FFmpeg processes that live now; each leads a process group of its own. Any thread.

    A process is taken off before it is reaped, so no number in here can have been given to
    another process already.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cameras: dict[int, CameraId] = {}
        self._late: list[FfmpegProcess] = []
        self._guard = OrphanGuard() if is_portable() else None

    def add(self, pid: int, camera_id: CameraId) -> None:
        """List a process that was just started."""
        self._reap_late()
        with self._lock:
            self._cameras[pid] = camera_id
            if self._guard is not None:
                self._guard.watch(self._cameras)

    def remove(self, pid: int) -> None:
        """Take a process off; harmless when it is not listed."""
        with self._lock:
            self._remove(pid)

    def reap(self, pid: int, poll: Callable[[], int | None]) -> bool:
        """Take a process off if it has ended, in one step with `poll`, which then reaps it."""
        with self._lock:
            if poll() is None:
                return False
            self._remove(pid)
            return True

    def reap_later(self, process: FfmpegProcess) -> None:
        """Reap a process that has outlived its SIGKILL once it has ended, now and then.

        One that waits for a disk or a driver dies when that answers. Unreaped it would be listed
        for ever, and `Popen` may reap it behind the table's back when another one is started.
        """
        with self._lock:
            self._late.append(process)

    def snapshot(self) -> dict[int, CameraId]:
        """Return the camera of each process id, as they are at this moment."""
        self._reap_late()
        with self._lock:
            return dict(self._cameras)

    def kill_all(self) -> None:
        """Send SIGKILL to every group: the last resort of a shutdown that ran out of time."""
        with self._lock:
            for pid in self._cameras:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    signal_group(pid, KILL)

    def _reap_late(self) -> None:
        """To be called without the lock: who reaps takes the process's own, and then this one."""
        for each in tuple(self._late):
            if each.has_exited() and self._forget_late(each):
                _log.info("FFmpeg %d of %s has ended after all", each.pid, each.camera_id)

    def _forget_late(self, process: FfmpegProcess) -> bool:
        """Wait for it no more; False where another thread was first."""
        with self._lock:
            was_late = process in self._late
            if was_late:
                self._late.remove(process)
            return was_late

    def _remove(self, pid: int) -> None:
        self._cameras.pop(pid, None)
        if self._guard is not None:
            self._guard.watch(self._cameras)


class CaptureStartError(Exception):
    """FFmpeg could not be started; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.cause}: {failure.detail}")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What is started for which camera.

    Attributes:
        command: the command line; its first item is the binary. Never logged: it has the password.
        environment: of FFmpeg.
        camera_id: whose FFmpeg it is.
        processes: where it is listed while it lives.
        fed: whether its standard input is a pipe that is written to.
        confine: holds it within its limits, by its process id.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    camera_id: CameraId
    processes: ProcessTable
    fed: bool
    confine: Callable[[int], Confinement] = unconfined


class FfmpegProcess:
    """One FFmpeg, from its start until it is reaped. Any thread, except where a method says more.

    It is signalled and reaped under one lock, so that no signal can reach a process that was given
    its number after its end.

    Attributes:
        camera_id: whose FFmpeg it is.
        pid: its process id, also its group's.
        began_s: the monotonic time at which it was about to be started.
        stdout: this end of the pipe with its standard output.
        stderr: this end of the pipe with its standard error.
        stdin: this end of the pipe to its standard input; None if it is not fed.
        confinement: holds it within its limits.
        ignores_sigterm: a fault on purpose; FFmpeg is frozen before SIGTERM reaches its group.

    Raises:
        CaptureStartError: the binary is missing, or the machine has no process left.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        self.camera_id: Final = spec.camera_id
        self.began_s: Final = time.monotonic()
        self.ignores_sigterm = False
        self._lock = threading.Lock()
        self._popen = _spawn(spec)
        self._processes = spec.processes
        self.pid: Final = self._popen.pid
        self._pipes: list[ChildPipe] = []
        try:
            self.stdin, self.stdout, self.stderr = self._open_pipes()
        except (RuntimeError, OSError) as error:  # no thread, or no descriptor, left
            self._abandon()
            raise CaptureStartError(Failure(Cause.SPAWN_FAILED, str(error))) from error
        self._processes.add(self.pid, self.camera_id)
        self.confinement: Final = spec.confine(self.pid)

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None until the process is reaped."""
        return self._popen.returncode

    def signal(self, signum: int) -> None:
        """Send a signal to FFmpeg alone; nothing happens when it is gone."""
        with self._lock:
            if self.exit_status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signum)

    def signal_group(self, signum: int) -> None:
        """Send a signal to FFmpeg and whatever it started; nothing happens when it is gone."""
        with self._lock:
            if self.exit_status is None:
                stop = signal_named("SIGSTOP")
                if self.ignores_sigterm and signum == signal.SIGTERM and stop is not None:
                    self._kill_group(stop)
                self._kill_group(signum)

    def end(self, deadline_s: float) -> bool:
        """End FFmpeg and reap it: SIGTERM, and SIGKILL at the deadline.

        Blocks for `deadline_s` seconds, and for some more where SIGKILL takes its time. FFmpeg's
        output has to be read meanwhile: recent versions wait, SIGTERM or not, until what their
        writer thread holds is written.

        Returns:
            False when not even SIGKILL ended it in time; it is reaped when it has ended.
        """
        for wait_s in (deadline_s * _SIGTERM_SPLIT, deadline_s * (1 - _SIGTERM_SPLIT)):
            if not self.has_exited():
                self.signal_group(signal.SIGTERM)
                self._await_exit(wait_s)
        self.signal_group(KILL)
        has_ended = self._await_exit(KILLED_WAIT_S)
        if not has_ended:
            self._processes.reap_later(self)
        for pipe in (self.stdout, self.stderr):
            pipe.settle()
        return has_ended

    def has_exited(self) -> bool:
        """Whether FFmpeg is gone; reaps it, after killing whatever it left in its group."""
        with self._lock:
            if self.exit_status is not None:
                return True
            if sys.platform != "linux" or is_portable():
                return self._reap_first()
            with contextlib.suppress(ChildProcessError):
                options = os.WEXITED | os.WNOHANG | os.WNOWAIT
                if os.waitid(os.P_PID, self.pid, options) is None:
                    return False
            self._kill_group(KILL)
            self._processes.remove(self.pid)
            self._popen.wait()
            self.confinement.end()
            return True

    def close_pipes(self) -> None:
        """Close this side of all pipes; only when no thread reads them any more."""
        for pipe in self._pipes:
            pipe.close()

    def _reap_first(self) -> bool:
        """Do as `has_exited` where a process that has ended cannot be looked at unreaped.

        A group that still has members keeps its number, so what is killed after it is its own.
        """
        if not self._processes.reap(self.pid, self._popen.poll):
            return False
        self._kill_group(KILL)
        self.confinement.end()
        return True

    def _open_pipes(self) -> tuple[ChildPipe | None, ChildPipe, ChildPipe]:
        popen = self._popen
        assert popen.stdout is not None
        assert popen.stderr is not None
        fed = None
        if popen.stdin is not None:
            fed = input_of(popen.stdin, f"stdin-{self.camera_id}")
            self._pipes.append(fed)
        outputs = []
        for pipe, name in ((popen.stdout, "stdout"), (popen.stderr, "stderr")):
            outputs.append(output_of(pipe, f"{name}-{self.camera_id}"))
            self._pipes.append(outputs[-1])
        return fed, outputs[0], outputs[1]

    def _abandon(self) -> None:
        """End an FFmpeg whose pipes cannot be read."""
        self._kill_group(KILL)
        self._popen.wait()
        self.close_pipes()
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def _await_exit(self, timeout_s: float) -> bool:
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

    def _kill_group(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal_group(self.pid, signum)


@functools.cache
def _parent_death_signal() -> tuple[str, ...]:
    """Return a prefix under which Linux kills a command with the thread that started it, or ().

    FFmpeg without its reader ends on its next write, but one whose camera is silent has nothing
    to write, and takes up to four input time-outs to give up. `setpriv` of util-linux asks for
    PR_SET_PDEATHSIG and becomes the command; asking for it from Python would need code between
    fork and exec, which is not safe beside other threads.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (setpriv, "--pdeathsig", "KILL", "--")
    try:
        tried = subprocess.run(  # noqa: S603 - a fixed command, to see whether it knows the option
            [*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
    except subprocess.TimeoutExpired:
        return ()
    return prefix if tried.returncode == 0 else ()


def _spawn(spec: ProcessSpec) -> subprocess.Popen[bytes]:
    binary = spec.command[0]
    if shutil.which(binary) is None:
        raise CaptureStartError(
            Failure(Cause.BINARY_MISSING, f"{binary}: no such file, or not executable")
        )
    try:
        return subprocess.Popen(  # noqa: S603 - the command is built by edge_video.capture.command
            [*(() if is_portable() else _parent_death_signal()), *spec.command],
            stdin=subprocess.PIPE if spec.fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,  # a sibling that held this pipe would keep an orphan alive
            **group_options(),
            env=dict(spec.environment),
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        failure = Failure(Cause.BINARY_MISSING, f"{binary}: {error.strerror}")
    except OSError as error:
        failure = Failure(Cause.SPAWN_FAILED, error.strerror or type(error).__name__)
    except ValueError as error:
        failure = Failure(Cause.SPAWN_FAILED, str(error))
    # Not chained: the exception underneath may quote the command line.
    raise CaptureStartError(failure)
