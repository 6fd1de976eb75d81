"""Ends a run in order: begun by a signal or the time limit, cut short by further signals."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.app import LEAVE_S
from edge_video.cli.common import EXIT_SIGNAL
from edge_video.log.events import LogEvent, log_event
from edge_video.log.setup import change_log_level, teardown_log

if TYPE_CHECKING:
    import signal

    from edge_video.app import System
    from edge_video.config import Config
    from edge_video.runtime.service_manager import ServiceManager

_log = logging.getLogger(__name__)

_STOP_SLACK_S: Final = 30.0
"""What an orderly stop takes at most beside `shutdown_timeout`, and beside giving cameras away."""


@dataclass(slots=True)
class Ending:
    """The end of the run: begun by the first signal or the time limit, cut short by another signal.

    Its methods run in the main thread, those for signals in between any two steps of the others.
    The supervisor's mailbox has a lock that the same thread must not take twice, so nothing that
    is being done is begun again.
    """

    service: ServiceManager | None
    _system: System | None = None
    _began_s: float | None = None
    _has_told: bool = False
    _is_cut_short: bool = False

    def of(self, system: System) -> None:
        """Stop this system when the time comes; at once, if the signal came before it."""
        self._system = system
        if self._began_s is not None:
            system.begin_stop()
            self._has_told = True

    def goes_by(self, config: Config) -> None:
        """Go by a configuration that was taken over, and let the log do so; any thread."""
        self.limited_by(config)
        change_log_level(config.log.level)

    def limited_by(self, config: Config) -> None:
        """Allow the stop so long as a configuration says; the system may begin it by itself."""
        if self.service is not None:
            leave_s = 0.0 if config.cluster is None else LEAVE_S
            self.service.stop_limit_s = config.shutdown_timeout + leave_s + _STOP_SLACK_S

    def begin(self, reason: str) -> None:
        """Begin the orderly stop, unless it has begun."""
        if self._began_s is not None:
            return
        self._began_s = time.monotonic()
        log_event(_log, LogEvent.SHUTDOWN_STARTED, reason=reason)
        if self.service is not None:
            self.service.stopping()
        if self._system is not None:
            self._system.begin_stop()
            self._has_told = True

    def signalled_again(self, signum: signal.Signals) -> None:
        """Wait no longer for other nodes to take the cameras; else end the process at once."""
        system = self._system
        is_waiting = system is not None and self._has_told and system.is_leaving
        if system is None or not is_waiting or self._is_cut_short:
            self._at_once(signum)
            return
        self._is_cut_short = True
        log_event(_log, LogEvent.LEAVE_CUT_SHORT)
        system.leave_at_once()

    def _at_once(self, signum: signal.Signals) -> None:
        """End the process; no FFmpeg is left."""
        log_event(_log, LogEvent.SECOND_SIGNAL)
        if self._system is not None:
            self._system.kill_processes()
        teardown_log()
        os._exit(EXIT_SIGNAL + signum)

    def since_s(self) -> float | None:
        """Seconds since it began; None when the system ended by itself."""
        return None if self._began_s is None else time.monotonic() - self._began_s
