"""The publisher actor on its own; the sink is a puppet, time is played."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import join
from edge_video.actors.frame_messages import (
    GetFrameCounts,
    PublishAnswer,
    PublishFrame,
    PublishResult,
)
from edge_video.actors.messages import (
    ActorEnded,
    ApplyFault,
    ClearFaults,
    Drain,
    Finish,
    FramesReady,
    InjectFault,
    PublisherStats,
    RetryPublisher,
)
from edge_video.actors.publisher import PublisherActor, PublisherRuntime
from edge_video.config import DirectorySinkConfig
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    RouteRefused,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkListener,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import (
    BlockConnection,
    CrashActor,
    DelayActor,
    DiskFull,
    DropConnection,
    Fault,
    KillFfmpeg,
    NackFrames,
    NoPermission,
    RefuseConnections,
    SinkFault,
    StopConfirming,
)
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.testing import FakeClock, FakeTimer, eventually
from edge_video.wiring.sinks import sink_for
from tests.support.actors import PICTURE, RecordingActor, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.delivery.ledger import FrameCounts

CAM1 = CameraId("cam1")
HALF = 0.5


class Puppet:
    """Satisfies `Sink`; does nothing by itself and keeps what it was asked for."""

    def __init__(self, listener: SinkListener) -> None:
        self.listener = listener
        self.calls: list[str] = []
        self.faults: list[SinkFault] = []
        self.knows_not: tuple[type, ...] = ()

    def open(self) -> None:
        self.calls.append("open")

    def frames_ready(self) -> None:
        self.calls.append("frames_ready")

    def drain(self) -> None:
        self.calls.append("drain")

    def inject(self, fault: SinkFault) -> bool:
        self.calls.append("inject")
        self.faults.append(fault)
        return not isinstance(fault, self.knows_not)

    def end_fault(self, fault: SinkFault) -> None:
        self.calls.append("end_fault")
        self.faults.remove(fault)

    def clear_faults(self) -> None:
        self.calls.append("clear_faults")
        self.faults.clear()

    def close(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        self.close_timeout_s = timeout_s
        self.calls.append("close")
        return True


class Stage:
    """A publisher, its supervisor that only listens, and one camera's frames."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.timer = FakeTimer(self.clock)
        self.outbox = Outbox(self.clock)
        self.outbox.add_camera(CAM1)
        self.outbox.open(CAM1, 1, "session")
        self.sinks: list[Puppet] = []
        self.recorder = RecordingActor.start()
        self.start()

    def start(self, **options: Any) -> None:
        runtime = PublisherRuntime(
            clock=self.clock,
            timer=self.timer,
            sink=self._sink,
            target="scripted",
            allow_faults=True,
            draw=lambda: HALF,
        )
        self.publisher = PublisherActor.start(
            self.outbox, runtime=runtime, supervisor=self.recorder, **options
        )
        quiesce()

    def _sink(self, listener: SinkListener) -> Puppet:
        self.sinks.append(Puppet(listener))
        return self.sinks[-1]

    @property
    def sink(self) -> Puppet:
        return self.sinks[-1]

    def hear(self, event: Any) -> None:
        self.sink.listener(event)
        quiesce()

    def frame(self) -> None:
        self.outbox.put(CAM1, 1, PICTURE)
        quiesce()

    def advance(self, seconds: float) -> None:
        self.timer.advance(seconds)
        quiesce()

    def status(self) -> PublisherStatus:
        stats: PublisherStats = heard_by(self.recorder, PublisherStats)[-1]
        return stats.status

    def drain(self, *, is_final: bool = True) -> pykka.Future[bool]:
        drained: pykka.Future[bool] = pykka.ThreadingFuture()
        self.publisher.tell(Drain(drained, is_final))
        quiesce()
        return drained

    def inject(self, fault: Fault) -> object:
        return self.publisher.ask(InjectFault("publisher", fault), timeout=5)

    def reconnect(self) -> None:
        """Lose the connection and let the next one begin."""
        number = len(self.sinks)
        self.hear(SinkLost("cut"))
        self.advance(self.status().retry_in_s or 0.0)
        assert len(self.sinks) == number + 1

    def gone(self) -> None:
        join([self.publisher], time.monotonic() + 5)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.publisher.stop(timeout=5)
    made.gone()
    made.recorder.stop(timeout=5)
    assert pykka.ActorRegistry.get_all() == []


