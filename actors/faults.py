"""Keeps a supervisor's faults on purpose: who is broken, when, and how often."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from edge_video.actors.base import tell
from edge_video.actors.messages import (
    ApplyFault,
    ClearFaults,
    CommandAnswer,
    CommandResult,
    FaultTick,
    InjectFault,
)
from edge_video.faults import (
    AfterFrames,
    CrashActor,
    DelayActor,
    Fault,
    Now,
    faults_of_actor,
    faults_of_camera,
)
from edge_video.faults.scheduling import ArmedFault, FaultCounts
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    import pykka

    from edge_video.actors.system_spec import SystemSpec
    from edge_video.runtime.timer import Timer, TimerHandle

_log = logging.getLogger(__name__)

CAMERA_PREFIX = "camera:"
SUPERVISOR = "supervisor"
TIMER = "timer"

_LOOK_S = 0.05
_MAX_ARMED = 1000


class FaultScheduler:
    """Part of the supervisor: used in its thread only, never blocks.

    Targets are known by their canonical names: an actor's own name, `camera:<id>` for a camera.

    Args:
        spec: whether faults are allowed, the timer, the frame counts, the shared delays.
        supervisor: where the timer's ticks go.
        targets: the actor of each canonical target, None where none runs (the timer has none).
        on_count: called each time a count has changed.
    """

    def __init__(
        self,
        spec: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        targets: Callable[[], Mapping[str, pykka.ActorRef[Any] | None]],
        on_count: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._targets = targets
        self._on_count = on_count
        self._armed: list[ArmedFault] = []
        self._looks: TimerHandle | None = None
        self._look_is_due = False
        self.injected = 0
        self.refused = 0

    @property
    def counts(self) -> FaultCounts:
        """What acted, what was refused, what waits."""
        return FaultCounts(self.injected, self.refused, len(self._armed))

    def handle(self, message: InjectFault | ClearFaults | FaultTick) -> CommandAnswer | None:
        """What the supervisor hears about faults."""
        match message:
            case InjectFault():
                return self._inject(message)
            case ClearFaults():
                return self._clear(message)
            case FaultTick():
                self._look()
                return None

    # --- commands ---

    def _inject(self, request: InjectFault) -> CommandAnswer:
        """Break at once, or arm."""
        if not self._spec.allow_faults:
            return self._refuse(request, CommandResult.NOT_ALLOWED)
        target = self._canonical(request.target)
        if target is None:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        fault = ArmedFault(
            target,
            request.target,
            request.fault,
            request.when,
            request.times,
            request.probability,
            request.seed,
        )
        if not _is_understood(fault):
            return self._refuse(request, CommandResult.NOT_UNDERSTOOD)
        if isinstance(request.when, Now) and not fault.acts_at_start:
            return self._act_now(fault)
        return self._arm(fault)

    def _clear(self, request: ClearFaults) -> CommandAnswer:
        """Forget what waits, undo what acts."""
        target = None if request.target is None else self._canonical(request.target)
        if request.target is not None and target is None:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        self._armed = [each for each in self._armed if target not in (None, each.target)]
        self._watch_frames()
        self._spec.delays.end(target)
        for name, ref in self._targets().items():
            if target in (None, name) and name != SUPERVISOR:
                tell(ref, request)
        log_event(_log, LogEvent.FAULTS_CLEARED, target=request.target or "*")
        self._on_count()
        return CommandAnswer(CommandResult.DONE)

    def stop(self) -> None:
        """Nothing breaks any more; what already acts goes on acting."""
        self._armed.clear()
        self._watch_frames()

    def _refuse(self, request: InjectFault, result: CommandResult) -> CommandAnswer:
        self.refused += 1
        self._on_count()
        not_allowed = result is CommandResult.NOT_ALLOWED
        log_event(
            _log,
            LogEvent.FAULT_REFUSED if not_allowed else LogEvent.FAULT_MISSED,
            target=request.target,
            fault=type(request.fault).__name__,
        )
        return CommandAnswer(result)

    def _canonical(self, named: str) -> str | None:
        """An actor's name wins over a camera's id."""
        targets = self._targets()
        for name in (named, f"{CAMERA_PREFIX}{named}"):
            if name in targets:
                return name
        return None

    def _act_now(self, fault: ArmedFault) -> CommandAnswer:
        if fault.target != TIMER and self._targets()[fault.target] is None:
            return CommandAnswer(CommandResult.NOT_RUNNING)
        fault.trigger()
        if fault.consume() and not self._apply(fault):
            return CommandAnswer(CommandResult.NOT_RUNNING)
        return CommandAnswer(CommandResult.DONE)

    def _arm(self, fault: ArmedFault) -> CommandAnswer:
        if len(self._armed) >= _MAX_ARMED:
            return CommandAnswer(CommandResult.REJECTED)
        fault.count_from(_frames_of(self._spec, fault.target))
        self._armed.append(fault)
        log_event(_log, LogEvent.FAULT_ARMED, target=fault.named, fault=_name(fault.fault))
        self._watch_frames()
        self._on_count()
        return CommandAnswer(CommandResult.DONE)

    # --- triggers ---

    def at_start(self, target: str) -> tuple[ApplyFault, ...]:
        """What breaks in a target that starts now; the one who starts it hands it over."""
        acting = []
        for fault in self._armed:
            if fault.target == target:
                if fault.waits_for_start:
                    fault.trigger()
                if (fault.waits_for_start or fault.acts_at_start) and fault.consume():
                    acting.append(self._message(fault))
                    self._count_act(fault)
        if acting:
            self._forget_spent()
        return tuple(acting)

    def _look(self) -> None:
        """Compare frame counts; let act what is due in targets that run."""
        self._look_is_due = False
        counts: dict[str, int] = {}
        for fault in self._armed:
            if fault.watches_frames:
                if fault.target not in counts:
                    counts[fault.target] = _frames_of(self._spec, fault.target)
                fault.frames_are(counts[fault.target])
                self._act_if_due(fault)
        self._forget_spent()

    def _act_if_due(self, fault: ArmedFault) -> None:
        while fault.due and not fault.acts_at_start and self._targets()[fault.target] is not None:
            fault.consume()
            self._apply(fault)

    def _forget_spent(self) -> None:
        left = [each for each in self._armed if not each.is_spent]
        if len(left) != len(self._armed):
            self._armed = left
            self._watch_frames()
            self._on_count()

    def _watch_frames(self) -> None:
        """A tick only as long as a fault waits for frames."""
        wanted = any(each.watches_frames for each in self._armed)
        if wanted and self._looks is None:
            self._looks = self._spec.timer.every(_LOOK_S, self._tell_tick)
        elif not wanted and self._looks is not None:
            self._looks.cancel()
            self._looks = None

    def _tell_tick(self) -> None:
        """Timer's thread: at most one tick in the mailbox of a supervisor that is kept busy."""
        if not self._look_is_due:
            self._look_is_due = True
            tell(self._supervisor, FaultTick())

    # --- acts ---

    def _message(self, fault: ArmedFault) -> ApplyFault:
        return ApplyFault(fault.fault, self._spec.delays.over(fault.target))

    def _apply(self, fault: ArmedFault) -> bool:
        message = self._message(fault)
        if fault.target == TIMER:
            break_timer(self._spec.timer, message)
        elif not tell(self._targets()[fault.target], message):
            # Told, never asked: pykka hands an exception under an `ask` to whoever asked.
            return False
        self._count_act(fault)
        return True

    def _count_act(self, fault: ArmedFault) -> None:
        self.injected += 1
        self._on_count()
        log_event(_log, LogEvent.FAULT_INJECTED, target=fault.named, fault=_name(fault.fault))


