"""Obeys the actor that holds the leases of a cluster, and tells it what an operator wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from edge_video.actors.base import tell
from edge_video.actors.lease_messages import (
    LEASE,
    ClusterChanged,
    DrainNode,
    GrantCamera,
    HasLeft,
    Leave,
    LeaveCluster,
    LeaveTimeOver,
    WithdrawCamera,
)
from edge_video.actors.messages import CommandAnswer, CommandResult
from edge_video.status.model import CameraPhase

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pykka

    from edge_video.actors.cameras import CameraFleet
    from edge_video.actors.children import Children
    from edge_video.actors.lease_messages import LeaseMessage, NodeCommand
    from edge_video.actors.system_spec import SystemSpec
    from edge_video.frames import CameraId
    from edge_video.status.cluster import ClusterFacts


class Leases:
    """Part of the supervisor: used in its thread only, never blocks.

    Args:
        spec: has the timer.
        supervisor: where the timer tells that the time to leave is over.
        fleet: the cameras.
        children: one of them is the actor that holds the leases, in a cluster.
        stop: stops the system in order.

    Attributes:
        facts: what the node knows of its cluster; None before it was told anything.
    """

    def __init__(
        self,
        spec: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        fleet: CameraFleet,
        children: Children,
        *,
        stop: Callable[[], None],
    ) -> None:
        self.facts: ClusterFacts | None = None
        self._spec = spec
        self._supervisor = supervisor
        self._fleet = fleet
        self._children = children
        self._stop = stop
        self._is_leaving = False

    def handle(self, message: LeaseMessage | LeaveCluster | LeaveTimeOver) -> None:
        """Do what the leases, or the end of the system, ask for."""
        match message:
            case GrantCamera(camera_id=camera_id, epoch=epoch):
                self._grant(camera_id, epoch)
            case WithdrawCamera(camera_id=camera_id, reason=reason):
                self._withdraw(camera_id, is_superseded=reason == "superseded")
            case ClusterChanged(facts=facts):
                self.facts = facts
            case LeaveCluster(deadline_s=deadline_s):
                self._leave(deadline_s)
            case HasLeft() | LeaveTimeOver():
                if self._is_leaving:
                    self._stop()
            case _:
                assert_never(message)

    def execute(self, command: NodeCommand) -> CommandAnswer:
        """Drain the node, or let it take part again."""
        grants, wants_drained = self._fleet.grants, isinstance(command, DrainNode)
        if not grants.is_clustered:
            return CommandAnswer(CommandResult.NOT_RUNNING)
        if grants.is_drained is wants_drained:
            return CommandAnswer(CommandResult.ALREADY)
        grants.is_drained = wants_drained
        self._fleet.look_at_held()
        tell(self._children.ref(LEASE), command)
        return CommandAnswer(CommandResult.DONE)

    def started(self) -> None:
        """Tell a lease actor that starts what an operator wants."""
        if self._fleet.grants.is_drained:
            tell(self._children.ref(LEASE), DrainNode())

    def child_ended(self, name: str) -> None:
        """Wait no longer for a lease actor that has ended while the system leaves."""
        if name == LEASE and self._is_leaving:
            self._stop()

    def _grant(self, camera_id: CameraId, epoch: int) -> None:
        camera, grants = self._fleet.state(camera_id), self._fleet.grants
        if camera is None or camera.leaving:
            return
        grants.give(camera_id, epoch)
        self._spec.ledger.outbox_of[camera_id].epochs.begin(camera_id, epoch)
        camera.update(epoch=epoch)
        self._fleet.schedules.grant_changed(camera)
        if camera.record.phase is CameraPhase.STREAMING and not camera.pending.stop:
            grants.captured(camera_id)

    def _withdraw(self, camera_id: CameraId, *, is_superseded: bool) -> None:
        camera, grants = self._fleet.state(camera_id), self._fleet.grants
        grants.take(camera_id)
        if camera is not None:
            if is_superseded:
                self._spec.ledger.outbox_of[camera_id].epochs.supersede(camera_id)
            camera.update(epoch=None)
            self._fleet.schedules.grant_changed(camera)
        if camera is None or camera.ref is None:
            grants.ended(camera_id)

    def _leave(self, deadline_s: float) -> None:
        """Ask for every camera to be given away; whatever comes of it, the system stops then."""
        if self._is_leaving:
            return
        self._is_leaving = True
        if not tell(self._children.ref(LEASE), Leave(deadline_s)):
            self._stop()
            return

        def end() -> None:
            tell(self._supervisor, LeaveTimeOver())

        self._spec.timer.after(deadline_s, end)
