"""Answers the endpoints that change something: one action on one camera."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final, Protocol

from starlette.responses import JSONResponse
from starlette.routing import Route

from edge_video.frames import CameraId
from edge_video.http.openapi import ACTIONS
from edge_video.http.responses import error

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from starlette.requests import Request
    from starlette.responses import Response

_MAX_ACTIONS: Final = 8
_STATUS: Final = {
    "done": 200,
    "already": 200,
    "rejected": 409,
    "not_running": 409,
    "unknown_target": 404,
    "not_allowed": 403,
}


class CommandHandler(Protocol):
    """Asks the supervisor for something; blocks for a bounded time, on a thread of its own."""

    def __call__(self, action: str, camera_id: CameraId) -> tuple[str, float | None]:
        """A `CommandResult` and, for a rejection, seconds until an attempt is permitted.

        Raises:
            TimeoutError: no answer in time.
            RuntimeError: there is nobody to ask any more.
        """
        ...


class ActionEndpoints:
    """Answers `POST /api/cameras/ID/ACTION`. The event loop's thread; the handler runs elsewhere.

    Args:
        handler: carries an action out.
        executor: where the handler may block.
    """

    def __init__(self, handler: CommandHandler, executor: Executor) -> None:
        self._handler = handler
        self._executor = executor
        self._running = 0

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route(f"/api/cameras/{{camera_id}}/{action}", self._action, methods=["POST"])
            for action in ACTIONS
        ]

    async def _action(self, request: Request) -> Response:
        action = request.url.path.rsplit("/", 1)[1]
        camera_id = CameraId(request.path_params["camera_id"])
        if self._running >= _MAX_ACTIONS:
            return error(503, "too many actions at once", {"retry-after": "1"})
        loop = asyncio.get_running_loop()
        self._running += 1
        try:
            result, retry_in_s = await loop.run_in_executor(
                self._executor, self._handler, action, camera_id
            )
        except TimeoutError:
            return error(504, "the supervisor did not answer in time; it may still obey")
        except RuntimeError:
            return error(503, "the system is stopping")
        finally:
            self._running -= 1
        headers = {} if retry_in_s is None else {"retry-after": str(math.ceil(retry_in_s))}
        body = {"result": result, "retry_in_s": retry_in_s}
        return JSONResponse(body, _STATUS[result], headers)
