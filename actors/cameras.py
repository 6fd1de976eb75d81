"""The cameras of one system as their supervisor sees them: attempts, facts, commands."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

from edge_video.actors.base import answers_to, describe, is_running, join, say_breaker_changed, tell
from edge_video.actors.messages import (
    AttemptDue,
    BreakerChanged,
    BreakerWasReset,
    CameraCommand,
    CameraEnded,
    CameraFact,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    CommandAnswer,
    CommandResult,
    Finish,
    ForceOpen,
    ResetBreaker,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.breaker import BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure, policy_for
from edge_video.resilience.spacing import HostSpacing
from edge_video.status.model import CameraPhase
from edge_video.status.snapshot import CameraRecord
from edge_video.status.usual_rate import UsualRate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.actors.messages import ApplyFault
    from edge_video.actors.system_spec import SystemSpec
    from edge_video.config import CameraConfig
    from edge_video.runtime.timer import TimerHandle

_log = logging.getLogger(__name__)

_LAST_WORDS_S = 1.0


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
    has_slot: bool = False
    """Its turn on its host is reserved, and comes with the alarm."""
    stopping: bool = False
    """Asked to end; what follows is obeyed when it has."""
    unanswered_reset: bool = False
    retry_now: bool = False
    force_open: bool = False
    usual_rate: UsualRate = field(default_factory=UsualRate)


class CameraFleet:
    """Owns the camera actors and the breakers of cameras that do not run.

    Part of the supervisor: used in its thread only, never blocks but in `stop`.

    Args:
        plan: the cameras, and how to start one.
        supervisor: where the cameras and the timer tell what happens.
        on_change: called with what is known about a camera, each time that changes.
        start_faults: what is to break in an attempt that begins now.
    """

    def __init__(
        self,
        plan: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        on_change: Callable[[CameraRecord], None],
        start_faults: Callable[[CameraId], Sequence[ApplyFault]],
    ) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._on_change = on_change
        self._start_faults = start_faults
        self._now = plan.clock.monotonic
        self._spacing = HostSpacing(plan.start_spacing_s)
        self._cameras = {
            CameraId(camera.id): _Camera(camera, _first_record(camera, plan), camera.enabled)
            for camera in plan.cameras
        }
        self._binary_missing_said = False

    @property
    def records(self) -> list[CameraRecord]:
        """What is known about each camera, in the order of the configuration."""
        return [camera.record for camera in self._cameras.values()]

    @property
    def refs(self) -> dict[CameraId, pykka.ActorRef[Any] | None]:
        """The actor of each camera; None where no attempt runs."""
        return {camera_id: camera.ref for camera_id, camera in self._cameras.items()}

    def begin(self) -> None:
        """Start every enabled camera, each when its host's budget permits."""
        for camera in self._cameras.values():
            self._begin_next_attempt(camera)

    def look_for_silent_deaths(self, error: str) -> None:
        """Report a camera whose thread is gone without its farewell as ended by `error`."""
        for camera_id, camera in self._cameras.items():
            if camera.ref is not None and not is_running(camera.ref):
                breaker = camera.record.breaker
                ended = CameraEnded(camera_id, breaker.generation, breaker, None, error)
                tell(self._supervisor, ended)

    # --- attempts ---

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
            self._attempt(camera)

    def _wake_later(self, camera: _Camera, delay_s: float) -> None:
        due = AttemptDue(CameraId(camera.config.id), camera.ticket)

        def wake() -> None:
            tell(self._supervisor, due)

        camera.alarm = self._plan.timer.after(delay_s, wake)

    def attempt_due(self, due: AttemptDue) -> None:
        """A camera's wait is over, if it is still the wait that the ticket stands for."""
        camera = self._cameras.get(due.camera_id)
        if camera is not None and due.ticket == camera.ticket:
            self._attempt(camera)

    def _attempt(self, camera: _Camera) -> None:
        if not camera.wanted or camera.ref is not None:
            return
        now_s = self._now()
        retry_in_s = camera.record.breaker.retry_in_s(now_s)
        if retry_in_s is None or retry_in_s > 0:
            self._begin_next_attempt(camera)
            return
        wait_s = 0.0 if camera.has_slot else self._spacing.reserve(camera.config.host, now_s)
        camera.has_slot = wait_s > 0
        if camera.has_slot:
            self._wake_later(camera, wait_s)
        else:
            self._start_attempt(camera, now_s)

    def _start_attempt(self, camera: _Camera, now_s: float) -> None:
        before = camera.record.breaker
        breaker, permit = before.permit(now_s)
        if not permit.granted:
            raise AssertionError(f"[{camera.config.id}] no permit: {permit}")
        say_breaker_changed(CameraId(camera.config.id), before, breaker)
        if before.consecutive_failures and before.state is BreakerState.CLOSED:
            log_event(
                _log,
                LogEvent.CAMERA_RETRYING,
                camera_id=camera.config.id,
                state=breaker.state,
            )
        self._note(camera, breaker=breaker, phase=CameraPhase.STARTING)
        try:
            camera.ref = self._plan.start_camera(
                camera.config,
                breaker=breaker,
                events=self._supervisor,
                start_faults=self._start_faults(CameraId(camera.config.id)),
            )
        except Exception as error:  # noqa: BLE001 - the machine may be short of anything
            _log.exception("[%s] the camera's actor could not be started", camera.config.id)
            self._attempt_never_began(camera, error)

    def _attempt_never_began(self, camera: _Camera, error: Exception) -> None:
        """A machine without a thread left must not bring the other cameras down."""
        failure = Failure(Cause.SPAWN_FAILED, describe(error))
        log_event(_log, LogEvent.CAMERA_FAILED, camera_id=camera.config.id, failure=failure)
        before = camera.record.breaker
        after = before.failure(
            self._now(), before.generation, policy_for(failure.cause), self._plan.draw()
        )
        say_breaker_changed(CameraId(camera.config.id), before, after)
        self._note_failure(camera, failure, after)
        self._go_on(camera, failure)

    # --- facts ---

    def fact(self, fact: CameraFact) -> None:
        """Something a camera actor told; what is of an attempt that is over changes nothing."""
        camera = self._cameras.get(fact.camera_id)
        if camera is None or not _is_running_attempt(camera, fact):
            return
        match fact:
            case CameraStreaming():
                self._note(camera, phase=CameraPhase.STREAMING)
            case CameraStats(breaker=breaker, ffmpeg_pid=pid):
                self._note(
                    camera,
                    breaker=breaker,
                    ffmpeg_pid=pid,
                    key_frame_wait_s=fact.key_frame_wait_s,
                    key_frame_interval_s=fact.key_frame_interval_s,
                    usual_fps=camera.usual_rate.sample(self._now(), fact.frames),
                )
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
            log_event(_log, LogEvent.BINARY_MISSING, detail=failure.detail)

    def _camera_ended(self, camera: _Camera, ended: CameraEnded) -> None:
        """Nothing of the attempt is left; only now may the next one begin."""
        self._fold_end(camera, ended)
        if camera.wanted:
            self._go_on(camera, ended.failure)
        else:
            log_event(_log, LogEvent.CAMERA_STOPPED, camera_id=camera.config.id)

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
        self._note(
            camera,
            breaker=breaker,
            phase=_phase_at_rest(camera),
            ffmpeg_pid=None,
            key_frame_wait_s=None,
        )

    def _say_waiting(self, camera: _Camera, failure: Failure | None) -> None:
        wait_s = camera.record.breaker.retry_in_s(self._now())
        if wait_s is None:
            log_event(_log, LogEvent.BREAKER_FORCED, camera_id=camera.config.id)
            return
        log_event(_log, LogEvent.BREAKER_WAITING, camera_id=camera.config.id, wait_s=wait_s)
        if failure is not None and failure.cause is Cause.WRONG_PASSWORD:
            log_event(_log, LogEvent.CAMERA_PROTECTED, camera_id=camera.config.id, wait_s=wait_s)

    # --- commands ---

    def obey(self, command: CameraCommand) -> CommandAnswer:
        """What an operator or an embedding program wants of one camera."""
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
        log_event(_log, LogEvent.CAMERA_STARTED, camera_id=camera.config.id)
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _reject_start(self, camera: _Camera) -> CommandAnswer:
        """Asking for an attempt while OPEN is what a breaker counts as rejected."""
        breaker, permit = camera.record.breaker.permit(self._now())
        self._note(camera, breaker=breaker)
        log_event(
            _log,
            LogEvent.CAMERA_START_REJECTED,
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
            log_event(_log, LogEvent.CAMERA_STOPPED, camera_id=camera.config.id)
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
        log_event(_log, LogEvent.BREAKER_RESET, camera_id=camera.config.id)
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
        log_event(_log, LogEvent.BREAKER_FORCED, camera_id=camera.config.id)
        self._begin_next_attempt(camera)
        return CommandAnswer(CommandResult.DONE)

    def _move_breaker(self, camera: _Camera, breaker: CircuitBreaker) -> None:
        say_breaker_changed(CameraId(camera.config.id), camera.record.breaker, breaker)
        self._note(camera, breaker=breaker)

    def stop(self) -> None:
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
        for ended in answers_to(asked):
            self.last_words(ended)
        for camera_id, ref in running.items():
            if is_running(ref):
                log_event(_log, LogEvent.SURVIVOR, actor=f"camera:{camera_id}")
            breaker = self._cameras[camera_id].record.breaker
            self.last_words(CameraEnded(camera_id, breaker.generation, breaker))

    def last_words(self, ended: CameraEnded) -> None:
        """The first word counts; the rest is of an attempt that is over."""
        camera = self._cameras.get(ended.camera_id)
        if camera is not None and _is_running_attempt(camera, ended):
            self._fold_end(camera, ended)

    def stop_restarting(self) -> None:
        """Forget every wait; what ends from now on stays ended."""
        for camera in self._cameras.values():
            _cancel_alarm(camera)
            camera.wanted = False

    def _note(self, camera: _Camera, **changes: Any) -> None:
        record = replace(camera.record, **changes)
        if record != camera.record:
            camera.record = record
            self._on_change(record)


def _first_record(camera: CameraConfig, plan: SystemSpec) -> CameraRecord:
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
    camera.has_slot = False
    if camera.alarm is not None:
        camera.alarm.cancel()
        camera.alarm = None


def _is_running_attempt(camera: _Camera, fact: CameraFact) -> bool:
    return camera.ref is not None and fact.generation == camera.record.breaker.generation
