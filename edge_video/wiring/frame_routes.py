"""Decides which outbox each camera's frames go to: the publisher's, or one of a host's actor."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(slots=True)
class FramePlaces:
    """The outbox of each camera, and the actor that gets its frames. Supervisor's thread.

    A camera that was removed and comes back counts on in its outbox, whose frames all go to one.

    Attributes:
        clock: of the outboxes.
        outbox: the publisher's.
        outbox_of: of every camera that there is or was.
    """

    clock: Clock
    outbox: Outbox
    outbox_of: dict[CameraId, Outbox] = field(default_factory=dict)
    _receiver_of: dict[Outbox, pykka.ActorRef[Any]] = field(default_factory=dict)

    @classmethod
    def first(
        cls, config: Config, clock: Clock, frames: Mapping[str, pykka.ActorRef[Any]]
    ) -> FramePlaces:
        """The places of a system that begins with this configuration.

        Raises:
            ValueError: `frames` names a camera that is not configured.
        """
        unknown = set(frames) - {camera.id for camera in config.cameras}
        if unknown:
            raise ValueError(f"frames: no such camera: {', '.join(sorted(unknown))}")
        places = cls(clock, _outbox(config, clock))
        places.use(config, {CameraId(name): receiver for name, receiver in frames.items()})
        return places

    def require(self, config: Config, receivers: Mapping[CameraId, pykka.ActorRef[Any]]) -> None:
        """Check that `use` can do what it is asked for.

        Raises:
            ValueError: a camera has no place, or cannot have that of its receiver.
        """
        elsewhere = {key for key, outbox in self.outbox_of.items() if outbox is not self.outbox}
        require_sink(config, elsewhere.union(receivers))
        for camera_id, receiver in receivers.items():
            outbox = self.outbox_of.get(camera_id)
            if outbox is None or self._goes_to(outbox, receiver):
                continue
            if outbox is self.outbox:
                message = "its frames went to the sink before, and no actor can get them now"
                raise ValueError(f"{camera_id}: {message}")
            for other in map(CameraId, (camera.id for camera in config.cameras)):
                if other not in receivers and self.outbox_of.get(other) is outbox:
                    raise ValueError(f"{camera_id}: its frames go where those of {other} go")

    def use(self, config: Config, receivers: Mapping[CameraId, pykka.ActorRef[Any]]) -> None:
        """Give each camera that has no outbox yet one: the publisher's, or that of its receiver."""
        for camera in config.cameras:
            camera_id = CameraId(camera.id)
            receiver = receivers.get(camera_id)
            outbox = self.outbox_of.get(camera_id)
            if outbox is None:
                outbox = self.outbox if receiver is None else self._outbox_for(receiver, config)
                outbox.add_camera(camera_id)
                self.outbox_of[camera_id] = outbox
            if receiver is not None and not self._goes_to(outbox, receiver):
                self._receiver_of[outbox] = receiver
                outbox.attach(_notice(receiver, outbox))

    def _outbox_for(self, receiver: pykka.ActorRef[Any], config: Config) -> Outbox:
        known = (each for each in self._receiver_of if self._goes_to(each, receiver))
        return next(known, None) or _outbox(config, self.clock)

    def _goes_to(self, outbox: Outbox, receiver: pykka.ActorRef[Any]) -> bool:
        known = self._receiver_of.get(outbox)
        return known is not None and known.actor_urn == receiver.actor_urn


def _outbox(config: Config, clock: Clock) -> Outbox:
    return Outbox(
        clock,
        buffer_frames=config.buffer,
        max_age_s=config.max_age,
        max_bytes=config.max_buffered_bytes,
    )


def _notice(receiver: pykka.ActorRef[Any], outbox: Outbox) -> Callable[[], None]:
    return lambda: void(tell(receiver, FramesReady(outbox)))
