"""Measures the rate of each camera from the snapshots that came in lately. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus

_WINDOW_S: Final = 6.0


class Rates:
    """Frames per second of each camera, from the snapshots that came in lately."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, dict[str, int]]] = []

    def take(self, status: SystemStatus) -> None:
        """One more snapshot; one of a system that was restarted makes the others void."""
        counts = {str(each.camera_id): each.frames.received for each in status.cameras}
        if self._seen and status.uptime_s < self._seen[-1][0]:
            self._seen.clear()
        self._seen.append((status.uptime_s, counts))
        while len(self._seen) > 2 and status.uptime_s - self._seen[1][0] >= _WINDOW_S:  # noqa: PLR2004 - a rate needs two
            self._seen.pop(0)

    def fps(self, camera_id: str) -> float | None:
        """None until two snapshots are known."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        if last_s <= first_s or camera_id not in first or camera_id not in last:
            return None
        return max(0, last[camera_id] - first[camera_id]) / (last_s - first_s)
