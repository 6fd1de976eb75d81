"""How long an answer may take to be made."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from edge_video.http import guard
from edge_video.http.guard import PROBE_CAMERA_PATH, Authenticator, SecurityMiddleware
from edge_video.http.security import FailureLimiter
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from starlette.requests import Request


async def slow(_: Request) -> Response:
    await asyncio.sleep(0.2)
    return Response("done")


@pytest.mark.parametrize(("path", "status"), [("/slow", 503), (PROBE_CAMERA_PATH, 200)])
def test_an_answer_takes_too_long_unless_a_camera_is_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.setattr(guard, "ANSWER_S", 0.05)
    app = Starlette(routes=[Route("/slow", slow), Route(PROBE_CAMERA_PATH, slow)])
    free = Authenticator(None, reading_is_free=True, clock=FakeClock(), limiter=FailureLimiter())
    guarded = SecurityMiddleware(app, free, (), (), logging.getLogger("test"))

    async def asked() -> int:
        transport = httpx.ASGITransport(guarded)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get(path)).status_code

    assert asyncio.run(asked()) == status
