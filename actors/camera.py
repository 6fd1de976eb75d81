"""Runs one attempt to stream one camera, from FFmpeg's start to its end."""

from __future__ import annotations

import contextlib
import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never, get_args

from edge_video.actors.attempt import Attempt
from edge_video.actors.base import SupervisedActor, describe, tell, void
from edge_video.actors.camera_runtime import (
    AskingCapture,
    CameraRuntime,
    LimitedCapture,
    ObservableCapture,
    SizedCapture,
)
from edge_video.actors.capture_faults import CaptureFaults
from edge_video.actors.capture_messages import CaptureDue, CaptureEnded, CaptureStreaming
from edge_video.actors.liveness_messages import PictureFrozen
from edge_video.actors.messages import (
    Begin,
    CameraEnded,
    CameraStats,
    CameraStreaming,
    FramesReady,
    ResetBreaker,
    Tick,
)
from edge_video.actors.picture_size import PictureSize, known
from edge_video.actors.reload_messages import UseConfig, UsePolicy
from edge_video.capture import CaptureStartError, FfmpegLauncher
from edge_video.capture.binary import find_binary
from edge_video.capture.frame_watch import FrameWatch, KeyFrameNotes, SilenceLimits
from edge_video.capture.launcher import explained_by_camera
from edge_video.capture.picture import frame_size, keeps_size
from edge_video.capture.resizing import PictureResized
from edge_video.capture.source import SourceKind, source_kind
from edge_video.config import redactor_of
from edge_video.delivery.entrance import Entrance
from edge_video.delivery.outbox import Outbox
from edge_video.faults import Fault, RefuseSpawn
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.absence import ABSENT
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.timer import SystemClock, SystemTimer
from edge_video.text.duration import format_duration
from edge_video.text.redact import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.actors.camera_runtime import RunningCapture
    from edge_video.actors.messages import ApplyFault, CameraEvent
    from edge_video.capture.resizing import Size
    from edge_video.config import CameraConfig
    from edge_video.frames.change_gate import ChangePolicy
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

CameraMessage: TypeAlias = (
    Begin
    | Tick
    | CaptureStreaming
    | CaptureEnded
    | CaptureDue
    | ResetBreaker
    | UsePolicy
    | UseConfig
    | PictureFrozen
)
"""What the actor understands, besides what `base` says of all."""

_TICK_S = 1.0


