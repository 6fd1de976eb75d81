"""Starts, restarts and stops all other actors."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never, get_args

from edge_video.actors.audit import audited
from edge_video.actors.base import (
    SupervisedActor,
    describe,
    is_running,
    tell,
)
from edge_video.actors.cameras import CameraFleet
from edge_video.actors.children import Children
from edge_video.actors.cpu_messages import CpuShortageChanged
from edge_video.actors.cpu_shortage import log_cpu_shortage
from edge_video.actors.faults import CAMERA_PREFIX, SUPERVISOR, FaultScheduler, break_timer
from edge_video.actors.lease_messages import (
    LEASE,
    ClusterChanged,
    DrainNode,
    GrantCamera,
    HasLeft,
    LeaseMessage,
    LeaveCluster,
    LeaveTimeOver,
    NodeCommand,
    RejoinNode,
    WithdrawCamera,
)
from edge_video.actors.leases import Leases
from edge_video.actors.liveness_messages import AcceptPicture, PictureFrozen, PictureJudged
from edge_video.actors.memory_limits import MemoryLimits
from edge_video.actors.messages import (
    ActorEnded,
    AttemptDue,
    Begin,
    BreakerChanged,
    BreakerWasReset,
    CameraAway,
    CameraChanged,
    CameraCommand,
    CameraEnded,
    CameraEvent,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    ClearFaults,
    CommandAnswer,
    Escalated,
    FaultTick,
    ForceOpen,
    GetStatus,
    InjectFault,
    MemoryLevelChanged,
    ProcessMeasured,
    PublisherStats,
    ResetBreaker,
    RestartDue,
    RestartsCounted,
    ResumeCamera,
    RetryNow,
    RetryPublisher,
    StartCamera,
    StopCamera,
    SupervisorTicked,
    Tick,
)
from edge_video.actors.pictures import Pictures
from edge_video.actors.reload import Reloading
from edge_video.actors.reload_messages import (
    AddCamera,
    ChangeCamera,
    ConfigFilesSeen,
    ExchangeDue,
    Reload,
    ReloadCommand,
    ReloadFailed,
    RemoveCamera,
    SetProfile,
)
from edge_video.actors.shutdown import Shutdown
from edge_video.actors.system_spec import Stopped, SystemSpec
from edge_video.log.events import LogEvent, log_event
from edge_video.status.snapshot import CameraRecord, take_status

if TYPE_CHECKING:
    import pykka

    from edge_video.actors.audit import Command
    from edge_video.actors.system_spec import Limits
    from edge_video.status.model import SystemStatus

_log = logging.getLogger(__name__)

_OfPart: TypeAlias = (
    PictureJudged
    | PictureFrozen
    | LeaseMessage
    | LeaveCluster
    | LeaveTimeOver
    | ReloadCommand
    | ReloadFailed
    | ConfigFilesSeen
    | InjectFault
    | ClearFaults
    | FaultTick
)

SupervisorMessage: TypeAlias = (
    GetStatus
    | CameraCommand
    | RetryPublisher
    | SetProfile
    | AcceptPicture
    | NodeCommand
    | CameraEvent
    | ActorEnded
    | PublisherStats
    | ProcessMeasured
    | MemoryLevelChanged
    | CpuShortageChanged
    | AttemptDue
    | RestartDue
    | ExchangeDue
    | Begin
    | Tick
    | _OfPart
)
"""What the actor understands, besides what `base` says of all."""

_CHECK_S = 1.0
_WATCHERS = ("reporter", "http", "notifier", "service", "commands", LEASE)
"""Hear of everything that changes; a restarted one hears it all once more."""


class SupervisorActor(SupervisedActor):
    """Owns every other actor of its system, and the breakers of cameras that do not run.

    It never blocks and never asks while it runs. Its `release`, the orderly stop, does wait, one
    deadline for all cameras: that is its last act. Everything that other actors tell comes to
    it first, so a restarted actor needs no new addresses anywhere.

    Args:
        spec: what to run.
    """

    def __init__(self, spec: SystemSpec) -> None:
        super().__init__(supervisor=None, thread_name=SUPERVISOR, allow_faults=spec.allow_faults)
        self._spec = spec
        self._now = spec.clock.monotonic
        self._faults = FaultScheduler(spec, self.actor_ref, self._targets, self._tell_restarts)
        self._fleet = CameraFleet(
            spec,
            self.actor_ref,
            self._camera_changed,
            lambda camera_id: self._faults.at_start(f"{CAMERA_PREFIX}{camera_id}"),
            lambda message: tell(self._children.ref(LEASE), message),
        )
        self._children = Children(
            spec,
            self.actor_ref,
            self._faults.at_start,
            break_timer=partial(break_timer, spec.timer),
            on_too_many_crashes=self._escalate,
        )
        self._pictures = Pictures(self._fleet, self._children, spec.clock)
        self._memory = MemoryLimits(spec.ledger, spec.clock)
        self._shutdown = Shutdown(
            spec,
            self._children,
            status=self._status,
            on_publisher=self._pass_on,
            tell_everything=self._tell_everything,
        )
        self._reloading = Reloading(
            spec,
            self._fleet,
            self._children,
            on_limits=self._limit,
            tell_watchers=self._tell_watchers,
        )
        self._leases = Leases(
            spec,
            self.actor_ref,
            self._fleet,
            self._children,
            stop=self.stop,
        )
        self._limits = spec.limits
        self._escalated: Escalated | None = None

    UNDERSTOOD = get_args(SupervisorMessage)

    def handle(self, message: SupervisorMessage) -> object:
        """Dispatch."""
        match message:
            case GetStatus():
                return self._status()
            case (
                StartCamera()
                | StopCamera()
                | ResetBreaker()
                | RetryNow()
                | ForceOpen()
                | ResumeCamera()
                | RetryPublisher()
                | SetProfile()
                | AcceptPicture()
                | DrainNode()
                | RejoinNode()
            ):
                return audited(message, self._execute(message), self._children.ref("http"))
            case (
                CameraStreaming()
                | CameraStats()
                | BreakerChanged()
                | BreakerWasReset()
                | CameraFailed()
                | CameraAway()
                | CameraEnded()
            ):
                self._fleet.on_event(message)
            case AttemptDue():
                self._fleet.attempt_due(message)
            case ActorEnded() | RestartDue() | ExchangeDue():
                self._restarted(self._children.handle(message))
                self._leases.child_ended(message.name)
            case PublisherStats() | ProcessMeasured() | MemoryLevelChanged() | CpuShortageChanged():
                self._pass_on(message)
            case Tick():
                self._look_for_silent_deaths()
                self._fleet.look_at_schedules()
                self._leases.look()
                self._memory.look()
            case Begin():
                self._begin()
            case _:
                return self._pass_to_part(message)
        return None

    def _pass_to_part(self, message: _OfPart) -> object:
        """Pass on what one part alone is about."""
        match message:
            case PictureJudged() | PictureFrozen():
                self._pictures.handle(message)
            case (
                GrantCamera()
                | WithdrawCamera()
                | ClusterChanged()
                | HasLeft()
                | LeaveCluster()
                | LeaveTimeOver()
            ):
                self._leases.handle(message)
            case (
                Reload()
                | AddCamera()
                | ChangeCamera()
                | RemoveCamera()
                | ReloadFailed()
                | ConfigFilesSeen()
            ):
                return self._reloading.handle(message)
            case InjectFault() | ClearFaults() | FaultTick():
                return self._faults.handle(message)
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:
        """Stop everything in order: cameras, publisher (drained), the others, reporter."""
        error_text = None if error is None else describe(error)
        if error_text is not None:
            self._tell_own_crash(error_text)
        for step in (
            self._cancel_timers,
            self._absorb_unread_events,
            self._fleet.stop,
            self._shutdown.drain_publisher,
            self._shutdown.drop_held,
            self._shutdown.stop_children,
        ):
            try:
                step()
            except Exception:  # noqa: BLE001 - see below
                # The steps after it have actors to stop, and somebody waits for `on_stopped`.
                _log.exception("the shutdown goes on without a step: %s", step.__name__)
        self._spec.on_stopped(
            Stopped(self._shutdown.final or self._status(), self._escalated, error_text)
        )

    def exit_message(self, error: str | None) -> ActorEnded:
        """Nobody supervises the supervisor: `SystemSpec.on_stopped` has been called."""
        return ActorEnded(SUPERVISOR, 0, error)

    def _execute(self, command: Command) -> CommandAnswer:
        if isinstance(command, AcceptPicture):
            return self._pictures.accept(command)
        if isinstance(command, SetProfile):
            return self._reloading.choose_profile(command.name)
        if isinstance(command, DrainNode | RejoinNode):
            return self._leases.execute(command)
        if isinstance(command, RetryPublisher):
            return self._children.retry_publisher(command)
        answer = self._fleet.execute(command)
        self._pictures.commanded(command, answer)
        return answer

    # --- start ---

    def _begin(self) -> None:
        self._children.start_all()
        for record in self._fleet.records:
            self._camera_changed(record)
        self._reloading.tell_status()
        self._leases.started()
        self._fleet.begin()
        self.tick_every(self._spec.timer, _CHECK_S, Tick())

    # --- the other actors ---

    def _restarted(self, name: str | None) -> None:
        """Tell a new actor what its predecessor knew, and the others that there is a new one."""
        if name is None:
            return
        if name in _WATCHERS:
            self._tell_everything()
        if name == LEASE:
            self._leases.started()
        self._tell_restarts()

    def _escalate(self, name: str) -> None:
        """More crashes than restarting can heal: stop in order, and say so."""
        restarts, period_s = self._children.restarts[name], self._limits.restart_period_s
        self._escalated = Escalated(name, restarts, period_s)
        log_event(_log, LogEvent.ESCALATED, actor=name, restarts=restarts, period_s=period_s)
        tell(self._spec.host, self._escalated)
        self.stop()

    def _limit(self, limits: Limits) -> None:
        """Go by these figures from now on."""
        self._limits = limits
        self._fleet.attempts.space(limits.start_spacing_s)
        self._children.limit(limits.max_restarts, limits.restart_period_s)
        self._children.drain_s = self._shutdown.drain_s = limits.shutdown_timeout_s

    def _tell_own_crash(self, error: str) -> None:
        """Nobody restarts a supervisor: its system stops in order, and everybody is told why."""
        self._escalated = Escalated(SUPERVISOR, 0, self._limits.restart_period_s)
        log_event(_log, LogEvent.SUPERVISOR_CRASHED, error=error)
        tell(self._spec.host, self._escalated)

    def _pass_on(
        self, event: PublisherStats | ProcessMeasured | MemoryLevelChanged | CpuShortageChanged
    ) -> None:
        known = self._children.handover
        match event:
            case PublisherStats(status=status, marks=marks):
                known = replace(known, publisher=status, publisher_marks=marks)
            case ProcessMeasured(sample=sample):
                known = replace(known, process=sample)
            case MemoryLevelChanged() | CpuShortageChanged():
                self._shortage_changed(event)
                return
            case _:
                assert_never(event)
        self._children.handover = known
        self._tell_watchers(event)

    def _shortage_changed(self, change: MemoryLevelChanged | CpuShortageChanged) -> None:
        tell(self._children.ref("notifier"), change)
        if isinstance(change, CpuShortageChanged):
            log_cpu_shortage(change, self._status())
            return
        known = self._children.handover
        self._children.handover = replace(known, memory_level=change.level)
        self._memory.apply(known.memory_level, change)

    def _look_for_silent_deaths(self) -> None:
        """An actor whose thread is gone without its exit message is treated as crashed.

        The exit message is sent in a `finally`; this is for what a `finally` cannot survive. One
        that is still in the mailbox comes before what is told here, which then means nothing.
        """
        error = "its thread ended without a word"
        self._fleet.look_for_silent_deaths(error)
        self._children.look_for_silent_deaths(error)
        self._give_sign_of_life()

    def _give_sign_of_life(self, *, stopping: bool = False) -> None:
        running = {
            name: is_running(ref) for name, ref in self._children.refs.items() if ref is not None
        }
        for name in ("http", "service"):
            tell(self._children.ref(name), SupervisorTicked(running, stopping))

    def _targets(self) -> dict[str, pykka.ActorRef[Any] | None]:
        """Whom a fault can be aimed at."""
        return {
            **{f"{CAMERA_PREFIX}{camera_id}": ref for camera_id, ref in self._fleet.refs.items()},
            **self._children.refs,
            SUPERVISOR: self.actor_ref,
        }

    # --- what others see ---

    def _camera_changed(self, record: CameraRecord) -> None:
        self._tell_watchers(CameraChanged(record))

    def _tell_watchers(self, event: object) -> None:
        for name in _WATCHERS:
            tell(self._children.ref(name), event)

    def _tell_everything(self) -> None:
        for record in self._fleet.records:
            self._camera_changed(record)
        known = self._children.handover
        self._tell_watchers(PublisherStats(known.publisher, known.publisher_marks))
        if known.process is not None:
            self._tell_watchers(ProcessMeasured(known.process))
        self._tell_restarts()
        self._reloading.tell_status()

    def _restart_counts(self) -> RestartsCounted:
        return RestartsCounted(self._children.restarts, self._faults.counts)

    def _tell_restarts(self) -> None:
        self._tell_watchers(self._restart_counts())

    def _status(self) -> SystemStatus:
        counts, known = self._restart_counts(), self._children.handover
        return take_status(
            self._spec.clock,
            self._spec.identity,
            self._fleet.records,
            self._spec.ledger,
            publisher=known.publisher,
            publisher_marks=known.publisher_marks,
            process=known.process,
            restarts=counts.restarts,
            faults=counts.faults,
            config=self._reloading.status,
        )

    # --- the orderly stop ---

    def _cancel_timers(self) -> None:
        self._give_sign_of_life(stopping=True)
        self._faults.stop()
        self._fleet.stop_restarting()
        for alarm in self._children.alarms.values():
            alarm.cancel()
        self._leases.give_up()

    def _absorb_unread_events(self) -> None:
        """Read what was told before the stop; the final report shows it."""
        unread = []
        while not self.actor_inbox.empty():
            envelope = self.actor_inbox.get()
            match envelope.message:
                case CameraEnded() as ended:
                    self._fleet.take_final(ended)
                case (
                    CameraStats()
                    | BreakerChanged()
                    | BreakerWasReset()
                    | CameraFailed()
                    | CameraAway() as event
                ):
                    self._fleet.on_event(event)
                case PublisherStats() | ProcessMeasured() as event:
                    self._pass_on(event)
                case _:
                    unread.append(envelope)
        for envelope in unread:  # pykka answers those who wait for a reply
            self.actor_inbox.put(envelope)
