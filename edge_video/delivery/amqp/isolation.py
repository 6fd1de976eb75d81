"""Gives each camera whose frames the broker refuses, or may refuse, a channel of its own.

A refused message closes the channel that it came on, and with it go the confirms of every other
camera there. So what was refused once is tried again where it harms nobody.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.delivery.amqp.exchange import ChannelState
from edge_video.delivery.ledger import DropReason
from edge_video.delivery.round_robin import Admission
from edge_video.delivery.sink import FramesRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.sink import SinkListener
    from edge_video.frames import CameraId

_MAX_CHANNELS: Final = 32
"""Channels for single cameras at the same time; further cameras stay where they are."""


class Suspicion(Enum):
    """Why a camera is kept apart."""

    ROUTE = auto()
    """Its routing key was refused."""
    SIZE = auto()
    """A frame is larger than what an earlier connection was allowed."""
    UNKNOWN = auto()
    """It had a frame on a channel that was closed for a reason that names none."""


@dataclass(slots=True)
class Suspect:
    """One camera that is kept apart."""

    why: Suspicion
    channel: FrameChannel | None = None
    """None while its frames go nowhere."""
    until_s: float = 0.0
    """Monotonic, of the next trial, while there is no `channel`."""


class IsolationOwner(Protocol):
    """Who owns the connection."""

    def open_private(self, camera_id: CameraId) -> FrameChannel | None:
        """Open a channel for one camera; None when the broker allows no further one."""

    def release_private(self, channel: FrameChannel) -> None:
        """Close a camera's channel; its frames go with the others again."""


