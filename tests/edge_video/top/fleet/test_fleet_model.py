"""What is known of many nodes: by what they publish, within bounds, whoever publishes there."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.testing.fleet_model import PlayedNode
from edge_video.text.redact import Redactor
from edge_video.top.fleet import model
from edge_video.top.fleet.judging import JudgedNode, judge, totals
from edge_video.top.fleet.messages import read_announcement, read_event
from edge_video.top.fleet.model import Fleet
from edge_video.top.fleet.session import remembering

CANARY = "canary-7391"
NOW_NS = 1_769_871_605_000_000_000
CLEAN = lru_cache(1000)(Redactor([CANARY]))


class Scene:
    """A fleet under a clock of the test's own, whose messages come at once."""

    def __init__(self, **options: Any) -> None:
        self.fleet = Fleet(**options)
        self.now_s = 100.0
        self.fleet.listen(self.now_s)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.fleet.tick(self.now_s)

    def event(self, body: bytes) -> None:
        self.fleet.take(read_event(body, CLEAN), self.now_s, NOW_NS)

    def announce(self, body: bytes, group: str = "north") -> None:
        self.fleet.take(read_announcement(body, group, CLEAN), self.now_s, NOW_NS)

    def judged(self) -> list[JudgedNode]:
        return judge(self.fleet, self.now_s)

    def states(self) -> dict[str, str]:
        return {each.node.name: each.state.value for each in self.judged()}

    def remarks(self, name: str) -> list[str]:
        [found] = [each for each in self.judged() if each.node.name == name]
        return [each.key for each in found.remarks]


def test_the_worst_node_comes_first_and_the_totals_add_up() -> None:
    scene = Scene()
    scene.event(PlayedNode("silent").status())
    scene.wait(60)
    scene.event(PlayedNode("well").status())
    scene.event(PlayedNode("worse", troubled=frozenset({0, 1, 2})).status())
    scene.event(PlayedNode("bad", troubled=frozenset({0})).status())
    scene.event(PlayedNode("slow", slow=frozenset({0})).status())
    scene.event(PlayedNode("events").event("camera_online", camera_id="door"))
    scene.wait(20)
    assert scene.states() == {
        "silent": "silent",
        "worse": "trouble",
        "bad": "trouble",
        "slow": "warn",
        "events": "partial",
        "well": "ok",
    }
    every = totals(scene.judged())
    assert (every.nodes, every.wanted, every.good) == (6, 101, 20 + 17 + 19 + 19 + 1)
    assert not every.is_good


def test_an_event_between_two_statuses_changes_what_it_is_about() -> None:
    scene, node = Scene(), PlayedNode("shop", 2)
    scene.event(node.status())
    camera = node.camera_id(0)
    failure = {"cause": "stall", "text": "no data (10s)"}
    scene.event(node.event("camera_offline", camera_id=camera, phase="waiting", failure=failure))
    scene.event(node.event("memory_level", state="critical"))
    scene.event(node.event("cpu_short", state="short"))
    scene.event(node.event("config_refused", state="refused", reason="invalid"))
    assert scene.remarks("shop") == ["cameras", "memory", "cpu", "refused"]
    known = scene.fleet.node("shop")
    assert known is not None
    assert known.cameras[camera].text == "no data (10s)"
    assert [each.event for each in known.happened] == [
        *("camera_offline", "memory_level", "cpu_short", "config_refused"),
    ]
    scene.event(node.status())
    assert scene.states() == {"shop": "ok"}


def test_nobody_is_silent_while_nobody_could_be_heard() -> None:
    scene = Scene()
    scene.event(PlayedNode("shop").status())
    scene.fleet.listen(None)
    scene.wait(10_000)
    assert scene.states() == {"shop": "ok"}
    scene.fleet.listen(scene.now_s)
    scene.wait(70)
    assert scene.states() == {"shop": "ok"}
    scene.wait(10)
    assert scene.states() == {"shop": "silent"}
    scene.event(PlayedNode("shop").status())
    assert scene.states() == {"shop": "ok"}


def test_a_node_that_told_events_only_promises_nothing_and_is_never_silent() -> None:
    scene = Scene()
    scene.event(PlayedNode("shop").event("camera_offline", camera_id="door", phase="waiting"))
    scene.wait(3600)
    assert scene.states() == {"shop": "trouble"}
    assert scene.remarks("shop") == ["cameras", "partial"]


def test_a_node_of_a_cluster_is_silent_soon_and_one_that_ended_is_not() -> None:
    scene, left = Scene(), PlayedNode("left")
    scene.announce(PlayedNode("gone").announcement())
    scene.announce(left.announcement(is_leaving=True))
    assert scene.remarks("left") == ["leaving", "partial"]
    scene.announce(left.announcement(is_last=True, owned={}))
    scene.wait(12)
    assert scene.states() == {"gone": "silent", "left": "left"}
    gone = scene.fleet.node("gone")
    assert gone is not None
    assert gone.shared is not None
    assert (gone.shared.group, len(gone.shared.owned), gone.shared.cameras) == ("north", 3, 20)


def test_a_node_that_left_its_cluster_and_runs_is_what_its_status_says() -> None:
    scene, ended = Scene(), PlayedNode("ended", started_at_ns=1)
    moved = PlayedNode("moved", started_at_ns=1)
    for each in (ended, moved):
        scene.event(each.status())
    scene.announce(ended.announcement(is_last=True, owned={}))
    scene.announce(moved.announcement())
    scene.event(PlayedNode("ended", started_at_ns=2, troubled=frozenset({0})).status())
    assert scene.states()["ended"] == "trouble"
    scene.wait(moved.period_s + 11)
    scene.event(moved.status())
    scene.wait(20)
    assert scene.states()["moved"] == "ok"


