"""Knows which cameras the leases of a cluster grant to this node, and with which epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.actors.lease_messages import CameraCaptured, CameraWithdrawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId


class Grants:
    """Part of the supervisor: used in its thread only, never blocks.

    Without a cluster every camera is granted, without an epoch, and nobody is told anything.

    Args:
        is_clustered: only what the leases grant runs.
        is_drained: an operator has drained the node in an earlier run.
        tell_lease: tells the actor that holds the leases.

    Attributes:
        is_clustered: as given.
        is_drained: an operator wants this node to take nothing.
    """

    def __init__(
        self, *, is_clustered: bool, is_drained: bool, tell_lease: Callable[[object], object]
    ) -> None:
        self.is_clustered = is_clustered
        self.is_drained = is_clustered and is_drained
        self._tell_lease = tell_lease
        self._epochs: dict[CameraId, int] = {}

    def has(self, camera_id: CameraId) -> bool:
        """Whether the node may capture a camera."""
        return not self.is_clustered or camera_id in self._epochs

    def give(self, camera_id: CameraId, epoch: int) -> None:
        """Note that a camera is granted, with this epoch."""
        self._epochs[camera_id] = epoch

    def take(self, camera_id: CameraId) -> None:
        """Note that a camera is granted no more."""
        self._epochs.pop(camera_id, None)

    def captured(self, camera_id: CameraId) -> None:
        """Tell that frames of a camera flow, if it is granted in a cluster."""
        epoch = self._epochs.get(camera_id)
        if epoch is not None:
            self._tell_lease(CameraCaptured(camera_id, epoch))

    def give_up(self, camera_id: CameraId) -> None:
        """Tell that nothing is left of a camera's capture, and nothing comes any more."""
        self.take(camera_id)
        self.ended(camera_id)

    def ended(self, camera_id: CameraId) -> None:
        """Tell that nothing is left of a camera's capture, if it is not granted."""
        if not self.has(camera_id):
            self._tell_lease(CameraWithdrawn(camera_id))
