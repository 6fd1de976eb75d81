"""Decides which outbox each camera's frames go to: the publisher's, or one of a host's actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.actors.base import tell, void
from edge_video.actors.messages import FramesReady
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pykka

    from edge_video.config import Config
    from edge_video.runtime.timer import Clock


def require_sink(config: Config, frames: Collection[str]) -> None:
    """Check that every camera's frames have a place to go.

    Raises:
        ValueError: a camera is not in `frames`, and no sink is configured.
    """
    homeless = [each.id for each in config.cameras if each.id not in frames]
    if homeless and not config.has_sink:
        raise ValueError(
            f"no place for the frames of {', '.join(homeless)}: set amqp.url or sink: directory,"
            " or name an actor for each of them in `frames`"
        )


def make_outboxes(
    config: Config, clock: Clock, frames: Mapping[str, pykka.ActorRef[Any]]
) -> tuple[Outbox, dict[CameraId, Outbox]]:
    """The publisher's outbox, and which outbox each camera's frames go to.

    Raises:
        ValueError: `frames` names a camera that is not configured.
    """
    unknown = set(frames) - {camera.id for camera in config.cameras}
    if unknown:
        raise ValueError(f"frames: no such camera: {', '.join(sorted(unknown))}")
    shared = _outbox(config, clock)
    outbox_of: dict[CameraId, Outbox] = {}
    route_frames(config, clock, shared, frames, outbox_of)
    return shared, outbox_of


def route_frames(
    config: Config,
    clock: Clock,
    shared: Outbox,
    receivers: Mapping[str, pykka.ActorRef[Any]] | Mapping[CameraId, pykka.ActorRef[Any]],
    outbox_of: dict[CameraId, Outbox],
) -> None:
    """Give each camera that has no outbox yet one: the shared one, or that of its receiver."""
    by_receiver = {
        receivers[camera_id].actor_urn: outbox
        for camera_id, outbox in outbox_of.items()
        if camera_id in receivers
    }
    for camera in config.cameras:
        camera_id = CameraId(camera.id)
        if camera_id in outbox_of:
            continue
        outbox = shared
        receiver = receivers.get(camera_id)
        if receiver is not None:
            outbox = by_receiver.setdefault(receiver.actor_urn, _outbox(config, clock))
            outbox.attach(_notice(receiver, outbox))
        outbox.add_camera(camera_id)
        outbox_of[camera_id] = outbox


def _outbox(config: Config, clock: Clock) -> Outbox:
    return Outbox(
        clock,
        buffer_frames=config.buffer,
        max_age_s=config.max_age,
        max_bytes=config.max_buffered_bytes,
    )


def _notice(receiver: pykka.ActorRef[Any], outbox: Outbox) -> Callable[[], None]:
    return lambda: void(tell(receiver, FramesReady(outbox)))
