"""Puts what became of a command into an answer: a number as HTTP has it, and a JSON object.

Whoever asks gets the same answer to the same command, over HTTP and over the broker. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.text.escaping import one_line
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from edge_video.status.config_change import ConfigAnswer
    from edge_video.status.outcome import Outcome
    from edge_video.text.language import Language

OK: Final = 200

STATUS_OF_RESULT: Final = {
    "done": 200,
    "already": 200,
    "rejected": 409,
    "not_running": 409,
    "unknown_target": 404,
    "not_allowed": 403,
}
"""The number of each `CommandResult`."""

_CREATED: Final = 201
_REFUSED: Final = 409
_STATUS_OF_REASON: Final = {
    ReloadReason.INVALID: 422,
    ReloadReason.FAILED: 500,
    ReloadReason.STOPPING: 503,
    ReloadReason.UNKNOWN_CAMERA: 404,
}


def action_body(
    result: str, retry_in_s: float | None = None, outcome: Outcome | None = None
) -> dict[str, object]:
    """The answer to an action, with its outcome when it was waited for."""
    body: dict[str, object] = dict.fromkeys(("outcome", "cause", "detail"))
    if outcome is not None:
        failure, retry_in_s = outcome.failure, outcome.retry_in_s
        body["outcome"] = outcome.kind.value
        body["cause"] = None if failure is None else failure.cause.value
        body["detail"] = one_line(outcome.reason if failure is None else failure.detail)
    return {"result": result, "retry_in_s": retry_in_s, **body}


def is_decided(action: str, result: str) -> bool:
    """Whether nothing further comes of an action, so that nobody need wait for it."""
    # Nothing is asked of the camera, or nothing that it does.
    is_over = (action == "resume" and result == "already") or action == "accept-picture"
    return is_over or STATUS_OF_RESULT[result] != OK


def profile_body(result: str, name: str | None, profiles: tuple[str, ...]) -> dict[str, object]:
    """The answer to the choice of a profile; `profiles` are those that are configured."""
    said: dict[str, object] = {"result": result, "profiles": list(profiles)}
    if result == "unknown_target":
        shown = ", ".join(profiles) or "none"
        said["error"] = f"there is no profile {one_line(str(name))}; known: {shown}"
    return said


def change_answer(answer: ConfigAnswer, language: Language) -> tuple[int, dict[str, object]]:
    """The answer to a change of the configuration: its number and its body."""
    body: dict[str, object] = {
        "result": answer.result.value,
        "reason": answer.reason.value or None,
        "details": [translated(each, language) for each in answer.details],
        "plan": dict(answer.plan),
    }
    if answer.result is ReloadResult.REFUSED:
        return _STATUS_OF_REASON.get(answer.reason, _REFUSED), body
    return _CREATED if answer.created else OK, body
