"""Measures the machine as a whole, CPU and memory; a psutil adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil

from edge_video.metrics.capacity import Room
from edge_video.metrics.cpu import CpuReading, CpuUse, cpu_use
from edge_video.runtime.allowance import bound_cores, cpu_quota, memory_room, usable_cores
from edge_video.runtime.pressure import cpu_waiting_percent

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_TOLD: Final = (psutil.Error, OSError, ValueError, RuntimeError, LookupError, AttributeError)
"""What psutil raises where the machine does not tell."""


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """What all cores together have done since the machine began, in seconds of one core.

    Attributes:
        busy_s: worked for programs and the kernel, niced programs apart.
        niced_s: worked for programs that give way to all others; as good as free.
        stolen_s: given by a hypervisor to other virtual machines.
        total_s: everything, idle time included.
    """

    busy_s: float
    niced_s: float
    stolen_s: float
    total_s: float

    def since(self, earlier: CpuSeconds) -> CpuSeconds:
        """What was done between two measurements; never less than nothing."""
        return CpuSeconds(
            max(0.0, self.busy_s - earlier.busy_s),
            max(0.0, self.niced_s - earlier.niced_s),
            max(0.0, self.stolen_s - earlier.stolen_s),
            max(0.0, self.total_s - earlier.total_s),
        )


def cpu_seconds() -> CpuSeconds:
    """Measure all cores.

    Raises:
        psutil.Error: the machine does not say; or an OSError, ValueError, RuntimeError.
    """
    times = psutil.cpu_times()._asdict()
    # Linux counts a guest's time within user and nice, and once more by itself.
    parts = {name: value for name, value in times.items() if not name.startswith("guest")}
    total_s = sum(parts.values())
    niced_s, stolen_s = parts.get("nice", 0.0), parts.get("steal", 0.0)
    idle_s = parts.get("idle", 0.0) + parts.get("iowait", 0.0)
    return CpuSeconds(total_s - niced_s - stolen_s - idle_s, niced_s, stolen_s, total_s)


class RoomMeter:
    """Measures what there is for cameras, while some are being tried. One thread.

    What this process uses meanwhile, and what its children that have ended used, is no use of
    other programs.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._began = _used()

    def room(self, uplink_bytes_per_s: float | None) -> Room:
        """What there is; what the machine does not tell counts as nothing used, or unknown."""
        elapsed_s, began, now = self._monotonic() - self._began_s, self._began, _used()
        others_s = 0.0
        if began is not None and now is not None:
            own_s = now[1] - began[1]
            others_s = max(0.0, now[0].since(began[0]).busy_s - own_s)
        cores = usable_cores()
        others = others_s / elapsed_s if elapsed_s > 0 else 0.0
        # Of a quota, or of some of the cores, others take only what they do not find elsewhere.
        others = max(0.0, others - max(0.0, (psutil.cpu_count() or 1) - cores))
        return Room(cores, min(cores, others), _free_memory(), uplink_bytes_per_s)


def _used() -> tuple[CpuSeconds, float] | None:
    """Everybody's CPU, and that of this process and of its children that were reaped."""
    try:
        return cpu_seconds(), float(sum(psutil.Process().cpu_times()[:4]))
    except _NOT_TOLD:
        return None


def _free_memory() -> int | None:
    """Bytes that programs can still have: the machine's, or what the control groups leave."""
    try:
        available = int(psutil.virtual_memory().available)
    except _NOT_TOLD:
        return None
    room = memory_room()
    return available if room is None else min(available, room)


@dataclass(frozen=True, slots=True)
class Worked:
    """What processes did between two looks, in seconds.

    Attributes:
        cpu_s: they worked.
        waited_s: they could have, and waited for CPU; None where the kernel does not tell.
    """

    cpu_s: float
    waited_s: float | None

    @property
    def waiting_percent(self) -> float | None:
        """How much of the time in which they could have worked they waited."""
        if self.waited_s is None or self.cpu_s + self.waited_s <= 0:
            return None
        return 100 * self.waited_s / (self.cpu_s + self.waited_s)


class CpuUseMeter:
    """Measures how much of the CPU that is there is used, between two looks. One thread."""

    def __init__(self) -> None:
        self._before: CpuSeconds | None = None

    def measure(self, own_s: float, ffmpegs: Worked, elapsed_s: float | None) -> CpuUse | None:
        """Look again; None at first, and where the machine does not tell.

        Args:
            own_s: CPU that this process used since the last look, in seconds.
            ffmpegs: the same of all FFmpegs, and how long they waited for it.
            elapsed_s: how long ago that was; None at first.
        """
        before, self._before = self._before, None
        try:
            now = self._before = cpu_seconds()
        except _NOT_TOLD:
            return None
        if before is None or not elapsed_s:
            return None
        used = now.since(before)
        reading = CpuReading(
            machine_cores=float(psutil.cpu_count() or 1),
            bound_cores=bound_cores(),
            quota_cores=cpu_quota(),
            busy=used.busy_s / elapsed_s,
            own=(own_s + ffmpegs.cpu_s) / elapsed_s,
            stolen_percent=100 * used.stolen_s / used.total_s if used.total_s else 0.0,
            waiting_percent=cpu_waiting_percent(),
            niced=used.niced_s / elapsed_s,
            ffmpegs_waiting_percent=ffmpegs.waiting_percent,
        )
        return cpu_use(reading)
