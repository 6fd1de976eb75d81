"""The routes: what is answered where, all of it from snapshots."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from edge_video.frames import CameraId
from edge_video.http.guard import (
    EVENTS_PATH,
    SESSION_PATH,
    Authenticator,
    SecurityMiddleware,
    client_of,
    error,
    too_many,
)
from edge_video.http.health import health, ready
from edge_video.http.hub import UPDATE_S, Hub
from edge_video.http.metrics import CONTENT_TYPE, render_metrics
from edge_video.http.openapi import ACTIONS, MAX_SEQ, openapi
from edge_video.http.security import SESSION_COOKIE, SESSION_S, FailureLimiter, SessionSigner
from edge_video.http.status_store import FRESH_S
from edge_video.http.view import page_view, timeline_view
from edge_video.http.words import accepted_language, page_words
from edge_video.resilience.token_bucket import TokenBucket
from edge_video.status.json import status_as_json
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from concurrent.futures import Executor

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock

PICTURES_PER_S: Final = 40.0
"""What the program spends on pictures, however many look: about a millisecond of CPU each."""

_MAX_BODY: Final = 4096
_MAX_ACTIONS: Final = 8
_NANOSECONDS: Final = 1e9
_STATUS: Final = {
    "done": 200,
    "already": 200,
    "rejected": 409,
    "not_running": 409,
    "unknown_target": 404,
    "not_allowed": 403,
}
_STATIC: Final = {
    "/app.js": "text/javascript; charset=utf-8",
    "/style.css": "text/css; charset=utf-8",
    "/favicon.svg": "image/svg+xml",
}
_WORDS: Final = {f"/words/{language.value}.json": language for language in Language}


class CommandHandler(Protocol):
    """Asks the supervisor for something; blocks for a bounded time, on a thread of its own."""

    def __call__(self, action: str, camera_id: CameraId) -> tuple[str, float | None]:
        """A `CommandResult` and, for a rejection, seconds until an attempt is permitted.

        Raises:
            TimeoutError: no answer in time.
            RuntimeError: there is nobody to ask any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What the configuration's `http` section amounts to."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    only_this_machine: bool = True
    """Whether `host` is a loopback address; else reading needs the token, too."""
    names: tuple[str, ...] = ()
    """Host names under which browsers may ask, lower case."""
    needs_publisher: bool = True
    needs_cameras: int = 1
    max_connections: int = 256
    """At once; a few more are kept for probes. Half of them may be viewers of `/api/events`."""
    language: Language = Language.EN


