"""A system of real actors under a fake clock, with scripted captures and a scripted sink."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pykka
from pykka.messages import ProxyGetAttr

from edge_video.actors.messages import GetStatus
from edge_video.app import System, start_system
from edge_video.capture import CaptureStartError
from edge_video.config import CameraConfig, CircuitBreakerConfig, Config
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.sink import SinkConnected, SinkDrained, SinkListener, SinkLost
from edge_video.faults import DropConnection
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import FakeClock, FakeTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.actors.publisher import SinkFactory
    from edge_video.delivery.outbox import Outbox
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId, Frame
    from edge_video.status.model import CameraStatus, SystemStatus

PICTURE = b"\xff\xd8 a picture \xff\xd9"


def quiesce(kind: type[pykka.Actor] = pykka.Actor) -> None:
    """Wait until every actor, or those of a kind, has handled what was told so far.

    And, where it is all of them, what that led to.
    """
    for _ in range(3):
        for ref in pykka.ActorRegistry.get_by_class(kind):
            future = ref.ask(ProxyGetAttr(attr_path=("actor_urn",)), block=False)
            try:
                future.get(timeout=5)
            except pykka.ActorDeadError:
                continue


class RecordingActor(pykka.ThreadingActor):
    """Keeps what it is told: an embedding program's actor, or a supervisor that only listens."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    def on_receive(self, message: object) -> None:
        self.heard.append(message)


def heard_by(recorder: pykka.ActorRef[RecordingActor], *kinds: type) -> list[Any]:
    """What an `RecordingActor` was told so far, of these kinds or of any."""
    quiesce()
    actor = recorder._actor_weakref()
    assert actor is not None
    return [each for each in actor.heard if not kinds or isinstance(each, kinds)]


@dataclass
class ScriptedCapture:
    """Satisfies `RunningCapture`: streams or fails as its camera's script says."""

    camera: CameraConfig
    on_frame: Callable[[bytes], object]
    on_end: Callable[[Failure], None]
    system: ScriptedSystem
    pid: int | None = None
    frames: int = 0
    stopped: bool = False
    signals: list[int] = field(default_factory=list)
    over: Failure | None = None
    """What it is found to use beyond its limits; also why it ended, if it did."""
    says: tuple[str, ...] = ()
    """What its FFmpeg has written to stderr."""

    def stderr_tail(self) -> tuple[str, ...]:
        return self.says

    def limit_reached(self, ended: Failure | None = None) -> Failure | None:
        del ended
        return self.over

    def start(self) -> None:
        self.system.running[self.camera.id] = self.system.running.get(self.camera.id, 0) + 1
        assert self.system.running[self.camera.id] == 1, "two attempts of one camera at a time"
        self.pid = 4000 + len(self.system.captures)
        refusal = self.system.refusals.get(self.camera.id)
        if refusal is not None:
            raise CaptureStartError(refusal)
        failure = self.system.failures.get(self.camera.id)
        if failure is not None:
            self.on_end(failure)

    def stop(self, deadline_s: float = 2.0) -> None:
        del deadline_s
        self.system.before_stop(self.camera.id)
        if not self.stopped:
            self.stopped = True
            self.pid = None
            self.system.running[self.camera.id] = 0

    def signal(self, signum: int) -> None:
        self.signals.append(signum)

    def frame(self, image: bytes = PICTURE) -> None:
        self.frames += 1
        self.on_frame(image)

    def end(self, cause: Cause = Cause.END_OF_STREAM) -> None:
        self.on_end(Failure(cause))


@dataclass
class ScriptedSink:
    """Satisfies `Sink`; settles what it takes as its system says."""

    listener: SinkListener
    system: ScriptedSystem
    closed: bool = False

    def open(self) -> None:
        if self.system.broker_is_up:
            self.listener(SinkConnected("scripted"))
        else:
            self.listener(SinkLost("scripted: nobody there"))

    def frames_ready(self) -> None:
        while (frame := self.system.outbox.take()) is not None:
            self.system.published.append(frame)
            if self.system.confirms:
                self.system.outbox.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)

    def drain(self) -> None:
        self.frames_ready()
        if self.system.drains:
            self.listener(SinkDrained())

    def lose(self) -> None:
        """The connection ends by itself."""
        self.listener(SinkLost("scripted: lost"))

    def inject(self, fault: SinkFault) -> bool:
        if not isinstance(fault, DropConnection):
            return False
        self.listener(SinkLost("connection dropped on request"))
        return True

    def end_fault(self, fault: SinkFault) -> None:
        """None of its faults lasts."""

    def clear_faults(self) -> None:
        """None of its faults lasts."""

    def close(self, timeout_s: float) -> bool:
        del timeout_s
        self.closed = True
        self.system.outbox.settle_all(Outcome.UNKNOWN)
        return True


