"""Keeps each FFmpeg within the memory and the CPU that its camera may take.

There are three ways, and the best that the machine has is taken:

- `CGROUP`: a control group for each FFmpeg. The kernel ends it at the limit of its memory, and
  gives it no more CPU than its share.
- `RLIMIT`: the kernel refuses it memory some way above the limit, and each second what it uses is
  measured: beyond a limit it is ended. Linux only.
- `WATCH`: what it uses is measured, and nothing else.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.usage import usage_of
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.cgroup import NoCgroupError, delegated_cgroup
from edge_video.runtime.rlimits import can_limit_data, limit_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.config import CameraConfig
    from edge_video.metrics.usage import Usage
    from edge_video.runtime.cgroup import ChildCgroup, DelegatedCgroup

_log = logging.getLogger(__name__)

_MB: Final = 2**20
_STACKS_BYTES: Final = 512 * _MB
"""The kernel counts the whole stack of each thread, 8 MB of which hardly any is ever touched: with
16 threads to decode an FFmpeg has 52, and measured 440 MB more than it used."""
_PERIOD_US: Final = 100_000
_PERIODS_A_LOOK: Final = 10
_WINDOW_S: Final = 10.0
"""CPU is an average over so long: a key frame and a slow start take more for a moment."""
_THROTTLED_SHARE: Final = 0.5
"""Held back in so many of the kernel's periods, an FFmpeg falls behind its camera."""
_EXTRAS: Final = {"memory.swap.max": "0", "memory.oom.group": "1"}
"""No swap, which would slow the whole machine; and all that FFmpeg has started ends with it."""
_NO_MEMORY: Final = re.compile(
    r"Cannot allocate memory|get_buffer\(\) failed"
    r"|pthread_create\(\) failed: Resource temporarily unavailable"
)
"""What FFmpeg 5.1, 7.1 and 9 say when they are refused memory; some end, some go on in vain."""
_NO_MEMORY_STATUS: Final = 244
"""FFmpeg's exit status then, since version 6: -12, of which a byte is left."""
_LIMIT_DATA: Final = limit_data if can_limit_data() else None
_EFFECTS_OF_CPU: Final = frozenset(
    {Cause.STALLED, Cause.NO_KEY_FRAME, Cause.TIMEOUT, Cause.END_OF_STREAM, Cause.UDP_LOST}
)
"""What comes of an FFmpeg that cannot keep up with its camera."""
_EFFECTS_OF_MEMORY: Final = frozenset(
    {
        *(Cause.STALLED, Cause.NO_KEY_FRAME, Cause.END_OF_STREAM, Cause.UNSUPPORTED),
        *(Cause.KILLED, Cause.UNKNOWN, Cause.BAD_ARGUMENTS, Cause.NO_VIDEO),
    }
)
"""As what an FFmpeg ends that was refused memory."""


class LimitWay(StrEnum):
    """How limits are kept on this machine."""

    CGROUP = "cgroup"
    RLIMIT = "rlimit"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class FfmpegLimits:
    """What one FFmpeg may use; zero: as much as it wants.

    Attributes:
        memory_mb: of memory that it shares with nobody, in MB of 2**20 bytes.
        cpu_percent: of one core.
    """

    memory_mb: int = 0
    cpu_percent: int = 0

    @classmethod
    def of(cls, camera: CameraConfig) -> FfmpegLimits:
        """Those that a camera is configured with."""
        return cls(camera.ffmpeg_max_memory_mb, camera.ffmpeg_max_cpu_percent)

    def __bool__(self) -> bool:
        return bool(self.memory_mb or self.cpu_percent)


class Confinement(Protocol):
    """Holds one FFmpeg within its limits, from its start until it is reaped."""

    def look(self) -> Failure | None:
        """Measure; the failure for which FFmpeg is to be ended. Its owner's thread, each second."""
        ...

    def judged(self, failure: Failure, lines: Sequence[str]) -> Failure | None:
        """Return the failure with the limit that caused it, if one did; `lines` are FFmpeg's."""
        ...

    def end(self) -> None:
        """Let go of FFmpeg, which is reaped. Any thread."""
        ...


class Unconfined:
    """Holds nothing: the FFmpeg may use what it wants."""

    def look(self) -> Failure | None:
        """See `Confinement`."""
        return None

    def judged(self, failure: Failure, lines: Sequence[str]) -> Failure | None:
        """See `Confinement`."""
        del failure, lines
        return None

    def end(self) -> None:
        """See `Confinement`."""


