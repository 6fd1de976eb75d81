"""Defines the contract between the publisher and the places where frames go.

A sink object is **one life of a connection**: it is opened once, blocks nobody, and when it is
lost it is closed and a new one is made. Reconnecting, with its waits, belongs to the
publisher, so that it follows the same clock and timer as everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class SinkConnected:
    """The sink accepts frames from now on. `target` names it, secrets masked."""

    target: str


@dataclass(frozen=True, slots=True)
class SinkLost:
    """The sink is dead, for the reason given in words (secrets masked). Reported exactly once.

    Frames in flight have been settled as unknown before this is reported.
    `permanent` marks a cause that trying again at once cannot mend (a wrong password, a
    missing virtual host): the publisher then waits its longest delay.
    """

    reason: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class SinkBlocked:
    """The sink takes no frames for now (a broker's alarm, a full disk). The connection lives."""

    reason: str


@dataclass(frozen=True, slots=True)
class SinkUnblocked:
    """The sink takes frames again."""


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """One route (an exchange) is refused; other cameras go on.

    Frames for the route are dropped and counted (`DropReason.REFUSED`) until it is retried,
    `retry_in_s` seconds from now.
    """

    route: str
    reason: str
    retry_in_s: float
    is_of_events: bool = False
    """It carries events and no frames: they wait, and nothing is dropped for it."""


@dataclass(frozen=True, slots=True)
class FramesRefused:
    """The frames of one camera are refused; other cameras of its route go on.

    They are dropped and counted (`DropReason.REFUSED`) until they are tried again,
    `retry_in_s` seconds from now. None: only those that are too large are refused
    (`DropReason.TOO_LARGE`), for as long as this connection lasts.
    """

    camera_id: CameraId
    reason: str
    retry_in_s: float | None


@dataclass(frozen=True, slots=True)
class FramesUnroutable:
    """Frames came back (returned: nobody is bound to their route) or were nacked.

    Told at most once per ten seconds, with the number since the last time.
    """

    returned: int
    nacked: int
    example_route: str


@dataclass(frozen=True, slots=True)
class SinkDrained:
    """After `Sink.drain`: the outbox is empty and every frame handed over is settled."""


SinkEvent: TypeAlias = (
    SinkConnected
    | SinkLost
    | SinkBlocked
    | SinkUnblocked
    | RouteRefused
    | FramesRefused
    | FramesUnroutable
    | SinkDrained
)

SinkListener: TypeAlias = Callable[[SinkEvent], None]
"""Called from the thread that works for the sink, the reactor's or its own; must only tell an
actor."""


class Sink(Protocol):
    """One connection to a place where frames go. All methods may be called from any thread."""

    def open(self) -> None:
        """Begin to connect, and return at once. `SinkConnected` or `SinkLost` follows."""
        ...

    def frames_ready(self) -> None:
        """The outbox has frames; take them as soon as the sink can. Cheap, never blocks."""
        ...

    def drain(self) -> None:
        """Hand over what the outbox holds, wait for every settlement, then tell `SinkDrained`."""
        ...

    def inject(self, fault: SinkFault) -> bool:
        """Break on purpose, for tests of resilience; False when it is no fault of this sink.

        Returns at once; what needs a connection is done as soon as there is one. A fault acts
        until `end_fault`, `clear_faults` or the sink's own end; its `for_s` is the caller's
        business. May be called before `open`, for faults that outlive a connection. The effect is
        real: a connection is really cut, a frame really refused by the other side.
        """
        ...

    def end_fault(self, fault: SinkFault) -> None:
        """Undo a fault that was injected; harmless when it does not act."""
        ...

    def clear_faults(self) -> None:
        """Undo all of them."""
        ...

    def close(self, timeout_s: float) -> bool:
        """End the connection and its thread; what is not settled is booked as unknown.

        Blocks for at most about `timeout_s` seconds; idempotent. After it returns no listener is
        called and the outbox is not touched. Returns False when the thread could not be joined
        in time (it is then cut off from the outbox and the listener, and ends by itself).
        """
        ...
