"""Says which failures mean that nobody is there, and how long to wait for somebody. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.resilience.failures import Cause

if TYPE_CHECKING:
    from edge_video.resilience.breaker import BreakerPolicy

ABSENT: Final = frozenset({Cause.REFUSED, Cause.UNREACHABLE, Cause.TIMEOUT})
"""Every other cause is an answer, or is a matter of this machine, the network or the proxy."""
MAX_WAIT_S: Final = 60.0
"""Between two tries: a camera that is switched on is seen soon."""

_MIN_WAIT_S: Final = 1.0


def next_level_s(last_s: float | None, policy: BreakerPolicy) -> float:
    """The wait after one more try found nobody, before the jitter; `last_s` None: the first."""
    if last_s is None:
        return min(max(policy.initial_backoff_s, _MIN_WAIT_S), MAX_WAIT_S)
    return min(last_s * max(policy.backoff_multiplier, 1.0), MAX_WAIT_S)


def jittered_s(level_s: float, policy: BreakerPolicy, draw: float) -> float:
    """The wait itself: cameras that went off together are not tried together; `draw` in [0, 1)."""
    return level_s * (1.0 - policy.jitter * draw)
