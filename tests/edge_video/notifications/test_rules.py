"""The notifications: what is reported of a system, and that all of it satisfies the schema."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.capture.hardware import Decoding
from edge_video.frames import CameraId
from edge_video.metrics.cpu import CpuBound, CpuShortage, CpuUse
from edge_video.metrics.memory import MemoryLevel
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import SCHEMA as VERSION
from edge_video.notifications.rules import Moment, NotificationPolicy, NotificationRules
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.failures import Cause, Failure
from edge_video.resilience.liveness import PictureState
from edge_video.status.configuration import (
    ConfigStatus,
    LastReload,
    ReloadReason,
    ReloadResult,
)
from edge_video.status.model import CameraPhase, Outage, PublisherState, PublisherStatus
from edge_video.status.snapshot import CameraRecord
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from edge_video.delivery.notification_queue import Notification

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/events.schema.json").read_text())
DOCUMENT = (ROOT / "docs/events.md").read_text()
CANARY = "canary-7391"


def valid(notification: Notification) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(notification.body)
    jsonschema.Draft202012Validator(SCHEMA).validate(event)
    assert (event["id"], event["event"], event["at_ns"]) == (
        notification.message_id,
        notification.name,
        notification.at_ns,
    )
    return event


class Scene:
    """The rules under a clock of the test's own."""

    def __init__(self) -> None:
        policy = NotificationPolicy("shop-17", "site1.", SteadyPolicy(5.0, 6, 60.0))
        numbers = itertools.count(1)
        self.rules = NotificationRules(policy, lambda: f"id-{next(numbers)}", Redactor([CANARY]))
        self.now = Moment(50.0, 1_700_000_000_000_000_000)
        self.record = CameraRecord(
            camera_id=CameraId("yard.1"),
            url="rtsp://10.0.0.1/s",
            target_fps=15,
            phase=CameraPhase.STARTING,
            breaker=CircuitBreaker.new(BreakerPolicy(max_failures=1, jitter=0.0)),
        )
        self.notifications: list[Notification] = []

    @property
    def reported(self) -> list[dict[str, Any]]:
        return [valid(notification) for notification in self.notifications]

    def wait(self, seconds: float) -> None:
        self.now = Moment(self.now.s + seconds, self.now.ns + round(seconds * 1e9))
        self.notifications += self.rules.tick(self.now)

    def camera(self, **changes: Any) -> None:
        self.record = replace(self.record, **changes)
        self.notifications += self.rules.camera(self.record, self.now)

    def publisher(self, state: PublisherState, **facts: Any) -> None:
        if state is PublisherState.WAITING:
            facts.setdefault("outages", (Outage(self.now.ns, None, facts["reason"]),))
        status = PublisherStatus(state, "amqp://shop:***@broker", **facts)
        self.notifications += self.rules.publisher(status, self.now)

    def attempt(self) -> None:
        breaker, permit = self.record.breaker.permit(self.now.s)
        assert permit.granted
        self.camera(breaker=breaker, phase=CameraPhase.STARTING)

    @property
    def may_fail(self) -> bool:
        breaker = self.record.breaker
        return breaker.retry_in_s(self.now.s) == 0 or breaker.attempt_running

    def fail(self, failure: Failure) -> None:
        if not self.record.breaker.attempt_running:
            self.attempt()
        breaker = self.record.breaker
        self.camera(
            breaker=breaker.failure(self.now.s, breaker.generation),
            phase=CameraPhase.WAITING,
            last_failure=failure,
        )


def test_a_camera_comes_online_goes_away_and_says_why() -> None:
    scene = Scene()
    scene.camera()
    scene.wait(1)
    scene.camera(phase=CameraPhase.STREAMING)
    scene.wait(5)
    scene.fail(Failure(Cause.REFUSED, f"rtsp://u:{CANARY}@10.0.0.1/s"))
    scene.wait(5.000_01)
    online, offline, opened = scene.reported
    assert (online["event"], online["before"], online["failure"]) == ("camera_online", None, None)
    assert (offline["event"], offline["before"]) == ("camera_offline", "online")
    assert offline["since_ns"] == offline["at_ns"] - 5_000_010_000
    assert offline["failure"]["cause"] == "refused"
    assert "connection refused" in offline["failure"]["text"]
    assert (opened["event"], opened["failures"]) == ("breaker_open", 1)
    assert opened["retry_in_s"] == 30.0  # 5s + 30s, five of them gone, in milliseconds
    assert [each.routing_key for each in scene.notifications] == [
        "site1.camera.online.yard.1",
        "site1.camera.offline.yard.1",
        "site1.breaker.open.yard.1",
    ]
    assert CANARY not in "".join(each.body.decode() for each in scene.notifications)


