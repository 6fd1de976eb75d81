"""`health`: what a container's health check asks, and what it makes of every answer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from edge_video.cli import health
from edge_video.cli.main import main
from edge_video.testing.rabbit import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "a-token-for-health"
CAMERAS = 'cameras: [{id: door, url: "rtsp://10.0.0.5/s", password: "${DOOR_PASSWORD}"}]\n'


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.delenv("EDGE_VIDEO_TOKEN", raising=False)


@contextmanager
def answering(code: int, body: str, **headers: str) -> Iterator[tuple[int, list[str]]]:
    """Somebody who answers so on 127.0.0.1; the port, and what was asked with which token."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def verdict(*reasons: str) -> str:
    return json.dumps({"ok": not reasons, "reasons": list(reasons)})


def test_who_is_well_gets_0_and_nothing_of_the_cameras_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(200, verdict()) as (port, asked):
        config = tmp_path / "config.yaml"
        config.write_text(f'http: {{listen: "0.0.0.0:{port}", token: "${{T}}"}}\n{CAMERAS}')
        (tmp_path / ".env").write_text(f"T={TOKEN}\n")
        assert main(["health", "--config", str(config)]) == 0
        assert main(["health", "--ready", "--config", str(config)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"http://127.0.0.1:{port}/health: all is well",
        f"http://127.0.0.1:{port}/ready: all is well",
    ]
    assert asked == [f"/health Bearer {TOKEN}", f"/ready Bearer {TOKEN}"]


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (503, verdict("the publisher does not run", "x"), "the publisher does not run; x"),
        (200, verdict("x"), "whoever answers is not edge-video (HTTP 200)"),
        (200, "<html>", "whoever answers is not edge-video (HTTP 200)"),
        (200, "[" * 100_000, "whoever answers is not edge-video (HTTP 200)"),
        (503, "busy", "whoever answers is not edge-video (HTTP 503)"),
        (404, verdict("x"), "whoever answers is not edge-video (HTTP 404)"),
        (401, "", "the token is refused or missing (HTTP 401)"),
        (302, "", "whoever answers is not edge-video (HTTP 302)"),
    ],
)
def test_every_other_answer_gets_1_and_is_named(
    code: int, body: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(code, body, Location="http://10.255.255.1/") as (port, _):
        url = f"http://127.0.0.1:{port}"
        assert health.main(["--url", url]) == 1
    assert capsys.readouterr().err == f"edge-video health: {url}/health: {expected}\n"


def test_the_reasons_are_told_in_the_language_of_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    reasons = ("the publisher is waiting: connection refused by h:5672", "the system is stopping")
    with answering(503, verdict(*reasons)) as (port, _):
        assert health.main(["--url", f"http://127.0.0.1:{port}", "--ready"]) == 1
    assert capsys.readouterr().err.endswith(
        "/ready: o publisher está sem conexão: conexão recusada por h:5672;"
        " o sistema está encerrando\n"
    )


def test_nobody_and_somebody_who_never_answers_get_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main(["--url", f"http://127.0.0.1:{free_port()}"]) == 1
    assert "Connection refused" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert health.main(["--url", url, "--timeout", "100ms"]) == 1
        silent.accept()[0].close()
    assert "no answer in time" in capsys.readouterr().err


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with answering(200, verdict()) as (port, _):
        assert health.main(["--url", f"http://127.0.0.1:{port}"]) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CAMERAS, "has no `http` section"),
        ('http: {listen: "127.0.0.1:0"}\n', "has the port 0"),
        ('http: {listen: "0.0.0.0:8080"}\n', "http.token: it is required"),
        ("http: [\n", "config.yaml"),
    ],
)
def test_a_configuration_that_says_no_address_is_bad_input(
    text: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(text)
    assert health.main(["--config", str(config)]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://user:pw@127.0.0.1"])
def test_a_url_that_is_none_is_bad_input_and_is_not_repeated(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert health.main(["--url", url]) == 2
    printed = capsys.readouterr().err
    assert "must be like http://127.0.0.1:8080" in printed
    assert "pw" not in printed


def test_without_a_configuration_it_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert health.main([]) == 2
    assert "--url" in capsys.readouterr().err


def test_a_check_with_a_url_loads_neither_the_configuration_nor_the_actors() -> None:
    """It is started every half minute, on small machines too."""
    code = (
        "import sys; from edge_video.__main__ import program\n"
        "sys.argv = ['edge-video', 'health', '--url', sys.argv[1]]\n"
        "try: program()\n"
        "except SystemExit as exit_: assert exit_.code == 0, exit_.code\n"
        "heavy = {'pydantic', 'pykka', 'pika', 'starlette', 'psutil', 'yaml', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    with answering(200, verdict()) as (port, _):
        command = [sys.executable, "-c", code, f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
