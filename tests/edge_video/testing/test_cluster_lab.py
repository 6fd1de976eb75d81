"""The judge of the cluster's lab: what it lets pass, and which rule finds which planted bug.

`make cluster` runs the lab itself; here histories are made up, some with a bug in them.
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.cluster_lab import command
from edge_video.testing.cluster_lab.brokers import BrokerCluster, QueueFigures, parse_queues
from edge_video.testing.cluster_lab.faults import FAULTS
from edge_video.testing.cluster_lab.figures import Figures, figures_of
from edge_video.testing.cluster_lab.history import (
    Accounts,
    Arrival,
    Disturbance,
    End,
    History,
    QueueLook,
    accepted,
    load,
    save,
)
from edge_video.testing.cluster_lab.limits import LIMITS
from edge_video.testing.cluster_lab.relay import Relay, Relays
from edge_video.testing.cluster_lab.rules import violations
from edge_video.testing.cluster_lab.stage import Stage
from edge_video.testing.cluster_lab.table import BEGIN, END, as_markdown, write_table
from edge_video.testing.matrix import InstalledBroker
from edge_video.testing.rabbit_files import NodeFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FPS = 5
KILL = Disturbance("kill", ("a",), 20.0, 30.0, 35.0)
CUT = Disturbance("cut", ("a",), 20.0, 25.0, 30.0)
OUTAGE = Disturbance("minority", (), 20.0, 35.0, 40.0)


def film(
    node: str, epoch: int, from_s: float, to_s: float, *, session: str = "1", camera: str = "door"
) -> list[Arrival]:
    """What a node publishes of a camera in some time, each frame 20 ms after its capture."""
    first, last = round(from_s * FPS), round(to_s * FPS)
    return [
        Arrival(camera, node, session, n + 1, epoch, n / FPS, n / FPS + 0.01, n / FPS + 0.02)
        for n in range(first, last)
    ]


def history(
    *films: list[Arrival], disturbances: tuple[Disturbance, ...] = (), until_s: float = 60.0
) -> History:
    arrivals = sorted((each for film in films for each in film), key=lambda each: each.at_s)
    cameras = tuple(sorted({each.camera for each in arrivals})) or ("door",)
    return History(End(until_s, ("a", "b"), cameras), tuple(arrivals), disturbances)


def rules_broken(found: History) -> set[str]:
    return {each.rule for each in violations(found)}


# --- what is right --------------------------------------------------------------------------


def test_a_quiet_history_breaks_no_rule() -> None:
    assert rules_broken(history(film("a", 1, 0, 60))) == set()


def test_a_killed_node_whose_camera_streams_elsewhere_breaks_no_rule() -> None:
    found = history(film("a", 1, 0, 20), film("b", 2, 22, 60), disturbances=(KILL,))
    assert rules_broken(found) == set()


def test_a_node_that_stood_still_may_publish_late_and_every_consumer_sees_that_it_is() -> None:
    freeze = Disturbance("freeze", ("a",), 20.0, 40.0, 45.0)
    frames = [*film("a", 1, 0, 20), *film("a", 1, 40, 43)]
    found = history(frames, film("b", 2, 33, 60), disturbances=(freeze,))

    assert rules_broken(found) == set()
    assert figures_of(found, freeze).late == 15
    assert not [each for each in accepted(found.arrivals) if each.at_s > 34 and each.node == "a"]


def test_captures_go_on_through_an_outage_of_all_brokers() -> None:
    found = history(film("a", 1, 0, 20), film("a", 1, 37, 60), disturbances=(OUTAGE,))
    assert rules_broken(found) == set()


def test_who_has_heard_nothing_because_of_an_outage_publishes_on_for_a_moment() -> None:
    frames = [*film("a", 1, 0, 20), *film("a", 1, 36, 39)]
    others = [*film("b", 2, 20, 20.2), *film("b", 2, 36, 60)]
    found = history(frames, others, disturbances=(OUTAGE,))
    assert rules_broken(found) == set()


# --- planted bugs ---------------------------------------------------------------------------


def test_a_node_that_hears_no_epoch_is_found() -> None:
    """It is not cut off, and publishes on beside the node that has taken the camera over."""
    found = history(film("a", 1, 0, 60), film("b", 2, 22, 60), disturbances=(CUT,))
    assert {"one publisher", "rising"} <= rules_broken(found)


def test_a_node_that_hears_no_epoch_is_found_when_it_comes_back_too() -> None:
    freeze = Disturbance("freeze", ("a",), 20.0, 35.0, 38.0)
    frames = [*film("a", 1, 0, 20), *film("a", 1, 35, 60)]
    found = history(frames, film("b", 2, 33, 60), disturbances=(freeze,))
    assert {"one publisher", "rising"} <= rules_broken(found)


def test_a_node_that_hears_nothing_after_an_outage_either_is_found() -> None:
    others = [*film("b", 2, 20, 20.2), *film("b", 2, 36, 60)]
    found = history(film("a", 1, 0, 20), film("a", 1, 36, 60), others, disturbances=(OUTAGE,))
    assert {"one publisher", "rising"} <= rules_broken(found)


def test_a_lease_that_is_not_renewed_is_found() -> None:
    looks = (QueueLook("door", 10.0, 1, 7), QueueLook("door", 40.0, 1, 7))
    assert rules_broken(replace(history(film("a", 1, 0, 60)), looks=looks)) == {"renewed"}


def test_a_lease_that_is_renewed_is_not_complained_of() -> None:
    looks = (QueueLook("door", 10.0, 1, 7), QueueLook("door", 40.0, 2, 16))
    assert rules_broken(replace(history(film("a", 1, 0, 60)), looks=looks)) == set()


def test_a_node_that_stops_when_it_cannot_prove_its_lease_is_found() -> None:
    """Nobody else has it, and yet its stream is another one afterwards."""
    found = history(film("a", 1, 0, 20), film("a", 2, 37, 60, session="2"), disturbances=(OUTAGE,))
    assert rules_broken(found) == {"no needless stop"}


# --- the other rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (history(film("a", 1, 0, 20), film("a", 1, 30, 60)), "captured"),
        (history(film("a", 1, 0, 20), disturbances=(KILL,)), "captured"),
        (history(), "captured"),
        (history(film("a", 1, 0, 60), film("b", 2, 20, 24), film("c", 3, 20, 24)), "one publisher"),
        (history(film("a", 1, 0, 20), film("b", 1, 20, 60)), "rising"),
        (history(film("a", 2, 0, 20), film("a", 1, 20, 60)), "rising"),
        (history(film("a", 0, 0, 60)), "rising"),
        (
            history(film("a", 1, 0, 20), film("b", 2, 20, 40), film("a", 3, 40, 60, session="2")),
            "slow moves",
        ),
        (history(film("a", 1, 0, 60), disturbances=(replace(KILL, settled_s=None),)), "settled"),
    ],
)
def test_each_rule_finds_what_breaks_it(found: History, rule: str) -> None:
    assert rule in rules_broken(found)


def test_nodes_whose_loads_differ_long_after_the_last_fault_are_found() -> None:
    cameras = [film("a", 1, 0, 300, camera=name) for name in ("door", "yard", "gate")]
    found = history(*cameras, disturbances=(KILL,), until_s=300.0)
    assert rules_broken(found) == {"balanced"}
    assert rules_broken(replace(found, end=replace(found.end, nodes=("a",)))) == set()


def test_queues_and_sums_that_are_wrong_are_found() -> None:
    found = replace(
        history(film("a", 1, 0, 60)),
        looks=(QueueLook("door", 10.0, 12, 7),),
        accounts=(Accounts("a", 60.0, ("received 5 != 4",)),),
    )
    assert rules_broken(found) == {"tokens", "accounted"}


def test_a_frame_that_is_missing_when_a_node_leaves_is_found() -> None:
    drain = Disturbance("drain", ("a",), 20.0, 24.0, 30.0)
    whole = history(film("a", 1, 0, 22), film("b", 2, 21, 60), disturbances=(drain,))
    torn = history(film("a", 1, 0, 22), film("b", 2, 22.6, 60), disturbances=(drain,))

    assert rules_broken(whole) == set()
    assert rules_broken(torn) == {"nothing missing"}
    assert figures_of(torn, drain).missing == 3


# --- figures, table, file -------------------------------------------------------------------


def test_what_a_kill_cost_is_measured() -> None:
    found = history(film("a", 1, 0, 20), film("b", 2, 22, 60), disturbances=(KILL,))
    figures = figures_of(found, KILL)

    assert figures.took_s == pytest.approx((2.2,))
    assert figures.gap_s == pytest.approx(2.2)
    assert figures.doubled_s == 0.0


def test_two_publishers_are_measured_from_the_first_frame_of_the_new_one() -> None:
    found = history(film("a", 1, 0, 24), film("b", 2, 22, 60), disturbances=(CUT,))
    assert figures_of(found, CUT).doubled_s == pytest.approx(1.8)


def test_the_table_says_what_was_missed() -> None:
    slow = history(film("a", 1, 0, 20), film("b", 2, 24, 60), disturbances=(KILL,))
    quick = history(film("a", 1, 0, 20), film("b", 2, 22, 60), disturbances=(KILL,))
    table = as_markdown([figures_of(each, KILL) for each in (slow, quick)])

    assert "| 2 | 2 | 3.2 s | 4.2 s | 4.2 s | **3 s: missed** | 0.0 s | 0 |  |  |" in table
    assert "| 3 s | 0.0 s |" in as_markdown([figures_of(quick, KILL)])


def test_a_round_in_which_the_machine_itself_was_late_is_set_aside() -> None:
    def moved(beside: list[Arrival], to_s: float) -> Figures:
        films = (film("a", 1, 0, 20), film("b", 2, to_s, 60), beside)
        return figures_of(history(*films, disturbances=(KILL,)), KILL)

    yard = film("b", 5, 0, 60, camera="yard")
    late = [replace(each, at_s=each.at_s + 1.0) for each in yard[:110]]
    gone = [each for each in yard if not 21 < each.at_s < 22]
    rounds = [moved(yard, 21.0), moved([*late, *yard[110:]], 23.0), moved(gone, 24.0)]

    assert [each.is_the_machines for each in rounds] == [False, True, True]
    assert "| 1 | 1 | 1.2 s | 1.2 s | 1.2 s | 3 s | 0.0 s | 0 |  | 2: 4.2 s |" in as_markdown(
        rounds
    )
    assert "(SIGKILL) | 0 | – |" in as_markdown(rounds[1:])


def test_of_a_fault_that_touches_all_nothing_is_the_machines() -> None:
    killed = Disturbance("broker-killed", ("a",), 20.0, 30.0, 35.0)
    frames = film("b", 5, 0, 20, camera="yard") + film("b", 5, 24, 60, camera="yard")
    figures = figures_of(history(film("a", 1, 0, 60), frames, disturbances=(killed,)), killed)
    assert figures.machine_s is None
    assert not figures.is_the_machines


def test_the_table_takes_its_place_in_a_document_and_nothing_else(tmp_path: Path) -> None:
    document, file = tmp_path / "cluster.md", tmp_path / "table.md"
    old, new = (BEGIN.format(version=each) for each in ("installed", "4.0"))
    text = "# Nodes\n\n{}\n\n| old |\n\n{}\n\n{}\n\n{}\n\n{}\n\nMore.\n"
    document.write_text(text.format(old, END, new, "| 4.0, old |", END))
    for path in (document, file):
        write_table("| new |\n", path, "4.0")

    assert document.read_text() == text.format(old, END, new, "| new |", END)
    assert file.read_text() == "| new |\n"


def test_a_history_is_the_same_after_it_was_kept(tmp_path: Path) -> None:
    found = replace(
        history(film("a", 1, 0, 2), disturbances=(KILL,)),
        looks=(QueueLook("door", 1.0, 1, 7),),
        accounts=(Accounts("a", 60.0, ()),),
    )
    save(found, tmp_path / "history.jsonl")
    assert load(tmp_path / "history.jsonl") == found


def test_histories_that_were_kept_are_judged_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for each, took_s in zip(kept, (1.0, 2.0), strict=True):
        frames = film("b", 2, 20 + took_s, 60)
        save(history(film("a", 1, 0, 20), frames, disturbances=(KILL,)), each)
    table = tmp_path / "table.md"

    assert command.run(["--judge", *map(str, kept), "--table", str(table)]) == 0
    assert "| 2 | 2 | 1.7 s | 2.2 s |" in table.read_text()
    assert "0 times a rule was broken" in capsys.readouterr().out


def test_a_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    for text in ("", '{"kind": "Weather"}\n'):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"history|no end"):
            load(file)


def test_no_goal_is_more_than_what_may_be() -> None:
    assert all(each.goal_s is None or each.goal_s <= each.gap_s for each in LIMITS.values())


# --- the parts that break things ------------------------------------------------------------


def test_every_fault_has_its_limits() -> None:
    assert list(FAULTS) == list(LIMITS)


@pytest.mark.parametrize(("version", "waits"), [("installed", True), ("4.0", False)])
def test_a_broker_node_joins_with_settings_that_its_version_has(
    tmp_path: Path, version: str, *, waits: bool
) -> None:
    first = NodeFiles(tmp_path, "127.0.0.1", port=1, tls_port=2, epmd_port=3, dist_port=4)
    settings = replace(first, port=5).beside(first, version).settings
    assert "cluster_formation.classic_config.nodes.1 = edge1@localhost" in settings
    assert any("startup_delay" in each for each in settings) is waits


def test_what_a_broker_says_of_its_queues_is_read() -> None:
    printed = '[{"edge-video.lease.lab.cam01",1,7},\n {"q, 2",0,12}]\n'
    assert parse_queues(printed) == {
        "edge-video.lease.lab.cam01": QueueFigures(1, 7),
        "q, 2": QueueFigures(0, 12),
    }
    assert parse_queues("[]\n") == {}


@pytest.fixture
def relays() -> Iterator[Relays]:
    made = Relays()
    yield made
    made.close()


@pytest.fixture
def broker() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def connected(relay: Relay, broker: socket.socket) -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection through a relay."""
    client = socket.create_connection(relay.address, 10)
    server, _ = broker.accept()
    for each in (client, server):
        each.settimeout(10)
    return client, server


