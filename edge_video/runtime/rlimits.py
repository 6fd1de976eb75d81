"""Limits the memory of a child process by the kernel's own limits of a process."""

from __future__ import annotations

import sys


def can_limit_data() -> bool:
    """Whether this system can refuse another process memory."""
    return sys.platform == "linux"


def limit_data(pid: int, size: int) -> bool:
    """Have the kernel refuse a process more than `size` bytes of private memory it may write.

    Returns:
        False where there is no such limit, or the process is gone.
    """
    if sys.platform != "linux":
        return False
    import resource  # noqa: PLC0415 - not every system has it

    try:
        resource.prlimit(pid, resource.RLIMIT_DATA, (size, size))
    except (OSError, ValueError):
        return False
    return True
