"""Starts, restarts and stops all other actors."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never, get_args

import pykka

from edge_video.actors.base import (
    SupervisedActor,
    answers_to,
    describe,
    is_running,
    join,
    tell,
    void,
)
from edge_video.actors.cameras import CameraFleet
from edge_video.actors.faults import CAMERA_PREFIX, SUPERVISOR, TIMER, FaultScheduler
from edge_video.actors.messages import (
    ActorEnded,
    AttemptDue,
    Begin,
    BreakerChanged,
    BreakerWasReset,
    CameraChanged,
    CameraEnded,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    ClearFaults,
    Drain,
    Escalated,
    FaultTick,
    Finish,
    FinishReport,
    ForceOpen,
    GetStatus,
    InjectFault,
    MemoryLevelChanged,
    ProcessMeasured,
    PublisherStats,
    ResetBreaker,
    RestartDue,
    RestartsCounted,
    RetryNow,
    StartCamera,
    StopCamera,
    SupervisorMessage,
    SupervisorTicked,
    Tick,
)
from edge_video.actors.system_spec import ChildStarter, HandoverState, Stopped, SystemSpec
from edge_video.delivery.ledger import DropReason
from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.intensity import RestartIntensity, Shortages
from edge_video.runtime.shortage import is_shortage
from edge_video.status.snapshot import CameraRecord, take_status

if TYPE_CHECKING:
    from edge_video.runtime.timer import TimerHandle
    from edge_video.status.model import SystemStatus

_log = logging.getLogger(__name__)

_CHECK_S = 1.0
_TIMER_PAUSE_S = 0.5
_LAST_WORDS_S = 1.0
_REPORT_S = 5.0
_EMERGENCY_INTERVAL_S = 1.0
_MIB = 2**20
_WATCHERS = ("reporter", "http", "notifier")
"""Hear of everything that changes; a restarted one hears it all once more."""


@dataclass(slots=True)
class _Child:
    start: ChildStarter
    intensity: RestartIntensity
    shortages: Shortages = field(default_factory=Shortages)
    ref: pykka.ActorRef[Any] | None = None
    """None for the timer, which is a thread and no actor."""
    wanted: bool = False
    """Started, and not stopped from outside."""
    incarnation: int = 0
    restarts: int = 0


class SupervisorActor(SupervisedActor):
    """Owns every other actor of its system, and the breakers of cameras that do not run.

    It never blocks and never asks while it runs. Its `release`, the orderly stop, does wait, one
    deadline for all cameras: that is its last act. Everything that other actors tell comes to
    it first, so a restarted actor needs no new addresses anywhere.

    Args:
        plan: what to run.
    """

    def __init__(self, plan: SystemSpec) -> None:
        super().__init__(supervisor=None, thread_name=SUPERVISOR, allow_faults=plan.allow_faults)
        self._plan = plan
        self._now = plan.clock.monotonic
        self._faults = FaultScheduler(plan, self.actor_ref, self._targets, self._tell_restarts)
        self._fleet = CameraFleet(
            plan,
            self.actor_ref,
            self._camera_changed,
            lambda camera_id: self._faults.at_start(f"{CAMERA_PREFIX}{camera_id}"),
        )
        self._children = {
            name: _Child(start, RestartIntensity(plan.max_restarts, plan.restart_period_s))
            for name, start in plan.children.items()
        }
        self._known = HandoverState(plan.publisher, None, MemoryLevel.NORMAL)
        self._escalated: Escalated | None = None
        self._ticks: TimerHandle | None = None
        self._final: SystemStatus | None = None

    UNDERSTOOD = get_args(SupervisorMessage)

    def handle(self, message: SupervisorMessage) -> object:
        """Dispatch."""
        match message:
            case GetStatus():
                return self._status()
            case StartCamera() | StopCamera() | ResetBreaker() | RetryNow() | ForceOpen():
                return self._fleet.obey(message)
            case (
                CameraStreaming()
                | CameraStats()
                | BreakerChanged()
                | BreakerWasReset()
                | CameraFailed()
                | CameraEnded()
            ):
                self._fleet.fact(message)
            case AttemptDue():
                self._fleet.attempt_due(message)
            case ActorEnded():
                self._child_ended(message)
            case RestartDue():
                self._restart_due(message)
            case PublisherStats() | ProcessMeasured():
                self._pass_on(message)
            case MemoryLevelChanged():
                self._memory_level_changed(message)
            case InjectFault() | ClearFaults() | FaultTick():
                return self._faults.handle(message)
            case Tick():
                self._look_for_silent_deaths()
            case Begin():
                self._begin()
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
            self._absorb_unread_facts,
            self._fleet.stop,
            self._drain_publisher,
            self._drop_held,
            self._stop_children,
        ):
            try:
                step()
            except Exception:  # noqa: BLE001 - see below
                # The steps after it have actors to stop, and somebody waits for `on_stopped`.
                _log.exception("the shutdown goes on without a step: %s", step.__name__)
        self._plan.on_stopped(Stopped(self._final or self._status(), self._escalated, error_text))

    def farewell(self, error: str | None) -> ActorEnded:
        """Nobody supervises the supervisor: `SystemSpec.on_stopped` has been called."""
        return ActorEnded(SUPERVISOR, 0, error)

    # --- start ---

    def _begin(self) -> None:
        for name in self._children:
            self._start_child(name)
        for record in self._fleet.records:
            self._camera_changed(record)
        self._fleet.begin()
        self._ticks = self._plan.timer.every(_CHECK_S, self._check_due)

    def _check_due(self) -> None:
        tell(self.actor_ref, Tick())

    # --- the other actors ---

    def _start_child(self, name: str) -> None:
        child = self._children[name]
        child.wanted = True
        known = replace(self._known, start_faults=self._faults.at_start(name))
        try:
            child.ref = child.start(self.actor_ref, child.incarnation, known)
        except Exception as error:  # noqa: BLE001 - as above
            # As if it had died at once: what does not heal by restarting escalates.
            is_short = is_shortage(error)
            if not is_short:
                _log.exception("%s could not be started", name)
            died = ActorEnded(name, child.incarnation, describe(error), is_short)
            tell(self.actor_ref, died)
            return
        if name == TIMER:
            for fault in known.start_faults:
                self._faults.break_timer(fault)

    def _child_ended(self, ended: ActorEnded) -> None:
        child = self._children.get(ended.name)
        if child is None or not child.wanted or ended.incarnation != child.incarnation:
            return
        child.ref = None
        if ended.error is None:
            child.wanted = False  # stopped from outside, by a host that stops its actors
            return
        pause_s = self._pause_after(ended, child)
        if pause_s is None:
            self._escalate(ended.name, child)
        elif pause_s > 0.0:
            due = RestartDue(ended.name, ended.incarnation, ended.is_shortage)
            self._restart_later(due, pause_s)
        else:
            self._restart_due(RestartDue(ended.name, ended.incarnation))

    def _pause_after(self, ended: ActorEnded, child: _Child) -> float | None:
        """Seconds until the restart; None when it has crashed once too often.

        A machine that is short of something is no fault of the actor, and counts for nothing.
        """
        if not ended.is_shortage:
            log_event(_log, LogEvent.ACTOR_CRASHED, actor=ended.name, error=ended.error)
            return child.intensity.restart_after_s(self._now())
        pause_s, is_news = child.shortages.restart_after_s(self._now())
        if is_news:
            log_event(_log, LogEvent.MACHINE_SHORT, actor=ended.name, error=ended.error)
        return pause_s

    def _restart_later(self, due: RestartDue, pause_s: float) -> None:
        if due.name == TIMER:
            # It is what would remind us. A moment without supervision is the lesser evil.
            time.sleep(min(pause_s, _TIMER_PAUSE_S))
            tell(self.actor_ref, due)
            return
        self._plan.timer.after(pause_s, lambda: void(tell(self.actor_ref, due)))

    def _restart_due(self, due: RestartDue) -> None:
        name, child = due.name, self._children[due.name]
        if not child.wanted or child.ref is not None or due.incarnation != child.incarnation:
            return
        child.incarnation += 1
        child.restarts += 1
        self._start_child(name)
        if not due.is_shortage:
            log_event(_log, LogEvent.ACTOR_RESTARTED, actor=name, restarts=child.restarts)
        if name in _WATCHERS:
            self._tell_everything()
        self._tell_restarts()

    def _escalate(self, name: str, child: _Child) -> None:
        """More crashes than restarting can heal: stop in order, and say so."""
        plan = self._plan
        self._escalated = Escalated(name, child.restarts, plan.restart_period_s)
        log_event(
            _log,
            LogEvent.ESCALATED,
            actor=name,
            restarts=child.restarts,
            period_s=plan.restart_period_s,
        )
        tell(plan.host, self._escalated)
        self.stop()

    def _tell_own_crash(self, error: str) -> None:
        """Nobody restarts a supervisor: its system stops in order, and everybody is told why."""
        self._escalated = Escalated(SUPERVISOR, 0, self._plan.restart_period_s)
        log_event(_log, LogEvent.SUPERVISOR_CRASHED, error=error)
        tell(self._plan.host, self._escalated)

    def _pass_on(self, fact: PublisherStats | ProcessMeasured) -> None:
        match fact:
            case PublisherStats(status=status, retry_at_s=retry_at_s):
                self._known = replace(
                    self._known, publisher=status, publisher_retry_at_s=retry_at_s
                )
            case ProcessMeasured(sample=sample):
                self._known = replace(self._known, process=sample)
            case _:
                assert_never(fact)
        self._tell_watchers(fact)

    def _memory_level_changed(self, change: MemoryLevelChanged) -> None:
        """Shrink the outboxes at critical, slow the cameras at emergency, and back again."""
        before = self._known.memory_level
        self._known = replace(self._known, memory_level=change.level)
        critical = change.level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY)
        emergency = change.level is MemoryLevel.EMERGENCY
        for outbox in self._plan.outboxes:
            outbox.limit_buffers(1 if critical else None)
            outbox.limit_rate(_EMERGENCY_INTERVAL_S if emergency else None)
        notifier = self._children.get("notifier")
        if notifier is not None:
            tell(notifier.ref, change)
        log_event(
            _log,
            LogEvent.MEMORY_LEVEL_CHANGED,
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
        self._fleet.look_for_silent_deaths(error)
        for name, child in self._children.items():
            if child.ref is not None and not is_running(child.ref):
                tell(self.actor_ref, ActorEnded(name, child.incarnation, error))
        self._give_sign_of_life()

    def _give_sign_of_life(self, *, stopping: bool = False) -> None:
        http = self._children.get("http")
        if http is not None:
            actors = {
                name: is_running(child.ref)
                for name, child in self._children.items()
                if child.ref is not None
            }
            tell(http.ref, SupervisorTicked(actors, stopping))

    def _targets(self) -> dict[str, pykka.ActorRef[Any] | None]:
        """Whom a fault can be aimed at."""
        return {
            **{f"{CAMERA_PREFIX}{camera_id}": ref for camera_id, ref in self._fleet.refs.items()},
            **{name: child.ref for name, child in self._children.items()},
            SUPERVISOR: self.actor_ref,
        }

    # --- what others see ---

    def _camera_changed(self, record: CameraRecord) -> None:
        self._tell_watchers(CameraChanged(record))

    def _tell_watchers(self, fact: object) -> None:
        for name in _WATCHERS:
            watcher = self._children.get(name)
            if watcher is not None:
                tell(watcher.ref, fact)

    def _tell_everything(self) -> None:
        for record in self._fleet.records:
            self._camera_changed(record)
        known = self._known
        self._tell_watchers(PublisherStats(known.publisher, known.publisher_retry_at_s))
        if self._known.process is not None:
            self._tell_watchers(ProcessMeasured(self._known.process))
        self._tell_restarts()

    def _restart_counts(self) -> RestartsCounted:
        restarts = {name: child.restarts for name, child in self._children.items()}
        return RestartsCounted(restarts, self._faults.counts)

    def _tell_restarts(self) -> None:
        self._tell_watchers(self._restart_counts())

    def _status(self) -> SystemStatus:
        counts = self._restart_counts()
        return take_status(
            self._plan.clock,
            self._plan.identity,
            self._fleet.records,
            self._plan.ledger,
            publisher=self._known.publisher,
            publisher_retry_at_s=self._known.publisher_retry_at_s,
            process=self._known.process,
            restarts=counts.restarts,
            faults=counts.faults,
        )

    # --- the orderly stop ---

    def _cancel_timers(self) -> None:
        self._give_sign_of_life(stopping=True)
        if self._ticks is not None:
            self._ticks.cancel()
        self._faults.stop()
        self._fleet.stop_restarting()

    def _absorb_unread_facts(self) -> None:
        """Read what was told before the stop; the final report shows it."""
        unread = []
        while not self.actor_inbox.empty():
            envelope = self.actor_inbox.get()
            match envelope.message:
                case CameraEnded() as ended:
                    self._fleet.last_words(ended)
                case CameraStats() | BreakerChanged() | BreakerWasReset() | CameraFailed() as fact:
                    self._fleet.fact(fact)
                case PublisherStats() | ProcessMeasured() as fact:
                    self._pass_on(fact)
                case _:
                    unread.append(envelope)
        for envelope in unread:  # pykka answers those who wait for a reply
            self.actor_inbox.put(envelope)

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
        log_event(_log, LogEvent.DRAIN_FINISHED, confirmed=totals.confirmed, abandoned=abandoned)

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
        if reporter is not None and reporter.wanted and reporter.ref is None:
            # It crashed too often, or just now: one more for the last word.
            reporter.incarnation += 1
            self._start_child("reporter")
            self._tell_everything()
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
        join([child.ref], time.monotonic() + self._plan.child_stop_deadline_s)
        for last_words in answers_to([asked]):
            if isinstance(last_words, PublisherStats):
                self._pass_on(last_words)
        if is_running(child.ref):
            log_event(_log, LogEvent.SURVIVOR, actor=name)
