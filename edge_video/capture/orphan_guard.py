"""Kills FFmpegs whose program has died, where the operating system does not do so.

An FFmpeg without its reader ends on its next write, but one whose camera is silent has nothing to
write. So one small process reads a pipe of this program's: when that ends without a word, the
program is gone, and what it listed last is killed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.capture.process_group import group_options
from edge_video.runtime.system import lacks_posix

if TYPE_CHECKING:
    from collections.abc import Collection

_PROGRAM: Final = Path(__file__).with_name("orphan_program.py")
_ENDED_WITHIN_S: Final = 2.0


class OrphanGuard:
    """The process that outlives this one; there is one while there is something to kill.

    It is called by one thread at a time. Nothing is raised where it cannot be started: FFmpegs then
    end when they write, or when their input times out.
    """

    def __init__(self) -> None:
        self._popen: subprocess.Popen[bytes] | None = None

    def watch(self, pids: Collection[int]) -> None:
        """Kill these, and no others, when this program dies; each leads its process group."""
        if pids:
            if not self._tell(pids) and self._start():
                self._tell(pids)
        elif self._popen is not None:
            self._tell(())
            self._end()

    def _tell(self, pids: Collection[int]) -> bool:
        """List the processes; False when nobody listens."""
        if self._popen is None or self._popen.stdin is None:
            return False
        try:
            self._popen.stdin.write(" ".join(map(str, pids)).encode() + b"\n")
        except (OSError, ValueError):
            self._end()
            return False
        return True

    def _start(self) -> bool:
        if not sys.executable or getattr(sys, "frozen", False):  # it would start this program again
            return False
        kill = "kill" if sys.platform == "win32" or lacks_posix() else "killpg"
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - a fixed program in this interpreter
                [sys.executable, "-I", "-S", str(_PROGRAM), kill],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                close_fds=True,
                **group_options(),  # Ctrl+C is not for it
            )
        except OSError:
            return False
        return True

    def _end(self) -> None:
        popen, self._popen = self._popen, None
        if popen is None:
            return
        if popen.stdin is not None:
            with contextlib.suppress(OSError):
                popen.stdin.close()
        try:
            popen.wait(_ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
