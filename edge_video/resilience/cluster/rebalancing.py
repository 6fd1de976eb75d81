"""Moves cameras to the nodes that they belong to by rank, slowly, once the ranking stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster.terms import LeaseState, Release, Requeue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.resilience.cluster.membership import Membership
    from edge_video.resilience.cluster.steps import Lease
    from edge_video.resilience.cluster.terms import LeaseEvent

MAX_RANK: Final = 3
"""So many nodes subscribe to a camera: the owner and two who wait."""
STABLE_S: Final = 30.0
"""The ranking has to stand for so long before a camera is moved for its sake."""
REST_S: Final = 60.0
"""A camera is not moved again for the ranking's sake before it was captured for so long."""

_REQUEUE_S: Final = 2.0
"""Between the ranks that go to the end of the line, the better one first."""
_RELEASE_S: Final = 2.0
"""Between two cameras that a node gives away for the ranking's sake."""


@dataclass(frozen=True, slots=True)
class Rebalancing:
    """How far a node is with following a ranking: an immutable value.

    Attributes:
        for_s: since when the ranking stands that is being followed.
        requeued: the ranks up to which have gone to the end of the line.
        released_s: when a camera was given away last.
    """

    for_s: float = 0.0
    requeued: int = 1
    released_s: float = 0.0

    def step(
        self, leases: Mapping[str, Lease], membership: Membership, now_s: float
    ) -> tuple[Rebalancing, list[tuple[str, LeaseEvent]]]:
        """Return what comes next, with the cameras that are moved and how."""
        stable_since_s = membership.stable_since_s
        if stable_since_s != self.for_s:
            return Rebalancing(for_s=stable_since_s, released_s=self.released_s), []
        waited_s = now_s - stable_since_s - STABLE_S
        if self.requeued < MAX_RANK:
            rank = self.requeued + 1
            if waited_s < (rank - 2) * _REQUEUE_S:
                return self, []
            # The line hands on in the order of subscription: whoever is first by rank stays.
            back = [name for name, lease in leases.items() if lease.rank == rank]
            return replace(self, requeued=rank), [(name, Requeue()) for name in back]
        if waited_s < MAX_RANK * _REQUEUE_S or now_s - self.released_s < _RELEASE_S:
            return self, []
        for name, lease in leases.items():
            if _is_elsewhere(lease, now_s) and membership.best_is_waiting(name):
                return replace(self, released_s=now_s), [(name, Release(leaves=False))]
        return self, []


def _is_elsewhere(lease: Lease, now_s: float) -> bool:
    """Whether a camera is captured here that belongs to another node by rank."""
    if lease.state is not LeaseState.OWNER or lease.rank == 1 or lease.taken_s is None:
        return False
    return now_s - lease.taken_s >= REST_S
