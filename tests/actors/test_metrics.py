"""The metrics actor on its own; what it measures is played."""

from __future__ import annotations

import gc
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pykka
import pytest

from edge_video.actors.base import join
from edge_video.actors.cpu_messages import CpuShortageChanged
from edge_video.actors.messages import ActorEnded, InjectFault, MemoryLevelChanged, ProcessMeasured
from edge_video.actors.metrics import MetricsActor, MetricsRuntime
from edge_video.faults import CrashActor
from edge_video.metrics.cpu import CpuBound, CpuShortage, CpuUse
from edge_video.metrics.measuring import NotMeasurableError
from edge_video.metrics.memory import MemoryLevel, MemoryPolicy
from edge_video.metrics.sample import FfmpegSample, ProcessSample
from edge_video.testing import FakeClock, FakeTimer
from tests.support.actors import RecordingActor, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
SAMPLE = ProcessSample(
    cpu_percent=1.0,
    rss_bytes=MIB,
    ffmpeg_processes=0,
    ffmpeg_cpu_percent=0.0,
    ffmpeg_rss_bytes=0,
    system_ram_bytes=MIB,
    system_ram_used_percent=1.0,
    system_cpu_percent=1.0,
    threads=1,
    actors=1,
    allocated_blocks=1,
    gc_collections=0,
    gc_last_ago_s=None,
)


class PlayedSampler:
    """Satisfies `Sampler`."""

    def __init__(self) -> None:
        self.rss = 10 * MIB
        self.watching = False
        self.hidden = False
        self.cpu: CpuUse | None = None
        self.ffmpegs: tuple[FfmpegSample, ...] = ()

    def start(self) -> None:
        self.watching = True

    def sample(self) -> ProcessSample:
        return replace(SAMPLE, rss_bytes=self.rss_bytes(), cpu=self.cpu, ffmpegs=self.ffmpegs)

    def rss_bytes(self) -> int:
        if self.hidden:
            raise NotMeasurableError("/proc/self/statm: No such file or directory")
        return self.rss

    def close(self) -> None:
        self.watching = False


