"""Asks a probe of a running system once, in a bounded time; loads next to nothing."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.top.asking import NoAnswerError, Question, ask, bearer

if TYPE_CHECKING:
    from edge_video.text.catalog import Language

_MAX_ANSWER: Final = 64 * 1024
_MAX_REASON: Final = 300
_MARGIN_S: Final = 0.5
"""So much later a question is left alone that has not ended by its own limit."""
_NOT_READY: Final = 503
_REFUSED: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Whom to ask, and with what token; `url` is that of the probe.

    Raises:
        TokenError: the token is none that a system could have.
    """

    url: str
    token: str | None = None

    def __post_init__(self) -> None:
        bearer(self.token)


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
    try:
        answer = ask(
            Question(
                target.url,
                headers | bearer(target.token),
                step_s=timeout_s,
                whole_s=timeout_s,
                max_bytes=_MAX_ANSWER,
                max_error_bytes=_MAX_ANSWER,
            )
        )
    except NoAnswerError as error:
        if error.timed_out:
            return lookup("health.no_answer", language)
        return shorten(one_line(str(error)), _MAX_REASON)
    verdict = _verdict(answer.body)
    if answer.code != http.client.OK:
        return _refusal(answer.code, verdict, language)
    return None if verdict.get("ok") is True else _foreign(answer.code, language)


def _refusal(code: int, verdict: dict[str, Any], language: Language) -> str:
    if code in _REFUSED:
        return lookup("health.refused", language).format(code=code)
    reasons = verdict.get("reasons")
    if code != _NOT_READY or not isinstance(reasons, list) or not reasons:
        return _foreign(code, language)
    from edge_video.text.phrases import translated  # noqa: PLC0415 - a check that is well needs none

    told = (translated(str(each)[:_MAX_REASON], language) for each in reasons)
    return shorten(one_line("; ".join(told)), _MAX_REASON)


def _foreign(code: int, language: Language) -> str:
    return lookup("health.foreign", language).format(code=code)


def _verdict(text: bytes) -> dict[str, Any]:
    """The object that a probe answers; empty when this is none."""
    try:
        verdict = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return verdict if isinstance(verdict, dict) and "ok" in verdict else {}
