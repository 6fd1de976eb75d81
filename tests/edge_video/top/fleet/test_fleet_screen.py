"""The fleet in a terminal: a line for each node, all of one node, keys, and both languages."""

from __future__ import annotations

import io
import json
import os
import time
from typing import TYPE_CHECKING, Self

import pytest
from rich.console import Console

from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.testing.fleet_model import PlayedNode
from edge_video.text.catalog import Language
from edge_video.top.fleet.browsing import Browsing
from edge_video.top.fleet.document import fleet_line
from edge_video.top.fleet.full_screen import FleetScreen
from edge_video.top.fleet.page import full_page
from edge_video.top.fleet.session import FleetSession
from edge_video.top.fleet.subscription import ANNOUNCEMENTS
from edge_video.watch.consumer import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

CANARY = "canary-7391"
BROKER = AmqpSettings(host="broker", port=5672, vhost="/", username="me", password=CANARY)


class Site:
    """A session that hears what a test plays."""

    def __init__(self) -> None:
        self.session = FleetSession(Subscription(BROKER, []), 3600)
        self.listener = self.session.listener()
        self.listener.on_connected()

    def hear(self, *bodies: bytes) -> None:
        for body in bodies:
            self.session.message("shop.events", "node.status", body)

    def announce(self, body: bytes) -> None:
        self.session.message(ANNOUNCEMENTS, "north.shop", body)

    def lines(
        self,
        browsing: Browsing | None = None,
        language: Language = Language.EN,
        size: tuple[int, int] = (120, 20),
    ) -> list[str]:
        with self.session.looking() as view:
            page = full_page(view, browsing or Browsing(), language, size)
        assert max(each.cell_len for each in page.lines) <= size[0]
        assert len(page.lines) == size[1]
        return [each.plain.rstrip() for each in page.lines]


def now(name: str, **facts: object) -> PlayedNode:
    return PlayedNode(name, at_ns=time.time_ns(), **facts)  # type: ignore[arg-type]


def test_a_table_has_the_worst_first_and_says_what_is_wrong() -> None:
    site = Site()
    site.hear(now("well").status(), now("bad", troubled=frozenset({0, 1})).status(), b"{}")
    lines = site.lines()
    assert lines[0] == "Broker: amqp://me@broker:5672"
    assert lines[1] == (
        "1 of 2 nodes well, 1 in trouble | 38 of 40 cameras OK, 566.2 fps | foreign messages: 1"
    )
    assert lines[3].startswith("bad   ! TROUBLE    18/20")
    assert lines[3].endswith("cameras in trouble: 2 (entrance-1, till-1)")
    assert lines[4].startswith("well  ✓ OK         20/20")
    assert lines[-1].endswith("q quit  ↑↓ Enter open  / filter")
    assert site.lines(language=Language.PT_BR)[3].endswith(
        "câmeras com problema: 2 (entrance-1, till-1)"
    )


@pytest.mark.parametrize("width", [30, 50, 70, 200])
def test_a_narrow_terminal_leaves_columns_out_and_keeps_the_trouble(width: int) -> None:
    site = Site()
    site.hear(now("a-node-with-a-long-name", troubled=frozenset({0})).status())
    lines = site.lines(size=(width, 12))
    assert ("version" in lines[2]) is (width == 200)
    assert width < 50 or "  cameras in" in lines[3]


