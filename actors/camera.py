"""Runs one attempt to stream one camera, from FFmpeg's start to its end."""

from __future__ import annotations

import contextlib
import logging
import random
import signal
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, assert_never, get_args, runtime_checkable

from edge_video.actors.base import SupervisedActor, describe, log_breaker_change, tell, void
from edge_video.actors.messages import (
    Begin,
    BreakerChanged,
    BreakerWasReset,
    CameraEnded,
    CameraFailed,
    CameraMessage,
    CameraStats,
    CameraStreaming,
    CaptureEnded,
    CaptureStreaming,
    FramesReady,
    ResetBreaker,
    Tick,
)
from edge_video.capture import CaptureStartError, FfmpegLauncher
from edge_video.capture.binary import find_binary
from edge_video.capture.command import SourceKind, source_kind
from edge_video.capture.frame_watch import FrameWatch, KeyFrameNotes, SilenceLimits
from edge_video.capture.launcher import explained_by_camera
from edge_video.capture.resizing import PictureResized, SizeFollower, format_size
from edge_video.config import redactor_of
from edge_video.delivery.outbox import Outbox
from edge_video.faults import CameraFault, Fault, FreezeFfmpeg, KillFfmpeg, RefuseSpawn
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure, policy_for
from edge_video.runtime.timer import SystemClock, SystemTimer
from edge_video.text.redact import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.actors.messages import ApplyFault
    from edge_video.capture.resizing import Size
    from edge_video.config import CameraConfig
    from edge_video.runtime.timer import Clock, Timer, TimerHandle

_log = logging.getLogger(__name__)

_TICK_S = 1.0


class RunningCapture(Protocol):
    """What a camera needs of `edge_video.capture.Capture`; tests bring scripted ones."""

    @property
    def pid(self) -> int | None:
        """Of FFmpeg; None before the start and after the end."""
        ...

    @property
    def frames(self) -> int:
        """Whole frames so far."""
        ...

    def start(self) -> None:
        """Spawn; raises `CaptureStartError`."""
        ...

    def stop(self, deadline_s: float = ...) -> None:
        """End and reap; nothing is called back after it returns."""
        ...

    def signal(self, signum: int) -> None:
        """Send a signal to FFmpeg."""
        ...


@runtime_checkable
class SizedCapture(RunningCapture, Protocol):
    """A capture that knows the size of the camera's own pictures; a scripted one need not."""

    @property
    def source_size(self) -> Size | None:
        """Before any scaling; None until it is known."""
        ...


@runtime_checkable
class TamperableCapture(RunningCapture, Protocol):
    """A capture that can also be broken beyond signals; a scripted one need not be."""

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """Break it on purpose; False when there is nothing to break."""
        ...

    def untamper(self) -> None:
        """Undo every fault of `tamper` that still acts."""
        ...


@runtime_checkable
class ObservableCapture(RunningCapture, Protocol):
    """A capture that can be looked at while it is silent; a scripted one need not be."""

    def bytes_taken(self) -> int | None:
        """What FFmpeg has read from its camera over TCP; None where unknown."""
        ...

    def output_waits(self) -> bool:
        """Whether something that FFmpeg wrote has not been read yet."""
        ...


class CaptureFactory(Protocol):
    """Makes the capture of one attempt.

    `on_frame` and `on_end` are called from the reactor's thread, which is no actor's.
    """

    def __call__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> RunningCapture:
        """Make it; nothing runs before `start`."""
        ...


def as_it_is(camera: CameraConfig, failure: Failure, frames: int) -> Failure:
    """The failure as FFmpeg's words were understood: nobody is asked."""
    del camera, frames
    return failure


@dataclass(frozen=True, slots=True)
class CameraRuntime:
    """What every camera of a system shares."""

    clock: Clock
    timer: Timer
    capture: CaptureFactory
    stop_deadline_s: float = 2.0
    """FFmpeg gets this long to end by itself before it is killed."""
    allow_faults: bool = False
    draw: Callable[[], float] = random.random
    """Where the breaker's jitter comes from: a number in [0, 1)."""
    key_frames: dict[CameraId, KeyFrameNotes] = field(default_factory=dict)
    """Of every camera, over all its attempts; each written by the one attempt that runs."""
    explain: Callable[[CameraConfig, Failure, int], Failure] = as_it_is
    """Finds out the true cause of a failure, where FFmpeg does not say it; may ask the camera."""


