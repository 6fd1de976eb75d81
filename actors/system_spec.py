"""Defines what a supervisor is handed: the parts of its system, and how to start them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from edge_video.actors.held_cameras import HeldCameras
from edge_video.actors.lease_messages import LEASE
from edge_video.status.snapshot import publisher_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pykka

    from edge_video.actors.messages import ApplyFault, Escalated
    from edge_video.config import CameraConfig, Config
    from edge_video.config.diff import ReloadPlan
    from edge_video.delivery.outbox import Outbox
    from edge_video.faults.delays import Delays
    from edge_video.frames import CameraId
    from edge_video.metrics.memory import MemoryLevel
    from edge_video.metrics.sample import ProcessSample
    from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.status.ledger import FrameLedger
    from edge_video.status.model import PublisherStatus, SystemStatus
    from edge_video.status.snapshot import Identity, PublisherMarks


class NotReadyError(Exception):
    """Raised for what a new configuration needs and is not there; a line for each."""

    def __init__(self, *details: str) -> None:
        super().__init__("; ".join(details))
        self.details = details


class CameraStarter(Protocol):
    """Starts a camera actor for one attempt. Given by the composition root."""

    def __call__(
        self,
        camera: CameraConfig,
        *,
        breaker: CircuitBreaker,
        events: pykka.ActorRef[Any],
        start_faults: Sequence[ApplyFault] = (),
    ) -> pykka.ActorRef[Any]:
        """Start it; returns at once."""
        ...


class ChildStarter(Protocol):
    """Starts one incarnation of an actor that is no camera."""

    def __call__(
        self, supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState
    ) -> pykka.ActorRef[Any] | None:
        """Start it; returns at once. None for the timer, which is a thread and no actor."""
        ...


@dataclass(frozen=True, slots=True)
class HandoverState:
    """What a restarted actor takes over from its predecessor."""

    publisher: PublisherStatus
    process: ProcessSample | None
    memory_level: MemoryLevel
    publisher_marks: PublisherMarks | None = None
    """As in `PublisherStats`."""
    start_faults: tuple[ApplyFault, ...] = ()
    """Faults on purpose that act in this incarnation."""

    def publisher_now(self, clock: Clock, outbox: Outbox) -> PublisherStatus:
        """The publisher's status with an outage that has gone on since it was told."""
        counts = outbox.counts().values()
        return publisher_now(self.publisher, self.publisher_marks, clock.monotonic(), counts)


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures of a configuration that the supervisor itself goes by."""

    start_spacing_s: float = 0.1
    max_restarts: int = 5
    restart_period_s: float = 60.0
    shutdown_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ready to be taken over; making it has changed nothing."""

    policy: BreakerPolicy
    limits: Limits
    adopt: Callable[[], None]
    """Lets what all actors share know the new configuration; cannot fail for want of anything."""
    children: Mapping[str, ChildStarter] = field(default_factory=dict)
    """How those actors start from now on that have to start anew, by name."""


class Reconfiguration(Protocol):
    """The composition root's part in a reload. Supervisor's thread."""

    def prepare(
        self,
        config: Config,
        plan: ReloadPlan,
        receivers: Mapping[CameraId, pykka.ActorRef[Any]],
    ) -> Prepared:
        """Make everything that may fail, and change nothing.

        Args:
            config: what is to run.
            plan: how it differs from what runs.
            receivers: actors that get the frames of cameras which are new or come back.

        Raises:
            NotReadyError: something is missing.
        """
        ...


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """What a supervisor runs, handed in whole by the composition root.

    `children` are started in this order before any camera, and stopped in reverse after all of
    them; a child named `publisher` is drained first, one named `reporter` prints last. Where there
    is one named `lease`, nodes share cameras, and a camera runs only while it grants it.
    """

    clock: Clock
    timer: Timer
    identity: Identity
    config: Config
    """What runs at first."""
    reconfiguration: Reconfiguration
    cameras: Sequence[CameraConfig]
    breaker: CircuitBreaker
    """A fresh one, with the configured policy."""
    start_camera: CameraStarter
    children: Mapping[str, ChildStarter]
    ledger: FrameLedger
    publisher: PublisherStatus
    kill_processes: Callable[[], None]
    """Kills every FFmpeg process group that is left; after the deadline."""
    on_stopped: Callable[[Stopped], None]
    """Called last, in the supervisor's thread."""
    delays: Delays
    """Shared with whoever must end a delay of the supervisor itself."""
    publisher_outbox: Outbox | None = None
    limits: Limits = Limits()
    """At first; a reload may bring others."""
    certificates: str | None = None
    """Stands for the contents of the certificates' files; None: nobody looks at them."""
    held: HeldCameras = HeldCameras()  # noqa: RUF009 - a frozen value
    """Cameras that an operator has stopped or paused in an earlier run."""
    on_held: Callable[[HeldCameras], None] | None = None
    """Told of those that are held from now on; must not block. Supervisor's thread."""
    on_reload: Callable[[Config], None] | None = None
    """Called in the supervisor's thread with each configuration that was taken over."""
    camera_stop_deadline_s: float = 4.0
    """All cameras together get this long to stop."""
    child_stop_deadline_s: float = 4.0
    """Each other actor gets this long to stop."""
    host: pykka.ActorRef[Any] | None = None
    """Gets `Escalated`; an embedding program's own actor."""
    allow_faults: bool = False
    draw: Callable[[], float] = lambda: 0.0

    @property
    def is_clustered(self) -> bool:
        """Whether this node shares cameras with others."""
        return LEASE in self.children


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a system ended."""

    status: SystemStatus
    escalated: Escalated | None = None
    error: str | None = None
    """What broke the supervisor itself; None after an orderly stop."""
