"""The supervisor actor: starts, restarts and stops the others; the only one that knows them all."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, assert_never, get_args

import pykka

from actors.base import (
    SupervisedActor,
    describe,
    is_running,
    join,
    say_breaker_changed,
    tell,
)
from actors.messages import (
    ActorEnded,
    AttemptDue,
    Begin,
    BreakerChanged,
    BreakerWasReset,
    CameraChanged,
    CameraCommand,
    CameraEnded,
    CameraFact,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    ClearFaults,
    CommandAnswer,
    CommandResult,
    Drain,
    Escalated,
    Finish,
    FinishReport,
    ForceOpen,
    GetStatus,
    InjectFault,
    MemoryLevelChanged,
    ProcessMeasured,
    PublisherStats,
    ResetBreaker,
    RestartsCounted,
    RetryNow,
    StartCamera,
    StopCamera,
    SupervisorMessage,
    Tick,
)
from edge_video.breaker import BreakerState, CircuitBreaker
from edge_video.events import Event, say
from edge_video.failures import Cause, Failure, policy_for
from edge_video.frames import CameraId
from edge_video.intensity import RestartIntensity
from edge_video.snapshot import Books, CameraRecord, Identity, take_status
from edge_video.spacing import HostSpacing
from edge_video.stats import (
    CameraPhase,
    DropReason,
    MemoryLevel,
    PublisherStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from edge_video.config import CameraConfig
    from edge_video.outbox import Outbox
    from edge_video.stats import ProcessSample, SystemStatus
    from edge_video.timer import Clock, Timer, TimerHandle

_log = logging.getLogger(__name__)

_CHECK_S = 1.0
_LAST_WORDS_S = 1.0
_STOP_CHILD_S = 4.0
_REPORT_S = 5.0
_EMERGENCY_INTERVAL_S = 1.0
_MIB = 2**20
_CAMERA_PREFIX = "camera:"


class CameraStarter(Protocol):
    """Starts a camera actor for one attempt. Given by the composition root."""

    def __call__(
        self, camera: CameraConfig, *, breaker: CircuitBreaker, events: pykka.ActorRef[Any]
    ) -> pykka.ActorRef[Any]:
        """Start it; returns at once."""
        ...


class ChildStarter(Protocol):
    """Starts one incarnation of an actor that is no camera."""

    def __call__(
        self, supervisor: pykka.ActorRef[Any], incarnation: int, known: Known
    ) -> pykka.ActorRef[Any] | None:
        """Start it; returns at once. None for the timer, which is a thread and no actor."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What a restarted actor takes over from its predecessor."""

    publisher: PublisherStatus
    process: ProcessSample | None
    memory_level: MemoryLevel


@dataclass(frozen=True, slots=True)
class Plan:
    """What a supervisor runs, handed in whole by the composition root.

    `children` are started in this order before any camera, and stopped in reverse after all of
    them; a child named `publisher` is drained first, one named `reporter` prints last.
    """

    clock: Clock
    timer: Timer
    identity: Identity
    cameras: Sequence[CameraConfig]
    breaker: CircuitBreaker
    """A fresh one, with the configured policy."""
    start_camera: CameraStarter
    children: Mapping[str, ChildStarter]
    outboxes: Sequence[Outbox]
    books: Books
    publisher: PublisherStatus
    kill_processes: Callable[[], None]
    """Kills every FFmpeg process group that is left; after the deadline."""
    on_stopped: Callable[[Stopped], None]
    """Called last, in the supervisor's thread."""
    start_spacing_s: float = 0.1
    max_restarts: int = 5
    restart_period_s: float = 60.0
    shutdown_timeout_s: float = 5.0
    camera_stop_deadline_s: float = 4.0
    host: pykka.ActorRef[Any] | None = None
    """Gets `Escalated`; an embedding program's own actor."""
    allow_faults: bool = False
    draw: Callable[[], float] = lambda: 0.0


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a system ended."""

    status: SystemStatus
    escalated: Escalated | None = None
    error: str | None = None
    """What broke the supervisor itself; None after an orderly stop."""


@dataclass(slots=True)
class _Camera:
    """The supervisor's own notes about one camera."""

    config: CameraConfig
    record: CameraRecord
    wanted: bool
    ref: pykka.ActorRef[Any] | None = None
    """From the start of an attempt until nothing is left of it."""
    alarm: TimerHandle | None = None
    ticket: int = 0
    stopping: bool = False
    """Asked to end; what follows is obeyed when it has."""
    unanswered_reset: bool = False
    retry_now: bool = False
    force_open: bool = False


