"""Makes the answers that several endpoints give: errors, and JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from edge_video.http.status_store import FRESH_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from edge_video.http.health import Verdict
    from edge_video.runtime.timer import Clock

_OK: Final = 200
_MAX_BODY: Final = 64 * 1024
_UNAVAILABLE: Final = 503


def error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer that says what is wrong."""
    return JSONResponse({"error": message}, status, headers)


def unauthorized(message: str) -> JSONResponse:
    """401, and how to do better."""
    return error(401, message, {"www-authenticate": "Bearer"})


def too_many(
    message: str, retry_in_s: float, headers: dict[str, str] | None = None
) -> JSONResponse:
    """429, and when to come back."""
    return error(429, message, {"retry-after": str(math.ceil(retry_in_s)), **(headers or {})})


def no_such_camera() -> JSONResponse:
    """404 for a camera that the configuration does not have."""
    return error(404, "there is no such camera")


async def http_error(_: Request, raised: Exception) -> Response:
    """What starlette raises for an unknown path or method, as our own kind of error."""
    assert isinstance(raised, HTTPException)
    return error(raised.status_code, raised.detail.lower(), dict(raised.headers or {}))


def verdict_response(verdict: Verdict) -> JSONResponse:
    """A probe's answer: 200, or 503 with the reasons."""
    body = {"ok": verdict.ok, "reasons": list(verdict.reasons)}
    return JSONResponse(body, _OK if verdict.ok else _UNAVAILABLE)


async def object_in(request: Request) -> dict[str, Any] | None:
    """The JSON object of a request's body; None when it is none, or larger than 64 KiB."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BODY:
            return None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def json_bytes(value: object) -> bytes:
    """The value as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class ResponseCache:
    """Keeps rendered bodies for `FRESH_S`, so that each is rendered at most twice a second.

    Used in the event loop's thread only.

    Args:
        clock: monotonic time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rendered: dict[str, tuple[float, bytes]] = {}

    def get(self, name: str, render: Callable[[], bytes]) -> bytes:
        """The body of this name, rendered anew when it is older than `FRESH_S`."""
        now_s = self._clock.monotonic()
        at_s, body = self._rendered.get(name, (0.0, b""))
        if not body or now_s - at_s >= FRESH_S:
            body = render()
            self._rendered[name] = (now_s, body)
        return body
