"""Tells the service manager how the system is: ready, its status in a line, a sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    SupervisorTicked,
    Tick,
)
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.faults.scheduling import FaultCounts
from edge_video.http.health import health
from edge_video.http.status_store import Pulse
from edge_video.report.service_status import render_service_status
from edge_video.status.snapshot import CameraRecord, Identity, in_order, take_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId
    from edge_video.runtime.service_manager import ServiceManager
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.ledger import FrameLedger
    from edge_video.status.model import PublisherStatus
    from edge_video.status.snapshot import PublisherMarks
    from edge_video.text.catalog import Language

ServiceMessage: TypeAlias = (
    Begin
    | CameraChanged
    | PublisherStats
    | ProcessMeasured
    | RestartsCounted
    | ConfigChanged
    | SupervisorTicked
    | Tick
)
"""What the actor understands, besides what `base` says of all."""

TICK_S: Final = 1.0
STATUS_S: Final = 5.0
"""Between two lines of status."""
_SLACK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class ServiceRuntime:
    """What a service actor needs."""

    clock: Clock
    timer: Timer
    identity: Identity
    ledger: FrameLedger
    language: Language
    manager: ServiceManager
    publisher: PublisherStatus
    """What is known of it before it has reported anything."""
    is_broker: Callable[[], bool]
    """Whether frames go to a broker now, and not into a directory."""
    allow_faults: bool = False


class ServiceActor(ChildActor):
    """Notifies the service manager; it judges health as `/health` does, and asks nobody.

    It gives the sign of life when the timer ticks, and only while the supervisor speaks and every
    actor runs. So whatever of timer, supervisor or this actor hangs: the signs stop, and the
    service manager starts the program anew.
    """

    NAME = "service"
    UNDERSTOOD = get_args(ServiceMessage)

    def __init__(self, *, runtime: ServiceRuntime, **options: Unpack[ChildOptions]) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._cameras: dict[CameraId, CameraRecord] = {}
        self._publisher = runtime.publisher
        self._marks: PublisherMarks | None = None
        self._config: ConfigStatus | None = None
        self._heard: SupervisorTicked | None = None
        self._heard_at_s = runtime.clock.monotonic()
        self._signs = _Signs(runtime.manager)

    def handle(self, message: ServiceMessage) -> object:
        """Dispatch."""
        match message:
            case CameraChanged(record=record):
                self._cameras[record.camera_id] = record
            case PublisherStats(status=status, marks=marks):
                self._publisher, self._marks = status, marks
            case ConfigChanged(status=config, cameras=cameras):
                self._config = config
                self._cameras = in_order(self._cameras, cameras)
            case SupervisorTicked():
                self._supervisor_said(message)
            case Tick():
                self._ticked()
            case Begin():
                self._begin()
            case ProcessMeasured() | RestartsCounted():
                pass
            case _:
                assert_never(message)
        return None

    def _begin(self) -> None:
        limit_s = self._runtime.manager.watchdog_s
        tick_s = TICK_S if limit_s is None else min(TICK_S, limit_s / 4)
        self.tick_every(self._runtime.timer, tick_s, Tick())

    def _supervisor_said(self, ticked: SupervisorTicked) -> None:
        self._heard, self._heard_at_s = ticked, self._runtime.clock.monotonic()
        if ticked.stopping:
            self._runtime.manager.stopping()
        elif all(ticked.actors.values()):
            self._runtime.manager.ready()

    def _ticked(self) -> None:
        if self._heard is None:
            return
        now_s = self._runtime.clock.monotonic()
        pulse = Pulse(now_s - self._heard_at_s, 0.0, self._heard.actors, self._heard.stopping)
        if health(pulse).ok:
            self._signs.give(now_s)
        if not self._heard.stopping and self._signs.may_show(now_s):
            self._signs.show(self._status_line(), now_s)

    def _status_line(self) -> str:
        runtime = self._runtime
        status = take_status(
            runtime.clock,
            runtime.identity,
            tuple(self._cameras.values()),
            runtime.ledger,
            publisher=self._publisher,
            publisher_marks=self._marks,
            process=None,
            restarts={},
            faults=FaultCounts(),
            config=self._config,
        )
        return render_service_status(status, runtime.language, is_broker=runtime.is_broker())


class _Signs:
    """Paces what is sent: the sign of life, and the status where it has changed."""

    def __init__(self, manager: ServiceManager) -> None:
        self._manager = manager
        self._alive_due_s = self._status_due_s = float("-inf")
        self._shown = ""

    def give(self, now_s: float) -> None:
        """Give the sign of life twice as often as the service manager wants it."""
        limit_s = self._manager.watchdog_s
        if limit_s is not None and now_s >= self._alive_due_s and self._manager.watchdog():
            self._alive_due_s = now_s + limit_s / 2 - min(_SLACK_S, limit_s / 8)

    def may_show(self, now_s: float) -> bool:
        """Whether it is time for another line of status."""
        return now_s >= self._status_due_s

    def show(self, line: str, now_s: float) -> None:
        """Show a line, unless it is the one that is shown."""
        self._status_due_s = now_s + STATUS_S - _SLACK_S
        if line != self._shown and self._manager.status(line):
            self._shown = line
