"""Checks every request before the application sees it, and puts headers on every answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from h11 import LocalProtocolError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from edge_video.http.origin import origin_of
from edge_video.http.responses import error, too_many, unauthorized
from edge_video.http.security import (
    SECURITY_HEADERS,
    SESSION_COOKIE,
    FailureLimiter,
    SessionSigner,
    bearer_of,
    comes_from_elsewhere,
    cookie_of,
    host_is_ours,
)
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket
from edge_video.runtime.units import ns_to_s

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

UPDATES_PATH: Final = "/api/updates"
PROBE_CAMERA_PATH: Final = "/api/probe"
ONVIF_STREAMS_PATH: Final = "/api/onvif/streams"
SESSION_PATH: Final = "/api/session"
PROBE_PATHS: Final = ("/health", "/ready")
"""Answered from places that nobody else can take."""

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
ANSWER_S: Final = 10.0
"""How long an answer may take to be made."""
_ANSWER_OF_CAMERA_S: Final = {PROBE_CAMERA_PATH: 45.0, ONVIF_STREAMS_PATH: 30.0}
"""A camera is asked for twenty seconds, and its FFmpeg has some more to end; for its streams it is
asked for fifteen, and the last question may take some more."""
_SEND_S: Final = 10.0
_LOG_EVERY_S: Final = 60.0
REQUESTS_PER_S: Final = 300.0
"""Answered for all who do not hold the token together, and as many for those who do: the server's
thread shares Python's lock with the capture. A page of sixty cameras asks forty times a second."""


@dataclass(slots=True)
class Authenticator:
    """Decides who may read and who may act. Used in the event loop's thread only.

    Args:
        signer: None without a configured token: reading is free, and nothing can be changed.
        reading_is_free: whether only changes need the token.
        clock: sessions end by the wall clock.
        limiter: slows down whoever guesses tokens.
    """

    signer: SessionSigner | None
    reading_is_free: bool
    clock: Clock
    limiter: FailureLimiter
    _failures: int = 0
    _logged_at_s: float = float("-inf")

    @property
    def has_token(self) -> bool:
        """Whether a token is configured; without one nobody may act."""
        return self.signer is not None

    def refusal(self, headers: Headers, client: str, *, is_safe: bool) -> Response | None:
        """Why the request is not let in; None when it is."""
        if self.lets_read(is_safe=is_safe):
            return None
        if self.signer is None:
            return error(403, "actions are off: no http.token is configured")
        if self.has_session(headers):
            return None
        token = bearer_of(headers.get("authorization"))
        if token is None:
            return unauthorized("the token is missing: Authorization: Bearer TOKEN")
        return self.refuse_token(token, client)

    def has_session(self, headers: Headers) -> bool:
        """Whether a session that we signed comes with the request."""
        cookie = cookie_of(headers.get("cookie"), SESSION_COOKIE)
        if self.signer is None or not cookie:
            return False
        return self.signer.accepts_session(cookie, ns_to_s(self.clock.wall_ns()))

    def origin_of(self, request: Request) -> str:
        """Who asks, for the log and the timeline."""
        by_session = self.has_session(request.headers)
        return origin_of(client_of(request.scope), request.headers, by_session=by_session)

    def new_session(self) -> str:
        """The value of a cookie that opens what the token opens; only with a configured token."""
        assert self.signer is not None
        return self.signer.new_session(ns_to_s(self.clock.wall_ns()))

    def lets_read(self, *, is_safe: bool) -> bool:
        """Whether anybody may do this without a token."""
        return is_safe and self.reading_is_free

    def refuse_token(self, token: str, client: str) -> Response | None:
        """The answer to a wrong token, or to one too many of them; None for the right one."""
        assert self.signer is not None
        now_s = self.clock.monotonic()
        retry_in_s = self.limiter.retry_in_s(client, now_s)
        if retry_in_s > 0:
            return too_many("too many wrong tokens", retry_in_s)
        if self.signer.accepts(token):
            return None
        self.limiter.failed(client, now_s)
        self._log_failure(client, now_s)
        return unauthorized("this is not the token")

    def _log_failure(self, client: str, now_s: float) -> None:
        self._failures += 1
        if now_s - self._logged_at_s >= _LOG_EVERY_S:
            log_event(_log, LogEvent.HTTP_TOKEN_REFUSED, client=client, count=self._failures)
            self._failures, self._logged_at_s = 0, now_s


