"""What the page is sent: compact, JSON, and exactly what its script reads."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import resources

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, LatencyHistogram
from edge_video.http.camera_history import CameraExtra
from edge_video.http.status_store import Pulse, Snapshot
from edge_video.http.view import group_of, latency_at, page_view, timeline_view
from edge_video.status.configuration import (
    ConfigStatus,
    LastReload,
    ReloadReason,
    ReloadResult,
)
from edge_video.status.timeline import EntryKind, Timeline
from tests.edge_video.report.examples import busy_system
from tests.support import scripted_page

STATIC = resources.files("edge_video.http") / "static"
SCRIPT = "\n".join(
    each.read_text(encoding="utf-8") for each in STATIC.iterdir() if each.name.endswith(".js")
)


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
    assert unread <= {"is_good"}, unread


def test_the_pages_tests_are_sent_what_the_page_is_sent() -> None:
    sent = view()
    door = scripted_page.camera("door", cause="refused")
    lost = scripted_page.publisher(outages=[scripted_page.outage(60)])
    written = scripted_page.view(door, publisher=lost)
    assert set(written) == set(sent)
    for part in ("verdict", "publisher", "totals", "process"):
        assert names(written[part]) >= names(sent[part]), part
    cameras = sent["cameras"]
    assert isinstance(cameras, list)
    assert names(written["cameras"]) == names(cameras)


def test_a_refused_reload_is_sent_with_its_errors_in_bounds() -> None:
    details = ("x\x1b[2J",) * 60
    last = LastReload(5_000_000, ReloadResult.REFUSED, ReloadReason.INVALID, details, "SIGHUP")
    config = ConfigStatus(1, "0", file_differs=True, last_reload=last)
    for status, refused in ((config, True), (replace(config, last_reload=None), False)):
        shot = Snapshot(replace(busy_system(), cameras=(), config=status), Pulse(0.1, 0.1), {}, 7)
        sent = json.loads(json.dumps(page_view(shot, picture_interval_s=1.0, actions=True)))
        assert sent["config"]["file_differs"] is True
        assert (sent["config"]["refused"] is not None) == refused
        assert "\x1b" not in json.dumps(sent["config"])
        unread = {each for each in names(sent["config"]) if not re.search(rf"\b{each}\b", SCRIPT)}
        assert unread == set()
        if refused:
            assert len(sent["config"]["refused"]["details"]) <= 50


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
    assert set(entries[0]) == set(scripted_page.entry("camera_failed"))
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


def test_sentences_come_with_their_portuguese() -> None:
    pairs = view()["sentences"]
    assert isinstance(pairs, list)
    assert ["connection refused by broker:5672", "conexão recusada por broker:5672"] in pairs
    timeline = Timeline()
    timeline.add(EntryKind.PUBLISHER_LOST, 1, detail="connection reset by the broker")
    timeline.add(EntryKind.PUBLISHER_LOST, 2, subject="x", detail="words of a broker")
    shown = timeline_view(timeline.version, timeline.entries)
    assert shown["sentences"] == [
        ["connection reset by the broker", "conexão interrompida pelo broker"]
    ]
