"""Notes who asked for a command and what came of it: in the log, and in the page's timeline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_video.actors.base import tell
from edge_video.actors.lease_messages import DrainNode, NodeCommand, RejoinNode
from edge_video.actors.liveness_messages import AcceptPicture
from edge_video.actors.messages import (
    CameraCommand,
    CommandAnswer,
    CommandExecuted,
    ForceOpen,
    ResetBreaker,
    ResumeCamera,
    RetryNow,
    RetryPublisher,
    StartCamera,
    StopCamera,
)
from edge_video.actors.reload_messages import SetProfile
from edge_video.config.profiles import NO_PROFILE
from edge_video.log.events import LogEvent, log_event
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    import pykka

_log = logging.getLogger(__name__)

Command: TypeAlias = CameraCommand | RetryPublisher | SetProfile | AcceptPicture | NodeCommand

_NAMES: Final[dict[type[Command], str]] = {
    StartCamera: "start",
    StopCamera: "stop",
    RetryNow: "retry",
    ResetBreaker: "reset",
    ForceOpen: "pause",
    ResumeCamera: "resume",
    RetryPublisher: "retry_publisher",
    SetProfile: "profile",
    AcceptPicture: "accept_picture",
    DrainNode: "drain",
    RejoinNode: "rejoin",
}
_OF_NODE: Final = (_NAMES[DrainNode], _NAMES[RejoinNode])
_OF_NO_CAMERA: Final = (RetryPublisher, SetProfile, DrainNode, RejoinNode)
_MAX_ORIGIN: Final = 160
_MAX_ID: Final = 64


def audited(
    command: Command,
    answer: CommandAnswer,
    http: pykka.ActorRef[Any] | None,
) -> CommandAnswer:
    """The answer to a command, after the log and the HTTP actor were told of both."""
    done = CommandExecuted(
        command=_NAMES[type(command)],
        camera_id=None if isinstance(command, _OF_NO_CAMERA) else command.camera_id,
        origin=shorten(one_line(command.origin), _MAX_ORIGIN),
        result=answer.result,
        profile=_profile_of(command),
    )
    log_event(
        _log,
        LogEvent.COMMAND_EXECUTED,
        target=_target(done),
        command=done.command,
        origin=done.origin,
        result=done.result.value,
        held_back=0,
    )
    tell(http, done)
    return answer


def _profile_of(command: Command) -> str | None:
    if not isinstance(command, SetProfile):
        return None
    return NO_PROFILE if command.name is None else shorten(one_line(command.name), _MAX_ID)


def _target(done: CommandExecuted) -> str:
    """What the log names: a camera, the publisher, or the profile that was asked for."""
    if done.profile is not None:
        return done.profile
    if done.command in _OF_NODE:
        return "node"
    return "publisher" if done.camera_id is None else shorten(one_line(done.camera_id), _MAX_ID)
