from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from edge_video.metrics.memory import MemoryLevel
from edge_video.metrics.sampler import SHORTEST_INTERVAL_S, ProcessSampler
from edge_video.runtime.timer import SystemClock
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUSY = "import sys\nsys.stdout.write('on\\n'); sys.stdout.flush()\nwhile True: pass"
IDLE = "import sys, time\nsys.stdout.write('on\\n'); sys.stdout.flush()\ntime.sleep(60)"


class Children:
    """Child processes of a test; `pids` is what a sampler asks for."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[str]] = []
        self.pids: list[int] = []

    def start(self, program: str) -> subprocess.Popen[str]:
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        self.running.append(child)
        self.pids.append(child.pid)
        assert child.stdout is not None
        assert child.stdout.readline() == "on\n"
        return child

    def end(self, child: subprocess.Popen[str]) -> None:
        child.kill()
        child.wait()

    def close(self) -> None:
        for child in self.running:
            self.end(child)
            assert child.stdout is not None
            child.stdout.close()


@pytest.fixture
def children() -> Iterator[Children]:
    started = Children()
    yield started
    started.close()


@pytest.fixture
def samplers() -> Iterator[Callable[..., ProcessSampler]]:
    made: list[ProcessSampler] = []

    def make(children: Children | None = None, clock: FakeClock | None = None) -> ProcessSampler:
        pids = children.pids if children else []
        sampler = ProcessSampler(lambda: pids, lambda: 9, clock or SystemClock())
        made.append(sampler)
        return sampler

    yield make
    for sampler in made:
        sampler.close()


def measured(percent: float | None) -> float:
    assert percent is not None
    return percent


def burn(process: psutil.Process, cpu_s: float) -> None:
    """Wait until a process has used so much more CPU."""
    goal = sum(process.cpu_times()[:2]) + cpu_s
    deadline = time.monotonic() + 30
    while sum(process.cpu_times()[:2]) < goal:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_this_process_and_the_machine_are_measured(
    samplers: Callable[..., ProcessSampler],
) -> None:
    sampler = samplers()
    sampler.start()
    sample = sampler.sample()
    assert sample.rss_bytes > 5_000_000
    assert sampler.rss_bytes() > 5_000_000
    assert sample.system_ram_bytes == psutil.virtual_memory().total
    assert 0 < sample.system_ram_used_percent <= 100
    assert sample.threads >= threading.active_count()
    assert sample.actors == 9
    assert sample.allocated_blocks > 1000
    assert sample.ffmpeg_processes == 0
    assert sample.ffmpeg_rss_bytes == 0
    assert sample.memory_level is MemoryLevel.NORMAL
    assert sample.memory_limit_bytes is None


def test_cpu_is_the_share_of_one_core_since_the_previous_sample(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    clock = FakeClock()
    busy = children.start(BUSY)
    children.start(IDLE)
    sampler = samplers(children, clock)
    sampler.start()
    process = psutil.Process(busy.pid)
    used_before_s = sum(process.cpu_times()[:2])
    burn(process, 0.3)
    process.suspend()
    used_s = sum(process.cpu_times()[:2]) - used_before_s
    clock.advance(10.0)
    sample = sampler.sample()
    assert sample.ffmpeg_processes == 2
    assert sample.ffmpeg_cpu_percent == pytest.approx(100 * used_s / 10.0, abs=0.7)
    assert sample.ffmpeg_rss_bytes > 2 * 1_000_000
    by_pid = {each.pid: each for each in sample.ffmpegs}
    assert by_pid[busy.pid].cpu_s == pytest.approx(sum(process.cpu_times()[:2]), abs=0.1)
    assert sum(each.rss_bytes for each in sample.ffmpegs) == sample.ffmpeg_rss_bytes
    clock.advance(10.0)
    assert sampler.sample().ffmpeg_cpu_percent == pytest.approx(0.0, abs=0.7)


def test_a_child_that_began_since_the_previous_sample_counts_in_full(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    clock = FakeClock()
    sampler = samplers(children, clock)
    sampler.start()
    process = psutil.Process(children.start(BUSY).pid)
    burn(process, 0.2)
    process.suspend()
    clock.advance(1.0)
    assert measured(sampler.sample().ffmpeg_cpu_percent) >= 20.0


def test_a_child_that_ran_before_the_first_sample_is_not_counted_for_it(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    clock = FakeClock()
    process = psutil.Process(children.start(BUSY).pid)
    burn(process, 0.2)
    process.suspend()
    sampler = samplers(children, clock)
    sampler.start()
    clock.advance(1.0)
    assert measured(sampler.sample().ffmpeg_cpu_percent) < 10.0


def test_own_cpu_is_measured(samplers: Callable[..., ProcessSampler]) -> None:
    clock = FakeClock()
    sampler = samplers(clock=clock)
    sampler.start()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    clock.advance(1.0)
    assert measured(sampler.sample().cpu_percent) >= 15.0
    clock.advance(1.0)
    assert measured(sampler.sample().cpu_percent) < 15.0


def test_without_start_the_first_sample_has_no_cpu_figures(
    samplers: Callable[..., ProcessSampler],
) -> None:
    sample = samplers().sample()
    assert sample.cpu_percent is None
    assert sample.ffmpeg_cpu_percent is None
    assert sample.system_cpu_percent is None


def test_a_sample_right_after_another_repeats_its_cpu_figures(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    clock = FakeClock()
    process = psutil.Process(children.start(BUSY).pid)
    sampler = samplers(children, clock)
    sampler.start()
    burn(process, 0.1)
    clock.advance(1.0)
    first = sampler.sample()
    assert measured(first.ffmpeg_cpu_percent) > 0
    burn(process, 0.1)
    clock.advance(SHORTEST_INTERVAL_S / 2)
    second = sampler.sample()
    assert second.ffmpeg_cpu_percent == first.ffmpeg_cpu_percent
    assert second.cpu_percent == first.cpu_percent
    burn(process, 0.1)
    process.suspend()
    clock.advance(1.0)
    # Both stretches of work count in the next real measurement.
    assert measured(sampler.sample().ffmpeg_cpu_percent) >= 100 * 0.18 / (
        1.0 + SHORTEST_INTERVAL_S / 2
    )


def test_a_child_that_is_gone_is_left_out(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    sampler = samplers(children)
    one, _ = children.start(IDLE), children.start(IDLE)
    sampler.start()
    assert sampler.sample().ffmpeg_processes == 2
    children.end(one)
    assert sampler.sample().ffmpeg_processes == 1


def test_a_child_that_is_no_longer_listed_is_forgotten(
    samplers: Callable[..., ProcessSampler], children: Children
) -> None:
    sampler = samplers(children)
    children.start(IDLE)
    sampler.start()
    children.pids.clear()
    assert sampler.sample().ffmpeg_processes == 0


def test_a_zombie_is_left_out(samplers: Callable[..., ProcessSampler], children: Children) -> None:
    sampler = samplers(children)
    child = children.start(IDLE)
    sampler.start()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    sample = sampler.sample()
    assert (sample.ffmpeg_processes, sample.ffmpeg_rss_bytes) == (0, 0)


@pytest.mark.parametrize("method", ["status", "cpu_times", "memory_info", "is_running"])
@pytest.mark.parametrize(
    "error", [psutil.NoSuchProcess(1), psutil.AccessDenied(1), ProcessLookupError()]
)
def test_a_child_that_dies_or_is_forbidden_at_any_read_is_left_out(
    samplers: Callable[..., ProcessSampler],
    children: Children,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    error: Exception,
) -> None:
    sampler = samplers(children)
    child = children.start(IDLE)
    sampler.start()
    real = getattr(psutil.Process, method)

    @functools.wraps(real)  # with psutil's caching attributes
    def fail(process: psutil.Process) -> object:
        if process.pid == child.pid:
            raise error
        return real(process)

    with monkeypatch.context() as patched:
        patched.setattr(psutil.Process, method, fail)
        assert sampler.sample().ffmpeg_processes == 0
    assert sampler.sample().ffmpeg_processes == 1


def test_a_read_that_fails_once_does_not_count_a_whole_life_as_one_interval(
    samplers: Callable[..., ProcessSampler], children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    process = psutil.Process(children.start(BUSY).pid)
    burn(process, 0.3)
    process.suspend()
    sampler = samplers(children, clock)
    sampler.start()

    real = psutil.Process.memory_info

    @functools.wraps(real)  # with psutil's caching attributes
    def fail(asked: psutil.Process) -> object:
        if asked.pid == process.pid:
            raise psutil.AccessDenied(asked.pid)
        return real(asked)

    clock.advance(1.0)
    with monkeypatch.context() as patched:
        patched.setattr(psutil.Process, "memory_info", fail)
        assert sampler.sample().ffmpeg_processes == 0
    clock.advance(1.0)
    sample = sampler.sample()
    assert sample.ffmpeg_processes == 1
    assert measured(sample.ffmpeg_cpu_percent) < 10.0


def test_a_pid_that_another_process_has_now_starts_from_zero(
    samplers: Callable[..., ProcessSampler], children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    process = psutil.Process(children.start(BUSY).pid)
    burn(process, 0.2)
    process.suspend()
    sampler = samplers(children, clock)
    sampler.start()
    clock.advance(1.0)
    monkeypatch.setattr(psutil.Process, "is_running", lambda _process: False)
    assert measured(sampler.sample().ffmpeg_cpu_percent) >= 20.0


def test_collections_are_counted_and_the_last_one_is_dated(
    samplers: Callable[..., ProcessSampler],
) -> None:
    clock = FakeClock()
    sampler = samplers(clock=clock)
    gc.disable()
    try:
        sampler.start()
        before = sampler.sample()
        gc.collect()
        clock.advance(3.0)
        after = sampler.sample()
    finally:
        gc.enable()
    assert before.gc_last_ago_s is None
    assert after.gc_last_ago_s == 3.0
    assert after.gc_collections == before.gc_collections + 1


def test_close_takes_the_hook_out_and_both_are_idempotent(
    samplers: Callable[..., ProcessSampler],
) -> None:
    hooks = len(gc.callbacks)
    sampler = samplers()
    sampler.start()
    sampler.start()
    assert len(gc.callbacks) == hooks + 1
    sampler.close()
    sampler.close()
    assert len(gc.callbacks) == hooks