class CameraActor(SupervisedActor):
    """Owns one capture (FFmpeg and its pipes, mostly) and the camera's breaker while it lives.

    It begins to stream when it starts, and stops when the stream does: for whatever reason, it
    tells `events` a `CameraFailed` with the breaker after that failure (a `CameraAway` where nobody
    is there and nobody has to be), releases everything, and
    tells `CameraEnded` last of all. It never restarts itself; that is the supervisor's decision.

    Args:
        config: the camera.
        frames: an `Outbox` that has this camera, or the `ActorRef` of a receiver, which then
            gets `FramesReady` with an outbox of this camera's own.
        events: where facts go; None for nowhere.
        breaker: with the permit for this attempt; None for a new one with the default policy.
        runtime: clock, timer and the way to make a capture; None for a timer thread of its own
            and the FFmpeg of this machine.
        start_faults: those that act while it starts, or as soon as it has.

    Raises:
        edge_video.capture.binary.BinaryMissing: no `runtime` is given and there is no FFmpeg.
    """

    def __init__(
        self,
        config: CameraConfig,
        *,
        frames: Outbox | pykka.ActorRef[Any],
        events: pykka.ActorRef[Any] | None = None,
        breaker: CircuitBreaker | None = None,
        runtime: CameraRuntime | None = None,
        start_faults: Sequence[ApplyFault] = (),
    ) -> None:
        self.camera_id = CameraId(config.id)
        self._config = config
        self._own_timer = SystemTimer() if runtime is None else None
        self._runtime = runtime = runtime or _runtime_of_its_own(config, self._own_timer)
        self._frames = Entrance(
            _outbox_to(frames, self.camera_id, runtime.clock),
            self.camera_id,
            runtime.clock,
            runtime.looks,
            _changes_of(config),
        )
        self._attempt = Attempt(
            self.camera_id,
            breaker or _first_permit(runtime.clock),
            runtime.clock,
            runtime.draw,
            partial(tell, events),  # not this actor: it would stay in a cycle when it has ended
        )
        super().__init__(
            supervisor=events,
            thread_name=f"camera-{self.camera_id}-{self._attempt.generation}",
            allow_faults=runtime.allow_faults,
            start_faults=start_faults,
        )
        self._capture: RunningCapture | None = None
        self._faults = CaptureFaults(runtime.timer, config.fps)
        self._session = uuid.uuid4().hex[:12]
        self._sizes = PictureSize(self.camera_id, runtime.clock.monotonic)
        self._watch: FrameWatch | None = None
        self._wait_reported = False

    UNDERSTOOD = get_args(CameraMessage)

    def handle(self, message: CameraMessage) -> object:
        """Dispatch. Messages that come after the verdict on the stream change nothing."""
        if self._attempt.failure is not None:
            return None
        match message:
            case Begin():
                self._begin()
            case Tick():
                self._judge_last_second()
            case CaptureStreaming() | CaptureEnded() | CaptureDue():
                if message.session == self._session:  # else another FFmpeg has taken its place
                    self._follow_capture(message)
            case ResetBreaker():
                self._attempt.reset()
            case PictureFrozen(lasted_s=lasted_s):
                detail = f"the same picture for {format_duration(round(lasted_s))}"
                self._fail(Failure(Cause.PICTURE_FROZEN, detail))
            case UsePolicy(policy=policy):
                self._attempt.use_policy(policy)
            case UseConfig(config=config):
                self._config = config
                self._frames.use(_changes_of(config))
            case _:
                assert_never(message)
        return None

    def _follow_capture(self, message: CaptureStreaming | CaptureEnded | CaptureDue) -> None:
        match message:
            case CaptureStreaming():
                self._announce_first_frame()
            case CaptureEnded(failure=PictureResized(size=size)):
                # Neither a failure nor another attempt.
                frames = self._frames.outbox.last_size(self.camera_id)
                followed = frame_size(self._config, size)
                self._restart_capture(self._sizes.follow(size, frames, followed))
            case CaptureEnded(failure=failure):
                self._stream_failed(failure)
            case CaptureDue():
                self._restart_capture(self._sizes.fitted)

    def release(self, error: BaseException | None) -> None:
        """End FFmpeg, then give the attempt back to the breaker."""
        with contextlib.ExitStack() as steps:  # last one first, each whatever became of the others
            steps.callback(self._attempt.give_back)
            if self._own_timer is not None:
                steps.callback(self._own_timer.stop)
            if self._capture is not None:
                steps.callback(self._capture.stop, self._runtime.stop_deadline_s)
            steps.callback(self._frames.outbox.end, self.camera_id, self._attempt.generation)
            steps.callback(self._frames.close)
            steps.callback(self._faults.cancel)
            if error is not None:
                steps.callback(self._attempt.fail, Failure(Cause.CRASHED, describe(error)))

    def exit_message(self, error: str | None) -> CameraEnded:
        """See `CameraEnded`."""
        return self._attempt.ended(error)

    # --- the stream ---

    def _begin(self) -> None:
        if self._own_timer is not None:
            self._own_timer.start()
        self._attempt.began_s = self._runtime.clock.monotonic()
        self._watch = FrameWatch(_limits_of(self._config), self._key_frames, self._attempt.began_s)
        _report_connecting(self._config, self._attempt.generation)
        if keeps_size(self._config):
            self._sizes.expect(known(self._frames.outbox.last_size(self.camera_id)))
        if self._start_capture(self._config):
            self.tick_every(self._runtime.timer, _TICK_S, Tick())

    def _start_capture(self, config: CameraConfig) -> bool:
        """Start FFmpeg; False when that failed, and with it the attempt."""
        self._frames.outbox.open(self.camera_id, self._attempt.generation, self._session)
        self._capture = self._runtime.capture(
            config,
            on_frame=self._frame_arrived(),
            on_end=partial(self._stream_ended, self._session),
        )
        self._faults.capture = self._capture
        for each in self._start_faults:
            if isinstance(each.fault, RefuseSpawn) and self._allow_faults:
                self._faults.tamper(each.fault)
        try:
            self._capture.start()
        except CaptureStartError as error:
            self._fail(error.failure)
            return False
        return True

    def _frame_arrived(self) -> Callable[[bytes], object]:
        """What the reactor's thread does with each frame; it must not touch the actor's fields."""
        frames, camera_id, generation = self._frames, self.camera_id, self._attempt.generation
        actor_ref, session = self.actor_ref, self._session
        streaming = False

        def frame_arrived(image: bytes) -> None:
            nonlocal streaming
            frames.put(camera_id, generation, image)
            if not streaming:
                streaming = True
                tell(actor_ref, CaptureStreaming(session))

        return frame_arrived

    def _stream_ended(self, session: str, failure: Failure) -> None:
        """Reactor's thread: the stream is over."""
        tell(self.actor_ref, CaptureEnded(failure, session))

    def _announce_first_frame(self) -> None:
        width, height = self._frames.outbox.last_size(self.camera_id)
        after_s = self._attempt.age_s
        self._note_size()
        if not self._attempt.is_told:
            self._attempt.is_told = True
            log_event(
                _log,
                LogEvent.CAMERA_STREAMING,
                camera_id=self.camera_id,
                width=width,
                height=height,
                after_s=after_s,
            )
        self._tell_events(
            CameraStreaming(
                self.camera_id, self._attempt.generation, self._session, width, height, after_s
            )
        )

    def _judge_last_second(self) -> None:
        """A second with a whole frame in it is a success; too long without one is a failure."""
        watch = self._watch
        if watch is None:
            return  # one FFmpeg has ended, and the turn of the next has not come
        assert self._capture is not None
        limited = self._capture if isinstance(self._capture, LimitedCapture) else None
        if limited is not None and (over := limited.limit_reached()) is not None:
            self._fail(over)
            return
        now_s, frames = self._runtime.clock.monotonic(), self._capture.frames
        taken = self._bytes_taken() if watch.wants_reading else None
        if watch.look(now_s, frames, taken):
            self._wait_reported = False
            self._note_size()
            self._attempt.succeed()
            settled = self._sizes.has_settled(now_s)
            if settled or self._runtime.wants_hardware_again(self.camera_id):
                self._restart_capture(None if settled else self._sizes.fitted)
                return
        elif (failure := watch.verdict()) is not None and not self._output_waits():
            self._stream_failed(failure)
            return
        self._tell_wait(watch)
        self._tell_events(
            CameraStats(
                self.camera_id,
                self._attempt.generation,
                self._attempt.breaker,
                self._capture.pid,
                frames,
                watch.waiting_s,
                self._key_frames.interval_s,
                self._runtime.decoding(self.camera_id),
                self._unchanged_s(),
            )
        )

    @property
    def _key_frames(self) -> KeyFrameNotes:
        return self._runtime.key_frames.setdefault(self.camera_id, KeyFrameNotes())

    def _unchanged_s(self) -> float | None:
        return self._capture.unchanged_s if isinstance(self._capture, AskingCapture) else None

    def _bytes_taken(self) -> int | None:
        """Over TCP; what comes over UDP is counted nowhere."""
        if self._config.transport == "udp" or not isinstance(self._capture, ObservableCapture):
            return None
        return self._capture.bytes_taken()

    def _output_waits(self) -> bool:
        """Whether FFmpeg has written what nobody has read yet: then the reader is late, once."""
        assert self._watch is not None
        capture = self._capture
        waits = isinstance(capture, ObservableCapture) and capture.output_waits()
        return waits and self._watch.excuse()

    def _tell_wait(self, watch: FrameWatch) -> None:
        """Once per wait."""
        if watch.waiting_s is None or self._wait_reported:
            return
        self._wait_reported = True
        log_event(
            _log,
            LogEvent.CAMERA_WAITS_FOR_KEY_FRAME,
            camera_id=self.camera_id,
            waited_s=float(round(watch.waiting_s)),
            limit_s=self._config.key_frame_timeout,
            interval_s=self._key_frames.interval_s,
        )

    # --- pictures that change their size ---

    def _note_size(self) -> None:
        capture = self._capture
        frames = self._frames.outbox.last_size(self.camera_id)
        source = capture.source_size if isinstance(capture, SizedCapture) else None
        self._sizes.note(source or known(frames), frames)

    def _restart_capture(self, fit: Size | None) -> None:
        """Same attempt, another session: consumers see that pictures are missing in between."""
        assert self._capture is not None
        self._capture.stop(self._runtime.stop_deadline_s)
        self._sizes.restarted(fit)
        self._frames.begin_anew()
        self._session = uuid.uuid4().hex[:12]
        self._attempt.began_s = self._runtime.clock.monotonic()
        self._watch = FrameWatch(_limits_of(self._config), self._key_frames, self._attempt.began_s)
        config = self._config
        if fit is not None:
            config = config.model_copy(update={"width": fit[0], "height": fit[1]})
        self._start_capture(config)

    # --- the verdict ---

    def _explained(self, failure: Failure) -> Failure:
        """FFmpeg's words, and what the camera itself answers where they do not say enough."""
        frames = 0 if self._capture is None else self._capture.frames
        try:
            return self._runtime.explain(self._config, failure, frames)
        except Exception:  # noqa: BLE001 - a camera that failed has still failed
            _log.exception("the failure of %s could not be explained", self.camera_id)
            return failure

    def _stream_failed(self, failure: Failure) -> None:
        """Fail the attempt; unless it was hardware, and the CPU can go on."""
        if isinstance(self._capture, LimitedCapture):  # first: hardware is not to blame for it
            failure = self._capture.limit_reached(failure) or failure
        if self._runtime.hardware_failed(self.camera_id, failure, self._capture):
            self._fall_back()
        else:
            self._fail(self._explained(failure))

    def _fall_back(self) -> None:
        """Go on without the hardware when it is this camera's turn: all may have lost it."""
        wait_s = self._runtime.fallbacks.reserve(self._runtime.clock.monotonic())
        if wait_s <= 0:
            self._restart_capture(self._sizes.fitted)
            return
        assert self._capture is not None
        self._capture.stop(self._runtime.stop_deadline_s)
        self._session, self._watch = uuid.uuid4().hex[:12], None
        actor_ref, due = self.actor_ref, CaptureDue(self._session)
        self._runtime.timer.after(wait_s, lambda: void(tell(actor_ref, due)))

    def _fail(self, failure: Failure) -> None:
        if self._config.is_intermittent and failure.cause in ABSENT:
            self._attempt.find_nobody(failure)
        else:
            self._attempt.fail(failure)
        self.stop()

    # --- faults on purpose ---

    def apply_fault(self, fault: Fault) -> bool:
        """The faults of a camera's FFmpeg; nothing more can break once the attempt has failed."""
        if self._attempt.failure is not None:
            return False
        return self._faults.apply(fault)

    def clear_faults(self) -> None:
        """See `SupervisedActor.clear_faults`."""
        self._faults.clear()

    def _tell_events(self, event: CameraEvent) -> None:
        tell(self._supervisor, event)


