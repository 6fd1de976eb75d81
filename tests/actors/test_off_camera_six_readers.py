"""A camera that is off, as expected of it, told by six readers: the same way, never as trouble."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from edge_video.http.health import ready
from edge_video.http.status_store import Pulse
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import Moment, NotificationPolicy, NotificationRules
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.report.monitor_line import render_line
from edge_video.report.service_status import render_service_status
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.status import CameraHealth, CameraPhase, camera_health, verdict
from edge_video.status.snapshot import CameraRecord
from edge_video.text.language import Language
from tests.actors.test_one_outage_six_readers import metrics_of, page_of, top_of
from tests.support.actors import ScriptedSystem

EN, PT = Language.EN, Language.PT_BR
SINCE = r"\d{4}-\d\d-\d\d \d\d:\d\d"
ON_S, OFF_S = 30, 60


class Evening:
    """A van that sends a frame a second until it drives off, beside a till that goes on."""

    def __init__(self) -> None:
        van = {"id": "van", "url": "rtsp://10.0.0.1/s", "expected": "intermittent", "fps": 1}
        till = {"id": "till", "url": "rtsp://10.0.0.2/s", "fps": 1}
        self.system = ScriptedSystem(cameras=[van, till])
        policy = NotificationPolicy("shop", "", SteadyPolicy(5.0, 6, 60.0))
        self.rules = NotificationRules(policy, lambda: "id", str)
        self.events: list[dict[str, Any]] = []
        self.system.start()
        self.seconds(ON_S, "van", "till")
        self.system.failures["van"] = Failure(Cause.UNREACHABLE)
        self.system.capture_of("van").end(Cause.UNREACHABLE)
        self.seconds(OFF_S, "till")
        self.status = self.system.status()
        self.final = self.system.system.stop(10).status

    def seconds(self, number: int, *senders: str) -> None:
        for _ in range(number):
            for name in senders:
                self.system.capture_of(name).frame()
            self.system.advance(1.0)
            self.hear()

    def hear(self) -> None:
        """What the notifier is told of the van."""
        clock, van = self.system.clock, self.system.camera("van")
        breaker = CircuitBreaker.new(BreakerPolicy())
        record = CameraRecord(van.camera_id, van.url, 1, van.phase, breaker)
        now = Moment(clock.monotonic(), clock.wall_ns())
        found = self.rules.camera(replace(record, intermittent=van.intermittent), now)
        self.events += [json.loads(each.body) for each in (*found, *self.rules.tick(now))]


@pytest.fixture(scope="module")
def evening() -> Evening:
    return Evening()


def test_it_is_off_and_nothing_is_amiss(evening: Evening) -> None:
    for status in (evening.status, evening.final):
        van, till = status.cameras
        assert camera_health(van) is CameraHealth.OFF_EXPECTED
        assert camera_health(till) is CameraHealth.HEALTHY
        judged = verdict(status)
        assert (judged.is_good, judged.wanted) == (True, 1)
        assert van.frames.imbalance() is None
        assert van.off_since_ns is not None


def test_the_page_tells_it(evening: Evening) -> None:
    page = page_of(evening.status)
    assert (page["verdict"]["off_expected"], page["verdict"]["trouble"]) == (1, 0)
    assert page["verdict"]["is_good"] is True
    van, till = page["cameras"]
    assert (van["health"], van["word"], van["phase"]) == (
        "off_expected",
        "OFF_EXPECTED",
        "off_expected",
    )
    assert van["off_since_ms"] == (evening.status.cameras[0].off_since_ns or 0) // 1_000_000
    assert till["off_since_ms"] is None


def test_the_terminal_tells_it(evening: Evening) -> None:
    shown = top_of(evening.status)
    assert "1 of 1 camera OK, 1 off (expected)" in shown
    assert "○ OFF_EXPECTED" in shown
    assert re.search(rf"off \(expected\) since {SINCE}", shown)


def test_the_monitor_tells_it(evening: Evening) -> None:
    shown = render_monitor(evening.status, EN)
    assert "[van] OFF_EXPECTED - Frames: 30, " in shown
    assert re.search(rf"\| CB: CLOSED \| off \(expected\) since {SINCE}", shown)
    in_portuguese = render_monitor(evening.status, PT)
    assert re.search(rf"\| desligada \(previsto\) desde {SINCE}", in_portuguese)
    line = render_line(evening.status, EN)
    assert "✓ 1 of 1 camera streams" in line
    assert "1 off (expected)" in line
    assert "[van]" not in line
    service = render_service_status(evening.status, EN, is_broker=True)
    assert service.startswith("1 of 1 ")


def test_the_final_report_tells_it(evening: Evening) -> None:
    report = render_final(evening.final, EN)
    assert report.count("   ✓ [") == 2
    van = report[report.index("[van]") : report.index("[till]")]
    assert re.search(rf"off \(expected\) since {SINCE}", van)
    assert "30 (0.97 FPS real)" in van  # of the time that it was there


def test_prometheus_tells_it(evening: Evening) -> None:
    metrics = metrics_of(evening.status)
    for what in ("health", "phase"):
        assert metrics[f'edge_video_camera_{what}{{camera="van",{what}="off_expected"}}'] == 1
    for health in ("trouble", "starting"):  # those that an alert fires for
        assert metrics[f'edge_video_camera_health{{camera="van",health="{health}"}}'] == 0


def test_the_events_tell_it(evening: Evening) -> None:
    told = [(each["event"], each["before"], each["phase"]) for each in evening.events]
    assert told == [
        ("camera_online", None, "streaming"),
        ("camera_off_expected", "online", "off_expected"),
    ]
    assert evening.events[-1]["failure"] is None


def test_nothing_is_told_while_its_first_try_runs(evening: Evening) -> None:
    van, rules = (
        evening.status.cameras[0],
        NotificationRules(
            NotificationPolicy("shop", "", SteadyPolicy(5.0, 6, 60.0)), lambda: "id", str
        ),
    )
    breaker = CircuitBreaker.new(BreakerPolicy())
    first = CameraRecord(
        van.camera_id, van.url, 1, CameraPhase.STARTING, breaker, intermittent=True
    )
    told = list(rules.camera(first, Moment(0.0, 0))) + rules.tick(Moment(20.0, 20))
    assert told == []
    rules.camera(replace(first, phase=CameraPhase.OFF_EXPECTED), Moment(21.0, 21))
    [event] = rules.tick(Moment(30.0, 30))
    assert event.name == "camera_off_expected"


def test_the_probe_waits_for_nobody_who_is_off(evening: Evening) -> None:
    pulse = Pulse(0.1, 0.1)
    for needed in (1, 2):
        assert ready(pulse, evening.status, needs_publisher=False, needs_cameras=needed).ok
