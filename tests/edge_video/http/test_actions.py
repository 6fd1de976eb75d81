"""How a request for a profile is read, and what is answered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from edge_video.http.actions import ActionEndpoints
from edge_video.http.guard import Authenticator
from edge_video.http.security import FailureLimiter
from edge_video.testing import FakeClock


def asked_of(body: Any) -> tuple[httpx.Response, list[Any]]:
    """The answer to this body where `open` is the one profile, and what the handler was asked."""
    asked: list[Any] = []

    def handler(action: str, target: str | None, origin: str) -> tuple[str, float | None]:
        asked.append((action, target, "10.0.0.9" in origin))
        return ("done" if target in ("open", None) else "unknown_target"), None

    config = SimpleNamespace(profiles=("open", "closed"))
    store: Any = SimpleNamespace(
        snapshot=lambda: SimpleNamespace(status=SimpleNamespace(config=config))
    )
    clock = FakeClock()
    authenticator = Authenticator(None, reading_is_free=True, clock=clock, limiter=FailureLimiter())

    async def sent() -> httpx.Response:
        with ThreadPoolExecutor(1) as executor:
            endpoints = ActionEndpoints(handler, executor, store, authenticator, clock)
            app = Starlette(routes=endpoints.routes())
            transport = httpx.ASGITransport(app, client=("10.0.0.9", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
                return await client.post("/api/profile", json=body)

    return asyncio.run(sent()), asked


@pytest.mark.parametrize("name", ["open", None])
def test_a_profile_is_asked_for_and_those_there_are_are_named(name: str | None) -> None:
    answer, asked = asked_of({"name": name})
    assert answer.status_code == 200
    assert answer.json() == {"result": "done", "profiles": ["open", "closed"]}
    assert asked == [("profile", name, True)]


def test_one_that_there_is_not_is_404_with_the_known_ones() -> None:
    answer, _ = asked_of({"name": "nope"})
    assert answer.status_code == 404
    assert answer.json()["result"] == "unknown_target"
    assert answer.json()["error"] == "there is no profile nope; known: open, closed"


@pytest.mark.parametrize("body", [{}, {"name": 7}, {"name": "open", "x": 1}, ["open"], "open"])
def test_another_body_is_refused(body: object) -> None:
    answer, asked = asked_of(body)
    assert (answer.status_code, asked) == (400, [])