def test_two_machines_with_one_name_are_told() -> None:
    scene = Scene()
    one, two = (PlayedNode("shop", started_at_ns=NOW_NS - n * 10**12) for n in (5, 9))
    for node in (one, two):  # one that is started anew is no second one
        scene.event(node.status())
        assert "twice" not in scene.remarks("shop")
    scene.event(one.status())
    assert scene.remarks("shop") == ["twice"]
    for _ in range(4):
        scene.wait(30)
        scene.event(one.status())
    assert scene.remarks("shop") == []


@pytest.mark.parametrize(
    ("off_s", "remarks"), [(60, ["ahead"]), (-300, ["behind"]), (-60, []), (2, [])]
)
def test_a_clock_that_is_wrong_is_told_as_far_as_it_can_be(off_s: int, remarks: list[str]) -> None:
    scene = Scene()
    scene.event(PlayedNode("shop", at_ns=NOW_NS + off_s * 10**9).status())
    assert scene.remarks("shop") == remarks


def test_a_silent_node_is_forgotten_by_age() -> None:
    scene = Scene(forget_s=3600)
    scene.event(PlayedNode("shop").status())
    scene.wait(3599)
    assert scene.states() == {"shop": "silent"}
    scene.wait(1)
    assert scene.states() == {}


def test_there_are_no_more_nodes_and_cameras_than_there_is_place_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "MAX_NODES", 3)
    monkeypatch.setattr(model, "MAX_CAMERAS", 50)
    scene = Scene()
    for number in range(5):
        scene.event(PlayedNode(f"shop-{number}", 20, troubled=frozenset({1})).status())
    assert scene.fleet.left_out == 2
    known = [(len(each.cameras), each.left_out) for each in scene.fleet.nodes]
    assert known == [(20, 0), (20, 0), (10, 10)]
    [last] = [each for each in scene.judged() if each.node.name == "shop-2"]
    assert last.health == {"trouble": 1, "healthy": 19}
    scene.wait(80)
    scene.event(PlayedNode("late", 1).status())  # in the place of one that is silent
    assert sorted(scene.states()) == ["late", "shop-1", "shop-2"]


def test_there_are_no_more_leases_than_there_is_place_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MAX_CAMERAS", 5)
    scene = Scene()
    nodes = [PlayedNode(f"shop-{number}") for number in range(3)]
    for node in [*nodes, *nodes]:  # what a node tells again takes no further place
        scene.announce(node.announcement())
    kept = [each.shared for each in scene.fleet.nodes if each.shared is not None]
    assert [(len(each.owned), each.owned_left_out) for each in kept] == [(3, 0), (2, 1), (0, 3)]
    scene.announce(nodes[0].announcement(owned={}))
    scene.announce(nodes[2].announcement())
    assert [each.leases for each in scene.fleet.nodes] == [0, 2, 3]


def test_secrets_and_escapes_of_others_are_neither_kept_nor_shown() -> None:
    scene = Scene()
    node = PlayedNode(f"shop\x1b[2J{CANARY}", 1)
    text = f"rtsp://u:{CANARY}@h/ rtsp://me:other-secret@h/x\x07"
    cameras = [{"id": f"a\nb{CANARY}", "health": "trouble", "cause": "x", "text": text}]
    scene.event(node.status(cameras=cameras))
    shown = repr(list(scene.fleet.nodes))
    assert CANARY not in shown
    assert "other-secret" not in shown
    [node_known] = scene.fleet.nodes
    assert all(each.isprintable() for each in [node_known.name, *node_known.cameras])


def test_the_clean_form_of_long_texts_is_not_kept() -> None:
    done: list[str] = []

    def note(text: str) -> str:
        done.append(text)
        return text

    clean = remembering(note)
    for text in ("short", "long" * 400) * 2:
        assert clean(text) == text
    assert [len(each) for each in done] == [5, 1600, 1600]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(deadline=None, max_examples=40)
@given(
    st.binary(max_size=40)
    | st.builds(
        lambda changes: PlayedNode("shop", 1).status(**changes),
        st.dictionaries(
            st.sampled_from(
                ["node", "event", "at_ns", "cameras", "health", "delivery", "process", "config"]
            ),
            ANY_JSON,
            max_size=2,
        ),
    )
    | st.builds(
        lambda facts: PlayedNode("shop").event("camera_offline", **facts),
        st.dictionaries(
            st.sampled_from(["camera_id", "failure", "state", "phase", "since_ns"]), ANY_JSON
        ),
    )
)
def test_whatever_a_stranger_sends_is_refused_or_can_be_judged(body: bytes) -> None:
    scene = Scene()
    try:
        scene.event(body)
    except ValueError:
        return
    assert len(scene.judged()) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"node": "x", "event": "y", "at_ns": 1' + b" " * 300_000,
        json.dumps({"node": "", "event": "e", "at_ns": 1, "since_ns": 1}).encode(),
        json.dumps({"node": "n", "event": "e", "at_ns": True, "since_ns": 1}).encode(),
        json.dumps({"node": "n", "event": "node_status", "at_ns": 1, "since_ns": 1}).encode(),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_event(body, CLEAN)