def is_answered(drained: pykka.Future[bool]) -> bool:
    try:
        drained.get(timeout=0)
    except pykka.Timeout:
        return False
    return True


def test_what_waited_for_the_connection_is_announced_to_it(stage: Stage) -> None:
    stage.frame()
    assert stage.status().state is PublisherState.CONNECTING
    stage.hear(SinkConnected("broker"))
    status = stage.status()
    assert (status.state, status.target, status.connections) == (
        PublisherState.CONNECTED,
        "broker",
        1,
    )
    assert stage.sink.calls == ["open", "frames_ready", "frames_ready"]


def test_a_lost_connection_is_closed_and_made_again_after_the_announced_wait(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    stage.hear(SinkLost("cut"))
    status = stage.status()
    assert (status.state, status.reason, status.connections_lost) == (
        PublisherState.WAITING,
        "cut",
        1,
    )
    assert status.retry_in_s is not None
    assert stage.sinks[0].calls[-1] == "close"
    stage.advance(status.retry_in_s - 0.01)
    assert len(stage.sinks) == 1
    stage.advance(0.02)
    assert len(stage.sinks) == 2


def test_connections_that_ended_and_attempts_that_failed_are_two_numbers(stage: Stage) -> None:
    stage.hear(SinkLost("refused"))
    stage.advance(stage.status().retry_in_s or 0.0)
    stage.hear(SinkConnected("broker"))
    stage.hear(SinkLost("cut"))
    stage.advance(stage.status().retry_in_s or 0.0)
    stage.hear(SinkLost("refused"))
    status = stage.status()
    assert (status.connections, status.connections_lost, status.failed_attempts) == (1, 1, 2)
    assert [each.reason for each in status.outages] == ["refused", "refused"]
    assert [each.ended_at_ns is None for each in status.outages] == [False, True]


def test_what_is_pushed_out_while_there_is_no_connection_is_dropped_for_that(
    stage: Stage,
) -> None:
    stage.hear(SinkConnected("broker"))
    for _ in range(6):
        stage.frame()
    stage.hear(SinkLost("cut"))
    for _ in range(3):
        stage.frame()
    counts = stage.outbox.counts()[CAM1]
    assert (counts.dropped_overflow, counts.dropped_not_connected) == (1, 3)
    stage.advance(stage.status().retry_in_s or 0.0)
    assert stage.status().outages[-1].dropped == 3
    stage.advance(5)
    stage.hear(SinkConnected("broker"))
    assert stage.outbox.counts()[CAM1].dropped_not_connected == 8, "too old by now"
    status = stage.status()
    assert (status.outages[-1].dropped, status.down_for_s) == (8, None)


def test_an_operator_cuts_the_wait_for_the_next_connection_short(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    stage.publisher.tell(RetryPublisher())
    quiesce()
    assert len(stage.sinks) == 1
    stage.hear(SinkLost("cut"))
    stage.publisher.tell(RetryPublisher())
    stage.publisher.tell(RetryPublisher())
    quiesce()
    assert len(stage.sinks) == 2
    stage.advance(60)
    assert len(stage.sinks) == 2, "the wait that was cut short is over"


def test_the_waits_grow_until_a_connection_has_held(stage: Stage) -> None:
    waits = []

    def lose() -> None:
        stage.hear(SinkLost("cut"))
        waits.append(stage.status().retry_in_s or 0.0)
        stage.advance(waits[-1])

    for _ in range(4):
        lose()
    assert waits == sorted(waits)
    assert waits[0] < waits[3]
    stage.hear(SinkConnected("broker"))
    stage.advance(9)
    lose()
    assert waits[-1] > waits[3]
    stage.hear(SinkConnected("broker"))
    stage.advance(10)
    lose()
    assert waits[-1] == waits[0]


def test_what_waiting_cannot_mend_is_tried_every_thirty_seconds(stage: Stage) -> None:
    stage.hear(SinkLost("wrong password", permanent=True))
    assert stage.status().retry_in_s == 30.0


def test_words_of_an_earlier_connection_mean_nothing(stage: Stage) -> None:
    stage.hear(SinkLost("cut"))
    stage.advance(30)
    assert len(stage.sinks) == 2
    stage.sinks[0].listener(SinkConnected("a ghost"))
    stage.sinks[0].listener(SinkLost("a ghost"))
    quiesce()
    assert stage.status().state is PublisherState.CONNECTING
    assert len(stage.sinks) == 2


def test_a_blocked_broker_shows_until_it_is_not(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    stage.hear(SinkBlocked("no memory"))
    assert (stage.status().state, stage.status().reason) == (PublisherState.BLOCKED, "no memory")
    stage.hear(SinkUnblocked())
    assert (stage.status().state, stage.status().reason) == (PublisherState.CONNECTED, "")


@pytest.mark.parametrize(
    ("is_of_events", "event", "words"),
    [
        (False, LogEvent.ROUTE_REFUSED, "its frames are lost"),
        (True, LogEvent.EVENTS_REFUSED, "they wait"),
    ],
)
def test_a_refused_exchange_is_told_by_what_it_carries(
    stage: Stage,
    caplog: pytest.LogCaptureFixture,
    *,
    is_of_events: bool,
    event: LogEvent,
    words: str,
) -> None:
    stage.hear(RouteRefused("shop", "no", 60.0, is_of_events=is_of_events))
    (told,) = [each for each in caplog.records if getattr(each, "event", None) == event]
    assert words in told.getMessage()


def test_draining_ends_when_the_sink_says_so(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    drained = stage.drain()
    assert stage.sink.calls[-1] == "drain"
    assert not is_answered(drained)
    stage.hear(SinkDrained())
    assert drained.get(timeout=5) is True


def test_draining_waits_for_a_connection_that_is_being_made(stage: Stage) -> None:
    stage.frame()
    drained = stage.drain()
    assert not is_answered(drained)
    stage.hear(SinkConnected("broker"))
    assert stage.sink.calls[-1] == "drain"
    stage.hear(SinkDrained())
    assert drained.get(timeout=5) is True


def test_draining_waits_for_nothing_when_nothing_is_held(stage: Stage) -> None:
    assert stage.drain().get(timeout=5) is True


def test_for_another_publisher_no_frame_is_taken_until_all_is_settled(stage: Stage) -> None:
    stage.frame()
    assert stage.drain(is_final=False).get(timeout=5) is True  # no connection is waited for
    stage.hear(SinkConnected("broker"))
    drained = stage.drain(is_final=False)
    assert stage.sink.calls[-1] == "drain"
    assert not is_answered(drained)
    stage.hear(SinkDrained())
    assert drained.get(timeout=5) is True
    assert stage.outbox.take() is None
    stage.drain()  # the end comes before the other publisher
    assert stage.outbox.take() is not None


@pytest.mark.parametrize("event", [SinkLost("cut"), SinkBlocked("no memory")])
def test_draining_gives_up_where_nothing_can_be_handed_over(
    stage: Stage, event: SinkLost | SinkBlocked
) -> None:
    stage.hear(SinkConnected("broker"))
    stage.frame()
    stage.hear(event)
    assert stage.drain().get(timeout=5) is False


def test_a_connection_lost_while_draining_ends_the_draining(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    drained = stage.drain()
    stage.hear(SinkLost("cut"))
    assert drained.get(timeout=5) is False


def test_a_crash_closes_the_sink_and_books_what_was_in_flight(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    stage.frame()
    assert stage.outbox.take() is not None
    stage.publisher.tell(InjectFault("publisher", CrashActor("boom")))
    stage.gone()
    assert stage.sink.calls[-1] == "close"
    counts = stage.outbox.counts()[CAM1]
    assert (counts.unknown, counts.in_flight) == (1, 0)
    stopped, ended = heard_by(stage.recorder)[-2:]
    assert stopped.status.state is PublisherState.STOPPED
    assert ended == ActorEnded("publisher", 0, "RequestedCrashError: boom")
    stage.timer.advance(60)
    assert len(stage.sinks) == 1


def test_a_successor_goes_on_counting_and_settles_what_was_left(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    stage.hear(SinkLost("cut"))
    before = stage.status()
    stage.publisher.stop(timeout=5)
    stage.gone()
    stage.frame()
    assert stage.outbox.take() is not None
    stage.start(incarnation=1, previous=before)
    status = stage.status()
    assert (status.state, status.retry_in_s) == (PublisherState.CONNECTING, None)
    assert (status.connections, status.connections_lost) == (1, 1)
    assert stage.outbox.counts()[CAM1].in_flight == 0


# --- faults on purpose -----------------------------------------------------------------------


def test_a_dropped_connection_on_request_is_a_fault_of_the_sink(stage: Stage) -> None:
    assert stage.inject(DropConnection()) is True
    assert stage.sink.faults == [DropConnection()]


def test_a_fault_of_another_actor_or_sink_is_not_one_of_the_publishers(stage: Stage) -> None:
    stage.sink.knows_not = (DiskFull,)
    assert stage.inject(KillFfmpeg()) is False
    assert stage.sink.calls == ["open"]
    assert stage.inject(DiskFull()) is False
    stage.reconnect()
    assert stage.sink.faults == []


def test_a_fault_that_lasts_is_handed_to_every_connection_before_it_opens(stage: Stage) -> None:
    assert stage.inject(StopConfirming()) is True
    stage.reconnect()
    assert stage.sink.calls == ["inject", "open"]
    assert stage.sink.faults == [StopConfirming()]


def test_a_fault_at_the_start_that_lasts_is_there_before_the_first_connection_opens(
    stage: Stage,
) -> None:
    stage.publisher.stop(timeout=5)
    stage.gone()
    refuse = ApplyFault(RefuseConnections(), threading.Event())
    stage.start(incarnation=1, start_faults=[refuse])
    assert stage.sink.calls == ["inject", "open"]
    assert stage.sink.faults == [RefuseConnections()]


def test_a_fault_that_acts_once_is_not_handed_on(stage: Stage) -> None:
    assert stage.inject(NackFrames(3)) is True
    stage.reconnect()
    assert stage.sink.faults == []


def test_without_a_connection_only_what_lasts_is_accepted(stage: Stage) -> None:
    stage.hear(SinkLost("cut"))
    assert stage.inject(DropConnection()) is False
    assert stage.inject(RefuseConnections(for_s=60)) is True
    stage.advance(30)
    assert stage.sink.faults == [RefuseConnections(for_s=60)]


def test_a_fault_ends_when_its_time_is_over_whichever_connection_it_is(stage: Stage) -> None:
    stage.inject(BlockConnection(for_s=40))
    stage.inject(StopConfirming())
    stage.reconnect()
    assert stage.sink.faults == [BlockConnection(for_s=40), StopConfirming()]
    stage.advance(40)
    assert stage.sink.faults == [StopConfirming()]
    stage.reconnect()
    assert stage.sink.faults == [StopConfirming()]


def test_the_same_fault_again_takes_the_place_of_the_first(stage: Stage) -> None:
    stage.inject(NoPermission("cam1", for_s=10))
    stage.inject(NoPermission("cam2", for_s=20))
    stage.inject(NoPermission("cam1"))
    stage.advance(10)
    assert "end_fault" not in stage.sink.calls
    stage.reconnect()
    assert stage.sink.faults == [NoPermission("cam2", for_s=20), NoPermission("cam1")]


def test_clearing_ends_every_fault_on_this_connection_and_on_the_next(stage: Stage) -> None:
    stage.inject(StopConfirming())
    stage.inject(BlockConnection(for_s=10))
    stage.publisher.tell(ClearFaults())
    quiesce()
    assert stage.sink.faults == []
    stage.advance(10)
    assert "end_fault" not in stage.sink.calls
    stage.reconnect()
    assert stage.sink.faults == []


def test_a_crashed_publishers_faults_end_with_it(stage: Stage) -> None:
    stage.inject(StopConfirming(for_s=10))
    stage.publisher.tell(InjectFault("publisher", CrashActor()))
    stage.gone()
    assert stage.timer.waits_s == []
    stage.start(incarnation=1)
    assert stage.sink.faults == []


def test_a_crashed_publisher_takes_little_time_to_say_goodbye(stage: Stage) -> None:
    stage.publisher.tell(InjectFault("publisher", CrashActor()))
    stage.gone()
    assert stage.sink.close_timeout_s <= 0.5


# --- frames as messages ----------------------------------------------------------------------


def frame_counts(publisher: pykka.ActorRef[PublisherActor]) -> dict[CameraId, FrameCounts]:
    counts: dict[CameraId, FrameCounts]
    counts = publisher.ask(GetFrameCounts(), block=True, timeout=5)
    return counts


def test_a_notice_of_its_own_outbox_wakes_the_sink(stage: Stage) -> None:
    stage.hear(SinkConnected("broker"))
    calls = len(stage.sink.calls)
    stage.publisher.tell(FramesReady(stage.outbox))
    quiesce()
    assert stage.sink.calls[calls:] == ["frames_ready"]


def test_a_notice_of_another_outbox_brings_its_frames(stage: Stage) -> None:
    other = Outbox(stage.clock, buffer_frames=1000)
    other.add_camera(CAM1)
    other.open(CAM1, 1, "elsewhere")
    for _ in range(600):
        other.put(CAM1, 1, PICTURE)
    stage.publisher.tell(FramesReady(other))
    quiesce()
    assert other.counts()[CAM1].confirmed == 600
    counts = frame_counts(stage.publisher)[CAM1]
    assert (counts.received, counts.held, counts.imbalance()) == (600, 5, None)


def test_a_single_frame_is_accepted_or_refused_by_name(stage: Stage) -> None:
    good, bad = (PublishFrame(CameraId("drone"), each, 0) for each in (PICTURE, b"noise"))
    assert stage.publisher.ask(good, timeout=5) == PublishAnswer(PublishResult.ACCEPTED)
    assert stage.publisher.ask(bad, timeout=5) == PublishAnswer(PublishResult.NOT_A_JPEG)
    stage.publisher.tell(bad)
    quiesce()
    assert stage.publisher.is_alive()
    assert stage.sink.calls[-1] == "frames_ready"


def test_nothing_is_accepted_once_it_drains(stage: Stage) -> None:
    stage.drain()
    frame = PublishFrame(CameraId("drone"), PICTURE, 0)
    assert stage.publisher.ask(frame, timeout=5) == PublishAnswer(PublishResult.STOPPING)


def test_a_frame_behind_the_end_hears_that_the_publisher_stops(stage: Stage) -> None:
    stage.inject(DelayActor(for_s=0.2))
    stage.publisher.ask(Finish(), block=False)
    frame = PublishFrame(CameraId("drone"), PICTURE, 0)
    answer = stage.publisher.ask(frame, block=False)
    assert answer.get(timeout=5) == PublishAnswer(PublishResult.STOPPING)


def test_alone_it_has_to_be_told_where_frames_go() -> None:
    with pytest.raises(TypeError, match="where do frames go"):
        PublisherActor.start()


def test_alone_it_needs_no_more_than_a_directory(tmp_path: Path) -> None:
    publisher = PublisherActor.start(sink=sink_for(DirectorySinkConfig(path=str(tmp_path))))
    publisher.tell(PublishFrame(CameraId("drone"), PICTURE, time.time_ns()))
    eventually(lambda: frame_counts(publisher)[CameraId("drone")].confirmed == 1)
    publisher.stop(timeout=5)
    join([publisher], time.monotonic() + 5)
    assert (tmp_path / "drone" / "latest.jpg").read_bytes() == PICTURE
    assert "edge-video-timer" not in {each.name for each in threading.enumerate()}
