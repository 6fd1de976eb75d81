"""Facts in, snapshots out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.faults.scheduling import FaultCounts
from edge_video.frames import CameraId
from edge_video.http.camera_history import CameraExtra
from edge_video.http.health import health, ready
from edge_video.http.status_store import MAX_PICTURE_BYTES, StatusStore
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.units import s_to_ns
from edge_video.status.ledger import FrameLedger
from edge_video.status.model import CameraPhase, PublisherState, PublisherStatus
from edge_video.status.snapshot import CameraRecord, Identity
from edge_video.status.timeline import EntryKind
from edge_video.testing import FakeClock
from tests.edge_video.report.examples import sample

DOOR = CameraId("door")
PICTURE = b"\xff\xd8 a picture \xff\xd9"
CONNECTED = PublisherStatus(PublisherState.CONNECTED, "broker", connections=1)


class Scene:
    """A status store, an outbox with one camera, and a clock; the cameras `gone` were there."""

    def __init__(self, *gone: CameraId) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock)
        self.outbox.add_camera(DOOR)
        self.outbox.open(DOOR, 1, "s1")
        ledger = FrameLedger(dict.fromkeys([DOOR, *gone], self.outbox), lambda _: CaptureTotals())
        identity = Identity("1.2.3", "shop", self.clock.wall_ns(), self.clock.monotonic())
        connecting = PublisherStatus(PublisherState.CONNECTING, "broker")
        self.store = StatusStore(self.clock, identity, ledger, connecting)
        self.record = CameraRecord(
            DOOR,
            "rtsp://10.0.0.5/s",
            15,
            CameraPhase.STREAMING,
            CircuitBreaker.new(BreakerPolicy()),
        )
        self.began_ns = self.clock.wall_ns()
        self.store.camera_changed(self.record)

    def extra(self) -> CameraExtra:
        return self.store.snapshot().cameras["door"]

    def run(self, seconds: int, fps: int) -> None:
        for _ in range(seconds):
            for _ in range(fps):
                self.outbox.put(DOOR, 1, PICTURE)
            self.clock.advance(1.0)
            self.store.ticked()
            self.store.supervisor_said({"publisher": True}, stopping=False)

    def fails(self, breaker: CircuitBreaker) -> None:
        self.record = replace(
            self.record,
            phase=CameraPhase.STARTING,
            breaker=breaker,
            last_failure=Failure(Cause.STALLED),
            last_failure_at_s=self.clock.monotonic(),
        )
        self.store.camera_changed(self.record)


def test_a_snapshot_is_taken_at_most_twice_a_second() -> None:
    scene = Scene()
    first = scene.store.snapshot()
    scene.clock.advance(0.4)
    assert scene.store.snapshot().status is first.status
    scene.clock.advance(0.2)
    assert scene.store.snapshot().status is not first.status


def test_restarts_and_faults_are_those_that_were_counted_last() -> None:
    scene = Scene()
    scene.store.restarts_counted({"metrics": 2}, FaultCounts(injected=1, refused=2, armed=3))
    status = scene.store.snapshot().status
    assert status.restarts == {"metrics": 2}
    assert (status.faults_injected, status.faults_refused, status.faults_armed) == (1, 2, 3)


def test_the_frame_rate_is_that_of_the_last_seconds() -> None:
    scene = Scene()
    scene.run(20, 15)
    scene.run(10, 3)
    extra = scene.store.snapshot().cameras["door"]
    assert extra.fps == pytest.approx(3.0, abs=0.1)
    assert extra.fps_history[:2] == (15.0, 15.0)
    assert extra.fps_history[-1] == 3.0


def test_the_history_is_ten_minutes_long() -> None:
    scene = Scene()
    scene.run(1000, 1)
    assert len(scene.store.snapshot().cameras["door"].fps_history) == 120


def test_trouble_has_one_beginning_however_often_it_is_tried() -> None:
    scene = Scene()
    scene.run(10, 15)
    began_ns = scene.clock.wall_ns()
    breaker = replace(scene.record.breaker, state=BreakerState.OPEN, changes=1)
    scene.fails(breaker)
    for number in range(5):
        scene.clock.advance(30)
        scene.fails(replace(breaker, changes=2 + number, consecutive_failures=number))
    assert scene.store.snapshot().cameras["door"].since_ns == began_ns


def test_the_word_has_a_beginning_of_its_own() -> None:
    scene = Scene()
    scene.run(60, 5)
    assert scene.extra().word_since_ns == scene.began_ns
    scene.run(8, 0)
    quiet = scene.extra()
    assert quiet.word_since_ns == scene.clock.wall_ns() - s_to_ns(4), "late after five seconds"
    scene.run(10, 5)
    assert scene.extra().word_since_ns == scene.clock.wall_ns() - s_to_ns(9)


def test_the_uptime_is_that_of_the_time_in_which_frames_were_expected() -> None:
    scene = Scene()
    scene.run(90, 1)
    assert scene.extra().uptime_day == 1.0
    scene.fails(scene.record.breaker)
    scene.run(30, 0)
    assert scene.extra().uptime_day == pytest.approx(0.75, abs=0.01)
    scene.store.camera_changed(replace(scene.record, phase=CameraPhase.STOPPED))
    scene.run(600, 0)
    assert scene.extra().uptime_day == pytest.approx(0.75, abs=0.01)
    assert scene.extra().uptime_week is None


def test_an_opening_is_counted_under_the_failure_that_caused_it() -> None:
    scene = Scene()
    opened = replace(scene.record.breaker, state=BreakerState.OPEN, changes=1)
    scene.store.camera_changed(replace(scene.record, breaker=opened))  # the breaker speaks first
    assert scene.store.timeline()[1] == ()
    scene.fails(opened)
    assert [entry.kind for entry in scene.store.timeline()[1]] == [EntryKind.BREAKER_OPENED]
    assert scene.store.snapshot().cameras["door"].transitions == {("CLOSED", "OPEN", "stalled"): 1}


def test_a_picture_is_the_same_for_all_who_look_and_watched_only_while_they_do() -> None:
    scene = Scene()
    assert scene.store.picture(DOOR) == (None, False)
    scene.clock.advance(1)
    scene.outbox.put(DOOR, 1, PICTURE)
    first, _ = scene.store.picture(DOOR)
    assert first is not None
    assert first.image is PICTURE  # a reference, no copy
    scene.outbox.put(DOOR, 1, b"\xff\xd8 newer \xff\xd9")
    assert scene.store.picture(DOOR)[0] is first
    live, _ = scene.store.picture(DOOR, 0.0)
    assert live is not None
    assert live.seq == first.seq + 1, "who looks closely need not wait"
    assert scene.outbox.pictures.forget_unwatched() == 1
    scene.run(30, 5)
    assert scene.outbox.pictures.forget_unwatched() == 0


def test_the_last_picture_of_a_camera_that_failed_stays() -> None:
    scene = Scene()
    scene.run(30, 5)
    before, is_quiet = scene.store.picture(DOOR)
    assert before is not None, "at once, although nobody has looked before"
    assert 150 - before.seq <= 4 * 5, "one of the last seconds"
    assert not is_quiet
    scene.fails(scene.record.breaker)
    scene.run(3600, 0)
    last, is_quiet = scene.store.picture(DOOR)
    assert last is not None
    assert last.seq >= before.seq
    assert is_quiet


def test_of_a_camera_that_was_removed_no_picture_is_kept() -> None:
    scene = Scene()
    scene.run(10, 5)
    scene.outbox.pictures.remember(MAX_PICTURE_BYTES, ())
    assert scene.outbox.pictures.watch(DOOR, 0.0) is None


def test_a_camera_that_has_gone_quiet_has_an_old_picture() -> None:
    scene = Scene()
    scene.run(10, 5)
    scene.run(3, 0)
    assert not scene.store.picture(DOOR)[1]
    scene.run(3, 0)
    assert scene.store.picture(DOOR)[1]


def test_last_pictures_are_bounded_and_none_is_kept_while_memory_is_short() -> None:
    scene = Scene()
    large = PICTURE + bytes(MAX_PICTURE_BYTES)
    scene.run(5, 5)
    for _ in range(10):
        scene.outbox.put(DOOR, 1, large)
        scene.clock.advance(1)
        scene.store.ticked()
    assert scene.store.picture(DOOR)[0] is None
    scene.run(60, 5)
    scene.store.process_measured(replace(sample(), memory_level=MemoryLevel.CRITICAL))
    scene.run(10, 5)
    assert scene.store.picture(DOOR)[0] is None
    scene.store.process_measured(sample())
    scene.run(60, 5)
    assert scene.store.picture(DOOR)[0] is not None


def test_cameras_that_were_removed_have_no_share_of_the_pictures() -> None:
    gone = [CameraId(f"gone-{number}") for number in range(64)]
    scene = Scene(*gone)
    for _ in range(10):
        scene.outbox.put(DOOR, 1, PICTURE + bytes(MAX_PICTURE_BYTES - len(PICTURE)))
        scene.clock.advance(1)
        scene.store.ticked()
    assert scene.store.picture(DOOR)[0] is not None


def test_there_is_no_picture_of_a_camera_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        Scene().store.picture(CameraId("window"))


def test_the_latency_is_from_whole_frame_to_confirm() -> None:
    scene = Scene()
    for wait_s in (0.004, 0.02, 0.3, 60.0):
        scene.outbox.put(DOOR, 1, PICTURE)
        frame = scene.outbox.take()
        assert frame is not None
        scene.clock.advance(wait_s)
        scene.outbox.settle(DOOR, frame.seq, Outcome.CONFIRMED)
    latency = scene.store.snapshot().status.cameras[0].latency
    assert latency.count == 4
    assert latency.counts[0] == latency.counts[-1] == 1
    assert latency.sum_s == pytest.approx(60.324)


def test_health_says_who_is_silent() -> None:
    scene = Scene()
    scene.run(3, 1)
    assert health(scene.store.pulse()).ok
    scene.clock.advance(10)
    scene.store.ticked()
    verdict = health(scene.store.pulse())
    assert verdict.reasons == (
        "the supervisor has said nothing for 10s: what is shown is as old as that",
    )
    scene.clock.advance(10)
    assert "the timer has not ticked for 10s" in health(scene.store.pulse()).reasons
    scene.store.supervisor_said({"publisher": True, "metrics": False}, stopping=False)
    scene.store.ticked()
    assert health(scene.store.pulse()).reasons == ("the metrics does not run",)


def test_ready_wants_what_is_configured() -> None:
    scene = Scene()
    scene.run(2, 5)

    def reasons(*, publisher: bool = True, cameras: int = 1) -> tuple[str, ...]:
        snapshot = scene.store.snapshot()
        return ready(
            snapshot.pulse, snapshot.status, needs_publisher=publisher, needs_cameras=cameras
        ).reasons

    assert reasons() == ("the publisher is connecting",)
    assert reasons(publisher=False) == ()
    scene.store.publisher_changed(CONNECTED, None)
    scene.clock.advance(1)
    assert reasons() == ()
    assert reasons(cameras=2) == ("1 of 2 cameras that must stream do",)
    scene.fails(scene.record.breaker)
    scene.clock.advance(1)
    assert reasons() == ("0 of 1 cameras that must stream do; not streaming: door",)
    scene.store.supervisor_said({}, stopping=True)
    assert reasons(cameras=0) == ("the system is stopping",)


def test_ready_is_about_delivery_of_each_exchange() -> None:
    scene = Scene()
    scene.store.publisher_changed(CONNECTED, None)

    def reasons() -> tuple[str, ...]:
        scene.clock.advance(1)
        scene.store.ticked()
        scene.store.supervisor_said({}, stopping=False)
        snapshot = scene.store.snapshot()
        return ready(
            snapshot.pulse,
            snapshot.status,
            needs_publisher=True,
            needs_cameras=1,
            cameras=snapshot.cameras,
        ).reasons

    scene.run(10, 5)
    assert reasons() == (), "it may take a while"
    scene.run(10, 5)
    assert reasons() == ("no frame was confirmed for 22s",)
    scene.run(1, 5)
    scene.outbox.deliver(1)
    assert reasons() == (), "confirms flow"
    scene.run(1, 5)
    scene.outbox.deliver()
    scene.clock.advance(60)
    assert reasons() == (), "nothing to send"


def test_a_camera_that_has_gone_has_nothing_to_send() -> None:
    scene = Scene()
    scene.run(5, 1)
    scene.outbox.drop_held(DropReason.REFUSED)
    assert scene.outbox.health.undelivered_s(DOOR) == 5.0
    scene.clock.advance(60)
    assert scene.outbox.health.undelivered_s(DOOR) is None


def test_one_silent_exchange_is_named_and_one_refused_camera_of_another_is_not() -> None:
    cameras = {
        "a": CameraExtra(exchange="good", undelivered_s=0.1),
        "b": CameraExtra(exchange="good", undelivered_s=100.0),
        "c": CameraExtra(exchange="bad", undelivered_s=100.0),
        "d": CameraExtra(exchange="idle"),
    }
    scene = Scene()
    scene.store.publisher_changed(CONNECTED, None)
    scene.store.supervisor_said({}, stopping=False)
    scene.store.ticked()
    snapshot = scene.store.snapshot()
    verdict = ready(
        snapshot.pulse, snapshot.status, needs_publisher=True, needs_cameras=0, cameras=cameras
    )
    assert verdict.reasons == ("no frame to exchange 'bad' was confirmed for 1m40s",)


def test_a_day_of_rates_is_that_of_the_camera_and_unknown_for_any_other() -> None:
    scene = Scene()
    scene.run(60, 10)
    assert scene.store.day_of_rates(DOOR).fps == (10.0,)
    with pytest.raises(KeyError):
        scene.store.day_of_rates(CameraId("yard"))
