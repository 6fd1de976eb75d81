"""Answers the endpoints that change something, and tells what came of it."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final, Protocol

from starlette.responses import JSONResponse
from starlette.routing import Route

from edge_video.frames import CameraId
from edge_video.http.openapi import ACTIONS, DEFAULT_WAIT_S, MAX_WAIT_S
from edge_video.http.responses import error, object_in
from edge_video.status.answers import (
    OK,
    STATUS_OF_RESULT,
    action_body,
    is_decided,
    profile_body,
)
from edge_video.status.outcome import CameraWait, Outcome, OutcomeKind, publisher_outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from starlette.requests import Request
    from starlette.responses import Response

    from edge_video.http.guard import Authenticator
    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock

_MAX_ACTIONS: Final = 8
_MAX_WAITING: Final = 32
_LOOK_EVERY_S: Final = 0.05
_WAITS: Final = frozenset(map(str, range(MAX_WAIT_S + 1)))


class CommandHandler(Protocol):
    """Asks the supervisor for something; blocks for a bounded time, on a thread of its own."""

    def __call__(self, action: str, target: str | None, origin: str, /) -> tuple[str, float | None]:
        """A `CommandResult` and, for a rejection, seconds until an attempt is permitted.

        Args:
            action: one of `ACTIONS`; about the publisher it is `retry`; or `profile`, or about
                this node of a cluster `drain` and `rejoin`.
            target: a camera; None: it is about the publisher. Of `profile`: its name, or None.
            origin: who asks, see `origin_of`.

        Raises:
            TimeoutError: no answer in time.
            RuntimeError: there is nobody to ask any more.
        """
        ...


class ActionEndpoints:
    """Answers the actions: about a camera, the publisher, the profile, this node of a cluster.

    The event loop's thread; the handler runs elsewhere.

    Args:
        handler: carries an action out.
        executor: where the handler may block.
        store: tells what comes of an action.
        authenticator: knows who asks.
        clock: monotonic time.
    """

    def __init__(
        self,
        handler: CommandHandler,
        executor: Executor,
        store: StatusStore,
        authenticator: Authenticator,
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._executor = executor
        self._store = store
        self._authenticator = authenticator
        self._clock = clock
        self._running = 0
        self._waiting = 0

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route(f"/api/cameras/{{camera_id}}/{action}", self._action, methods=["POST"])
            for action in ACTIONS
        ] + [
            Route("/api/publisher/retry", self._retry_publisher, methods=["POST"]),
            Route("/api/profile", self._profile, methods=["POST"]),
            Route("/api/cluster/drain", self._node, methods=["POST"]),
            Route("/api/cluster/rejoin", self._node, methods=["POST"]),
        ]

    async def _action(self, request: Request) -> Response:
        action = request.url.path.rsplit("/", 1)[1]
        camera_id = CameraId(request.path_params["camera_id"])
        wait_s = _wait_of(request)
        if wait_s is None:
            return _bad_wait()
        before = self._store.record(camera_id)
        asked = await self._ask(action, camera_id, self._authenticator.origin_of(request))
        if not isinstance(asked, tuple):
            return asked
        result, retry_in_s = asked
        if before is None or not wait_s or is_decided(action, result):
            return _answer(result, retry_in_s)
        wait = CameraWait(action, before, was_so=result == "already")

        def look() -> Outcome | None:
            now = self._store.record(camera_id)
            return None if now is None else wait.outcome(now, self._clock.monotonic())

        return _answer(result, outcome=await self._outcome(look, wait_s))

    async def _retry_publisher(self, request: Request) -> Response:
        wait_s = _wait_of(request)
        if wait_s is None:
            return _bad_wait()
        before = self._store.publisher()
        asked = await self._ask("retry", None, self._authenticator.origin_of(request))
        if not isinstance(asked, tuple):
            return asked
        result = asked[0]
        if STATUS_OF_RESULT[result] != OK or not wait_s:
            return _answer(result)

        def look() -> Outcome | None:
            return publisher_outcome(before, self._store.publisher())

        return _answer(result, outcome=await self._outcome(look, wait_s))

    async def _profile(self, request: Request) -> Response:
        body = await object_in(request)
        name = None if body is None else body.get("name", ...)
        if body is None or body.keys() != {"name"} or not isinstance(name, str | None):
            return error(400, 'the body is like {"name": "closed"}, or {"name": null} for none')
        asked = await self._ask("profile", name, self._authenticator.origin_of(request))
        if not isinstance(asked, tuple):
            return asked
        config = self._store.snapshot().status.config
        profiles = () if config is None else config.profiles
        return JSONResponse(profile_body(asked[0], name, profiles), STATUS_OF_RESULT[asked[0]])

    async def _node(self, request: Request) -> Response:
        action = request.url.path.rsplit("/", 1)[1]
        asked = await self._ask(action, None, self._authenticator.origin_of(request))
        return asked if not isinstance(asked, tuple) else _answer(asked[0])

    async def _ask(
        self, action: str, target: str | None, origin: str
    ) -> tuple[str, float | None] | Response:
        """The supervisor's answer, or what is answered for want of it."""
        if self._running >= _MAX_ACTIONS:
            return error(503, "too many actions at once", {"retry-after": "1"})
        loop = asyncio.get_running_loop()
        self._running += 1
        try:
            return await loop.run_in_executor(self._executor, self._handler, action, target, origin)
        except TimeoutError:
            late = "the supervisor did not answer in time; the action may still be carried out"
            return error(504, late)
        except RuntimeError:
            return error(503, "the system is stopping")
        finally:
            self._running -= 1

    async def _outcome(self, look: Callable[[], Outcome | None], wait_s: float) -> Outcome:
        """What comes of an action within this time."""
        ends_at_s = self._clock.monotonic() + wait_s
        is_room = self._waiting < _MAX_WAITING
        self._waiting += 1
        try:
            while True:
                outcome = look()
                if outcome is not None:
                    return outcome
                is_over = self._clock.monotonic() >= ends_at_s or self._store.pulse().stopping
                if is_over or not is_room:
                    return Outcome(OutcomeKind.STILL_TRYING)
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            self._waiting -= 1


def _wait_of(request: Request) -> float | None:
    """For how long the answer may wait for the outcome; None when that is no such number."""
    given = request.query_params.get("wait")
    if given is None:
        return DEFAULT_WAIT_S
    return float(given) if given in _WAITS else None


def _bad_wait() -> Response:
    return error(400, f"wait is a whole number of seconds, at most {MAX_WAIT_S}")


def _answer(
    result: str, retry_in_s: float | None = None, *, outcome: Outcome | None = None
) -> JSONResponse:
    """The answer to an action, with its outcome when it was waited for."""
    headers = {} if retry_in_s is None else {"retry-after": str(math.ceil(retry_in_s))}
    body = action_body(result, retry_in_s, outcome)
    return JSONResponse(body, STATUS_OF_RESULT[result], headers)
