"""Asks a supervisor for the commands that operators have, from a thread that is no actor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.lease_messages import DrainNode, RejoinNode
from edge_video.actors.liveness_messages import AcceptPicture
from edge_video.actors.messages import (
    ForceOpen,
    ResetBreaker,
    ResumeCamera,
    RetryNow,
    RetryPublisher,
    StartCamera,
    StopCamera,
)
from edge_video.actors.reload_messages import SetProfile
from edge_video.frames import CameraId

if TYPE_CHECKING:
    from edge_video.actors.audit import Command
    from edge_video.actors.lease_messages import NodeCommand
    from edge_video.actors.messages import CameraCommand, CommandAnswer

_ASK_S: Final = 3.0

_COMMANDS: Final[dict[str, type[CameraCommand | AcceptPicture]]] = {
    "accept-picture": AcceptPicture,
    "start": StartCamera,
    "stop": StopCamera,
    "retry": RetryNow,
    "reset": ResetBreaker,
    "pause": ForceOpen,
    "resume": ResumeCamera,
    "force-open": ForceOpen,
}
_OF_NODE: Final[dict[str, type[NodeCommand]]] = {"drain": DrainNode, "rejoin": RejoinNode}


class CommandRequests:
    """A `CommandHandler`: asks the supervisor, and waits for three seconds at most.

    Args:
        supervisor: whose system it is.
    """

    def __init__(self, supervisor: pykka.ActorRef[Any] | None) -> None:
        self._supervisor = supervisor

    def __call__(self, action: str, target: str | None, origin: str) -> tuple[str, float | None]:
        """See `CommandHandler`."""
        if self._supervisor is None:
            raise RuntimeError("there is no supervisor")
        command = _command(action, target, origin)
        try:
            answer: CommandAnswer = self._supervisor.ask(command, block=True, timeout=_ASK_S)
        except pykka.Timeout:
            raise TimeoutError from None
        except pykka.ActorDeadError as dead:
            raise RuntimeError(str(dead)) from None
        return answer.result.value, answer.retry_in_s


def _command(action: str, target: str | None, origin: str) -> Command:
    """The message of an action; its target is a camera, a profile, or None."""
    if action == "profile":
        return SetProfile(target, origin)
    if action in _OF_NODE:
        return _OF_NODE[action](origin)
    return RetryPublisher(origin) if target is None else _COMMANDS[action](CameraId(target), origin)
