"""Measures what one process uses, of CPU and memory; a psutil adapter."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process uses.

    Attributes:
        cpu_s: CPU since it began.
        memory_bytes: resident memory that it shares with nobody; where the machine does not tell
            that, all of its resident memory.
    """

    cpu_s: float
    memory_bytes: int


def usage_of(pid: int) -> Usage | None:
    """Measure a process; None when it is gone, or not to be measured. About 0.1 ms."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
    except (psutil.Error, OSError, ValueError):
        return None
    return Usage(times.user + times.system, memory.rss - getattr(memory, "shared", 0))
