"""The command that asks a running system for a reload, and says what came of it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.cli.main import main
from edge_video.cli.reload import reload_lines
from edge_video.text.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answering(BaseHTTPRequestHandler):
    """Answers every POST as its server says."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.asked.append((self.path, self.headers.get("authorization")))
        status, body = server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    server: Any = HTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.answer = [], (200, {"result": "unchanged"})
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_was_done_is_printed(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    plan = {"add": ["gate"], "restart": [], "live": ["buffer", "log.level"]}
    server.answer = (200, {"result": "done", "reason": None, "details": [], "plan": plan})
    assert main(["reload", "--url", server.url, "--token", "t"]) == 0
    assert capsys.readouterr().out == (
        "Reloaded.\nnew cameras: gate\nholds at once: buffer, log.level\n"
    )
    assert server.asked == [("/api/reload?dry_run=0", "Bearer t")]


def test_the_token_comes_from_the_environment(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_TOKEN", "secret")
    assert main(["reload", "--url", server.url, "--dry-run"]) == 0
    assert server.asked == [("/api/reload?dry_run=1", "Bearer secret")]


def test_what_is_refused_ends_with_1_and_all_its_lines(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"result": "refused", "reason": "invalid", "details": ["c.yaml:3: fps: \x1b[2J"]}
    server.answer = (422, {**refused, "plan": {}})
    assert main(["reload", "--url", server.url]) == 1
    out = capsys.readouterr().out
    assert "Refused: the configuration has errors" in out
    assert "c.yaml:3: fps: " in out
    assert "\x1b" not in out


def test_what_is_wrong_is_told_in_the_language_of_who_asks() -> None:
    wrong = {"result": "refused", "reason": "invalid", "details": ["c.yaml:3: fps: no JSON"]}
    assert reload_lines(wrong, Language.PT_BR) == [
        "Recusado: a configuração tem erros; a antiga continua valendo.",
        "  c.yaml:3: fps: não é JSON",
    ]


@pytest.mark.parametrize(
    ("status", "body", "printed"),
    [
        (401, {"error": "this is not the token"}, "HTTP 401 this is not the token"),
        (200, b"<html>", "no answer of edge-video"),
        (404, b"", "HTTP 404"),
    ],
)
def test_what_is_no_answer_is_said(
    server: Any, capsys: pytest.CaptureFixture[str], status: int, body: object, printed: str
) -> None:
    server.answer = (status, body)
    assert main(["reload", "--url", server.url]) == 1
    assert printed in capsys.readouterr().err


def test_an_address_that_is_none_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reload", "--url", "ftp://x"]) == 2
    assert "--url must be like" in capsys.readouterr().err


def test_nobody_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reload", "--url", "127.0.0.1:9"]) == 1
    assert "refused" in capsys.readouterr().err