def break_timer(timer: Timer, message: ApplyFault) -> None:
    """Break a timer, which is a thread and no actor: by one of its scheduled calls. Any thread."""
    match message.fault:
        case CrashActor(message=text):
            timer.after(0.0, lambda: _end_thread(text))
        case DelayActor(for_s=for_s):
            timer.after(0.0, lambda: _wait(message.cleared, for_s))
        case _:  # CrashInStart has been obeyed by the starter
            return


def _frames_of(spec: SystemSpec, target: str) -> int:
    """How many frames a camera has received, or the publisher has taken."""
    if target.startswith(CAMERA_PREFIX):
        camera_id = CameraId(target.removeprefix(CAMERA_PREFIX))
        return spec.ledger.outbox_of[camera_id].counts()[camera_id].received
    outbox = spec.publisher_outbox
    return 0 if outbox is None else sum(each.published for each in outbox.counts().values())


def _is_understood(fault: ArmedFault) -> bool:
    if fault.target.startswith(CAMERA_PREFIX):
        return isinstance(fault.fault, faults_of_camera())
    if isinstance(fault.when, AfterFrames) and fault.target != "publisher":
        return False
    if fault.target == SUPERVISOR and not isinstance(fault.when, Now):
        return False  # it starts only once
    return isinstance(fault.fault, faults_of_actor(fault.target))


def _name(fault: Fault) -> str:
    return type(fault).__name__


def _end_thread(message: str) -> None:
    """SystemExit is what the timer does not survive, and what Python ends a thread with."""
    raise SystemExit(message)


def _wait(over: threading.Event, for_s: float) -> None:
    over.wait(for_s)
