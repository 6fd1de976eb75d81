"""Converts between nanoseconds, in which the wall clock counts, and seconds. Pure.

Names that end in `_ns`, `_ms` and `_s` carry these units everywhere.
"""

from __future__ import annotations

from typing import Final

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000


def ns_to_s(duration_ns: int) -> float:
    """Nanoseconds as seconds."""
    return duration_ns / NS_PER_S


def ns_to_whole_s(duration_ns: int) -> int:
    """Nanoseconds as whole seconds, rounded down."""
    return duration_ns // NS_PER_S


def ns_to_ms(duration_ns: int) -> int:
    """Nanoseconds as whole milliseconds, rounded down."""
    return duration_ns // NS_PER_MS


def s_to_ns(duration_s: float) -> int:
    """Seconds as nanoseconds, rounded to the nearest."""
    return round(duration_s * NS_PER_S)
