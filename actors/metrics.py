"""Measures this process, its FFmpeg children and the machine at intervals."""

from __future__ import annotations

import gc
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell
from edge_video.actors.cpu_messages import CpuShortageChanged
from edge_video.actors.messages import (
    Begin,
    MemoryLevelChanged,
    MemoryTick,
    ProcessMeasured,
    Tick,
)
from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.cpu import CpuJudge, CpuShortage
from edge_video.metrics.measuring import NotMeasurableError
from edge_video.metrics.memory import MemoryLevel, MemoryPolicy, level_after, should_collect
from edge_video.metrics.sample import dearest_camera

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.metrics.sample import ProcessSample
    from edge_video.runtime.timer import Clock, Timer


_log = logging.getLogger(__name__)

MetricsMessage: TypeAlias = Begin | Tick | MemoryTick
"""What the actor understands, besides what `base` says of all."""


class Sampler(Protocol):
    """What the actor needs of `edge_video.metrics.sampler.ProcessSampler`.

    Measuring raises `NotMeasurableError` where the machine does not let itself be measured.
    """

    def start(self) -> None:
        """Begin to watch the garbage collector."""
        ...

    def sample(self) -> ProcessSample:
        """Measure once."""
        ...

    def rss_bytes(self) -> int:
        """Resident memory of this process, nothing else: cheap."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


@dataclass(frozen=True, slots=True)
class MetricsRuntime:
    """What a metrics actor needs.

    Attributes:
        timer: for measuring at intervals.
        sampler: makes what measures.
        memory: the policy of the memory controller.
        clock: says how long CPU is short.
        cameras: which FFmpeg is whose, by process id.
        sample_interval_s: seconds between two measurements.
        allow_faults: whether faults on purpose are executed.
    """

    timer: Timer
    sampler: Callable[[], Sampler]
    memory: MemoryPolicy
    clock: Clock
    cameras: Callable[[], Mapping[int, str]] = dict
    sample_interval_s: float = 5.0
    allow_faults: bool = False


class MetricsActor(ChildActor):
    """Owns psutil. Tells its supervisor a `ProcessMeasured` each interval.

    It also runs the measuring half of the memory controller: the level, and the garbage
    collector when the level asks for it; what a level means for cameras is the supervisor's. And it
    judges whether there is CPU enough.
    """

    NAME = "metrics"
    UNDERSTOOD = get_args(MetricsMessage)

    def __init__(
        self,
        *,
        runtime: MetricsRuntime,
        level: MemoryLevel = MemoryLevel.NORMAL,
        shortage: CpuShortage | None = None,
        **options: Unpack[ChildOptions],
    ) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._sampler: Sampler | None = None
        self._level = level
        self._shortage = shortage
        since_s = runtime.clock.monotonic() - shortage.lasted_s if shortage is not None else None
        self._cpu = CpuJudge(since_s)
        self._is_measurable = True

    def handle(self, message: MetricsMessage) -> object:
        """Dispatch."""
        match message:
            case Begin():
                self._begin()
            case Tick():
                self._measure()
            case MemoryTick():
                self._look_at_memory()
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:  # noqa: ARG002 - same in every death
        """Let go of the garbage collector's hook."""
        if self._sampler is not None:
            self._sampler.close()

    def _begin(self) -> None:
        self._sampler = self._runtime.sampler()
        self._sampler.start()
        self.tick_every(self._runtime.timer, self._runtime.sample_interval_s, Tick())
        if self._runtime.memory.enabled:
            interval_s = self._runtime.memory.check_interval_s
            self.tick_every(self._runtime.timer, interval_s, MemoryTick())
        self._measure()

    def _measure(self) -> None:
        assert self._sampler is not None
        policy = self._runtime.memory
        try:
            measured = self._sampler.sample()
        except NotMeasurableError as error:
            self._tell_once(str(error))
            return
        self._tell_once(None)
        sample = replace(
            measured,
            memory_level=self._level,
            memory_limit_bytes=policy.limit_bytes if policy.enabled else None,
            cpu_shortage=self._judged(measured),
        )
        tell(self._supervisor, ProcessMeasured(sample))

    def _judged(self, sample: ProcessSample) -> CpuShortage | None:
        """The shortage of CPU, if there is one; its begin and its end are told."""
        now_s = self._runtime.clock.monotonic()
        before, self._cpu = self._cpu, self._cpu.observe(sample.cpu, now_s)
        last, since_s = self._shortage, self._cpu.short_since_s
        if since_s is None:
            self._shortage = None
            if last is not None and before.short_since_s is not None:
                lasted_s = now_s - before.short_since_s
                tell(self._supervisor, CpuShortageChanged(last, lasted_s))
            return None
        use = sample.cpu or (last.use if last is not None else None)
        if use is not None:
            dearest = dearest_camera(sample.ffmpegs, self._runtime.cameras())
            mean_percent = self._cpu.mean_percent or use.used_percent
            self._shortage = CpuShortage(now_s - since_s, use, mean_percent, *dearest)
            if last is None:
                tell(self._supervisor, CpuShortageChanged(self._shortage))
        return self._shortage

    def _tell_once(self, reason: str | None) -> None:
        """That nothing can be measured, and why; or, with None, that it can again."""
        was_measurable, self._is_measurable = self._is_measurable, reason is None
        if was_measurable and reason is not None:
            log_event(_log, LogEvent.MEASURING_FAILED, reason=reason)
            # What was measured before is not what is now.
            tell(self._supervisor, ProcessMeasured(None))
        elif not was_measurable and reason is None:
            log_event(_log, LogEvent.MEASURING_RESUMED)

    def _look_at_memory(self) -> None:
        assert self._sampler is not None
        policy = self._runtime.memory
        try:
            used_bytes = self._sampler.rss_bytes()
        except NotMeasurableError as error:
            self._tell_once(str(error))
            return
        before, self._level = self._level, level_after(self._level, used_bytes, policy)
        if self._level is not before:
            change = MemoryLevelChanged(self._level, used_bytes, policy.limit_bytes)
            tell(self._supervisor, change)
            self._measure()
        if should_collect(self._level, used_bytes, policy):
            gc.collect()