def test_a_relay_passes_bytes_on_until_it_is_cut(relays: Relays, broker: socket.socket) -> None:
    relay = relays.add("127.0.0.1", broker.getsockname())
    client, server = connected(relay, broker)
    with client, server:
        client.sendall(b"to the broker")
        assert server.recv(100) == b"to the broker"
        server.sendall(b"and back")
        assert client.recv(100) == b"and back"

        relays.cut(relay)
        assert (client.recv(100), server.recv(100)) == (b"", b"")


def test_a_silent_relay_closes_nothing_and_delivers_later(
    relays: Relays, broker: socket.socket
) -> None:
    relay = relays.add("127.0.0.1", broker.getsockname())
    client, server = connected(relay, broker)
    with client, server:
        relays.silence(relay, is_silent=True)
        client.sendall(b"held back")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.recv(100)

        relays.silence(relay, is_silent=False)
        server.settimeout(10)
        assert server.recv(100) == b"held back"


def test_a_relay_to_a_broker_that_is_gone_refuses(relays: Relays, broker: socket.socket) -> None:
    relay = relays.add("127.0.0.1", broker.getsockname())
    broker.close()
    with socket.create_connection(relay.address, 10) as client:
        client.settimeout(10)
        assert client.recv(100) == b""


# --- what a run leaves ----------------------------------------------------------------------


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of labs without programs; one folder is named below it."""

    def settle(stage: Stage, _timeout_s: float) -> str:
        (stage.folder / "log").write_text("what a node said")
        return ""

    monkeypatch.setenv("EDGE_VIDEO_RABBITMQ", "installed")
    monkeypatch.setattr(InstalledBroker, "missing", lambda _: [])
    monkeypatch.setattr(BrokerCluster, "start", lambda cluster: setattr(cluster, "nodes", ()))
    monkeypatch.setattr(Stage, "settle", settle)
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def play(*arguments: str) -> int:
    return command.run(["--nodes", "0", "--cameras", "0", "--rounds", "0", *arguments])


def test_what_nodes_wrote_is_kept_on_another_file_system_and_beside_what_is_there(
    played: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "rename", fail)
    logs = tmp_path / "logs"
    assert play("--logs", str(logs)) == 0
    assert (logs / "log").read_text() == "what a node said"
    assert play("--logs", str(logs)) == 0
    assert len([*logs.glob("*/log")]) == 1
    assert not [*played.glob("*nodes*")]
    (tmp_path / "file").touch()
    assert play("--logs", str(tmp_path / "file" / "x")) == 0
    told = capsys.readouterr().out
    assert told.count("0 frames, 0 times a rule was broken") == 3
    [left] = played.glob("*nodes*")
    assert f"The nodes' folders stay in {left}: " in told


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_run_that_ends_with_an_error_leaves_nothing_in_the_temporary_folder(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_kept: bool
) -> None:
    def fail(_: Stage) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Stage, "end_nodes", fail)
    logs = tmp_path / "logs"
    kept = tmp_path / "seen.jsonl"
    with pytest.raises(RuntimeError, match="planted"):
        play("--history", str(kept), *(("--logs", str(logs)) if is_kept else ()))
    assert load(kept).end.nodes == ()
    assert (logs / "log").is_file() is is_kept
    assert not [*played.glob("*nodes*")]
