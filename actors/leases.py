"""Obeys the actor that holds the leases of a cluster, and tells it what an operator wants."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, assert_never

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
    RejoinNode,
    WithdrawCamera,
)
from edge_video.actors.messages import CommandAnswer, CommandResult
from edge_video.log.events import LogEvent, log_event
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
    from edge_video.runtime.timer import TimerHandle
    from edge_video.status.cluster import ClusterFacts


_log = logging.getLogger(__name__)

UNOWNED_AFTER_S: Final = 60.0
"""A camera that no node has for so long is in trouble."""


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
        self._limit: TimerHandle | None = None
        self._nobody_s: dict[CameraId, float] = {}
        """Since when no node has them, in monotonic seconds."""

    def handle(self, message: LeaseMessage | LeaveCluster | LeaveTimeOver) -> None:
        """Do what the leases, or the end of the system, ask for."""
        match message:
            case GrantCamera(camera_id=camera_id, epoch=epoch):
                self._grant(camera_id, epoch)
            case WithdrawCamera(camera_id=camera_id, reason=reason):
                self._withdraw(camera_id, is_superseded=reason == "superseded")
            case ClusterChanged(facts=facts):
                self.facts = facts
                self._name_owners()
                tell(self._children.ref("http"), message)
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

    def look(self) -> None:
        """Say of which cameras nobody has been the owner for too long; called once a second."""
        if not self._fleet.grants.is_clustered:
            return
        now_s, before = self._spec.clock.monotonic(), self._nobody_s
        if self.facts is None or self.facts.down_since_s is not None:
            # Nobody is heard: what was told stands, and what was not yet told begins anew.
            self._nobody_s = {key: s for key, s in before.items() if self._is_told(key)}
            return
        self._nobody_s = {
            camera_id: before.get(camera_id, now_s)
            for camera_id in self._fleet.ids
            if self._has_nobody(camera_id)
        }
        for camera_id in self._fleet.ids:
            self._tell_unowned(camera_id, now_s, before.get(camera_id, now_s))

    def started(self) -> None:
        """Tell a lease actor that starts what an operator wants.

        Its predecessor's member may know an older wish: what was told to nobody is lost. While the
        system leaves, nothing takes that back.
        """
        lease = self._children.ref(LEASE)
        if self._fleet.grants.is_drained:
            tell(lease, DrainNode())
        elif not self._is_leaving:
            tell(lease, RejoinNode())

    def child_ended(self, name: str) -> None:
        """Wait no longer for a lease actor that has ended while the system leaves."""
        if name == LEASE and self._is_leaving:
            self._stop()

    def give_up(self) -> None:
        """Have others take the cameras over while the system stops, if it has not asked already.

        The lease actor lives until everything else has ended: it would go on renewing.
        """
        if self._limit is not None:
            self._limit.cancel()
        if not self._is_leaving:
            self._is_leaving = True
            tell(self._children.ref(LEASE), Leave())

    def _name_owners(self) -> None:
        assert self.facts is not None
        for camera_id in self._fleet.ids:
            camera = self._fleet.state(camera_id)
            if camera is not None:
                owner = None if camera.record.epoch else self.facts.owners.get(camera_id)
                camera.update(owner=owner)

    def _has_nobody(self, camera_id: CameraId) -> bool:
        """Whether a camera should run here or elsewhere, and nobody has it."""
        camera = self._fleet.state(camera_id)
        if camera is None:
            return False
        return camera.record.phase is CameraPhase.ELSEWHERE and camera.record.owner is None

    def _is_told(self, camera_id: CameraId) -> bool:
        camera = self._fleet.state(camera_id)
        return camera is not None and camera.record.unowned_since_s is not None

    def _tell_unowned(self, camera_id: CameraId, now_s: float, began_s: float) -> None:
        """Say that a camera has had nobody for a minute, and when it has somebody again."""
        camera = self._fleet.state(camera_id)
        if camera is None:
            return
        before_s, since_s = camera.record.unowned_since_s, self._nobody_s.get(camera_id)
        if since_s is None and before_s is not None:
            camera.update(unowned_since_s=None)
            if camera.record.epoch or camera.record.owner:  # else it is not wanted any more
                lasted_s = now_s - began_s
                log_event(_log, LogEvent.CAMERA_OWNED, camera_id=camera_id, lasted_s=lasted_s)
        elif since_s is not None and before_s is None and now_s - since_s >= UNOWNED_AFTER_S:
            camera.update(unowned_since_s=since_s)
            log_event(_log, LogEvent.CAMERA_UNOWNED, camera_id=camera_id, lasted_s=now_s - since_s)

    def _grant(self, camera_id: CameraId, epoch: int) -> None:
        camera, grants = self._fleet.state(camera_id), self._fleet.grants
        if camera is None or camera.leaving:
            return
        grants.give(camera_id, epoch)
        self._spec.ledger.outbox_of[camera_id].epochs.begin(camera_id, epoch)
        camera.update(epoch=epoch, owner=None)
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
        if not tell(self._children.ref(LEASE), Leave()):
            self._stop()
            return

        def end() -> None:
            tell(self._supervisor, LeaveTimeOver())

        self._limit = self._spec.timer.after(deadline_s, end)
