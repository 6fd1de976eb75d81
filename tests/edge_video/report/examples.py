"""Snapshots for the tests of the reports."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.frames import CameraId
from edge_video.metrics.memory import MemoryLevel
from edge_video.metrics.sample import ProcessSample
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import (
    BreakerView,
    CameraPhase,
    CameraStatus,
    Outage,
    PublisherState,
    PublisherStatus,
    Recent,
    SystemStatus,
)
from edge_video.status.snapshot import CameraRecord

GOLDEN = Path(__file__).parent / "golden"
MB = 1024 * 1024
STARTED_AT_NS = 1_769_871_600_000_000_000
_LONG_S = 3690.4
"""How long the run lasted in which there was an outage that is not over."""


def assert_golden(name: str, text: str) -> None:
    """Compare with the file of that name; `UPDATE_GOLDEN=1` writes it instead."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


def breaker(
    state: BreakerState = BreakerState.CLOSED,
    *,
    successes: int = 0,
    failures: int = 0,
    rejected: int = 0,
    changes: int = 0,
    retry_in_s: float | None = 0.0,
    forced_open: bool = False,
) -> BreakerView:
    return BreakerView(
        state=state,
        calls=successes + failures,
        successes=successes,
        failures=failures,
        rejected=rejected,
        changes=changes,
        consecutive_failures=failures,
        backoff_s=5.0,
        retry_in_s=retry_in_s,
        forced_open=forced_open,
    )


def camera(
    camera_id: str = "cam1",
    phase: CameraPhase = CameraPhase.STREAMING,
    *,
    state: BreakerView | None = None,
    frames: FrameCounts | None = None,
    last_frame_ago_s: float | None = None,
    failure: Failure | None = None,
    attempts: int = 1,
) -> CameraStatus:
    return CameraStatus(
        camera_id=CameraId(camera_id),
        phase=phase,
        url="rtsp://user:***@10.0.0.5:554/stream",
        target_fps=15,
        attempts=attempts,
        breaker=state or breaker(),
        frames=frames or FrameCounts(),
        capture=CaptureTotals(),
        last_frame_ago_s=last_frame_ago_s,
        last_failure=failure,
        last_failure_ago_s=None if failure is None else 12.7,
        width=0,
        height=0,
        ffmpeg_pid=None,
    )


def record(
    camera_id: str = "cam1",
    state: BreakerState = BreakerState.CLOSED,
    phase: CameraPhase = CameraPhase.STREAMING,
) -> CameraRecord:
    """What the supervisor tells of a camera with its breaker in this state."""
    breaker = replace(CircuitBreaker.new(BreakerPolicy()), state=state)
    return CameraRecord(CameraId(camera_id), "rtsp://10.0.0.5/stream", 15, phase, breaker)


def good_counts(frames: int, *, bytes_each: int = 50_000) -> FrameCounts:
    """All received, published and confirmed after 4.2 ms each."""
    return FrameCounts(
        received=frames,
        published=frames,
        confirmed=frames,
        received_bytes=frames * bytes_each,
        published_bytes=frames * bytes_each,
        confirm_ns=frames * 4_200_000,
    )


def connected() -> PublisherStatus:
    return PublisherStatus(
        PublisherState.CONNECTED, "amqp://shop:***@broker:5672/video", connections=1
    )


def outage(began_s: int, ended_s: int | None, reason: str, *, dropped: int) -> Outage:
    """Between two moments of the run, in seconds since its start."""
    ended_ns = None if ended_s is None else STARTED_AT_NS + ended_s * 10**9
    lasted_s = (_LONG_S if ended_s is None else ended_s) - began_s
    return Outage(STARTED_AT_NS + began_s * 10**9, ended_ns, reason, dropped, lasted_s)


def system(
    *cameras: CameraStatus,
    publisher: PublisherStatus | None = None,
    process: ProcessSample | None = None,
    uptime_s: float = 54.4,
) -> SystemStatus:
    return SystemStatus(
        version="0.1.0",
        node="shop-17",
        started_at_ns=STARTED_AT_NS,
        taken_at_ns=STARTED_AT_NS + round(uptime_s * 1e9),
        uptime_s=uptime_s,
        cameras=cameras,
        publisher=publisher or connected(),
        process=process,
    )


