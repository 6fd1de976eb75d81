"""A camera's clock, asked for without a login, from answers good and bad."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.camera_clock import clock_address, clock_offset
from edge_video.config import CameraConfig
from edge_video.testing.devices import Connection, LoopbackServer
from edge_video.testing.rabbit import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON_S = 1_790_000_000.0
DATE = b"Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"


@contextmanager
def answering(raw: bytes) -> Iterator[int]:
    def serve(connection: Connection) -> None:
        connection.receive()
        connection.send(raw)

    server = LoopbackServer(serve)
    server.open()
    try:
        yield server.port
    finally:
        server.close()


def ask(scheme: str, port: int) -> float | None:
    return clock_offset((scheme, "127.0.0.1", port), 2.0, lambda: NOON_S)


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_an_answer_with_a_date_tells_the_offset(scheme: str) -> None:
    with answering(b"HTTP/1.1 401 Unauthorized\r\n" + DATE + b"\r\n") as port:
        assert ask(scheme, port) == 0.0


@pytest.mark.parametrize("zone", [b"", b" -0000"])
def test_a_date_without_a_zone_is_gmt(zone: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "<-03>3")
    time.tzset()
    try:
        with answering(b"HTTP/1.1 200 OK\r\n" + DATE.replace(b" GMT", zone) + b"\r\n") as port:
            assert ask("rtsp", port) == 0.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nDate: yesterday\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nDate: Mon, 99 Foo 99999 14:13:20 GMT\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nDate: \xff\xfe\r\n\r\n",
        b"x" * 20_000,
    ],
)
def test_an_answer_without_a_date_tells_nothing(raw: bytes) -> None:
    with answering(raw) as port:
        assert ask("rtsp", port) is None


def test_a_camera_that_is_away_tells_nothing() -> None:
    assert ask("rtsp", free_port()) is None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("rtsp://me:pw@10.0.0.5/s", ("rtsp", "10.0.0.5", 554)),
        ("http://10.0.0.5:8080/v", ("http", "10.0.0.5", 8080)),
        ("rtmp://10.0.0.5/s", None),
        ("lavfi:testsrc2", None),
    ],
)
def test_who_is_asked_is_the_host_of_the_stream(
    url: str, address: tuple[str, str, int] | None
) -> None:
    assert clock_address(CameraConfig(id="door", url=url)) == address
