"""Strangers at the HTTP port: without a token, with many connections, and never done."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil
import pytest

from edge_video.http import acceptor
from edge_video.testing import eventually
from edge_video.testing.rabbit import free_port
from edge_video.testing.scripted_camera import install_scripted_ffmpeg
from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CAMERAS = 3
USUAL_LIMIT = 1024
"""Descriptors that Linux gives a process unless told otherwise."""

WITHOUT_A_SHELL = (
    "import os, resource, sys;"
    f"resource.setrlimit(resource.RLIMIT_NOFILE, ({USUAL_LIMIT}, {USUAL_LIMIT}));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Site(Program):
    """The program with scripted cameras and a page, under the usual limit of descriptors."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        ffmpeg = install_scripted_ffmpeg(folder)
        cameras = [
            {"id": f"cam{n}", "url": f"rtsp://127.0.0.1/c{n}?fps=10&bytes=20000&seed={n}"}
            for n in range(CAMERAS)
        ]
        config = {
            "fps": 10,
            "sink": {"type": "directory", "path": str(folder / "frames"), "keep": 5},
            "cameras": cameras,
            "ffmpeg": str(ffmpeg),
            "start_spacing": "0s",
            "buffer": 50,  # five seconds: the disk may be slow, the program may not be held up
            "max_age": "10s",
            "http": {"listen": f"127.0.0.1:{self.port}", "token": "a-token-nobody-here-has"},
        }
        super().__init__(folder, config, "--report-file", str(folder / "final.json"))
        self._words = [sys.executable, "-c", WITHOUT_A_SHELL, *self._words]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def get(self, path: str, timeout_s: float = 3.0) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s) as answer:
            body: bytes = answer.read()
            return body

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.get("/api/status"))
        return status

    def streams(self) -> bool:
        with contextlib.suppress(OSError):
            phases = [each["phase"] for each in self.status()["cameras"]]
            return phases == ["streaming"] * CAMERAS
        return False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as running:
        eventually(running.streams, 30)
        yield running


