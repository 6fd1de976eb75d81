"""Defines every message of the actor system: commands, facts and queries, all frozen.

Commands are imperative, facts are past tense, queries are answered with a snapshot. Seconds end
in `_s`, nanoseconds in `_ns`. A `generation` is the number of a camera's attempt to stream; a
message of an older attempt than the current one is ignored by its receiver.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from edge_video.faults import Fault, Now, When

if TYPE_CHECKING:
    import threading

    import pykka

    from edge_video.capture.hardware import Decoding
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkEvent
    from edge_video.faults.scheduling import FaultCounts
    from edge_video.frames import CameraId
    from edge_video.metrics.memory import MemoryLevel
    from edge_video.metrics.sample import ProcessSample
    from edge_video.resilience.breaker import CircuitBreaker
    from edge_video.resilience.failures import Failure
    from edge_video.status.model import PublisherStatus
    from edge_video.status.snapshot import CameraRecord, PublisherMarks


# --- operator or embedding program → SupervisorActor ----------------------------------------


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Query: answered with a `SystemStatus`."""


@dataclass(frozen=True, slots=True)
class _OfCamera:
    """What every command about a camera has."""

    camera_id: CameraId
    origin: str = ""
    """Who asks for it, for the log and the timeline; an embedding program need not say."""


@dataclass(frozen=True, slots=True)
class StartCamera(_OfCamera):
    """Start a stopped camera, or ask for an attempt of one that waits."""


@dataclass(frozen=True, slots=True)
class StopCamera(_OfCamera):
    """Stop a camera until it is started again; a neutral end for its breaker."""


@dataclass(frozen=True, slots=True)
class ResetBreaker(_OfCamera):
    """Close a camera's breaker, clear its backoff and a forced opening; retry at once."""


@dataclass(frozen=True, slots=True)
class RetryNow(_OfCamera):
    """Cut an OPEN camera's wait short: its next attempt, the probe, begins at once."""


@dataclass(frozen=True, slots=True)
class ForceOpen(_OfCamera):
    """Hold a camera in OPEN until `ResumeCamera` or `ResetBreaker`; a stream that runs is ended."""


@dataclass(frozen=True, slots=True)
class ResumeCamera(_OfCamera):
    """End a forced opening as `ResetBreaker` does; nothing happens to a camera without one."""


@dataclass(frozen=True, slots=True)
class RetryPublisher:
    """Cut the wait of a publisher that is not connected short: it tries to connect at once."""

    origin: str = ""


