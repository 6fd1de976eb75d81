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

from edge_video.resilience.cluster.lease import advance
from edge_video.resilience.cluster.membership import ANNOUNCE_S, Announcement, Membership
from edge_video.resilience.cluster.own_node import OwnNode
from edge_video.resilience.cluster.ranking import draw
from edge_video.resilience.cluster.rebalancing import MAX_RANK, Rebalancing
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

LISTEN_S: Final = 2 * ANNOUNCE_S
"""After a connection a node listens for so long before it ranks itself."""
_ANNOUNCE_FLOOR_S: Final = 0.2
"""Between two announcements, whatever happens."""


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
    """One node among several.

    Args:
        holder: this life of this node.
        cameras: those that it would capture.
        now: the time.
        capacity: its weight in the ranking.

    Attributes:
        leases: the lease of each camera; of one that is configured no more until it is given away.
        membership: who else lives, and the ranking.
    """

    def __init__(
        self,
        holder: Holder,
        cameras: Mapping[str, CameraTerms],
        now: Moment,
        *,
        capacity: float = 1.0,
    ) -> None:
        self._own = OwnNode(holder)
        self.leases: dict[str, Lease] = {}
        self.membership: Final = Membership(holder, now.monotonic_s)
        self._connected_s: float | None = None
        self._announce_s = 0.0
        self._announced_s = -_ANNOUNCE_FLOOR_S
        self._rebalancing = Rebalancing()
        self.configure(cameras, now, capacity=capacity)

    # --- what is asked ----------------------------------------------------------------------

    @property
    def is_leaving(self) -> bool:
        """Whether it gives everything away."""
        return self._own.is_leaving

    @property
    def has_left(self) -> bool:
        """Whether it leaves, and has nothing any more."""
        leases = self.leases.values()
        return self.is_leaving and all(each.state is LeaseState.OUT for each in leases)

    def due_s(self) -> float | None:
        """Return when `tick` is due, in monotonic seconds; None: not before an event."""
        times = [each.due_s for each in self.leases.values() if each.due_s is not None]
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
        self.membership.lost_sight()
        return self._each(Disconnected(), now)

    def on_camera(self, camera: str, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        """Go on with what has happened to one camera."""
        if isinstance(event, CaptureStreaming):
            self._own.reached(camera)
        return self._finished(self._advance(camera, event, now), now)

    def on_announcement(self, announcement: Announcement, now: Moment) -> list[MemberAction]:
        """Go on with what another node has announced."""
        self.membership.on_announcement(announcement, now.monotonic_s)
        actions: list[MemberAction] = []
        for camera, owned in announcement.owned.items():
            if camera in self.leases:
                heard = OwnerHeard(announcement.holder, owned.epoch, owned.is_streaming)
                actions += self._advance(camera, heard, now)
        return self._finished(actions, now)

    def measured(self, cpu_percent: float, now: Moment) -> None:
        """Take note of the CPU in use, in percent of what there is."""
        owned = sum(each.is_capturing for each in self.leases.values())
        self._own.measured(cpu_percent, owned, now.monotonic_s)

    def unreachable(self, camera: str, now: Moment) -> None:
        """Take note that a camera cannot be reached from here, for longer than it should."""
        if camera in self.leases:
            self._own.unreachable(camera, now.monotonic_s)

    def leave(self, now: Moment) -> list[MemberAction]:
        """Give everything away, and take nothing until `rejoin`."""
        self._own.is_leaving = True
        self._announce_s = now.monotonic_s
        actions: list[MemberAction] = []
        for camera in self.leases:
            actions += self._give_away(camera, now)
        return self._finished(actions, now)

    def rejoin(self, now: Moment) -> list[MemberAction]:
        """Take part again after `leave`; the ranking decides what it takes."""
        self._own.is_leaving = False
        self._announce_s = now.monotonic_s
        self.membership.rank_anew()
        return self._finished([], now)

    def configure(
        self, cameras: Mapping[str, CameraTerms], now: Moment, *, capacity: float = 1.0
    ) -> list[MemberAction]:
        """Go on with these cameras; what stays is kept, and what is gone is given away.

        Args:
            cameras: all that the node would capture from now on.
            now: the time.
            capacity: its weight in the ranking.
        """
        self._own.configure({name: each.definition for name, each in cameras.items()}, capacity)
        actions: list[MemberAction] = []
        holder = self._own.holder
        for name, terms in cameras.items():
            lease = self.leases.get(name) or Lease(
                holder=holder,
                policy=terms.policy,
                spread=draw(holder.node, holder.life, name),
                is_connected=self._connected_s is not None,
            )
            self.leases[name] = replace(lease, policy=terms.policy)
        for name in [each for each in self.leases if each not in cameras]:
            actions += self._give_away(name, now)
        self.membership.rank_anew()
        return self._finished(actions, now)

    def tick(self, now: Moment) -> list[MemberAction]:
        """Do what is due."""
        for name in [each for each in self.leases if each not in self._own.cameras]:
            if self.leases[name].state is LeaseState.OUT:
                del self.leases[name]
        actions = self._ranked(now)
        for camera, lease in self.leases.items():
            if lease.due_s is not None and lease.due_s <= now.monotonic_s:
                actions += self._advance(camera, Tick(), now)
        if self._connected_s is not None and not self.is_leaving:
            self._rebalancing, moved = self._rebalancing.step(
                self.leases, self.membership, now.monotonic_s
            )
            for camera, event in moved:
                actions += self._advance(camera, event, now)
        return self._finished(actions, now)

    def last_announcement(self) -> Announcement:
        """Return what is told at the very end."""
        return self._own.last_announcement()

    # --- steps ------------------------------------------------------------------------------

    def _each(self, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        actions: list[MemberAction] = []
        for camera in self.leases:
            actions += self._advance(camera, event, now)
        return self._finished(actions, now)

    def _give_away(self, camera: str, now: Moment) -> list[MemberAction]:
        has_heir = self.membership.has_heir(camera)
        return self._advance(camera, Release(leaves=True, has_heir=has_heir), now)

    def _advance(self, camera: str, event: LeaseEvent, now: Moment) -> list[MemberAction]:
        lease = self.leases.get(camera)
        if lease is None:
            return []
        self.leases[camera], actions = advance(lease, event, now)
        if any(isinstance(each, Announce) for each in actions):
            self._announce_s = min(self._announce_s, now.monotonic_s)
        return [CameraAction(camera, each) for each in actions if not isinstance(each, Announce)]

    def _ranked(self, now: Moment) -> list[MemberAction]:
        """With new ranks, where they have changed and everybody had the time to be heard."""
        if self._connected_s is None or now.monotonic_s - self._connected_s < LISTEN_S:
            return []
        own = self._own.announcement(self.leases, now.monotonic_s)
        if not self.membership.update(own, now.monotonic_s):
            return []
        actions: list[MemberAction] = []
        node = self._own.holder.node
        for camera in self.leases:
            names = self.membership.ranks.get(camera, ())[:MAX_RANK]
            is_candidate = node in names and not self.is_leaving
            rank = names.index(node) + 1 if is_candidate else None
            actions += self._advance(camera, Ranked(rank), now)
        return actions

    def _finished(self, actions: list[MemberAction], now: Moment) -> list[MemberAction]:
        """With the announcement, if it is due."""
        due_s = max(self._announce_s, self._announced_s + _ANNOUNCE_FLOOR_S)
        if self._connected_s is None or now.monotonic_s < due_s:
            return actions
        self._announced_s = now.monotonic_s
        self._announce_s = now.monotonic_s + ANNOUNCE_S
        return [*actions, SendAnnouncement(self._own.announcement(self.leases, now.monotonic_s))]