UNCONFINED: Final = Unconfined()


def unconfined(pid: int) -> Confinement:
    """Confine nothing."""
    del pid
    return UNCONFINED


class Watched:
    """An FFmpeg that is measured each second.

    Args:
        pid: the FFmpeg.
        limits: what it may use.
        usage: measures it.
        clock: monotonic seconds.
        is_refused: whether the kernel refuses it memory, too.
    """

    def __init__(
        self,
        pid: int,
        limits: FfmpegLimits,
        usage: Callable[[int], Usage | None],
        clock: Callable[[], float],
        *,
        is_refused: bool,
    ) -> None:
        self._pid = pid
        self._limits = limits
        self._usage = usage
        self._clock = clock
        self._is_refused = is_refused
        self._seen: deque[tuple[float, float]] = deque([(clock(), 0.0)])
        """Monotonic time and CPU seconds, oldest first; the oldest is a window ago."""

    def look(self) -> Failure | None:
        """See `Confinement`."""
        usage = self._usage(self._pid)
        if usage is None:
            return None
        used_mb, limit_mb = round(usage.memory_bytes / _MB), self._limits.memory_mb
        if 0 < limit_mb < used_mb:
            return Failure(Cause.MEMORY_LIMIT, f"{used_mb} MB, allowed are {limit_mb} MB")
        percent, limit = self._cpu_percent(usage.cpu_s), self._limits.cpu_percent
        if 0 < limit < percent:
            return Failure(Cause.CPU_LIMIT, f"{percent}% of a core, allowed are {limit}%")
        return None

    def judged(self, failure: Failure, lines: Sequence[str]) -> Failure | None:
        """See `Confinement`."""
        if not self._is_refused or failure.cause not in _EFFECTS_OF_MEMORY:
            return None
        if failure.exit_status != _NO_MEMORY_STATUS and not any(map(_NO_MEMORY.search, lines)):
            return None
        detail = f"FFmpeg was refused memory, allowed are {self._limits.memory_mb} MB"
        return replace(failure, cause=Cause.MEMORY_LIMIT, detail=detail)

    def end(self) -> None:
        """See `Confinement`."""

    def _cpu_percent(self, cpu_s: float) -> int:
        """Of one core, over the last window; 0 before that is over."""
        now_s = self._clock()
        self._seen.append((now_s, cpu_s))
        while len(self._seen) > 2 and self._seen[1][0] <= now_s - _WINDOW_S:  # noqa: PLR2004
            self._seen.popleft()
        began_s, began_cpu_s = self._seen[0]
        if now_s - began_s < _WINDOW_S:
            return 0
        return round(100 * (cpu_s - began_cpu_s) / (now_s - began_s))


class Grouped:
    """An FFmpeg in a control group of its own.

    Args:
        child: its control group.
        remove: removes that.
        limits: what it may use.
    """

    def __init__(
        self, child: ChildCgroup, remove: Callable[[ChildCgroup], object], limits: FfmpegLimits
    ) -> None:
        self._child = child
        self._remove = remove
        self._limits = limits
        self._seen: deque[tuple[int, int]] = deque([(0, 0)], maxlen=int(_WINDOW_S) + 1)
        """Periods of the CPU's limit, and those in which it was held back; one a second."""
        self._was_killed = False

    def look(self) -> Failure | None:
        """See `Confinement`. Nobody has to end it: the kernel keeps its limits."""
        if self._limits.cpu_percent:
            count = self._child.count
            self._seen.append((count("cpu.stat", "nr_periods"), count("cpu.stat", "nr_throttled")))
        return None

    def judged(self, failure: Failure, lines: Sequence[str]) -> Failure | None:
        """See `Confinement`."""
        del lines
        if self._was_killed or self._counts_kills():
            limit_mb = self._limits.memory_mb
            detail = f"the kernel ended FFmpeg, allowed are {limit_mb} MB"
            return replace(failure, cause=Cause.MEMORY_LIMIT, detail=detail)
        share = self._throttled_share()
        if failure.cause in _EFFECTS_OF_CPU and share >= _THROTTLED_SHARE:
            limit = self._limits.cpu_percent
            detail = f"held back {share:.0%} of the time, allowed are {limit}% of a core"
            return replace(failure, cause=Cause.CPU_LIMIT, detail=detail)
        return None

    def end(self) -> None:
        """See `Confinement`."""
        self._was_killed = self._counts_kills()
        self._remove(self._child)

    def _counts_kills(self) -> bool:
        """Whether it was killed at its own limit; `oom_kill` alone counts any want of memory."""
        count = self._child.count
        return count("memory.events", "oom") > 0 and count("memory.events", "oom_kill") > 0

    def _throttled_share(self) -> float:
        """Of the periods in the last window; while FFmpeg waits for its camera none are counted."""
        (periods_before, held_before), (periods, held) = self._seen[0], self._seen[-1]
        passed = (len(self._seen) - 1) * _PERIODS_A_LOOK
        return (held - held_before) / max(periods - periods_before, passed, 1)


