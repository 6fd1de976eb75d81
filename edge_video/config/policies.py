"""Declares the sections of the breaker, the memory controller, the log and supervision."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from edge_video.config.section import Section, default, raise_conflicts
from edge_video.config.types import (
    FileName,
    Flag,
    Level,
    Number,
    Percent,
    Period,
    Rotation,
    Seconds,
    Text,
    Whole,
)
from edge_video.log.settings import LogSettings
from edge_video.metrics.memory import MemoryPolicy
from edge_video.resilience.breaker import BreakerPolicy
from edge_video.text.duration import format_duration


class CircuitBreakerConfig(Section):
    """When a failing camera is left alone, and for how long."""

    enabled: Flag = True
    """false: a camera is retried for ever, four times a second at most."""
    max_failures: Annotated[Whole, Field(ge=1, le=1000)] = 5
    """Consecutive failures that open it."""
    reset_timeout: Seconds = default(30.0)
    """Added to the backoff: the wait in OPEN is their sum."""
    half_open_successes: Annotated[Whole, Field(ge=1, le=1000)] = 3
    """Good seconds in HALF_OPEN that close it."""
    initial_backoff: Seconds = default(5.0)
    """The backoff of the failure that opens it."""
    max_backoff: Seconds = default(300.0)
    """The largest backoff."""
    backoff_multiplier: Annotated[Number, Field(ge=1.0, le=100.0)] = 2.0
    """From one backoff to the next."""
    stable_after: Seconds = default(60.0)
    """Uninterrupted streaming that clears the count of failures and the backoff."""
    productive_cap: Flag = True
    """The wait after a failure is at most as long as the stream was good before it."""
    long_session: Seconds = default(25.0)
    """Some cameras end every session after 30 or 60 s and answer at once. The end of a stream
    that was good for so long, for the second time in a row, is no failure that counts: the
    camera is asked again at once. 0s: every end is a failure."""
    jitter: Annotated[Number, Field(ge=0.0, le=0.9)] = 0.1
    """A wait is shortened by up to this share, so that many cameras do not return at once."""

    @model_validator(mode="after")
    def _backoffs_are_ordered(self) -> Self:
        if self.max_backoff < self.initial_backoff:
            high, low = format_duration(self.max_backoff), format_duration(self.initial_backoff)
            message = f"{high} is less than initial_backoff ({low})"
            raise_conflicts([("max_backoff", ("max_backoff", "initial_backoff"), message)])
        return self

    def policy(self) -> BreakerPolicy:
        """Return the same figures as the policy of the breaker."""
        return BreakerPolicy(
            enabled=self.enabled,
            max_failures=self.max_failures,
            reset_timeout_s=self.reset_timeout,
            half_open_successes=self.half_open_successes,
            initial_backoff_s=self.initial_backoff,
            max_backoff_s=self.max_backoff,
            backoff_multiplier=self.backoff_multiplier,
            stable_after_s=self.stable_after,
            productive_cap=self.productive_cap,
            long_session_s=self.long_session,
            jitter=self.jitter,
        )


_LEAST_MEMORY_MB: Final = 60
"""Resident, without any frame: docs/security.md."""
_LEVELS: Final = (
    ("emergency", "frames would be dropped for ever"),
    ("critical", "the level would be CRITICAL for ever"),
    ("warning", "the level would be WARNING for ever"),
)


class MemoryControllerConfig(Section):
    """How much memory this process may use, and what happens on the way there."""

    enabled: Flag = False
    """false: memory is shown and nothing is done about it."""
    max_memory_mb: Annotated[Whole, Field(ge=32, le=1_048_576)] = 512
    """All percentages are of this many megabytes (2**20 bytes) of resident memory."""
    warning_percent: Percent = 60.0
    """From here on the level is WARNING."""
    critical_percent: Percent = 75.0
    """From here on only the newest frame of each camera is held."""
    emergency_percent: Percent = 85.0
    """From here on each camera gives at most one frame a second as well."""
    check_interval: Period = default(5.0)
    """How often memory is measured."""
    gc_trigger_percent: Percent = 70.0
    """From here on the garbage collector is run at each check."""

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        names = ("warning_percent", "critical_percent", "emergency_percent")
        raise_conflicts(
            (high, (low, high), f"{getattr(self, high):g} is not more than {low} ({low_value:g})")
            for low, high in pairwise(names)
            if getattr(self, high) <= (low_value := getattr(self, low))
        )
        return self

    def notes(self) -> list[str]:
        """Return what these limits would do that is probably not meant."""
        if not self.enabled:
            return []
        for level, consequence in _LEVELS:
            percent = getattr(self, f"{level}_percent")
            megabytes = self.max_memory_mb * percent / 100
            if megabytes < _LEAST_MEMORY_MB:
                message = (
                    f"memory_controller: {level}_percent of max_memory_mb is {megabytes:.0f} MB,"
                    f" and the program alone needs about {_LEAST_MEMORY_MB} MB, so {consequence}:"
                    f" set max_memory_mb to {-(-100 * _LEAST_MEMORY_MB // percent):.0f} or more"
                )
                return [message]
        return []

    def policy(self) -> MemoryPolicy:
        """Return the same figures as the policy of the controller."""
        return MemoryPolicy(
            enabled=self.enabled,
            max_memory_mb=self.max_memory_mb,
            warning_percent=self.warning_percent,
            critical_percent=self.critical_percent,
            emergency_percent=self.emergency_percent,
            check_interval_s=self.check_interval,
            gc_trigger_percent=self.gc_trigger_percent,
        )


class LogConfig(Section):
    """The program's own log; an embedding program sets up its own."""

    level: Level = default("INFO")
    """The least important lines that are written."""
    format: Literal["text", "json"] = "text"
    """json: one object per line."""
    file: FileName | None = None
    """Written as well as standard error."""
    rotation: Rotation = "10 MB"
    """When the file is set aside: a size (10 MB), an age (1 day), a time of day (00:00)."""
    retention: Annotated[Whole, Field(ge=1, le=10_000)] = 5
    """Files kept."""

    def settings(self) -> LogSettings:
        """Return the same figures as settings of the log."""
        return LogSettings(
            level=self.level,
            format=self.format,
            file=None if self.file is None else Path(self.file),
            rotation=self.rotation,
            retention=self.retention,
        )


class SupervisionConfig(Section):
    """How often the publisher, the metrics, HTTP and the reporter may be restarted."""

    max_restarts: Annotated[Whole, Field(ge=0, le=1000)] = 5
    """More restarts than this within `period` end the program."""
    period: Period = default(60.0)
    """The time in which restarts are counted."""


class StateConfig(Section):
    """What the program itself keeps between two starts."""

    dir: Text
    """The directory for it, made if it does not exist: cameras that were added or changed while
    the program ran, and which of them an operator has stopped or paused."""
