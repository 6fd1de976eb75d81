"""Starts, restarts within limits, or gives up the actors of one system that are no cameras."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

import pykka

from edge_video.actors.base import describe, is_running, tell, void
from edge_video.actors.faults import TIMER
from edge_video.actors.messages import (
    ActorEnded,
    CommandAnswer,
    CommandResult,
    Drain,
    RestartDue,
)
from edge_video.actors.reload_messages import ExchangeDue
from edge_video.actors.system_spec import HandoverState
from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.intensity import RestartIntensity, Shortages
from edge_video.runtime.shortage import is_shortage
from edge_video.status.model import PublisherState

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.actors.messages import ApplyFault, RetryPublisher
    from edge_video.actors.system_spec import ChildStarter, SystemSpec
    from edge_video.runtime.timer import TimerHandle

_log = logging.getLogger(__name__)

_TIMER_PAUSE_S = 0.5
_EXCHANGE_S = 0.25
"""Until an actor that is replaced is ended."""


class _Notice(pykka.ThreadingFuture[bool]):
    """Tells a supervisor something as soon as it is set, instead of being waited for."""

    def __init__(self, supervisor: pykka.ActorRef[Any], message: object) -> None:
        super().__init__()
        self._told = (supervisor, message)

    def set(self, value: bool | None = None) -> None:
        super().set(value)
        tell(*self._told)


@dataclass(slots=True)
class Child:
    """One actor that is no camera, or the timer. Supervisor's thread only.

    Attributes:
        start: how its next incarnation begins.
        intensity: how often it may crash.
        shortages: how long to wait while the machine is short of something.
        ref: None while it rests, and always for the timer, which is a thread and no actor.
        wanted: it was started, and not stopped from outside.
        incarnation: the number of its present life.
        restarts: so far.
        ended: the last life whose end was handled; one that dies while it is looked for tells its
            end itself, too, and counts once.
        successor: how the one that takes its place starts; None while it is not to be replaced.
    """

    start: ChildStarter
    intensity: RestartIntensity
    shortages: Shortages = field(default_factory=Shortages)
    ref: pykka.ActorRef[Any] | None = None
    wanted: bool = False
    incarnation: int = 0
    restarts: int = 0
    ended: int = -1
    successor: ChildStarter | None = None


class Children:
    """Part of the supervisor: used in its thread only.

    Args:
        spec: how to start each of them, and how often each may crash.
        supervisor: where they, and the timer, tell what happens.
        start_faults: what is to break in one that starts now.
        break_timer: breaks the timer on purpose.
        on_too_many_crashes: called with the name of one that restarting does not heal.

    Attributes:
        handover: what a restarted one takes over from its predecessor.
        drain_s: how long a publisher may take to settle what is in flight.
        alarms: of what the timer is to remind, of which child; to be cancelled with the stop.
    """

    def __init__(
        self,
        spec: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        start_faults: Callable[[str], tuple[ApplyFault, ...]],
        *,
        break_timer: Callable[[ApplyFault], None],
        on_too_many_crashes: Callable[[str], None],
    ) -> None:
        self.handover = HandoverState(spec.publisher, None, MemoryLevel.NORMAL)
        self.drain_s = spec.limits.shutdown_timeout_s
        self._spec = spec
        self._supervisor = supervisor
        self._start_faults = start_faults
        self._break_timer = break_timer
        self._on_too_many_crashes = on_too_many_crashes
        self.alarms: dict[tuple[str, type], TimerHandle] = {}
        self._children = {
            name: Child(
                start, RestartIntensity(spec.limits.max_restarts, spec.limits.restart_period_s)
            )
            for name, start in spec.children.items()
        }

    @property
    def names(self) -> list[str]:
        """All of them, in the order of their start."""
        return list(self._children)

    @property
    def refs(self) -> dict[str, pykka.ActorRef[Any] | None]:
        """The actor of each; None where none runs, and for the timer."""
        return {name: child.ref for name, child in self._children.items()}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each was restarted."""
        return {name: child.restarts for name, child in self._children.items()}

    def ref(self, name: str) -> pykka.ActorRef[Any] | None:
        """The actor of this name; None where none runs, or none was asked for."""
        child = self._children.get(name)
        return None if child is None else child.ref

    def retry_publisher(self, message: RetryPublisher) -> CommandAnswer:
        """Have the publisher try to connect at once, if it waits."""
        publisher = self.ref("publisher")
        if publisher is None:
            return CommandAnswer(CommandResult.NOT_RUNNING)
        if self.handover.publisher.state is not PublisherState.WAITING:
            return CommandAnswer(CommandResult.ALREADY)
        tell(publisher, message)
        return CommandAnswer(CommandResult.DONE)

    def start_all(self) -> None:
        """Start them in their order."""
        for name in self._children:
            self._start(name)

    def start_once_more(self, name: str) -> bool:
        """Start one that has crashed, whatever its limits; False when it runs, or is not wanted."""
        child = self._children.get(name)
        if child is None or not child.wanted or child.ref is not None:
            return False
        child.incarnation += 1
        self._start(name)
        return True

    def limit(self, max_restarts: int, period_s: float) -> None:
        """Let each crash so often from now on."""
        for child in self._children.values():
            child.intensity.max_restarts, child.intensity.period_s = max_restarts, period_s

    def exchange(self, name: str, start: ChildStarter) -> None:
        """Let an actor come to its end, and one that starts like this take its place.

        A publisher settles what is in flight first; any other one has a moment, in which a request
        that asked for this is still answered. One that rests starts like this when its time comes.
        """
        child = self._children.get(name)
        if child is None:  # no configuration has asked for it before
            known = next(iter(self._children.values())).intensity
            intensity = RestartIntensity(known.max_restarts, known.period_s)
            self._children[name] = Child(start, intensity)
            self._start(name)
            return
        if child.ref is None:
            child.start = start
            return
        is_under_way = child.successor is not None
        child.successor = start
        if is_under_way:
            return
        due = ExchangeDue(name, child.incarnation)
        if name == "publisher":
            tell(child.ref, Drain(_Notice(self._supervisor, due), is_final=False))
            self._tell_later(due, self.drain_s)
        else:
            self._tell_later(due, _EXCHANGE_S)

    def exchange_due(self, due: ExchangeDue) -> None:
        """End an actor that has had its time; what its end is told by starts its successor."""
        child = self._children[due.name]
        if child.successor is not None and due.incarnation == child.incarnation and child.ref:
            child.ref.stop(block=False)

    def _succeed(self, name: str, child: Child) -> str:
        """Start what takes the place of one that has ended, whatever it ended of."""
        assert child.successor is not None
        child.start, child.successor = child.successor, None
        child.incarnation += 1
        self._start(name)
        return name

    def look_for_silent_deaths(self, error: str) -> None:
        """Report one whose thread is gone without its exit message as ended by `error`."""
        for name, child in self._children.items():
            if child.ref is not None and not is_running(child.ref):
                tell(self._supervisor, ActorEnded(name, child.incarnation, error))

    def _start(self, name: str) -> None:
        child = self._children[name]
        child.wanted = True
        known = replace(self.handover, start_faults=self._start_faults(name))
        try:
            child.ref = child.start(self._supervisor, child.incarnation, known)
        except Exception as error:  # noqa: BLE001 - the machine may be short of anything
            # As if it had died at once: what does not heal by restarting escalates.
            is_short = is_shortage(error)
            if not is_short:
                _log.exception("%s could not be started", name)
            died = ActorEnded(name, child.incarnation, describe(error), is_short)
            tell(self._supervisor, died)
            return
        if name == TIMER:
            for fault in known.start_faults:
                self._break_timer(fault)

    def handle(self, message: ActorEnded | RestartDue | ExchangeDue) -> str | None:
        """Do what the message is about; the name of an actor that was started once more."""
        match message:
            case ActorEnded():
                return self.ended(message)
            case RestartDue():
                return self.restart_due(message)
            case ExchangeDue():
                self.exchange_due(message)
            case _:
                assert_never(message)
        return None

    def ended(self, ended: ActorEnded) -> str | None:
        """Restart one that crashed; the name of one that was restarted at once."""
        child = self._children.get(ended.name)
        if child is None or not child.wanted or ended.incarnation != child.incarnation:
            return None
        if ended.incarnation == child.ended:
            return None
        child.ended, child.ref = ended.incarnation, None
        if child.successor is not None:
            return self._succeed(ended.name, child)
        if ended.error is None:
            child.wanted = False  # stopped from outside, by a host that stops its actors
            return None
        pause_s = self._pause_after(ended, child)
        if pause_s is None:
            self._on_too_many_crashes(ended.name)
        elif pause_s > 0.0:
            due = RestartDue(ended.name, ended.incarnation, ended.is_shortage)
            self._restart_later(due, pause_s)
        else:
            return self.restart_due(RestartDue(ended.name, ended.incarnation))
        return None

    def _pause_after(self, ended: ActorEnded, child: Child) -> float | None:
        """Seconds until the restart; None when it has crashed once too often.

        A machine that is short of something is no fault of the actor, and counts for nothing.
        """
        now_s = self._spec.clock.monotonic()
        if not ended.is_shortage:
            log_event(_log, LogEvent.ACTOR_CRASHED, actor=ended.name, error=ended.error)
            return child.intensity.restart_after_s(now_s)
        pause_s, is_news = child.shortages.restart_after_s(now_s)
        if is_news:
            log_event(_log, LogEvent.MACHINE_SHORT, actor=ended.name, error=ended.error)
        return pause_s

    def _restart_later(self, due: RestartDue, pause_s: float) -> None:
        if due.name == TIMER:
            # It is what would remind us. A moment without supervision is the lesser evil.
            time.sleep(min(pause_s, _TIMER_PAUSE_S))
            tell(self._supervisor, due)
            return
        self._tell_later(due, pause_s)

    def _tell_later(self, due: RestartDue | ExchangeDue, pause_s: float) -> None:
        alarm = self._spec.timer.after(pause_s, lambda: void(tell(self._supervisor, due)))
        self.alarms[due.name, type(due)] = alarm

    def restart_due(self, due: RestartDue) -> str | None:
        """Restart one whose pause is over; its name, or None when that is no longer wanted."""
        name, child = due.name, self._children[due.name]
        if not child.wanted or child.ref is not None or due.incarnation != child.incarnation:
            return None
        child.incarnation += 1
        child.restarts += 1
        self._start(name)
        if not due.is_shortage:
            log_event(_log, LogEvent.ACTOR_RESTARTED, actor=name, restarts=child.restarts)
        return name
