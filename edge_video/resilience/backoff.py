"""Decides how long to wait before the next try at a lost connection."""

from __future__ import annotations

from typing import Final

_MAX_DOUBLINGS: Final = 32
"""2.0 ** 1024 raises; long before that the cap has decided."""


def reconnect_delay_s(
    attempt: int, draw: float, *, first_s: float = 1.0, cap_s: float = 30.0
) -> float:
    """Seconds to wait before try number `attempt` (1 for the first one after a loss).

    The longest wait is `min(cap_s, first_s * 2 ** (attempt - 1))`, and the draw decides between
    half of it and all of it: waits grow from try to try, and many machines behind one restarted
    broker do not return in one instant.

    Args:
        attempt: 1, 2, 3 …; anything below counts as 1, however large is fine.
        draw: uniform in 0 to 1, drawn by the caller; 0 is half of the longest wait.
        first_s: upper bound of the first wait.
        cap_s: upper bound of every wait.
    """
    doublings = min(max(attempt - 1, 0), _MAX_DOUBLINGS)
    longest_s = min(cap_s, first_s * 2.0**doublings)
    return longest_s * (0.5 + 0.5 * min(max(draw, 0.0), 1.0))
