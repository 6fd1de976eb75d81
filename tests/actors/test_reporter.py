"""The reporter actor on its own: what it is told, and what it prints of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import join
from edge_video.actors.messages import CameraChanged, FinishReport, PublisherStats, RestartsCounted
from edge_video.actors.reporter import ReporterActor, ReporterRuntime
from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.delivery.outbox import Outbox
from edge_video.faults.scheduling import FaultCounts
from edge_video.frames import CameraId
from edge_video.report.history import HistoryRecorder
from edge_video.report.monitor_line import MonitorForm
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.status.ledger import FrameLedger
from edge_video.status.model import CameraPhase, PublisherState, PublisherStatus, SystemStatus
from edge_video.status.snapshot import CameraRecord, Identity
from edge_video.testing import FakeClock, FakeTimer
from edge_video.text.catalog import Language
from tests.support.actors import quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CAM1 = CameraId("cam1")
RECORD = CameraRecord(
    camera_id=CAM1,
    url="rtsp://10.0.0.1/s",
    target_fps=15,
    phase=CameraPhase.STREAMING,
    breaker=CircuitBreaker.new(BreakerPolicy()),
)
CONNECTED = PublisherStats(PublisherStatus(PublisherState.CONNECTED, "broker"))


class WrongOutbox(Outbox):
    """Its counts do not add up."""

    def counts(self) -> dict[CameraId, FrameCounts]:
        return {CAM1: FrameCounts(received=1)}


class Stage:
    def __init__(
        self,
        outbox: type[Outbox] = Outbox,
        print_block: Callable[[str], None] | None = None,
        history: HistoryRecorder | None = None,
        monitor: MonitorForm = MonitorForm.FULL,
    ) -> None:
        self.clock = FakeClock()
        self.timer = FakeTimer(self.clock)
        self.printed: list[str] = []
        frames = outbox(self.clock)
        frames.add_camera(CAM1)
        runtime = ReporterRuntime(
            clock=self.clock,
            timer=self.timer,
            identity=Identity("1", "node", 0, self.clock.now),
            ledger=FrameLedger({CAM1: frames}, lambda _: CaptureTotals()),
            language=Language.EN,
            report_interval_s=30.0,
            print_block=print_block or self.printed.append,
            history=history,
            monitor=monitor,
        )
        self.reporter: pykka.ActorRef[Any] = ReporterActor.start(runtime=runtime)
        for fact in (CameraChanged(RECORD), CONNECTED):
            self.reporter.tell(fact)
        quiesce()

    def advance(self, seconds: float) -> None:
        self.timer.advance(seconds)
        quiesce()


@pytest.fixture
def stages() -> Iterator[list[Stage]]:
    made: list[Stage] = []
    yield made
    for stage in made:
        stage.reporter.stop(timeout=5)
        join([stage.reporter], time.monotonic() + 5)
    assert pykka.ActorRegistry.get_all() == []


def test_the_monitor_is_printed_every_interval(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    stage.advance(29)
    assert stage.printed == []
    stage.advance(1)
    stage.advance(30)
    assert len(stage.printed) == 2
    assert "[cam1]" in stage.printed[0]


def test_a_compact_monitor_is_one_line_every_interval(stages: list[Stage]) -> None:
    stages.append(stage := Stage(monitor=MonitorForm.COMPACT))
    stage.advance(60)
    assert len(stage.printed) == 2
    assert all("\n" not in line and "Publisher: ✓ CONNECTED" in line for line in stage.printed)


def test_a_monitor_of_changes_says_what_is_new_once(stages: list[Stage]) -> None:
    stages.append(stage := Stage(monitor=MonitorForm.CHANGES))
    stage.advance(120)
    assert len(stage.printed) == 1, "the first look is news"
    stage.reporter.tell(PublisherStats(PublisherStatus(PublisherState.BLOCKED, "broker", "disk")))
    stage.advance(60)
    assert "⚠ BLOCKED" in stage.printed[1]
    stage.reporter.tell(CONNECTED)
    stage.advance(60)
    assert len(stage.printed) == 3


def test_a_monitor_that_is_off_prints_nothing_and_still_checks_the_counts(
    stages: list[Stage], caplog: pytest.LogCaptureFixture
) -> None:
    stages.append(stage := Stage(WrongOutbox, monitor=MonitorForm.OFF))
    stage.advance(30)
    assert stage.printed == []
    assert "received 1 != published 0" in caplog.text


def test_the_final_report_is_printed_and_answered(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    stage.reporter.tell(RestartsCounted({"metrics": 2}, FaultCounts(injected=1, refused=3)))
    status = stage.reporter.ask(FinishReport(), block=True, timeout=5)
    assert isinstance(status, SystemStatus)
    assert [camera.camera_id for camera in status.cameras] == [CAM1]
    assert status.publisher.state is PublisherState.CONNECTED
    assert (status.restarts, status.faults_injected, status.faults_refused) == (
        {"metrics": 2},
        1,
        3,
    )
    assert len(stage.printed) == 1
    assert "cam1" in stage.printed[0]


def test_books_that_do_not_balance_are_said_to_be_a_bug(
    stages: list[Stage], caplog: pytest.LogCaptureFixture
) -> None:
    stages.append(stage := Stage(WrongOutbox))
    stage.advance(30)
    stage.reporter.ask(FinishReport(), timeout=5)
    assert caplog.text.count("[cam1] received 1 != published 0") == 2


def test_nothing_ticks_for_a_reporter_that_has_ended(stages: list[Stage]) -> None:
    stages.append(stage := Stage())
    stage.reporter.stop(timeout=5)
    join([stage.reporter], time.monotonic() + 5)
    assert stage.timer.next_in_s() is None


def test_a_history_is_taken_once_a_second_and_outlives_the_reporter(stages: list[Stage]) -> None:
    stages.append(stage := Stage(history=(history := HistoryRecorder())))
    for _ in range(3):
        stage.advance(1)
    opened = replace(RECORD.breaker, state=BreakerState.OPEN)
    stage.reporter.tell(CameraChanged(replace(RECORD, breaker=opened)))
    quiesce()
    for _ in range(2):
        stage.advance(1)
    stage.reporter.ask(FinishReport(), block=True, timeout=5)
    kept = history.history(5.0)
    assert [sample.at_s for sample in kept.samples] == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    assert [(each.start_s, each.end_s, each.state) for each in kept.breakers[CAM1]] == [
        (0.0, 3.0, BreakerState.CLOSED),
        (3.0, 5.0, BreakerState.OPEN),
    ]
    kinds = [event.kind.value for event in kept.events]
    assert kinds == ["publisher_connected"]
    assert [(each.state.value, each.end_s) for each in kept.delivery] == [("ok", 5.0)]
