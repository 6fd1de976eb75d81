"""The metrics are the frame ledger, in Prometheus' format."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge_video.capture.hardware import Decoding
from edge_video.delivery.commands.counts import CommandCounts
from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome
from edge_video.frames import CameraId
from edge_video.http.camera_history import CameraExtra
from edge_video.http.metrics import render_metrics
from edge_video.http.status_store import Pulse, Snapshot
from edge_video.metrics.cpu import CpuBound, CpuUse
from edge_video.status.cluster import ClusterFacts, LeaseCounts, LeaseFacts, NodeFacts
from edge_video.status.configuration import ConfigStatus
from tests.edge_video.report.examples import busy_system, system
from tests.edge_video.report.examples import camera as camera_status
from tests.support.browser import required


def snapshot() -> Snapshot:
    status = busy_system()
    extras = {
        str(camera.camera_id): CameraExtra(transitions={("CLOSED", "OPEN", "refused"): 2})
        for camera in status.cameras
    }
    return Snapshot(status, Pulse(0.0, 0.0), extras, 0)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_count_of_every_camera_is_there_once() -> None:
    shot = snapshot()
    found = samples(render_metrics(shot).decode())

    def of(name: str, camera_id: str, **labels: str) -> float:
        key = tuple(sorted({"camera": camera_id, **labels}.items()))
        return found[f"edge_video_{name}", key]

    for camera in shot.status.cameras:
        frames, camera_id = camera.frames, camera.camera_id
        assert of("frames_received_total", camera_id) == frames.received
        assert of("frames_published_total", camera_id) == frames.published
        assert of("received_bytes_total", camera_id) == frames.received_bytes
        assert of("published_bytes_total", camera_id) == frames.published_bytes
        assert of("frames_refused_late_total", camera_id) == frames.refused_late
        assert of("frames_held", camera_id) == frames.held
        assert of("frames_in_flight", camera_id) == frames.in_flight
        for outcome in Outcome:
            settled = of("frames_settled_total", camera_id, outcome=outcome.value)
            assert settled == frames.settled_as(outcome)
        for reason in DropReason:
            dropped = of("frames_dropped_total", camera_id, reason=reason.value)
            assert dropped == frames.dropped_for(reason)
        assert of("camera_attempts_total", camera_id) == camera.attempts
        assert of("frame_latency_seconds_count", camera_id) == camera.latency.count
        states = [of("breaker_state", camera_id, state=s) for s in ("CLOSED", "OPEN", "HALF_OPEN")]
        assert sum(states) == 1
    # A new number of the counts must not be forgotten here.
    assert len(fields(FrameCounts)) == 8 + len(Outcome) + len(DropReason)


def test_what_decodes_is_told_where_hardware_is_configured() -> None:
    cameras = (
        replace(camera_status("card"), decoding=Decoding("cuda", "cuda")),
        replace(camera_status("cpu"), decoding=Decoding("cuda", "software", "no card")),
        camera_status("plain"),
    )
    found = samples(render_metrics(Snapshot(system(*cameras), Pulse(0.0, 0.0), {}, 0)).decode())
    told = {
        (name.removeprefix("edge_video_camera_"), *dict(labels).values()): value
        for (name, labels), value in found.items()
        if name in ("edge_video_camera_decoder", "edge_video_camera_hardware_failed")
    }
    assert told == {
        ("decoder", "card", "cuda"): 1,
        ("decoder", "cpu", "software"): 1,
        ("hardware_failed", "card"): 0,
        ("hardware_failed", "cpu"): 1,
    }


CLUSTER = ClusterFacts(
    node="edge-a",
    nodes=(NodeFacts("edge-b"), NodeFacts("edge-c")),
    leases={
        CameraId("door"): LeaseFacts("OWNER", 7, 1, captures=True),
        CameraId("gate"): LeaseFacts("STANDBY", 3, 2),
        CameraId("yard"): LeaseFacts("SUSPECT", 9, 1, captures=True),
    },
    counts=LeaseCounts(5, 2, 1, 0, 12.5),
)


def shared() -> Snapshot:
    """Of a node that shares its cameras and takes commands."""
    counts = CommandCounts()
    counts.is_taking = True
    for result in ("done", "done", "late", "forbidden"):
        counts.count("retry", result)
    alone = replace(camera_status("attic"), unowned_s=61.0)
    status = system(alone, camera_status("door"))
    return Snapshot(
        status,
        Pulse(0.0, 0.0),
        {},
        0,
        cluster=CLUSTER,
        cluster_down_s=4.0,
        is_controlled=False,
        commands=counts,
    )


def test_a_node_tells_what_it_is_to_the_cameras_that_it_shares() -> None:
    found = samples(render_metrics(shared()).decode())
    of_node = {
        name.removeprefix("edge_video_cluster_"): value
        for (name, labels), value in found.items()
        if name.startswith("edge_video_cluster_") and not labels
    }
    assert of_node == {
        "nodes": 2,
        "leaving": 0,
        "namesakes": 0,
        "cameras_differing": 0,
        "connected": 0,
        "down_seconds": 4.0,
        "taken_total": 5,
        "suspect_seconds_total": 12.5,
    }
    of_cameras = {
        (name.removeprefix("edge_video_cluster_"), labels[0][1]): value
        for (name, labels), value in found.items()
        if name.startswith("edge_video_cluster_") and labels and value
    }
    assert of_cameras == {
        ("leases", "OWNER"): 1,
        ("leases", "STANDBY"): 1,
        ("leases", "SUSPECT"): 1,
        ("epoch", "door"): 7,
        ("epoch", "yard"): 9,
        ("given_total", "released"): 2,
        ("given_total", "superseded"): 1,
        ("unowned_seconds", "attic"): 61.0,
    }
    assert found["edge_video_control_connected", ()] == 0


def test_requests_over_the_broker_are_told_by_what_came_of_them() -> None:
    found = samples(render_metrics(shared()).decode())
    told = {
        tuple(value for _, value in labels): number
        for (name, labels), number in found.items()
        if name == "edge_video_commands_total"
    }
    assert told == {("retry", "done"): 2, ("retry", "late"): 1, ("retry", "forbidden"): 1}
    assert found["edge_video_commands_taken", ()] == 1


def test_a_node_by_itself_has_nothing_of_this() -> None:
    text = render_metrics(snapshot()).decode()
    assert not re.search("edge_video_(cluster|commands|control)", text)


def test_what_was_never_measured_is_absent() -> None:
    bare = Snapshot(system(), Pulse(0.0, 0.0), {}, 0)
    text = render_metrics(bare).decode()
    assert "edge_video_threads" not in text
    assert "edge_video_publisher_connected" in text


def test_prometheus_own_tool_has_nothing_to_complain_about() -> None:
    required("promtool")
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=render_metrics(snapshot()),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_every_metric_is_documented() -> None:
    documented = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
    process = busy_system().process
    assert process is not None
    limited = replace(
        busy_system(),
        process=replace(
            process,
            memory_limit_bytes=1,
            cpu=CpuUse(95.0, CpuBound.CORES, 2.0, 0.1, 0.0, 40.0, 30.0),
        ),
        config=ConfigStatus(
            1, "abc", profiles=("open",), reloads={"done": 1, "refused:invalid": 2}
        ),
    )
    both = replace(shared(), status=limited, cameras=snapshot().cameras)
    text = render_metrics(both).decode()
    names = set(re.findall(r"^# TYPE (edge_video_\w+)", text, re.MULTILINE))
    assert len(names) > 30
    assert {name for name in names if f"`{name}`" not in documented} == set()
    in_documents = set(re.findall(r"`(edge_video_\w+)`", documented))
    assert in_documents - names == set()


@pytest.mark.parametrize("name", ["process_open_fds", "process_cpu_seconds_total"])
def test_the_process_itself_is_measured_by_the_usual_names(name: str) -> None:
    assert f"\n{name} " in render_metrics(snapshot()).decode()
