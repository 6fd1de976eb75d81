"""Defines the messages between the actor that holds the leases and the supervisor; frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from edge_video.frames import CameraId
    from edge_video.resilience.cluster.terms import StopReason
    from edge_video.status.cluster import ClusterFacts

LEASE = "lease"
"""The name under which the actor that holds the leases is a child of the supervisor."""


# --- lease actor → supervisor ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GrantCamera:
    """Lease → supervisor: capture the camera, and number its frames with this epoch.

    Where the capture runs it goes on, and its frames carry the new epoch from now on. A camera
    that is stopped, paused or closed by its schedule or a profile stays so.
    """

    camera_id: CameraId
    epoch: int


@dataclass(frozen=True, slots=True)
class WithdrawCamera:
    """Lease → supervisor: end the capture of the camera; `CameraWithdrawn` follows.

    With `SUPERSEDED` what is held of its frames, and what still comes of them, is dropped for that;
    with any other reason it is published as always.
    """

    camera_id: CameraId
    reason: StopReason


@dataclass(frozen=True, slots=True)
class ClusterChanged:
    """Lease → supervisor → watchers: what the node knows of its cluster is now this."""

    facts: ClusterFacts


@dataclass(frozen=True, slots=True)
class HasLeft:
    """Lease → supervisor: all cameras are given away, or are nobody's; the answer to `Leave`."""


LeaseMessage: TypeAlias = GrantCamera | WithdrawCamera | ClusterChanged | HasLeft


# --- supervisor → lease actor ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CameraCaptured:
    """Supervisor → lease: frames of the camera flow, with this epoch.

    Told with the first frame of each attempt, and at once where a capture that streams goes on with
    another epoch.
    """

    camera_id: CameraId
    epoch: int


@dataclass(frozen=True, slots=True)
class CameraWithdrawn:
    """Supervisor → lease: nothing of the camera's capture is left, its session included.

    The answer to `WithdrawCamera`, told at once where no attempt runs; and told when a camera is
    gone that was removed from the configuration.
    """

    camera_id: CameraId


@dataclass(frozen=True, slots=True)
class Leave:
    """Supervisor → lease, when the system is to stop: give every camera away, for good.

    The cameras go on until each is withdrawn. Answered with `HasLeft`; the supervisor does not wait
    for it longer than `LeaveCluster` allows, whoever has taken over what.
    """


# --- operator or embedding program → supervisor → lease actor -------------------------------


@dataclass(frozen=True, slots=True)
class DrainNode:
    """Give every camera away and take none, until `RejoinNode`.

    Asked, it is answered with a `CommandAnswer`: done, already so, or not running where the system
    belongs to no cluster. It is kept over a new start of the program where there is a `state:`.
    """

    origin: str = ""
    """Who asks, for the log and the timeline."""


@dataclass(frozen=True, slots=True)
class RejoinNode:
    """Take part again after `DrainNode`, which see for the answer.

    A lease actor that starts is told one of both: its predecessor may not have heard the last.
    """

    origin: str = ""
    """Who asks, for the log and the timeline."""


NodeCommand: TypeAlias = DrainNode | RejoinNode


# --- embedding program, timer → supervisor --------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeaveCluster:
    """`System.begin_stop` → supervisor: leave the cluster, then stop everything in order."""

    deadline_s: float


@dataclass(frozen=True, slots=True)
class LeaveTimeOver:
    """Timer → supervisor: whoever has taken over what, the system stops now."""
