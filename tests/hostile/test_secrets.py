"""Secrets of every kind, in every place where the program shows something."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from edge_video.cli.main import main
from edge_video.testing import eventually
from tests.support.hostile import HostileServer, http_pages, http_reply
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.ffmpeg

# In no word that the program or FFmpeg says by itself.
CANARY = "zqx7canary"
TOKEN = "token-of-the-page"


def cameras(port: int) -> list[dict[str, Any]]:
    """One camera per kind of secret; none of them streams, so that FFmpeg says why."""
    return [
        {"id": "query", "url": f"rtsp://127.0.0.1:1/a?zzz={CANARY}1&channel=1"},
        {"id": "bare", "url": f"rtsp://127.0.0.1:1/a?{CANARY}2"},
        {"id": "path", "url": f"rtsp://127.0.0.1:1/zzz={CANARY}3/live"},
        {"id": "rtmp", "url": f"rtmp://127.0.0.1:1/live/{CANARY}4"},
        {"id": "encoded", "url": f"rtsp://127.0.0.1:1/a?zzz={CANARY}%205%2F%2f"},
        {"id": "password", "url": f"rtsp://u:{CANARY}6@127.0.0.1:1/a"},
        {
            "id": "header",
            "url": f"http://127.0.0.1:{port}/a?zzz={CANARY}7",
            "input_args": [
                "-headers",
                f"X-Shop: {CANARY}8\r\n",
                "-cookies",
                f"sid={CANARY}9; path=/",
            ],
        },
    ]


def write(folder: Path, port: int, **keys: Any) -> dict[str, Any]:
    config = {
        "sink": {"type": "directory", "path": str(folder / "frames")},
        "cameras": cameras(port),
        "language": "en",
        "log": {"level": "DEBUG", "file": str(folder / "log.txt")},
        "report_interval": "1s",
        **keys,
    }
    (folder / "c.yaml").write_text(yaml.safe_dump(config))
    return config


@pytest.mark.parametrize("command", ["check", "check --full", "check --json", "probe"])
def test_neither_check_nor_probe_shows_a_secret(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with HostileServer(http_pages({})) as server:
        write(tmp_path, server.port)
        main([*command.split(), "--config", str(tmp_path / "c.yaml")])
    shown = "".join(capsys.readouterr())
    assert "header" in shown
    assert CANARY not in shown.lower()


def test_no_output_of_a_running_system_shows_a_secret(tmp_path: Path) -> None:
    moved = http_reply(status="302 Found", Location=f"/b?zzz={CANARY}10")
    with HostileServer(http_pages({f"/a?zzz={CANARY}7": moved})) as server:
        config = write(
            tmp_path,
            server.port,
            http={"listen": "127.0.0.1:0", "token": TOKEN},
            circuit_breaker={"max_failures": 2, "initial_backoff": "1s"},
        )
        options = ("--report-file", "final.json", "--report-html", "final.html")
        with Program(tmp_path, config, *options) as program:
            line = program.wait_for_log("http://127.0.0.1:")
            address = line[line.index("http://") :].split()[0].rstrip("/,.")

            def all_failed() -> bool:
                told = "".join(program.log)
                return all(f"[{each['id']}] ERROR" in told for each in config["cameras"])

            eventually(all_failed, 60, "each camera's failure is told")
            answers = []
            for path in ("/api/status", "/metrics", "/health", "/ready", "/"):
                request = urllib.request.Request(
                    address + path, headers={"Authorization": f"Bearer {TOKEN}"}
                )
                try:
                    with urllib.request.urlopen(request, timeout=5) as answer:
                        answers.append(answer.read().decode())
                except urllib.error.HTTPError as error:
                    answers.append(error.read().decode())
            assert program.stop() == 0
    shown = [
        *answers,
        "\n".join(program.log),
        "\n".join(program.printed),
        program.report_file.read_text(),
        (tmp_path / "final.html").read_text(),
        (tmp_path / "log.txt").read_text(),
    ]
    assert all(shown)
    assert CANARY not in "\n".join(shown).lower()
    assert TOKEN not in "\n".join(shown)
