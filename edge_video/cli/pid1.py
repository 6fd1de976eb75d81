"""Runs the program as PID 1 of a container, behind a small init.

Whatever loses its parent becomes a child of PID 1 (what `docker exec` or a health check leaves
behind), and stays a zombie until PID 1 waits for it. Waiting for any child in the program itself
would take the exit status of an FFmpeg from whoever started it; so the program runs as a child, and
its parent does nothing but pass signals on and wait. Other processes start without it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Final

from edge_video.runtime.system import signals_named

_NOT_PASSED_ON: Final = signals_named("SIGCHLD", "SIGTTIN", "SIGTTOU", "SIGWINCH")
_SI_KERNEL: Final = 128
"""`si_code` of a signal that the terminal sends: to its whole group, so the child has it too."""


def fork_below_init() -> None:
    """As PID 1, go on in a child; only the child returns. Elsewhere nothing happens.

    Call it before any thread is started.
    """
    if sys.platform != "linux" or os.getpid() != 1:
        return
    watched = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    os._exit(_serve(child, watched))


def _serve(child: int, watched: set[signal.Signals]) -> int:
    """Pass signals on and reap until the child has ended; its exit code, as a shell has it."""
    if sys.platform != "linux":
        return 0
    while True:
        info = signal.sigwaitinfo(watched)
        if info.si_signo == signal.SIGCHLD:
            code = _reap(child)
            if code is not None:
                return code
        elif info.si_signo not in _NOT_PASSED_ON and info.si_code != _SI_KERNEL:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, info.si_signo)


def _reap(child: int) -> int | None:
    """Wait for whatever has ended; the child's exit code if it was among it."""
    code: int | None = None
    if sys.platform != "linux":
        return code
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code
