"""Says in words what a node has answered; what a foreign one says cannot steer the terminal."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from edge_video.cli.reload import plan_lines, reload_lines
from edge_video.config.profiles import NO_PROFILE
from edge_video.delivery.commands.catalog import PING
from edge_video.http.texts import PAGE
from edge_video.status.json import NotAStatusError, camera_from_json, status_from_json
from edge_video.status.outcome import OutcomeKind
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_ago
from edge_video.text.phrases import translated
from edge_video.top.camera_text import remarks_on, state_word
from edge_video.top.rates import Rates
from edge_video.top.screen import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Group

    from edge_video.delivery.commands.client import Question, Reply

_OF_NODE: Final = frozenset({"drain", "rejoin"})
_TOLD_BY_RESULT: Final = frozenset({"stopped", "paused"})
"""What the command itself asked for: said as its result is."""


def body_of(reply: Reply) -> dict[str, Any]:
    """The object that a node has answered; an empty one where it is none."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def is_good(reply: Reply) -> bool:
    """Whether what was asked is done, or was so already; a camera that was tried has not failed."""
    is_done = HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES
    is_json = reply.content_type == "application/json"
    return is_done and not (is_json and body_of(reply).get("outcome") == OutcomeKind.FAILED)


def status_screen(reply: Reply, language: Language) -> Group | None:
    """A whole status as `top` shows it; None where it is none."""
    try:
        status = status_from_json(body_of(reply))
    except NotAStatusError:
        return None
    rates = Rates()
    rates.take(status)
    return render(status, rates, language)


def answer_text(question: Question, reply: Reply, language: Language) -> str:
    """What became of a command, in a line or some."""
    body = body_of(reply)
    if "error" in body:
        return _refusal(body, language)
    if question.command in (PING, *_OF_NODE):
        is_ping = question.command == PING
        return node_line(reply, language) if is_ping else _shared_line(question, reply, language)
    return _LINES.get(question.command, _action_line)(question, body, language)


def node_line(reply: Reply, language: Language) -> str:
    """One node of those that answer."""
    body = body_of(reply)
    if "error" in body:
        return f"{one_line(reply.node)}  {_refusal(body, language)}"
    return _text(
        "ctl.node_line",
        language,
        node=reply.node,
        version=body.get("version"),
        streaming=body.get("streaming"),
        cameras=body.get("cameras"),
    )


def _refusal(body: Mapping[str, Any], language: Language) -> str:
    error = translated(one_line(str(body["error"])), language)
    try:
        return lookup(f"ctl.reason.{body.get('reason')}", language).format(error=error)
    except KeyError:
        return error


def _shared_line(question: Question, reply: Reply, language: Language) -> str:
    key = f"ctl.{question.command}.{body_of(reply).get('result')}"
    return _text(key, language, node=reply.node)


def _camera_line(_: Question, body: Mapping[str, Any], language: Language) -> str:
    try:
        camera = camera_from_json(body)
    except NotAStatusError:
        return one_line(json.dumps(body, ensure_ascii=False))
    ago = format_ago(camera.last_frame_ago_s, language)
    parts = [f"{lookup('top.last', language)}: {ago}", *remarks_on(camera, language)]
    return f"[{one_line(camera.camera_id)}] {state_word(camera)} - {', '.join(parts)}"


def _profile_line(question: Question, body: Mapping[str, Any], language: Language) -> str:
    name = json.loads(question.body)["name"]
    which = "none" if name is None else "one"
    return _text(f"profile.{body.get('result')}.{which}", language, name=name or NO_PROFILE)


def _change_text(question: Question, body: Mapping[str, Any], language: Language) -> str:
    if body.get("result") == "refused":
        return "\n".join(reload_lines(body, language))
    key = "ctl.unchanged" if body.get("result") == "unchanged" else "ctl.changed"
    first = _text(key, language, camera=_camera_of(question))
    return "\n".join([first, *plan_lines(body, language)])


def _reload_text(_: Question, body: Mapping[str, Any], language: Language) -> str:
    return "\n".join(reload_lines(body, language))


def _publisher_line(_: Question, body: Mapping[str, Any], language: Language) -> str:
    outcome = body.get("outcome") or ("connected" if body.get("result") == "already" else None)
    detail = translated(one_line(str(body.get("detail"))), language)
    return _page(f"outcome.publisher.{outcome or 'still_trying'}", language, cause=detail)


def _action_line(question: Question, body: Mapping[str, Any], language: Language) -> str:
    result, outcome = _word(body, "result"), _word(body, "outcome")
    camera = _camera_of(question)
    if outcome == OutcomeKind.FAILED:
        return _page("outcome.failed", language, camera=camera, cause=_failure(body, language))
    if outcome is not None and outcome not in _TOLD_BY_RESULT:
        return _page(f"outcome.{outcome}", language, camera=camera)
    if result in ("done", "already"):
        return _page(f"outcome.{question.command}.{result}", language, camera=camera)
    return _page(f"outcome.{result}", language, camera=camera)


def _word(body: Mapping[str, Any], key: str) -> str | None:
    """A text of the answer; None for anything else that a foreign node may send."""
    value = body.get(key)
    return value if isinstance(value, str) else None


def _failure(body: Mapping[str, Any], language: Language) -> str:
    detail = translated(one_line(str(body.get("detail") or "")), language)
    try:
        cause = lookup(f"cause.{body.get('cause')}", language)
    except KeyError:
        cause = one_line(str(body.get("cause")))
    return f"{cause} ({detail})" if detail else cause


def _camera_of(question: Question) -> str:
    return str(json.loads(question.body)["camera"])


def _text(key: str, language: Language, **facts: object) -> str:
    """The text of a key; the key itself where a newer node says what this version does not know."""
    shown = {name: one_line(str(each)) for name, each in facts.items()}
    try:
        return lookup(key, language).format(**shown)
    except KeyError:
        return one_line(key)


def _page(key: str, language: Language, **facts: str) -> str:
    text = PAGE.get(key)
    if text is None:
        return one_line(key)
    spoken = text.pt_br if language is Language.PT_BR else text.en
    return spoken.format(**{name: one_line(each) for name, each in facts.items()})


_LINES: Final[Mapping[str, Callable[[Question, Mapping[str, Any], Language], str]]] = {
    "status": _camera_line,
    "reload": _reload_text,
    "profile": _profile_line,
    "retry-publisher": _publisher_line,
    **dict.fromkeys(("add", "change", "remove", "enable", "disable"), _change_text),
}
"""What is said of each command; of the others what became of the camera."""
