"""Random faults against one system of scripted cameras under the fake clock, and what must hold.

Each camera of a storm suffers a sequence of faults of its own; the system, with its one publisher,
is shared. Everything follows from the seed: the cameras' configuration, the faults, the time that
passes between them.
"""

from __future__ import annotations

import random
import signal
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.messages import (
    ClearFaults,
    ForceOpen,
    InjectFault,
    ResetBreaker,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.app import System, start_system
from edge_video.config import CircuitBreakerConfig
from edge_video.faults import (
    AfterFrames,
    AtNextStart,
    CrashActor,
    CrashInStart,
    DropConnection,
    FreezeFfmpeg,
    GarbageBytes,
    IgnoreSigterm,
    KillFfmpeg,
    OversizedFrame,
    RefuseSpawn,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import RecordingPublisher, ledger_differences
from tests.support.actors import ScriptedCapture, ScriptedSystem

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.actors.system_spec import ChildStarter
    from edge_video.config import CameraConfig
    from edge_video.status.model import CameraStatus
    from tests.support.settling import Settling

FAULTS_PER_SEQUENCE: Final = 8
_FRAME_INTERVAL_S: Final = 0.5
_MAX_PAUSE_S: Final = 3.0
_CAMERA_FAULTS: Final = (
    KillFfmpeg(),
    FreezeFfmpeg(),
    FreezeFfmpeg(for_s=1.0),
    SlowFrames(),
    GarbageBytes(),
    TruncatedFrame(),
    OversizedFrame(),
    SilentEnd(),
    IgnoreSigterm(),
    CrashActor(),
)
_CAUSES: Final = (
    Cause.END_OF_STREAM,
    Cause.UNREACHABLE,
    Cause.WRONG_PASSWORD,
    Cause.TIMEOUT,
    Cause.BINARY_MISSING,
    Cause.UNKNOWN,
)


class StormCapture(ScriptedCapture):
    """A capture that takes signals as FFmpeg does."""

    flows = True

    def signal(self, signum: int) -> None:
        match signum:
            case signal.SIGKILL:
                self.flows = False
                self.end(Cause.KILLED)
            case signal.SIGSTOP:
                self.flows = False
            case signal.SIGCONT:
                self.flows = True


@dataclass
class _Notes:
    """What is known about one camera from outside: from its starts and its status."""

    history: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    not_before_s: float | None = None
    """The breaker was seen OPEN with a wait until then; `inf` when forced open."""
    probe: tuple[int, int] | None = None
    """Attempt and successes when HALF_OPEN was first seen."""
    was_reset: bool = False


class RandomFaults(ScriptedSystem):
    """One system, its cameras, and the faults that its seed draws for them.

    Attributes:
        lease: starts what says which cameras run here; None: all of them do.
        blows: what can happen to a camera.
    """

    lease: ChildStarter | None = None
    blows: tuple[Callable[[Any, str], object], ...] = ()

    def __init__(self, seed: int, cameras: int, settling: Settling) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.closes_after = self.random.randint(1, 4)
        super().__init__(
            *(f"cam{n}" for n in range(1, cameras + 1)),
            breaker=CircuitBreakerConfig(
                max_failures=self.random.randint(1, 4),
                half_open_successes=self.closes_after,
                reset_timeout=self.random.choice((0.0, 0.5, 2.0)),
                initial_backoff=0.5,
                max_backoff=4.0,
                stable_after=self.random.choice((0.0, 3.0, 6.0)),
                jitter=0.0,  # its chance is drawn in whatever order the cameras fail
            ),
            memory_controller={"enabled": False},
            shutdown_timeout=0.02,  # real seconds; the recorder may hold frames for ever
            supervision={"max_restarts": 1000},
        )
        for camera in self.config.cameras:
            object.__setattr__(camera, "stall_timeout", 2.0)
            object.__setattr__(camera, "first_frame_timeout", 2.0)
        self.recorder = RecordingPublisher(keep=1)
        self.violations: list[str] = []
        self.notes = {camera.id: _Notes() for camera in self.config.cameras}
        self.stopped = False
        self.superseded = 0
        self._settling = settling

    # --- its system ---

    def start(self) -> System:
        self.system = start_system(
            self.config,
            clock=self.clock,
            timer=self.timer,
            capture=self._storm_capture,
            sink=self.recorder,
            allow_faults=True,
            lease=self.lease,
        )
        self._frames = self.timer.every(_FRAME_INTERVAL_S, self._everybody_gives_a_frame)
        self._settling.settle()
        return self.system

    def _storm_capture(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> StormCapture:
        """An attempt begins: here the two rules about beginnings are checked."""
        notes = self.notes[camera.id]
        if self.running.get(camera.id):
            self.violation(camera.id, "two attempts at a time")
        if notes.not_before_s is not None and self.clock.now < notes.not_before_s - 1e-6:
            self.violation(
                camera.id,
                f"an attempt while OPEN, {notes.not_before_s - self.clock.now:.2f} s early",
            )
        if self.stopped:
            self.violation(camera.id, "an attempt after the stop")
        capture = StormCapture(camera, on_frame, on_end, self)
        self.captures.append(capture)
        notes.history.append(f"{self.clock.now:.2f} attempt begins")
        return capture

    def _everybody_gives_a_frame(self) -> None:
        for capture in self.captures:
            if not capture.stopped and capture.pid is not None and getattr(capture, "flows", True):
                capture.frame()
        self.captures = [each for each in self.captures if not each.stopped]

    def violation(self, camera_id: str, what: str) -> None:
        history = "\n    ".join(self.notes[camera_id].history) if camera_id in self.notes else ""
        self.violations.append(
            f"seed {self.seed}, {camera_id}, at {self.clock.now:.2f}: {what}\n    {history}"
        )

    # --- the storm ---

    def rage(self) -> None:
        """Every camera suffers its sequence; whatever is wrong is in `violations` afterwards."""
        self.start()
        try:
            self._strike_and_watch()
        except pykka.ActorDeadError:
            self.violations.append(f"seed {self.seed}: the supervisor died")
        finally:
            self.end()

    def _strike_and_watch(self) -> None:
        self.observe()
        for _ in range(FAULTS_PER_SEQUENCE):
            for camera_id in self.notes:
                self._strike(camera_id)
            _SYSTEM_BLOWS[self.random.randrange(len(_SYSTEM_BLOWS))](self)
            self._settling.settle()
            self.observe()
            self.advance(self.random.uniform(0.0, _MAX_PAUSE_S))

    def advance(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while (due_in := self.timer.next_in_s()) is not None and self.clock.now + due_in <= end:
            work = self._settling.total
            self.timer.advance(due_in)
            self._settling.settle()
            if self._settling.total > work + 1:  # more than a tick that led to nothing
                self.observe()
        self.timer.advance(end - self.clock.now)

    def _strike(self, camera_id: str) -> None:
        blow = self.random.choice(self.blows or BLOWS)
        self.notes[camera_id].history.append(f"{self.clock.now:.2f} {blow.__name__.strip('_')}")
        blow(self, camera_id)
        self._settling.settle()  # else the order in which threads run would be part of the seed

    def tell(self, message: object) -> None:
        self.system.supervisor.tell(message)

    def capture_now(self, camera_id: str) -> StormCapture | None:
        running = [
            each for each in self.captures if each.camera.id == camera_id and not each.stopped
        ]
        capture = running[-1] if running else None
        assert capture is None or isinstance(capture, StormCapture)
        return capture

    # --- what must hold ---

    def observe(self) -> None:
        """Look at everything from outside; nothing is going on at this instant."""
        status = self.system.status(timeout_s=20)
        self._settling.settle()
        for difference in ledger_differences(status):
            self.violations.append(f"seed {self.seed}, at {self.clock.now:.2f}: {difference}")
        for camera in status.cameras:
            self._observe_camera(camera)

    def _observe_camera(self, camera: CameraStatus) -> None:
        notes, breaker = self.notes[camera.camera_id], camera.breaker
        runs = bool(self.running.get(camera.camera_id))
        notes.not_before_s = None
        if breaker.state is BreakerState.OPEN:
            retry_in_s = breaker.retry_in_s
            wait_s = float("inf") if retry_in_s is None else retry_in_s
            notes.not_before_s = self.clock.now + wait_s
            if runs and not breaker.forced_open:
                self.violation(camera.camera_id, "an attempt runs while OPEN")
        self._observe_probe(camera, notes)
        notes.was_reset = False

    def _observe_probe(self, camera: CameraStatus, notes: _Notes) -> None:
        breaker = camera.breaker
        if breaker.state is BreakerState.HALF_OPEN:
            if notes.probe is None or notes.probe[0] != camera.attempts:
                notes.probe = (camera.attempts, breaker.successes)
            if breaker.successes - notes.probe[1] >= self.closes_after:
                self.violation(camera.camera_id, "still HALF_OPEN after its successes")
            return
        probe, notes.probe = notes.probe, None
        if probe is None or breaker.state is not BreakerState.CLOSED or notes.was_reset:
            return
        successes = breaker.successes - probe[1]
        if camera.attempts != probe[0] or successes != self.closes_after:
            self.violation(
                camera.camera_id, f"closed after {successes} successes, not {self.closes_after}"
            )

    def end(self) -> None:
        """Stop, and look for what goes on all the same."""
        self.system.begin_stop()
        stopped = self.system.wait(20)
        self.stopped = True
        if stopped is None:
            self.violations.append(f"seed {self.seed}: the system did not stop")
            return
        self._frames.cancel()
        for difference in ledger_differences(stopped.status):
            self.violations.append(f"seed {self.seed}, after the stop: {difference}")
        totals = stopped.status.totals
        self.superseded = totals.dropped_superseded
        if totals.held or totals.in_flight:
            self.violations.append(f"seed {self.seed}: frames are left over: {totals}")
        for camera_id, running in self.running.items():
            if running:
                self.violation(camera_id, "runs after the stop")
        if (waits := self.timer.waits_s) or self.timer.next_in_s() is not None:
            self.violations.append(f"seed {self.seed}: the timer is still asked to call: {waits}")
        self.timer.advance(60.0)
        if left := [ref for ref in pykka.ActorRegistry.get_all() if ref.is_alive()]:
            self.violations.append(f"seed {self.seed}: actors after the stop: {left}")


# --- what can happen to a camera ------------------------------------------------------------


def _ends(storm: RandomFaults, camera_id: str) -> None:
    capture = storm.capture_now(camera_id)
    if capture is not None:
        capture.end(storm.random.choice(_CAUSES))


def _is_dead_for_a_while(storm: RandomFaults, camera_id: str) -> None:
    storm.failures[camera_id] = Failure(storm.random.choice(_CAUSES))
    _ends(storm, camera_id)


def _cannot_be_started(storm: RandomFaults, camera_id: str) -> None:
    storm.refusals[camera_id] = Failure(Cause.SPAWN_FAILED)
    _ends(storm, camera_id)


def _is_well(storm: RandomFaults, camera_id: str) -> None:
    storm.failures.pop(camera_id, None)
    storm.refusals.pop(camera_id, None)
    capture = storm.capture_now(camera_id)
    if capture is not None:
        capture.flows = True


def _stalls(storm: RandomFaults, camera_id: str) -> None:
    capture = storm.capture_now(camera_id)
    if capture is not None:
        capture.flows = False


def _is_struck_by_message(storm: RandomFaults, camera_id: str) -> None:
    when = AfterFrames(storm.random.randint(1, 4)) if storm.random.random() < 0.3 else None
    fault = storm.random.choice(_CAMERA_FAULTS)
    request = InjectFault(camera_id, fault) if when is None else InjectFault(camera_id, fault, when)
    storm.tell(request)


def _fails_at_its_next_start(storm: RandomFaults, camera_id: str) -> None:
    fault: Any = storm.random.choice((RefuseSpawn(), CrashInStart()))
    times = storm.random.randint(1, 3)
    storm.tell(InjectFault(camera_id, fault, AtNextStart(), times=times, probability=0.7))
    _ends(storm, camera_id)


def _is_commanded(storm: RandomFaults, camera_id: str) -> None:
    command = storm.random.choice(
        (StartCamera, StartCamera, StopCamera, ResetBreaker, RetryNow, ForceOpen)
    )
    notes = storm.notes[camera_id]
    notes.history.append(f"{storm.clock.now:.2f} {command.__name__}")
    if command in (ResetBreaker, RetryNow):
        # The operator ends the wait: what was announced does not hold any more.
        notes.not_before_s = None
        notes.was_reset = command is ResetBreaker
    storm.tell(command(CameraId(camera_id)))


BLOWS: Final = (
    _ends,
    _ends,
    _is_dead_for_a_while,
    _cannot_be_started,
    _is_well,
    _is_well,
    _is_well,
    _stalls,
    _is_struck_by_message,
    _is_struck_by_message,
    _fails_at_its_next_start,
    _is_commanded,
)


# --- what can happen to the publisher -------------------------------------------------------


def _all_is_well(storm: RandomFaults) -> None:
    storm.recorder.accept()
    storm.recorder.unblock()
    storm.recorder.confirm()


def _the_reporter_or_publisher_crashes(storm: RandomFaults) -> None:
    name = storm.random.choice(("publisher", "reporter"))
    storm.tell(InjectFault(name, CrashActor()))


_SYSTEM_BLOWS: Final[tuple[Callable[[RandomFaults], object], ...]] = (
    _all_is_well,
    _all_is_well,
    _all_is_well,
    _all_is_well,
    lambda storm: storm.recorder.drop(),
    lambda storm: storm.recorder.refuse(),
    lambda storm: storm.recorder.hold(),
    lambda storm: storm.recorder.nack(),
    lambda storm: storm.recorder.give_back(),
    lambda storm: storm.recorder.block(),
    lambda storm: storm.tell(InjectFault("publisher", DropConnection())),
    lambda storm: storm.tell(ClearFaults()),
    _the_reporter_or_publisher_crashes,
)
