"""Collects what the others tell, and prints the monitor and the final report."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    FinishReport,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    SampleDue,
    Tick,
)
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.faults.scheduling import FaultCounts
from edge_video.log.events import LogEvent, log_event
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.report.monitor_line import MonitorForm, condition, render_line
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.status.snapshot import CameraRecord, Identity, in_order, take_status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.report.history import HistoryRecorder
    from edge_video.report.monitor_line import Condition
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.ledger import FrameLedger
    from edge_video.status.model import SystemStatus
    from edge_video.status.snapshot import PublisherMarks
    from edge_video.text.catalog import Language

_log = logging.getLogger(__name__)

ReporterMessage: TypeAlias = (
    Begin
    | CameraChanged
    | PublisherStats
    | ProcessMeasured
    | RestartsCounted
    | ConfigChanged
    | Tick
    | SampleDue
    | FinishReport
)
"""What the actor understands, besides what `base` says of all."""

_SAMPLE_S = 1.0


@dataclass(frozen=True, slots=True)
class ReporterRuntime:
    """What a reporter needs."""

    clock: Clock
    timer: Timer
    identity: Identity
    ledger: FrameLedger
    language: Language
    report_interval_s: float
    """Between two looks at the counts, whatever is printed then."""
    print_block: Callable[[str], None] | None
    """Where a rendered report goes; None (the default of an embedded system) prints nothing."""
    monitor: MonitorForm = MonitorForm.FULL
    allow_faults: bool = False
    history: HistoryRecorder | None = None
    """Takes down the course of the run; None keeps none."""


class ReporterActor(ChildActor):
    """Collects the stats messages; renders a monitor each interval and the report at the end.

    The supervisor tells it everything once more when it had to be restarted, so nothing is lost
    with it: the counters live in the ledger.
    """

    NAME = "reporter"
    ANSWERED = (FinishReport,)
    UNDERSTOOD = get_args(ReporterMessage)

    def __init__(
        self,
        *,
        runtime: ReporterRuntime,
        publisher: PublisherStatus | None = None,
        **options: Unpack[ChildOptions],
    ) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._cameras: dict[CameraId, CameraRecord] = {}
        self._publisher_marks: PublisherMarks | None = None
        self._publisher = publisher or PublisherStatus(PublisherState.CONNECTING, "")
        self._process: ProcessSample | None = None
        self._counts = RestartsCounted({}, FaultCounts())
        self._config: ConfigStatus | None = None
        self._condition: Condition | None = None

    def handle(self, message: ReporterMessage) -> object:
        """Dispatch."""
        match message:
            case CameraChanged(record=record):
                self._cameras[record.camera_id] = record
                if self._runtime.history is not None:
                    self._runtime.history.camera(record, *self._instant())
            case PublisherStats(status=status):
                self._publisher, self._publisher_marks = status, message.marks
                if self._runtime.history is not None:
                    self._runtime.history.publisher(status, *self._instant())
            case ProcessMeasured(sample=sample):
                self._process = sample
            case RestartsCounted():
                self._counts = message
            case ConfigChanged(status=config, cameras=cameras):
                self._config_changed(config, cameras)
            case Tick():
                self._print_monitor()
            case SampleDue():
                self._sample(self._status())
            case FinishReport():
                return self._finish()
            case Begin():
                self._begin()
            case _:
                assert_never(message)
        return None

    def _begin(self) -> None:
        if self._runtime.print_block is not None:
            self.tick_every(self._runtime.timer, self._runtime.report_interval_s, Tick())
        if self._runtime.history is not None:
            self.tick_every(self._runtime.timer, _SAMPLE_S, SampleDue())

    def _config_changed(self, config: ConfigStatus, cameras: Collection[CameraId]) -> None:
        self._config = config
        self._cameras = in_order(self._cameras, cameras)
        if self._runtime.history is not None:
            self._runtime.history.keep_cameras(cameras)

    def _sample(self, status: SystemStatus) -> None:
        if self._runtime.history is not None:
            self._runtime.history.sample(status)

    def _instant(self) -> tuple[float, int]:
        """Seconds since the start, and the wall clock."""
        clock = self._runtime.clock
        return clock.monotonic() - self._runtime.identity.started_at_s, clock.wall_ns()

    def _print_monitor(self) -> None:
        status, language = self._status(), self._runtime.language
        _audit(status)
        match self._runtime.monitor:
            case MonitorForm.FULL:
                self._print(render_monitor(status, language))
            case MonitorForm.COMPACT:
                self._print(render_line(status, language))
            case MonitorForm.CHANGES:
                before, self._condition = self._condition, condition(status)
                if self._condition != before:
                    self._print(render_line(status, language))
            case MonitorForm.OFF:
                pass
            case _:
                assert_never(self._runtime.monitor)

    def _finish(self) -> SystemStatus:
        status = self._status()
        _audit(status)
        self._sample(status)
        self._print(render_final(status, self._runtime.language))
        return status

    def _print(self, block: str) -> None:
        if self._runtime.print_block is not None:
            self._runtime.print_block(block)

    def _status(self) -> SystemStatus:
        return take_status(
            self._runtime.clock,
            self._runtime.identity,
            tuple(self._cameras.values()),
            self._runtime.ledger,
            publisher=self._publisher,
            publisher_marks=self._publisher_marks,
            process=self._process,
            restarts=self._counts.restarts,
            faults=self._counts.faults,
            config=self._config,
        )


def _audit(status: SystemStatus) -> None:
    """Log sums that do not add up: they are a bug of ours, and are said to be one."""
    for camera in status.cameras:
        imbalance = camera.frames.imbalance()
        if imbalance is not None:
            log_event(_log, LogEvent.LEDGER_IMBALANCE, detail=f"[{camera.camera_id}] {imbalance}")
