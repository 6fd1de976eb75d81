"""Judges whether there is CPU enough, and what bounds it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

SHORT_PERCENT: Final = 90.0
"""Of the CPU that is there, on average over `WINDOW_S`: from here on it is short."""
ENOUGH_PERCENT: Final = 80.0
"""It is enough again when the average has fallen to this."""
WINDOW_S: Final = 60.0

_FULL_SHARE: Final = 0.9
_SHORTEST_S: Final = 1.0
_MAX_SAMPLES: Final = 64
_NOTICED_STOLEN_PERCENT: Final = 10.0
_NOTICED_OTHERS: Final = 0.5
_HELD_UP_PERCENT: Final = 50.0
"""FFmpegs that wait for so much of the time in which they could work are held up by somebody."""


class CpuBound(StrEnum):
    """What bounds the CPU that is there."""

    CORES = "cores"
    """The cores of the machine, or those that this process is bound to."""
    QUOTA = "quota"
    """The quota of a control group."""
    STOLEN = "stolen"
    """The cores, and a hypervisor gives much of them to other virtual machines."""
    OTHERS = "others"
    """The cores, and other programs use more than half of what is used."""


@dataclass(frozen=True, slots=True)
class CpuUse:
    """How much of the CPU that is there is used, between two measurements.

    Attributes:
        used_percent: of what is there, by whoever uses it; niced programs count as nothing as long
            as they give way to the FFmpegs. Those of other control groups need not.
        bound: what there is no more of.
        cores: what is there, in cores.
        others_cores: what other programs use.
        stolen_percent: of the machine's CPU, what a hypervisor gives to others.
        waiting_percent: of the last minute, the time in which some process waited for CPU
            (PSI, `some avg60`); None where the kernel does not tell.
        ffmpegs_waiting_percent: of the time in which the FFmpegs could have worked, how long they
            waited for CPU; None where the kernel does not tell, and without FFmpegs.
    """

    used_percent: float
    bound: CpuBound
    cores: float
    others_cores: float
    stolen_percent: float
    waiting_percent: float | None
    ffmpegs_waiting_percent: float | None = None


@dataclass(frozen=True, slots=True)
class CpuShortage:
    """CPU is short: it was used up for a minute, and is not enough again yet.

    Attributes:
        lasted_s: for how long, the first minute included.
        use: the latest.
        used_percent: of what is there, on average over a minute.
        camera_id: whose FFmpegs use most of it at present; empty without one.
        camera_percent: what they use, of one core.
    """

    lasted_s: float
    use: CpuUse
    used_percent: float
    camera_id: str = ""
    camera_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class CpuReading:
    """What was measured of CPU between two measurements, in cores but for what says percent.

    Attributes:
        machine_cores: of the machine.
        bound_cores: of these, those that this process may run on.
        quota_cores: of its control groups; None without one.
        busy: used by anybody, niced programs apart.
        own: used by this program and its FFmpegs, niced or not.
        stolen_percent: of the machine's CPU.
        waiting_percent: see `CpuUse`.
        niced: used by niced programs.
        ffmpegs_waiting_percent: see `CpuUse`.
    """

    machine_cores: float
    bound_cores: float
    quota_cores: float | None
    busy: float
    own: float
    stolen_percent: float
    waiting_percent: float | None
    niced: float = 0.0
    ffmpegs_waiting_percent: float | None = None


def cpu_use(reading: CpuReading) -> CpuUse:
    """How much of what is there is used, by the narrowest bound."""
    given = max(0.01, reading.machine_cores * (1 - min(99.0, reading.stolen_percent) / 100))
    is_held_up = (reading.ffmpegs_waiting_percent or 0.0) >= _HELD_UP_PERCENT
    anybody = reading.busy + (reading.niced if is_held_up else 0.0)
    busy, others = max(reading.own, anybody), max(0.0, anybody - reading.own)
    bound = CpuBound.CORES
    if reading.stolen_percent >= _NOTICED_STOLEN_PERCENT:
        bound = CpuBound.STOLEN
    elif others > _NOTICED_OTHERS * busy:
        bound = CpuBound.OTHERS
    bounds = [(busy / given, bound, given)]
    if reading.bound_cores < reading.machine_cores:
        bounds.append((reading.own / reading.bound_cores, CpuBound.CORES, reading.bound_cores))
    if reading.quota_cores is not None:
        quota = max(0.01, reading.quota_cores)
        bounds.append((reading.own / quota, CpuBound.QUOTA, quota))
    share, narrowest, cores = max(bounds, key=lambda each: each[0])
    return CpuUse(
        used_percent=100 * share,
        bound=narrowest,
        cores=cores,
        others_cores=others,
        stolen_percent=reading.stolen_percent,
        waiting_percent=reading.waiting_percent,
        ffmpegs_waiting_percent=reading.ffmpegs_waiting_percent,
    )


@dataclass(frozen=True, slots=True)
class CpuJudge:
    """Judges by the average of a minute, so that neither a start nor a key frame is a shortage.

    Attributes:
        short_since_s: monotonic time since when CPU is short; None while it is enough.
        window: times and percentages of the last minute, oldest first.
    """

    short_since_s: float | None = None
    window: tuple[tuple[float, float], ...] = ()

    @property
    def mean_percent(self) -> float:
        """The average of the window; 0 of an empty one."""
        return sum(percent for _, percent in self.window) / max(1, len(self.window))

    def observe(self, use: CpuUse | None, now_s: float) -> CpuJudge:
        """Take a measurement; None says that there is none, and what was judged stays."""
        if use is None:
            return replace(self, window=())
        if self.window and now_s - self.window[-1][0] < _SHORTEST_S:  # it was taken already
            return self
        kept = [each for each in self.window if each[0] > now_s - WINDOW_S]
        seen = replace(self, window=(*kept, (now_s, use.used_percent))[-_MAX_SAMPLES:])
        if now_s - seen.window[0][0] < _FULL_SHARE * WINDOW_S:
            return seen
        if self.short_since_s is None and seen.mean_percent >= SHORT_PERCENT:
            return replace(seen, short_since_s=seen.window[0][0])
        if self.short_since_s is not None and seen.mean_percent <= ENOUGH_PERCENT:
            return replace(seen, short_since_s=None)
        return seen
