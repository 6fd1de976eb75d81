"""Answers the endpoints for machines: probes and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from edge_video.http.health import health, ready
from edge_video.http.metrics import CONTENT_TYPE, render_metrics
from edge_video.http.responses import verdict_response

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_video.http.responses import ResponseCache
    from edge_video.http.settings import HttpSettings
    from edge_video.http.status_store import StatusStore


class ProbeEndpoints:
    """Answers `/health`, `/ready` and `/metrics`. The event loop's thread only.

    Args:
        settings: what `/ready` asks for.
        store: where snapshots come from.
        cache: for the metrics.
    """

    def __init__(self, settings: HttpSettings, store: StatusStore, cache: ResponseCache) -> None:
        self._settings = settings
        self._store = store
        self._cache = cache

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
        ]

    async def _health(self, _: Request) -> Response:
        return verdict_response(health(self._store.pulse()))

    async def _ready(self, _: Request) -> Response:
        snapshot = self._store.snapshot()
        verdict = ready(
            snapshot.pulse,
            snapshot.status,
            needs_publisher=self._settings.needs_publisher,
            needs_cameras=self._settings.needs_cameras,
            cameras=snapshot.cameras,
        )
        return verdict_response(verdict)

    async def _metrics(self, _: Request) -> Response:
        body = self._cache.get("metrics", lambda: render_metrics(self._store.snapshot()))
        return Response(body, headers={"content-type": CONTENT_TYPE})
