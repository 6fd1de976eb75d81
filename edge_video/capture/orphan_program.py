"""Kills what it was told last when its standard input ends; `OrphanGuard` runs it as a program.

It uses nothing of this package, so that it starts fast and stays small.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def main(kill_by: str) -> None:
    """Read lists of process ids, a line each, and kill the last one's by `kill` or `killpg`."""
    pids: list[int] = []
    for line in sys.stdin.buffer:
        if line.endswith(b"\n"):  # else it was cut off, and half a number is somebody else's
            pids = [int(each) for each in line.split()]
    kill: Callable[[int, int], object] = getattr(os, kill_by)
    for pid in pids:
        with contextlib.suppress(OSError):
            kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    main(sys.argv[1])