class SecurityMiddleware:
    """ASGI middleware, the outermost: what it does not let through reaches nothing.

    An answer that nobody reads, and one that takes too long to make, are given up.

    Args:
        app: the application behind it.
        authenticator: decides by token.
        hosts: names under which we may be asked, lower case; addresses always may.
        open_paths: need no token.
        log: for what a request can cause; see `RequestLog`.
        hosts_option: where an operator adds to `hosts`.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticator: Authenticator,
        hosts: Collection[str],
        open_paths: Collection[str],
        log: logging.Logger,
        *,
        hosts_option: str = "http.hosts",
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._hosts = frozenset(hosts)
        self._open_paths = frozenset(open_paths)
        self._log = log
        self._hosts_option = hosts_option
        self._requests = {
            is_known: TokenBucket(2 * REQUESTS_PER_S, REQUESTS_PER_S) for is_known in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        answer = _Answer(send)
        refusal = self._refusal(scope)
        try:
            if refusal is not None:
                await refusal(scope, receive, answer.send)
            elif scope["path"] == UPDATES_PATH:
                await self._app(scope, receive, answer.send)
            else:
                async with asyncio.timeout(_ANSWER_OF_CAMERA_S.get(scope["path"], ANSWER_S)):
                    await self._app(scope, receive, answer.send)
        except TimeoutError:
            # Begun: uvicorn closes the connection, as it was promised more.
            if not answer.begun:
                late = error(503, "it took too long")
                await late(scope, receive, answer.send)
        except (ClientDisconnect, LocalProtocolError):
            # The client hung up, or what it sent cannot be answered: neither is an error of ours.
            self._log.debug("a client hung up in the middle of its request")
        except Exception:  # noqa: BLE001 - whatever a handler raises
            self._log.exception("a request could not be answered: %s", scope["path"][:100])
            if not answer.begun:
                broken = error(500, "this is a bug of edge-video; its log has more")
                await broken(scope, receive, answer.send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not host_is_ours(host, self._hosts):
            text = f"this host name is not one of ours; add it to {self._hosts_option}"
            return error(400, text)
        is_safe = scope["method"] in _SAFE
        if comes_from_elsewhere(
            fetch_site=headers.get("sec-fetch-site"),
            fetch_mode=headers.get("sec-fetch-mode"),
            origin=headers.get("origin"),
            host=host,
            is_safe=is_safe,
        ):
            return error(403, "another site's page may not ask for this")
        return self._not_let_in(scope, headers, is_safe=is_safe)

    def _not_let_in(self, scope: Scope, headers: Headers, *, is_safe: bool) -> Response | None:
        """The token is checked first: its holders have a request budget of their own."""
        refusal = None
        is_free = scope["path"] in self._open_paths or self._authenticator.lets_read(
            is_safe=is_safe
        )
        if not is_free:
            refusal = self._authenticator.refusal(headers, client_of(scope), is_safe=is_safe)
        if scope["path"] in PROBE_PATHS:
            return refusal
        is_known = self._authenticator.has_session(headers) if is_free else refusal is None
        if self._requests[is_known].take(self._authenticator.clock.monotonic()):
            return refusal
        # Closed: what else this client has sent already need not even be read.
        return too_many("too many requests at once", 1.0, {"connection": "close"})


class _Answer:
    """Sends an answer with our headers, and gives up on a client that does not read."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
        async with asyncio.timeout(_SEND_S):
            await self._send(message)


def client_of(scope: Scope) -> str:
    """The address of whoever asks; a proxy's, where there is one."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
