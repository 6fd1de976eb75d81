"""Makes one `SystemStatus` of what the actors know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from edge_video.delivery.ledger import FrameCounts, LatencyHistogram
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import (
    BreakerView,
    CameraMode,
    CameraPhase,
    CameraStatus,
    PublisherStatus,
    Recent,
    SystemStatus,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from edge_video.capture.hardware import Decoding
    from edge_video.faults.scheduling import FaultCounts
    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.resilience.breaker import CircuitBreaker
    from edge_video.resilience.failures import Failure
    from edge_video.resilience.liveness import PictureState
    from edge_video.runtime.timer import Clock
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.ledger import FrameLedger


RECENT_S: Final = 300.0
_MAX_FAILURES: Final = 1000
"""Remembered of one camera: more than can fail in that time."""
_Known = TypeVar("_Known")


class Off(NamedTuple):
    """Nobody is there, and nobody has to be."""

    since_ns: int
    """Wall clock."""
    since_s: float
    """Monotonic clock."""
    level_s: float
    """The present wait between two tries, before the jitter."""
    retry_at_s: float
    """Monotonic clock, when it is tried next."""


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
    decoding: Decoding | None = None
    """As in `CameraStatus`."""
    unchanged_s: float | None = None
    mode: CameraMode = CameraMode.TRANSCODE
    """As in `CameraStatus`."""
    interval_s: float | None = None
    last_failure: Failure | None = None
    last_failure_at_s: float | None = None
    """Monotonic clock."""
    usual_fps: float | None = None
    """See `edge_video.status.usual_rate`."""
    received_fps: float | None = None
    """As in `CameraStatus`."""
    stop_began_s: float | None = None
    """Monotonic clock, when the whole system began to stop; None before that."""
    opens_at: str | None = None
    """As in `CameraStatus`."""
    off_by_profile: str | None = None
    """As in `CameraStatus`."""
    is_elsewhere: bool = False
    """In a cluster: it is not granted to this node, another one captures it or should."""
    owner: str | None = None
    """As in `CameraStatus`."""
    unowned_since_s: float | None = None
    """Monotonic clock, since when no node has it although all are heard, once that is a minute."""
    epoch: int | None = None
    """In a cluster: of the lease with which this node captures it; None where it does not."""
    closed_at_s: float | None = None
    """Monotonic clock, since when it is closed; None while it is open."""
    closed_before_s: float = 0.0
    """How long it was closed before that, all times together."""
    intermittent: bool = False
    """As in `CameraStatus`."""
    masks: int = 0
    """As in `CameraStatus`."""
    off: Off | None = None
    """None while it is there, or has to be."""
    off_before_s: float = 0.0
    """How long it was off before that, all times together."""
    picture: PictureState | None = None
    """As in `CameraStatus`."""
    picture_since_ns: int | None = None
    """As in `CameraStatus`."""
    failed_at_s: tuple[float, ...] = ()
    """When attempts failed lately, oldest first: monotonic clock."""

    @property
    def is_closed(self) -> bool:
        """Whether its schedule, a profile or the want of a lease keeps it closed."""
        return self.opens_at is not None or self.off_by_profile is not None or self.is_elsewhere

    def off_schedule_s(self, now_s: float) -> float:
        """As in `CameraStatus`, at the monotonic time `now_s`."""
        closed_s = 0.0 if self.closed_at_s is None else max(0.0, now_s - self.closed_at_s)
        return self.closed_before_s + closed_s

    def off_expected_s(self, now_s: float) -> float:
        """As in `CameraStatus`, at the monotonic time `now_s`."""
        off_s = 0.0 if self.off is None else max(0.0, now_s - self.off.since_s)
        return self.off_before_s + off_s

    def there(self, now_s: float) -> CameraRecord:
        """The record of a camera that is there, or has to be, from the time `now_s` on."""
        if self.off is None:
            return self
        return replace(self, off=None, off_before_s=self.off_expected_s(now_s))

    def with_failure(self, failure: Failure, now_s: float) -> CameraRecord:
        """The record after one more failed attempt, at the monotonic time `now_s`."""
        lately = [at_s for at_s in self.failed_at_s if now_s - at_s <= RECENT_S]
        return replace(
            self,
            last_failure=failure,
            last_failure_at_s=now_s,
            failed_at_s=(*lately[1 - _MAX_FAILURES :], now_s),
        )


@dataclass(frozen=True, slots=True)
class PublisherMarks:
    """What makes a `PublisherStatus` that was told some time ago current again."""

    retry_at_s: float | None = None
    """Monotonic clock, when the next connection is tried."""
    down_since_s: float | None = None
    """Monotonic clock, since when frames cannot be delivered; None while they can be."""
    dropped_before: int = 0
    """Frames that had been dropped as `not_connected` when the present outage began."""
    outage_since_s: float | None = None
    """Monotonic clock, since when the present outage lasts; None without one."""

    def refresh(self, status: PublisherStatus, now_s: float, not_connected: int) -> PublisherStatus:
        """The status as of now, where `not_connected` frames have been dropped so far."""
        retry_s, since_s, outages = self.retry_at_s, self.down_since_s, status.outages
        lasting = status.lasting_outage
        if lasting is not None:
            dropped = max(0, not_connected - self.dropped_before)
            began_s = self.outage_since_s
            lasted_s = lasting.lasted_s if began_s is None else max(0.0, now_s - began_s)
            outages = (*outages[:-1], replace(lasting, dropped=dropped, lasted_s=lasted_s))
        return replace(
            status,
            retry_in_s=None if retry_s is None else max(0.0, retry_s - now_s),
            down_for_s=None if since_s is None else max(0.0, now_s - since_s),
            outages=outages,
        )


def publisher_now(
    told: PublisherStatus,
    marks: PublisherMarks | None,
    now_s: float,
    counts: Iterable[FrameCounts],
) -> PublisherStatus:
    """What a publisher told, as of now, where these frames are counted; as it was without marks."""
    if marks is None:
        return told
    return marks.refresh(told, now_s, sum(each.dropped_not_connected for each in counts))


@dataclass(frozen=True, slots=True)
class Identity:
    """What never changes while the system runs."""

    version: str
    node: str
    started_at_ns: int
    """Wall clock."""
    started_at_s: float
    """Monotonic clock."""


def in_order(
    known: Mapping[CameraId, _Known], cameras: Iterable[CameraId]
) -> dict[CameraId, _Known]:
    """What is known of these cameras, in their order; what is known of others is left out."""
    return {camera_id: known[camera_id] for camera_id in cameras if camera_id in known}


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
        retry_in_s=breaker.retry_in_s(now_s) if breaker.state is BreakerState.OPEN else None,
        forced_open=breaker.forced_open,
        session_ends=breaker.session_ends,
    )


def take_status(
    clock: Clock,
    identity: Identity,
    records: Collection[CameraRecord],
    ledger: FrameLedger,
    *,
    publisher: PublisherStatus,
    publisher_marks: PublisherMarks | None = None,
    process: ProcessSample | None,
    restarts: Mapping[str, int],
    faults: FaultCounts,
    config: ConfigStatus | None = None,
) -> SystemStatus:
    """One consistent picture of everything, as of now. Any thread; touches no actor.

    `publisher` is what its actor told last; what changes with time is made anew from
    `publisher_marks`, where they are known.
    """
    now_s = clock.monotonic()
    counts, latencies, drops = ledger.frame_counts(), ledger.latencies(), ledger.recent_drops()
    publisher = publisher_now(publisher, publisher_marks, now_s, counts.values())
    return SystemStatus(
        version=identity.version,
        node=identity.node,
        started_at_ns=identity.started_at_ns,
        taken_at_ns=clock.wall_ns(),
        uptime_s=now_s - identity.started_at_s,
        cameras=tuple(
            _camera_status(
                record,
                now_s,
                ledger,
                _Counted(
                    counts.get(record.camera_id, FrameCounts()),
                    latencies.get(record.camera_id, LatencyHistogram()),
                    *drops.get(record.camera_id, (0, False)),
                ),
            )
            for record in records
        ),
        publisher=publisher,
        process=process,
        restarts=dict(restarts),
        faults_injected=faults.injected,
        faults_refused=faults.refused,
        faults_armed=faults.armed,
        config=config,
        removed=ledger.removed_counts(counts, [record.camera_id for record in records]),
    )


class _Counted(NamedTuple):
    """What was counted of one camera's frames."""

    frames: FrameCounts
    latency: LatencyHistogram
    dropped_lately: int
    dropping: bool


