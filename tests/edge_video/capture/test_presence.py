"""Whether anybody is at a camera's address, asked once by a connection."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.inquiry import explain
from edge_video.capture.presence import told_by_presence
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def somebody() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def nobody() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def camera(port: int, expected: str = "intermittent", **keys: object) -> CameraConfig:
    url = f"rtsp://127.0.0.1:{port}/s"
    return CameraConfig.model_validate({"id": "van", "url": url, "expected": expected, **keys})


@pytest.mark.parametrize("cause", [Cause.STALLED, Cause.END_OF_STREAM, Cause.TIMEOUT])
def test_a_stream_that_ended_where_nobody_is_any_more_is_an_absence(
    nobody: int, cause: Cause
) -> None:
    failure = Failure(cause, "no frame for 10 s")
    assert explain(camera(nobody), failure, frames=100).cause is Cause.REFUSED
    assert explain(camera(nobody, "always"), failure, frames=100) == failure


@pytest.mark.parametrize(
    ("cause", "found"),
    [
        (Cause.STALLED, Cause.STALLED),
        (Cause.END_OF_STREAM, Cause.END_OF_STREAM),
        (Cause.TIMEOUT, Cause.STALLED),
    ],
)
def test_who_takes_a_connection_is_there(
    somebody: socket.socket, cause: Cause, found: Cause
) -> None:
    config = camera(somebody.getsockname()[1])
    assert explain(config, Failure(cause), frames=100).cause is found


@pytest.mark.parametrize("cause", [Cause.WRONG_PASSWORD, Cause.UDP_LOST, Cause.UNSUPPORTED])
def test_what_only_somebody_can_answer_is_not_asked_about(nobody: int, cause: Cause) -> None:
    failure = Failure(cause)
    assert told_by_presence(camera(nobody), failure, 1.0) == failure


def test_a_name_that_only_the_camera_gives_is_missing_when_it_is_off() -> None:
    failure = Failure(Cause.NAME_NOT_RESOLVED)
    van = CameraConfig(id="van", url="rtsp://van.local/s", expected="intermittent")
    assert told_by_presence(van, failure, 1.0).cause is Cause.UNREACHABLE
    misspelt = CameraConfig(id="van", url="rtsp://van.shop.example/s", expected="intermittent")
    assert told_by_presence(misspelt, failure, 1.0) == failure


def test_a_file_is_never_absent() -> None:
    failure = Failure(Cause.END_OF_STREAM)
    test_source = CameraConfig(id="van", url="lavfi:testsrc2", expected="intermittent")
    assert told_by_presence(test_source, failure, 1.0) == failure
