"""The program is killed in the middle of a reload, and starts with one configuration, whole."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from edge_video.config.kept import CAMERAS
from edge_video.config.loader import combine
from edge_video.config.source import ConfigSource, config_hash
from edge_video.testing import eventually
from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.ffmpeg

TOKEN: Final = "tok-canary-5150"
CHANGE: Final = {"fps": 3, "quality": 9}
SLOW_DISK: Final = '''
"""Loaded by Python before the program: a disk that hangs at one step of keeping a camera."""
import os
import pathlib
import time

step = os.environ["TEST_DISK_HANGS_AFTER"]
at_step = getattr(os, step)


def hanging(*given, **named):
    files = os.readlink(f"/proc/self/fd/{named.get('src_dir_fd', given[0])}")
    result = at_step(*given, **named)
    if "/cameras.d" in files:
        pathlib.Path("hangs").touch()
        time.sleep(600)
    return result


setattr(os, step, hanging)
'''


def start(folder: Path, hangs_after: str) -> Program:
    """The program on a disk that hangs after this step of keeping a camera."""
    camera = {"id": "door", "url": "rtsp://127.0.0.1:9/s", "fps": 7, "enabled": False}
    config = {
        "sink": {"type": "directory", "path": "frames"},
        "state": {"dir": str(folder / "state")},
        "http": {"listen": "127.0.0.1:0", "token": TOKEN},
        "cameras": [camera, {**camera, "id": "yard"}],
    }
    (folder / "sitecustomize.py").write_text(SLOW_DISK)
    environment = {"PYTHONPATH": f"{folder}:{ROOT}", "TEST_DISK_HANGS_AFTER": hangs_after}
    return Program(folder, config, environment=environment)


def address(program: Program) -> str:
    line = program.wait_for_log("Page, probes, metrics and API at")
    return urlsplit(line.rpartition(" ")[2]).netloc


def running(program: Program) -> str:
    """The hash of the configuration that runs."""
    url = f"http://{address(program)}/api/status"
    shown: list[dict[str, Any] | None] = []

    def is_known() -> bool:
        shown.append(httpx.get(url, timeout=20, trust_env=False).json()["config"])
        return shown[-1] is not None

    eventually(is_known, 20)
    assert shown[-1] is not None
    return str(shown[-1]["hash"])


def kill_in_the_middle(program: Program) -> None:
    """Change a camera, and kill the program with the change at the step where its disk hangs."""
    host, _, port = address(program).partition(":")
    body = json.dumps(CHANGE)
    request = (
        f"PATCH /api/cameras/door HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    hangs = program.folder / "hangs"
    with socket.create_connection((host, int(port)), timeout=10) as link:
        link.sendall(request.encode())
        eventually(hangs.exists, 20, "the change is at that step")
        program.process.kill()
    assert program.wait() == -9
    hangs.unlink()


def test_a_program_killed_in_the_middle_of_a_change_starts_with_the_old_or_the_new(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "state" / CAMERAS
    with start(tmp_path, "fsync") as program:
        before = ConfigSource(program.config_file).read()
        old = config_hash(before.config)
        new = config_hash(combine(before.values, {"door": CHANGE}, ""))
        assert running(program) == old
        kill_in_the_middle(program)
    assert [each.name for each in kept.iterdir()] == [".door.json.tmp"]  # it has no name yet
    with start(tmp_path, "replace") as program:
        assert running(program) == old
        kill_in_the_middle(program)
    assert [each.name for each in kept.iterdir()] == ["door.json"]
    with start(tmp_path, "fsync") as program:
        assert running(program) == new
        assert program.stop() == 0
