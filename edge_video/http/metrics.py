"""Renders a snapshot as Prometheus metrics; nothing is counted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from edge_video.http.camera_metrics import PREFIX, camera_metrics
from edge_video.http.control_metrics import control_metrics
from edge_video.metrics.memory import MemoryLevel
from edge_video.runtime.units import ns_to_s
from edge_video.status.health import Delivery, delivery_of
from edge_video.status.model import PublisherState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge_video.http.status_store import Snapshot
    from edge_video.metrics.sample import ProcessSample
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.model import PublisherStatus, SystemStatus

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_PROCESS_GAUGES: Final[tuple[tuple[str, str, Callable[[ProcessSample], float | None]], ...]] = (
    ("actors", "Live actors.", lambda process: process.actors),
    ("threads", "Threads of this process.", lambda process: process.threads),
    ("ffmpeg_processes", "FFmpeg processes.", lambda process: process.ffmpeg_processes),
    (
        "machine_memory_bytes",
        "Memory of the machine.",
        lambda process: process.system_ram_bytes,
    ),
    (
        "machine_memory_used_ratio",
        "Share of the machine's memory in use.",
        lambda process: _ratio(process.system_ram_used_percent),
    ),
    (
        "machine_cpu_used_ratio",
        "Share of the machine's CPUs in use, over the last seconds; absent until measured.",
        lambda process: _ratio(process.system_cpu_percent),
    ),
    (
        "cpu_available_cores",
        "Cores that there are for the cameras: the machine's, or what a quota leaves.",
        lambda process: process.cpu.cores if process.cpu else None,
    ),
    (
        "cpu_used_ratio",
        "Share of these cores in use, by the narrowest bound; absent until measured.",
        lambda process: _ratio(process.cpu.used_percent) if process.cpu else None,
    ),
    (
        "cpu_waiting_ratio",
        "Share of the last minute in which some process waited for CPU (PSI); where it is known.",
        lambda process: _ratio(process.cpu.waiting_percent) if process.cpu else None,
    ),
    (
        "ffmpeg_cpu_waiting_ratio",
        "Share of the time in which FFmpegs could work that they waited for CPU; where known.",
        lambda process: _ratio(process.cpu.ffmpegs_waiting_percent) if process.cpu else None,
    ),
    (
        "cpu_stolen_ratio",
        "Share of the CPU that a hypervisor gives to other machines.",
        lambda process: _ratio(process.cpu.stolen_percent) if process.cpu else None,
    ),
    (
        "cpu_short",
        "1 while CPU is short: it was used up for a minute.",
        lambda process: process.cpu_shortage is not None,
    ),
    (
        "memory_limit_bytes",
        "Limit of the memory controller; absent while it is off.",
        lambda process: process.memory_limit_bytes,
    ),
)


class SnapshotCollector(Collector):
    """Yields every metric of one snapshot; `prometheus_client` writes them down.

    Args:
        snapshot: what to show.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def describe(self) -> Iterable[Metric]:
        """Nothing: else the registry would collect everything once more, to learn the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families, cameras first."""
        status = self._snapshot.status
        yield from camera_metrics(self._snapshot)
        yield from control_metrics(self._snapshot)
        yield from _publisher(status.publisher)
        yield from _system(status)
        yield from _process(status.process)
        yield from _configuration(status.config)


def render_metrics(snapshot: Snapshot) -> bytes:
    """Prometheus' text format, on a registry that lives as long as this call."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(snapshot))
    ProcessCollector(registry=registry)  # process_*: CPU, memory, descriptors, start time
    return generate_latest(registry)


def _publisher(publisher: PublisherStatus) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        PREFIX + "publisher_connected",
        "1 while frames can be handed to the sink.",
        value=publisher.state is PublisherState.CONNECTED,
    )
    states = GaugeMetricFamily(
        PREFIX + "publisher_state",
        "The connection to the sink: 1 for the state it is in.",
        labels=("state",),
    )
    for state in PublisherState:
        states.add_metric((state.value,), publisher.state is state)
    yield states
    delivery = GaugeMetricFamily(
        PREFIX + "delivery",
        "Whether frames can be delivered: 1 for the state it is in.",
        labels=("state",),
    )
    for each in Delivery:
        delivery.add_metric((each.value,), delivery_of(publisher) is each)
    yield delivery
    if publisher.down_for_s is not None:
        yield GaugeMetricFamily(
            PREFIX + "publisher_down_seconds",
            "How long no frame could be delivered, also while blocked; absent while they can be.",
            value=publisher.down_for_s,
        )
    yield CounterMetricFamily(
        PREFIX + "publisher_connections",
        "Times a connection to the sink was established.",
        value=publisher.connections,
    )
    yield CounterMetricFamily(
        PREFIX + "publisher_connections_lost",
        "Times an established connection to the sink ended.",
        value=publisher.connections_lost,
    )
    yield CounterMetricFamily(
        PREFIX + "publisher_failed_attempts",
        "Times a connection to the sink could not be established.",
        value=publisher.failed_attempts,
    )


def _system(status: SystemStatus) -> Iterator[Metric]:
    info = GaugeMetricFamily(PREFIX + "build_info", "Always 1.", labels=("version", "node"))
    info.add_metric((status.version, status.node), 1)
    yield info
    yield GaugeMetricFamily(
        PREFIX + "uptime_seconds", "Since the system was started.", value=status.uptime_s
    )
    restarts = CounterMetricFamily(
        PREFIX + "actor_restarts",
        "Restarts of the actors that are no cameras.",
        labels=("actor",),
    )
    for name, count in status.restarts.items():
        restarts.add_metric((name,), count)
    yield restarts
    faults = CounterMetricFamily(
        PREFIX + "faults", "Faults on purpose, by what became of them.", labels=("result",)
    )
    faults.add_metric(("injected",), status.faults_injected)
    faults.add_metric(("refused",), status.faults_refused)
    yield faults


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _configuration(config: ConfigStatus | None) -> Iterator[Metric]:
    if config is None:
        return
    yield GaugeMetricFamily(
        PREFIX + "config_loaded_timestamp_seconds",
        "When the configuration that runs was taken over.",
        value=ns_to_s(config.loaded_at_ns),
    )
    yield GaugeMetricFamily(
        PREFIX + "config_file_differs",
        "1 while the files on the disk are not what runs.",
        value=config.file_differs,
    )
    profiles = GaugeMetricFamily(
        PREFIX + "profile", "1 for the profile that applies.", labels=("profile",)
    )
    for name in config.profiles:
        profiles.add_metric((name,), name == config.profile)
    if config.profiles:
        yield profiles
    reloads = CounterMetricFamily(
        PREFIX + "config_reloads",
        "Reloads of the configuration, by result and by why they were refused.",
        labels=("result", "reason"),
    )
    for name, number in config.reloads.items():
        result, _, reason = name.partition(":")
        reloads.add_metric((result, reason), number)
    yield reloads


def _process(process: ProcessSample | None) -> Iterator[Metric]:
    if process is None:
        return
    for name, text, measured in _PROCESS_GAUGES:
        value = measured(process)
        if value is not None:
            yield GaugeMetricFamily(PREFIX + name, text, value=value)
    levels = GaugeMetricFamily(
        PREFIX + "memory_level",
        "The memory controller's level: 1 for the present one.",
        labels=("level",),
    )
    for level in MemoryLevel:
        levels.add_metric((level.value,), process.memory_level is level)
    yield levels
