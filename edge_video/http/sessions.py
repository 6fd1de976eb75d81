"""Answers the endpoint of a browser's session: log in, log out, and what one may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge_video.http.guard import SESSION_PATH, client_of
from edge_video.http.responses import error
from edge_video.http.security import SESSION_COOKIE, SESSION_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from edge_video.http.guard import Authenticator

_MAX_BODY: Final = 4096
_COOKIE: Final[dict[str, Any]] = {"path": "/", "httponly": True, "samesite": "strict"}


class SessionEndpoint:
    """Answers `/api/session`. The event loop's thread only.

    Args:
        authenticator: decides by token, and signs sessions.
        is_healthy: whether the program is alive, which `/health` tells anybody.
    """

    def __init__(self, authenticator: Authenticator, is_healthy: Callable[[], bool]) -> None:
        self._authenticator = authenticator
        self._is_healthy = is_healthy

    def routes(self) -> list[Route]:
        """The path that this answers."""
        return [Route(SESSION_PATH, self._session, methods=["GET", "POST", "DELETE"])]

    async def _session(self, request: Request) -> Response:
        match request.method:
            case "DELETE":
                return _log_out()
            case "POST":
                return await self._log_in(request)
            case _:
                return self._permissions(request)

    async def _log_in(self, request: Request) -> Response:
        if not self._authenticator.has_token:
            return error(403, "actions are off: no http.token is configured")
        token = await _token_in(request)
        if token is None:
            return error(400, 'the body must be {"token": "..."}')
        refusal = self._authenticator.refuse_token(token, client_of(request.scope))
        if refusal is not None:
            return refusal
        response = Response(status_code=204)
        session = self._authenticator.new_session()
        response.set_cookie(SESSION_COOKIE, session, max_age=SESSION_S, **_COOKIE)
        return response

    def _permissions(self, request: Request) -> Response:
        client = client_of(request.scope)
        permitted = {
            name: self._authenticator.refusal(request.headers, client, is_safe=is_safe) is None
            for name, is_safe in (("read", True), ("act", False))
        }
        actions = self._authenticator.has_token
        return JSONResponse({**permitted, "actions": actions, "healthy": self._is_healthy()})


def _log_out() -> Response:
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, **_COOKIE)
    return response


async def _token_in(request: Request) -> str | None:
    """The token of a login; None for any other body. Reads no more than a login can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            return None
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    token = given.get("token") if isinstance(given, dict) else None
    return token if isinstance(token, str) else None