class LimitKeeper:
    """Confines FFmpegs in the best way that there is here. Any thread.

    Args:
        cgroup: finds the control group that this program may divide; raises `NoCgroupError`.
        rlimit: has the kernel refuse a process memory; None where it cannot.
        usage: measures a process.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        cgroup: Callable[[], DelegatedCgroup] = lambda: delegated_cgroup(os.environ),
        rlimit: Callable[[int, int], bool] | None = _LIMIT_DATA,
        usage: Callable[[int], Usage | None] = usage_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_cgroup = cgroup
        self._rlimit = rlimit
        self._usage = usage
        self._clock = clock
        self._lock = threading.Lock()
        self._cgroup: DelegatedCgroup | None = None
        self._is_settled = False

    def way(self) -> LimitWay:
        """Say which way there is; changes nothing, except that a way that has failed is gone."""
        with self._lock:
            if self._is_settled:
                has_cgroup = self._cgroup is not None
            else:
                try:
                    self._find_cgroup()
                except NoCgroupError:
                    has_cgroup = False
                else:
                    has_cgroup = True
        if has_cgroup:
            return LimitWay.CGROUP
        return LimitWay.WATCH if self._rlimit is None else LimitWay.RLIMIT

    def confine(self, name: str, limits: FfmpegLimits, pid: int) -> Confinement:
        """Confine an FFmpeg that was just started; never raises.

        Args:
            name: of its camera.
            limits: what it may use.
            pid: the FFmpeg.
        """
        if not limits:
            return UNCONFINED
        with self._lock:
            if not self._is_settled:
                self._settle()
            grouped = self._grouped(name, limits, pid)
        if grouped is not None:
            return grouped
        is_refused = False
        if self._rlimit is not None and limits.memory_mb:
            is_refused = self._rlimit(pid, limits.memory_mb * _MB + _STACKS_BYTES)
        return Watched(pid, limits, self._usage, self._clock, is_refused=is_refused)

    def _settle(self) -> None:
        """Find out which way there is, and log it; once, when the first FFmpeg has limits."""
        self._is_settled = True
        way, reason = LimitWay.WATCH if self._rlimit is None else LimitWay.RLIMIT, ""
        try:
            cgroup = self._find_cgroup()
            cgroup.prepare()
        except NoCgroupError as error:
            reason = str(error)
        else:
            self._cgroup, way = cgroup, LimitWay.CGROUP
        log_event(_log, LogEvent.FFMPEG_LIMITS, way=way, reason=reason)

    def _grouped(self, name: str, limits: FfmpegLimits, pid: int) -> Confinement | None:
        """Confine it in a control group; None when there is none."""
        cgroup = self._cgroup
        if cgroup is None:
            return None
        try:
            child = cgroup.add(name, pid, _files_of(limits), _EXTRAS if limits.memory_mb else {})
        except OSError as error:
            log_event(
                _log,
                LogEvent.FFMPEG_LIMITS_WEAKER,
                camera_id=name,
                reason=error.strerror or type(error).__name__,
            )
            return None
        return Grouped(child, self._remove, limits)

    def _remove(self, child: ChildCgroup) -> None:
        with self._lock:
            if self._cgroup is not None:
                self._cgroup.remove(child)


def _files_of(limits: FfmpegLimits) -> dict[str, str]:
    """What the files of a control group say of these limits."""
    files = {}
    if limits.memory_mb:
        files["memory.max"] = str(limits.memory_mb * _MB)
    if limits.cpu_percent:
        files["cpu.max"] = f"{limits.cpu_percent * _PERIOD_US // 100} {_PERIOD_US}"
    return files
