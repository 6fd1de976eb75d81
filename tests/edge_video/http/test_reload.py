"""What a request about the configuration asks for, and how it is answered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from edge_video.http.guard import Authenticator
from edge_video.http.openapi import openapi
from edge_video.http.reload import ConfigEndpoints
from edge_video.http.security import FailureLimiter
from edge_video.status.config_change import CameraChange, ConfigAnswer
from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Played:
    """A `ConfigHandler` that answers as it is told, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.answer = ConfigAnswer(ReloadResult.DONE, plan={"add": ["gate"]})
        self.is_late = False
        self.asked: list[Any] = []
        self.can_keep = True

    def reload(self, *, dry_run: bool, origin: str) -> ConfigAnswer:
        self.asked.append((dry_run, origin))
        if self.is_late:
            raise TimeoutError
        return self.answer

    def change_camera(self, change: CameraChange) -> ConfigAnswer:
        self.asked.append(change)
        if self.is_late:
            raise TimeoutError
        return self.answer


@pytest.fixture
def played() -> Played:
    return Played()


class Client:
    """Sends requests to an application, without a socket in between."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app, client=("10.0.0.9", 1))

    def send(self, method: str, path: str, **body: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            headers = {"user-agent": "curl/8"}
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://app", headers=headers
            ) as client:
                return await client.request(method, path, **body)

        return asyncio.run(sent())


@pytest.fixture
def client(played: Played) -> Iterator[Client]:
    authenticator = Authenticator(
        None, reading_is_free=True, clock=FakeClock(), limiter=FailureLimiter()
    )
    with ThreadPoolExecutor(1) as executor:
        routes = ConfigEndpoints(played, executor, authenticator).routes()
        yield Client(Starlette(routes=routes))


def test_a_reload_is_answered_with_its_plan(client: Client, played: Played) -> None:
    answer = client.send("POST", "/api/reload")
    assert (answer.status_code, answer.json()["plan"]) == (200, {"add": ["gate"]})
    assert played.asked == [(False, "token, 10.0.0.9, curl/8")]


def test_a_dry_run_is_one_and_anything_else_an_error(client: Client, played: Played) -> None:
    client.send("POST", "/api/reload?dry_run=1")
    assert played.asked[0][0] is True
    assert client.send("POST", "/api/reload?dry_run=yes").status_code == 400


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (ReloadReason.INVALID, 422),
        (ReloadReason.NEEDS_RESTART, 409),
        (ReloadReason.NOT_READY, 409),
        (ReloadReason.NOT_KEPT, 409),
        (ReloadReason.NO_FILE, 409),
        (ReloadReason.FAILED, 500),
        (ReloadReason.STOPPING, 503),
        (ReloadReason.UNKNOWN_CAMERA, 404),
    ],
)
def test_what_is_refused_says_why(
    client: Client, played: Played, reason: ReloadReason, status: int
) -> None:
    played.answer = ConfigAnswer(ReloadResult.REFUSED, reason, ("a line",))
    answer = client.send("POST", "/api/reload")
    assert answer.status_code == status
    assert (answer.json()["reason"], answer.json()["details"]) == (reason.value, ["a line"])


def test_a_supervisor_that_is_late_is_no_refusal(client: Client, played: Played) -> None:
    played.is_late = True
    assert client.send("POST", "/api/reload").status_code == 504


def test_cameras_are_put_patched_and_deleted(client: Client, played: Played) -> None:
    played.answer = ConfigAnswer(ReloadResult.DONE, created=True)
    assert client.send("PUT", "/api/cameras/gate", json={"url": "rtsp://h/s"}).status_code == 201
    played.answer = ConfigAnswer(ReloadResult.DONE)
    client.send("PATCH", "/api/cameras/gate", json={"fps": 3})
    client.send("DELETE", "/api/cameras/gate")
    client.send("POST", "/api/cameras/gate/enable")
    client.send("POST", "/api/cameras/gate/disable")
    assert [(each.camera_id, each.values, each.whole) for each in played.asked] == [
        ("gate", {"url": "rtsp://h/s"}, True),
        ("gate", {"fps": 3}, False),
        ("gate", None, False),
        ("gate", {"enabled": True}, False),
        ("gate", {"enabled": False}, False),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 10_000, b" " * 70_000 + b"{}"])
def test_a_body_that_is_no_small_object_is_an_error(
    client: Client, played: Played, body: bytes
) -> None:
    assert client.send("PUT", "/api/cameras/gate", content=body).status_code == 400
    assert played.asked == []


ONE = "/api/cameras/{camera_id}"
OPERATIONS = [
    ("POST", "/api/reload"),
    *((method, ONE) for method in ("PUT", "PATCH", "DELETE")),
    *(("POST", f"{ONE}/{action}") for action in ("enable", "disable")),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_describes_each_of_its_answers(
    client: Client, played: Played, method: str, path: str
) -> None:
    answers = [
        ConfigAnswer(ReloadResult.DONE),
        ConfigAnswer(ReloadResult.DONE, created=method == "PUT"),
        *(ConfigAnswer(ReloadResult.REFUSED, reason) for reason in ReloadReason),
    ]
    described = openapi("1")["paths"][path][method.lower()]["responses"]
    for played.answer in answers:
        answer = client.send(method, path.format(camera_id="gate"), json={})
        assert str(answer.status_code) in described
    played.is_late = True
    assert client.send(method, path.format(camera_id="gate"), json={}).status_code == 504
    assert "504" in described
