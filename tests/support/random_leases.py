"""Random faults against a node whose cameras are granted and withdrawn meanwhile."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from edge_video.actors.base import ChildActor, tell
from edge_video.actors.lease_messages import (
    LEASE,
    CameraWithdrawn,
    GrantCamera,
    HasLeft,
    Leave,
    WithdrawCamera,
)
from edge_video.actors.messages import Begin, InjectFault
from edge_video.faults import CrashActor
from edge_video.frames import CameraId
from edge_video.resilience.cluster.terms import StopReason
from edge_video.testing import RecordingPublisher
from tests.support.random_faults import BLOWS, RandomFaults, StormCapture

if TYPE_CHECKING:
    import pykka

    from edge_video.status.model import CameraStatus
    from tests.support.settling import Settling

_KEPT: Final = 500
"""More frames than come between two looks."""


class StormLease(ChildActor):
    """Stands for the actor that holds the leases: notes which cameras are gone, and crashes."""

    NAME = LEASE
    UNDERSTOOD = (object,)

    def __init__(
        self, storm: RandomLeases, supervisor: pykka.ActorRef[Any], incarnation: int
    ) -> None:
        super().__init__(allow_faults=True, supervisor=supervisor, incarnation=incarnation)
        self._storm = storm

    def handle(self, message: object) -> None:
        storm = self._storm
        if isinstance(message, Begin):  # what was told to a predecessor may have been lost
            storm.is_heard = True
            for camera_id in map(CameraId, storm.notes):
                epoch = storm.granted.get(camera_id)
                tell(
                    self._supervisor,
                    WithdrawCamera(camera_id, StopReason.RELEASED)
                    if epoch is None
                    else GrantCamera(camera_id, epoch),
                )
        elif isinstance(message, CameraWithdrawn):
            storm.going.discard(message.camera_id)
        elif isinstance(message, Leave):
            tell(self._storm.system.supervisor, HasLeft())


class RandomLeases(RandomFaults):
    """One node of several.

    Attributes:
        granted: the epoch of each camera that runs here.
        going: cameras that were withdrawn, and of which it was not told that nothing is left.
        is_heard: there is an actor that is told it.
        moves: how often cameras came and went.
    """

    def __init__(self, seed: int, cameras: int, settling: Settling) -> None:
        super().__init__(seed, cameras, settling)
        self.recorder = RecordingPublisher(keep=_KEPT)
        self.blows = (*BLOWS, *_MOVES)
        self.granted: dict[CameraId, int] = {}
        self.going: set[CameraId] = set()
        self.is_heard = False
        self.moves = 0
        self._epochs = itertools.count(1)

    def lease(self, supervisor: pykka.ActorRef[Any], incarnation: int, _known: object) -> Any:
        """A `ChildStarter`."""
        return StormLease.start(self, supervisor, incarnation)

    def start(self) -> Any:
        system = super().start()
        for camera_id in self.notes:
            if self.random.random() < 0.8:
                self.grant(CameraId(camera_id))
        self._settling.settle()
        return system

    def grant(self, camera_id: CameraId) -> None:
        """Let it run here, with the next epoch."""
        self.granted[camera_id] = next(self._epochs)
        self.going.discard(camera_id)
        self.moves += 1
        self.tell(GrantCamera(camera_id, self.granted[camera_id]))

    def withdraw(self, camera_id: CameraId) -> None:
        """Let it run here no more; what it failed of is forgotten."""
        notes = self.notes[camera_id]
        notes.not_before_s, notes.was_reset = None, True
        self.granted.pop(camera_id, None)
        self.going.add(camera_id)
        self.moves += 1
        self.tell(WithdrawCamera(camera_id, self.random.choice(tuple(StopReason))))

    def _storm_capture(self, camera: Any, **calls: Any) -> StormCapture:
        if CameraId(camera.id) not in self.granted:
            self.violation(camera.id, "an attempt without a grant")
        return super()._storm_capture(camera, **calls)

    def observe(self) -> None:
        super().observe()
        for camera_id in self.going if self.is_heard else ():
            self.violation(camera_id, "nobody was told that nothing is left of it")
        seen: dict[CameraId, int] = {}
        for frame in self.recorder.frames:
            epoch = frame.epoch or 0
            if epoch < seen.get(frame.camera_id, 1):
                self.violation(frame.camera_id, f"a frame of epoch {epoch} after a later one")
            seen[frame.camera_id] = epoch

    def _observe_camera(self, camera: CameraStatus) -> None:
        super()._observe_camera(camera)
        if self.running.get(camera.camera_id) and camera.camera_id not in self.granted:
            self.violation(camera.camera_id, "it runs without a grant")


def _is_granted(storm: RandomLeases, camera_id: str) -> None:
    storm.grant(CameraId(camera_id))


def _is_withdrawn(storm: RandomLeases, camera_id: str) -> None:
    storm.withdraw(CameraId(camera_id))


def _is_withdrawn_and_comes_back(storm: RandomLeases, camera_id: str) -> None:
    storm.withdraw(CameraId(camera_id))
    storm.grant(CameraId(camera_id))


def _leases_crash(storm: RandomLeases, _camera_id: str) -> None:
    storm.is_heard = False
    storm.tell(InjectFault(LEASE, CrashActor()))


_MOVES: Final = (
    _is_granted,
    _is_granted,
    _is_granted,
    _is_withdrawn,
    _is_withdrawn,
    _is_withdrawn_and_comes_back,
    _leases_crash,
)
