"""The memory controller's levels: thresholds, hysteresis, and that more memory is never better."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_video.metrics.memory import MemoryLevel, MemoryPolicy, level_after, should_collect

NORMAL, WARNING = MemoryLevel.NORMAL, MemoryLevel.WARNING
CRITICAL, EMERGENCY = MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY

# 100 MB, so that a percent is a MB.
MB: Final = 1024 * 1024
POLICY: Final = MemoryPolicy(enabled=True, max_memory_mb=100)
ORDER: Final = {NORMAL: 0, WARNING: 1, CRITICAL: 2, EMERGENCY: 3}

LEVELS: Final = st.sampled_from(list(MemoryLevel))
USAGES: Final = st.integers(0, 150 * MB)


@st.composite
def policies(draw: st.DrawFn) -> MemoryPolicy:
    warning, critical, emergency = sorted(draw(st.floats(0.5, 120.0)) for _ in range(3))
    return MemoryPolicy(
        enabled=True,
        max_memory_mb=draw(st.integers(1, 200)),
        warning_percent=warning,
        critical_percent=critical,
        emergency_percent=emergency,
        gc_trigger_percent=draw(st.floats(0.5, 120.0)),
    )


@pytest.mark.parametrize(
    ("used_mb", "level"),
    [
        (0, NORMAL),
        (59, NORMAL),
        (60, WARNING),
        (74, WARNING),
        (75, CRITICAL),
        (84, CRITICAL),
        (85, EMERGENCY),
        (130, EMERGENCY),
    ],
)
def test_a_level_is_entered_at_its_threshold(used_mb: int, level: MemoryLevel) -> None:
    assert level_after(NORMAL, used_mb * MB, POLICY) is level


def test_a_level_is_entered_at_the_very_byte() -> None:
    assert level_after(NORMAL, 60 * MB - 1, POLICY) is NORMAL
    assert level_after(NORMAL, 60 * MB, POLICY) is WARNING


@pytest.mark.parametrize(
    ("previous", "used_mb", "level"),
    [
        (WARNING, 56, WARNING),
        (WARNING, 55, NORMAL),
        (CRITICAL, 71, CRITICAL),
        (CRITICAL, 70, WARNING),
        (CRITICAL, 56, WARNING),
        (CRITICAL, 55, NORMAL),
        (EMERGENCY, 81, EMERGENCY),
        (EMERGENCY, 80, CRITICAL),
        (EMERGENCY, 71, CRITICAL),
        (EMERGENCY, 10, NORMAL),
    ],
)
def test_a_level_is_left_five_points_below_its_threshold(
    previous: MemoryLevel, used_mb: int, level: MemoryLevel
) -> None:
    assert level_after(previous, used_mb * MB, POLICY) is level


def test_a_process_that_breathes_around_a_threshold_does_not_flap() -> None:
    levels = []
    level = NORMAL
    for used_mb in (58, 60, 58, 61, 57, 60, 56, 59, 54, 59, 60):
        level = level_after(level, used_mb * MB, POLICY)
        levels.append(level)
    assert levels == [NORMAL, *[WARNING] * 7, NORMAL, NORMAL, WARNING]


def test_a_disabled_controller_is_always_normal_and_never_collects() -> None:
    off = MemoryPolicy(enabled=False, max_memory_mb=0)
    assert level_after(EMERGENCY, 10**12, off) is NORMAL
    assert not should_collect(EMERGENCY, 10**12, off)


def test_the_garbage_collector_runs_from_warning_on() -> None:
    assert not should_collect(NORMAL, 59 * MB, POLICY)
    assert should_collect(WARNING, 60 * MB, POLICY)
    assert should_collect(WARNING, 56 * MB, POLICY)
    assert should_collect(EMERGENCY, 90 * MB, POLICY)


def test_a_lower_trigger_runs_the_garbage_collector_before_warning() -> None:
    early = MemoryPolicy(enabled=True, max_memory_mb=100, gc_trigger_percent=40.0)
    assert not should_collect(NORMAL, 40 * MB - 1, early)
    assert should_collect(NORMAL, 40 * MB, early)


@given(previous=LEVELS, less=USAGES, more=USAGES, policy=policies())
def test_more_memory_never_means_a_lower_level(
    previous: MemoryLevel, less: int, more: int, policy: MemoryPolicy
) -> None:
    less, more = sorted((less, more))
    lower, higher = level_after(previous, less, policy), level_after(previous, more, policy)
    assert ORDER[lower] <= ORDER[higher]
    assert should_collect(lower, less, policy) <= should_collect(higher, more, policy)


@given(one=LEVELS, other=LEVELS, used=USAGES, policy=policies())
def test_a_higher_level_before_never_means_a_lower_level_after(
    one: MemoryLevel, other: MemoryLevel, used: int, policy: MemoryPolicy
) -> None:
    low, high = sorted((one, other), key=ORDER.__getitem__)
    assert ORDER[level_after(low, used, policy)] <= ORDER[level_after(high, used, policy)]


@given(previous=LEVELS, used=USAGES, policy=policies())
def test_the_same_measurement_again_changes_nothing(
    previous: MemoryLevel, used: int, policy: MemoryPolicy
) -> None:
    level = level_after(previous, used, policy)
    assert level_after(level, used, policy) is level


@given(previous=LEVELS, used=USAGES, between=USAGES, policy=policies())
def test_falling_in_steps_ends_where_falling_at_once_does(
    previous: MemoryLevel, used: int, between: int, policy: MemoryPolicy
) -> None:
    assume(used <= between)
    assume(ORDER[level_after(previous, between, policy)] <= ORDER[previous])
    in_steps = level_after(level_after(previous, between, policy), used, policy)
    assert in_steps is level_after(previous, used, policy)


@given(previous=LEVELS, used=USAGES, policy=policies())
def test_a_level_is_never_more_than_the_hysteresis_too_high_and_never_too_low(
    previous: MemoryLevel, used: int, policy: MemoryPolicy
) -> None:
    percent = used / policy.limit_bytes * 100
    thresholds = {
        WARNING: policy.warning_percent,
        CRITICAL: policy.critical_percent,
        EMERGENCY: policy.emergency_percent,
    }
    level = level_after(previous, used, policy)
    for each, threshold in thresholds.items():
        if percent >= threshold + 1e-9:
            assert ORDER[level] >= ORDER[each]
        if percent <= threshold - 5.0 - 1e-9:
            assert ORDER[level] < ORDER[each]
    if ORDER[level] > ORDER[previous]:
        assert percent >= thresholds[level] - 1e-9


@given(previous=LEVELS, policy=policies())
def test_every_level_can_be_left(previous: MemoryLevel, policy: MemoryPolicy) -> None:
    assert level_after(previous, 0, policy) is NORMAL


@pytest.mark.parametrize(
    ("knob", "figure"),
    [
        ("max_memory_mb", 0),
        ("warning_percent", 0.0),
        ("warning_percent", 80.0),
        ("emergency_percent", 70.0),
        ("critical_percent", float("nan")),
        ("check_interval_s", 0.0),
        ("gc_trigger_percent", -1.0),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_name(knob: str, figure: float) -> None:
    knobs: dict[str, Any] = {"enabled": True, "max_memory_mb": 100, knob: figure}
    with pytest.raises(ValueError, match=knob):
        MemoryPolicy(**knobs)
