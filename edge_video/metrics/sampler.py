"""Measures this process, its FFmpeg children and the machine; the psutil adapter."""

from __future__ import annotations

import contextlib
import gc
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil

from edge_video.metrics.machine import CpuUseMeter, Worked
from edge_video.metrics.measuring import NotMeasurableError, why_not_measurable
from edge_video.metrics.sample import FfmpegSample, ProcessSample
from edge_video.metrics.usage import cpu_wait
from edge_video.runtime.shortage import is_shortage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge_video.metrics.cpu import CpuUse
    from edge_video.runtime.timer import Clock


SHORTEST_INTERVAL_S: Final = 0.5
"""Sooner than this after a measurement, CPU figures are repeated: the kernel counts CPU in steps
of 10 ms, which over a few milliseconds reads as anything from nothing to several cores."""


@dataclass(slots=True)
class _Watched:
    """A process and the CPU seconds it had used at the last measurement of CPU."""

    process: psutil.Process
    cpu_s: float
    cpu_percent: float | None = None
    """Of one core, between the last two measurements of CPU."""
    waited_s: float | None = None
    """For CPU, at the last measurement of CPU."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A child as it is now; its `watched` still holds the CPU seconds of the measurement before."""

    watched: _Watched
    cpu_s: float
    rss_bytes: int
    waited_s: float | None


@dataclass(frozen=True, slots=True)
class _Cpu:
    """Percent of one core; the machine's in percent of all. None before it was measured."""

    own: float | None = None
    ffmpeg: float | None = None
    system: float | None = None
    use: CpuUse | None = None


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """What psutil and the kernel do not tell; a machine short of descriptors is another matter."""
    try:
        yield
    except (psutil.Error, OSError, ValueError, LookupError, RuntimeError, AttributeError) as error:
        if is_shortage(error):
            raise
        raise NotMeasurableError(why_not_measurable(error)) from error


@dataclass(slots=True)
class Collections:
    """What is remembered of the garbage collector; outlives the sampler that watches it."""

    last_at_s: float | None = None
    """Monotonic clock, when it last ran; None when nobody has seen it run."""