class CommandResult(StrEnum):
    """What became of a command."""

    DONE = "done"
    ALREADY = "already"
    REJECTED = "rejected"
    """The breaker is OPEN; `CommandAnswer.retry_in_s` says for how long."""
    UNKNOWN_TARGET = "unknown_target"
    NOT_ALLOWED = "not_allowed"
    NOT_RUNNING = "not_running"
    NOT_UNDERSTOOD = "not_understood"
    """The target does not know this fault, or this way to say when."""


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to a command that was asked; nobody sees it when it was told.

    `retry_in_s` is set only for `REJECTED`: until the breaker permits it; None: it is held open.
    """

    result: CommandResult
    retry_in_s: float | None = None


CameraCommand: TypeAlias = (
    StartCamera | StopCamera | ResetBreaker | RetryNow | ForceOpen | ResumeCamera
)


# --- CameraActor → its `events` receiver (the supervisor, or an embedding program's actor) ---


@dataclass(frozen=True, slots=True)
class CameraStreaming:
    """The first whole frame of an attempt arrived."""

    camera_id: CameraId
    generation: int
    session: str
    width: int
    height: int
    after_s: float
    """Since its FFmpeg was started: that of the attempt, or another after a change of the size or
    where hardware has failed."""


@dataclass(frozen=True, slots=True)
class CameraStats:
    """Once a second while an attempt runs; what has no note is as in `CameraStatus`."""

    camera_id: CameraId
    generation: int
    breaker: CircuitBreaker
    ffmpeg_pid: int | None
    frames: int
    """Whole frames of this attempt, and answers that there is no newer picture."""
    key_frame_wait_s: float | None = None
    key_frame_interval_s: float | None = None
    decoding: Decoding | None = None
    unchanged_s: float | None = None


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """A breaker went from one state to another while its camera ran."""

    camera_id: CameraId
    generation: int
    before: CircuitBreaker
    breaker: CircuitBreaker


@dataclass(frozen=True, slots=True)
class BreakerWasReset:
    """A running camera has obeyed `ResetBreaker`."""

    camera_id: CameraId
    generation: int
    breaker: CircuitBreaker


@dataclass(frozen=True, slots=True)
class CameraFailed:
    """An attempt failed. What it owns is released next; `CameraEnded` follows."""

    camera_id: CameraId
    generation: int
    failure: Failure
    breaker: CircuitBreaker
    """After the failure was recorded in it."""


@dataclass(frozen=True, slots=True)
class CameraAway:
    """An attempt at an intermittent camera found nobody; no failure. `CameraEnded` follows."""

    camera_id: CameraId
    generation: int
    failure: Failure
    """How that showed."""
    breaker: CircuitBreaker
    """With the attempt given back to it, without a verdict."""


@dataclass(frozen=True, slots=True)
class CameraEnded:
    """The very last message of a camera actor: FFmpeg is reaped, its pipes are closed.

    `failure` is why the attempt failed, None after an orderly stop; `error` what broke the actor.
    """

    camera_id: CameraId
    generation: int
    breaker: CircuitBreaker
    failure: Failure | None = None
    error: str | None = None


CameraEvent: TypeAlias = (
    CameraStreaming
    | CameraStats
    | BreakerChanged
    | BreakerWasReset
    | CameraFailed
    | CameraAway
    | CameraEnded
)


# --- actors that are no cameras → SupervisorActor -------------------------------------------


@dataclass(frozen=True, slots=True)
class ActorEnded:
    """The very last message of an actor: everything it owned is released.

    `error` is None after an orderly stop, else one line about what ended it; `is_shortage` says
    that the machine had no descriptor, memory, process or thread left, which is no crash.
    """

    name: str
    incarnation: int
    error: str | None = None
    is_shortage: bool = False


@dataclass(frozen=True, slots=True)
class RestartDue:
    """Timer → supervisor: the pause before an actor's restart is over."""

    name: str
    incarnation: int
    """Of the one that has ended."""
    is_shortage: bool = False
    """As in `ActorEnded`."""


@dataclass(frozen=True, slots=True)
class Escalated:
    """Supervisor → embedding program: the system stops in order, by its own decision.

    An actor failed too often; or the supervisor itself crashed (it is never restarted).
    """

    actor: str
    restarts: int
    period_s: float


# --- frames ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FramesReady:
    """Frames wait in an outbox: its owner → a `PublisherActor`, or any actor that wants frames.

    Told once, however many frames come, until the receiver has found the outbox empty: it calls
    `outbox.deliver()` until that returns nothing. A publisher takes them into its own outbox.
    """

    outbox: Outbox


# --- PublisherActor -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connect:
    """Time for connection number `connection`."""

    connection: int


@dataclass(frozen=True, slots=True)
class SinkReported:
    """Sink thread → publisher: something happened to connection number `connection`."""

    connection: int
    event: SinkEvent


@dataclass(frozen=True, slots=True)
class Drain:
    """Supervisor → publisher: hand over what is held, and settle it.

    One that is not final hands nothing over any more: what is held waits for another publisher,
    and what is in flight is settled. `drained` is set to True when every frame is settled, to
    False when that cannot happen any more (no connection, or one that is blocked). While a
    connection is being made a final one waits for it.
    """

    drained: pykka.Future[bool]
    is_final: bool = True
    """No single frame is accepted any more; False: another publisher goes on with the outbox."""


@dataclass(frozen=True, slots=True)
class SinkFaultOver:
    """Timer → publisher: the time of a fault is over; `number` tells which one of them."""

    number: int


@dataclass(frozen=True, slots=True)
class PublisherStats:
    """Publisher → supervisor → reporter: whenever its state changes, and every 5 s."""

    status: PublisherStatus
    marks: PublisherMarks | None = None
    """What makes the status current again: a countdown that was told is stale."""


