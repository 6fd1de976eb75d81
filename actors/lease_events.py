"""Defines what the broker brings the actor of the leases, and brings it there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_video.actors.base import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from edge_video.resilience.cluster import Announcement
    from edge_video.resilience.cluster.terms import LineEvent, TokenEvent

_MAX_HEARD: Final = 500
"""Announcements that wait for the actor; more are not told: nodes announce themselves again."""


@dataclass(frozen=True, slots=True)
class LineOpened:
    """The channel of the leases is there; `life` numbers it."""

    life: int


@dataclass(frozen=True, slots=True)
class LineClosed:
    """The channel of the leases is gone; secrets are masked in the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class LineHappened:
    """Something has happened to a camera's lease, on the channel with this number."""

    life: int
    camera: str
    event: LineEvent | TokenEvent


@dataclass(frozen=True, slots=True)
class QueueRefused:
    """The broker refuses the queue of a camera."""

    camera: str
    queue: str
    reason: str


@dataclass(frozen=True, slots=True)
class NodeHeard:
    """A node has announced itself."""

    announcement: Announcement
    done: Callable[[], None]
    """To be called when it was taken in: it makes room for the next."""


FromBroker: TypeAlias = LineOpened | LineClosed | LineHappened | QueueRefused | NodeHeard


class LeaseMailbox:
    """Tells an actor what happens on the broker; a `ClusterListener`. The control thread."""

    def __init__(self, actor: pykka.ActorRef[Any]) -> None:
        self._actor = actor
        self._room = threading.BoundedSemaphore(_MAX_HEARD)

    def line_opened(self, life: int) -> None:
        """See `LineListener`."""
        tell(self._actor, LineOpened(life))

    def line_closed(self, reason: str) -> None:
        """See `LineListener`."""
        tell(self._actor, LineClosed(reason))

    def happened(self, life: int, camera: str, event: LineEvent | TokenEvent) -> None:
        """See `LineListener`."""
        tell(self._actor, LineHappened(life, camera, event))

    def queue_refused(self, camera: str, queue: str, reason: str) -> None:
        """See `LineListener`."""
        tell(self._actor, QueueRefused(camera, queue, reason))

    def heard(self, announcement: Announcement) -> None:
        """See `ClusterListener`."""
        if self._room.acquire(blocking=False):
            tell(self._actor, NodeHeard(announcement, self._room.release))