class ScriptedSystem:
    """One system of real actors, whose cameras, broker and time the test plays."""

    def __init__(
        self,
        *camera_ids: str,
        breaker: CircuitBreakerConfig | None = None,
        **options: Any,
    ) -> None:
        self.real_time = False  # with a clock and a timer thread of its own
        self.clock = FakeClock()
        self.timer = FakeTimer(self.clock)
        self.captures: list[ScriptedCapture] = []
        self.running: dict[str, int] = {}
        self.refusals: dict[str, Failure] = {}
        self.failures: dict[str, Failure] = {}
        self.starts_s: dict[str, list[float]] = {}
        self.before_stop: Callable[[str], None] = lambda _: None
        self.published: list[Frame] = []
        self.sinks: list[ScriptedSink] = []
        self.broker_is_up = True
        self.confirms = True
        self.drains = True
        self.reports: list[str] = []
        config_options = {
            key: options.pop(key) for key in list(options) if key in Config.model_fields
        }
        self.config = Config.model_validate(
            {
                "cameras": [
                    {"id": camera_id, "url": f"rtsp://10.0.0.{n}/s"}
                    for n, camera_id in enumerate(camera_ids or ("cam1",), 1)
                ],
                "sink": {"type": "directory", "path": "unused"},
                "circuit_breaker": breaker or CircuitBreakerConfig(jitter=0.0),
                **config_options,
            }
        )
        self._options = options

    def start(self) -> System:
        self.system = start_system(
            self.config,
            clock=None if self.real_time else self.clock,
            timer=None if self.real_time else self.timer,
            capture=self.make_capture,
            sink=self.sinks_for,
            **{"print_block": self.reports.append, **self._options},
        )
        quiesce()
        return self.system

    def make_capture(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> ScriptedCapture:
        capture = ScriptedCapture(camera, on_frame, on_end, self)
        self.captures.append(capture)
        self.starts_s.setdefault(camera.id, []).append(self.clock.now)
        return capture

    def sinks_for(self, outbox: Outbox) -> SinkFactory:
        self.outbox = outbox
        return self._sink

    def _sink(self, listener: SinkListener) -> ScriptedSink:
        sink = ScriptedSink(listener, self)
        self.sinks.append(sink)
        return sink

    def capture_of(self, camera_id: str) -> ScriptedCapture:
        """The newest capture of a camera."""
        return [each for each in self.captures if each.camera.id == camera_id][-1]

    def advance(self, seconds: float) -> None:
        """Let fake time pass; whatever is due happens at its own instant, one by one."""
        end = self.clock.now + seconds
        while (due_in := self.timer.next_in_s()) is not None and self.clock.now + due_in <= end:
            self.timer.advance(due_in)
            quiesce()
        self.timer.advance(end - self.clock.now)
        quiesce()

    def stream_now(self, camera_id: str) -> None:
        """A camera gives one frame; no time passes."""
        self.capture_of(camera_id).frame()
        quiesce()

    def stream(self, camera_id: str, seconds: int) -> None:
        """A camera gives one frame a second."""
        for _ in range(seconds):
            self.capture_of(camera_id).frame()
            self.advance(1.0)

    def status(self) -> SystemStatus:
        quiesce()
        status: SystemStatus = self.system.supervisor.ask(GetStatus(), block=True, timeout=5)
        return status

    def camera(self, camera_id: CameraId | str = "cam1") -> CameraStatus:
        return next(each for each in self.status().cameras if each.camera_id == camera_id)

    def ask(self, message: object) -> Any:
        answer = self.system.supervisor.ask(message, timeout=5)
        quiesce()
        return answer

    def actors_of(self, camera_id: str) -> list[str]:
        """Threads of a camera's actors that exist now."""
        prefix = f"camera-{camera_id}-"
        return [each.name for each in threading.enumerate() if each.name.startswith(prefix)]
