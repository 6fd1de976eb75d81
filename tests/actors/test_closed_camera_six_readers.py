"""A camera that its schedule has closed, told by six readers: the same way, never as trouble."""

from __future__ import annotations

import json
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
from edge_video.status import CameraHealth, CameraPhase, camera_health, verdict
from edge_video.status.snapshot import CameraRecord
from edge_video.status.uptime import Presence, presence
from edge_video.text.language import Language
from tests.actors.test_one_outage_six_readers import metrics_of, page_of, top_of
from tests.support.actors import ScriptedSystem

EN, PT = Language.EN, Language.PT_BR
# The clock begins on Tuesday, 14 November 2023, at 22:13:20 UTC, 19:13:20 in São Paulo.
HOURS = {"timezone": "America/Sao_Paulo", "mon-fri": "07:00-19:14"}
OPEN_S, CLOSED_S = 40, 60


class Evening:
    """A door that sends a frame a second until it closes, beside a till that goes on."""

    def __init__(self) -> None:
        door = {"id": "door", "url": "rtsp://10.0.0.1/s", "schedule": HOURS, "fps": 1}
        till = {"id": "till", "url": "rtsp://10.0.0.2/s", "fps": 1}
        self.system = ScriptedSystem(cameras=[door, till])
        policy = NotificationPolicy("shop", "", SteadyPolicy(5.0, 6, 60.0))
        self.rules = NotificationRules(policy, lambda: "id", str)
        self.events: list[dict[str, Any]] = []
        self.system.start()
        for _ in range(OPEN_S + CLOSED_S):
            for name in ("door", "till"):
                if self.system.running[name]:
                    self.system.capture_of(name).frame()
            self.system.advance(1.0)
            self.hear()
        self.status = self.system.status()
        self.final = self.system.system.stop(10).status

    def hear(self) -> None:
        """What the notifier is told of the door."""
        clock, door = self.system.clock, self.system.camera("door")
        breaker = CircuitBreaker.new(BreakerPolicy())
        record = CameraRecord(door.camera_id, door.url, 1, door.phase, breaker)
        now = Moment(clock.monotonic(), clock.wall_ns())
        found = self.rules.camera(replace(record, opens_at=door.opens_at), now)
        self.events += [json.loads(each.body) for each in (*found, *self.rules.tick(now))]


@pytest.fixture(scope="module")
def evening() -> Evening:
    return Evening()


def test_it_is_off_schedule_and_nothing_is_amiss(evening: Evening) -> None:
    for status in (evening.status, evening.final):
        door, till = status.cameras
        assert camera_health(door) is CameraHealth.OFF_SCHEDULE
        assert camera_health(till) is CameraHealth.HEALTHY
        judged = verdict(status)
        assert (judged.is_good, judged.wanted) == (True, 1)
        assert door.frames.imbalance() is None
        assert door.opens_at == "2023-11-15T07:00:00-03:00"
    assert presence(CameraHealth.OFF_SCHEDULE) is Presence.UNEXPECTED


def test_the_page_tells_it(evening: Evening) -> None:
    page = page_of(evening.status)
    assert (page["verdict"]["off_schedule"], page["verdict"]["trouble"]) == (1, 0)
    assert page["verdict"]["is_good"] is True
    door = page["cameras"][0]
    assert (door["health"], door["word"], door["phase"]) == (
        "off_schedule",
        "OFF_SCHEDULE",
        "off_schedule",
    )
    assert door["opens_at"] == "2023-11-15T07:00:00-03:00"


def test_the_terminal_tells_it(evening: Evening) -> None:
    shown = top_of(evening.status)
    assert "1 of 1 camera OK, 1 closed by schedule" in shown
    assert "☾ OFF_SCHEDULE" in shown
    assert "closed until Wed 07:00" in shown


def test_the_monitor_tells_it(evening: Evening) -> None:
    shown = render_monitor(evening.status, EN)
    assert "[door] OFF_SCHEDULE - Frames: 40, " in shown
    assert "| CB: CLOSED | closed until Wed 07:00" in shown
    assert "| fora do horário até qua 07:00" in render_monitor(evening.status, PT)
    line = render_line(evening.status, EN)
    assert "✓ 1 of 1 camera streams" in line
    assert "1 closed by schedule" in line
    assert "[door]" not in line
    service = render_service_status(evening.status, EN, is_broker=True)
    assert service.startswith("1 of 1 ")


def test_the_final_report_tells_it(evening: Evening) -> None:
    report = render_final(evening.final, EN)
    assert report.count("   ✓ [") == 2
    assert "closed until Wed 07:00" in report
    door = report[report.index("[door]") : report.index("[till]")]
    assert "100.0%" in door  # of the time that it was open


def test_prometheus_tells_it(evening: Evening) -> None:
    metrics = metrics_of(evening.status)
    for what, word in (("health", "off_schedule"), ("phase", "off_schedule")):
        assert metrics[f'edge_video_camera_{what}{{camera="door",{what}="{word}"}}'] == 1
    assert metrics['edge_video_camera_health{camera="door",health="trouble"}'] == 0


def test_the_events_tell_it(evening: Evening) -> None:
    told = [(each["event"], each["before"], each["opens_at"]) for each in evening.events]
    assert told == [
        ("camera_online", None, None),
        ("camera_off_schedule", "online", "2023-11-15T07:00:00-03:00"),
    ]
    assert evening.events[-1]["failure"] is None


def test_the_probe_asks_for_nothing_that_is_closed(evening: Evening) -> None:
    pulse = Pulse(0.1, 0.1)
    for needed, ok in ((1, True), (2, True), (3, True)):
        assert ready(pulse, evening.status, needs_publisher=False, needs_cameras=needed).ok is ok
    silent = replace(evening.status.cameras[1], phase=CameraPhase.WAITING)
    status = replace(evening.status, cameras=(evening.status.cameras[0], silent))
    [reason] = ready(pulse, status, needs_publisher=False, needs_cameras=2).reasons
    assert "till" in reason
    assert "door" not in reason
