"""`edge-video profile` asks a running system, and says what came of it."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(HTTPServer):
    """Answers as it is told, and notes what it was asked."""

    answer: tuple[int, Any] = (200, {"result": "done", "profiles": []})
    asked: tuple[str, str | None, Any] = ("", None, None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked = (self.path, self.headers["authorization"], body)
        status, answer = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("name", "sent", "answer"),
    [("closed", "closed", "Profile closed applies."), ("none", None, "No profile applies")],
)
def test_a_profile_is_asked_for(
    server: Server, capsys: pytest.CaptureFixture[str], name: str, sent: str | None, answer: str
) -> None:
    assert main(["profile", name, "--url", server.url, "--token", "t"]) == 0
    assert answer in capsys.readouterr().out
    assert server.asked == ("/api/profile", "Bearer t", {"name": sent})


def test_an_unknown_one_is_bad_input_and_the_known_ones_are_said(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = (404, {"result": "unknown_target", "profiles": ["open", "clos\x1bed"]})
    assert main(["profile", "nope", "--url", server.url]) == 2
    printed = capsys.readouterr().err
    assert "there is no profile nope; known: open, clos" in printed
    assert "\x1b" not in printed


def test_a_refusal_is_a_failure(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.answer = (401, {"error": "this is not the token"})
    assert main(["profile", "open", "--url", server.url]) == 1
    assert "HTTP 401 this is not the token" in capsys.readouterr().err
    assert main(["profile", "open", "--url", "ftp://x"]) == 2
