"""Acts as one node among several: its leases, what it announces, when it gives a camera away.

Sans-IO, as the leases are: everything that happens is told to it with the time, and it answers
with what is to be done. Not thread-safe: one thread, or one actor, has it.

What an overload, an unreachable camera or the end of a node changes is what the node announces;
the ranking follows from that, on all nodes alike, and cameras follow the ranking: a node that owns
a camera which is not its own by rank releases it, slowly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.resilience.cluster.capacity import CapacityLimit
from edge_video.resilience.cluster.lease import advance
from edge_video.resilience.cluster.membership import ANNOUNCE_S, Announcement, Membership, Owned
from edge_video.resilience.cluster.ranking import draw
from edge_video.resilience.cluster.steps import Lease
from edge_video.resilience.cluster.terms import (
    Announce,
    CaptureStreaming,
    Connected,
    Disconnected,
    LeaseState,
    OwnerHeard,
    Ranked,
    Release,
    Requeue,
    Tick,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.resilience.cluster.terms import (
        Holder,
        LeaseAction,
        LeaseEvent,
        LeasePolicy,
        Moment,
    )

MAX_RANK: Final = 3
"""So many nodes subscribe to a camera: the owner and two who wait."""
LISTEN_S: Final = 2 * ANNOUNCE_S
"""After a connection a node listens for so long before it ranks itself."""
STABLE_S: Final = 30.0
"""The ranking has to stand for so long before a camera is moved for its sake."""
REST_S: Final = 60.0
"""A camera is not moved again for the ranking's sake before it was captured for so long."""

_REQUEUE_S: Final = 2.0
"""Between the ranks that go to the end of the line, the better one first."""
_RELEASE_S: Final = 2.0
"""Between two cameras that a node gives away for the ranking's sake."""
_ANNOUNCE_FLOOR_S: Final = 0.2
"""Between two announcements, whatever happens."""
_UNREACHABLE_S: Final = 24 * 3600.0
"""How long it is remembered that a camera cannot be reached from here but from elsewhere."""


@dataclass(frozen=True, slots=True)
class CameraAction:
    """What is to be done for one camera."""

    camera: str
    action: LeaseAction


@dataclass(frozen=True, slots=True)
class SendAnnouncement:
    """What is to be told to all nodes."""

    announcement: Announcement


MemberAction: TypeAlias = CameraAction | SendAnnouncement


@dataclass(frozen=True, slots=True)
class CameraTerms:
    """A camera of the configuration: the hash of its definition, and its lease's figures."""

    definition: str
    policy: LeasePolicy


