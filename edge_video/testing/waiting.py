"""Waits for a condition in real time: never a fixed sleep, always a time-out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_PAUSE_S: Final = 0.002
_MAX_PAUSE_S: Final = 0.05
"""A condition may look at processes or ask an actor: the longer it takes, the rarer it is tried."""


def wait_until(condition: Callable[[], object], timeout_s: float = 20.0) -> bool:
    """Whether `condition` became true within `timeout_s`; for states that no event announces."""
    deadline_s = time.monotonic() + timeout_s
    pause_s = _FIRST_PAUSE_S
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(pause_s)
        pause_s = min(_MAX_PAUSE_S, 1.25 * pause_s)
    return True


def eventually(condition: Callable[[], object], timeout_s: float = 20.0, what: str = "") -> None:
    """Wait until `condition` is true.

    Raises:
        AssertionError: it was not within `timeout_s`; `what` says what was waited for.
    """
    if not wait_until(condition, timeout_s):
        raise AssertionError(f"not within {timeout_s:g} s{': ' if what else ''}{what}")
