"""Puts the application together: every endpoint, with the security middleware around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from edge_video.http.actions import ActionEndpoints
from edge_video.http.api import ApiEndpoints
from edge_video.http.guard import SESSION_PATH, Authenticator, SecurityMiddleware
from edge_video.http.health import health
from edge_video.http.page import PUBLIC_PATHS, PageEndpoints, UpdateEndpoint
from edge_video.http.probes import ProbeEndpoints
from edge_video.http.reload import ConfigEndpoints
from edge_video.http.responses import ResponseCache, http_error
from edge_video.http.routing import joined
from edge_video.http.security import FailureLimiter, SessionSigner
from edge_video.http.sessions import SessionEndpoint

if TYPE_CHECKING:
    import logging
    from concurrent.futures import Executor

    from starlette.types import ASGIApp

    from edge_video.http.actions import CommandHandler
    from edge_video.http.camera_probe import CameraProbeEndpoint
    from edge_video.http.onvif_streams import StreamsEndpoint
    from edge_video.http.settings import HttpSettings
    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock
    from edge_video.status.config_change import ConfigHandler


class Application:
    """Answers requests; everything but `CommandHandler` runs in the event loop's thread.

    Args:
        settings: from the configuration.
        store: where snapshots come from.
        handler: carries actions out.
        executor: where the handler may block.
        clock: monotonic and wall time.
        changes: carries changes of the configuration out.
        change_executor: where that may block.
        probe: connects to cameras that are not configured.
        streams: asks such cameras for their streams.
        log: for what a request can cause; see `RequestLog`.
    """

    def __init__(
        self,
        settings: HttpSettings,
        store: StatusStore,
        handler: CommandHandler,
        executor: Executor,
        clock: Clock,
        *,
        changes: ConfigHandler,
        change_executor: Executor,
        probe: CameraProbeEndpoint,
        streams: StreamsEndpoint,
        log: logging.Logger,
    ) -> None:
        self._names = {settings.host.lower(), *settings.names}
        self._log = log
        self._authenticator = Authenticator(
            None if settings.token is None else SessionSigner(settings.token),
            reading_is_free=settings.only_this_machine,
            clock=clock,
            limiter=FailureLimiter(),
        )
        cache = ResponseCache(clock)
        updates = UpdateEndpoint(
            store,
            actions=self._authenticator.has_token,
            can_keep=lambda: changes.can_keep,
            max_viewers=settings.max_connections // 2,
        )
        self._hub, self._streams = updates.hub, streams
        actions = ActionEndpoints(handler, executor, store, self._authenticator, clock)
        routes = [
            *PageEndpoints(settings.language).routes(),
            *ProbeEndpoints(settings, store, cache).routes(),
            *ApiEndpoints(store, cache, clock).routes(),
            *updates.routes(),
            *SessionEndpoint(self._authenticator, lambda: health(store.pulse()).ok).routes(),
            *actions.routes(),
            *probe.routes(),
            *streams.routes(),
            *ConfigEndpoints(changes, change_executor, self._authenticator).routes(),
        ]
        self._routes = joined(routes)

    def close(self) -> None:
        """End what would last longer than a stop may take: updates, and a question to a camera."""
        self._hub.close()
        self._streams.cancel()

    def asgi(self) -> ASGIApp:
        """The application with its security middleware around it."""
        app = Starlette(routes=self._routes, exception_handlers={HTTPException: http_error})
        app.router.redirect_slashes = False
        open_paths = {"/health", SESSION_PATH, *PUBLIC_PATHS}
        return SecurityMiddleware(app, self._authenticator, self._names, open_paths, self._log)
