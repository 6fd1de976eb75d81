"""Asks a probe of a running system once, in a bounded time; loads next to nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from edge_video.text.catalog import Language

_MAX_ANSWER: Final = 64 * 1024
_MAX_REASON: Final = 300
_MARGIN_S: Final = 0.5
"""So much later a question is left alone that has not ended by its own limit."""
_NOT_READY: Final = 503
_REFUSED: Final = (401, 403)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        """Never."""


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Whom to ask, and with what token; `url` is that of the probe."""

    url: str
    token: str | None = None


def ask_probe(target: ProbeTarget, timeout_s: float, language: Language) -> str | None:
    """Why all is not well, or None; after the timeout nobody has answered.

    The question has a thread of its own: name resolution knows no time limit, and a server may
    send one byte of its answer after the other.
    """
    answers: list[str | None] = []
    asking = threading.Thread(
        target=lambda: answers.append(_answer(target, timeout_s, language)), daemon=True
    )
    asking.start()
    asking.join(timeout_s + _MARGIN_S)
    if not answers:
        return lookup("health.no_answer", language)
    return answers[0]


def _answer(target: ProbeTarget, timeout_s: float, language: Language) -> str | None:
    headers = {"Accept": "application/json", "User-Agent": "edge-video-health"}
    if target.token is not None:
        headers["Authorization"] = f"Bearer {target.token}"
    request = urllib.request.Request(target.url, headers=headers)  # noqa: S310 - checked above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            return None if _verdict(answer.read(_MAX_ANSWER)) else _foreign(language)
    except urllib.error.HTTPError as error:
        return _refusal(error, language)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            return lookup("health.no_answer", language)
        shown = getattr(reason, "strerror", None) or str(reason) or type(error).__name__
        return shorten(one_line(str(shown)), _MAX_REASON)


def _refusal(error: urllib.error.HTTPError, language: Language) -> str:
    with error:
        if error.code in _REFUSED:
            return lookup("health.refused", language).format(code=error.code)
        verdict: dict[str, Any] = {}
        with contextlib.suppress(OSError, http.client.HTTPException):
            verdict = _verdict(error.read(_MAX_ANSWER))
        reasons = verdict.get("reasons")
        if error.code != _NOT_READY or not isinstance(reasons, list) or not reasons:
            return lookup("health.foreign", language).format(code=error.code)
        return shorten(one_line("; ".join(map(str, reasons))), _MAX_REASON)


def _foreign(language: Language) -> str:
    return lookup("health.foreign", language).format(code=int(http.client.OK))


def _verdict(text: bytes) -> dict[str, Any]:
    """The object that a probe answers; empty when this is none."""
    try:
        verdict = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return verdict if isinstance(verdict, dict) and "ok" in verdict else {}