# --- MetricsActor ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProcessMeasured:
    """Metrics → supervisor → reporter: every 5 s; None when nothing can be measured any more."""

    sample: ProcessSample | None


@dataclass(frozen=True, slots=True)
class MemoryLevelChanged:
    """Metrics → supervisor: the memory controller's level changed."""

    level: MemoryLevel
    used_bytes: int
    limit_bytes: int


# --- SupervisorActor → ReporterActor --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """What the supervisor knows about one camera is now this."""

    record: CameraRecord


@dataclass(frozen=True, slots=True)
class RestartsCounted:
    """Restarts so far of the actors that are no cameras, and the faults by message."""

    restarts: dict[str, int]
    faults: FaultCounts


@dataclass(frozen=True, slots=True)
class SupervisorTicked:
    """Supervisor → HTTP: each second, a sign of life.

    `actors` are those that are no cameras, and whether each one's thread runs.
    """

    actors: dict[str, bool]
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class CommandExecuted:
    """Supervisor → HTTP: somebody asked for a command, and this came of it."""

    command: str
    """start, stop, retry, reset, pause, resume, retry_publisher, profile, drain, rejoin …"""
    camera_id: CameraId | None
    """As it was given: the camera need not exist; None where it is about none."""
    origin: str
    """Who asked, on one line; empty: an embedding program that did not say."""
    result: CommandResult
    profile: str | None = None
    """The one that was asked for, `none` for none; None of every other command."""


@dataclass(frozen=True, slots=True)
class HttpServerEnded:
    """Server thread → its HTTP actor: it has ended by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class FinishReport:
    """Print the final report; answered with the `SystemStatus` it shows."""


# --- self and timer -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """An actor's first message, from itself: `on_start` does nothing but send it."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Supervisor, while it stops, → any actor, asked: release everything, answer, and end.

    The answer is the actor's last words (a camera's `CameraEnded`, the publisher's
    `PublisherStats`): a supervisor that is stopping can no longer be told anything.
    """


@dataclass(frozen=True, slots=True)
class Tick:
    """Timer → the actor that asked for it: one period has passed."""


@dataclass(frozen=True, slots=True)
class SampleDue:
    """Timer → reporter: time to take down a point of the run's history."""


@dataclass(frozen=True, slots=True)
class MemoryTick:
    """Timer → metrics: time to look at the memory level."""


@dataclass(frozen=True, slots=True)
class AttemptDue:
    """Timer → supervisor: a camera's wait is over. `ticket` tells a newer wait from an older."""

    camera_id: CameraId
    ticket: int


# --- faults on purpose ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InjectFault:
    """Break something on purpose.

    `target` is a camera id, or `publisher`, `metrics`, `reporter`, `http`, `service`, `timer`,
    `supervisor`; a camera with one of these names is reached as `camera:publisher`. Refused and
    counted unless the system was started with `allow_faults=True`.

    Each time `when` comes true is a trigger. On a trigger the fault acts with `probability`
    (drawn from `seed`, so the same message breaks the same triggers), at most `times` times.

    Raises:
        ValueError: `times` is less than 1, or `probability` no number from 0 to 1.
    """

    target: str
    fault: Fault
    when: When = Now()  # noqa: RUF009 - a frozen value without fields
    times: int = 1
    probability: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError(f"times must be at least 1, got {self.times}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, got {self.probability}")


@dataclass(frozen=True, slots=True)
class ClearFaults:
    """Undo every injected fault that still acts or waits; `target` None means everywhere.

    An actor that `DelayActor` keeps busy goes on at once. Where the supervisor itself is kept
    busy, `edge_video.app.System.clear_faults` reaches it.
    """

    target: str | None = None


@dataclass(frozen=True, slots=True)
class ApplyFault:
    """Supervisor → target: this fault acts now. `cleared` is set when a delay is to end."""

    fault: Fault
    cleared: threading.Event


@dataclass(frozen=True, slots=True)
class FaultTick:
    """Timer → supervisor: time to compare frame counts with the faults that wait for them."""
