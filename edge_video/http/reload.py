"""Answers the endpoints that change the configuration: a reload, and single cameras."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse
from starlette.routing import Route

from edge_video.http.responses import error, object_in
from edge_video.http.texts import language_of
from edge_video.status.answers import change_answer
from edge_video.status.config_change import CameraChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from starlette.requests import Request
    from starlette.responses import Response

    from edge_video.http.guard import Authenticator
    from edge_video.status.config_change import ConfigAnswer, ConfigHandler
    from edge_video.text.language import Language

MAX_CHANGES: Final = 4
"""At once."""
_CAMERA: Final = "/api/cameras/{camera_id}"


class ConfigEndpoints:
    """Answers `/api/reload` and what changes `/api/cameras/ID`. The event loop's thread.

    Args:
        handler: carries changes out.
        executor: where the handler may block.
        authenticator: knows who asks.
    """

    def __init__(
        self, handler: ConfigHandler, executor: Executor, authenticator: Authenticator
    ) -> None:
        self._handler = handler
        self._executor = executor
        self._authenticator = authenticator
        self._running = 0

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route("/api/reload", self._reload, methods=["POST"]),
            Route(f"{_CAMERA}/enable", self._enable, methods=["POST"]),
            Route(f"{_CAMERA}/disable", self._disable, methods=["POST"]),
            Route(_CAMERA, self._camera, methods=["PUT", "PATCH", "DELETE"]),
        ]

    async def _reload(self, request: Request) -> Response:
        given = request.query_params.get("dry_run", "0")
        if given not in ("0", "1"):
            return error(400, "dry_run is 0 or 1")
        origin = self._authenticator.origin_of(request)
        return await self._ask(
            request, lambda: self._handler.reload(dry_run=given == "1", origin=origin)
        )

    async def _camera(self, request: Request) -> Response:
        if request.method == "DELETE":
            return await self._change(request, None, whole=False)
        values = await object_in(request)
        if values is None:
            return error(400, "the body must be a JSON object, of 64 KiB at most")
        return await self._change(request, values, whole=request.method == "PUT")

    async def _enable(self, request: Request) -> Response:
        return await self._change(request, {"enabled": True}, whole=False)

    async def _disable(self, request: Request) -> Response:
        return await self._change(request, {"enabled": False}, whole=False)

    async def _change(
        self, request: Request, values: Mapping[str, Any] | None, *, whole: bool
    ) -> Response:
        camera_id = request.path_params["camera_id"]
        change = CameraChange(camera_id, values, whole, self._authenticator.origin_of(request))
        return await self._ask(request, lambda: self._handler.change_camera(change))

    async def _ask(self, request: Request, step: Callable[[], ConfigAnswer]) -> Response:
        if self._running >= MAX_CHANGES:
            return error(503, "too many changes at once", {"retry-after": "1"})
        self._running += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._executor, step)
        except TimeoutError:
            late = "the supervisor did not answer in time; the change may still be carried out"
            return error(504, late)
        finally:
            self._running -= 1
        return _answer(answer, language_of(request))


def _answer(answer: ConfigAnswer, language: Language) -> JSONResponse:
    status, body = change_answer(answer, language)
    return JSONResponse(body, status)