def test_a_camera_that_is_back_says_how_long_it_was_away() -> None:
    scene = Scene()
    scene.camera(phase=CameraPhase.STREAMING)
    scene.wait(6)
    scene.camera(phase=CameraPhase.WAITING)
    scene.wait(72)
    scene.camera(phase=CameraPhase.STREAMING)
    scene.wait(6)
    assert [(each["event"], each["away_s"]) for each in scene.reported] == [
        ("camera_online", None),
        ("camera_offline", None),
        ("camera_online", 72.0),
    ]


def test_the_end_of_an_outage_says_what_all_of_it_cost() -> None:
    scene = Scene()
    scene.publisher(PublisherState.CONNECTED, connections=1)
    old = Outage(scene.now.ns - 9_000, scene.now.ns - 8_000, "refused", 5)
    first = Outage(scene.now.ns, None, "reset by peer", 0)
    lost: dict[str, Any] = {"connections": 1, "connections_lost": 1, "reason": "reset by peer"}
    scene.publisher(PublisherState.WAITING, **lost, outages=(old, first))
    ended = replace(first, ended_at_ns=scene.now.ns + 9, dropped=40)
    second = Outage(scene.now.ns + 99, scene.now.ns + 999, "refused", 2)
    again: dict[str, Any] = {"connections": 3, "connections_lost": 2}
    scene.publisher(PublisherState.CONNECTED, **again, outages=(old, ended, second))
    scene.wait(5)
    [event] = scene.reported
    assert event["dropped"] == 42


def test_a_clock_that_is_set_back_changes_nothing_of_what_an_outage_cost() -> None:
    scene = Scene()
    scene.publisher(PublisherState.CONNECTED, connections=1)
    hour_ns = 3600 * 10**9
    old = Outage(scene.now.ns + hour_ns, scene.now.ns + hour_ns + 9, "refused", 5)
    first = Outage(scene.now.ns, None, "reset by peer", 0)
    lost: dict[str, Any] = {"connections": 1, "connections_lost": 1, "reason": "reset by peer"}
    scene.publisher(PublisherState.WAITING, **lost, outages=(old, first))
    ended = replace(first, ended_at_ns=scene.now.ns - hour_ns, dropped=40)
    second = Outage(scene.now.ns - hour_ns, scene.now.ns - hour_ns + 9, "refused", 2)
    again: dict[str, Any] = {"connections": 3, "connections_lost": 2}
    scene.publisher(PublisherState.CONNECTED, **again, outages=(old, ended, second))
    scene.wait(5)
    [event] = scene.reported
    assert event["dropped"] == 42


def test_the_probes_of_a_dead_camera_are_no_news() -> None:
    scene = Scene()
    scene.camera()
    for _ in range(20):
        scene.fail(Failure(Cause.TIMEOUT))
        wait_s = scene.record.breaker.retry_in_s(scene.now.s) or 0.0
        scene.wait(wait_s)
        scene.attempt()
        assert scene.record.breaker.state is BreakerState.HALF_OPEN
        scene.wait(20)  # HALF_OPEN, until the first frame's time-out
    assert sorted(each["event"] for each in scene.reported) == ["breaker_open", "camera_offline"]


def test_a_camera_that_was_asked_to_stop_is_offline_and_stopped() -> None:
    scene = Scene()
    scene.camera(phase=CameraPhase.STREAMING)
    scene.wait(6)
    scene.camera(phase=CameraPhase.STOPPED)
    scene.wait(6)
    assert [(each["event"], each["phase"]) for each in scene.reported] == [
        ("camera_online", "streaming"),
        ("camera_offline", "stopped"),
    ]


def test_a_disabled_camera_is_no_news() -> None:
    scene = Scene()
    scene.camera(phase=CameraPhase.DISABLED)
    scene.wait(100)
    assert scene.reported == []


def test_a_camera_that_a_reload_disables_is_offline() -> None:
    scene = Scene()
    scene.camera(phase=CameraPhase.STREAMING)
    scene.wait(6)
    scene.camera(phase=CameraPhase.DISABLED)
    scene.wait(6)
    assert [(each["event"], each["phase"]) for each in scene.reported] == [
        ("camera_online", "streaming"),
        ("camera_offline", "disabled"),
    ]


