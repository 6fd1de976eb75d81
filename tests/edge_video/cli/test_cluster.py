"""`edge-video cluster` asks a running system, and says what came of it."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.cli.main import main
from edge_video.report.cluster_table import (
    captured_by_nobody,
    captured_here,
    is_drained,
    render_cluster,
)
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from collections.abc import Iterator


def lease(
    state: str, epoch: int = 0, rank: int | None = 1, *, captures: bool = False
) -> dict[str, Any]:
    return {"state": state, "epoch": epoch, "rank": rank, "captures": captures}


CLUSTER: dict[str, Any] = {
    "node": "edge-a",
    "group": "south",
    "nodes": [{"node": "edge-b", "capacity": 2.0, "cameras": 1, "is_leaving": True}],
    "owners": {"gate": "edge-b"},
    "leases": {
        "door": lease("OWNER", 7, captures=True),
        "gate": lease("STANDBY"),
        "yard": lease("OUT"),
    },
    "differing": {},
    "namesakes": 0,
    "is_leaving": False,
    "down_for_s": None,
    "reason": "",
}
TABLE = """Node edge-a, group south; cameras captured here: 1

node    capacity  cameras
edge-b  2         1        leaving

camera  node    here     epoch
door    edge-a  OWNER    7
gate    edge-b  STANDBY
yard    nobody  OUT"""


class Server(HTTPServer):
    """Answers as it is told, and notes what it was asked."""

    result = "done"
    status: dict[str, Any]
    asked: list[tuple[str, str | None]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer(self.server.status)

    def do_POST(self) -> None:
        self._answer({"result": self.server.result})

    def _answer(self, answer: dict[str, Any]) -> None:
        self.server.asked.append((self.path, self.headers["authorization"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    with Server(("127.0.0.1", 0), Handler) as found:
        found.status, found.asked = {"cluster": CLUSTER}, []
        thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_the_status_says_who_captures_what(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cluster", "status", "--url", server.url, "--token", "t"]) == 0
    assert capsys.readouterr().out.strip() == TABLE
    assert server.asked == [("/api/cluster", "Bearer t")]
    assert main(["cluster", "status", "--json", "--url", server.url]) == 0
    assert json.loads(capsys.readouterr().out) == CLUSTER


def test_what_is_wrong_stands_above(server: Server) -> None:
    wrong = CLUSTER | {
        "is_leaving": True,
        "down_for_s": 70.0,
        "reason": "no heartbeat\nfrom the broker",
        "namesakes": 1,
        "differing": {"door": ["edge-b"]},
    }
    del server
    head = render_cluster(wrong, Language.EN).splitlines()[1:5]
    assert head == [
        "It gives everything away and takes nothing.",
        r"No control connection for 1m10s: no heartbeat\nfrom the broker",
        "Other programs with this node's name: 1",
        "Defined otherwise elsewhere: door",
    ]
    assert "Entrega tudo" in render_cluster(wrong, Language.PT_BR)


def test_a_drain_is_over_when_nothing_is_captured_here(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    drained = {"is_leaving": True, "leases": {"door": lease("OUT")}}
    server.status["cluster"] = CLUSTER | drained | {"owners": {"door": "edge-b"}}
    assert main(["cluster", "drain", "--url", server.url]) == 0
    assert capsys.readouterr().out == "Drained: the other nodes have the cameras.\n"
    assert [path for path, _ in server.asked] == ["/api/cluster/drain", "/api/cluster"]
    assert main(["cluster", "rejoin", "--url", server.url]) == 0
    assert "takes part again" in capsys.readouterr().out


def test_a_drain_that_does_not_come_to_its_end_says_so(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cluster", "drain", "--timeout", "1s", "--url", server.url]) == 1
    assert "Not drained within 1 s: 1 cameras" in capsys.readouterr().err


def test_a_drain_says_which_cameras_nobody_has_taken(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    drained = {"is_leaving": True, "leases": {"door": lease("OUT"), "gate": lease("OUT")}}
    server.status["cluster"] = CLUSTER | drained
    assert main(["cluster", "drain", "--url", server.url]) == 0
    assert "no other node is known to capture door." in capsys.readouterr().out


def test_a_camera_that_is_claimed_anew_while_it_is_captured_is_captured_here() -> None:
    claimed = {"door": lease("CLAIMING", 7, captures=True), "yard": lease("CLAIMING")}
    known = CLUSTER | {"leases": claimed}
    assert (captured_here(known), captured_by_nobody(known)) == (["door"], ["yard"])
    assert not is_drained(known | {"is_leaving": True})


def test_a_system_without_a_cluster_says_so(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status["cluster"] = None
    server.result = "not_running"
    for action in ("status", "drain", "rejoin"):
        assert main(["cluster", action, "--url", server.url]) == 1
        assert "shares no cameras" in capsys.readouterr().err
    assert main(["cluster", "status", "--url", "ftp://x"]) == 2
