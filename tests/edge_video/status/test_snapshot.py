"""What the actors know, as one status."""

from __future__ import annotations

from dataclasses import replace

from edge_video.capture import CaptureTotals
from edge_video.delivery.outbox import Outbox
from edge_video.faults.scheduling import FaultCounts
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.ledger import FrameLedger
from edge_video.status.model import (
    CameraPhase,
    PublisherState,
    PublisherStatus,
    Recent,
    SystemStatus,
)
from edge_video.status.snapshot import (
    CameraRecord,
    Identity,
    breaker_view,
    take_status,
)
from edge_video.testing import FakeClock

CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")
PUBLISHER = PublisherStatus(PublisherState.CONNECTED, "broker")


def record(camera_id: CameraId, breaker: CircuitBreaker | None = None) -> CameraRecord:
    return CameraRecord(
        camera_id=camera_id,
        url="rtsp://10.0.0.1/s",
        target_fps=15,
        phase=CameraPhase.STREAMING,
        breaker=breaker or CircuitBreaker.new(BreakerPolicy()),
    )


def status_of(clock: FakeClock, ledger: FrameLedger, *records: CameraRecord) -> SystemStatus:
    identity = Identity("1.2.3", "node", started_at_ns=5, started_at_s=clock.now - 60.0)
    return take_status(
        clock,
        identity,
        records,
        ledger,
        publisher=PUBLISHER,
        process=None,
        restarts={"metrics": 1},
        faults=FaultCounts(1, 2, 3),
    )


def outbox_of(clock: FakeClock, *camera_ids: CameraId) -> Outbox:
    outbox = Outbox(clock)
    for camera_id in camera_ids:
        outbox.add_camera(camera_id)
        outbox.open(camera_id, 1, "session")
    return outbox


def test_a_camera_that_never_gave_a_frame_has_no_age_of_one() -> None:
    clock = FakeClock()
    ledger = FrameLedger({CAM1: outbox_of(clock, CAM1)}, lambda _: CaptureTotals())
    camera = status_of(clock, ledger, record(CAM1)).cameras[0]
    assert (camera.last_frame_ago_s, camera.last_failure_ago_s) == (None, None)
    assert (camera.frames.received, camera.attempts) == (0, 0)


def test_ages_are_counted_to_the_instant_of_the_picture() -> None:
    clock = FakeClock()
    outbox = outbox_of(clock, CAM1)
    outbox.put(CAM1, 1, b"\xff\xd8 a picture \xff\xd9")
    failure = Failure(Cause.STALLED)
    failed = replace(record(CAM1), last_failure=failure, last_failure_at_s=clock.now)
    clock.advance(3.0)
    ledger = FrameLedger({CAM1: outbox}, lambda _: CaptureTotals(reads=7))
    status = status_of(clock, ledger, failed)
    camera = status.cameras[0]
    assert (camera.last_frame_ago_s, camera.last_failure_ago_s) == (3.0, 3.0)
    assert (camera.last_failure, camera.capture.reads) == (failure, 7)
    assert (status.uptime_s, status.taken_at_ns) == (60.0, clock.wall)


def test_each_outbox_is_asked_once_and_every_camera_finds_its_own_books() -> None:
    clock = FakeClock()
    shared, own = outbox_of(clock, CAM1), outbox_of(clock, CAM2)
    own.put(CAM2, 1, b"\xff\xd8 a picture \xff\xd9")
    ledger = FrameLedger({CAM1: shared, CAM2: own}, lambda _: CaptureTotals())
    assert ledger.outboxes == (shared, own)
    cameras = status_of(clock, ledger, record(CAM1), record(CAM2)).cameras
    assert [camera.frames.received for camera in cameras] == [0, 1]


def test_what_went_wrong_lately_is_told_apart_from_what_was_counted_since_the_start() -> None:
    clock = FakeClock()
    outbox = outbox_of(clock, CAM1)
    ledger = FrameLedger({CAM1: outbox}, lambda _: CaptureTotals())
    failed = record(CAM1).with_failure(Failure(Cause.STALLED), clock.now)
    for _ in range(7):
        outbox.put(CAM1, 1, b"\xff\xd8 a picture \xff\xd9")

    def recent() -> Recent:
        status = status_of(clock, ledger, failed)
        assert status.recent == status.cameras[0].recent
        assert status.totals.dropped == 2
        return status.recent

    assert recent() == Recent(2, True, 1)
    clock.advance(10.5)
    assert recent() == Recent(2, False, 1)
    clock.advance(279.0)
    assert recent() == Recent(2, False, 1)
    clock.advance(11.0)
    assert recent() == Recent(0, False, 0)
    clock.advance(1e6)
    assert recent() == Recent(0, False, 0)


def test_failures_that_are_remembered_are_bounded() -> None:
    failing = record(CAM1)
    for n in range(1200):
        failing = failing.with_failure(Failure(Cause.STALLED), 100.0 + n / 100)
    assert len(failing.failed_at_s) == 1000
    assert len(failing.with_failure(Failure(Cause.STALLED), 5000.0).failed_at_s) == 1


def test_a_status_is_not_changed_by_what_happens_later() -> None:
    clock = FakeClock()
    restarts = {"metrics": 1}
    ledger = FrameLedger({CAM1: outbox_of(clock, CAM1)}, lambda _: CaptureTotals())
    identity = Identity("1", "node", 0, clock.now)
    status = take_status(
        clock,
        identity,
        [record(CAM1)],
        ledger,
        publisher=PUBLISHER,
        process=None,
        restarts=restarts,
        faults=FaultCounts(1, 2, 3),
    )
    restarts["metrics"] = 2
    assert status.restarts == {"metrics": 1}
    assert (status.faults_injected, status.faults_refused, status.faults_armed) == (1, 2, 3)


def test_a_breaker_is_shown_with_the_time_that_is_left() -> None:
    policy = BreakerPolicy(max_failures=1, initial_backoff_s=5.0, reset_timeout_s=5.0, jitter=0.0)
    breaker = CircuitBreaker.new(policy).permit(100.0)[0].failure(100.0, 1)
    view = breaker_view(breaker, 104.0)
    assert (view.state, view.retry_in_s, view.backoff_s) == (BreakerState.OPEN, 6.0, 5.0)
    assert (view.calls, view.failures, view.changes) == (1, 1, 1)
    forced = breaker_view(breaker.force_open(104.0), 104.0)
    assert (forced.forced_open, forced.retry_in_s) == (True, None)
