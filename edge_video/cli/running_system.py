"""Asks a running system for a change over HTTP, for the commands that do."""

from __future__ import annotations

import http.client
import json
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from edge_video.runtime.threads import on_thread
from edge_video.text.escaping import one_line
from edge_video.top.asking import NoAnswerError, Question, ask, bearer

_TIMEOUT_S: Final = 20.0
"""For each step: the connection, each piece of the answer."""
_WHOLE_S: Final = 30.0
"""For all of it: a server may send its answer byte by byte, for ever."""
_MAX_ANSWER: Final = 2**20


def ask_system(
    url: str, path: str, token: str | None, agent: str, body: bytes = b""
) -> dict[str, Any]:
    """Ask by POST; returns the answer, which has a `result`.

    Raises:
        ValueError: the address or the token is none; the message is for the operator.
        NoAnswerError: nobody answers, or no edge-video does.
    """
    return _answer(url, path, token, agent, key="result", body=body)


def ask_for_cluster(url: str, token: str | None, agent: str) -> dict[str, Any]:
    """Ask by GET what is known of the cluster; returns the answer, which has a `cluster`.

    Raises:
        ValueError: as above.
        NoAnswerError: as above.
    """
    return _answer(url, "/api/cluster", token, agent, key="cluster")


def _answer(
    url: str, path: str, token: str | None, agent: str, *, key: str, body: bytes | None = None
) -> dict[str, Any]:
    """The answer, which has this key."""
    split = urlsplit(url if "://" in url else f"http://{url}")
    if split.scheme not in ("http", "https") or not split.hostname or split.username is not None:
        raise ValueError("--url must be like http://127.0.0.1:8080")
    question = Question(
        f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}{path}",
        {"User-Agent": agent} | bearer(token),
        step_s=_TIMEOUT_S,
        whole_s=_WHOLE_S,
        max_bytes=_MAX_ANSWER,
        max_error_bytes=_MAX_ANSWER,
        method="GET" if body is None else "POST",
        content=body or b"",
    )
    try:
        answer = on_thread(f"{agent}-ask", partial(ask, question)).result(_WHOLE_S)
    except TimeoutError:
        raise NoAnswerError(f"no whole answer within {_WHOLE_S:g} s") from None
    is_good = answer.code == http.client.OK
    return _object(answer.body, key, "" if is_good else f"HTTP {answer.code}")


def _object(body: bytes, key: str, status: str = "") -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and key in answer:
        return answer
    said = answer.get("error") if isinstance(answer, dict) else None
    raise NoAnswerError(one_line(f"{status} {said or ''}".strip()) or "no answer of edge-video")
