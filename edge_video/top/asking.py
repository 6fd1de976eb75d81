"""Asks a running system over HTTP, bounded in time and size; loads next to nothing.

No proxy of the environment is asked, and no redirect is followed: a token must not go wherever
one leads.
"""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_PIECE: Final = 256 * 2**10
# A URL may be one that http.client refuses, in a ValueError.
_ERRORS: Final = (OSError, http.client.HTTPException, ValueError)


class TokenError(ValueError):
    """What is given as a token is none; the message has fixed words, and nothing of it."""


class NoAnswerError(Exception):
    """Nobody answers, or not in time; the message is the reason."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how much answer is taken.

    Attributes:
        url: http or https; whoever asks has checked that.
        headers: sent along.
        step_s: for the connection, and for each piece of the answer.
        whole_s: for the answer's body in all. Name resolution and the head know no such limit.
        max_bytes: a longer body is cut one byte behind them.
        max_error_bytes: the same of an answer that is an error; 0 reads none of it.
        method: of HTTP.
        content: the body; a question by GET has none.
    """

    url: str
    headers: Mapping[str, str]
    step_s: float
    whole_s: float
    max_bytes: int
    max_error_bytes: int
    method: str = "GET"
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status code, the body as far as it was taken, the head; names in small letters."""

    code: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def bearer(token: str | None) -> dict[str, str]:
    """The header of a token; none without one.

    Raises:
        TokenError: no system has such a token, and http.client would quote it in its complaint.
    """
    if token is None:
        return {}
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise TokenError(help_text("token.unfit"))
    return {"Authorization": f"Bearer {token}"}


def ask(question: Question) -> HttpAnswer:
    """Ask once, and wait for the answer. An error whose body does not come has an empty one.

    Raises:
        NoAnswerError: there is no answer.
    """
    request = urllib.request.Request(  # noqa: S310 - checked by whoever asks
        question.url,
        data=None if question.method == "GET" else question.content,
        headers=dict(question.headers),
        method=question.method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=question.step_s) as answer:
            body = _read(answer, question.max_bytes, question.whole_s)
            return HttpAnswer(answer.status, body, _head(answer.headers))
    except urllib.error.HTTPError as error:
        body = b""
        with error, contextlib.suppress(*_ERRORS):
            body = _read(error, question.max_error_bytes, question.whole_s)
        return HttpAnswer(error.code, body, _head(error.headers))
    except _ERRORS as error:
        timed_out = isinstance(getattr(error, "reason", error), TimeoutError)
        raise NoAnswerError(reason_of(error), timed_out=timed_out) from None


def _head(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def reason_of(error: Exception) -> str:
    """Why a question failed, in the system's words without their numbers."""
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Never."""


def _read(answer: Any, max_bytes: int, whole_s: float) -> bytes:
    """The body, bounded in size and time: a server may send it byte by byte, for ever."""
    ends_at_s = time.monotonic() + whole_s
    body = bytearray()
    while max_bytes and len(body) <= max_bytes:
        piece = answer.read1(min(_PIECE, max_bytes + 1 - len(body)))
        if not piece:
            break
        body += piece
        if time.monotonic() > ends_at_s:
            raise TimeoutError(f"no whole answer within {whole_s:g} s")
    return bytes(body)
