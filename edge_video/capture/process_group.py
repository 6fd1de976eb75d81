"""Starts and signals a process group; where there is none, FFmpeg alone.

FFmpeg starts nothing itself, so what a group adds is what a wrapper script in its place starts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TypedDict

from edge_video.runtime.system import lacks_posix


class GroupOptions(TypedDict, total=False):
    """What `subprocess.Popen` is told; so that a Ctrl+C in the terminal does not reach FFmpeg."""

    process_group: int
    creationflags: int


def group_options() -> GroupOptions:
    """Return what starts a process in a group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {} if lacks_posix() else {"process_group": 0}


def signal_group(pid: int, signum: int) -> None:
    """Send a signal to the group that a process leads. Any thread.

    On Windows SIGTERM becomes Ctrl+Break, which FFmpeg takes for a request to end, and any other
    signal ends FFmpeg at once.

    Raises:
        ProcessLookupError: there is no such group.
        PermissionError: none of it may be signalled.
    """
    if sys.platform == "win32":
        _signal_windows(pid, signum)
    elif lacks_posix():
        os.kill(pid, signum)
    else:
        os.killpg(pid, signum)


def _signal_windows(pid: int, signum: int) -> None:
    please: int = getattr(signal, "CTRL_BREAK_EVENT", signum)
    try:
        os.kill(pid, please if signum == signal.SIGTERM else signum)
    except PermissionError:
        raise
    except OSError as error:  # no console that both have, or it has ended
        raise ProcessLookupError(*error.args) from error