class ClusterMember:
    """One node among several."""

    def __init__(
        self,
        holder: Holder,
        cameras: Mapping[str, CameraTerms],
        now: Moment,
        *,
        capacity: float = 1.0,
    ) -> None:
        self._own = Announcement(
            holder=holder,
            capacity=capacity,
            cameras={name: terms.definition for name, terms in cameras.items()},
        )
        self._leases = {
            name: Lease(
                holder=holder, policy=terms.policy, spread=draw(holder.node, holder.life, name)
            )
            for name, terms in cameras.items()
        }
        self._limit = CapacityLimit()
        self._unreachable: dict[str, float] = {}
        self._membership = Membership(holder, now.monotonic_s)
        self._connected_s: float | None = None
        self._announce_s = 0.0
        self._announced_s = -_ANNOUNCE_FLOOR_S
        self._rebalancing = _Rebalancing()

    # --- what is asked ----------------------------------------------------------------------

    @property
    def leases(self) -> Mapping[str, Lease]:
        """The lease of each camera."""
        return self._leases

    @property
    def membership(self) -> Membership:
        """Who else lives, and the ranking."""
        return self._membership

    @property
    def is_leaving(self) -> bool:
        """Whether it gives everything away."""
        return self._own.is_leaving

    @property
    def has_left(self) -> bool:
        """Whether it leaves, and has nothing any more."""
        leases = self._leases.values()
        return self._own.is_leaving and all(each.state is LeaseState.OUT for each in leases)

    def due_s(self) -> float | None:
        """Return when `tick` is due, in monotonic seconds; None: not before an event."""
        times = [each.due_s for each in self._leases.values() if each.due_s is not None]
        if self._connected_s is not None:
            times.append(max(self._announce_s, self._announced_s + _ANNOUNCE_FLOOR_S))
        return min(times, default=None)

    # --- what happens -----------------------------------------------------------------------

    def connected(self, now: Moment) -> list[MemberAction]:
        """Go on with a fresh control connection."""
        self._connected_s = now.monotonic_s
        self._announce_s = now.monotonic_s
        return self._each(Connected(), now)

    def disconnected(self, now: Moment) -> list[MemberAction]:
        """Go on without one; nobody is heard, so the ranking stays as it was."""
        self._connected_s = None
        self._membership.lost_sight()
        return self._each(Disconnected(), now)

    def on_camera(self, camera: str, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        """Go on with what has happened to one camera."""
        if isinstance(event, CaptureStreaming):
            self._unreachable.pop(camera, None)
        return self._finished(self._advance(camera, event, now), now)

    def on_announcement(self, announcement: Announcement, now: Moment) -> list[MemberAction]:
        """Go on with what another node has announced."""
        self._membership.on_announcement(announcement, now.monotonic_s)
        actions: list[MemberAction] = []
        for camera, owned in announcement.owned.items():
            if camera in self._leases:
                heard = OwnerHeard(announcement.holder, owned.epoch, owned.is_streaming)
                actions += self._advance(camera, heard, now)
        return self._finished(actions, now)

    def measured(self, cpu_percent: float, now: Moment) -> None:
        """Take note of the CPU in use, in percent of what there is."""
        owned = sum(each.is_capturing for each in self._leases.values())
        self._limit = self._limit.measured(cpu_percent, owned, now.monotonic_s)

    def unreachable(self, camera: str, now: Moment) -> None:
        """Take note that a camera cannot be reached from here, for longer than it should."""
        if camera in self._leases:
            self._unreachable.setdefault(camera, now.monotonic_s)

    def leave(self, now: Moment) -> list[MemberAction]:
        """Give everything away, for good."""
        self._own = replace(self._own, is_leaving=True)
        self._announce_s = now.monotonic_s
        return self._each(Release(leaves=True), now)

    def tick(self, now: Moment) -> list[MemberAction]:
        """Do what is due."""
        actions = self._ranked(now)
        for camera, lease in self._leases.items():
            if lease.due_s is not None and lease.due_s <= now.monotonic_s:
                actions += self._advance(camera, Tick(), now)
        if self._connected_s is not None and not self._own.is_leaving:
            self._rebalancing, moved = self._rebalancing.step(
                self._leases, self._membership, now.monotonic_s
            )
            for camera, event in moved:
                actions += self._advance(camera, event, now)
        return self._finished(actions, now)

    def last_announcement(self) -> Announcement:
        """Return what is told at the very end."""
        return replace(self._own, owned={}, is_leaving=True, is_last=True)

    # --- steps ------------------------------------------------------------------------------

    def _each(self, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        actions: list[MemberAction] = []
        for camera in self._leases:
            actions += self._advance(camera, event, now)
        return self._finished(actions, now)

    def _advance(self, camera: str, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        lease = self._leases.get(camera)
        if lease is None:
            return []
        self._leases[camera], actions = advance(lease, event, now)
        if any(isinstance(each, Announce) for each in actions):
            self._announce_s = min(self._announce_s, now.monotonic_s)
        return [CameraAction(camera, each) for each in actions if not isinstance(each, Announce)]

    def _ranked(self, now: Moment) -> list[MemberAction]:
        """With new ranks, where they have changed and everybody had the time to be heard."""
        if self._connected_s is None or now.monotonic_s - self._connected_s < LISTEN_S:
            return []
        if not self._membership.update(self._announcement(now), now.monotonic_s):
            return []
        actions: list[MemberAction] = []
        for camera in self._leases:
            names = self._membership.ranks.get(camera, ())[:MAX_RANK]
            is_candidate = self._own.holder.node in names and not self._own.is_leaving
            rank = names.index(self._own.holder.node) + 1 if is_candidate else None
            actions += self._advance(camera, Ranked(rank), now)
        return actions

    def _finished(self, actions: list[MemberAction], now: Moment) -> list[MemberAction]:
        """With the announcement, if it is due."""
        due_s = max(self._announce_s, self._announced_s + _ANNOUNCE_FLOOR_S)
        if self._connected_s is None or now.monotonic_s < due_s:
            return actions
        self._announced_s = now.monotonic_s
        self._announce_s = now.monotonic_s + ANNOUNCE_S
        return [*actions, SendAnnouncement(self._announcement(now))]

    def _announcement(self, now: Moment) -> Announcement:
        oldest_s = now.monotonic_s - _UNREACHABLE_S
        return replace(
            self._own,
            limit=self._limit.cameras,
            owned={
                camera: Owned(lease.epoch, lease.is_streaming)
                for camera, lease in self._leases.items()
                if lease.is_capturing
            },
            waiting=frozenset(
                camera
                for camera, lease in self._leases.items()
                if lease.state is LeaseState.STANDBY
            ),
            unreachable=frozenset(
                camera for camera, since_s in self._unreachable.items() if since_s > oldest_s
            ),
        )


@dataclass(frozen=True, slots=True)
class _Rebalancing:
    """How far a node is with following a ranking.

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
    ) -> tuple[_Rebalancing, list[tuple[str, LeaseEvent]]]:
        """Return what comes next, with the cameras that are moved and how."""
        stable_since_s = membership.stable_since_s
        if stable_since_s != self.for_s:
            return _Rebalancing(for_s=stable_since_s, released_s=self.released_s), []
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