def test_a_node_that_is_opened_shows_all_that_is_known_of_it() -> None:
    site = Site()
    node = now("shop", cameras=3, troubled=frozenset({2}))
    site.hear(node.status(restarts={"publisher": 2}, cameras_left_out=4))
    site.announce(node.announcement())
    failure = {"cause": "stall", "text": "no data from the camera (for 10s)"}
    offline = {"camera_id": "till-1", "phase": "waiting", "failure": failure}
    site.hear(node.event("camera_offline", **offline))
    text = "\n".join(site.lines(Browsing(opened="shop"), size=(140, 30)))
    for expected in (
        "shop  ! TROUBLE  heard 0s ago, edge-video 0.3.0, up 40h",
        "Delivery: connected | amqps://broker.example:5671/",
        "Machine: CPU ",
        "Configuration: 9f2c01ab, for 40h",
        "Restarted actors: publisher 2",
        "Cluster: group north: captures 3 of 3 cameras",
        "yard-1      ! trouble  for 12m, connection refused (rtsp://viewer:***@10.0.0.5/s), epoch",
        "entrance-1  ✓ OK  for 1h, 14.9 / 15 fps",
        "and 4 more",
        "0s  camera_offline till-1  no data from the camera (for 10s)",
    ):
        assert expected in text
    assert "Máquina: CPU" in "\n".join(
        site.lines(Browsing(opened="shop"), Language.PT_BR, (140, 30))
    )


def test_a_lost_broker_marks_what_is_shown_as_old_and_shows_no_password() -> None:
    site = Site()
    site.hear(now("shop").status())
    site.listener.on_lost(f"cannot log in as me:{CANARY}", 1.0)
    lines = site.lines()
    assert lines[0].startswith("NO CONNECTION to amqp://me@broker:5672 for 0s: ")
    assert lines[0].endswith("What is shown is old.")
    with site.session.looking() as view:
        document = json.loads(fleet_line(view, time.time_ns()))
    assert (document["broker"]["connected"], document["is_good"]) == (False, False)
    assert document["nodes"][0]["cameras"] == {"wanted": 20, "good": 20}


def test_an_exchange_that_is_not_there_is_told_until_something_comes_from_it() -> None:
    site = Site()
    site.listener.on_unheard("NOT_FOUND: exchange 'shop.events' does not exist")
    assert "not heard: NOT_FOUND" in site.lines()[1]
    site.hear(now("shop").status())
    assert "not heard" not in site.lines()[1]


def test_a_filter_finds_nodes_by_name_group_state_and_camera() -> None:
    site = Site()
    site.hear(*(now(f"shop-{number}", cameras=number).status() for number in range(1, 4)))
    site.announce(now("shop-2", cameras=2).announcement(owned={}))
    for text, names in (("HOP-1", ["1"]), ("north", ["2"]), ("yard", ["3"]), ("zz", [])):
        lines = site.lines(Browsing(filter_text=text))
        shown = [each for each in lines[2:-1] if each.startswith("shop-")]
        assert [each[5:6] for each in shown] == names
        assert lines[-1].startswith(f'"{text}": {len(names)} of 3')


class ScriptedTerminal:
    """A terminal whose keys are given; it keeps what was drawn before each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = list(keys)
        self.drawn: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def size(self) -> os.terminal_size:
        return os.terminal_size((100, 12))

    def draw(self, lines: str) -> None:
        self.drawn.append(lines)

    def wait(self, seconds: float) -> bytes:
        assert seconds <= 0.5
        return self._keys.pop(0)

    def wake(self) -> None:
        pass


def test_keys_choose_open_filter_and_end() -> None:
    site = Site()
    site.hear(*(now(f"shop-{number:02}").status() for number in range(30)))
    down, enter, end = b"\x1b[B", b"\r", b"\x1b[F"
    keys = [down, enter, down, b"\x7f", end, b"/", b"07", enter, enter, b"q"]
    terminal = ScriptedTerminal(keys)
    console = Console(file=io.StringIO(), highlight=False)
    FleetScreen(site.session, console, terminal, Language.EN, lambda: False).run()
    drawn = terminal.drawn
    assert "shop-00" in drawn[0]
    assert drawn[2].startswith("shop-01  ✓ OK  heard")
    assert drawn[3].startswith("Delivery: connected")
    assert "shop-29" in drawn[5]
    assert "shop-00" not in drawn[5]
    assert drawn[7].split("\n")[-1].startswith("filter: 07▏")
    assert drawn[9].startswith("shop-07")
