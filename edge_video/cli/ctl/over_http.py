"""Asks one node over HTTP what others are asked over the broker, and answers in the same form."""

from __future__ import annotations

import json
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from edge_video.delivery.commands.client import CannotAskError, NobodyThereError, Reply
from edge_video.runtime.threads import on_thread
from edge_video.text.escaping import one_line
from edge_video.top.asking import HttpAnswer, NoAnswerError, Question, ask, bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.delivery.commands.client import Question as NodeQuestion

_MAX_ANSWER: Final = 32 * 2**20
_MAX_WAIT_S: Final = 6
"""What HTTP allows."""
_LOOK_EVERY_S: Final = 0.5
_OK: Final = 200
_NO_CONTENT: Final = 204
_CONFLICT: Final = 409
_GATEWAY_TIMEOUT: Final = 504
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_STATUS: Final = "/api/status"
_NOT_OURS: Final = "no answer of edge-video"
_METHODS: Final = {"add": "PUT", "change": "PATCH", "remove": "DELETE"}
"""The others are asked by POST."""
_PATHS: Final = {
    "profile": "/api/profile",
    "reload": "/api/reload",
    "retry-publisher": "/api/publisher/retry",
    "drain": "/api/cluster/drain",
    "rejoin": "/api/cluster/rejoin",
}
"""The others are about a camera."""
_PING_KEYS: Final = ("node", "version", "uptime_s")


class HttpAsker:
    """One node's address.

    Args:
        url: `http://host:port`, or https.
        token: sent as a bearer token; None sends none.

    Raises:
        ValueError: this is no URL, or the token is none; the message is for the operator.
    """

    def __init__(self, url: str, token: str | None) -> None:
        split = urlsplit(url)
        if not split.hostname or split.username is not None:
            raise ValueError("--url must be like http://127.0.0.1:8080")
        self._url = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}"
        self._headers = {"User-Agent": "edge-video-ctl"} | bearer(token)
        self._steps: dict[str, Callable[[_Asked], Reply]] = {
            "ping": self._ping,
            "status": self._status,
            "snapshot": self._snapshot,
        }

    def ask(self, question: NodeQuestion, timeout_s: float) -> Reply:
        """The node's answer.

        Raises:
            NobodyThereError: another node answers at this address.
            CannotAskError: nobody answers, or no edge-video does.
            TimeoutError: no answer in time; the command may still be carried out.
        """
        asked = _Asked(question, time.monotonic() + timeout_s)
        whole = self._get(_STATUS, asked.ends_at_s)
        if whole.code != _OK:
            return _reply(question.node, whole)
        if _object(whole.body).get("node") != question.node:
            raise NobodyThereError(question.node)
        asked.whole = whole
        return self._steps.get(question.command, self._command)(asked)

    def ask_all(self, timeout_s: float) -> list[Reply]:
        """The answer of the one node that there is.

        Raises:
            CannotAskError: nobody answers, or no edge-video does.
        """
        whole = self._get(_STATUS, time.monotonic() + timeout_s)
        if whole.code != _OK:
            return [_reply(self._url, whole)]
        return [_ping_reply(_object(whole.body))]

    def _ping(self, asked: _Asked) -> Reply:
        assert asked.whole is not None
        return _ping_reply(_object(asked.whole.body))

    def _status(self, asked: _Asked) -> Reply:
        assert asked.whole is not None
        camera = asked.arguments.get("camera")
        if camera is None:
            return _reply(asked.node, asked.whole)
        return _reply(asked.node, self._get(_camera_path(camera), asked.ends_at_s))

    def _snapshot(self, asked: _Asked) -> Reply:
        """As over the broker: a fresh picture, or the last one when none comes."""
        path = _camera_path(asked.arguments["camera"]) + "/picture"
        waits_until_s = time.monotonic() + asked.arguments["wait_s"]
        while True:
            answer = self._get(path, asked.ends_at_s)
            is_fresh = answer.code == _OK and "x-picture-stale" not in answer.headers
            has_time = time.monotonic() + _LOOK_EVERY_S < waits_until_s
            if is_fresh or answer.code not in (_OK, _NO_CONTENT) or not has_time:
                break
            time.sleep(_LOOK_EVERY_S)
        if answer.code == _NO_CONTENT:
            refusal = {"error": "no picture came in time", "reason": "no_picture"}
            body = json.dumps(refusal).encode()
            return Reply(asked.node, _CONFLICT, "application/json", body, {})
        return _reply(asked.node, answer)

    def _command(self, asked: _Asked) -> Reply:
        method, path, content = _request_of(asked)
        try:
            answer = self._ask(method, path, asked.ends_at_s, content)
        except NoAnswerError as error:
            if error.timed_out:
                raise TimeoutError from None
            raise CannotAskError(str(error)) from None
        if answer.code == _GATEWAY_TIMEOUT:
            raise TimeoutError
        return _reply(asked.node, answer)

    def _get(self, path: str, ends_at_s: float) -> HttpAnswer:
        try:
            return self._ask("GET", path, ends_at_s)
        except NoAnswerError as error:
            raise CannotAskError(str(error)) from None

    def _ask(self, method: str, path: str, ends_at_s: float, content: bytes = b"") -> HttpAnswer:
        left_s = max(0.1, ends_at_s - time.monotonic())
        kind = {"Content-Type": "application/json"} if content else {}
        question = Question(
            self._url + path,
            self._headers | kind,
            step_s=left_s,
            whole_s=left_s,
            max_bytes=_MAX_ANSWER,
            max_error_bytes=_MAX_ANSWER,
            method=method,
            content=content,
        )
        try:
            # Name resolution and the head of an answer know no limit of their own.
            return on_thread("ctl-ask", partial(ask, question)).result(left_s)
        except TimeoutError:
            reason = f"no whole answer within {left_s:.1f} s"
            raise NoAnswerError(reason, timed_out=True) from None


