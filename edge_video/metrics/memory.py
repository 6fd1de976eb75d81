"""Decides how close the process is to its memory limit, and when to collect garbage.

Pure: whoever measures hands the figure in and acts on the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MemoryLevel(StrEnum):
    """How much of `memory_controller.max_memory_mb` this process uses."""

    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


HYSTERESIS_PERCENT: Final = 5.0
"""Points of the limit by which usage must fall below a level's threshold to leave the level."""

_BYTES_PER_MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPolicy:
    """The knobs of the memory controller. Raises ValueError on figures that make no sense.

    Attributes:
        enabled: False: the level is always NORMAL and nothing is collected.
        max_memory_mb: the limit, in MB of 1024 × 1024 bytes, of the resident memory of this
            process; every percentage is of this figure. It may be passed: nothing is killed.
        warning_percent: from here on WARNING.
        critical_percent: from here on CRITICAL.
        emergency_percent: from here on EMERGENCY.
        check_interval_s: seconds between two measurements.
        gc_trigger_percent: from here on the garbage collector is run at every measurement, if
            WARNING does not begin earlier.
    """

    enabled: bool
    max_memory_mb: int
    warning_percent: float = 60.0
    critical_percent: float = 75.0
    emergency_percent: float = 85.0
    check_interval_s: float = 5.0
    gc_trigger_percent: float = 70.0

    def __post_init__(self) -> None:
        if self.enabled and self.max_memory_mb < 1:
            raise ValueError(f"max_memory_mb must be at least 1, got {self.max_memory_mb}")
        if not 0.0 < self.warning_percent <= self.critical_percent <= self.emergency_percent:
            raise ValueError(
                "warning_percent, critical_percent and emergency_percent must be positive and in"
                f" rising order, got {self.warning_percent}, {self.critical_percent} and"
                f" {self.emergency_percent}"
            )
        for name in ("check_interval_s", "gc_trigger_percent"):
            if not getattr(self, name) > 0.0:  # also refuses NaN
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")

    @property
    def limit_bytes(self) -> int:
        """The limit in bytes."""
        return self.max_memory_mb * _BYTES_PER_MB


def level_after(previous: MemoryLevel, used_bytes: int, policy: MemoryPolicy) -> MemoryLevel:
    """The level at this measurement, given the level at the one before.

    A level is entered at its threshold and left only `HYSTERESIS_PERCENT` points below it (half
    way down for a threshold below twice that), so that a process which breathes around a
    threshold does not slow its cameras down and up at every measurement. Any number of levels
    may be passed in one step, either way.
    """
    if not policy.enabled:
        return MemoryLevel.NORMAL
    used_percent = _percent(used_bytes, policy)
    level = MemoryLevel.NORMAL
    for higher, threshold_percent in (
        (MemoryLevel.WARNING, policy.warning_percent),
        (MemoryLevel.CRITICAL, policy.critical_percent),
        (MemoryLevel.EMERGENCY, policy.emergency_percent),
    ):
        left_at_percent = threshold_percent - min(HYSTERESIS_PERCENT, threshold_percent / 2)
        is_held = _rank(previous) >= _rank(higher) and used_percent > left_at_percent
        if is_held or used_percent >= threshold_percent:
            level = higher
    return level


def should_collect(level: MemoryLevel, used_bytes: int, policy: MemoryPolicy) -> bool:
    """Whether to run the garbage collector now: from WARNING, or from `gc_trigger_percent`.

    `level` is the level at this measurement. The earlier of the two decides; with the default
    figures that is WARNING.
    """
    if not policy.enabled:
        return False
    return level is not MemoryLevel.NORMAL or (
        _percent(used_bytes, policy) >= policy.gc_trigger_percent
    )


def _percent(used_bytes: int, policy: MemoryPolicy) -> float:
    return used_bytes * 100 / policy.limit_bytes


def _rank(level: MemoryLevel) -> int:
    # The levels are strings, which compare by alphabet; their order is that of their definition.
    return list(MemoryLevel).index(level)
