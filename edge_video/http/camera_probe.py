"""Answers `POST /api/probe`: what a camera sends that is not configured yet, or why it does not."""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.responses import JSONResponse
from starlette.routing import Route

from edge_video.capture.binary import BinaryMissing
from edge_video.http.guard import PROBE_CAMERA_PATH
from edge_video.http.responses import error, object_in
from edge_video.http.texts import language_of
from edge_video.runtime.shortage import is_shortage
from edge_video.text.escaping import one_line
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from edge_video.capture.probe import ProbeResult
    from edge_video.text.language import Language

_TIMEOUT_S: Final = 20.0


class ProbeHandler(Protocol):
    """Connects to a camera once; blocks for some forty seconds at most, on a thread of its own."""

    def __call__(
        self, values: Mapping[str, Any], timeout_s: float
    ) -> ProbeResult | tuple[str, ...]:
        """What the camera sends; or, a line each, what is wrong with its keys.

        Raises:
            BinaryMissing: there is no FFmpeg to connect with.
        """
        ...


class CancellableProber(ProbeHandler, Protocol):
    """A `ProbeHandler` that need not be waited for."""

    def cancel(self) -> None:
        """End what is being probed, and whatever is asked for later, as soon as can be."""
        ...


class CameraProbeEndpoint:
    """Connects to one camera at a time. The event loop's thread; the handler runs elsewhere.

    Args:
        handler: connects.
        name: of the thread that it runs on, which lives while there is something to do.
    """

    def __init__(self, handler: ProbeHandler, name: str) -> None:
        self._handler = handler
        self._name = name
        self._is_running = False

    def routes(self) -> list[Route]:
        """The path that this answers."""
        return [Route(PROBE_CAMERA_PATH, self._probe, methods=["POST"])]

    async def _probe(self, request: Request) -> Response:
        values = await object_in(request)
        if values is None:
            return error(400, "the body must be a JSON object, of 64 KiB at most")
        if self._is_running:
            return error(503, "another camera is being probed", {"retry-after": "10"})
        try:
            found = await self._found(values)
        except BinaryMissing:
            return error(409, "there is no FFmpeg")
        if found is None:
            return error(503, "the machine has no room for another probe", {"retry-after": "10"})
        language = language_of(request)
        if isinstance(found, tuple):
            details = [translated(each, language) for each in found]
            return JSONResponse({"error": "not valid", "details": details}, 422)
        return JSONResponse(_shown(found, language))

    async def _found(self, values: Mapping[str, Any]) -> ProbeResult | tuple[str, ...] | None:
        """What the handler returns; None: threads, memory or descriptors have run out."""
        try:
            return await asyncio.shield(self._begin(values))  # goes on when its client has gone
        except (RuntimeError, MemoryError, OSError) as error:
            if not is_shortage(error):
                raise
            return None

    def _begin(self, values: Mapping[str, Any]) -> Future[ProbeResult | tuple[str, ...]]:
        """Have a thread connect; raises what starting it does."""
        executor = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        probing = asyncio.get_running_loop().run_in_executor(
            executor, self._handler, values, _TIMEOUT_S
        )
        self._is_running = True
        probing.add_done_callback(self._ended)
        executor.shutdown(wait=False)
        return probing

    def _ended(self, _: object) -> None:
        self._is_running = False


def _shown(found: ProbeResult, language: Language) -> dict[str, Any]:
    failure, interval = found.failure, found.key_frames
    return {
        "ok": found.ok,
        "codec": found.codec,
        "width": found.width,
        "height": found.height,
        "fps": found.fps,
        "first_frame_s": found.first_frame_s,
        "key_frame_interval_s": None if interval is None else interval.interval_s,
        "key_frame_interval_is_at_least": interval is not None and interval.at_least,
        "cause": None if failure is None else failure.cause.value,
        "detail": None if failure is None else translated(one_line(failure.detail), language),
        "picture": None if found.picture is None else base64.b64encode(found.picture).decode(),
    }