@pytest.fixture(autouse=True)
def room_for_attackers() -> Iterator[None]:
    """This process needs more descriptors than the one that it attacks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def assert_nothing_was_lost(site: Site, before: dict[str, Any]) -> None:
    eventually(lambda: _all_received_more(before, site.status()), 20)
    after = site.status()
    for earlier, later in zip(before["cameras"], after["cameras"], strict=True):
        assert later["attempts"] == earlier["attempts"]
        assert later["frames"]["dropped"] == earlier["frames"]["dropped"]
    assert after["accounting"]["balanced"]
    assert site.process.poll() is None


def _all_received_more(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(
        later["frames"]["received"] > earlier["frames"]["received"]
        for earlier, later in zip(before["cameras"], after["cameras"], strict=True)
    )


def request(site: Site, line: str, *headers: str, body: bytes = b"") -> bytes:
    host = f"Host: 127.0.0.1:{site.port}"
    return "\r\n".join([f"{line} HTTP/1.1", host, *headers, "", ""]).encode() + body


def test_a_flood_of_idle_connections_takes_no_descriptor_from_the_cameras(site: Site) -> None:
    before = site.status()
    own = site.psutil.num_fds()
    most, slowest_s = own, 0.0
    with ExitStack() as stack:
        for _ in range(24):
            for _ in range(64):
                connection = stack.enter_context(socket.socket())
                connection.setblocking(False)
                connection.connect_ex(site.address)
            most = max(most, site.psutil.num_fds())
            began_s = time.monotonic()
            assert json.loads(site.get("/health", timeout_s=10))["ok"]
            slowest_s = max(slowest_s, time.monotonic() - began_s)
        print(f"descriptors: {own}, at most {most}; the slowest probe took {slowest_s:.3f} s")
        # One client that is just being let in, and one answer of the test's own, beside the places.
        assert most <= own + acceptor.MAX_CONNECTIONS + acceptor.PROBE_PLACES + 8
        assert_nothing_was_lost(site, before)
    assert not [line for line in site.log if "ERROR" in line or "Traceback" in line]


def test_requests_whose_bodies_never_come_do_not_shut_the_probes_out(site: Site) -> None:
    before = site.status()
    waiting = request(site, "POST /api/session", "Content-Length: 100", body=b"{")
    with ExitStack() as stack:
        for _ in range(400):
            connection = stack.enter_context(socket.create_connection(site.address, 10))
            connection.sendall(waiting)
        for path in ("/health", "/ready", "/health"):
            assert json.loads(site.get(path))["ok"]
        assert_nothing_was_lost(site, before)


def test_when_every_place_is_being_answered_probes_still_have_theirs(site: Site) -> None:
    """Viewers are answered for an hour; a little room is left, and the rest never reads."""
    before = site.status()
    with ExitStack() as stack:
        viewers = [
            stack.enter_context(socket.create_connection(site.address, 10)) for _ in range(150)
        ]
        for viewer in viewers:
            viewer.sendall(request(site, "GET /api/updates"))
        # Pipelined: each of them is answered with more than its socket takes, and never reads.
        metrics = request(site, "GET /metrics") * 300
        for _ in range(200):
            deaf = stack.enter_context(socket.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(site.address)
            deaf.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                deaf.send(metrics)
        for _ in range(20):
            assert json.loads(site.get("/health"))["ok"]
            assert json.loads(site.get("/ready"))["ok"]
        assert site.process.poll() is None
    eventually(lambda: _read(site, "/api/status"), 30)
    assert_nothing_was_lost(site, before)


def _read(site: Site, path: str) -> bool:
    try:
        return bool(site.get(path))
    except OSError:
        return False


def test_hanging_up_in_the_middle_of_a_body_writes_no_traceback(site: Site) -> None:
    lines = len(site.log)
    broken = request(site, "POST /api/session", "Content-Length: 100", body=b"{")
    for _ in range(300):
        with socket.create_connection(site.address, 10) as connection:
            connection.sendall(broken)
    assert json.loads(site.get("/health"))["ok"]
    assert len(site.log) - lines <= 5, site.log[lines:]
    assert not [line for line in site.log if "Traceback" in line]


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/status HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["tls", "version", "length", "chunk", "websocket", "http2"],
)
def test_what_anybody_can_send_has_a_log_budget(site: Site, words: bytes) -> None:
    lines = len(site.log)
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(site.address, 10) as connection:
            connection.sendall(words)
    assert json.loads(site.get("/health"))["ok"]
    assert len(site.log) - lines <= 6, site.log[lines:]


def test_a_machine_without_descriptors_for_http_is_told_once_and_serves_again(
    tmp_path: Path,
) -> None:
    """The limit is lowered under the running program until nothing can be accepted."""
    with Site(tmp_path) as site:
        eventually(site.streams, 30)
        before = site.status()
        usual = resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, (3, usual[1]))
        try:
            with socket.create_connection(site.address, 10) as connection:
                connection.sendall(request(site, "GET /health"))
                site.wait_for_log("short of something that http needs")
        finally:
            resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, usual)
        eventually(lambda: _read(site, "/health"), 10)
        assert_nothing_was_lost(site, before)
        assert len([line for line in site.log if "http needs" in line]) == 1


def test_the_check_says_when_cameras_need_more_descriptors_than_the_machine_gives(
    tmp_path: Path,
) -> None:
    cameras = "\n".join(f"  - {{id: c{n}, url: 'rtsp://127.0.0.1/{n}'}}" for n in range(300))
    config = tmp_path / "config.yaml"
    config.write_text(f"sink: {{type: directory, path: {tmp_path}}}\ncameras:\n{cameras}\n")
    checked = subprocess.run(
        [
            *(sys.executable, "-c", WITHOUT_A_SHELL),
            *(sys.executable, "-m", "edge_video", "check", "--config", str(config)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "300 cameras need 1296 file descriptors, and this machine allows 1024" in checked.stdout


def test_memory_stays_flat_under_a_minute_s_worth_of_requests_from_strangers(site: Site) -> None:
    process = psutil.Process(site.process.pid)
    before = process.memory_info().rss
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(site.address, 10) as connection:
            connection.sendall(request(site, "GET /nothing" + "x" * 8000))
    assert json.loads(site.get("/health"))["ok"]
    assert process.memory_info().rss - before < 20 * 2**20
