"""A snapshot as Prometheus metrics: nothing is counted here, everything is read off the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, DropReason, Outcome
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase, PublisherState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from enum import StrEnum

    from edge_video.delivery.ledger import LatencyHistogram
    from edge_video.http.status_store import Snapshot
    from edge_video.metrics.sample import FfmpegSample
    from edge_video.status.model import CameraStatus

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_PREFIX: Final = "edge_video_"
_CAMERA: Final = ("camera",)
_NANOSECONDS: Final = 1e9

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
        lambda camera: camera.frames.confirm_ns / _NANOSECONDS,
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
        "Until the next attempt may begin; absent while held open by an operator.",
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


class SnapshotCollector(Collector):
    """Yields every metric of one snapshot; `prometheus_client` writes them down.

    Args:
        snapshot: what to show.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """All families, cameras first."""
        yield from self._of_cameras()
        yield from self._of_breakers()
        yield from self._of_ffmpegs()
        yield from self._of_publisher()
        yield from self._of_system()

    @property
    def _cameras(self) -> Sequence[CameraStatus]:
        return self._snapshot.status.cameras

    def _of_cameras(self) -> Iterator[Metric]:
        for name, text, counted in _CAMERA_COUNTERS:
            counter = CounterMetricFamily(_PREFIX + name, text, labels=_CAMERA)
            for camera in self._cameras:
                counter.add_metric((camera.camera_id,), counted(camera))
            yield counter
        settled = CounterMetricFamily(
            _PREFIX + "frames_settled",
            "Frames in flight that ended, by how.",
            labels=("camera", "outcome"),
        )
        dropped = CounterMetricFamily(
            _PREFIX + "frames_dropped",
            "Frames received and never handed to the sink, by why.",
            labels=("camera", "reason"),
        )
        latency = HistogramMetricFamily(
            _PREFIX + "frame_latency_seconds",
            "From whole frame to confirm.",
            labels=_CAMERA,
        )
        for camera in self._cameras:
            for outcome in Outcome:
                labels = (camera.camera_id, outcome.value)
                settled.add_metric(labels, camera.frames.settled_as(outcome))
            for reason in DropReason:
                labels = (camera.camera_id, reason.value)
                dropped.add_metric(labels, camera.frames.dropped_for(reason))
            latency.add_metric(
                (camera.camera_id,), _cumulative(camera.latency), camera.latency.sum_s
            )
        yield from (settled, dropped, latency)
        for name, text, measured in _CAMERA_GAUGES:
            gauge = GaugeMetricFamily(_PREFIX + name, text, labels=_CAMERA)
            for camera in self._cameras:
                value = measured(camera)
                if value is not None:
                    gauge.add_metric((camera.camera_id,), value)
            yield gauge
        yield _one_of(
            "camera_phase",
            "What the camera is doing: 1 for the phase it is in.",
            "phase",
            CameraPhase,
            [(camera.camera_id, camera.phase) for camera in self._cameras],
        )

    def _of_breakers(self) -> Iterator[Metric]:
        yield _one_of(
            "breaker_state",
            "The circuit breaker: 1 for the state it is in.",
            "state",
            BreakerState,
            [(camera.camera_id, camera.breaker.state) for camera in self._cameras],
        )
        transitions = CounterMetricFamily(
            _PREFIX + "breaker_transitions",
            "Changes of the circuit breaker, by what caused them.",
            labels=("camera", "from", "to", "cause"),
        )
        for camera_id, extra in self._snapshot.cameras.items():
            for labels, count in extra.transitions.items():
                transitions.add_metric((camera_id, *labels), count)
        yield transitions

    def _of_ffmpegs(self) -> Iterator[Metric]:
        cpu = CounterMetricFamily(
            _PREFIX + "ffmpeg_cpu_seconds",
            "CPU of the camera's present FFmpeg since it began.",
            labels=_CAMERA,
        )
        memory = GaugeMetricFamily(
            _PREFIX + "ffmpeg_resident_memory_bytes",
            "Resident memory of the camera's FFmpeg.",
            labels=_CAMERA,
        )
        for camera_id, sample in ffmpeg_of(self._snapshot).items():
            cpu.add_metric((camera_id,), sample.cpu_s)
            memory.add_metric((camera_id,), sample.rss_bytes)
        yield from (cpu, memory)

    def _of_publisher(self) -> Iterator[Metric]:
        publisher = self._snapshot.status.publisher
        yield GaugeMetricFamily(
            _PREFIX + "publisher_connected",
            "1 while frames can be handed to the sink.",
            value=publisher.state is PublisherState.CONNECTED,
        )
        states = GaugeMetricFamily(
            _PREFIX + "publisher_state",
            "The connection to the sink: 1 for the state it is in.",
            labels=("state",),
        )
        for state in PublisherState:
            states.add_metric((state.value,), publisher.state is state)
        yield states
        yield CounterMetricFamily(
            _PREFIX + "publisher_connections",
            "Times a connection to the sink was established.",
            value=publisher.connections,
        )
        yield CounterMetricFamily(
            _PREFIX + "publisher_losses",
            "Times a connection to the sink, or an attempt at one, failed.",
            value=publisher.losses,
        )

    def _of_system(self) -> Iterator[Metric]:
        status = self._snapshot.status
        info = GaugeMetricFamily(_PREFIX + "build_info", "Always 1.", labels=("version", "node"))
        info.add_metric((status.version, status.node), 1)
        yield info
        yield GaugeMetricFamily(
            _PREFIX + "uptime_seconds", "Since the system was started.", value=status.uptime_s
        )
        restarts = CounterMetricFamily(
            _PREFIX + "actor_restarts",
            "Restarts of the actors that are no cameras.",
            labels=("actor",),
        )
        for name, count in status.restarts.items():
            restarts.add_metric((name,), count)
        yield restarts
        faults = CounterMetricFamily(
            _PREFIX + "faults", "Faults on purpose, by what became of them.", labels=("result",)
        )
        faults.add_metric(("injected",), status.faults_injected)
        faults.add_metric(("refused",), status.faults_refused)
        yield faults
        yield from self._of_process()

    def _of_process(self) -> Iterator[Metric]:
        process = self._snapshot.status.process
        if process is None:
            return
        gauges: Iterable[tuple[str, str, float | None]] = (
            ("actors", "Live actors.", process.actors),
            ("threads", "Threads of this process.", process.threads),
            ("ffmpeg_processes", "FFmpeg processes.", process.ffmpeg_processes),
            ("machine_memory_bytes", "Memory of the machine.", process.system_ram_bytes),
            (
                "machine_memory_used_ratio",
                "Share of the machine's memory in use.",
                process.system_ram_used_percent / 100,
            ),
            (
                "machine_cpu_used_ratio",
                "Share of the machine's CPUs in use, over the last seconds.",
                process.system_cpu_percent / 100,
            ),
            (
                "memory_limit_bytes",
                "Limit of the memory controller; absent while it is off.",
                process.memory_limit_bytes,
            ),
        )
        for name, text, value in gauges:
            if value is not None:
                yield GaugeMetricFamily(_PREFIX + name, text, value=value)
        levels = GaugeMetricFamily(
            _PREFIX + "memory_level",
            "The memory controller's level: 1 for the present one.",
            labels=("level",),
        )
        for level in MemoryLevel:
            levels.add_metric((level.value,), process.memory_level is level)
        yield levels


def ffmpeg_of(snapshot: Snapshot) -> dict[str, FfmpegSample]:
    """The latest measurement of each camera's FFmpeg, where there is one."""
    process = snapshot.status.process
    by_pid = {} if process is None else {sample.pid: sample for sample in process.ffmpegs}
    return {
        camera.camera_id: by_pid[camera.ffmpeg_pid]
        for camera in snapshot.status.cameras
        if camera.ffmpeg_pid in by_pid
    }


def render_metrics(snapshot: Snapshot) -> bytes:
    """Prometheus' text format, on a registry that lives as long as this call."""
    registry = CollectorRegistry()
    registry.register(_Described(SnapshotCollector(snapshot)))
    ProcessCollector(registry=registry)  # process_*: CPU, memory, descriptors, start time
    return generate_latest(registry)


class _Described(Collector):
    """Keeps the registry from collecting everything once more, only to learn the names."""

    def __init__(self, inner: Collector) -> None:
        self._inner = inner

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._inner.collect()


def _one_of(
    name: str,
    text: str,
    label: str,
    values: type[StrEnum],
    present: Iterable[tuple[str, StrEnum]],
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(_PREFIX + name, text, labels=("camera", label))
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
