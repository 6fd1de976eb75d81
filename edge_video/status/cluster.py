"""Defines what a node knows of the cluster it belongs to, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.text.escaping import one_line
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """What the node is to one camera.

    Attributes:
        state: a `edge_video.resilience.cluster.LeaseState`, by its name.
        epoch: the highest one with which the node has captured it; 0: it never has.
        rank: among those who would capture it, 1 the best; None: it is no candidate.
        captures: the node captures it now. That is so as OWNER, SUSPECT and RELEASING (but with
            `break-before-make`, which ends the capture first), and as CLAIMING where it goes on.
    """

    state: str
    epoch: int = 0
    rank: int | None = None
    captures: bool = False


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What was last heard of another node.

    Attributes:
        node: its name.
        capacity: its weight.
        cameras: how many it captures.
        is_leaving: it gives everything away and takes nothing.
    """

    node: str
    capacity: float = 1.0
    cameras: int = 0
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class LeaseCounts:
    """How often cameras have moved since the program began.

    Attributes:
        taken: cameras that came here.
        released: cameras that this node gave away.
        superseded: cameras that another node had taken meanwhile.
        uncertain: cameras that were stopped because their leases could not be proven.
        suspect_s: for how long leases could not be proven, all cameras together.
    """

    taken: int = 0
    released: int = 0
    superseded: int = 0
    uncertain: int = 0
    suspect_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """What a node knows of its cluster.

    Attributes:
        node: its own name.
        group: nodes of one group share cameras.
        nodes: the others that live, by name.
        owners: which other node captures which camera, as far as that was heard.
        leases: what the node itself is to each of its cameras.
        differing: cameras that other nodes define otherwise, with those nodes' names.
        namesakes: programs that bear this node's name, and are others.
        is_leaving: it gives everything away and takes nothing.
        down_since_s: monotonic clock, since when the control connection is gone; None: it is up.
        reason: why it is gone; empty while it is up.
        counts: how often cameras have moved.
    """

    node: str
    group: str = "default"
    nodes: tuple[NodeFacts, ...] = ()
    owners: Mapping[CameraId, str] = field(default_factory=dict)
    leases: Mapping[CameraId, LeaseFacts] = field(default_factory=dict)
    differing: Mapping[CameraId, tuple[str, ...]] = field(default_factory=dict)
    namesakes: int = 0
    is_leaving: bool = False
    down_since_s: float | None = None
    reason: str = ""
    counts: LeaseCounts = LeaseCounts()

    def down_for_s(self, now_s: float) -> float | None:
        """Return for how long there has been no control connection; None: there is one."""
        return None if self.down_since_s is None else max(0.0, now_s - self.down_since_s)


def cluster_as_json(facts: ClusterFacts, now_s: float) -> dict[str, object]:
    """The facts ready for `json.dumps`, at the monotonic time `now_s`.

    What foreign nodes say is made harmless for a terminal. In place of a moment that only this
    process can read it has `down_for_s`: how long the control connection has been gone.
    """
    known = json_ready(facts, one_line)
    assert isinstance(known, dict)
    del known["down_since_s"]
    down_for_s = facts.down_for_s(now_s)
    return {**known, "down_for_s": None if down_for_s is None else round(down_for_s, 1)}
