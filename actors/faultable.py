"""Lets an actor be broken on purpose."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from edge_video.actors.messages import ApplyFault, ClearFaults, InjectFault
from edge_video.faults import ACT_AT_START, CrashActor, CrashInStart, DelayActor, Fault
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)


class RequestedCrashError(RuntimeError):
    """Raised by a `CrashActor` or `CrashInStart` fault."""


class Faultable:
    """The part of an actor that obeys faults, where they are allowed. It stands before pykka's.

    Crashes and delays break every actor alike; subclasses implement `apply_fault` and
    `clear_faults` for faults of their own. A fault that comes before `Begin` was handled waits
    until then.

    Args:
        thread_name: what the log calls the actor.
        allow_faults: obey faults; all are refused otherwise.
        start_faults: those that act while it starts, or as soon as it has.
    """

    def __init__(
        self, *, thread_name: str, allow_faults: bool, start_faults: Sequence[ApplyFault]
    ) -> None:
        super().__init__()
        self._thread_name = thread_name
        self._allow_faults = allow_faults
        self._start_faults = tuple(start_faults)
        self._begun = False

    def inject(self, fault: Fault, cleared: threading.Event | None = None) -> bool:
        """Break on purpose; the answer says whether the fault acts. Actor's thread.

        `cleared` ends a delay; without it, as when nobody supervises, only time does.
        """
        if not self._allow_faults:
            log_event(
                _log, LogEvent.FAULT_REFUSED, target=self._thread_name, fault=type(fault).__name__
            )
            return False
        match fault:
            case CrashActor(message=message):
                raise RequestedCrashError(message)
            case DelayActor(for_s=for_s):
                (cleared or threading.Event()).wait(for_s)
                return True
        acts = self.apply_fault(fault)
        if not acts:
            log_event(
                _log, LogEvent.FAULT_MISSED, target=self._thread_name, fault=type(fault).__name__
            )
        return acts

    def apply_fault(self, fault: Fault) -> bool:  # noqa: ARG002 - for subclasses
        """A fault of this actor's own; False when it is not one of them."""
        return False

    def clear_faults(self) -> None:
        """Undo the faults of `apply_fault` that still act. Actor's thread."""

    def _crash_in_start(self) -> None:
        """Raise what a `CrashInStart` asks for."""
        for each in self._start_faults:
            if isinstance(each.fault, CrashInStart) and self._allow_faults:
                raise RequestedCrashError(each.fault.message)

    def _inject_start_faults(self) -> None:
        """Break by what has waited for `Begin`; from now on faults act at once."""
        self._begun = True
        waiting, self._start_faults = self._start_faults, ()
        for each in waiting:
            if not isinstance(each.fault, ACT_AT_START):
                self.inject(each.fault, each.cleared)

    def _fault_received(self, message: InjectFault | ApplyFault | ClearFaults) -> object:
        if isinstance(message, ClearFaults):
            self._start_faults = ()
            self.clear_faults()
            return None
        if isinstance(message, InjectFault):  # straight from a program without a supervisor
            message = ApplyFault(message.fault, threading.Event())
        if not self._begun:  # it overtook `Begin`: there is nothing to break yet
            self._start_faults = (*self._start_faults, message)
            return True
        return self.inject(message.fault, message.cleared)
