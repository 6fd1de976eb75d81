"""Sums up what the member of a cluster knows, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.frames import CameraId
from edge_video.status.cluster import ClusterFacts, LeaseFacts, NodeFacts

if TYPE_CHECKING:
    from edge_video.resilience.cluster import ClusterMember
    from edge_video.status.cluster import LeaseCounts


@dataclass(frozen=True, slots=True)
class LineState:
    """Whether the channel of the leases is there.

    Attributes:
        down_since_s: monotonic clock; None: it is there.
        reason: why it is not; empty where nobody knows.
    """

    down_since_s: float | None
    reason: str = ""


def take_facts(
    member: ClusterMember, node: str, group: str, line: LineState, counts: LeaseCounts
) -> ClusterFacts:
    """Return what is known now."""
    others = sorted(member.membership.others, key=lambda each: each.holder)
    owners: dict[CameraId, tuple[int, str]] = {}
    for each in others:
        for camera, owned in each.owned.items():
            known = owners.get(CameraId(camera), (-1, ""))
            owners[CameraId(camera)] = max(known, (owned.epoch, each.holder.node))
    return ClusterFacts(
        node=node,
        group=group,
        nodes=tuple(
            NodeFacts(each.holder.node, each.capacity, len(each.owned), each.is_leaving)
            for each in others
            if each.holder.node != node
        ),
        owners={camera: name for camera, (_, name) in owners.items()},
        leases={
            CameraId(camera): LeaseFacts(
                lease.state.value, lease.epoch, lease.rank, lease.is_capturing
            )
            for camera, lease in member.leases.items()
        },
        differing={
            CameraId(camera): names for camera, names in member.membership.differing().items()
        },
        namesakes=member.membership.namesakes(),
        is_leaving=member.is_leaving,
        down_since_s=line.down_since_s,
        reason=line.reason,
        counts=counts,
    )
