"""Answers `POST /api/onvif/streams`: which streams a camera has, by its own word (ONVIF)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.responses import JSONResponse
from starlette.routing import Route

from edge_video.capture.onvif.cancellation import Cancellation
from edge_video.capture.onvif.choice import Wish
from edge_video.capture.onvif.model import Login, Problem, named_device
from edge_video.http.guard import ONVIF_STREAMS_PATH
from edge_video.http.responses import error, object_in
from edge_video.http.texts import language_of
from edge_video.report.discover_table import devices_as_json
from edge_video.runtime.shortage import is_shortage
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from edge_video.capture.onvif.model import Answer, Device
    from edge_video.text.language import Language

_TIMEOUT_S: Final = 15.0
_WIDTH: Final = 640
_FPS: Final = 15
_MOST: Final = {"width": 65535, "fps": 60}
_MAX_TEXT: Final = 1024
_MAX_DETAIL: Final = 200
_NO_PACKAGE: Final = "the package httpx is not installed: pip install 'edge-video[onvif]'"


class PackageMissingError(Exception):
    """What asks cameras is not installed; it is the extra `onvif`."""


class StreamsHandler(Protocol):
    """Asks one device for its streams; blocks for about `limit_s`, on a thread of its own."""

    def __call__(
        self, answer: Answer, login: Login | None, limit_s: float, cancellation: Cancellation, /
    ) -> Device:
        """What it says; what went wrong is in the result.

        Raises:
            PackageMissingError: see there.
        """
        ...


def ask_camera(
    answer: Answer, login: Login | None, limit_s: float, cancellation: Cancellation
) -> Device:
    """A `StreamsHandler`; what it needs is loaded when it is asked first."""
    try:
        from edge_video.capture.onvif.inquiry import ask_device  # noqa: PLC0415 - optional
    except ImportError:
        raise PackageMissingError from None
    return ask_device(answer, login, limit_s, cancellation)


@dataclass(frozen=True, slots=True)
class _Question:
    """Which device is asked, by whom, and what is wanted of it."""

    answer: Answer
    login: Login | None
    wish: Wish


class StreamsEndpoint:
    """Asks one device at a time. The event loop's thread; the handler runs elsewhere.

    The thread is a daemon: a stop ends its questions and does not wait for it, as nothing can
    interrupt a connection that is being made, or the search for a name.

    Args:
        name: of the thread, which lives while there is something to do.
        handler: asks.
    """

    def __init__(self, name: str, handler: StreamsHandler = ask_camera) -> None:
        self._handler = handler
        self._name = name
        self._asking: asyncio.Future[Device] | None = None
        self._cancellation = Cancellation()
        """Of what is asked now."""
        self._is_running = False

    def routes(self) -> list[Route]:
        """The path that this answers."""
        return [Route(ONVIF_STREAMS_PATH, self._streams, methods=["POST"])]

    def cancel(self) -> None:
        """Answer whoever waits at once, and ask nothing more: the system is stopping."""
        self._cancellation.cancel()
        if self._asking is not None:
            self._asking.cancel()

    async def _streams(self, request: Request) -> Response:
        values = await object_in(request)
        if values is None:
            return error(400, "the body must be a JSON object, of 64 KiB at most")
        question = _read(values)
        if isinstance(question, str):
            return error(400, question)
        if self._is_running:
            return error(503, "another camera is being asked", {"retry-after": "10"})
        try:
            device = await self._answer(question)
        except PackageMissingError:
            return error(501, _NO_PACKAGE)
        if device is None:
            return error(503, "it cannot be asked now", {"retry-after": "10"})
        return JSONResponse(_shown(device, question, language_of(request)))

    async def _answer(self, question: _Question) -> Device | None:
        """What the device says; None: the machine is short of something, or the system stops."""
        try:
            self._asking = asking = self._begin(question)
            await asyncio.wait([asking])  # it goes on when its client has gone
            return None if asking.cancelled() else asking.result()
        except (RuntimeError, MemoryError, OSError) as error:
            if not is_shortage(error):
                raise
            return None

    def _begin(self, question: _Question) -> asyncio.Future[Device]:
        """Have a thread ask; raises what starting it does."""
        loop = asyncio.get_running_loop()
        asking: asyncio.Future[Device] = loop.create_future()
        self._cancellation = cancellation = Cancellation()

        def ask() -> None:
            device, failure = None, None
            try:
                device = self._handler(question.answer, question.login, _TIMEOUT_S, cancellation)
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._ended, asking, device, failure)

        threading.Thread(target=ask, name=self._name, daemon=True).start()
        self._is_running = True
        return asking

    def _ended(
        self, asking: asyncio.Future[Device], device: Device | None, failure: Exception | None
    ) -> None:
        self._is_running = False
        if asking.done():
            return
        if failure is not None:
            asking.set_exception(failure)
            asking.exception()  # known, should nobody wait any more
        else:
            assert device is not None
            asking.set_result(device)


def _read(values: Mapping[str, Any]) -> _Question | str:
    """What is asked; or what is wrong with it, in words that quote nothing of a login."""
    try:
        return _question(values)
    except ValueError as error:
        return str(error)


def _question(values: Mapping[str, Any]) -> _Question:
    """What is asked. Raises ValueError, see `_read`."""
    unknown = set(values) - {"host", "username", "password", *_MOST}
    if unknown:
        raise ValueError("there are host, username, password, width and fps, and nothing else")
    username, password = _text(values, "username"), _text(values, "password")
    if password and not username:
        raise ValueError("a password needs a username")
    wish = Wish(_number(values, "width", _WIDTH), _number(values, "fps", _FPS))
    login = Login(username, password) if username else None
    return _Question(_named(_text(values, "host")), login, wish)


def _text(values: Mapping[str, Any], key: str) -> str:
    text = values.get(key)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise ValueError(f"{key} is a text of at most {_MAX_TEXT} characters")
    return text


def _number(values: Mapping[str, Any], key: str, default: int) -> int:
    number = values.get(key, default)
    if type(number) is not int or not 1 <= number <= _MOST[key]:
        raise ValueError(f"{key} is a whole number from 1 to {_MOST[key]}")
    return number


def _named(text: str) -> Answer:
    """The device at `HOST` or `HOST:PORT`. Raises ValueError."""
    try:
        return named_device(text)
    except ValueError:
        raise ValueError("host is HOST or HOST:PORT, as 10.0.0.5 or 10.0.0.5:8000") from None


def _shown(device: Device, question: _Question, language: Language) -> dict[str, Any]:
    """What `discover --json` says of it; secrets in addresses and in its own words are masked."""
    login = question.login
    redact = Redactor(credentials=[] if login is None else [(login.username, login.password)])
    said = devices_as_json([device], question.wish, language)["cameras"][0]
    streams = [{**each, "url": redact(each["url"])} for each in said["streams"]]
    detail = device.detail if device.problem is Problem.REFUSED else ""
    return {
        "address": said["address"],
        "name": said["name"],
        "problem": said["problem"],
        # First masked: of a secret that is cut in two, the rest would be shown.
        "detail": shorten(redact(one_line(detail)), _MAX_DETAIL) or None,
        "streams": streams,
    }
