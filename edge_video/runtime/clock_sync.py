"""Asks the kernel whether something keeps the machine's clock in time."""

from __future__ import annotations

import ctypes
from typing import Final

_TIME_ERROR: Final = 5
"""`adjtimex(2)`: the clock is not synchronized."""
_TIMEX_BYTES: Final = 256
"""More than a `struct timex` has; all zero, it asks and changes nothing."""


def clock_is_synchronized() -> bool | None:
    """Whether NTP or its like disciplines the clock; None where the kernel does not tell."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    state = int(adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return None if state < 0 else state != _TIME_ERROR