def _camera_status(
    record: CameraRecord, now_s: float, ledger: FrameLedger, counted: _Counted
) -> CameraStatus:
    outbox = ledger.outbox_of[record.camera_id]
    last_frame_s = outbox.last_frame_s(record.camera_id)
    width, height = outbox.last_size(record.camera_id)
    failed_s = record.last_failure_at_s
    # No camera is late because the program takes its time to end.
    until_s = now_s if record.stop_began_s is None else record.stop_began_s
    return CameraStatus(
        camera_id=record.camera_id,
        phase=record.phase,
        url=record.url,
        target_fps=record.target_fps,
        attempts=record.breaker.generation,
        breaker=breaker_view(record.breaker, now_s),
        frames=counted.frames,
        capture=ledger.capture_totals(record.camera_id),
        last_frame_ago_s=None if last_frame_s is None else max(0.0, until_s - last_frame_s),
        last_failure=record.last_failure,
        last_failure_ago_s=None if failed_s is None else max(0.0, now_s - failed_s),
        width=width,
        height=height,
        ffmpeg_pid=record.ffmpeg_pid,
        latency=counted.latency,
        key_frame_wait_s=record.key_frame_wait_s,
        key_frame_interval_s=record.key_frame_interval_s,
        decoding=record.decoding,
        unchanged_s=record.unchanged_s,
        mode=record.mode,
        interval_s=record.interval_s,
        usual_fps=record.usual_fps,
        received_fps=record.received_fps,
        opens_at=record.opens_at,
        off_by_profile=record.off_by_profile,
        off_schedule_s=record.off_schedule_s(now_s),
        intermittent=record.intermittent,
        masks=record.masks,
        owner=record.owner,
        epoch=record.epoch,
        unowned_s=_unowned_s(record, until_s),
        off_since_ns=None if record.off is None else record.off.since_ns,
        off_expected_s=record.off_expected_s(now_s),
        picture=record.picture,
        picture_since_ns=record.picture_since_ns,
        recent=Recent(
            counted.dropped_lately,
            counted.dropping,
            sum(now_s - at_s <= RECENT_S for at_s in record.failed_at_s),
        ),
    )


def _unowned_s(record: CameraRecord, now_s: float) -> float | None:
    since_s = record.unowned_since_s
    return None if since_s is None else max(0.0, now_s - since_s)