def quoted_system() -> SystemStatus:
    """The facts of the user's own example of a monitor, and nothing besides."""
    return system(
        camera("cam1", frames=good_counts(815), last_frame_ago_s=0.03),
        quoted_camera(),
    )


def quoted_camera() -> CameraStatus:
    """cam6 of the user's own examples: five failures, never a frame."""
    return camera(
        "cam6",
        CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, failures=5, changes=1, retry_in_s=None),
    )


def sample() -> ProcessSample:
    return ProcessSample(
        cpu_percent=12.34,
        rss_bytes=int(61.5 * MB),
        ffmpeg_processes=3,
        ffmpeg_cpu_percent=84.96,
        ffmpeg_rss_bytes=int(212.25 * MB),
        system_ram_bytes=7982 * MB,
        system_ram_used_percent=41.2,
        system_cpu_percent=55.5,
        threads=17,
        actors=9,
        allocated_blocks=123_456,
        gc_collections=120,
        gc_last_ago_s=3.9,
        memory_level=MemoryLevel.WARNING,
        memory_limit_bytes=96 * MB,
    )


def busy_system() -> SystemStatus:
    """A shop in which everything happens at once: one camera in each condition."""
    good = replace(
        camera(
            "cam1",
            frames=good_counts(54_900),
            last_frame_ago_s=0.03,
            state=breaker(successes=3_660),
        ),
        width=1280,
        height=720,
        ffmpeg_pid=4711,
        capture=CaptureTotals(
            reads=70_000, read_ns=9_450_000_000, splits=54_900, split_ns=1_372_500_000
        ),
    )
    losses = FrameCounts(
        received=40_000,
        published=39_000,
        dropped_overflow=160,
        dropped_not_connected=640,
        dropped_stale=190,
        dropped_memory=5,
        held=5,
        confirmed=38_900,
        nacked=1,
        returned=60,
        unknown=35,
        in_flight=4,
        refused_late=2,
        received_bytes=40_000 * 50_000,
        published_bytes=39_000 * 50_000,
        confirm_ns=38_900 * 9_000_000,
    )
    late = replace(
        camera(
            "cam2",
            frames=losses,
            last_frame_ago_s=7.2,
            attempts=3,
            state=breaker(successes=2_600, failures=2),
            failure=Failure(Cause.END_OF_STREAM),
        ),
        width=1920,
        height=1080,
        capture=CaptureTotals(discarded_bytes=4_096, oversized=1),
        recent=Recent(dropped_5m=640, dropping=True, failures_5m=1),
    )
    probing = camera(
        "cam3",
        CameraPhase.STARTING,
        state=breaker(BreakerState.HALF_OPEN, failures=6, changes=3),
        failure=Failure(Cause.TIMEOUT, "Connection timed out", 1),
        attempts=7,
    )
    stopped = camera("cam4", CameraPhase.STOPPED, frames=good_counts(300), last_frame_ago_s=3600.0)
    disabled = camera("cam5", CameraPhase.DISABLED)
    locked = camera(
        "cam6",
        CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, failures=2, rejected=1, changes=1, retry_in_s=57.2),
        failure=Failure(Cause.WRONG_PASSWORD, "401 Unauthorized", 1),
        attempts=2,
    )
    connecting = camera(
        "cam7",
        CameraPhase.STARTING,
        state=breaker(failures=1),
        failure=Failure(Cause.UNKNOWN, "Invalid data found when processing input", 1),
        attempts=2,
    )
    held = camera(
        "cam8",
        CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, changes=1, retry_in_s=None, forced_open=True),
    )
    status = system(
        good,
        late,
        probing,
        stopped,
        disabled,
        locked,
        connecting,
        held,
        process=sample(),
        uptime_s=_LONG_S,
        publisher=PublisherStatus(
            PublisherState.WAITING,
            "amqp://shop:***@broker:5672/video",
            reason="connection refused by broker:5672",
            connections=2,
            connections_lost=1,
            failed_attempts=2,
            retry_in_s=7.1,
            outages=(
                outage(600, 644, "connection reset by the broker", dropped=856),
                outage(3_646, None, "connection refused by broker:5672", dropped=640),
            ),
            down_for_s=44.0,
        ),
    )
    return replace(status, restarts={"publisher": 1, "metrics": 0}, faults_injected=2)
