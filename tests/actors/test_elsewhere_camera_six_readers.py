"""A camera on another node, told by six readers the same way; one that is on none is trouble."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.lease_messages import ClusterChanged, GrantCamera, WithdrawCamera
from edge_video.frames import CameraId
from edge_video.http.health import ready
from edge_video.http.status_store import Pulse
from edge_video.log.events import LogEvent
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import Moment, NotificationPolicy, NotificationRules
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.report.monitor_line import render_line
from edge_video.report.service_status import render_service_status
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.resilience.cluster.terms import StopReason
from edge_video.status import CameraHealth, camera_health, verdict
from edge_video.status.cluster import ClusterFacts
from edge_video.status.snapshot import CameraRecord
from edge_video.text.language import Language
from tests.actors.test_one_outage_six_readers import metrics_of, page_of, top_of
from tests.support.actors import ScriptedSystem
from tests.support.leases import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

EN, PT = Language.EN, Language.PT_BR
VAN, TILL = CameraId("van"), CameraId("till")


class Evening:
    """A till that this node captures, beside a van that goes to another node after a while."""

    def __init__(self) -> None:
        cameras = [
            {"id": "van", "url": "rtsp://10.0.0.1/s", "fps": 1},
            {"id": "till", "url": "rtsp://10.0.0.2/s", "fps": 1},
        ]
        self.node = Node()
        self.system = self.node.system = ScriptedSystem(cameras=cameras, lease=self.node.lease)
        policy = NotificationPolicy("shop", "", SteadyPolicy(5.0, 6, 60.0))
        self.rules = NotificationRules(policy, lambda: "id", str)
        self.events: list[dict[str, Any]] = []
        self.system.start()
        self.node.tell(ClusterChanged(ClusterFacts(node="shop-1")))
        self.node.tell(GrantCamera(VAN, 7))
        self.node.tell(GrantCamera(TILL, 8))
        self.seconds(30, "van", "till")
        self.node.tell(WithdrawCamera(VAN, StopReason.SUPERSEDED))
        self.node.tell(ClusterChanged(ClusterFacts(node="shop-1", owners={VAN: "shop-2"})))
        self.seconds(90, "till")
        self.status = self.system.status()

    def seconds(self, number: int, *senders: str) -> None:
        for _ in range(number):
            for name in senders:
                self.system.capture_of(name).frame()
            self.system.advance(1.0)
            self.hear()

    def hear(self) -> None:
        """What the notifier is told of the van."""
        clock, van = self.system.clock, self.system.camera("van")
        since_s = None if van.unowned_s is None else clock.monotonic() - van.unowned_s
        record = CameraRecord(
            van.camera_id,
            van.url,
            1,
            van.phase,
            CircuitBreaker.new(BreakerPolicy()),
            epoch=van.epoch,
            owner=van.owner,
            unowned_since_s=since_s,
        )
        now = Moment(clock.monotonic(), clock.wall_ns())
        found = self.rules.camera(record, now)
        self.events += [json.loads(each.body) for each in (*found, *self.rules.tick(now))]

    def lose_owner(self) -> None:
        """Nobody captures the van any more."""
        self.node.tell(ClusterChanged(ClusterFacts(node="shop-1")))


@pytest.fixture(scope="module")
def evening() -> Iterator[Evening]:
    made = Evening()
    yield made
    made.system.system.stop(10)


@pytest.fixture
def later() -> Iterator[Evening]:
    """The same, for a test that goes on with it."""
    made = Evening()
    yield made
    made.system.system.stop(10)


def test_it_is_elsewhere_and_nothing_is_amiss(evening: Evening) -> None:
    van, till = evening.status.cameras
    assert camera_health(van) is CameraHealth.ELSEWHERE
    assert camera_health(till) is CameraHealth.HEALTHY
    assert (van.owner, van.epoch, till.epoch) == ("shop-2", None, 8)
    judged = verdict(evening.status)
    assert (judged.is_good, judged.wanted) == (True, 1)


def test_the_page_tells_it(evening: Evening) -> None:
    page = page_of(evening.status)
    assert (page["verdict"]["elsewhere"], page["verdict"]["trouble"]) == (1, 0)
    van, till = page["cameras"]
    assert (van["health"], van["word"], van["owner"]) == ("elsewhere", "ELSEWHERE", "shop-2")
    assert (till["owner"], till["epoch"]) == (None, 8)


def test_the_terminal_tells_it(evening: Evening) -> None:
    shown = top_of(evening.status)
    assert "1 of 1 camera OK, 1 on other nodes" in shown
    assert "→ ELSEWHERE" in shown
    assert "on node shop-2" in shown


def test_the_monitor_tells_it(evening: Evening) -> None:
    assert "| CB: CLOSED | on node shop-2" in render_monitor(evening.status, EN)
    assert "| no nó shop-2" in render_monitor(evening.status, PT)
    line = render_line(evening.status, EN)
    assert "✓ 1 of 1 camera streams" in line
    assert "1 on another node" in line
    assert "[van]" not in line
    assert render_service_status(evening.status, EN, is_broker=True).startswith("1 of 1 ")


def test_the_final_report_tells_it(evening: Evening) -> None:
    report = render_final(evening.status, EN)
    assert report.count("   ✓ [") == 2
    assert "on node shop-2" in report[report.index("[van]") : report.index("[till]")]


def test_prometheus_tells_it(evening: Evening) -> None:
    metrics = metrics_of(evening.status)
    for what in ("health", "phase"):
        assert metrics[f'edge_video_camera_{what}{{camera="van",{what}="elsewhere"}}'] == 1


def test_the_events_leave_it_to_the_other_node(evening: Evening) -> None:
    told = [(each["event"], each["epoch"]) for each in evening.events]
    assert told == [("camera_online", 7)]


def test_a_node_that_has_no_camera_is_ready(evening: Evening) -> None:
    pulse = Pulse(0.1, 0.1)
    for needed in (1, 2):
        assert ready(pulse, evening.status, needs_publisher=False, needs_cameras=needed).ok


def test_a_camera_that_nobody_has_for_a_minute_is_trouble(
    later: Evening, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    later.lose_owner()
    later.seconds(59, "till")
    assert verdict(later.system.status()).is_good
    later.seconds(10, "till")
    status = later.system.status()
    assert camera_health(status.cameras[0]) is CameraHealth.TROUBLE
    assert "[van] UNOWNED" in render_line(status, EN)
    assert "on no node for 1m" in render_monitor(status, EN)
    assert later.events[-1]["event"] == "camera_offline"
    later.node.tell(ClusterChanged(ClusterFacts(node="shop-1", owners={VAN: "shop-3"})))
    later.seconds(1, "till")
    assert verdict(later.system.status()).is_good
    told = [getattr(each, "event", None) for each in caplog.records]
    assert [each for each in told if each in (LogEvent.CAMERA_UNOWNED, LogEvent.CAMERA_OWNED)] == [
        LogEvent.CAMERA_UNOWNED,
        LogEvent.CAMERA_OWNED,
    ]


def test_nobody_is_missed_while_nobody_is_heard(later: Evening) -> None:
    later.node.tell(ClusterChanged(ClusterFacts(node="shop-1", down_since_s=0.0)))
    later.seconds(90, "till")
    assert verdict(later.system.status()).is_good
