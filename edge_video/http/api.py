"""Answers the endpoints of the API that read: status, cameras, pictures, timeline, description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge_video.frames import CameraId
from edge_video.http.camera_history import PICTURE_AGE_S
from edge_video.http.openapi import MAX_SEQ, openapi
from edge_video.http.responses import error, json_bytes, no_such_camera, too_many
from edge_video.http.view import history_view, timeline_view
from edge_video.resilience.token_bucket import TokenBucket
from edge_video.runtime.units import ns_to_ms
from edge_video.status.cluster import cluster_as_json
from edge_video.status.json import status_as_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_video.http.responses import ResponseCache
    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock

PICTURES_PER_S: Final = 40.0
"""What the program spends on pictures, however many look: about a millisecond of CPU each."""
LIVE_PICTURES_PER_S: Final = 10.0
"""How many of them may be live ones: of a single camera that somebody looks at closely."""

_LIVE_AGE_S: Final = 0.15  # five a second, on a machine that is late at times


class ApiEndpoints:
    """Answers whatever reads from the API. The event loop's thread only.

    Args:
        store: where snapshots and pictures come from.
        cache: for the status and the timeline.
        clock: monotonic time, for the limit on pictures.
    """

    def __init__(self, store: StatusStore, cache: ResponseCache, clock: Clock) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._pictures = TokenBucket(2 * PICTURES_PER_S, PICTURES_PER_S)
        self._live_pictures = TokenBucket(2 * LIVE_PICTURES_PER_S, LIVE_PICTURES_PER_S)

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route("/api/status", self._status),
            Route("/api/timeline", self._timeline),
            Route("/api/cluster", self._cluster),
            Route("/api/openapi.json", self._openapi),
            Route("/api/cameras/{camera_id}", self._camera),
            Route("/api/cameras/{camera_id}/history", self._history),
            Route("/api/cameras/{camera_id}/picture", self._picture),
        ]

    async def _status(self, _: Request) -> Response:
        body = self._cache.get(
            "status", lambda: json_bytes(status_as_json(self._store.snapshot().status))
        )
        return Response(body, media_type="application/json")

    async def _timeline(self, request: Request) -> Response:
        camera_id = request.query_params.get("camera")
        if camera_id is None:
            body = self._cache.get(
                "timeline", lambda: json_bytes(timeline_view(*self._store.timeline()))
            )
            return Response(body, media_type="application/json")
        if self._store.record(CameraId(camera_id)) is None:
            return no_such_camera()
        version, entries = self._store.timeline()
        own = [entry for entry in entries if entry.camera == camera_id]
        return JSONResponse(timeline_view(version, own))

    async def _cluster(self, _: Request) -> Response:
        facts = self._store.cluster
        known = None if facts is None else cluster_as_json(facts, self._clock.monotonic())
        return JSONResponse({"cluster": known})

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi(self._store.version))

    async def _camera(self, request: Request) -> Response:
        camera_id = request.path_params["camera_id"]
        status = self._store.snapshot().status
        for camera in status.cameras:
            if camera.camera_id == camera_id:
                alone = status_as_json(replace(status, cameras=(camera,)))["cameras"]
                assert isinstance(alone, list)
                return JSONResponse(alone[0])
        return no_such_camera()

    async def _history(self, request: Request) -> Response:
        try:
            day = self._store.day_of_rates(CameraId(request.path_params["camera_id"]))
        except KeyError:
            return no_such_camera()
        return JSONResponse(history_view(day, self._clock.wall_ns()))

    async def _picture(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > len(str(MAX_SEQ)):
            return error(400, "after is the number of a frame")
        live = request.query_params.get("live", "0")
        if live not in ("0", "1"):
            return error(400, "live is 0 or 1")
        is_live = live == "1"
        max_age_s = _LIVE_AGE_S if is_live else PICTURE_AGE_S
        try:
            picture, is_quiet = self._store.picture(
                CameraId(request.path_params["camera_id"]), max_age_s
            )
        except KeyError:
            return no_such_camera()
        if picture is None or picture.seq <= int(after):
            return Response(status_code=204)
        if not self._may_send(is_live=is_live):
            return too_many("too many pictures at once", 1.0)
        headers = {
            "x-frame-seq": str(picture.seq),
            "x-captured-at-ms": str(ns_to_ms(picture.captured_at_ns)),
            **({"x-picture-stale": "1"} if is_quiet else {}),
        }
        return Response(picture.image, media_type="image/jpeg", headers=headers)

    def _may_send(self, *, is_live: bool) -> bool:
        """Take a picture out of the budget; large live pictures leave most of it to the others."""
        now_s = self._clock.monotonic()
        if is_live and not self._live_pictures.take(now_s):
            return False
        return self._pictures.take(now_s)
