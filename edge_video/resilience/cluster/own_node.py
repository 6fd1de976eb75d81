"""Keeps what a node announces of itself: its cameras, its limit, what it cannot reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster.capacity import CapacityLimit
from edge_video.resilience.cluster.membership import Announcement, Owned
from edge_video.resilience.cluster.terms import LeaseState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.resilience.cluster.steps import Lease
    from edge_video.resilience.cluster.terms import Holder

_UNREACHABLE_S: Final = 24 * 3600.0
"""How long it is remembered that a camera cannot be reached from here but from elsewhere."""


class OwnNode:
    """What a node tells of itself. Not thread-safe.

    Attributes:
        holder: this life of this node.
        is_leaving: it gives everything away and takes nothing.
        cameras: those that it would capture, each with a hash of its definition.
    """

    def __init__(self, holder: Holder) -> None:
        self.holder: Final = holder
        self.is_leaving = False
        self.cameras: Mapping[str, str] = {}
        self._capacity = 1.0
        self._limit = CapacityLimit()
        self._unreachable: dict[str, float] = {}

    def configure(self, cameras: Mapping[str, str], capacity: float) -> None:
        """Take note of another configuration."""
        self.cameras, self._capacity = cameras, capacity

    def measured(self, cpu_percent: float, owned: int, now_s: float) -> None:
        """Take note of the CPU in use, in percent of what there is, and of the cameras here."""
        self._limit = self._limit.measured(cpu_percent, owned, now_s)

    def unreachable(self, camera: str, now_s: float) -> None:
        """Take note that a camera cannot be reached from here; the day begins with the last note.

        A camera that nobody reaches comes back here after a day, and is given away once more.
        """
        self._unreachable[camera] = now_s

    def reached(self, camera: str) -> None:
        """Take note that it can."""
        self._unreachable.pop(camera, None)

    def announcement(self, leases: Mapping[str, Lease], now_s: float) -> Announcement:
        """Return what is to be told now."""
        oldest_s = now_s - _UNREACHABLE_S
        return Announcement(
            holder=self.holder,
            capacity=self._capacity,
            limit=self._limit.cameras,
            cameras=self.cameras,
            owned={
                camera: Owned(lease.epoch, lease.is_streaming)
                for camera, lease in leases.items()
                if lease.is_capturing
            },
            waiting=frozenset(
                camera for camera, lease in leases.items() if lease.state is LeaseState.STANDBY
            ),
            unreachable=frozenset(
                camera for camera, since_s in self._unreachable.items() if since_s > oldest_s
            ),
            is_leaving=self.is_leaving,
        )

    def last_announcement(self) -> Announcement:
        """Return what is told at the very end."""
        return Announcement(
            holder=self.holder,
            capacity=self._capacity,
            cameras=self.cameras,
            is_leaving=True,
            is_last=True,
        )
