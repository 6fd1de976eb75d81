"""The page's own files over HTTP, with a status that a test writes: any state at once, no camera.

What the page is sent has the shape of `edge_video.http.view.page_view`; a test compares both.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from edge_video.http.page import PageEndpoints
from edge_video.http.security import SECURITY_HEADERS
from edge_video.http.view import history_view
from edge_video.runtime.version import version
from edge_video.status.rate_history import DayOfRates
from edge_video.testing import eventually
from edge_video.text.language import Language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Self

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tests.support.page import Page

TOKEN = "tok-canary-5150"
_DONE = {"result": "done"}
REFUSED = {"cause": "refused", "detail": "rtsp://viewer:***@10.0.0.9/s: Connection refused"}
NOW_MS = 1_795_000_000_000
HEALTHS = (
    "healthy",
    "starting",
    "slow",
    "trouble",
    "paused",
    "stopped",
    "disabled",
    "off_schedule",
    "off_expected",
    "elsewhere",
)
_PHASES = {
    "OK": "streaming",
    "WARN": "streaming",
    "CB_OPEN": "waiting",
    "STOPPED": "stopped",
    "DISABLED": "disabled",
    "OFF_SCHEDULE": "off_schedule",
    "OFF_EXPECTED": "off_expected",
    "ELSEWHERE": "elsewhere",
}
_HEALTH_OF = {
    "OK": "healthy",
    "STARTING": "starting",
    "STOPPED": "stopped",
    "DISABLED": "disabled",
    "OFF_SCHEDULE": "off_schedule",
    "OFF_EXPECTED": "off_expected",
    "ELSEWHERE": "elsewhere",
}


def camera(camera_id: str, word: str = "OK", **given: Any) -> dict[str, Any]:
    """A camera as the page is told of it; `cause`, `detail`, `retry_in_s` and `paused` are short
    ways to what lies deeper.
    """
    cause, detail = given.pop("cause", ""), given.pop("detail", "")
    retry_in_s, paused = given.pop("retry_in_s", None), given.pop("paused", False)
    now_ms = int(time.time() * 1000)
    since_ms = now_ms - int(given.pop("for_s", 3600) * 1000)
    rests = word in ("STOPPED", "DISABLED", "OFF_SCHEDULE", "OFF_EXPECTED", "ELSEWHERE", "CB_OPEN")
    fps = 0.0 if word != "OK" else 14.9
    return {
        "id": camera_id,
        "group": camera_id.rpartition(".")[0].partition(".")[0],
        "health": "paused" if paused else _HEALTH_OF.get(word, "trouble"),
        "word": word,
        "word_since_ms": since_ms,
        "phase": _PHASES.get(word, "starting"),
        "url": "rtsp://viewer:***@10.0.0.9/stream",
        "fps": fps,
        "target_fps": 15.0,
        "history": [fps] * 60,
        "since_ms": since_ms,
        "width": 0 if rests else 1280,
        "height": 0 if rests else 720,
        "last_frame_ago_s": 0.1 if word == "OK" else None,
        "mode": "transcode",
        "interval_s": None,
        "masks": 0,
        "decoding": None,
        "unchanged_s": None,
        "key_frame_wait_s": None,
        "key_frame_interval_s": None,
        "attempts": 3,
        "opens_at": "2026-11-27T07:00:00-03:00" if word == "OFF_SCHEDULE" else None,
        "owner": "shop-2" if word == "ELSEWHERE" else None,
        "epoch": None,
        "unowned_s": None,
        "off_since_ms": since_ms if word == "OFF_EXPECTED" else None,
        "off_by_profile": None,
        "picture": None,
        "picture_since_ms": None,
        "uptime_24h": 0.9987,
        "uptime_7d": 0.9312,
        "recent": {"dropped_5m": 0, "dropping": False, "failures_5m": 0},
        "failure": {"cause": cause, "detail": detail, "exit_status": 1, "ago_s": 12.0}
        if cause
        else None,
        "breaker": {
            "state": "OPEN" if word == "CB_OPEN" else "CLOSED",
            "consecutive_failures": 5 if cause else 0,
            "retry_in_s": retry_in_s,
            "forced_open": paused,
        },
        "received": 52_310,
        "dropped": 4,
        "unchanged": 0,
        "latency_s": 0.05,
        "ffmpeg_rss_bytes": None if rests else 52 * 2**20,
        **given,
    }


def many(count: int, broken: int = 0) -> list[dict[str, Any]]:
    """Cameras of three shops, of which some, spread over all, cannot be reached."""
    shops = ("centro", "norte", "sul")
    names = [f"{shops[number % 3]}.place-{number // 3:02}" for number in range(count)]
    down = {number * count // broken for number in range(broken)} if broken else set()
    wrong: dict[str, Any] = {"word": "CB_OPEN", **REFUSED, "retry_in_s": 40.0}
    return [camera(name, **wrong) if at in down else camera(name) for at, name in enumerate(names)]


def publisher(**given: Any) -> dict[str, Any]:
    """The publisher as the page is told of it: connected, unless the test says otherwise."""
    return {
        "state": "connected",
        "target": "amqp://shop:***@broker.local:5672",
        "reason": "",
        "connections_lost": 0,
        "failed_attempts": 0,
        "down_for_s": None,
        "outages": [],
        "retry_in_s": None,
        "can_retry": False,
        "is_broker": True,
        **given,
    }


def outage(ago_s: float, lasted_s: float | None = None, *, dropped: int = 0) -> dict[str, Any]:
    """An outage of the publisher that began so long ago; it lasts on without `lasted_s`."""
    started_ms = int((time.time() - ago_s) * 1000)
    ended_ms = None if lasted_s is None else started_ms + int(lasted_s * 1000)
    reason = "connection reset"
    return {
        "started_at_ms": started_ms,
        "ended_at_ms": ended_ms,
        "reason": reason,
        "dropped": dropped,
        "lasted_s": ago_s if lasted_s is None else lasted_s,
    }


def view(*cameras: dict[str, Any], delivery: str = "ok", **given: Any) -> dict[str, Any]:
    """One update of the page."""
    counts = {health: sum(each["health"] == health for each in cameras) for health in HEALTHS}
    return {
        "node": "shop-7",
        "version": version(),
        "taken_at_ms": int(time.time() * 1000),
        "uptime_s": 273_912.0,
        "actions": True,
        "can_keep": True,
        "picture_interval_s": 1.0,
        "timeline_version": 1,
        "stopping": False,
        "supervisor_ago_s": 0.2,
        "cameras": list(cameras),
        "verdict": {
            **counts,
            "delivery": delivery,
            "is_good": delivery == "ok" and not counts["trouble"] and not counts["slow"],
        },
        "publisher": publisher(),
        "recent": {"dropped_5m": 0, "dropping": False, "failures_5m": 0},
        "totals": {"confirmed": 1_482_113, "errors": 0, "dropped": 16, "unchanged": 0},
        "sentences": [],
        "process": {
            "cpu_percent": 3.6,
            "rss_bytes": 71 * 2**20,
            "ffmpeg_processes": sum(each["phase"] == "streaming" for each in cameras),
            "ffmpeg_cpu_percent": 1.1 * sum(each["phase"] == "streaming" for each in cameras),
            "ffmpeg_rss_bytes": 28 * 2**20 * sum(each["phase"] == "streaming" for each in cameras),
            "machine_cpu_percent": 22.0,
            "machine_ram_bytes": 8 * 2**30,
            "machine_ram_used_percent": 31.0,
            "memory_level": "normal",
            "cpu_shortage": None,
        },
        "config": {
            "file_differs": False,
            "refused": None,
            "profile": None,
            "profiles": [],
        },
        **given,
    }


def entry(kind: str, subject: str = "", *, ago_s: float = 60, **given: Any) -> dict[str, Any]:
    """One entry of the timeline."""
    at_ms = int((time.time() - ago_s) * 1000)
    first_ms = at_ms - int(given.pop("since_s", 0) * 1000)
    return {
        "number": 1,
        "kind": kind,
        "first_at_ms": first_ms,
        "last_at_ms": at_ms,
        "subject": subject,
        "camera": "" if subject in ("", "publisher", "memory", "cpu") else subject,
        "cause": "",
        "detail": "",
        "count": 1,
        "by": "",
        "lasted_s": None,
        "dropped": 0,
        **given,
    }


def visit(page: Page, server: ScriptedPage, path: str = "") -> None:
    """Have the browser open it, and wait until it shows the first update or asks for a login."""
    page.driver.get("about:blank")
    page.driver.get(f"{server.url}{path}")
    page.shows(lambda: page.driver.title[:1] in "✓✗⚠…L" and "Connecting" not in page.driver.title)


class ScriptedPage:
    """Serves the page on a free port of this machine; what it tells is set by assignment.

    Attributes that a test sets: `view` (the update), `entries` (the timeline), `session` (what one
    may), `frozen` (nothing is sent, and every request waits), `answers` (action, or the path of one
    → its answer), `refusal` (the status with which a login is refused, and its Retry-After) and
    `pictures` (camera → JPEG image, when it was captured in ms).
    """

    def __init__(self, update_s: float = 0.2) -> None:
        self.view: dict[str, Any] = view()
        self.entries: list[dict[str, Any]] = []
        self.session = {"read": True, "act": True, "actions": True}
        self._thawed = threading.Event()
        self._thawed.set()
        self.answers: dict[str, dict[str, Any]] = {}
        self.pictures: Callable[[str], tuple[bytes, int] | None] = lambda _: None
        self.day = DayOfRates((15.0, 3.5, None, 15.0), 120.0)
        """How many frames a second every camera sent, up to now."""
        self.asked: list[str] = []
        """Paths of actions, and `picture ID` and `history ID` for what is shown of a camera."""
        self.changes: list[tuple[str, Any]] = []
        """What was to be changed, and the body that said how."""
        self.tokens: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.viewers = 0
        """How many are being sent updates."""
        self.gate = threading.Event()
        """Actions are answered once it is set."""
        self.gate.set()
        self._update_s = update_s
        self._ended = False
        self._seq = 0
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="scripted-page", daemon=True)

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self._server.started, 10)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self.frozen = False
        self.gate.set()
        self._server.should_exit = True
        self._thread.join(10)

    def show(self, *cameras: dict[str, Any], **given: Any) -> None:
        """Send another update from now on."""
        self.view = view(*cameras, **given)

    def begin_anew(self) -> None:
        """Be as at first: one may everything, and every camera has the same grey picture."""
        grey = io.BytesIO()
        Image.new("L", (640, 360), 90).save(grey, "JPEG")
        self.session = {"read": True, "act": True, "actions": True}
        self.frozen = False
        self.gate.set()
        self.entries, self.answers, self.asked, self.tokens = [], {}, [], []
        self.refusal = None
        self.pictures = lambda _: (grey.getvalue(), int(time.time() * 1000))

    def hang_up(self) -> None:
        """End every connection, also those that a browser opened in advance or is opening."""
        for _ in range(3):
            self._abort_connections()
            time.sleep(0.05)

    def _abort_connections(self) -> None:

        def abort() -> None:
            for connection in tuple(self._server.server_state.connections):
                transport = getattr(connection, "transport", None)
                if transport is not None:
                    transport.abort()

        self._server.servers[0].get_loop().call_soon_threadsafe(abort)

    def _app(self) -> ASGIApp:
        app = Starlette(
            routes=[
                *PageEndpoints(Language.EN).routes(),
                Route("/api/updates", self._updates),
                Route("/api/session", self._session, methods=["GET", "POST", "DELETE"]),
                Route("/api/timeline", self._timeline),
                Route("/api/cameras/{camera_id}/picture", self._picture),
                Route("/api/cameras/{camera_id}/history", self._history),
                Route("/api/cameras/{camera_id}/{action}", self._action, methods=["POST"]),
                Route("/api/publisher/retry", self._action, methods=["POST"]),
                Route("/api/profile", self._action, methods=["POST"]),
                Route("/api/reload", self._reload, methods=["POST"]),
                Route("/api/probe", self._change, methods=["POST"]),
                Route("/api/onvif/streams", self._change, methods=["POST"]),
                Route("/api/cameras/{camera_id}", self._change, methods=["PUT", "PATCH", "DELETE"]),
            ]
        )
        return _hardened(app)

    @property
    def frozen(self) -> bool:
        """Whether it is as a server that hangs: connected, and silent."""
        return not self._thawed.is_set()

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._thawed.clear() if frozen else self._thawed.set()

    async def _thaw(self) -> None:
        await _set(self._thawed)

    async def _updates(self, _: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            self.viewers += 1
            try:
                while not self._ended:
                    await self._thaw()
                    now = {**self.view, "taken_at_ms": int(time.time() * 1000)}
                    yield b"data: " + json.dumps(now).encode() + b"\n\n"
                    await asyncio.sleep(self._update_s)
            finally:
                self.viewers -= 1

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def _session(self, request: Request) -> Response:
        await self._thaw()
        if request.method == "POST":
            token = (await request.json())["token"]
            self.tokens.append(token)
            if self.refusal is not None:
                status, later = self.refusal
                return JSONResponse({"error": "not now"}, status, {"retry-after": later})
            if token != TOKEN:
                return JSONResponse({"error": "this is not the token"}, 401)
            self.session = {**self.session, "read": True, "act": True}
            return Response(status_code=204)
        if request.method == "DELETE":
            self.session = {**self.session, "act": False}
            return Response(status_code=204)
        return JSONResponse(self.session)

    async def _timeline(self, request: Request) -> Response:
        await self._thaw()
        wanted = request.query_params.get("camera")
        chosen = [each for each in self.entries if wanted in (None, each["subject"])]
        return JSONResponse({"version": self.view["timeline_version"], "entries": chosen})

    async def _picture(self, request: Request) -> Response:
        await self._thaw()
        camera_id = request.path_params["camera_id"]
        self.asked.append(f"picture {camera_id}")
        picture = self.pictures(camera_id)
        if picture is None:
            return Response(status_code=204)
        self._seq += 1
        image, captured_at_ms = picture
        headers = {"x-frame-seq": str(self._seq), "x-captured-at-ms": str(captured_at_ms)}
        return Response(image, media_type="image/jpeg", headers=headers)

    async def _history(self, request: Request) -> Response:
        self.asked.append(f"history {request.path_params['camera_id']}")
        return JSONResponse(history_view(self.day, time.time_ns()))

    async def _action(self, request: Request) -> Response:
        path = request.url.path
        self.asked.append(path.removeprefix("/api/"))
        await _set(self.gate)
        short = path.removeprefix("/api/")
        answer = self.answers.get(short) or self.answers.get(path.rpartition("/")[2], _DONE)
        return JSONResponse({"outcome": None, "cause": None, "retry_in_s": None, **answer})

    async def _change(self, request: Request) -> Response:
        what = f"{request.method} {request.url.path.removeprefix('/api/')}"
        body = await request.body()
        self.changes.append((what, json.loads(body) if body else None))
        await _set(self.gate)
        if "probe" in what:
            return JSONResponse(self.answers["probe"])
        if "streams" in what:
            return JSONResponse(self.answers["streams"], self.answers["streams"].get("status", 200))
        given = self.answers.get("change", {})
        answer = {"result": "done", "reason": None, "details": [], **given}
        return JSONResponse(answer, 422 if answer["result"] == "refused" else 200)

    async def _reload(self, request: Request) -> Response:
        is_plan = request.query_params.get("dry_run") == "1"
        name = "plan" if is_plan else "reload"
        self.asked.append(name)
        empty: dict[str, Any] = {"result": "unchanged", "reason": None, "details": [], "plan": {}}
        answer = {**empty, **self.answers.get(name, {})}
        return JSONResponse(answer, 422 if answer["result"] == "refused" else 200)


async def _set(event: threading.Event) -> None:
    """Wait until it is set, without a thread that would be left behind."""
    for _ in iter(event.is_set, True):
        await asyncio.sleep(0.02)


def _hardened(app: ASGIApp) -> ASGIApp:
    """The same headers as the program sends, the content security policy among them."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *SECURITY_HEADERS,
                    (b"connection", b"close"),  # a test leaves no descriptor behind
                ]
            await send(message)

        with suppress(asyncio.CancelledError):
            await app(scope, receive, send_hardened)

    return answer
