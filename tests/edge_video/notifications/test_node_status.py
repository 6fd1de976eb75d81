"""The node's own status: when it is told, what is in it, and who can read it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from edge_video.frames import CameraId
from edge_video.notifications.node_status import NodeStatusPace, NodeStatusRules
from edge_video.notifications.rules import Moment, NotificationPolicy
from edge_video.resilience.failures import Cause, Failure
from edge_video.resilience.liveness import PictureState
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.status.node import MAX_CAMERAS, read_node_status
from edge_video.text.redact import Redactor
from tests.edge_video.report.examples import busy_system

if TYPE_CHECKING:
    from edge_video.status.model import CameraStatus, SystemStatus

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/events.schema.json").read_text())
CANARY = "canary-7391"


def system_of(*cameras: CameraStatus, state: PublisherState | None = None) -> SystemStatus:
    system = busy_system()
    publisher = replace(system.publisher, state=state or PublisherState.CONNECTED)
    return replace(system, cameras=cameras or system.cameras, publisher=publisher)


def many(count: int, **changes: Any) -> list[CameraStatus]:
    one = next(each for each in busy_system().cameras if each.phase is CameraPhase.STREAMING)
    return [replace(one, camera_id=CameraId(f"camera-{n:03}"), **changes) for n in range(count)]


class Scene:
    def __init__(self, period_s: float = 30.0) -> None:
        numbers = itertools.count(1)
        self.rules = NodeStatusRules(
            NotificationPolicy("shop-17", "site1."),
            period_s,
            lambda: f"id-{next(numbers)}",
            Redactor([CANARY]),
        )
        self.now = Moment(50.0, 1_700_000_000_000_000_000)
        self.bodies: list[bytes] = []
        self.told_s: list[float] = []

    def run(self, system: SystemStatus, seconds: int = 1) -> list[dict[str, Any]]:
        """So many ticks of a second; the events that were told meanwhile."""
        events = []
        for _ in range(seconds):
            self.now = Moment(self.now.s + 1, self.now.ns + 10**9)
            for each in self.rules.tick(system, self.now):
                assert each.routing_key == "site1.node.status"
                assert each.life_s == 3 * self.rules.period_s
                event = json.loads(each.body)
                jsonschema.Draft202012Validator(SCHEMA).validate(event)
                self.bodies.append(each.body)
                self.told_s.append(self.now.s)
                events.append(event)
        return events


def test_it_is_told_at_once_and_then_each_period() -> None:
    scene = Scene()
    scene.run(system_of(*many(2)), 100)
    assert [each - scene.told_s[0] for each in scene.told_s] == [0, 30, 60, 90]


def test_no_frames_are_a_rate_and_one_that_was_not_measured_is_none() -> None:
    [event] = Scene().run(system_of(*many(1, received_fps=0.0), *many(1, received_fps=None)))
    assert [each.get("fps") for each in event["cameras"]] == [0.0, None]


@pytest.mark.parametrize("phase", [CameraPhase.ELSEWHERE, CameraPhase.WAITING])
def test_a_camera_that_does_not_stream_has_no_rate_any_more(phase: CameraPhase) -> None:
    [event] = Scene().run(system_of(*many(1, received_fps=14.9, phase=phase)))
    assert event["cameras"][0]["fps"] == 0


def test_a_change_is_told_after_two_seconds_and_a_storm_of_them_every_five() -> None:
    scene, good, bad = Scene(), many(1), many(1, last_frame_ago_s=60.0)
    scene.run(system_of(*good), 10)
    scene.told_s.clear()
    [event] = scene.run(system_of(*bad), 5)
    assert (event["state"], event["health"]) == ("trouble", {"trouble": 1})
    assert event["since_ns"] == event["cameras"][0]["since_ns"] == event["at_ns"] - 2 * 10**9
    scene.told_s.clear()
    for turn in range(60):
        scene.run(system_of(*(good if turn % 2 else bad)))
    gaps = {b - a for a, b in itertools.pairwise(scene.told_s)}
    assert gaps == {5.0}


def test_nothing_is_told_while_nobody_could_hear_it() -> None:
    scene = Scene()
    assert scene.run(system_of(state=PublisherState.WAITING), 40) == []
    assert len(scene.run(system_of())) == 1


def test_the_pace_knows_no_more_than_one_status_a_pause() -> None:
    pace = NodeStatusPace(30.0)
    told = [now_s for now_s in range(100) if pace.is_due((now_s,), float(now_s))]
    assert told == list(range(0, 100, 5))


@pytest.mark.parametrize(("count", "most_bytes"), [(20, 4_000), (100, 16_000), (500, 32_000)])
def test_its_size_is_bounded_and_the_troubled_come_first(count: int, most_bytes: int) -> None:
    cameras = [*many(count - 1), *many(1, last_frame_ago_s=60.0, received_fps=0.0)]
    scene = Scene()
    [event] = scene.run(system_of(*cameras))
    assert len(scene.bodies[0]) < most_bytes
    assert event["cameras"][0]["health"] == "trouble"
    assert len(event["cameras"]) == min(count, MAX_CAMERAS)
    assert event["cameras_left_out"] == count - len(event["cameras"])
    assert sum(event["health"].values()) == count


def test_no_secret_is_in_it_and_no_text_is_long() -> None:
    failure = Failure(Cause.REFUSED, f"rtsp://u:{CANARY}@10.0.0.1/ \x1b[2J" + "x " * 900)
    cameras = many(1, last_failure=failure, last_frame_ago_s=60.0, picture=PictureState.FROZEN)
    [event] = (scene := Scene()).run(system_of(*cameras))
    [camera] = event["cameras"]
    assert CANARY not in scene.bodies[0].decode()
    assert (camera["cause"], camera["picture"]) == ("refused", "frozen")
    assert 190 < len(camera["text"]) <= 200
    assert camera["text"].isprintable()


def test_what_is_told_is_what_is_read() -> None:
    scene = Scene()
    scene.run(system_of())
    read = read_node_status(scene.bodies[0])
    written = json.loads(scene.bodies[0])
    assert [each.id for each in read.cameras] == [each["id"] for each in written["cameras"]]
    assert (read.health, read.period_s) == (written["health"], 30.0)
    assert read.delivery.published == written["delivery"]["published"]


@pytest.mark.parametrize(
    "changes",
    [
        {"cameras": [{"id": "x", "health": "healthy"}] * (MAX_CAMERAS + 1)},
        {"cameras": [{"id": "x" * 300, "health": "healthy"}]},
        {"cameras": {"id": "x"}},
        {"health": {"healthy": -1}},
        {"health": {str(n): 1 for n in range(100)}},
        {"uptime_s": 1e400},
        {"period_s": 0},
        {"version": 3},
        {"delivery": None},
    ],
)
def test_what_is_none_is_refused(changes: dict[str, Any]) -> None:
    scene = Scene()
    scene.run(system_of())
    with pytest.raises(ValueError, match=r".+"):
        read_node_status(json.dumps(json.loads(scene.bodies[0]) | changes).encode())


def test_the_example_in_the_document_is_one() -> None:
    block = (ROOT / "docs/events.md").read_text().split("```json\n")[2].split("```")[0]
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(block))
    assert read_node_status(block.encode()).cameras[0].cause == "refused"