class Stage:
    def __init__(
        self,
        *,
        enabled: bool = True,
        level: MemoryLevel = MemoryLevel.NORMAL,
        shortage: CpuShortage | None = None,
    ) -> None:
        self.timer = FakeTimer(FakeClock())
        self.sampler = PlayedSampler()
        self.recorder = RecordingActor.start()
        runtime = MetricsRuntime(
            timer=self.timer,
            sampler=lambda: self.sampler,
            memory=MemoryPolicy(enabled=enabled, max_memory_mb=100, check_interval_s=2.0),
            clock=self.timer.clock,
            cameras=lambda: {7: "door", 8: "yard"},
            allow_faults=True,
        )
        self.metrics = MetricsActor.start(
            runtime=runtime, supervisor=self.recorder, level=level, shortage=shortage
        )
        quiesce()

    def advance(self, seconds: float) -> None:
        self.timer.advance(seconds)
        quiesce()

    def pass_time(self, seconds: int) -> None:
        """As `advance`, so slowly that the actor sees each second."""
        for _ in range(seconds // 5):
            self.advance(5)

    def samples(self) -> list[ProcessSample]:
        told = heard_by(self.recorder, ProcessMeasured)
        return [each.sample for each in told if each.sample is not None]

    def levels(self) -> list[MemoryLevelChanged]:
        return heard_by(self.recorder, MemoryLevelChanged)

    def shortages(self) -> list[CpuShortageChanged]:
        return heard_by(self.recorder, CpuShortageChanged)

    def end(self) -> None:
        self.metrics.stop(timeout=5)
        join([self.metrics], time.monotonic() + 5)


@pytest.fixture
def stages() -> Iterator[list[Stage]]:
    made: list[Stage] = []
    yield made
    for stage in made:
        stage.end()
        stage.recorder.stop(timeout=5)
    assert pykka.ActorRegistry.get_all() == []


def test_it_measures_at_once_and_then_every_five_seconds(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    assert len(stage.samples()) == 1
    stage.advance(4.9)
    assert len(stage.samples()) == 1
    stage.advance(0.1)
    assert len(stage.samples()) == 2


def test_a_change_of_the_memory_level_is_told_once(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    stage.sampler.rss = 80 * MIB
    stage.advance(4)
    assert stage.levels() == [MemoryLevelChanged(MemoryLevel.CRITICAL, 80 * MIB, 100 * MIB)]
    assert stage.samples()[-1].memory_level is MemoryLevel.CRITICAL
    assert stage.samples()[-1].memory_limit_bytes == 100 * MIB
    stage.sampler.rss = 10 * MIB
    stage.advance(2)
    assert [each.level for each in stage.levels()][1:] == [MemoryLevel.NORMAL]


BUSY = CpuUse(96.0, CpuBound.QUOTA, 1.5, 0.1, 0.0, None)


def test_cpu_that_is_short_is_told_once_with_the_dearest_camera_and_once_at_its_end(
    stages: list[Stage],
) -> None:
    stages.append(stage := Stage())
    stage.sampler.cpu = BUSY
    stage.sampler.ffmpegs = (FfmpegSample(7, 1.0, 1, 30.0), FfmpegSample(8, 2.0, 1, 80.0))
    stage.pass_time(50)
    assert stage.shortages() == []
    assert stage.samples()[-1].cpu_shortage is None
    stage.pass_time(60)
    (told,) = stage.shortages()
    assert told.lasted_s is None
    assert (told.shortage.camera_id, told.shortage.camera_percent) == ("yard", 80.0)
    assert told.shortage.use == BUSY
    assert pytest.approx(told.shortage.used_percent) == 96
    shown = stage.samples()[-1].cpu_shortage
    assert shown is not None
    assert shown.lasted_s == pytest.approx(105, abs=6)
    stage.sampler.cpu = replace(BUSY, used_percent=20.0)
    stage.pass_time(60)
    _, over = stage.shortages()
    assert over.lasted_s == pytest.approx(120, abs=25)
    assert stage.samples()[-1].cpu_shortage is None


def test_a_restarted_actor_goes_on_with_the_shortage_of_its_predecessor(
    stages: list[Stage],
) -> None:
    stages.append(stage := Stage(shortage=CpuShortage(300.0, BUSY, 97.0, "door", 50.0)))
    stage.sampler.cpu = BUSY
    stage.pass_time(120)
    assert stage.shortages() == []
    shown = stage.samples()[-1].cpu_shortage
    assert shown is not None
    assert shown.lasted_s == pytest.approx(420, abs=1)
    stage.sampler.cpu = None
    stage.pass_time(30)
    assert stage.samples()[-1].cpu_shortage is not None
    stage.sampler.cpu = replace(BUSY, used_percent=20.0)
    stage.pass_time(70)
    (over,) = stage.shortages()
    assert over.lasted_s is not None
    assert over.lasted_s > 400


def test_garbage_is_collected_while_memory_is_short(
    stages: list[Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[int] = []
    stages.append(stage := Stage())
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))
    stage.advance(2)
    assert collected == []
    stage.sampler.rss = 65 * MIB
    stage.advance(4)
    assert len(collected) == 2


def test_without_the_memory_controller_there_is_no_level_and_no_limit(
    stages: list[Stage],
) -> None:
    stages.append(stage := Stage(enabled=False))
    stage.sampler.rss = 1000 * MIB
    stage.advance(60)
    assert stage.levels() == []
    assert stage.samples()[-1].memory_limit_bytes is None


def test_a_successor_starts_from_the_level_that_was_in_force(stages: list[Stage]) -> None:
    stages.append(stage := Stage(level=MemoryLevel.EMERGENCY))
    assert stage.samples()[0].memory_level is MemoryLevel.EMERGENCY
    stage.advance(2)
    assert [each.level for each in stage.levels()] == [MemoryLevel.NORMAL]


def test_a_crash_lets_go_of_the_garbage_collector_and_of_the_timer(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    stage.metrics.tell(InjectFault("metrics", CrashActor("boom")))
    join([stage.metrics], time.monotonic() + 5)
    assert not stage.sampler.watching
    assert stage.timer.next_in_s() is None
    ended = heard_by(stage.recorder, ActorEnded)
    assert ended == [ActorEnded("metrics", 0, "RequestedCrashError: boom")]


def test_what_cannot_be_measured_is_told_once_and_is_no_crash(
    stages: list[Stage], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    stages.append(stage)
    stage.sampler.hidden = True
    stage.advance(30)
    assert [each.sample for each in heard_by(stage.recorder, ProcessMeasured)][1:] == [None]
    stage.sampler.hidden = False
    stage.advance(5)
    assert stage.samples()[-1].rss_bytes == stage.sampler.rss
    told = [getattr(each, "event", None) for each in caplog.records]
    assert told.count("measuring_failed") == 1
    assert told.count("measuring_resumed") == 1
    assert stage.levels() == []
    assert heard_by(stage.recorder, ActorEnded) == []
