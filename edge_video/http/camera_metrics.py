"""Reads the metrics of each camera, its breaker and its FFmpeg off one snapshot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, DropReason, Outcome
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.liveness import PictureState
from edge_video.runtime.units import ns_to_s
from edge_video.status.health import CameraHealth, camera_health
from edge_video.status.model import CameraPhase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from enum import StrEnum

    from edge_video.delivery.ledger import LatencyHistogram
    from edge_video.http.status_store import Snapshot
    from edge_video.metrics.sample import FfmpegSample
    from edge_video.status.model import CameraStatus

PREFIX: Final = "edge_video_"
"""Begins the name of every metric of ours."""

_CAMERA: Final = ("camera",)

_CAMERA_COUNTERS: Final[tuple[tuple[str, str, Callable[[CameraStatus], float]], ...]] = (
    ("frames_received", "Whole frames that came in.", lambda camera: camera.frames.received),
    ("frames_published", "Frames handed to the sink.", lambda camera: camera.frames.published),
    (
        "frames_refused_late",
        "Frames of attempts that had already ended; in no other sum.",
        lambda camera: camera.frames.refused_late,
    ),
    (
        "received_bytes",
        "Bytes of the frames received.",
        lambda camera: camera.frames.received_bytes,
    ),
    (
        "published_bytes",
        "Bytes of the frames handed to the sink.",
        lambda camera: camera.frames.published_bytes,
    ),
    (
        "confirm_wait_seconds",
        "Sum over confirmed frames of the time from hand-over to confirm.",
        lambda camera: ns_to_s(camera.frames.confirm_ns),
    ),
    (
        "capture_discarded_bytes",
        "Bytes from FFmpeg that belonged to no frame.",
        lambda camera: camera.capture.discarded_bytes,
    ),
    (
        "capture_oversized_frames",
        "Frames refused because they were too large.",
        lambda camera: camera.capture.oversized,
    ),
    (
        "capture_unchanged_pictures",
        "Answers of a camera in mode snapshot that there is no newer picture, or that showed none.",
        lambda camera: camera.capture.unchanged,
    ),
    (
        "camera_attempts",
        "Attempts to stream, the first one included.",
        lambda camera: camera.attempts,
    ),
    ("camera_failures", "Attempts that failed.", lambda camera: camera.breaker.failures),
    (
        "camera_session_ends",
        "Failed attempts that only ended one long session of a series.",
        lambda camera: camera.breaker.session_ends,
    ),
    (
        "camera_good_seconds",
        "Seconds with at least one whole frame in them.",
        lambda camera: camera.breaker.successes,
    ),
    (
        "breaker_rejected",
        "Attempts that were asked for while the breaker was open.",
        lambda camera: camera.breaker.rejected,
    ),
)

_CAMERA_GAUGES: Final[tuple[tuple[str, str, Callable[[CameraStatus], float | None]], ...]] = (
    ("frames_held", "Frames that wait for the sink.", lambda camera: camera.frames.held),
    (
        "frames_in_flight",
        "Frames handed over and not yet settled.",
        lambda camera: camera.frames.in_flight,
    ),
    (
        "last_frame_age_seconds",
        "Since the last whole frame; absent before the first.",
        lambda camera: camera.last_frame_ago_s,
    ),
    (
        "breaker_backoff_seconds",
        "The backoff of the breaker's present level.",
        lambda camera: camera.breaker.backoff_s,
    ),
    (
        "breaker_retry_seconds",
        "Until the next attempt may begin; absent unless open, and while held open by an operator.",
        lambda camera: camera.breaker.retry_in_s,
    ),
    (
        "camera_target_fps",
        "Frames per second that the camera is held to: configured, or what it usually sends.",
        lambda camera: camera.expected_fps,
    ),
    (
        "camera_configured_fps",
        "Most frames per second, as configured.",
        lambda camera: camera.target_fps,
    ),
)


def camera_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    """All families that have a camera for a label."""
    cameras = snapshot.status.cameras
    yield from _counters(cameras)
    yield from _frames(cameras)
    yield from _gauges(cameras)
    yield _one_of(
        "camera_phase",
        "What the camera is doing: 1 for the phase it is in.",
        "phase",
        CameraPhase,
        [(camera.camera_id, camera.phase) for camera in cameras],
    )
    yield _one_of(
        "camera_health",
        "How the camera is, judged by what it sends: 1 for the health it is in.",
        "health",
        CameraHealth,
        [(camera.camera_id, camera_health(camera)) for camera in cameras],
    )
    yield _one_of(
        "camera_picture",
        "What the pictures show: 1 for the state they are in; absent where nobody looks.",
        "state",
        PictureState,
        [(each.camera_id, each.picture) for each in cameras if each.picture is not None],
    )
    yield _one_of(
        "breaker_state",
        "The circuit breaker: 1 for the state it is in.",
        "state",
        BreakerState,
        [(camera.camera_id, camera.breaker.state) for camera in cameras],
    )
    yield from _decoders(cameras)
    yield _transitions(snapshot)
    yield _uptimes(snapshot)
    yield from _ffmpegs(snapshot)


def _counters(cameras: Sequence[CameraStatus]) -> Iterator[Metric]:
    for name, text, counted in _CAMERA_COUNTERS:
        counter = CounterMetricFamily(PREFIX + name, text, labels=_CAMERA)
        for camera in cameras:
            counter.add_metric((camera.camera_id,), counted(camera))
        yield counter


def _frames(cameras: Sequence[CameraStatus]) -> Iterator[Metric]:
    """What became of frames, and how long they took."""
    settled = CounterMetricFamily(
        PREFIX + "frames_settled",
        "Frames in flight that ended, by how.",
        labels=("camera", "outcome"),
    )
    dropped = CounterMetricFamily(
        PREFIX + "frames_dropped",
        "Frames received and never handed to the sink, by why.",
        labels=("camera", "reason"),
    )
    latency = HistogramMetricFamily(
        PREFIX + "frame_latency_seconds", "From whole frame to confirm.", labels=_CAMERA
    )
    for camera in cameras:
        for outcome in Outcome:
            labels = (camera.camera_id, outcome.value)
            settled.add_metric(labels, getattr(camera.frames, outcome.value))
        for reason in DropReason:
            labels = (camera.camera_id, reason.value)
            dropped.add_metric(labels, camera.frames.dropped_for(reason))
        latency.add_metric((camera.camera_id,), _cumulative(camera.latency), camera.latency.sum_s)
    yield from (settled, dropped, latency)


def _gauges(cameras: Sequence[CameraStatus]) -> Iterator[Metric]:
    for name, text, measured in _CAMERA_GAUGES:
        gauge = GaugeMetricFamily(PREFIX + name, text, labels=_CAMERA)
        for camera in cameras:
            value = measured(camera)
            if value is not None:
                gauge.add_metric((camera.camera_id,), value)
        yield gauge


def _decoders(cameras: Sequence[CameraStatus]) -> Iterator[Metric]:
    """What decodes, of cameras that hardware is configured for."""
    decoder = GaugeMetricFamily(
        PREFIX + "camera_decoder",
        "1 for what decodes the camera's pictures; absent where no hardware is configured.",
        labels=("camera", "decoder"),
    )
    fallback = GaugeMetricFamily(
        PREFIX + "camera_hardware_failed",
        "1 while the CPU decodes because the configured hardware does not; absent as above.",
        labels=_CAMERA,
    )
    for camera in cameras:
        decoding = camera.decoding
        if decoding is not None:
            decoder.add_metric((camera.camera_id, decoding.used), 1)
            fallback.add_metric((camera.camera_id,), decoding.has_fallen_back)
    yield from (decoder, fallback)


def _transitions(snapshot: Snapshot) -> Metric:
    transitions = CounterMetricFamily(
        PREFIX + "breaker_transitions",
        "Changes of the circuit breaker, by what caused them.",
        labels=("camera", "from", "to", "cause"),
    )
    for camera_id, extra in snapshot.cameras.items():
        for labels, count in extra.transitions.items():
            transitions.add_metric((camera_id, *labels), count)
    return transitions


def _uptimes(snapshot: Snapshot) -> Metric:
    uptimes = GaugeMetricFamily(
        PREFIX + "camera_uptime_ratio",
        "Share of the time in which the camera was to stream and did; absent while unknown.",
        labels=("camera", "window"),
    )
    for camera_id, extra in snapshot.cameras.items():
        for window, share in (("24h", extra.uptime_day), ("7d", extra.uptime_week)):
            if share is not None:
                uptimes.add_metric((camera_id, window), share)
    return uptimes


def _ffmpegs(snapshot: Snapshot) -> Iterator[Metric]:
    cpu = CounterMetricFamily(
        PREFIX + "ffmpeg_cpu_seconds",
        "CPU of the camera's present FFmpeg since it began.",
        labels=_CAMERA,
    )
    memory = GaugeMetricFamily(
        PREFIX + "ffmpeg_resident_memory_bytes",
        "Resident memory of the camera's FFmpeg.",
        labels=_CAMERA,
    )
    for camera_id, sample in ffmpeg_of(snapshot).items():
        cpu.add_metric((camera_id,), sample.cpu_s)
        memory.add_metric((camera_id,), sample.rss_bytes)
    yield from (cpu, memory)


def ffmpeg_of(snapshot: Snapshot) -> dict[str, FfmpegSample]:
    """The latest measurement of each camera's FFmpeg, where there is one."""
    process = snapshot.status.process
    by_pid = {} if process is None else {sample.pid: sample for sample in process.ffmpegs}
    return {
        camera.camera_id: by_pid[camera.ffmpeg_pid]
        for camera in snapshot.status.cameras
        if camera.ffmpeg_pid in by_pid
    }


def _one_of(
    name: str,
    text: str,
    label: str,
    values: type[StrEnum],
    present: Iterable[tuple[str, StrEnum]],
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(PREFIX + name, text, labels=("camera", label))
    for camera_id, now in present:
        for value in values:
            gauge.add_metric((camera_id, value.value), value is now)
    return gauge


def _cumulative(latency: LatencyHistogram) -> list[tuple[str, float]]:
    """Prometheus counts in each class everything that is faster, too."""
    buckets, total = [], 0
    bounds = [*map(str, LATENCY_BOUNDS_S), "+Inf"]
    for bound, count in zip(bounds, latency.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets
