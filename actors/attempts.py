"""Schedules and starts the attempts of cameras, as their breakers and their hosts permit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from edge_video.actors.base import describe, log_breaker_change, tell
from edge_video.actors.messages import AttemptDue
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.absence import jittered_s, next_level_s
from edge_video.resilience.breaker import BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure, policy_for
from edge_video.resilience.spacing import HostSpacing
from edge_video.status.model import CameraPhase
from edge_video.status.snapshot import Off

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.actors.camera_state import CameraState
    from edge_video.actors.messages import ApplyFault
    from edge_video.actors.system_spec import SystemSpec
    from edge_video.frames import CameraId

_log = logging.getLogger(__name__)


class AttemptScheduler:
    """Part of the supervisor: used in its thread only, never blocks.

    Args:
        spec: how to start a camera, the timer, the spacing of starts behind one host.
        supervisor: where cameras and the timer tell what happens.
        start_faults: what is to break in an attempt that begins now.
    """

    def __init__(
        self,
        spec: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        start_faults: Callable[[CameraId], Sequence[ApplyFault]],
    ) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._start_faults = start_faults
        self._now = spec.clock.monotonic
        self._spacing = HostSpacing(spec.limits.start_spacing_s)
        self._binary_missing_logged = False

    def space(self, spacing_s: float) -> None:
        """Keep starts on one host so far apart from now on."""
        self._spacing.spacing_s = spacing_s

    def begin_next(self, camera: CameraState) -> None:
        """Schedule the next attempt for when the breaker, and the host's budget, permit it."""
        camera.cancel_alarm()
        if not camera.should_run or camera.ref is not None:
            return
        retry_in_s = camera.breaker.retry_in_s(self._now())
        waiting = camera.breaker.state is BreakerState.OPEN
        camera.update(phase=CameraPhase.WAITING if waiting else camera.resting_phase)
        if retry_in_s is None:
            return  # forced open: only an operator ends it
        retry_in_s = max(retry_in_s, camera.off_wait_s(self._now()))
        if retry_in_s > 0:
            self._wake_later(camera, retry_in_s)
        else:
            self.attempt(camera)

    def _wake_later(self, camera: CameraState, delay_s: float) -> None:
        due = AttemptDue(camera.camera_id, camera.ticket)

        def wake() -> None:
            tell(self._supervisor, due)

        camera.alarm = self._spec.timer.after(delay_s, wake)

    def attempt(self, camera: CameraState) -> None:
        """Begin an attempt, if the breaker permits one and it is the camera's turn."""
        if not camera.should_run or camera.ref is not None:
            return
        now_s = self._now()
        retry_in_s = camera.breaker.retry_in_s(now_s)
        if retry_in_s is None or retry_in_s > 0:
            self.begin_next(camera)
            return
        wait_s = 0.0 if camera.has_slot else self._spacing.reserve(camera.config.host, now_s)
        camera.has_slot = wait_s > 0
        if camera.has_slot:
            self._wake_later(camera, wait_s)
        else:
            self._start_attempt(camera, now_s)

    def _start_attempt(self, camera: CameraState, now_s: float) -> None:
        before = camera.breaker
        breaker, permit = before.permit(now_s)
        if not permit.granted:
            raise AssertionError(f"[{camera.config.id}] no permit: {permit}")
        log_breaker_change(camera.camera_id, before, breaker)
        is_retry = before.consecutive_failures > 0 and before.state is BreakerState.CLOSED
        if is_retry and camera.record.off is None:
            log_event(
                _log,
                LogEvent.CAMERA_RETRYING,
                camera_id=camera.camera_id,
                state=breaker.state,
            )
        camera.update(breaker=breaker, phase=camera.resting_phase)
        try:
            camera.ref = self._spec.start_camera(
                camera.config,
                breaker=breaker,
                events=self._supervisor,
                start_faults=self._start_faults(camera.camera_id),
            )
        except Exception as error:  # noqa: BLE001 - the machine may be short of anything
            _log.exception("[%s] the camera's actor could not be started", camera.config.id)
            self._attempt_never_began(camera, error)

    def _attempt_never_began(self, camera: CameraState, error: Exception) -> None:
        """A machine without a thread left must not bring the other cameras down."""
        failure = Failure(Cause.SPAWN_FAILED, describe(error))
        log_event(_log, LogEvent.CAMERA_FAILED, camera_id=camera.camera_id, failure=failure)
        before = camera.breaker
        after = before.failure(
            self._now(), before.generation, policy_for(failure.cause), self._spec.draw()
        )
        log_breaker_change(camera.camera_id, before, after)
        self.note_failure(camera, failure, after)
        self.go_on(camera, failure)

    def note_failure(self, camera: CameraState, failure: Failure, breaker: CircuitBreaker) -> None:
        """Record why an attempt ended, and the breaker after that."""
        if breaker.session_ends == camera.breaker.session_ends:
            last_frame_s = self._spec.ledger.outbox_of[camera.camera_id].last_frame_s
            camera.trouble.failed(self._now(), last_frame_s(camera.camera_id))
        camera.failed(failure, breaker, self._now())
        if failure.cause is Cause.BINARY_MISSING and not self._binary_missing_logged:
            self._binary_missing_logged = True
            log_event(_log, LogEvent.BINARY_MISSING, detail=failure.detail)

    def note_absence(self, camera: CameraState, breaker: CircuitBreaker) -> None:
        """Record that nobody is there; the next try is a minute from now at the latest."""
        now_s, off = self._now(), camera.record.off
        level_s = next_level_s(None if off is None else off.level_s, breaker.policy)
        retry_at_s = now_s + jittered_s(level_s, breaker.policy, self._spec.draw())
        if off is None:
            off = Off(self._spec.clock.wall_ns(), now_s, level_s, retry_at_s)
            log_event(_log, LogEvent.CAMERA_OFF, camera_id=camera.camera_id)
        off = off._replace(level_s=level_s, retry_at_s=retry_at_s)
        camera.trouble.forget()
        camera.update(breaker=breaker, off=off, phase=CameraPhase.OFF_EXPECTED)

    def go_on(self, camera: CameraState, failure: Failure | None) -> None:
        """Schedule what comes after an attempt that is over."""
        if camera.breaker.state is BreakerState.OPEN:
            camera.log_waiting(self._now(), failure)
        self.begin_next(camera)