@dataclass(slots=True)
class _Child:
    start: ChildStarter
    intensity: RestartIntensity
    ref: pykka.ActorRef[Any] | None = None
    """None for the timer, which is a thread and no actor."""
    wanted: bool = False
    """Started, and not stopped from outside."""
    incarnation: int = 0
    restarts: int = 0


@dataclass(slots=True)
class _Faults:
    injected: int = 0
    refused: int = 0
    targets: set[str] = field(default_factory=set)


class SupervisorActor(SupervisedActor):
    """Owns every other actor of its system, and the breakers of cameras that do not run.

    It never blocks and never asks while it runs. Its `release`, the orderly stop, does wait, one
    deadline for all cameras: that is its last act. Everything that other actors tell comes to
    it first, so a restarted actor needs no new addresses anywhere.

    Args:
        plan: what to run.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(supervisor=None, thread_name="supervisor", allow_faults=plan.allow_faults)
        self._plan = plan
        self._now = plan.clock.monotonic
        self._spacing = HostSpacing(plan.start_spacing_s)
        self._cameras = {
            CameraId(camera.id): _Camera(camera, _first_record(camera, plan), camera.enabled)
            for camera in plan.cameras
        }
        self._children = {
            name: _Child(start, RestartIntensity(plan.max_restarts, plan.restart_period_s))
            for name, start in plan.children.items()
        }
        self._known = Known(plan.publisher, None, MemoryLevel.NORMAL)
        self._faults = _Faults()
        self._escalated: Escalated | None = None
        self._ticks: TimerHandle | None = None
        self._binary_missing_said = False
        self._final: SystemStatus | None = None

    UNDERSTOOD = get_args(SupervisorMessage)

    def handle(self, message: SupervisorMessage) -> object:
        """Dispatch."""
        match message:
            case GetStatus():
                return self._status()
            case StartCamera() | StopCamera() | ResetBreaker() | RetryNow() | ForceOpen():
                return self._command(message)
            case (
                CameraStreaming()
                | CameraStats()
                | BreakerChanged()
                | BreakerWasReset()
                | CameraFailed()
                | CameraEnded()
            ):
                self._camera_fact(message)
            case AttemptDue(camera_id=camera_id, ticket=ticket):
                self._attempt_due(self._cameras[camera_id], ticket)
            case ActorEnded():
                self._child_ended(message)
            case PublisherStats() | ProcessMeasured():
                self._pass_on(message)
            case MemoryLevelChanged():
                self._memory_level_changed(message)
            case InjectFault():
                return self._inject_fault(message)
            case ClearFaults():
                return self._clear_faults(message)
            case Tick():
                self._look_for_silent_deaths()
            case Begin():
                self._begin()
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:
        """Stop everything in order: cameras, publisher (drained), metrics, reporter."""
        for step in (
            self._cancel_timers,
            self._absorb_unread_facts,
            self._stop_cameras,
            self._drain_publisher,
            self._drop_held,
            self._stop_children,
        ):
            try:
                step()
            except Exception:  # noqa: BLE001 - see below
                # The steps after it have actors to stop, and somebody waits for `on_stopped`.
                _log.exception("the shutdown goes on without a step: %s", step.__name__)
        error_text = None if error is None else describe(error)
        self._plan.on_stopped(Stopped(self._final or self._status(), self._escalated, error_text))

    def farewell(self, error: str | None) -> ActorEnded:
        """Nobody supervises the supervisor: `Plan.on_stopped` has been called."""
        return ActorEnded("supervisor", 0, error)

    # --- start ---

    def _begin(self) -> None:
        for name in self._children:
            self._start_child(name)
        for camera in self._cameras.values():
            self._tell_reporter(CameraChanged(camera.record))
        for camera in self._cameras.values():
            self._begin_next_attempt(camera)
        self._ticks = self._plan.timer.every(_CHECK_S, self._check_due)

    def _check_due(self) -> None:
        tell(self.actor_ref, Tick())

    # --- cameras: attempts ---

    def _begin_next_attempt(self, camera: _Camera) -> None:
        """Schedule the next attempt for when the breaker, and the host's budget, permit it."""
        _cancel_alarm(camera)
        if not camera.wanted or camera.ref is not None:
            return
        retry_in_s = camera.record.breaker.retry_in_s(self._now())
        waiting = camera.record.breaker.state is BreakerState.OPEN
        self._note(camera, phase=CameraPhase.WAITING if waiting else CameraPhase.STARTING)
        if retry_in_s is None:
            return  # forced open: only an operator ends it
        if retry_in_s > 0:
            self._wake_later(camera, retry_in_s)
        else:
            self._attempt_due(camera, camera.ticket)

    def _wake_later(self, camera: _Camera, delay_s: float) -> None:
        due = AttemptDue(CameraId(camera.config.id), camera.ticket)

        def wake() -> None:
            tell(self.actor_ref, due)

        camera.alarm = self._plan.timer.after(delay_s, wake)

    def _attempt_due(self, camera: _Camera, ticket: int) -> None:
        if ticket != camera.ticket or not camera.wanted or camera.ref is not None:
            return
        now_s = self._now()
        retry_in_s = camera.record.breaker.retry_in_s(now_s)
        if retry_in_s is None or retry_in_s > 0:
            self._begin_next_attempt(camera)
            return
        wait_s = self._spacing.reserve(camera.config.host, now_s)
        if wait_s > 0:
            self._wake_later(camera, wait_s)
            return
        self._start_attempt(camera, now_s)

    def _start_attempt(self, camera: _Camera, now_s: float) -> None:
        before = camera.record.breaker
        breaker, permit = before.permit(now_s)
        if not permit.granted:
            raise AssertionError(f"[{camera.config.id}] no permit: {permit}")
        say_breaker_changed(CameraId(camera.config.id), before, breaker)
        if before.failures and before.state is BreakerState.CLOSED:
            say(
                _log,
                Event.CAMERA_RETRYING,
                camera_id=camera.config.id,
                state=breaker.state,
            )
        self._note(camera, breaker=breaker, phase=CameraPhase.STARTING)
        try:
            camera.ref = self._plan.start_camera(
                camera.config, breaker=breaker, events=self.actor_ref
            )
        except Exception as error:  # noqa: BLE001 - the machine may be short of anything
            _log.exception("[%s] the camera's actor could not be started", camera.config.id)
            self._attempt_never_began(camera, error)

    def _attempt_never_began(self, camera: _Camera, error: Exception) -> None:
        """A machine without a thread left must not bring the other cameras down."""
        failure = Failure(Cause.SPAWN_FAILED, describe(error))
        say(_log, Event.CAMERA_FAILED, camera_id=camera.config.id, failure=failure)
        before = camera.record.breaker
        after = before.failure(
            self._now(), before.generation, policy_for(failure.cause), self._plan.draw()
        )
        say_breaker_changed(CameraId(camera.config.id), before, after)
        self._note_failure(camera, failure, after)
        self._go_on(camera, failure)

    # --- cameras: facts ---

    def _camera_fact(self, fact: CameraFact) -> None:
        camera = self._cameras.get(fact.camera_id)
        if camera is None or not _is_running_attempt(camera, fact):
            return  # of an attempt that is over
        match fact:
            case CameraStreaming():
                self._note(camera, phase=CameraPhase.STREAMING)
            case CameraStats(breaker=breaker, ffmpeg_pid=pid):
                self._note(camera, breaker=breaker, ffmpeg_pid=pid)
            case BreakerChanged(breaker=breaker):
                self._note(camera, breaker=breaker)
            case BreakerWasReset(breaker=breaker):
                camera.unanswered_reset = False
                self._note(camera, breaker=breaker)
            case CameraFailed(failure=failure, breaker=breaker):
                self._note_failure(camera, failure, breaker)
            case CameraEnded():
                self._camera_ended(camera, fact)
            case _:
                assert_never(fact)

    def _note_failure(self, camera: _Camera, failure: Failure, breaker: CircuitBreaker) -> None:
        self._note(camera, breaker=breaker, last_failure=failure, last_failure_at_s=self._now())
        if failure.cause is Cause.BINARY_MISSING and not self._binary_missing_said:
            self._binary_missing_said = True
            say(_log, Event.BINARY_MISSING, detail=failure.detail)

    def _camera_ended(self, camera: _Camera, ended: CameraEnded) -> None:
        """Nothing of the attempt is left; only now may the next one begin."""
        self._fold_end(camera, ended)
        if camera.wanted:
            self._go_on(camera, ended.failure)
        else:
            say(_log, Event.CAMERA_STOPPED, camera_id=camera.config.id)

    def _go_on(self, camera: _Camera, failure: Failure | None) -> None:
        if camera.record.breaker.state is BreakerState.OPEN:
            self._say_waiting(camera, failure)
        self._begin_next_attempt(camera)

    def _fold_end(self, camera: _Camera, ended: CameraEnded) -> None:
        """Take the breaker back, and obey what was commanded while the attempt was ending."""
        camera.ref = None
        now_s = self._now()
        breaker = ended.breaker
        if breaker.attempt_running:
            breaker = (
                breaker.release(now_s, ended.generation)
                if ended.error is None
                else breaker.failure(
                    now_s, ended.generation, policy_for(Cause.CRASHED), self._plan.draw()
                )
            )
        # Only the supervisor rejects, also while an attempt is ending.
        breaker = replace(breaker, rejected=camera.record.breaker.rejected)
        if camera.unanswered_reset:
            breaker = breaker.reset(now_s)
        if camera.retry_now:
            breaker = breaker.retry_now(now_s)
        if camera.force_open:
            breaker = breaker.force_open(now_s)
        stopped_from_outside = ended.failure is None and ended.error is None and not camera.stopping
        if stopped_from_outside:
            # A host that stops its actors wants them stopped: restart only after a failure.
            camera.wanted = False
        camera.stopping = False
        camera.unanswered_reset = camera.retry_now = camera.force_open = False
        say_breaker_changed(CameraId(camera.config.id), ended.breaker, breaker)
        self._note(camera, breaker=breaker, phase=_phase_at_rest(camera), ffmpeg_pid=None)

    def _say_waiting(self, camera: _Camera, failure: Failure | None) -> None:
        wait_s = camera.record.breaker.retry_in_s(self._now())
        if wait_s is None:
            say(_log, Event.BREAKER_FORCED, camera_id=camera.config.id)
            return
        say(_log, Event.BREAKER_WAITING, camera_id=camera.config.id, wait_s=wait_s)
        if failure is not None and failure.cause is Cause.WRONG_PASSWORD:
            say(_log, Event.CAMERA_PROTECTED, camera_id=camera.config.id, wait_s=wait_s)

    # --- cameras: commands ---

    def _command(self, command: CameraCommand) -> CommandAnswer:
        camera = self._cameras.get(command.camera_id)
        if camera is None:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        match command:
            case StartCamera():
                return self._start_camera(camera)
            case StopCamera():
                return self._stop_camera(camera)
            case ResetBreaker():
                return self._reset_breaker(camera)
            case RetryNow():
                return self._retry_now(camera)
            case ForceOpen():
                return self._force_open(camera)
            case _:
                assert_never(command)

    def _start_camera(self, camera: _Camera) -> CommandAnswer:
        was_wanted, camera.wanted = camera.wanted, True
        breaker = camera.record.breaker
        is_open = breaker.state is BreakerState.OPEN and breaker.retry_in_s(self._now()) != 0.0
        if is_open or camera.force_open:
            return self._reject_start(camera)
        if was_wanted:
            return CommandAnswer(CommandResult.ALREADY)
        say(_log, Event.CAMERA_STARTED, camera_id=camera.config.id)
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _reject_start(self, camera: _Camera) -> CommandAnswer:
        """Asking for an attempt while OPEN is what a breaker counts as rejected."""
        breaker, permit = camera.record.breaker.permit(self._now())
        self._note(camera, breaker=breaker)
        say(
            _log,
            Event.CAMERA_START_REJECTED,
            camera_id=camera.config.id,
            retry_in_s=permit.retry_in_s,
        )
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.REJECTED, permit.retry_in_s)

    def _stop_camera(self, camera: _Camera) -> CommandAnswer:
        if not camera.wanted:
            return CommandAnswer(CommandResult.ALREADY)
        camera.wanted = False
        _cancel_alarm(camera)
        if not self._end_attempt(camera):
            say(_log, Event.CAMERA_STOPPED, camera_id=camera.config.id)
            self._note(camera, phase=CameraPhase.STOPPED)
        return CommandAnswer(CommandResult.DONE)

    def _end_attempt(self, camera: _Camera) -> bool:
        """Ask a running attempt to end; False when there is none."""
        if camera.ref is None:
            return False
        camera.stopping = True
        camera.ref.stop(block=False)
        return True

    def _reset_breaker(self, camera: _Camera) -> CommandAnswer:
        say(_log, Event.BREAKER_RESET, camera_id=camera.config.id)
        if camera.ref is not None:
            # The camera owns its breaker while it runs. Should it end before it has read this,
            # the reset is made up for then.
            camera.unanswered_reset, camera.force_open = True, False
            tell(camera.ref, ResetBreaker(CameraId(camera.config.id)))
            return CommandAnswer(CommandResult.DONE)
        self._move_breaker(camera, camera.record.breaker.reset(self._now()))
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _retry_now(self, camera: _Camera) -> CommandAnswer:
        if not camera.wanted:
            return CommandAnswer(CommandResult.NOT_RUNNING)
        if camera.record.breaker.forced_open or camera.force_open:
            return CommandAnswer(CommandResult.REJECTED, None)
        if camera.record.breaker.attempt_running:
            return CommandAnswer(CommandResult.ALREADY)
        if camera.ref is not None:
            camera.retry_now = True  # as soon as nothing is left of the attempt that failed
            return CommandAnswer(CommandResult.DONE)
        self._move_breaker(camera, camera.record.breaker.retry_now(self._now()))
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _force_open(self, camera: _Camera) -> CommandAnswer:
        if camera.record.breaker.forced_open or camera.force_open:
            return CommandAnswer(CommandResult.ALREADY)
        if self._end_attempt(camera):
            camera.force_open = True
            return CommandAnswer(CommandResult.DONE)
        self._move_breaker(camera, camera.record.breaker.force_open(self._now()))
        say(_log, Event.BREAKER_FORCED, camera_id=camera.config.id)
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _move_breaker(self, camera: _Camera, breaker: CircuitBreaker) -> None:
        say_breaker_changed(CameraId(camera.config.id), camera.record.breaker, breaker)
        self._note(camera, breaker=breaker)

    # --- the other actors ---

    def _start_child(self, name: str) -> None:
        child = self._children[name]
        child.wanted = True
        try:
            child.ref = child.start(self.actor_ref, child.incarnation, self._known)
        except Exception as error:  # noqa: BLE001 - as above
            # As if it had died at once: what does not heal by restarting escalates.
            _log.exception("%s could not be started", name)
            tell(self.actor_ref, ActorEnded(name, child.incarnation, describe(error)))

    def _child_ended(self, ended: ActorEnded) -> None:
        child = self._children.get(ended.name)
        if child is None or not child.wanted or ended.incarnation != child.incarnation:
            return
        child.ref = None
        if ended.error is None:
            child.wanted = False  # stopped from outside, by a host that stops its actors
            return
        say(_log, Event.ACTOR_CRASHED, actor=ended.name, error=ended.error)
        if not child.intensity.permits_restart(self._now()):
            self._escalate(ended.name, child)
            return
        child.incarnation += 1
        child.restarts += 1
        self._start_child(ended.name)
        say(_log, Event.ACTOR_RESTARTED, actor=ended.name, restarts=child.restarts)
        if ended.name == "reporter":
            self._tell_reporter_everything()
        self._tell_restarts()

    def _escalate(self, name: str, child: _Child) -> None:
        """More crashes than restarting can heal: stop in order, and say so."""
        plan = self._plan
        self._escalated = Escalated(name, child.restarts, plan.restart_period_s)
        say(
            _log,
            Event.ESCALATED,
            actor=name,
            restarts=child.restarts,
            period_s=plan.restart_period_s,
        )
        tell(plan.host, self._escalated)
        self.stop()

    def _pass_on(self, fact: PublisherStats | ProcessMeasured) -> None:
        match fact:
            case PublisherStats(status=status):
                self._known = replace(self._known, publisher=status)
            case ProcessMeasured(sample=sample):
                self._known = replace(self._known, process=sample)
            case _:
                assert_never(fact)
        self._tell_reporter(fact)

    def _memory_level_changed(self, change: MemoryLevelChanged) -> None:
        """Shrink the outboxes at critical, slow the cameras at emergency, and back again."""
        before = self._known.memory_level
        self._known = replace(self._known, memory_level=change.level)
        critical = change.level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY)
        emergency = change.level is MemoryLevel.EMERGENCY
        for outbox in self._plan.outboxes:
            outbox.limit_buffers(1 if critical else None)
            outbox.limit_rate(_EMERGENCY_INTERVAL_S if emergency else None)
        say(
            _log,
            Event.MEMORY_LEVEL_CHANGED,
            before=before,
            level=change.level,
            used_mb=change.used_bytes / _MIB,
            limit_mb=change.limit_bytes / _MIB,
            percent=100 * change.used_bytes / change.limit_bytes,
        )

    def _look_for_silent_deaths(self) -> None:
        """An actor whose thread is gone without its farewell is treated as crashed.

        The farewell is sent in a `finally`; this is for what a `finally` cannot survive. A farewell
        that is still in the mailbox comes before what is told here, which then means nothing.
        """
        error = "its thread ended without a word"
        for camera_id, camera in self._cameras.items():
            if camera.ref is not None and not is_running(camera.ref):
                breaker = camera.record.breaker
                ended = CameraEnded(camera_id, breaker.generation, breaker, None, error)
                tell(self.actor_ref, ended)
        for name, child in self._children.items():
            if child.ref is not None and not is_running(child.ref):
                tell(self.actor_ref, ActorEnded(name, child.incarnation, error))

    # --- faults on purpose ---

    def _inject_fault(self, request: InjectFault) -> CommandAnswer:
        fault = type(request.fault).__name__
        if not self._plan.allow_faults:
            self._faults.refused += 1
            self._tell_restarts()
            say(_log, Event.FAULT_REFUSED, target=request.target, fault=fault)
            return CommandAnswer(CommandResult.NOT_ALLOWED)
        targets = self._targets()
        if request.target not in targets:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        # pykka hands an exception under an `ask` to whoever asked: a fault is always told.
        message = request.fault if request.target == "supervisor" else request
        if not tell(targets[request.target], message):
            return CommandAnswer(CommandResult.NOT_RUNNING)
        self._faults.injected += 1
        self._tell_restarts()
        say(_log, Event.FAULT_INJECTED, target=request.target, fault=fault)
        return CommandAnswer(CommandResult.DONE)

    def _clear_faults(self, request: ClearFaults) -> CommandAnswer:
        targets = self._targets()
        if request.target is not None and request.target not in targets:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        for name, ref in targets.items():
            if request.target in (None, name) and name != "supervisor":
                tell(ref, request)
        return CommandAnswer(CommandResult.DONE)

    def _targets(self) -> dict[str, pykka.ActorRef[Any] | None]:
        """Whom a fault can be aimed at; an actor's name wins over a camera's id."""
        targets: dict[str, pykka.ActorRef[Any] | None] = {}
        for camera_id, camera in self._cameras.items():
            targets[camera_id] = targets[f"{_CAMERA_PREFIX}{camera_id}"] = camera.ref
        targets.update((name, child.ref) for name, child in self._children.items())
        targets["supervisor"] = self.actor_ref
        return targets

    # --- what others see ---

    def _note(self, camera: _Camera, **changes: Any) -> None:
        record = replace(camera.record, **changes)
        if record != camera.record:
            camera.record = record
            self._tell_reporter(CameraChanged(record))

    def _tell_reporter(self, fact: object) -> None:
        reporter = self._children.get("reporter")
        if reporter is not None:
            tell(reporter.ref, fact)

    def _tell_reporter_everything(self) -> None:
        for camera in self._cameras.values():
            self._tell_reporter(CameraChanged(camera.record))
        self._tell_reporter(PublisherStats(self._known.publisher))
        if self._known.process is not None:
            self._tell_reporter(ProcessMeasured(self._known.process))

    def _restart_counts(self) -> RestartsCounted:
        restarts = {name: child.restarts for name, child in self._children.items()}
        return RestartsCounted(restarts, self._faults.injected, self._faults.refused)

    def _tell_restarts(self) -> None:
        self._tell_reporter(self._restart_counts())

    def _status(self) -> SystemStatus:
        counts = self._restart_counts()
        return take_status(
            self._plan.clock,
            self._plan.identity,
            [camera.record for camera in self._cameras.values()],
            self._plan.books,
            publisher=self._known.publisher,
            process=self._known.process,
            restarts=counts.restarts,
            faults_injected=counts.faults_injected,
            faults_refused=counts.faults_refused,
        )

    # --- the orderly stop ---

    def _cancel_timers(self) -> None:
        if self._ticks is not None:
            self._ticks.cancel()
        for camera in self._cameras.values():
            _cancel_alarm(camera)
            camera.wanted = False

    def _absorb_unread_facts(self) -> None:
        """Read what was told before the stop; the final report shows it."""
        unread = []
        while not self.actor_inbox.empty():
            envelope = self.actor_inbox.get()
            match envelope.message:
                case CameraEnded() as ended:
                    self._fold_last_end(ended)
                case CameraStats() | BreakerChanged() | BreakerWasReset() | CameraFailed() as fact:
                    self._camera_fact(fact)
                case PublisherStats() | ProcessMeasured() as fact:
                    self._pass_on(fact)
                case _:
                    unread.append(envelope)
        for envelope in unread:  # pykka answers those who wait for a reply
            self.actor_inbox.put(envelope)

    def _stop_cameras(self) -> None:
        """All at once, under one deadline; FFmpeg of those that outlast it is killed."""
        running = {
            camera_id: camera.ref
            for camera_id, camera in self._cameras.items()
            if camera.ref is not None
        }
        asked = [ref.ask(Finish(), block=False) for ref in running.values()]
        # Not the answers are waited for: a camera that is just ending by itself answers nothing,
        # and may have an FFmpeg to reap.
        join(running.values(), time.monotonic() + self._plan.camera_stop_deadline_s)
        self._plan.kill_processes()
        join(running.values(), time.monotonic() + _LAST_WORDS_S)
        for ended in _answers_to(asked):
            self._fold_last_end(ended)
        for camera_id, ref in running.items():
            if is_running(ref):
                say(_log, Event.SURVIVOR, actor=f"{_CAMERA_PREFIX}{camera_id}")
            breaker = self._cameras[camera_id].record.breaker
            self._fold_last_end(CameraEnded(camera_id, breaker.generation, breaker))

    def _fold_last_end(self, ended: CameraEnded) -> None:
        """The first word counts; the rest is of an attempt that is over."""
        camera = self._cameras.get(ended.camera_id)
        if camera is not None and _is_running_attempt(camera, ended):
            self._fold_end(camera, ended)

    def _drain_publisher(self) -> None:
        """What is held is handed over and settled, until the deadline (real seconds)."""
        publisher = self._children.get("publisher")
        if publisher is None or publisher.ref is None:
            return
        drained: pykka.Future[bool] = pykka.ThreadingFuture()
        if not tell(publisher.ref, Drain(drained)):
            return
        try:
            drained.get(timeout=self._plan.shutdown_timeout_s)
        except pykka.Timeout:
            _log.debug("the publisher did not drain within its deadline")
        totals = self._status().totals
        abandoned = totals.held + totals.in_flight
        say(_log, Event.DRAIN_FINISHED, confirmed=totals.confirmed, abandoned=abandoned)

    def _drop_held(self) -> None:
        for outbox in self._plan.outboxes:
            outbox.drop_held(DropReason.SHUTDOWN)

    def _stop_children(self) -> None:
        """In reverse order of their start; the reporter prints once the others are silent."""
        for name in reversed(self._children):
            if name != "reporter":
                self._stop_child(name)
        self._final = self._final_report()
        self._stop_child("reporter")

    def _final_report(self) -> SystemStatus:
        reporter = self._children.get("reporter")
        if reporter is not None and reporter.ref is not None:
            try:
                answer: SystemStatus = reporter.ref.ask(
                    FinishReport(), block=True, timeout=_REPORT_S
                )
            except Exception:  # noqa: BLE001 - pykka hands on whatever printing it raised
                _log.exception("the reporter did not finish its report")
            else:
                return answer
        return self._status()

    def _stop_child(self, name: str) -> None:
        child = self._children.get(name)
        if child is None or child.ref is None:
            return
        asked = child.ref.ask(Finish(), block=False)
        join([child.ref], time.monotonic() + _STOP_CHILD_S)
        for last_words in _answers_to([asked]):
            if isinstance(last_words, PublisherStats):
                self._pass_on(last_words)
        if is_running(child.ref):
            say(_log, Event.SURVIVOR, actor=name)