class Application:
    """Answers requests; everything but `CommandHandler` runs in the event loop's thread.

    Args:
        settings: from the configuration.
        board: where snapshots come from.
        act: what actions are.
        executor: where `act` may block.
        clock: monotonic and wall time.
        log: for what a request can cause; see `StrangersLog`.
    """

    def __init__(
        self,
        settings: HttpSettings,
        board: StatusStore,
        act: CommandHandler,
        executor: Executor,
        clock: Clock,
        *,
        log: logging.Logger,
    ) -> None:
        self._strangers = log
        self._settings = settings
        self._board = board
        self._act = act
        self._executor = executor
        self._clock = clock
        self._acting = 0
        self._keys = None if settings.token is None else SessionSigner(settings.token)
        self._doorkeeper = Authenticator(
            self._keys,
            reading_is_free=settings.only_this_machine,
            clock=clock,
            limiter=FailureLimiter(),
        )
        self.hub = Hub(self._update, settings.max_connections // 2)
        self._rendered: dict[str, tuple[float, bytes]] = {}
        self._pictures = TokenBucket(2 * PICTURES_PER_S, PICTURES_PER_S)
        folder = resources.files("edge_video.http") / "static"
        self._files = {path: (folder / path[1:]).read_bytes() for path in _STATIC}
        self._index = (folder / "index.html").read_text(encoding="utf-8")

    def asgi(self) -> ASGIApp:
        """The application with its guard around it."""
        routes = [
            Route("/", self._page),
            *(Route(path, self._static) for path in _STATIC),
            *(Route(path, self._words) for path in _WORDS),
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
            Route("/api/status", self._status),
            Route("/api/timeline", self._timeline),
            Route("/api/openapi.json", self._openapi),
            Route(EVENTS_PATH, self._events),
            Route(SESSION_PATH, self._session, methods=["GET", "POST", "DELETE"]),
            Route("/api/cameras/{camera_id}", self._camera),
            Route("/api/cameras/{camera_id}/picture", self._picture),
            *(
                Route(f"/api/cameras/{{camera_id}}/{action}", self._action, methods=["POST"])
                for action in ACTIONS
            ),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _http_error})
        app.router.redirect_slashes = False
        names = {self._settings.host.lower(), *self._settings.names}
        # The page itself and its words show nothing of the system, only a form for the token.
        open_paths = {"/", "/health", SESSION_PATH, *_STATIC, *_WORDS}
        return SecurityMiddleware(app, self._doorkeeper, names, open_paths, self._strangers)

    # --- probes and metrics ---

    async def _health(self, _: Request) -> Response:
        verdict = health(self._board.pulse())
        body = {"ok": verdict.ok, "reasons": list(verdict.reasons)}
        return JSONResponse(body, 200 if verdict.ok else 503)

    async def _ready(self, _: Request) -> Response:
        snapshot = self._board.snapshot()
        verdict = ready(
            snapshot.pulse,
            snapshot.status,
            needs_publisher=self._settings.needs_publisher,
            needs_cameras=self._settings.needs_cameras,
            cameras=snapshot.cameras,
        )
        body = {"ok": verdict.ok, "reasons": list(verdict.reasons)}
        return JSONResponse(body, 200 if verdict.ok else 503)

    async def _metrics(self, _: Request) -> Response:
        body = self._fresh("metrics", lambda: render_metrics(self._board.snapshot()))
        return Response(body, headers={"content-type": CONTENT_TYPE})

    # --- the API ---

    async def _status(self, _: Request) -> Response:
        body = self._fresh(
            "status", lambda: _as_json(status_as_json(self._board.snapshot().status))
        )
        return Response(body, media_type="application/json")

    async def _timeline(self, _: Request) -> Response:
        body = self._fresh("timeline", lambda: _as_json(timeline_view(*self._board.timeline())))
        return Response(body, media_type="application/json")

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi(self._board.version))

    async def _camera(self, request: Request) -> Response:
        camera_id = request.path_params["camera_id"]
        status = self._board.snapshot().status
        for camera in status.cameras:
            if camera.camera_id == camera_id:
                alone = status_as_json(replace(status, cameras=(camera,)))["cameras"]
                assert isinstance(alone, list)
                return JSONResponse(alone[0])
        return _no_such_camera()

    async def _picture(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > len(str(MAX_SEQ)):
            return error(400, "after is the number of a frame")
        try:
            picture = self._board.picture(CameraId(request.path_params["camera_id"]))
        except KeyError:
            return _no_such_camera()
        if picture is None or picture.seq <= int(after):
            return Response(status_code=204)
        if not self._pictures.take(self._clock.monotonic()):
            return too_many("too many pictures at once", 1.0)
        headers = {
            "x-frame-seq": str(picture.seq),
            "x-captured-at-ms": str(picture.captured_at_ns // 1_000_000),
        }
        return Response(picture.image, media_type="image/jpeg", headers=headers)

    async def _action(self, request: Request) -> Response:
        action = request.url.path.rsplit("/", 1)[1]
        camera_id = CameraId(request.path_params["camera_id"])
        if self._acting >= _MAX_ACTIONS:
            return error(503, "too many actions at once", {"retry-after": "1"})
        loop = asyncio.get_running_loop()
        self._acting += 1
        try:
            result, retry_in_s = await loop.run_in_executor(
                self._executor, self._act, action, camera_id
            )
        except TimeoutError:
            return error(504, "the supervisor did not answer in time; it may still obey")
        except RuntimeError:
            return error(503, "the system is stopping")
        finally:
            self._acting -= 1
        headers = {} if retry_in_s is None else {"retry-after": str(math.ceil(retry_in_s))}
        body = {"result": result, "retry_in_s": retry_in_s}
        return JSONResponse(body, _STATUS[result], headers)

    # --- the page ---

    async def _page(self, request: Request) -> Response:
        header = request.headers.get("accept-language")
        language = accepted_language(header, self._settings.language)
        page = self._index.replace('lang="en"', f'lang="{language.value}"', 1)
        return Response(page, media_type="text/html; charset=utf-8")

    async def _static(self, request: Request) -> Response:
        path = request.url.path
        return Response(self._files[path], headers={"content-type": _STATIC[path]})

    async def _words(self, request: Request) -> Response:
        return JSONResponse(page_words(_WORDS[request.url.path]))

    async def _session(self, request: Request) -> Response:
        if request.method == "GET":
            return self._who_asks(request)
        secure = {"path": "/", "httponly": True, "samesite": "strict"}
        if request.method == "DELETE":
            response: Response = Response(status_code=204)
            response.delete_cookie(SESSION_COOKIE, **secure)  # type: ignore[arg-type]  # a plain dict
            return response
        if self._keys is None:
            return error(403, "actions are off: no http.token is configured")
        token = await _token_in(request)
        if token is None:
            return error(400, 'the body must be {"token": "..."}')
        refusal = self._doorkeeper.refuse_token(token, client_of(request.scope))
        if refusal is not None:
            return refusal
        response = Response(status_code=204)
        session = self._keys.new_session(self._clock.wall_ns() / _NANOSECONDS)
        response.set_cookie(SESSION_COOKIE, session, max_age=SESSION_S, **secure)  # type: ignore[arg-type]  # a plain dict
        return response

    def _who_asks(self, request: Request) -> Response:
        client = client_of(request.scope)
        may = {
            name: self._doorkeeper.refusal(request.headers, client, is_safe=is_safe) is None
            for name, is_safe in (("read", True), ("act", False))
        }
        return JSONResponse({**may, "actions": self._keys is not None})

    async def _events(self, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        if self.hub.is_full:
            return error(503, "too many viewers", {"retry-after": "30"})
        return StreamingResponse(self.hub.updates(), media_type="text/event-stream")

    def _update(self) -> bytes:
        snapshot = self._board.snapshot()
        pictures = max(1, self.hub.viewers) * len(snapshot.status.cameras)
        view = page_view(
            snapshot,
            picture_interval_s=max(UPDATE_S, pictures / PICTURES_PER_S),
            actions=self._keys is not None,
        )
        return b"data: " + _as_json(view) + b"\n\n"

    # --- bounds ---

    def _fresh(self, name: str, render: Callable[[], bytes]) -> bytes:
        """Rendered at most twice a second, whoever asks how often."""
        now_s = self._clock.monotonic()
        at_s, body = self._rendered.get(name, (0.0, b""))
        if not body or now_s - at_s >= FRESH_S:
            body = render()
            self._rendered[name] = (now_s, body)
        return body


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _no_such_camera() -> Response:
    return error(404, "there is no such camera")


async def _http_error(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)
    headers = dict(wrong.headers or {})
    return error(wrong.status_code, wrong.detail.lower(), headers)


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