class CameraActor(SupervisedActor):
    """Owns one FFmpeg process, its pipes, and the camera's breaker while it lives.

    It begins to stream when it starts, and stops when the stream does: for whatever reason, it
    tells `events` a `CameraFailed` with the breaker after that failure, releases everything, and
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
        self._outbox = _outbox_to(frames, self.camera_id, runtime.clock)
        self._breaker = breaker or _first_attempt(runtime.clock)
        self._generation = self._breaker.generation
        super().__init__(
            supervisor=events,
            thread_name=f"camera-{self.camera_id}-{self._generation}",
            allow_faults=runtime.allow_faults,
            start_faults=start_faults,
        )
        self._capture: RunningCapture | None = None
        self._tick: TimerHandle | None = None
        self._thaw: TimerHandle | None = None
        self._session = uuid.uuid4().hex[:12]
        self._began_s = 0.0
        self._follower = SizeFollower()
        self._size: Size | None = None
        self._fitted: Size | None = None
        self._resized = False
        self._watch: FrameWatch | None = None
        self._wait_told = False
        self._failure: Failure | None = None

    UNDERSTOOD = get_args(CameraMessage)

    def handle(self, message: CameraMessage) -> object:
        """Dispatch. Messages that come after the verdict on the stream change nothing."""
        if self._failure is not None:
            return None
        match message:
            case Begin():
                self._begin()
            case Tick():
                self._judge_last_second()
            case CaptureStreaming():
                self._announce_first_frame()
            case CaptureEnded(failure=PictureResized(size=size)):
                self._follow_size(size)
            case CaptureEnded(failure=failure):
                self._fail(self._explained(failure))
            case ResetBreaker():
                self._reset_breaker()
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:
        """End FFmpeg and close its pipes, then give the attempt back to the breaker."""
        with contextlib.ExitStack() as steps:  # last one first, each whatever became of the others
            steps.callback(self._give_attempt_back)
            if self._own_timer is not None:
                steps.callback(self._own_timer.stop)
            if self._capture is not None:
                steps.callback(self._capture.stop, self._runtime.stop_deadline_s)
            steps.callback(self._outbox.end, self.camera_id, self._generation)
            for handle in (self._tick, self._thaw):
                if handle is not None:
                    steps.callback(handle.cancel)
            if error is not None:
                steps.callback(self._record_failure, Failure(Cause.CRASHED, describe(error)))

    def farewell(self, error: str | None) -> CameraEnded:
        """See `CameraEnded`."""
        return CameraEnded(self.camera_id, self._generation, self._breaker, self._failure, error)

    # --- the stream ---

    def _begin(self) -> None:
        if self._own_timer is not None:
            self._own_timer.start()
        self._began_s = self._runtime.clock.monotonic()
        self._watch = FrameWatch(_limits_of(self._config), self._key_frames, self._began_s)
        _say_connecting(self._config, self._generation)
        if self._config.width is None and self._config.height is None:
            self._size = _known(self._outbox.last_size(self.camera_id))
        if self._start_capture(self._config):
            self._tick = self._runtime.timer.every(
                _TICK_S, lambda: void(tell(self.actor_ref, Tick()))
            )

    def _start_capture(self, config: CameraConfig) -> bool:
        """Start FFmpeg; False when that failed, and with it the attempt."""
        self._outbox.open(self.camera_id, self._generation, self._session)
        self._capture = self._runtime.capture(
            config, on_frame=self._frame_arrived(), on_end=self._stream_ended
        )
        for each in self._start_faults:
            if isinstance(each.fault, RefuseSpawn) and self._allow_faults:
                self._tamper(each.fault)
        try:
            self._capture.start()
        except CaptureStartError as error:
            self._fail(error.failure)
            return False
        return True

    def _frame_arrived(self) -> Callable[[bytes], object]:
        """What the reactor's thread does with each frame; it must not touch the actor's fields."""
        put, camera_id, generation = self._outbox.put, self.camera_id, self._generation
        actor_ref = self.actor_ref
        streaming = False

        def frame_arrived(image: bytes) -> None:
            nonlocal streaming
            put(camera_id, generation, image)
            if not streaming:
                streaming = True
                tell(actor_ref, CaptureStreaming())

        return frame_arrived

    def _stream_ended(self, failure: Failure) -> None:
        """Reactor's thread: the stream is over."""
        tell(self.actor_ref, CaptureEnded(failure))

    def _announce_first_frame(self) -> None:
        width, height = self._outbox.last_size(self.camera_id)
        after_s = self._runtime.clock.monotonic() - self._began_s
        self._note_size()
        if not self._resized:
            log_event(
                _log,
                LogEvent.CAMERA_STREAMING,
                camera_id=self.camera_id,
                width=width,
                height=height,
                after_s=after_s,
            )
        self._tell_events(
            CameraStreaming(self.camera_id, self._generation, self._session, width, height, after_s)
        )

    def _judge_last_second(self) -> None:
        """A second with a whole frame in it is a success; too long without one is a failure."""
        assert self._capture is not None
        watch = self._watch
        assert watch is not None
        now_s, frames = self._runtime.clock.monotonic(), self._capture.frames
        taken = self._bytes_taken() if watch.wants_reading else None
        if watch.look(now_s, frames, taken):
            self._wait_told = False
            self._note_size()
            self._follow_settled_size(now_s)
            self._change_breaker(self._breaker.success(now_s, self._generation))
        elif (failure := watch.verdict()) is not None and not self._output_waits():
            self._fail(self._explained(failure))
            return
        self._tell_wait(watch)
        self._tell_events(
            CameraStats(
                self.camera_id,
                self._generation,
                self._breaker,
                self._capture.pid,
                frames,
                watch.waiting_s,
                self._key_frames.interval_s,
            )
        )

    @property
    def _key_frames(self) -> KeyFrameNotes:
        return self._runtime.key_frames.setdefault(self.camera_id, KeyFrameNotes())

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
        if watch.waiting_s is None or self._wait_told:
            return
        self._wait_told = True
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
        """Tell when the camera's pictures have another size than before."""
        capture = self._capture
        frames = self._outbox.last_size(self.camera_id)
        source = capture.source_size if isinstance(capture, SizedCapture) else None
        self._say_resized(source or _known(frames), frames)

    def _say_resized(self, after: Size | None, frames: Size) -> None:
        before, self._size = self._size, after or self._size
        if before is None or after is None or before == after:
            return
        fitted = self._fitted is not None
        if self._follower.is_worth_telling(self._runtime.clock.monotonic(), fitted=fitted):
            log_event(
                _log,
                LogEvent.CAMERA_RESIZED,
                camera_id=self.camera_id,
                before=format_size(before),
                after=format_size(after),
                width=frames[0],
                height=frames[1],
            )

    def _follow_size(self, size: Size) -> None:
        """Start FFmpeg anew for the pictures' new size: neither a failure nor another attempt."""
        if self._follower.follows(self._runtime.clock.monotonic()):
            self._say_resized(size, size)
            self._restart_capture(None)
        else:
            frames = self._outbox.last_size(self.camera_id)
            self._say_resized(size, frames)
            self._restart_capture(_known(frames))

    def _follow_settled_size(self, now_s: float) -> None:
        """Pictures that are fitted, but have kept their size for long, need not be any more."""
        if self._fitted is None or self._size is None:
            return
        if self._follower.has_settled(self._size, now_s) and self._size != self._fitted:
            self._restart_capture(None)

    def _restart_capture(self, fit: Size | None) -> None:
        """Same attempt, another session: consumers see that pictures are missing in between."""
        assert self._capture is not None
        self._capture.stop(self._runtime.stop_deadline_s)
        self._fitted, self._resized = fit, True
        self._session = uuid.uuid4().hex[:12]
        self._began_s = self._runtime.clock.monotonic()
        self._watch = FrameWatch(_limits_of(self._config), self._key_frames, self._began_s)
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

    def _fail(self, failure: Failure) -> None:
        self._record_failure(failure)
        self.stop()

    def _record_failure(self, failure: Failure) -> None:
        """Once per attempt, however many symptoms the failure has."""
        if self._failure is not None:
            return
        self._failure = failure
        now_s = self._runtime.clock.monotonic()
        after = self._breaker.failure(
            now_s, self._generation, policy_for(failure.cause), self._runtime.draw()
        )
        self._say_failed(failure, after, now_s)
        self._change_breaker(after)
        self._tell_events(CameraFailed(self.camera_id, self._generation, failure, self._breaker))

    def _say_failed(self, failure: Failure, after: CircuitBreaker, now_s: float) -> None:
        if after.session_ends == self._breaker.session_ends:
            log_event(_log, LogEvent.CAMERA_FAILED, camera_id=self.camera_id, failure=failure)
            return
        log_event(
            _log,
            LogEvent.CAMERA_SESSION_ENDED,
            camera_id=self.camera_id,
            failure=failure,
            after_s=now_s - self._began_s,
        )

    def _change_breaker(self, after: CircuitBreaker) -> None:
        before, self._breaker = self._breaker, after
        if before.state != after.state:
            log_breaker_change(self.camera_id, before, after)
            self._tell_events(BreakerChanged(self.camera_id, self._generation, before, after))

    def _reset_breaker(self) -> None:
        self._change_breaker(self._breaker.reset(self._runtime.clock.monotonic()))
        self._tell_events(BreakerWasReset(self.camera_id, self._generation, self._breaker))

    def _give_attempt_back(self) -> None:
        """The neutral end; after a failure the breaker has it back already."""
        now_s = self._runtime.clock.monotonic()
        self._breaker = self._breaker.release(now_s, self._generation)

    # --- faults on purpose ---

    def apply_fault(self, fault: Fault) -> bool:
        """The faults of a camera's FFmpeg; nothing more can break once the attempt has failed."""
        if self._failure is not None:
            return False
        match fault:
            case KillFfmpeg():
                return self._signal(signal.SIGKILL)
            case FreezeFfmpeg(for_s=for_s):
                return self._freeze(for_s)
            case _ if isinstance(fault, CameraFault):
                return self._tamper(fault)
            case _:
                return False

    def clear_faults(self) -> None:
        """See `SupervisedActor.clear_faults`."""
        if self._thaw is not None:
            self._thaw.cancel()
        self._signal(signal.SIGCONT)
        if isinstance(self._capture, TamperableCapture):
            self._capture.untamper()

    def _freeze(self, for_s: float | None) -> bool:
        if self._thaw is not None:
            self._thaw.cancel()
        frozen = self._signal(signal.SIGSTOP)
        if frozen and for_s is not None:
            # From the timer's thread: a signal never blocks, and an actor that is kept busy must
            # not keep its FFmpeg frozen for longer than was asked for.
            self._thaw = self._runtime.timer.after(
                for_s, lambda: void(self._signal(signal.SIGCONT))
            )
        return frozen

    def _tamper(self, fault: CameraFault) -> bool:
        capture = self._capture
        return isinstance(capture, TamperableCapture) and capture.tamper(
            fault, fps=self._config.fps
        )

    def _signal(self, signum: signal.Signals) -> bool:
        if self._capture is None or self._capture.pid is None:
            return False
        self._capture.signal(signum)
        return True

    def _tell_events(self, fact: object) -> None:
        tell(self._supervisor, fact)


def _runtime_of_its_own(config: CameraConfig, timer: SystemTimer | None) -> CameraRuntime:
    assert timer is not None
    launcher = FfmpegLauncher(find_binary(None), redactor_of([config]))
    return CameraRuntime(
        clock=SystemClock(), timer=timer, capture=launcher, explain=explained_by_camera
    )


def _known(size: Size) -> Size | None:
    """A size of the outbox, which says 0 where it does not know."""
    return size if all(size) else None


def _first_attempt(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker.new(BreakerPolicy()).permit(clock.monotonic())[0]


def _limits_of(config: CameraConfig) -> SilenceLimits:
    return SilenceLimits(
        first_frame_s=config.first_frame_timeout,
        stalled_s=config.stall_timeout,
        key_frame_s=config.key_frame_timeout,
        key_frames_only=config.keyframes_only,
        packets_only=config.transport == "udp" and _is_rtsp(config),
    )


def _is_rtsp(config: CameraConfig) -> bool:
    return source_kind(config.url.get_secret_value()) is SourceKind.RTSP


def _say_connecting(config: CameraConfig, attempt: int) -> None:
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