def _first_record(camera: CameraConfig, plan: Plan) -> CameraRecord:
    return CameraRecord(
        camera_id=CameraId(camera.id),
        url=camera.masked_url,
        target_fps=camera.fps,
        phase=CameraPhase.STARTING if camera.enabled else CameraPhase.DISABLED,
        breaker=plan.breaker,
    )


def _phase_at_rest(camera: _Camera) -> CameraPhase:
    return CameraPhase.STARTING if camera.wanted else CameraPhase.STOPPED


def _cancel_alarm(camera: _Camera) -> None:
    """Forget the scheduled attempt, even when its message is already on the way."""
    camera.ticket += 1
    if camera.alarm is not None:
        camera.alarm.cancel()
        camera.alarm = None


def _is_running_attempt(camera: _Camera, fact: CameraFact) -> bool:
    return camera.ref is not None and fact.generation == camera.record.breaker.generation


def _answers_to(asked: Iterable[pykka.Future[Any]]) -> list[Any]:
    """The answers that are there; nobody is waited for."""
    answers = []
    for future in asked:
        try:
            answers.append(future.get(timeout=0))
        except (pykka.Timeout, pykka.ActorDeadError):
            continue
        except Exception:  # noqa: BLE001 - what an actor raised while it ended
            _log.exception("an actor ended without last words")
    return answers
