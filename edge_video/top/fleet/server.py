"""Serves the fleet to browsers: a page in the design of the node's page, with the same guard."""

from __future__ import annotations

import logging
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge_video.http.guard import SESSION_PATH, UPDATES_PATH, Authenticator, SecurityMiddleware
from edge_video.http.hub import Hub
from edge_video.http.page import (
    PUBLIC_PATHS,
    PageEndpoints,
    localized_page,
    page_shapes,
    updates_response,
)
from edge_video.http.request_log import RequestLog
from edge_video.http.responses import error, http_error, json_bytes
from edge_video.http.security import FailureLimiter, SessionSigner
from edge_video.http.serving import Served, ServingThread
from edge_video.http.sessions import SessionEndpoint
from edge_video.http.texts import page_texts
from edge_video.runtime.timer import SystemClock
from edge_video.text.catalog import TEXTS, Language, lookup
from edge_video.text.json import json_ready
from edge_video.text.phrases import translated
from edge_video.top.fleet.document import node_detail, rows_document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from edge_video.http.settings import HttpSettings
    from edge_video.top.fleet.session import FleetSession

_FOLDER: Final = resources.files("edge_video.top.fleet") / "static"
_SHAPES: Final = "<!--shapes-->"
_FILES: Final = {
    "/fleet.js": "text/javascript; charset=utf-8",
    "/node.js": "text/javascript; charset=utf-8",
    "/fleet.css": "text/css; charset=utf-8",
}
_TEXTS: Final = {f"/texts/{language.value}.json": language for language in Language}
_PREFIXES: Final = ("fleet.", "picture_state.")
_STOP_S: Final = 5.0


class FleetServer:
    """Serves from `start` until `stop`; one life.

    Args:
        settings: where, and for whom.
        session: what is shown.
    """

    def __init__(self, settings: HttpSettings, session: FleetSession) -> None:
        log = logging.Logger("edge-video fleet")  # noqa: LOG001 - of this server alone
        log.addHandler(logging.NullHandler())  # the screen is not for lines of a log
        request_log = RequestLog(log, SystemClock())
        self._application = FleetApplication(settings, session, request_log.logger)
        served = Served(
            self._application.asgi(),
            self._application.hub.close,
            lambda reason: log.error("the page has ended: %s", reason),
            request_log,
            settings.max_connections,
        )
        self._serving = ServingThread(served, settings.host, settings.port, "fleet-http")

    def start(self) -> str:
        """Bind, and serve from now on; the address as a URL.

        Raises:
            OSError: the address cannot be had.
        """
        return self._serving.start()

    def stop(self) -> None:
        """End every connection and the thread; idempotent."""
        self._serving.stop(_STOP_S)


class FleetApplication:
    """Answers requests, in the event loop's thread; nothing can be changed.

    Args:
        settings: where, and for whom.
        session: what is shown.
        log: for what a request can cause; see `RequestLog`.
    """

    def __init__(self, settings: HttpSettings, session: FleetSession, log: logging.Logger) -> None:
        self._session = session
        self._language = settings.language
        self._names = {settings.host.lower(), *settings.names}
        self._log = log
        self._authenticator = Authenticator(
            None if settings.token is None else SessionSigner(settings.token),
            reading_is_free=settings.only_this_machine,
            clock=SystemClock(),
            limiter=FailureLimiter(),
        )
        self.hub = Hub(self._render, max(1, settings.max_connections // 2))
        self._files = {path: (_FOLDER / path[1:]).read_bytes() for path in _FILES}
        page = (_FOLDER / "fleet.html").read_text(encoding="utf-8")
        self._index = page.replace(_SHAPES, page_shapes(), 1)

    def asgi(self) -> ASGIApp:
        """The application with its security middleware around it."""
        own = {"/", *_FILES, *_TEXTS}
        routes = [
            Route("/", self._page),
            *(Route(path, self._static) for path in _FILES),
            *(Route(path, self._texts) for path in _TEXTS),
            *(each for each in PageEndpoints(self._language).routes() if each.path not in own),
            Route(UPDATES_PATH, self._updates),
            Route("/api/fleet", self._fleet),
            Route("/api/nodes/{name:path}", self._node),
            *SessionEndpoint(self._authenticator, lambda: True).routes(),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: http_error})
        app.router.redirect_slashes = False
        open_paths = {SESSION_PATH, *PUBLIC_PATHS, *own}
        return SecurityMiddleware(
            app, self._authenticator, self._names, open_paths, self._log, hosts_option="--host"
        )

    async def _page(self, request: Request) -> Response:
        return localized_page(request, self._index, self._language)

    async def _static(self, request: Request) -> Response:
        path = request.url.path
        return Response(self._files[path], headers={"content-type": _FILES[path]})

    async def _texts(self, request: Request) -> Response:
        language = _TEXTS[request.url.path]
        own = {key: lookup(key, language) for key in TEXTS if key.startswith(_PREFIXES)}
        return JSONResponse(page_texts(language) | own)

    async def _updates(self, request: Request) -> Response:
        return updates_response(request, self.hub)

    async def _fleet(self, _: Request) -> Response:
        with self._session.looking() as view:
            rows = rows_document(view)
        return Response(json_bytes(json_ready(rows)), media_type="application/json")

    async def _node(self, request: Request) -> Response:
        with self._session.looking_at(request.path_params["name"]) as (judged, now_s):
            found = None if judged is None else node_detail(judged, now_s)
        if found is None:
            return error(404, "there is no such node")
        return Response(json_bytes(json_ready(found)), media_type="application/json")

    def _render(self) -> bytes:
        with self._session.looking() as view:
            rows = rows_document(view)
        reasons = {rows["broker"]["reason"], *rows["broker"]["unheard"]} - {""}
        for node in rows["nodes"]:
            reasons |= {each["reason"] for each in node["remarks"] if each.get("reason")}
        sentences = [[each, translated(each, Language.PT_BR)] for each in sorted(reasons)]
        shown = {**rows, "sentences": sentences, "actions": self._authenticator.has_token}
        return b"data: " + json_bytes(json_ready(shown)) + b"\n\n"