def test_the_cpu_in_the_place_of_hardware_is_told_once_it_holds_and_so_is_the_return() -> None:
    scene = Scene()
    works = Decoding("cuda", "cuda")
    fails = Decoding("cuda", "software", f"card full of {CANARY}")
    scene.camera(decoding=works, phase=CameraPhase.STREAMING)
    scene.wait(60)
    scene.camera(decoding=fails)
    scene.wait(6)
    scene.camera(decoding=None)
    scene.wait(60)
    scene.camera(decoding=works)
    scene.wait(6)
    _, software, hardware = scene.reported
    assert (software["event"], software["hwaccel"], software["used"]) == (
        "decoder_software",
        "cuda",
        "software",
    )
    assert (hardware["event"], hardware["reason"]) == ("decoder_hardware", "")
    assert scene.notifications[-1].routing_key == "site1.decoder.hardware.yard.1"
    assert CANARY not in str(scene.reported)


def test_an_outage_of_the_broker_is_one_event_however_many_attempts_it_took() -> None:
    scene = Scene()
    scene.publisher(PublisherState.CONNECTING)
    scene.publisher(PublisherState.CONNECTED, connections=1)
    scene.wait(100)
    assert scene.reported == []
    scene.publisher(
        PublisherState.WAITING, connections=1, connections_lost=1, reason="reset by peer"
    )
    scene.wait(3)
    scene.publisher(PublisherState.CONNECTED, connections=2, connections_lost=1)
    scene.wait(2)
    scene.publisher(PublisherState.WAITING, connections=2, connections_lost=2, reason="refused")
    scene.wait(4)
    scene.publisher(PublisherState.CONNECTED, connections=3, connections_lost=2, failed_attempts=4)
    scene.wait(4.9)
    assert scene.reported == []
    scene.wait(0.1)
    [event] = scene.reported
    assert (event["event"], event["away_s"]) == ("publisher_reconnected", 9.0)
    assert (event["connections_lost"], event["failed_attempts"]) == (2, 4)
    assert event["reason"] == "refused"
    assert scene.notifications[0].routing_key == "site1.publisher.reconnected"
    scene.wait(1000)
    assert len(scene.reported) == 1


def test_a_broker_that_was_absent_at_the_start_is_not_reconnected() -> None:
    scene = Scene()
    scene.publisher(PublisherState.WAITING, failed_attempts=1, reason="refused")
    scene.publisher(PublisherState.CONNECTED, connections=1, failed_attempts=1)
    scene.wait(100)
    assert scene.reported == []


def test_a_connection_that_is_made_anew_without_a_failure_is_no_reconnection() -> None:
    scene = Scene()
    over = Outage(scene.now.ns - 9_000, scene.now.ns - 8_000, "refused", 5)
    facts: dict[str, Any] = {"connections": 2, "connections_lost": 1, "outages": (over,)}
    scene.publisher(PublisherState.CONNECTED, **facts)
    scene.publisher(PublisherState.STOPPED, **facts)
    scene.publisher(PublisherState.CONNECTING, **facts)
    scene.publisher(PublisherState.CONNECTED, **facts | {"connections": 3})
    scene.wait(100)
    assert scene.reported == []


def test_a_memory_level_is_reported_when_it_holds() -> None:
    scene = Scene()
    scene.notifications += scene.rules.memory(MemoryLevel.CRITICAL, 400, 512, scene.now)
    scene.wait(5)
    scene.notifications += scene.rules.memory(MemoryLevel.NORMAL, 100, 512, scene.now)
    scene.wait(5)
    assert [(each["event"], each["state"], each["used_bytes"]) for each in scene.reported] == [
        ("memory_level", "critical", 400),
        ("memory_level", "normal", 100),
    ]
    assert scene.notifications[0].routing_key == "site1.memory.critical"


def test_cpu_that_is_short_and_its_end_are_reported_at_once() -> None:
    scene = Scene()
    use = CpuUse(96.0, CpuBound.OTHERS, 2.0, 1.5, 0.0, None)
    shortage = CpuShortage(60.0, use, 95.5, "door", 30.0)
    scene.notifications += scene.rules.cpu(shortage, None, scene.now)
    scene.notifications += scene.rules.cpu(replace(shortage, camera_id=""), 300.0, scene.now)
    assert [(each["event"], each["bound"], each["lasted_s"]) for each in scene.reported] == [
        ("cpu_short", "others", None),
        ("cpu_enough", "others", 300.0),
    ]
    assert [each["dearest_camera"] for each in scene.reported] == ["door", None]
    assert scene.notifications[0].routing_key == "site1.cpu.short"