class ProcessSampler:
    """Takes measurements; CPU is the share of one core since the measurement before.

    CPU is computed from each process's own CPU seconds, so a child that began after the previous
    measurement counts from its first second: a camera whose FFmpeg is restarted all the time
    would otherwise look idle. What a child used between the last measurement and its death is
    nowhere recorded and not guessed.

    All methods belong to one thread (psutil keeps the machine's CPU figure per thread).

    Args:
        ffmpeg_pids: the process ids of the FFmpeg children at this moment.
        live_actors: the number of live actors of this process.
        clock: for the time between measurements.
        collections: what a sampler before this one saw of the garbage collector; goes on here.
    """

    def __init__(
        self,
        ffmpeg_pids: Callable[[], Iterable[int]],
        live_actors: Callable[[], int],
        clock: Clock,
        collections: Collections | None = None,
    ) -> None:
        self._ffmpeg_pids = ffmpeg_pids
        self._live_actors = live_actors
        self._clock = clock
        self._own: psutil.Process | None = None
        self._own_cpu_s = 0.0
        self._cpu = _Cpu()
        self._use_meter = CpuUseMeter()
        self._children: dict[int, _Watched] = {}
        self._measured_at_s: float | None = None
        self._collections = collections or Collections()
        self._started = False

    def start(self) -> None:
        """Take the first reading of every CPU counter and watch the garbage collector."""
        if self._started:
            return
        self._started = True
        gc.callbacks.append(self._on_collection)
        with contextlib.suppress(NotMeasurableError):  # the next sample says so again
            self.sample()

    def close(self) -> None:
        """Stop watching the garbage collector. Idempotent."""
        if self._started:
            self._started = False
            gc.callbacks.remove(self._on_collection)

    def rss_bytes(self) -> int:
        """Resident memory of this process alone; costs one read.

        Raises:
            NotMeasurableError: the machine does not say.
        """
        with _in_words():
            return int(self._process().memory_info().rss)

    def _process(self) -> psutil.Process:
        if self._own is None:  # not before somebody can hear that it fails
            self._own = psutil.Process()
        return self._own

    def sample(self) -> ProcessSample:
        """One measurement. The memory level is left at its default, for the caller to fill in.

        Children that are gone, zombies or not ours to read are left out. Without `start` the
        first measurement has no CPU figures.

        Raises:
            NotMeasurableError: the machine does not say: there is no `/proc`, or no permission.
        """
        with _in_words():
            return self._sample()

    def _sample(self) -> ProcessSample:
        readings = self._read_children()
        self._measure_cpu(readings)
        ram = psutil.virtual_memory()
        return ProcessSample(
            cpu_percent=self._cpu.own,
            rss_bytes=self.rss_bytes(),
            ffmpeg_processes=len(readings),
            ffmpeg_cpu_percent=self._cpu.ffmpeg,
            ffmpeg_rss_bytes=sum(each.rss_bytes for each in readings),
            system_ram_bytes=ram.total,
            system_ram_used_percent=ram.percent,
            system_cpu_percent=self._cpu.system,
            threads=self._process().num_threads(),
            actors=self._live_actors(),
            allocated_blocks=sys.getallocatedblocks(),
            gc_collections=sum(generation["collections"] for generation in gc.get_stats()),
            gc_last_ago_s=self._since_collection_s(),
            cpu=self._cpu.use,
            ffmpegs=tuple(
                FfmpegSample(
                    each.watched.process.pid,
                    each.cpu_s,
                    each.rss_bytes,
                    each.watched.cpu_percent,
                )
                for each in readings
            ),
        )

    def _measure_cpu(self, readings: list[_Reading]) -> None:
        """Bring the CPU figures up to date, when enough time has passed to have any."""
        now_s = self._clock.monotonic()
        since_s = self._measured_at_s
        if since_s is not None and now_s - since_s < SHORTEST_INTERVAL_S:
            return
        self._measured_at_s = now_s
        times = self._process().cpu_times()
        own_cpu_s = times.user + times.system
        own_used_s, self._own_cpu_s = own_cpu_s - self._own_cpu_s, own_cpu_s
        elapsed_s = None if since_s is None else now_s - since_s
        worked = _sum_of([_worked(each, elapsed_s) for each in readings])
        use = self._use_meter.measure(own_used_s, worked, elapsed_s)
        system = psutil.cpu_percent(interval=None)
        if elapsed_s is not None:
            self._cpu = _Cpu(
                own=100.0 * own_used_s / elapsed_s,
                ffmpeg=100.0 * worked.cpu_s / elapsed_s,
                system=system,
                use=use,
            )

    def _read_children(self) -> list[_Reading]:
        """One reading of every child that lives."""
        pids = set(self._ffmpeg_pids())
        self._children = {pid: each for pid, each in self._children.items() if pid in pids}
        readings = []
        for pid in pids:
            try:
                readings.append(self._read_child(pid))
            except psutil.NoSuchProcess:  # a zombie is one as well
                self._children.pop(pid, None)
            except (psutil.Error, OSError, ValueError):
                # It may die between any two reads, and each read has its own way to say so. One
                # that lives is read next time: what it used until now must not count once more.
                continue
        return readings

    def _read_child(self, pid: int) -> _Reading:
        watched = self._children.get(pid)
        if watched is None or not watched.process.is_running():  # gone, or its pid is another's
            watched = self._children[pid] = _Watched(psutil.Process(pid), 0.0)
        with watched.process.oneshot():
            if watched.process.status() == psutil.STATUS_ZOMBIE:
                raise psutil.ZombieProcess(pid)
            times = watched.process.cpu_times()
            rss_bytes = int(watched.process.memory_info().rss)
        return _Reading(watched, times.user + times.system, rss_bytes, cpu_wait(pid))

    def _since_collection_s(self) -> float | None:
        last_at_s = self._collections.last_at_s
        return None if last_at_s is None else max(0.0, self._clock.monotonic() - last_at_s)

    def _on_collection(self, phase: str, _details: dict[str, int]) -> None:
        # Runs inside the collector, on whichever thread set it off.
        if phase == "stop":
            self._collections.last_at_s = self._clock.monotonic()


def _worked(reading: _Reading, elapsed_s: float | None) -> Worked:
    """Return what a child has done since the measurement before, and take note of it."""
    watched = reading.watched
    used_s = reading.cpu_s - watched.cpu_s
    is_new = not watched.cpu_s
    before_s, now_s = watched.waited_s, reading.waited_s
    watched.cpu_s, watched.waited_s = reading.cpu_s, now_s
    watched.cpu_percent = None if elapsed_s is None else 100.0 * used_s / elapsed_s
    if now_s is None or (before_s is None and not is_new):  # all its waiting is of no interval
        return Worked(used_s, None)
    return Worked(used_s, max(0.0, now_s - (before_s or 0.0)))


def _sum_of(worked: list[Worked]) -> Worked:
    waited = [each.waited_s for each in worked if each.waited_s is not None]
    return Worked(sum(each.cpu_s for each in worked), sum(waited) if waited else None)
