"""What Linux knows about a process: CPU time to the nanosecond, memory, threads, switches."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psutil

_NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment; the counters grow while it lives.

    `cpu_s` is user and system time. psutil's figure comes in steps of 10 ms, which is most of
    what `cat` uses in a second; the scheduler's own, added up over the threads that live, does
    not. Threads that have ended are missing from it: read it while none come and go.
    """

    at_s: float
    at_ns: int
    cpu_s: float
    cpu_coarse_s: float
    switches: int
    """Context switches, voluntary or not, of the threads that live."""
    read_bytes: int
    """Everything it read: files, pipes, sockets."""
    rss_bytes: int
    pss_bytes: int
    """Its memory; what it shares with others counts in part."""
    threads: int


def read_process(process: psutil.Process) -> Reading:
    """Read everything about one process."""
    tasks = Path(f"/proc/{process.pid}/task")
    running_ns = switches = threads = 0
    for task in tasks.iterdir():
        with contextlib.suppress(OSError):  # a thread that ends between two reads
            running_ns += int((task / "schedstat").read_text().split()[0])
            switches += _switches((task / "status").read_text())
            threads += 1
    times, memory = process.cpu_times(), process.memory_full_info()
    return Reading(
        at_s=time.monotonic(),
        at_ns=time.time_ns(),
        cpu_s=running_ns / _NANOSECONDS,
        cpu_coarse_s=times.user + times.system,
        switches=switches,
        read_bytes=process.io_counters().read_chars,
        rss_bytes=memory.rss,
        pss_bytes=memory.pss,
        threads=threads,
    )


def _switches(status: str) -> int:
    return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)


def between(before: Reading, after: Reading) -> Reading:
    """What happened between two readings; memory and threads are those of the second."""
    states = ("rss_bytes", "pss_bytes", "threads")
    values = {
        each.name: getattr(after, each.name)
        - (0 if each.name in states else getattr(before, each.name))
        for each in fields(Reading)
    }
    return Reading(**values)


def cpu_of_all(processes: Iterable[psutil.Process]) -> float:
    """CPU seconds of several processes so far."""
    return sum(read_process(each).cpu_s for each in processes)
