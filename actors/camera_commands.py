"""Executes the commands that an operator or an embedding program gives to one camera."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, assert_never

from edge_video.actors.base import tell
from edge_video.actors.camera_state import OPEN
from edge_video.actors.messages import (
    CameraCommand,
    CommandAnswer,
    CommandResult,
    ForceOpen,
    ResetBreaker,
    ResumeCamera,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.actors.reload_messages import UseConfig
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.breaker import BreakerState
from edge_video.status.usual_rate import UsualRate

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.actors.attempts import AttemptScheduler
    from edge_video.actors.camera_state import CameraState, Closed
    from edge_video.config import CameraConfig

_log = logging.getLogger(__name__)


class CameraCommands:
    """Part of the supervisor: used in its thread only, never blocks.

    Args:
        attempts: begins what a command asks for.
        now: monotonic seconds.
    """

    def __init__(self, attempts: AttemptScheduler, now: Callable[[], float]) -> None:
        self._attempts = attempts
        self._now = now

    def execute(self, command: CameraCommand, camera: CameraState) -> CommandAnswer:
        """Do what an operator or an embedding program wants of one camera."""
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
            case ResumeCamera():
                return self._resume(camera)
            case _:
                assert_never(command)

    def take_over(self, camera: CameraState, config: CameraConfig, *, restart: bool) -> None:
        """Let a camera have another configuration; with `restart` its stream begins anew by it.

        What it failed of before is forgiven, unless an operator holds it: the new keys may be the
        cure. Where `enabled` has changed, an operator's earlier start or stop is over.
        """
        before, camera.config = camera.config, config
        if config.enabled is not before.enabled:
            camera.wanted = config.enabled
        if not camera.wanted:
            camera.expect_nothing(self._now())
        camera.take_keys()
        if not restart:
            tell(camera.ref, UseConfig(config))
            self._look_for_it(camera)
            return
        camera.end_absence(self._now())
        camera.usual_rate = UsualRate()
        camera.cancel_alarm()
        if self._end_attempt(camera):
            camera.pending.reset |= _may_be_forgiven(camera)
            return  # the next attempt begins when nothing is left of this one
        if _may_be_forgiven(camera):
            camera.move_breaker(camera.breaker.reset(self._now()))
        camera.update(phase=camera.resting_phase)
        self._attempts.begin_next(camera)

    def _look_for_it(self, camera: CameraState) -> None:
        """Try a camera that is off, and has to be there from now on."""
        if camera.record.off is None or camera.config.is_intermittent:
            return
        camera.end_absence(self._now())
        if camera.ref is None:
            self._attempts.begin_next(camera)
        else:
            camera.update(phase=camera.resting_phase)

    def close(self, camera: CameraState, closed: Closed) -> None:
        """Let a camera rest: by its schedule, a profile, or because another node has it.

        What it failed of before is forgiven: nothing of it is amiss while it is closed, and it
        begins anew after that.
        """
        camera.update(**closed._asdict(), closed_at_s=self._now())
        if not camera.wanted:
            return
        camera.log_rest()
        camera.expect_nothing(self._now())
        camera.cancel_alarm()
        if self._end_attempt(camera):
            camera.pending.reset = True
            return
        if _may_be_forgiven(camera):
            camera.move_breaker(camera.breaker.reset(self._now()))
        camera.update(phase=camera.resting_phase)

    def open(self, camera: CameraState) -> None:
        """Let a camera run again, unless an operator has stopped or paused it."""
        record = camera.record
        closed_s = record.off_schedule_s(self._now())
        camera.update(**OPEN._asdict(), closed_at_s=None, closed_before_s=closed_s)
        if not camera.wanted:
            return
        if record.off_by_profile is not None:
            log_event(_log, LogEvent.CAMERA_ON_BY_PROFILE, camera_id=camera.camera_id)
        elif record.opens_at is not None:
            log_event(_log, LogEvent.CAMERA_OPENED, camera_id=camera.camera_id)
        if camera.ref is None:
            camera.update(phase=camera.resting_phase)
            self._attempts.begin_next(camera)

    def remove(self, camera: CameraState) -> bool:
        """Stop a camera for good; whether nothing is left of it already."""
        camera.wanted = False
        camera.leaving = True
        camera.cancel_alarm()
        log_event(_log, LogEvent.CAMERA_REMOVED, camera_id=camera.camera_id)
        return not self._end_attempt(camera)

    def _start_camera(self, camera: CameraState) -> CommandAnswer:
        was_wanted, camera.wanted = camera.wanted, True
        breaker = camera.breaker
        is_open = breaker.state is BreakerState.OPEN and breaker.retry_in_s(self._now()) != 0.0
        if is_open or camera.pending.force_open:
            return self._reject_start(camera)
        if was_wanted:
            return CommandAnswer(CommandResult.ALREADY)
        log_event(_log, LogEvent.CAMERA_STARTED, camera_id=camera.camera_id)
        if camera.ref is None:
            camera.update(phase=camera.resting_phase)
        self._attempts.begin_next(camera)
        return CommandAnswer(CommandResult.DONE)

    def _reject_start(self, camera: CameraState) -> CommandAnswer:
        """Asking for an attempt while OPEN is what a breaker counts as rejected."""
        breaker, permit = camera.breaker.permit(self._now())
        camera.update(breaker=breaker)
        log_event(
            _log,
            LogEvent.CAMERA_START_REJECTED,
            camera_id=camera.camera_id,
            retry_in_s=permit.retry_in_s,
        )
        self._attempts.begin_next(camera)
        return CommandAnswer(CommandResult.REJECTED, permit.retry_in_s)

    def _stop_camera(self, camera: CameraState) -> CommandAnswer:
        if not camera.wanted:
            return CommandAnswer(CommandResult.ALREADY)
        camera.wanted = False
        camera.expect_nothing(self._now())
        camera.cancel_alarm()
        if not self._end_attempt(camera):
            log_event(_log, LogEvent.CAMERA_STOPPED, camera_id=camera.camera_id)
            camera.update(phase=camera.resting_phase)
        return CommandAnswer(CommandResult.DONE)

    def _end_attempt(self, camera: CameraState) -> bool:
        """Ask a running attempt to end; False when there is none."""
        if camera.ref is None:
            return False
        camera.pending.stop = True
        camera.ref.stop(block=False)
        return True

    def _reset_breaker(self, camera: CameraState) -> CommandAnswer:
        log_event(_log, LogEvent.BREAKER_RESET, camera_id=camera.camera_id)
        if camera.ref is not None:
            # The camera owns its breaker while it runs. Should it end before it has read this,
            # the reset is made up for then.
            camera.pending.reset, camera.pending.force_open = True, False
            tell(camera.ref, ResetBreaker(camera.camera_id))
            return CommandAnswer(CommandResult.DONE)
        camera.move_breaker(camera.breaker.reset(self._now()))
        camera.try_now(self._now())
        self._attempts.begin_next(camera)
        return CommandAnswer(CommandResult.DONE)

    def _retry_now(self, camera: CameraState) -> CommandAnswer:
        if not camera.should_run:
            return CommandAnswer(CommandResult.NOT_RUNNING)
        if _is_held(camera):
            return CommandAnswer(CommandResult.REJECTED, None)
        if camera.breaker.attempt_running:
            return CommandAnswer(CommandResult.ALREADY)
        if camera.ref is not None:
            camera.pending.retry_now = True  # as soon as nothing is left of the attempt that failed
            return CommandAnswer(CommandResult.DONE)
        camera.move_breaker(camera.breaker.retry_now(self._now()))
        camera.try_now(self._now())
        self._attempts.begin_next(camera)
        return CommandAnswer(CommandResult.DONE)

    def _force_open(self, camera: CameraState) -> CommandAnswer:
        if _is_held(camera):
            return CommandAnswer(CommandResult.ALREADY)
        camera.expect_nothing(self._now())
        if self._end_attempt(camera):
            camera.pending.force_open = True
            return CommandAnswer(CommandResult.DONE)
        camera.move_breaker(camera.breaker.force_open(self._now()))
        log_event(_log, LogEvent.BREAKER_FORCED, camera_id=camera.camera_id)
        self._attempts.begin_next(camera)
        return CommandAnswer(CommandResult.DONE)

    def _resume(self, camera: CameraState) -> CommandAnswer:
        if not _is_held(camera):
            return CommandAnswer(CommandResult.ALREADY)
        return self._reset_breaker(camera)


def _is_held(camera: CameraState) -> bool:
    return camera.breaker.forced_open or camera.pending.force_open


def _may_be_forgiven(camera: CameraState) -> bool:
    breaker = camera.breaker
    has_failed = breaker.consecutive_failures > 0 or breaker.state is not BreakerState.CLOSED
    return has_failed and not _is_held(camera)
