"""`edge-video ctl` says what a node answers, over HTTP, and ends as it should."""

from __future__ import annotations

import io
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from edge_video.cli.ctl import command
from edge_video.cli.ctl.answers import answer_text, is_good
from edge_video.cli.main import main
from edge_video.delivery.commands.catalog import COMMANDS, CommandSpec
from edge_video.delivery.commands.client import NobodyThereError, Question, Reply
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE: Final = b"\xff\xd8picture\xff\xd9"
SPOKEN: Final = [each for each in COMMANDS.items() if each[0] != "snapshot"]
SITE: Final = {
    "node": "shop-7",
    "version": "1.2.3",
    "publisher": {"state": "connected"},
    "cameras": [{"camera_id": "door", "phase": "streaming"}, {"camera_id": "yard"}],
}


class Node(ThreadingHTTPServer):
    """Answers as it is told, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.status: tuple[int, Any] = (200, SITE)
        self.asked: list[tuple[str, str, Any]] = []
        self.token: str | None = None
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Node

    def handle_any(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"] or 0))
        self.server.token = self.headers["authorization"]
        if self.path == "/api/status":
            status, body = self.server.status
        else:
            given = json.loads(content) if content else None
            self.server.asked.append((self.command, self.path, given))
            answers = self.server.answers
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        is_picture = isinstance(body, bytes)
        self.send_response(status)
        self.send_header("Content-Type", "image/jpeg" if is_picture else "application/json")
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            self.wfile.write(body if is_picture else json.dumps(body).encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base's names

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.chdir(tmp_path)
    for name in ("EDGE_VIDEO_TOKEN", "EDGE_VIDEO_COMMANDS_KEY", "EDGE_VIDEO_AMQP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as found:
        thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ctl(node: Node, *words: str, code: int = 0) -> None:
    assert main(["ctl", *words, "--url", node.url]) == code


def result(name: str, outcome: str | None = None, **more: object) -> dict[str, object]:
    return {"result": name, "outcome": outcome, "cause": None, "detail": None, **more}


# --- over HTTP ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "asked", "answered"),
    [
        (
            ("retry", "door"),
            ("POST", "/api/cameras/door/retry?wait=5", None),
            (result("done", "streaming"), "door: it streams again"),
        ),
        (
            ("stop", "a/b", "--timeout", "2s"),
            ("POST", "/api/cameras/a%2Fb/stop?wait=1", None),
            (result("already", "stopped"), "a/b: is stopped already"),
        ),
        (
            ("enable", "door"),
            ("POST", "/api/cameras/door/enable", None),
            ({"result": "done", "plan": {"add": ["door"]}}, "door: done\nnew cameras: door"),
        ),
        (
            ("remove", "door"),
            ("DELETE", "/api/cameras/door", None),
            ({"result": "unchanged"}, "door: nothing has changed"),
        ),
        (
            ("profile", "none"),
            ("POST", "/api/profile", {"name": None}),
            (result("done"), "No profile applies: all cameras are on."),
        ),
        (
            ("reload", "--dry-run"),
            ("POST", "/api/reload?dry_run=1", None),
            ({"result": "planned", "plan": {"remove": ["yard"]}}, "cameras that go: yard"),
        ),
        (
            ("reload", "--dry-run"),
            ("POST", "/api/reload?dry_run=1", None),
            ({"result": "unchanged", "plan": {}}, "Nothing has changed: what runs is what the"),
        ),
        (
            ("retry-publisher",),
            ("POST", "/api/publisher/retry?wait=5", None),
            (result("already"), "RabbitMQ: connected"),
        ),
        (
            ("drain",),
            ("POST", "/api/cluster/drain", None),
            ({"result": "done"}, "shop-7 gives its cameras away, and takes none until `rejoin`"),
        ),
    ],
)
def test_a_command_is_carried_out_and_told_in_words(
    node: Node,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    asked: tuple[str, str, Any],
    answered: tuple[dict[str, object], str],
) -> None:
    answer, printed = answered
    node.answers = [(200, answer)]
    ctl(node, "shop-7", *words)
    assert node.asked == [asked]
    assert printed in capsys.readouterr().out


@pytest.mark.parametrize(("command", "method"), [("add", "PUT"), ("change", "PATCH")])
def test_the_keys_of_a_camera_come_from_a_file_or_standard_input(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, method: str
) -> None:
    (tmp_path / "v.json").write_text('{"fps": 3}')
    node.answers = [(200, {"result": "done"})] * 2
    ctl(node, "shop-7", command, "gate", "--values", "v.json")
    standard = io.TextIOWrapper(io.BytesIO(b'{"fps": 3}'))
    monkeypatch.setattr("sys.stdin", standard)
    ctl(node, "shop-7", command, "gate", "--values", "-")
    assert node.asked == [(method, "/api/cameras/gate", {"fps": 3})] * 2


def test_what_fails_or_is_refused_is_told_with_exit_code_1(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = result("done", "failed") | {"cause": "refused", "detail": "\x1b[2J"}
    node.answers = [
        (200, failed),
        (409, result("not_running")),
        (422, {"result": "refused", "reason": "invalid", "details": ["fps: no"], "plan": {}}),
        (404, {"result": "unknown_target", "error": "there is no profile x; known: none"}),
        (504, {"error": "late"}),
        (409, {"result": ["done"], "outcome": {"a": []}, "details": 5}),
        (422, {"result": "refused", "details": 5}),
    ]
    ctl(node, "shop-7", "retry", "door", code=1)
    ctl(node, "shop-7", "retry", "door", code=1)
    ctl(node, "shop-7", "enable", "door", code=1)
    ctl(node, "shop-7", "profile", "x", code=1)
    ctl(node, "shop-7", "start", "door", code=1)
    ctl(node, "shop-7", "start", "door", code=1)
    ctl(node, "shop-7", "reload", code=1)
    node.status = (401, {"error": "this is not the token"})
    ctl(node, "shop-7", "start", "door", code=1)
    node.status = (200, ["no", "status"])
    ctl(node, "shop-7", "start", "door", code=1)
    for foreign in ({"x": 1}, {"node": "shop-7", "cameras": 5}):
        node.status = (200, foreign)
        ctl(node, "nodes", code=1)
    printed = capsys.readouterr().err
    for text in (
        "door: still connection refused",
        "door: it is stopped",
        "the configuration has errors",
        "fps: no",
        "there is no profile x",
        "no answer of shop-7 within 10s; it may still carry the command out",
        "this is not the token",
        "no answer of edge-video",
    ):
        assert text in printed
    assert "\x1b" not in printed


def test_another_name_than_the_nodes_asks_for_nothing(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    ctl(node, "shop-8", "stop", "door", code=1)
    assert node.asked == []
    assert "nobody answers to shop-8; there are: shop-7" in capsys.readouterr().err


def test_a_broker_that_falls_silent_before_the_others_are_known_names_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        def ask(self, question: Question, _timeout_s: float) -> Reply:
            raise NobodyThereError(question.node)

        def ask_all(self, _timeout_s: float) -> list[Reply]:
            raise TimeoutError

    monkeypatch.setattr(command, "asker_of", lambda *_: Silent())
    assert main(["ctl", "shop-8", "ping", "--url", "http://127.0.0.1:1"]) == 1
    assert "nobody answers to shop-8" in capsys.readouterr().err


def test_who_answers_is_listed_and_json_is_for_programs(
    node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_TOKEN", "t")
    ctl(node, "nodes")
    assert node.token == "Bearer t"
    assert capsys.readouterr().out == "shop-7  1.2.3  cameras streaming: 1 of 2\n"
    ctl(node, "nodes", "--json")
    (only,) = json.loads(capsys.readouterr().out)["nodes"]
    assert (only["node"], only["status"], only["answer"]["cameras"]) == ("shop-7", 200, 2)
    node.answers = [(409, result("rejected", retry_in_s=4.0))]
    ctl(node, "shop-7", "retry", "door", "--json", code=1)
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["answer"]["retry_in_s"]) == (409, 4.0)


def test_a_picture_goes_into_a_file_and_a_stale_one_is_told(
    node: Node, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    node.answers = [(204, None), (200, PICTURE)]
    node.headers = {"X-Frame-Seq": "7", "X-Captured-At-Ms": "1700000000000"}
    ctl(node, "shop-7", "snapshot", "door")
    assert (tmp_path / "door.jpg").read_bytes() == PICTURE
    assert "door.jpg: picture of 2023-11-1" in capsys.readouterr().out
    node.answers = [(200, PICTURE)]
    node.headers |= {"X-Picture-Stale": "1"}
    ctl(node, "shop-7", "snapshot", "../up", "--timeout", "3", "--json")
    document = json.loads(capsys.readouterr().out)["answer"]
    assert (document["file"], document["seq"], document["stale"]) == (".._up.jpg", 7, 1)
    node.answers = [(204, None)]
    ctl(node, "shop-7", "snapshot", "door", "--timeout", "3", code=1)
    assert "no picture: no picture came in time" in capsys.readouterr().err


def test_a_picture_goes_to_standard_output_but_not_to_a_terminal(
    node: Node, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    node.answers = [(200, PICTURE)]
    ctl(node, "shop-7", "snapshot", "door", "-o", "-")
    assert capfdbinary.readouterr().out == PICTURE
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ctl(node, "shop-7", "snapshot", "door", "-o", "-", code=2)


def test_an_address_where_nobody_listens_is_no_node(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ctl", "nodes", "--url", "http://127.0.0.1:9", "--timeout", "2s"]) == 1
    assert "refused" in capsys.readouterr().err.lower()
    began_s = time.monotonic()
    assert main(["ctl", "x", "ping", "--url", "amqp://me:s3cret@127.0.0.1:9/"]) == 1
    printed = capsys.readouterr().err
    assert "connection refused" in printed
    assert "s3cret" not in printed
    assert time.monotonic() - began_s < 10


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("shop-7 explode", "there is no command explode; known: ping, status"),
        ("shop-7", "say what shop-7 is to do: ping"),
        ("shop-7 retry", "retry needs a camera\n"),
        ("shop-7 profile", "profile needs a profile's name, or none"),
        ("shop-7 ping door", "ping takes no camera"),
        ("shop-7 add door", "add needs --values FILE"),
        ("shop-7 ping --values x", "ping takes no --values"),
        ("shop-7 ping -o x", "ping takes no --output"),
        ("shop-7 ping --dry-run", "ping takes no --dry-run"),
        ("shop-7 add door --values none.json", "none.json cannot be read as a JSON object"),
        ("nodes --url ftp://x", "--url"),
        ("nodes --url http://me@x", "--url must be like http://127.0.0.1:8080"),
        ("nodes --url http://x --exchange e", "are for the broker, not for HTTP"),
        ("nodes --url amqp://x --key-name k", "--key-name needs the key, 32 characters or more"),
        ("nodes --url amqp://x --key-file k", "--key-file needs --key-name"),
        ("nodes --url amqp://x --key-file k --key-name k", "--key-file: k: No such file"),
        ("nodes", "nobody to ask"),
    ],
)
def test_what_makes_no_sense_is_bad_input(
    words: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ctl", *words.split()]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("command", "spec"), SPOKEN)
def test_every_command_has_its_words(command: str, spec: CommandSpec, language: Language) -> None:
    arguments = {"camera": "door", "name": "open"}
    given = {name: value for name, value in arguments.items() if name in spec.arguments}
    question = Question("shop-7", command, json.dumps(given).encode())
    for result_ in ("done", "already"):
        body = json.dumps({"result": result_}).encode()
        reply = Reply("shop-7", 200, "application/json", body, {})
        assert is_good(reply)
        assert f".{result_}" not in answer_text(question, reply, language)
    newer = Reply("shop-7", 409, "application/json", b'{"result": "not yet known"}', {})
    assert not is_good(newer)
    assert answer_text(question, newer, language)
    late = Reply("shop-7", 504, "application/json", b'{"error": "x", "reason": "late"}', {})
    assert answer_text(question, late, language) == "x"
