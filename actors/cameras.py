"""Keeps a supervisor's cameras: their attempts, events and commands."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from edge_video.actors.attempts import AttemptScheduler
from edge_video.actors.base import answers_to, is_running, join, log_breaker_change, tell
from edge_video.actors.camera_commands import CameraCommands
from edge_video.actors.camera_state import CameraState, Pending
from edge_video.actors.grants import Grants
from edge_video.actors.held_cameras import HeldWatch
from edge_video.actors.messages import (
    AttemptDue,
    BreakerChanged,
    BreakerWasReset,
    CameraAway,
    CameraCommand,
    CameraEnded,
    CameraEvent,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    CommandAnswer,
    CommandResult,
    Finish,
)
from edge_video.actors.profiles import Profiles
from edge_video.actors.reload_messages import UsePolicy
from edge_video.actors.schedules import Schedules
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.failures import Cause, policy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.actors.messages import ApplyFault
    from edge_video.actors.system_spec import SystemSpec
    from edge_video.config import CameraConfig
    from edge_video.config.diff import ReloadPlan
    from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
    from edge_video.status.snapshot import CameraRecord

_log = logging.getLogger(__name__)

_ANSWER_S = 1.0


class CameraFleet:
    """Owns the camera actors and the breakers of cameras that do not run.

    Part of the supervisor: used in its thread only, never blocks but in `stop`.

    Args:
        spec: the cameras, and how to start one.
        supervisor: where the cameras and the timer tell what happens.
        on_change: called with what is known about a camera, each time that changes.
        start_faults: what is to break in an attempt that begins now.
        tell_lease: tells the actor that holds the leases of a cluster.

    Attributes:
        attempts: begins them.
        grants: which of them this node may capture.
        profiles: which of them applies.
        schedules: opens and closes cameras.
    """

    def __init__(
        self,
        spec: SystemSpec,
        supervisor: pykka.ActorRef[Any],
        on_change: Callable[[CameraRecord], None],
        start_faults: Callable[[CameraId], Sequence[ApplyFault]],
        tell_lease: Callable[[object], object],
    ) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._now = spec.clock.monotonic
        self._ending = False
        self.attempts = AttemptScheduler(spec, supervisor, start_faults)
        self._commands = CameraCommands(self.attempts, self._now)
        self.profiles = Profiles(spec.config, spec.held.profile)
        self.grants = Grants(
            is_clustered=spec.is_clustered,
            is_drained=spec.held.is_drained,
            tell_lease=tell_lease,
        )
        self.schedules = Schedules(self._commands, spec.clock, self.profiles, self.grants)
        self._on_change = on_change
        self._first_breaker = spec.breaker
        self._held = HeldWatch(spec.held, spec.on_held)
        self._cameras = {CameraId(each.id): self._first(each) for each in spec.cameras}
        self._removed: dict[CameraId, int] = {}
        """How many attempts there were of cameras that are gone: numbers are never used again."""

    def _first(self, config: CameraConfig) -> CameraState:
        """A camera as it begins: stopped or paused, if an operator has left it so."""
        held, breaker = self._spec.held, self._first_breaker
        if config.id in held.paused:
            breaker = breaker.force_open(self._now())
        is_stopped = config.id in held.stopped
        closed = self.schedules.closed(config)
        return CameraState.first(
            config,
            breaker,
            self._on_change,
            stopped=is_stopped,
            closed=closed,
            now_s=self._now(),
        )

    @property
    def ids(self) -> tuple[CameraId, ...]:
        """The cameras, in the order of the configuration."""
        return tuple(record.camera_id for record in self.records)

    @property
    def records(self) -> list[CameraRecord]:
        """What is known about each camera, in the order of the configuration."""
        return [camera.record for camera in self._cameras.values() if not camera.leaving]

    @property
    def refs(self) -> dict[CameraId, pykka.ActorRef[Any] | None]:
        """The actor of each camera; None where no attempt runs."""
        return {camera_id: camera.ref for camera_id, camera in self._cameras.items()}

    def begin(self) -> None:
        """Start every camera that is to run, each when its host's budget permits."""
        for camera in self._cameras.values():
            camera.log_rest()
            self.attempts.begin_next(camera)

    def look_at_schedules(self) -> None:
        """Open and close the cameras whose hours have begun or ended; called once a second."""
        self.schedules.look(self._cameras.values())

    def look_for_silent_deaths(self, error: str) -> None:
        """Report a camera whose thread is gone without its exit message as ended by `error`."""
        for camera_id, camera in self._cameras.items():
            if camera.ref is not None and not is_running(camera.ref):
                breaker = camera.breaker
                ended = CameraEnded(camera_id, breaker.generation, breaker, None, error)
                tell(self._supervisor, ended)

    def attempt_due(self, due: AttemptDue) -> None:
        """A camera's wait is over, if it is still the wait that the ticket stands for."""
        camera = self._cameras.get(due.camera_id)
        if camera is not None and due.ticket == camera.ticket:
            self.attempts.attempt(camera)

    def execute(self, command: CameraCommand) -> CommandAnswer:
        """Do what an operator or an embedding program wants of one camera."""
        camera = self._cameras.get(command.camera_id)
        if camera is None:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        answer = self._commands.execute(command, camera)
        self.look_at_held()
        return answer

    def choose_profile(self, name: str | None) -> CommandAnswer:
        """Let another profile apply, or none: cameras go off and on at once."""
        if name == self.profiles.name and self.profiles.chosen is not None:
            return CommandAnswer(CommandResult.ALREADY)
        before = self.profiles.name
        if not self.profiles.choose(name):
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        self.look_at_schedules()
        self.look_at_held()
        is_new = name != before
        return CommandAnswer(CommandResult.DONE if is_new else CommandResult.ALREADY)

    def state(self, camera_id: CameraId) -> CameraState | None:
        """What is known and wanted of a camera; None: there is none of this id."""
        return self._cameras.get(camera_id)

    def look_at_held(self) -> None:
        """Tell what an operator holds, after something that may have changed it."""
        cameras, chosen = self._cameras.values(), self.profiles.chosen
        self._held.look(cameras, chosen, is_drained=self.grants.is_drained)

    # --- another configuration ---

    def take_over(
        self, configs: Sequence[CameraConfig], plan: ReloadPlan, policy: BreakerPolicy
    ) -> None:
        """Run these cameras; those that the plan does not name are not touched.

        What was done before of a plan that failed half-way may be done again.
        """
        self.use_policy(policy)
        by_id = {CameraId(config.id): config for config in configs}
        for camera in [each for key, each in self._cameras.items() if key not in by_id]:
            if camera.leaving:
                continue
            self.grants.take(camera.camera_id)
            if self._commands.remove(camera):
                self._forget(camera)
        for camera_id, config in by_id.items():
            known = self._cameras.get(camera_id)
            if known is None:
                self._add(camera_id, config)
            elif known.leaving:
                self._return(known, config)
            elif known.config != config:
                restart = camera_id in plan.restarted
                self._commands.take_over(known, config, restart=restart)
        ordered = {camera_id: self._cameras[camera_id] for camera_id in by_id}
        self._cameras = ordered | self._cameras  # behind them, those that are leaving
        self.look_at_schedules()
        self.look_at_held()

    def use_policy(self, policy: BreakerPolicy) -> None:
        """Let all breakers go by this policy; where each stands does not change."""
        if policy == self._first_breaker.policy:
            return
        self._first_breaker = replace(self._first_breaker, policy=policy)
        for camera in self._cameras.values():
            tell(camera.ref, UsePolicy(policy))
            camera.update(breaker=replace(camera.breaker, policy=policy))

    def _add(self, camera_id: CameraId, config: CameraConfig) -> None:
        attempts = self._removed.pop(camera_id, 0)
        breaker = replace(self._first_breaker, generation=attempts)
        closed = self.schedules.closed(config)
        camera = CameraState.first(
            config, breaker, self._on_change, closed=closed, now_s=self._now()
        )
        self._cameras[camera_id] = camera
        self._on_change(camera.record)
        camera.log_rest()
        self.attempts.begin_next(camera)

    def _return(self, camera: CameraState, config: CameraConfig) -> None:
        """Let a camera that is leaving stay; it starts when its last attempt has ended."""
        camera.leaving, camera.wanted, camera.config = False, config.enabled, config
        camera.pending.reset, camera.pending.force_open = True, False
        camera.take_keys()
        self._on_change(camera.record)

    def _forget(self, camera: CameraState) -> None:
        self._removed[camera.camera_id] = camera.breaker.generation
        del self._cameras[camera.camera_id]
        self.grants.ended(camera.camera_id)

    # --- events ---

    def on_event(self, event: CameraEvent) -> None:
        """Take in what a camera actor told; what is of an attempt that is over changes nothing."""
        camera = self._cameras.get(event.camera_id)
        if camera is None or not camera.is_about_running_attempt(event):
            return
        match event:
            case CameraStreaming():
                camera.streams(self._now())
                self.grants.captured(camera.camera_id)
            case CameraStats(breaker=breaker, ffmpeg_pid=pid):
                usual_fps = camera.usual_rate.sample(self._now(), event.frames)
                camera.update(
                    breaker=breaker,
                    ffmpeg_pid=pid,
                    key_frame_wait_s=event.key_frame_wait_s,
                    key_frame_interval_s=event.key_frame_interval_s,
                    decoding=event.decoding,
                    unchanged_s=event.unchanged_s,
                    usual_fps=usual_fps,
                    received_fps=camera.usual_rate.latest_fps,
                )
            case BreakerChanged(breaker=breaker):
                camera.update(breaker=breaker)
                camera.tell_return()
            case BreakerWasReset(breaker=breaker):
                camera.pending.reset = False
                camera.update(breaker=breaker)
            case CameraFailed(failure=failure, breaker=breaker):
                self.attempts.note_failure(camera, failure, breaker)
            case CameraAway(breaker=breaker):
                if camera.should_run and not camera.pending.stop:
                    self.attempts.note_absence(camera, breaker)
            case CameraEnded():
                self._camera_ended(camera, event)
            case _:
                assert_never(event)

    def _camera_ended(self, camera: CameraState, ended: CameraEnded) -> None:
        """Nothing of the attempt is left; only now may the next one begin."""
        self._fold_end(camera, ended)
        if camera.leaving:
            self._forget(camera)
        elif camera.should_run:
            self.attempts.go_on(camera, ended.failure)
        else:
            camera.trouble.forget()
            self.grants.ended(camera.camera_id)
            if not camera.wanted:
                log_event(_log, LogEvent.CAMERA_STOPPED, camera_id=camera.camera_id)

    def _fold_end(self, camera: CameraState, ended: CameraEnded) -> None:
        """Take the breaker back, and execute what was commanded while the attempt was ending."""
        camera.ref = None
        breaker = self._breaker_after(camera, ended)
        stopped_from_outside = (
            ended.failure is None and ended.error is None and not camera.pending.stop
        )
        if stopped_from_outside and not self._ending:
            # A host that stops its actors wants them stopped: restart only after a failure.
            camera.wanted = False
        # What ends because everything does is reported as it was; what an operator had begun to
        # stop or to pause is reported as what that would have come to.
        ends_with_all = self._ending and not camera.pending.stop
        camera.pending = Pending()
        is_at_rest = camera.record.is_closed
        log_breaker_change(camera.camera_id, ended.breaker, breaker, is_at_rest=is_at_rest)
        camera.update(breaker=breaker, ffmpeg_pid=None)
        if not ends_with_all:
            camera.update(
                phase=camera.resting_phase,
                key_frame_wait_s=None,
                decoding=None,
                unchanged_s=None,
            )

    def _breaker_after(self, camera: CameraState, ended: CameraEnded) -> CircuitBreaker:
        now_s, breaker, pending = self._now(), ended.breaker, camera.pending
        if breaker.attempt_running and ended.error is None:
            breaker = breaker.release(now_s, ended.generation)
        elif breaker.attempt_running:
            cause = policy_for(Cause.CRASHED)
            breaker = breaker.failure(now_s, ended.generation, cause, self._spec.draw())
        # Only the supervisor rejects, also while an attempt is ending.
        policy = self._first_breaker.policy
        breaker = replace(breaker, rejected=camera.breaker.rejected, policy=policy)
        if pending.reset:
            breaker = breaker.reset(now_s)
        if pending.retry_now:
            breaker = breaker.retry_now(now_s)
        if pending.force_open:
            breaker = breaker.force_open(now_s)
        return breaker

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
        join(running.values(), time.monotonic() + self._spec.camera_stop_deadline_s)
        self._spec.kill_processes()
        join(running.values(), time.monotonic() + _ANSWER_S)
        for ended in answers_to(asked):
            self.take_final(ended)
        survivors = {camera_id for camera_id, ref in running.items() if is_running(ref)}
        for camera_id in running:
            if camera_id in survivors:
                log_event(_log, LogEvent.SURVIVOR, actor=f"camera:{camera_id}")
            breaker = self._cameras[camera_id].breaker
            self.take_final(CameraEnded(camera_id, breaker.generation, breaker))
        for camera_id in self._cameras.keys() - survivors:
            self.grants.give_up(camera_id)

    def take_final(self, ended: CameraEnded) -> None:
        """Take in the end of an attempt; only the first one that is told counts."""
        camera = self._cameras.get(ended.camera_id)
        if camera is not None and camera.is_about_running_attempt(ended):
            self._fold_end(camera, ended)

    def stop_restarting(self) -> None:
        """Forget every wait; what ends from now on stays ended."""
        self._ending = True
        for camera in self._cameras.values():
            camera.update(stop_began_s=self._now())
            camera.cancel_alarm()
