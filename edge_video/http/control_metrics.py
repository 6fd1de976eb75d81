"""Reads the metrics of the cluster and of commands over the broker off one snapshot. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from edge_video.http.camera_metrics import PREFIX
from edge_video.resilience.cluster import LeaseState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.delivery.commands.counts import CommandCounts
    from edge_video.http.status_store import Snapshot
    from edge_video.status.cluster import ClusterFacts
    from edge_video.status.model import CameraStatus


def control_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    """All families of what a node does over its control connection; none where it has none."""
    if snapshot.is_controlled is not None:
        yield GaugeMetricFamily(
            PREFIX + "control_connected",
            "1 while the control connection is open, for leases and commands.",
            value=snapshot.is_controlled,
        )
    if snapshot.cluster is not None:
        yield from _nodes(snapshot.cluster, snapshot.cluster_down_s)
        yield from _leases(snapshot.cluster)
        yield _unowned(snapshot.status.cameras)
    if snapshot.commands is not None:
        yield from _commands(snapshot.commands)


def _nodes(cluster: ClusterFacts, down_s: float | None) -> Iterator[Metric]:
    for name, text, value in (
        ("nodes", "Other nodes of the cluster that are heard.", len(cluster.nodes)),
        ("leaving", "1 while this node gives everything away.", cluster.is_leaving),
        ("namesakes", "Other programs with the name of this node.", cluster.namesakes),
        (
            "cameras_differing",
            "Cameras that other nodes define otherwise.",
            len(cluster.differing),
        ),
        ("connected", "1 while leases can be proven at the broker.", down_s is None),
    ):
        yield GaugeMetricFamily(f"{PREFIX}cluster_{name}", text, value=value)
    if down_s is not None:
        yield GaugeMetricFamily(
            PREFIX + "cluster_down_seconds",
            "How long no lease could be proven at the broker; absent while they can be.",
            value=down_s,
        )


def _leases(cluster: ClusterFacts) -> Iterator[Metric]:
    present = Counter(each.state for each in cluster.leases.values())
    states = GaugeMetricFamily(
        PREFIX + "cluster_leases",
        "Cameras by what this node is to them.",
        labels=("state",),
    )
    for state in LeaseState:
        states.add_metric((state.value,), present[state.value])
    yield states
    epochs = GaugeMetricFamily(
        PREFIX + "cluster_epoch",
        "The epoch of each camera that this node captures; absent for all others.",
        labels=("camera",),
    )
    for camera, lease in cluster.leases.items():
        if lease.captures:
            epochs.add_metric((camera,), lease.epoch)
    yield epochs
    counts = cluster.counts
    yield CounterMetricFamily(
        PREFIX + "cluster_taken", "Cameras that came to this node.", value=counts.taken
    )
    given = CounterMetricFamily(
        PREFIX + "cluster_given", "Cameras that left this node, by why.", labels=("reason",)
    )
    for reason in ("released", "superseded", "uncertain"):
        given.add_metric((reason,), getattr(counts, reason))
    yield given
    yield CounterMetricFamily(
        PREFIX + "cluster_suspect_seconds",
        "For how long leases could not be proven while captures went on, all cameras together.",
        value=counts.suspect_s,
    )


def _unowned(cameras: tuple[CameraStatus, ...]) -> Metric:
    unowned = GaugeMetricFamily(
        PREFIX + "cluster_unowned_seconds",
        "For how long no node has captured the camera; absent below a minute.",
        labels=("camera",),
    )
    for camera in cameras:
        if camera.unowned_s is not None:
            unowned.add_metric((camera.camera_id,), camera.unowned_s)
    return unowned


def _commands(counts: CommandCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        PREFIX + "commands_taken",
        "1 while the broker brings requests to this node.",
        value=counts.is_taking,
    )
    answered = CounterMetricFamily(
        PREFIX + "commands",
        "Requests over the broker that were answered, by command and by what came of them.",
        labels=("command", "result"),
    )
    for (command, result), number in sorted(counts.snapshot().items()):
        answered.add_metric((command, result), number)
    yield answered
