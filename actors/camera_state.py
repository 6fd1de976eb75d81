"""Holds what the supervisor knows and wants of one camera, for the parts that look after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edge_video.actors.base import log_breaker_change
from edge_video.actors.camera_trouble import CameraTrouble
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status.model import CameraMode, CameraPhase
from edge_video.status.snapshot import CameraRecord
from edge_video.status.usual_rate import UsualRate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from edge_video.actors.messages import CameraEvent
    from edge_video.config import CameraConfig
    from edge_video.resilience.breaker import CircuitBreaker
    from edge_video.resilience.failures import Failure
    from edge_video.runtime.timer import TimerHandle

_log = logging.getLogger(__name__)


class Closed(NamedTuple):
    """Its schedule, a profile, or the want of a lease keeps a camera closed."""

    opens_at: str | None
    """As in `CameraStatus`; so is the next."""
    off_by_profile: str | None
    is_elsewhere: bool = False
    """As in `CameraRecord`."""


OPEN: Final = Closed(None, None)
"""Nothing does."""


@dataclass(slots=True)
class Pending:
    """What was commanded while an attempt was ending; executed when nothing is left of it."""

    stop: bool = False
    reset: bool = False
    retry_now: bool = False
    force_open: bool = False


@dataclass(slots=True)
class CameraState:
    """One camera as its supervisor sees it. Supervisor's thread only.

    Attributes:
        config: of the camera.
        record: what is told to others.
        on_change: called with each new record.
        wanted: it is to stream, when schedule, profile and lease let it.
        ref: its actor, from the start of an attempt until nothing is left of it.
        alarm: the scheduled attempt.
        ticket: tells the present wait from older ones, whose messages may be on their way.
        has_slot: its turn on its host is reserved, and comes with the alarm.
        pending: see `Pending`.
        leaving: it is configured no more, and its last attempt is ending.
        usual_rate: of its frames.
        trouble: since when it sends nothing, if it does not.
    """

    config: CameraConfig
    record: CameraRecord
    on_change: Callable[[CameraRecord], None]
    wanted: bool
    ref: pykka.ActorRef[Any] | None = None
    alarm: TimerHandle | None = None
    ticket: int = 0
    has_slot: bool = False
    pending: Pending = field(default_factory=Pending)
    leaving: bool = False
    usual_rate: UsualRate = field(default_factory=UsualRate)
    trouble: CameraTrouble = field(default_factory=CameraTrouble)

    @classmethod
    def first(
        cls,
        config: CameraConfig,
        breaker: CircuitBreaker,
        on_change: Callable[[CameraRecord], None],
        *,
        stopped: bool = False,
        closed: Closed | None = None,
        now_s: float = 0.0,
    ) -> CameraState:
        """Make the state of a camera that no attempt was made at yet.

        With `stopped` an operator has stopped it, in an earlier run of the program; with `closed`
        it is closed at the monotonic time `now_s`.
        """
        wanted = config.enabled and not stopped
        record = CameraRecord(
            camera_id=CameraId(config.id),
            url=config.masked_url,
            target_fps=config.fps,
            mode=CameraMode(config.mode),
            interval_s=config.snapshot_interval,
            phase=CameraPhase.STARTING,
            breaker=breaker,
            opens_at=None if closed is None else closed.opens_at,
            intermittent=config.is_intermittent,
            masks=len(config.masks),
            off_by_profile=None if closed is None else closed.off_by_profile,
            is_elsewhere=closed is not None and closed.is_elsewhere,
            closed_at_s=None if closed is None else now_s,
        )
        camera = cls(config, record, on_change, wanted)
        camera.record = replace(record, phase=camera.resting_phase)
        return camera

    @property
    def camera_id(self) -> CameraId:
        """Its id."""
        return self.record.camera_id

    @property
    def breaker(self) -> CircuitBreaker:
        """As it was last heard of; the running camera has the newest."""
        return self.record.breaker

    @property
    def should_run(self) -> bool:
        """Whether it is to stream now: it is wanted, and nothing keeps it closed."""
        return self.wanted and not self.record.is_closed

    @property
    def resting_phase(self) -> CameraPhase:
        """The phase while no attempt runs."""
        if self.should_run:
            is_off = self.record.off is not None
            return CameraPhase.OFF_EXPECTED if is_off else CameraPhase.STARTING
        if self.wanted:
            only_elsewhere = self.record.opens_at is None and self.record.off_by_profile is None
            return CameraPhase.ELSEWHERE if only_elsewhere else CameraPhase.OFF_SCHEDULE
        return CameraPhase.STOPPED if self.config.enabled else CameraPhase.DISABLED

    def take_keys(self) -> None:
        """Tell what of the configuration others are told."""
        config = self.config
        self.update(
            url=config.masked_url,
            target_fps=config.fps,
            mode=CameraMode(config.mode),
            interval_s=config.snapshot_interval,
            intermittent=config.is_intermittent,
            masks=len(config.masks),
        )

    def update(self, **changes: Any) -> None:
        """Change the record, and tell if anything is different."""
        record = replace(self.record, **changes)
        if record != self.record:
            self.record = record
            if not self.leaving:
                self.on_change(record)

    def failed(self, failure: Failure, breaker: CircuitBreaker, now_s: float) -> None:
        """Note why an attempt failed, and the breaker after that."""
        record = self.record.with_failure(failure, now_s)
        if record.off is not None:  # somebody is there
            record = replace(record.there(now_s), phase=CameraPhase.STARTING)
        self.record = replace(record, breaker=breaker)
        if not self.leaving:
            self.on_change(self.record)

    def streams(self, now_s: float) -> None:
        """Note the first frame of an attempt."""
        self.trouble.streams(now_s)
        before = self.record
        self.update(
            off=None, off_before_s=before.off_expected_s(now_s), phase=CameraPhase.STREAMING
        )
        if before.off is not None:
            away_s = now_s - before.off.since_s
            log_event(_log, LogEvent.CAMERA_ON, camera_id=self.camera_id, away_s=away_s)
        self.tell_return()

    def off_wait_s(self, now_s: float) -> float:
        """How long the next try waits because nobody was there; 0.0 where somebody was."""
        off = self.record.off
        return 0.0 if off is None else max(0.0, off.retry_at_s - now_s)

    def try_now(self, now_s: float) -> None:
        """End that wait."""
        off = self.record.off
        if off is not None:
            self.update(off=off._replace(retry_at_s=now_s))

    def expect_nothing(self, now_s: float) -> None:
        """Note that nothing is expected of the camera any more."""
        self.trouble.forget()
        self.end_absence(now_s)

    def end_absence(self, now_s: float) -> None:
        """Note that a camera which was off is there, or has to be, or need not be looked for."""
        record = self.record.there(now_s)
        self.update(off=record.off, off_before_s=record.off_before_s)

    def tell_return(self) -> None:
        """Say that the camera is back, if it was away and the stream is trusted."""
        if self.breaker.state is not BreakerState.CLOSED:
            return
        absence = self.trouble.end()
        if absence is not None:
            log_event(
                _log,
                LogEvent.CAMERA_BACK,
                camera_id=self.camera_id,
                away_s=absence.away_s,
                failures=absence.failures,
                is_return=absence.is_return,
            )

    def move_breaker(self, breaker: CircuitBreaker) -> None:
        """Set the breaker of a camera that does not run."""
        is_at_rest = self.record.is_closed
        log_breaker_change(self.camera_id, self.breaker, breaker, is_at_rest=is_at_rest)
        self.update(breaker=breaker)

    def cancel_alarm(self) -> None:
        """Forget the scheduled attempt, even when its message is already on the way."""
        self.ticket += 1
        self.has_slot = False
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None

    def is_about_running_attempt(self, event: CameraEvent) -> bool:
        """Whether an event is of the attempt that runs now."""
        return self.ref is not None and event.generation == self.breaker.generation

    def log_rest(self) -> None:
        """Write until when its schedule keeps it closed, or which profile, if one does."""
        opens_at, profile = self.record.opens_at, self.record.off_by_profile
        if self.wanted and profile is not None:
            log_event(
                _log,
                LogEvent.CAMERA_OFF_BY_PROFILE,
                camera_id=self.camera_id,
                profile=profile,
            )
        elif self.wanted and opens_at is not None:
            log_event(_log, LogEvent.CAMERA_CLOSED, camera_id=self.camera_id, opens_at=opens_at)

    def log_waiting(self, now_s: float, failure: Failure | None) -> None:
        """Write how long the open breaker waits."""
        wait_s = self.breaker.retry_in_s(now_s)
        if wait_s is None:
            log_event(_log, LogEvent.BREAKER_FORCED, camera_id=self.camera_id)
            return
        log_event(_log, LogEvent.BREAKER_WAITING, camera_id=self.camera_id, wait_s=wait_s)
        if failure is not None and failure.cause is Cause.WRONG_PASSWORD:
            log_event(_log, LogEvent.CAMERA_PROTECTED, camera_id=self.camera_id, wait_s=wait_s)
