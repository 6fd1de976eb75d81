"""One outage of the broker, told by six readers: same counts, same length, no camera ill."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from edge_video.actors.messages import CommandResult, RetryPublisher
from edge_video.delivery.sink import SinkLost
from edge_video.http.camera_history import CameraExtra
from edge_video.http.metrics import render_metrics
from edge_video.http.status_store import Pulse, Snapshot
from edge_video.http.view import page_view
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import Moment, NotificationPolicy, NotificationRules
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.status import CameraHealth, Delivery, SystemStatus, camera_health, verdict
from edge_video.text.language import Language
from edge_video.top.page import Shown, long_page
from edge_video.top.rates import Rates
from tests.support.actors import ScriptedSystem, quiesce

CAMERAS = ("door", "till", "yard")
BEFORE_S, OUTAGE_S, AFTER_S = 30, 44, 15
BUFFER = 5


class Outage:
    """Three cameras of a frame a second, whose broker goes away for 44 seconds."""

    def __init__(self, system: ScriptedSystem) -> None:
        self.system = system
        policy = NotificationPolicy("shop", "", SteadyPolicy(5.0, 6, 60.0))
        self.rules = NotificationRules(policy, lambda: "id", str)
        self.events: list[dict[str, Any]] = []
        system.start()
        self.stream(BEFORE_S)
        system.broker_is_up = False
        system.sinks[-1].listener(SinkLost("connection reset by the broker"))
        quiesce()
        self.hear()
        self.stream(OUTAGE_S)
        self.during = system.status()
        system.broker_is_up = True
        answer = system.ask(RetryPublisher())
        assert answer.result is CommandResult.DONE
        self.stream(AFTER_S)
        self.after = system.status()
        self.final = system.system.stop(10).status
        self.dropped = self.after.totals.dropped
        self.failed_attempts = self.after.publisher.failed_attempts

    def stream(self, seconds: int) -> None:
        for _ in range(seconds):
            for camera_id in CAMERAS:
                self.system.capture_of(camera_id).frame()
            self.system.advance(1.0)
            self.hear()

    def hear(self) -> None:
        """What the notifier is told each second."""
        clock = self.system.clock
        now = Moment(clock.monotonic(), clock.wall_ns())
        found = self.rules.publisher(self.system.status().publisher, now)
        found += self.rules.tick(now)
        self.events += [json.loads(each.body) for each in found]


@pytest.fixture(scope="module")
def outage() -> Outage:
    return Outage(ScriptedSystem(*CAMERAS))


def shot_of(status: SystemStatus) -> Snapshot:
    extras = {str(camera.camera_id): CameraExtra() for camera in status.cameras}
    return Snapshot(status, Pulse(0.1, 0.1), extras, 0)


def page_of(status: SystemStatus) -> Any:
    return page_view(shot_of(status), picture_interval_s=1.0, actions=True)


def top_of(status: SystemStatus) -> str:
    rates = Rates()
    rates.take(status)
    return "\n".join(
        line.plain for line in long_page(Shown(status, rates, Language.EN, "http://h"), 200)
    )


def metrics_of(status: SystemStatus) -> dict[str, float]:
    lines = render_metrics(shot_of(status)).decode().splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if line.startswith("edge_video_"))
    return {name: float(value) for name, value in samples}


def test_no_camera_is_ill_and_the_delivery_was_lost(outage: Outage) -> None:
    during, after, final = outage.during, outage.after, outage.final
    for status in (during, after, final):
        assert {camera_health(each) for each in status.cameras} == {CameraHealth.HEALTHY}
        assert {each.frames.imbalance() for each in status.cameras} == {None}
    found = [verdict(each).delivery for each in (during, after, final)]
    assert found == [Delivery.LOST, Delivery.OK, Delivery.OK]
    [told] = after.publisher.outages
    assert told.ended_at_ns is not None
    assert (told.ended_at_ns - told.started_at_ns) / 1e9 == OUTAGE_S
    assert told.lasted_s == OUTAGE_S
    assert told.dropped == outage.dropped >= len(CAMERAS) * (OUTAGE_S - BUFFER)
    assert after.totals.dropped_not_connected == outage.dropped
    assert (after.publisher.connections_lost, outage.failed_attempts > 1) == (1, True)
    assert final.publisher.outages == after.publisher.outages


def test_the_page_tells_it(outage: Outage) -> None:
    for status, delivery in ((outage.during, "lost"), (outage.after, "ok")):
        page = page_of(status)
        assert page["verdict"]["healthy"] == len(CAMERAS)
        assert (page["verdict"]["trouble"], page["verdict"]["slow"]) == (0, 0)
        assert page["verdict"]["delivery"] == delivery
    assert page_of(outage.during)["publisher"]["down_for_s"] == OUTAGE_S
    publisher = page_of(outage.after)["publisher"]
    assert publisher["connections_lost"] == 1
    assert publisher["failed_attempts"] == outage.failed_attempts
    [shown] = publisher["outages"]
    assert shown["dropped"] == outage.dropped
    assert shown["ended_at_ms"] - shown["started_at_ms"] == OUTAGE_S * 1000
    assert shown["lasted_s"] == OUTAGE_S


def test_the_terminal_tells_it(outage: Outage) -> None:
    during, after = top_of(outage.during), top_of(outage.after)
    assert f"{OUTAGE_S}s" in during
    assert re.search(rf"not connected {outage.during.totals.dropped}\b", during)
    assert re.search(rf"not connected {outage.dropped}\b", after)
    assert during.count("✓ OK") == after.count("✓ OK") == len(CAMERAS)


def test_the_monitor_tells_it(outage: Outage) -> None:
    cost, shown = outage.during.totals.dropped, render_monitor(outage.during, Language.EN)
    assert shown.count("] OK - ") == len(CAMERAS)
    counts = f"{cost} since start, {cost} in the last 5 min - not connected {cost}"
    assert f"Dropping now: {counts}" in shown
    after = render_monitor(outage.after, Language.EN)
    assert f"Dropped: {outage.dropped} since start, {outage.dropped} in the last 5 min" in after


def test_the_final_report_tells_it(outage: Outage) -> None:
    report = render_final(outage.final, Language.EN)
    assert "⚠" not in report
    assert report.count("   ✓ [") == len(CAMERAS)
    assert f"not connected {outage.dropped}" in report


def test_prometheus_tells_it(outage: Outage) -> None:
    metrics = metrics_of(outage.during)
    assert metrics['edge_video_delivery{state="lost"}'] == 1
    assert metrics["edge_video_publisher_down_seconds"] == OUTAGE_S
    metrics = metrics_of(outage.after)
    assert "edge_video_publisher_down_seconds" not in metrics
    assert metrics["edge_video_publisher_connections_lost_total"] == 1
    assert metrics["edge_video_publisher_failed_attempts_total"] == outage.failed_attempts
    by_camera = 'edge_video_frames_dropped_total{{camera="{}",reason="not_connected"}}'
    assert sum(metrics[by_camera.format(each)] for each in CAMERAS) == outage.dropped
    health = 'edge_video_camera_health{{camera="{}",health="healthy"}}'
    assert all(metrics[health.format(each)] == 1 for each in CAMERAS)


def test_the_events_tell_it(outage: Outage) -> None:
    [event] = outage.events
    assert event["event"] == "publisher_reconnected"
    assert event["away_s"] == pytest.approx(OUTAGE_S, abs=1.0)  # it is told each second
    assert (event["dropped"], event["connections_lost"]) == (outage.dropped, 1)
    assert event["failed_attempts"] == outage.failed_attempts
