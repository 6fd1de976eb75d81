"""What the page is sent: compact, JSON, and exactly what its script reads."""

from __future__ import annotations

import json
import re
from importlib import resources

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, LatencyHistogram
from edge_video.http.camera_history import CameraExtra
from edge_video.http.status_store import Pulse, Snapshot
from edge_video.http.view import group_of, latency_at, page_view, timeline_view
from edge_video.status.timeline import EntryKind, Timeline
from tests.edge_video.report.examples import busy_system

SCRIPT = (resources.files("edge_video.http") / "static" / "app.js").read_text(encoding="utf-8")


TO_COME = {
    *("version", "verdict", "healthy", "starting", "slow", "trouble", "stopped", "disabled"),
    *("delivery", "is_good", "connections_lost", "failed_attempts", "down_for_s", "outages"),
    *("started_at_ms", "ended_at_ms", "reason"),
    *("can_retry", "is_broker", "group", "health", "word_since_ms", "uptime_24h", "uptime_7d"),
    *("recent", "dropped_5m", "dropping", "failures_5m", "paused"),
}
"""Sent already, and shown by the page that follows."""


def view() -> dict[str, object]:
    status = busy_system()
    extras = {str(camera.camera_id): CameraExtra() for camera in status.cameras}
    shot = Snapshot(status, Pulse(0.1, 0.1), extras, 7)
    return dict(page_view(shot, picture_interval_s=1.0, actions=True))


def names(value: object) -> set[str]:
    match value:
        case dict():
            return set(value) | {name for each in value.values() for name in names(each)}
        case list():
            return {name for each in value for name in names(each)}
        case _:
            return set()


def test_everything_that_is_sent_is_read() -> None:
    sent = view()
    json.dumps(sent, allow_nan=False)
    unread = {name for name in names(sent) if not re.search(rf"\b{name}\b", SCRIPT)}
    assert unread <= TO_COME


def test_the_timeline_is_sent_newest_first() -> None:
    timeline = Timeline()
    timeline.add(
        EntryKind.CAMERA_FAILED, 5_000_000, subject="a", cause="refused", detail="x\x1b[2J"
    )
    timeline.add(EntryKind.PUBLISHER_LOST, 9_000_000, subject="publisher")
    rendered = json.loads(json.dumps(timeline_view(timeline.version, timeline.entries)))
    assert [entry["kind"] for entry in rendered["entries"]] == ["publisher_lost", "camera_failed"]
    assert "\x1b" not in rendered["entries"][1]["detail"]
    entries = rendered["entries"]
    assert {name for name in names(entries) if not re.search(rf"\b{name}\b", SCRIPT)} == set()


def test_a_share_of_the_latencies_is_a_bound() -> None:
    assert latency_at(LatencyHistogram(), 95) is None
    counts = [0] * (len(LATENCY_BOUNDS_S) + 1)
    counts[0], counts[3], counts[-1] = 94, 5, 1
    histogram = LatencyHistogram(tuple(counts))
    assert latency_at(histogram, 90) == LATENCY_BOUNDS_S[0]
    assert latency_at(histogram, 95) == LATENCY_BOUNDS_S[3]
    assert latency_at(histogram, 100) == LATENCY_BOUNDS_S[-1]


def test_a_group_is_what_stands_before_the_first_dot() -> None:
    assert [group_of(each) for each in ("centre.door.a", "door", ".x")] == ["centre", "", ""]