class CameraIsolation:
    """The cameras that are kept apart, during one connection. All in the connection's thread.

    Args:
        owner: opens and closes channels.
        host: the connection's side; `ChannelHost.retry_s` is also how long a refused camera rests
            before it is tried again.
        listener: told whose frames are refused.
    """

    def __init__(self, owner: IsolationOwner, host: ChannelHost, listener: SinkListener) -> None:
        self._owner = owner
        self._host = host
        self._listener = listener
        self._knowledge = host.knowledge
        self._suspects: dict[CameraId, Suspect] = {
            camera_id: Suspect(Suspicion.ROUTE) for camera_id in host.knowledge.refused_cameras
        }
        self._limit_is_sure = False
        """The size limit is this connection's own experience."""
        self._too_large: set[CameraId] = set()
        self._due: list[Callable[[], None]] = []
        self._wanted: CameraId | None = None
        """The camera that will try the size limit."""

    @property
    def is_idle(self) -> bool:
        """Whether every frame of every camera may go the usual way."""
        return not self._suspects and self._knowledge.max_message_bytes is None

    @property
    def channels(self) -> list[FrameChannel]:
        """The channels of single cameras."""
        return [each.channel for each in self._suspects.values() if each.channel is not None]

    def channel(self, camera_id: CameraId) -> FrameChannel | None:
        """The camera's own channel; None when it has none."""
        suspect = self._suspects.get(camera_id)
        return None if suspect is None else suspect.channel

    # --- may a frame go? ------------------------------------------------------------------------

    def admit(self, camera_id: CameraId, size: int) -> Admission | DropReason | None:
        """Judge the next frame of a camera; None when it may go the usual way.

        Under the outbox's lock: what follows from it is done by `act`.
        """
        limit = self._knowledge.max_message_bytes
        suspect = self._suspects.get(camera_id)
        if limit is not None and size > limit and not self._may_try(camera_id):
            self._report_too_large(camera_id, size, limit)
            return DropReason.TOO_LARGE
        if suspect is None:
            return Admission.LEAVE if self._wanted == camera_id else None
        channel = suspect.channel
        if channel is None:
            return DropReason.REFUSED
        if suspect.why is Suspicion.SIZE and channel.unsettled:
            return Admission.LEAVE  # one is enough to know
        return admit_to(channel)

    def act(self) -> None:
        """Do what `admit` found to be due."""
        due, self._due = self._due, []
        for each in due:
            each()

    def _may_try(self, camera_id: CameraId) -> bool:
        """Whether this camera tries if the limit of an earlier connection still holds."""
        if self._limit_is_sure:
            return False
        trials = [each for each, one in self._suspects.items() if one.why is Suspicion.SIZE]
        if not trials and self._wanted is None and camera_id not in self._suspects:
            self._wanted = camera_id
            self._due.append(self._try_size)
        return camera_id == self._wanted or camera_id in trials

    def _try_size(self) -> None:
        camera_id, self._wanted = self._wanted, None
        if camera_id is not None:
            self._isolate(camera_id, Suspicion.SIZE)
            self._limit_is_sure = camera_id not in self._suspects

    def _report_too_large(self, camera_id: CameraId, size: int, limit: int) -> None:
        if camera_id not in self._too_large:
            self._too_large.add(camera_id)
            reason = (
                f"a frame of {size} bytes is larger than the broker takes"
                f" (its max_message_size is {limit} bytes)"
            )
            self._due.append(functools.partial(self._report, camera_id, reason, None))

    # --- what the broker says -------------------------------------------------------------------

    def refuse_size(self, camera_id: CameraId, limit: int, reason: str) -> None:
        """The broker refused a frame of the camera for its size."""
        self._knowledge.max_message_bytes = limit
        self._limit_is_sure = True
        if camera_id not in self._too_large:
            self._too_large.add(camera_id)
            self._report(camera_id, reason, None)
        self._release_trials()

    def refuse_cameras(self, camera_ids: Iterable[CameraId], reason: str) -> None:
        """The broker refuses every frame of these cameras; they rest, and are tried again."""
        for camera_id in camera_ids:
            self._drop_channel(camera_id)
            until_s = self._host.now() + self._host.retry_s
            self._suspects[camera_id] = Suspect(Suspicion.ROUTE, until_s=until_s)
            self._knowledge.refused_cameras.add(camera_id)
            self._report(camera_id, reason, self._host.retry_s)

    def quarantine(self, camera_ids: Iterable[CameraId]) -> None:
        """One of these cameras had a frame refused; which one, their own channels will show."""
        for camera_id in camera_ids:
            if camera_id not in self._suspects:
                self._isolate(camera_id, Suspicion.UNKNOWN)

    def settled(self, camera_id: CameraId, size: int) -> None:
        """The broker took a frame of the camera from its own channel."""
        suspect = self._suspects.get(camera_id)
        if suspect is None or suspect.channel is None:
            return
        limit = self._knowledge.max_message_bytes
        if limit is not None and size > limit:
            self._knowledge.max_message_bytes = None  # it was raised
            self._too_large.clear()
        elif suspect.why is Suspicion.SIZE:
            return  # a smaller frame proves nothing
        if suspect.why is Suspicion.ROUTE:
            self._knowledge.refused_cameras.discard(camera_id)
        if not suspect.channel.unsettled:
            self.release(camera_id)

    def release(self, camera_id: CameraId) -> None:
        """The camera's frames go with the others again."""
        self._drop_channel(camera_id)
        self._suspects.pop(camera_id, None)

    def try_again(self) -> None:
        """Try the cameras again that have rested long enough; call it about once a second."""
        for camera_id, suspect in list(self._suspects.items()):
            if suspect.channel is None and self._host.now() >= suspect.until_s:
                suspect.channel = self._open(camera_id)
                if suspect.channel is None:
                    self.release(camera_id)  # there is no better place than among the others
                else:
                    suspect.channel.on_trial = True

    # --- inside ---------------------------------------------------------------------------------

    def _report(self, camera_id: CameraId, reason: str, retry_in_s: float | None) -> None:
        self._listener(FramesRefused(camera_id, reason, retry_in_s))

    def _isolate(self, camera_id: CameraId, why: Suspicion) -> None:
        channel = self._open(camera_id)
        if channel is not None:
            self._suspects[camera_id] = Suspect(why, channel)

    def _open(self, camera_id: CameraId) -> FrameChannel | None:
        if len(self.channels) >= _MAX_CHANNELS:
            return None
        return self._owner.open_private(camera_id)

    def _drop_channel(self, camera_id: CameraId) -> None:
        suspect = self._suspects.get(camera_id)
        if suspect is not None and suspect.channel is not None:
            channel, suspect.channel = suspect.channel, None
            self._owner.release_private(channel)

    def _release_trials(self) -> None:
        for camera_id, suspect in list(self._suspects.items()):
            if suspect.why is Suspicion.SIZE:
                self.release(camera_id)


def admit_to(channel: FrameChannel) -> Admission | DropReason:
    """Whether a frame may be published on a channel now.

    One that may still be opened leaves its frames in the outbox, where the newest win. One that
    was refused before gets a single frame, whose fate decides about the others.
    """
    match channel.state:
        case ChannelState.READY:
            if channel.on_trial and channel.unsettled:
                return DropReason.REFUSED
            return Admission.TAKE
        case ChannelState.OPENING | ChannelState.WAITING:
            return DropReason.REFUSED if channel.on_trial else Admission.LEAVE
        case _:
            return DropReason.REFUSED