steps = st.lists(
    st.tuples(
        st.sampled_from([*CameraPhase, "fail", *MemoryLevel, *PublisherState]), st.integers(0, 30)
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_happens_every_event_satisfies_the_schema(
    happened: list[tuple[Any, int]],
) -> None:
    scene = Scene()
    connections = lost = 0
    for what, pause_s in happened:
        if isinstance(what, CameraPhase):
            scene.camera(phase=what)
        elif isinstance(what, MemoryLevel):
            scene.notifications += scene.rules.memory(what, 1, 2, scene.now)
        elif isinstance(what, PublisherState):
            connections += what is PublisherState.CONNECTED
            lost += what is PublisherState.WAITING
            scene.publisher(what, connections=connections, connections_lost=lost, reason="x")
        elif scene.may_fail:
            scene.fail(Failure(Cause.UNKNOWN, "\x1b[2J\n"))
        scene.wait(pause_s)
    assert len({each.message_id for each in scene.notifications}) == len(scene.reported)


def test_the_document_names_every_event_and_every_key_of_the_schema() -> None:
    events = SCHEMA["properties"]["event"]["enum"]
    keys = set(SCHEMA["properties"]) - {"event"}
    assert {name for name in [*events, *keys] if f"`{name}`" not in DOCUMENT} == set()


def test_the_documents_own_example_satisfies_the_schema() -> None:
    block = DOCUMENT.split("```json\n")[1].split("```")[0]
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(block))


def test_the_document_and_the_schema_name_the_version_that_events_carry() -> None:
    assert re.findall(r"\bversion (\d+)", DOCUMENT) == [str(VERSION)]
    assert SCHEMA["title"].endswith(f"version {VERSION}")
    assert SCHEMA["properties"]["schema"] == {"const": VERSION}


def test_what_became_of_a_reload_is_told_once_and_not_what_was_before() -> None:
    scene = Scene()
    first = ConfigStatus(7, "abc", last_reload=LastReload(1, ReloadResult.DONE))
    refused = LastReload(
        2, ReloadResult.REFUSED, ReloadReason.INVALID, (f"line {CANARY}",), "watch"
    )
    ids = (scene.record.camera_id,)
    told = scene.rules.configuration(first, ids, scene.now)
    told += scene.rules.configuration(replace(first, last_reload=refused), ids, scene.now)
    told += scene.rules.configuration(replace(first, last_reload=refused), ids, scene.now)
    unchanged = LastReload(3, ReloadResult.UNCHANGED)
    told += scene.rules.configuration(replace(first, last_reload=unchanged), ids, scene.now)
    done = LastReload(4, ReloadResult.DONE)
    told += scene.rules.configuration(replace(first, last_reload=done), ids, scene.now)
    events = [valid(each) for each in told]
    assert [each["event"] for each in events] == ["config_refused", "config_reloaded"]
    assert (events[0]["reason"], events[0]["origin"]) == ("invalid", "watch")
    assert [each["since_ns"] for each in events] == [2, 7], "when it was refused; what runs now"
    assert CANARY not in str(events)
    assert [each.routing_key for each in told] == ["site1.config.refused", "site1.config.reloaded"]


def test_a_camera_that_was_removed_is_not_told_of_any_more() -> None:
    scene = Scene()
    scene.camera(phase=CameraPhase.STREAMING)
    scene.rules.configuration(ConfigStatus(1, "abc"), (), scene.now)
    scene.wait(100)
    assert scene.reported == []


def test_a_picture_that_is_wrong_is_told_when_that_holds_and_so_is_its_end() -> None:
    scene = Scene()
    scene.camera(picture=PictureState.LIVE)
    scene.wait(60.0)
    scene.camera(picture=PictureState.FROZEN)
    scene.wait(5.0)
    scene.camera(picture=None)  # it is started anew for it, and nobody can tell for a while
    scene.wait(60.0)
    scene.camera(picture=PictureState.LIVE)
    scene.wait(5.0)
    told = [each for each in scene.reported if each["event"].startswith("picture")]
    assert [(each["event"], each["before"], each["camera_id"]) for each in told] == [
        ("picture_frozen", "live", "yard.1"),
        ("picture_live", "frozen", "yard.1"),
    ]
    assert scene.notifications[-1].routing_key == "site1.picture.live.yard.1"


def test_the_schema_knows_an_event_for_each_state_of_a_picture() -> None:
    known = set(SCHEMA["properties"]["event"]["enum"])
    assert {f"picture_{state}" for state in PictureState} <= known
