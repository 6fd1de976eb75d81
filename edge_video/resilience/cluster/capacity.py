"""Says how many cameras a node takes, by the CPU that they cost it: an immutable value.

A node that is too busy announces a limit, below what it has; the ranking then moves a camera, and
does not move it back while the limit stands. Time is an argument (monotonic seconds).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

FULL_PERCENT: Final = 85.0
"""From here on, for a minute: no more cameras than there are."""
OVERLOADED_PERCENT: Final = 95.0
"""From here on, for a minute: one camera less."""
RELAXED_PERCENT: Final = 70.0
"""Below this, for ten minutes: one more, until there is no limit any more."""

_BUSY_S: Final = 60.0
_RELAXED_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """The limit that a node announces, and how long its load has been as it is.

    Attributes:
        cameras: at most so many; None: no limit.
        busy_since_s: since when the load is at least `FULL_PERCENT`.
        overloaded_since_s: since when it is at least `OVERLOADED_PERCENT`.
        relaxed_since_s: since when it is below `RELAXED_PERCENT`.
    """

    cameras: int | None = None
    busy_since_s: float | None = None
    overloaded_since_s: float | None = None
    relaxed_since_s: float | None = None

    def measured(self, percent: float, owned: int, now_s: float) -> CapacityLimit:
        """Return the limit after a measurement.

        Args:
            percent: the CPU that is in use, of all that the node may use.
            owned: the cameras that it captures.
            now_s: the time of the measurement.
        """
        timed = replace(
            self,
            busy_since_s=_since(self.busy_since_s, now_s, holds=percent >= FULL_PERCENT),
            overloaded_since_s=_since(
                self.overloaded_since_s, now_s, holds=percent >= OVERLOADED_PERCENT
            ),
            relaxed_since_s=_since(self.relaxed_since_s, now_s, holds=percent < RELAXED_PERCENT),
        )
        return _limited(timed, owned, now_s)


def _limited(limit: CapacityLimit, owned: int, now_s: float) -> CapacityLimit:
    if _has_passed(limit.overloaded_since_s, _BUSY_S, now_s):
        # Each further step needs a minute of its own: what was given away has to show.
        return replace(limit, cameras=max(owned - 1, 0), overloaded_since_s=now_s)
    if _has_passed(limit.busy_since_s, _BUSY_S, now_s):
        cameras = owned if limit.cameras is None else min(limit.cameras, owned)
        return replace(limit, cameras=cameras)
    if limit.cameras is not None and _has_passed(limit.relaxed_since_s, _RELAXED_S, now_s):
        has_room = owned < limit.cameras
        return replace(
            limit, cameras=None if has_room else limit.cameras + 1, relaxed_since_s=now_s
        )
    return limit


def _since(since_s: float | None, now_s: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now_s if since_s is None else since_s


def _has_passed(since_s: float | None, length_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= length_s