def _runtime_of_its_own(config: CameraConfig, timer: SystemTimer | None) -> CameraRuntime:
    assert timer is not None
    launcher = FfmpegLauncher(find_binary(None), redactor_of([config]))
    return CameraRuntime(
        clock=SystemClock(),
        timer=timer,
        capture=launcher,
        hardware=launcher.hardware,
        explain=explained_by_camera,
    )


def _first_permit(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker.new(BreakerPolicy()).permit(clock.monotonic())[0]


def _limits_of(config: CameraConfig) -> SilenceLimits:
    between_s = config.picture_interval_s if config.mode == "snapshot" else 0.0
    return SilenceLimits(
        first_frame_s=config.first_frame_timeout,
        stalled_s=config.stall_timeout + between_s,
        key_frame_s=config.key_frame_timeout,
        key_frames_only=config.keyframes_only,
        packets_only=config.transport == "udp" and _is_rtsp(config),
    )


def _changes_of(config: CameraConfig) -> ChangePolicy | None:
    """Which frames are published; None: all.

    A snapshot that is the same, byte by byte, is no frame, so nobody knows when the next one comes.
    """
    interval_s: float | None = config.picture_interval_s
    if config.mode == "snapshot":
        interval_s = None
    elif config.keyframes_only:
        interval_s = config.key_frame_timeout
    return config.publish.policy(interval_s)


def _is_rtsp(config: CameraConfig) -> bool:
    return source_kind(config.url.get_secret_value()) is SourceKind.RTSP


def _report_connecting(config: CameraConfig, attempt: int) -> None:
    if config.is_intermittent and attempt > 1:
        return  # a line a minute, all night
    log_event(
        _log,
        LogEvent.CAMERA_CONNECTING,
        camera_id=config.id,
        url=mask_url(config.url.get_secret_value()),
        attempt=attempt,
    )


def _outbox_to(frames: Outbox | pykka.ActorRef[Any], camera_id: CameraId, clock: Clock) -> Outbox:
    if isinstance(frames, Outbox):
        return frames
    receiver = frames
    outbox = Outbox(clock)
    outbox.add_camera(camera_id)
    outbox.attach(lambda: void(tell(receiver, FramesReady(outbox))))
    return outbox
