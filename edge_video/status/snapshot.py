"""Makes one `SystemStatus` of what the actors know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import FrameCounts, LatencyHistogram
from edge_video.status.model import (
    BreakerView,
    CameraPhase,
    CameraStatus,
    PublisherStatus,
    SystemStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_video.faults.scheduling import FaultCounts
    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.resilience.breaker import CircuitBreaker
    from edge_video.resilience.failures import Failure
    from edge_video.runtime.timer import Clock
    from edge_video.status.ledger import FrameLedger


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """What the supervisor knows about one camera; everything else is counted elsewhere."""

    camera_id: CameraId
    url: str
    """Masked."""
    target_fps: int
    phase: CameraPhase
    breaker: CircuitBreaker
    ffmpeg_pid: int | None = None
    key_frame_wait_s: float | None = None
    key_frame_interval_s: float | None = None
    last_failure: Failure | None = None
    last_failure_at_s: float | None = None
    """Monotonic clock."""
    usual_fps: float | None = None
    """See `edge_video.status.usual_rate`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What never changes while the system runs."""

    version: str
    node: str
    started_at_ns: int
    """Wall clock."""
    started_at_s: float
    """Monotonic clock."""


def breaker_view(breaker: CircuitBreaker, now_s: float) -> BreakerView:
    """A breaker as reports show it, at the monotonic time `now_s`."""
    return BreakerView(
        state=breaker.state,
        calls=breaker.calls,
        successes=breaker.successes,
        failures=breaker.failures,
        rejected=breaker.rejected,
        changes=breaker.changes,
        consecutive_failures=breaker.consecutive_failures,
        backoff_s=breaker.backoff_s,
        retry_in_s=breaker.retry_in_s(now_s),
        forced_open=breaker.forced_open,
        session_ends=breaker.session_ends,
    )


def take_status(
    clock: Clock,
    identity: Identity,
    records: Iterable[CameraRecord],
    ledger: FrameLedger,
    *,
    publisher: PublisherStatus,
    publisher_retry_at_s: float | None = None,
    process: ProcessSample | None,
    restarts: Mapping[str, int],
    faults: FaultCounts,
) -> SystemStatus:
    """One consistent picture of everything, as of now. Any thread; touches no actor.

    `publisher` is what its actor told last; its countdown is made anew from
    `publisher_retry_at_s` (monotonic clock), where that is known.
    """
    now_s = clock.monotonic()
    if publisher_retry_at_s is not None:
        publisher = replace(publisher, retry_in_s=max(0.0, publisher_retry_at_s - now_s))
    counts, latencies = ledger.frame_counts(), ledger.latencies()
    return SystemStatus(
        version=identity.version,
        node=identity.node,
        started_at_ns=identity.started_at_ns,
        taken_at_ns=clock.wall_ns(),
        uptime_s=now_s - identity.started_at_s,
        cameras=tuple(
            _camera_status(
                record,
                counts.get(record.camera_id, FrameCounts()),
                latencies.get(record.camera_id, LatencyHistogram()),
                ledger,
                now_s,
            )
            for record in records
        ),
        publisher=publisher,
        process=process,
        restarts=dict(restarts),
        faults_injected=faults.injected,
        faults_refused=faults.refused,
        faults_armed=faults.armed,
    )


def _camera_status(
    record: CameraRecord,
    counts: FrameCounts,
    latency: LatencyHistogram,
    ledger: FrameLedger,
    now_s: float,
) -> CameraStatus:
    outbox = ledger.outbox_of[record.camera_id]
    last_frame_s = outbox.last_frame_s(record.camera_id)
    width, height = outbox.last_size(record.camera_id)
    failed_s = record.last_failure_at_s
    return CameraStatus(
        camera_id=record.camera_id,
        phase=record.phase,
        url=record.url,
        target_fps=record.target_fps,
        attempts=record.breaker.generation,
        breaker=breaker_view(record.breaker, now_s),
        frames=counts,
        capture=ledger.capture_totals(record.camera_id),
        last_frame_ago_s=None if last_frame_s is None else max(0.0, now_s - last_frame_s),
        last_failure=record.last_failure,
        last_failure_ago_s=None if failed_s is None else max(0.0, now_s - failed_s),
        width=width,
        height=height,
        ffmpeg_pid=record.ffmpeg_pid,
        latency=latency,
        key_frame_wait_s=record.key_frame_wait_s,
        key_frame_interval_s=record.key_frame_interval_s,
        usual_fps=record.usual_fps,
    )
