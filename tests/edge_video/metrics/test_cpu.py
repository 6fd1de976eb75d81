"""When CPU is short, by what, and who costs most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.metrics.cpu import (
    CpuBound,
    CpuJudge,
    CpuReading,
    CpuUse,
    cpu_use,
)
from edge_video.metrics.sample import FfmpegSample, dearest_camera

IDLE = CpuReading(
    machine_cores=4.0,
    bound_cores=4.0,
    quota_cores=None,
    busy=1.0,
    own=0.9,
    stolen_percent=0.0,
    waiting_percent=None,
)
USE = CpuUse(95.0, CpuBound.CORES, 4.0, 0.1, 0.0, None)


@pytest.mark.parametrize(
    ("changed", "percent", "bound", "cores"),
    [
        ({}, 25, CpuBound.CORES, 4),
        ({"busy": 3.8, "own": 3.5}, 95, CpuBound.CORES, 4),
        ({"busy": 3.8, "own": 0.4}, 95, CpuBound.OTHERS, 4),
        ({"quota_cores": 1.0}, 90, CpuBound.QUOTA, 1),
        ({"quota_cores": 8.0}, 25, CpuBound.CORES, 4),
        ({"bound_cores": 1.0}, 90, CpuBound.CORES, 1),
        ({"stolen_percent": 75.0}, 100, CpuBound.STOLEN, 1),
        # Niced, it counts as nothing by what the machine says of its busy cores.
        ({"busy": 0.0, "own": 3.8}, 95, CpuBound.CORES, 4),
        # Niced programs of another control group need not give way.
        ({"niced": 2.8}, 25, CpuBound.CORES, 4),
        ({"niced": 2.8, "ffmpegs_waiting_percent": 60.0}, 95, CpuBound.OTHERS, 4),
        ({"quota_cores": 0.0, "own": 0.0, "busy": 0.0}, 0, CpuBound.CORES, 4),
    ],
)
def test_the_narrowest_bound_counts(
    changed: dict[str, float], percent: float, bound: CpuBound, cores: float
) -> None:
    found = cpu_use(replace(IDLE, **changed))
    assert found.used_percent == pytest.approx(percent)
    assert (found.bound, found.cores) == (bound, cores)


def judged(judge: CpuJudge, percents: list[float], begin_s: float = 0.0) -> CpuJudge:
    for number, percent in enumerate(percents):
        judge = judge.observe(replace(USE, used_percent=percent), begin_s + 5.0 * number)
    return judge


def test_a_minute_over_the_threshold_is_a_shortage_and_less_is_none() -> None:
    assert judged(CpuJudge(), [95.0] * 11).short_since_s is None
    short = judged(CpuJudge(), [95.0] * 13)
    assert short.short_since_s is not None
    assert short.short_since_s <= 5.0
    assert judged(CpuJudge(), [100.0] * 6 + [70.0] * 30).short_since_s is None


def test_one_moment_of_less_does_not_end_the_count() -> None:
    assert judged(CpuJudge(), [100.0] * 6 + [60.0] + [100.0] * 6).short_since_s is not None


def test_it_is_over_only_when_there_is_clearly_enough() -> None:
    short = judged(CpuJudge(), [95.0] * 13)
    assert judged(short, [85.0] * 40, 65.0).short_since_s == short.short_since_s
    assert judged(short, [60.0] * 13, 65.0).short_since_s is None


def test_what_cannot_be_measured_changes_no_judgement() -> None:
    short = judged(CpuJudge(), [95.0] * 13)
    gone = short.observe(None, 70.0)
    assert gone.short_since_s == short.short_since_s
    assert gone.window == ()
    assert judged(gone, [10.0] * 5, 75.0).short_since_s == short.short_since_s
    assert CpuJudge().observe(None, 0.0) == CpuJudge()


def test_the_window_is_bounded_and_a_repeated_measurement_counts_once() -> None:
    judge = CpuJudge()
    for tenth in range(10_000):
        judge = judge.observe(USE, tenth / 10)
    assert 50 <= len(judge.window) <= 64


def test_the_dearest_camera_is_that_of_all_its_ffmpegs() -> None:
    ffmpegs = [
        FfmpegSample(1, 0.0, 0, 40.0),
        FfmpegSample(2, 0.0, 0, 30.0),
        FfmpegSample(3, 0.0, 0, 30.0),
        FfmpegSample(4, 0.0, 0, None),
        FfmpegSample(5, 0.0, 0, 99.0),
    ]
    assert dearest_camera(ffmpegs, {1: "door", 2: "yard", 3: "yard", 4: "hall"}) == ("yard", 60.0)
    assert dearest_camera([], {}) == ("", 0.0)
