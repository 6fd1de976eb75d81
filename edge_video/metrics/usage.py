"""Measures what one process uses, of CPU and memory; a psutil adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_KIB: Final = 1024
_PROCESSES: Final = Path("/proc")


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


@dataclass(frozen=True, slots=True)
class MemoryShares:
    """The resident memory of a process, by whom it shares it with. Linux only.

    Attributes:
        pss_bytes: proportional: of what it shares with others, its part.
        private_bytes: what it shares with nobody; what one more process of its kind costs.
        shared_bytes: what it shares, libraries for the most part.
    """

    pss_bytes: int
    private_bytes: int
    shared_bytes: int


def memory_shares(pid: int, processes: Path = _PROCESSES) -> MemoryShares | None:
    """Measure a process's memory; None where the kernel does not tell. About 0.5 ms."""
    try:
        lines = (processes / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:  # gone, of another user, a kernel before 4.14, or no Linux
        return None
    found = {name: int(parts[0]) for name, *parts in map(_fields, lines) if parts[1:] == ["kB"]}
    if "Pss" not in found:
        return None
    private = found.get("Private_Clean", 0) + found.get("Private_Dirty", 0)
    shared = found.get("Shared_Clean", 0) + found.get("Shared_Dirty", 0)
    return MemoryShares(found["Pss"] * _KIB, private * _KIB, shared * _KIB)


def cpu_wait(pid: int, processes: Path = _PROCESSES) -> float | None:
    """How long the threads of a process have waited for CPU so far, in seconds.

    None where the kernel does not tell. The sum falls when a thread ends. About 0.1 ms.
    """
    waited_ns = 0
    try:
        for thread in (processes / str(pid) / "task").iterdir():
            waited_ns += int((thread / "schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # gone, no Linux, or a kernel without schedstats
        return None
    return waited_ns / 1e9


def _fields(line: str) -> list[str]:
    name, _, rest = line.partition(":")
    return [name, *rest.split()]
