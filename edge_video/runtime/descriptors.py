"""Counts descriptors: how many there may be, what capture and delivery need, what HTTP may have.

Linux gives a process 1 024 unless told otherwise (its *soft* limit), and lets it raise that itself
up to the *hard* limit; Windows has no such limit. Capture and delivery come first: HTTP gets
connections only out of what they leave.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Final

with contextlib.suppress(ImportError):  # not on Windows
    import resource

PER_CAMERA: Final = 4
"""Two pipes from its FFmpeg, and as many again while the next one is being started."""
BASE: Final = 96
"""Log, broker, files, the interpreter's and the libraries' own, with room to spare."""

_WANTED: Final = 65_536
_LEAST_CONNECTIONS: Final = 16


def raise_limit() -> int:
    """Raise this process's soft limit as far as the hard one allows; the limit from now on.

    For the command line only: an embedding program's limits are its own. FFmpegs inherit it.
    """
    if sys.platform == "win32":
        return _WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard_limit()
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # a sandbox may forbid it
            return soft
        return wanted
    return current_limit()


def hard_limit() -> int:
    """How far `raise_limit` can go."""
    if sys.platform == "win32":
        return _WANTED
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)


def current_limit() -> int:
    """How many descriptors this process may have open."""
    if sys.platform == "win32":
        return _WANTED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _WANTED if soft == resource.RLIM_INFINITY else soft


def needed(cameras: int) -> int:
    """What capture and delivery of so many cameras need."""
    return BASE + PER_CAMERA * cameras


def descriptor_note(cameras: int, limit: int) -> str | None:
    """What an operator should know when so many cameras are too many for the limit."""
    if needed(cameras) <= limit:
        return None
    return (
        f"{cameras} cameras need {needed(cameras)} file descriptors, and this machine allows"
        f" {limit}: raise the limit (LimitNOFILE= of the service, or ulimit -Hn)"
    )


def http_share(cameras: int, limit: int, wanted: int) -> int:
    """How many connections HTTP may have beside so many cameras: `wanted`, or what is left.

    At least a few even where nothing is left: `/health` must answer when a machine is too small.
    """
    return max(_LEAST_CONNECTIONS, min(wanted, limit - needed(cameras)))