class _Asked:
    """A question under way.

    Attributes:
        node: who is asked.
        command: its name.
        arguments: of the command.
        ends_at_s: until when there is an answer; monotonic.
        whole: the node's status.
    """

    def __init__(self, question: NodeQuestion, ends_at_s: float) -> None:
        self.node = question.node
        self.command = question.command
        self.arguments: Mapping[str, Any] = json.loads(question.body or b"{}")
        self.ends_at_s = ends_at_s
        self.whole: HttpAnswer | None = None


def _camera_path(camera: str) -> str:
    return f"/api/cameras/{quote(camera, safe='')}"


def _request_of(asked: _Asked) -> tuple[str, str, bytes]:
    """Method, path and body of a command that changes something."""
    command, arguments = asked.command, asked.arguments
    method, path = _METHODS.get(command, "POST"), _PATHS.get(command)
    if path is None:
        path = _camera_path(arguments["camera"])
        path += "" if command in _METHODS else f"/{command}"
    if "wait_s" in arguments:
        path += f"?wait={min(_MAX_WAIT_S, int(arguments['wait_s']))}"
    if arguments.get("dry_run"):
        path += "?dry_run=1"
    content = arguments if command == "profile" else arguments.get("values")
    return method, path, b"" if content is None else json.dumps(content).encode()


def _reply(node: str, answer: HttpAnswer) -> Reply:
    content_type = (answer.headers.get("content-type") or "").partition(";")[0]
    if content_type != "image/jpeg":
        _object(answer.body)  # whoever answers with something else is no edge-video
        content_type = "application/json"
    headers = {
        "seq": _number(answer.headers.get("x-frame-seq")),
        "captured_at_ms": _number(answer.headers.get("x-captured-at-ms")),
        "stale": int("x-picture-stale" in answer.headers),
    }
    return Reply(node, answer.code, content_type, answer.body, headers)


def _ping_reply(status: Mapping[str, Any]) -> Reply:
    node, cameras = status.get("node"), status.get("cameras")
    if not isinstance(node, str) or not isinstance(cameras, list):
        raise CannotAskError(_NOT_OURS)
    cameras = [each for each in cameras if isinstance(each, dict)]
    publisher = status.get("publisher")
    said = {
        **{key: status.get(key) for key in _PING_KEYS},
        "publisher": publisher.get("state") if isinstance(publisher, dict) else None,
        "cameras": len(cameras),
        "streaming": sum(each.get("phase") == "streaming" for each in cameras),
    }
    return Reply(one_line(node), _OK, "application/json", json.dumps(said).encode(), {})


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CannotAskError(_NOT_OURS)
    return value


def _number(text: str | None) -> int:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else 0
