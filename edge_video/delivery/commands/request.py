"""Reads a request as it comes from the broker, and says what is wrong with one. Pure.

docs/commands.md is the contract: a request's command is in its routing key (`NODE.COMMAND`), where
the broker itself can restrict it, and its arguments are a JSON object in its body.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from edge_video.delivery.commands.catalog import COMMANDS, EVERY_NODE, PING
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.delivery.commands.permissions import Principal

MAX_BODY: Final = 64 * 1024
MAX_ANSWER: Final = 2 * 2**20
"""Bytes; it travels on the connection of everything that is no frame."""
_MAX_ID: Final = 64
_SHOWN: Final = 64

DIRECT_REPLY: Final = "amq.rabbitmq.reply-to"
_REPLY_TO: Final = re.compile(r"(amq\.rabbitmq\.reply-to|amq\.gen|edge-video\.replies)[-.].{1,200}")
"""Where answers may go. Anywhere else, a sender could have this node write into foreign queues."""


class Reason(StrEnum):
    """Why a request is refused; public."""

    BAD_REQUEST = "bad_request"
    UNKNOWN_COMMAND = "unknown_command"
    UNKNOWN_SENDER = "unknown_sender"
    """The message says not, or not truly, who sends it."""
    FORBIDDEN = "forbidden"
    EXPIRED = "expired"
    CLOCK_SKEW = "clock_skew"
    """The clocks of sender and node are too far apart to say whether it has expired."""
    BEFORE_START = "before_start"
    """It was sent before the node has started, which may have done it already and forgotten."""
    ID_USED = "id_used"
    """The message's id was that of another request."""
    REPEATED = "repeated"
    """It was carried out already, and its answer is not known any more."""
    UNKNOWN_CAMERA = "unknown_camera"
    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"
    BUSY = "busy"
    LATE = "late"
    """The supervisor did not answer in time; the command may still be carried out."""
    STOPPING = "stopping"


_NUMBERS: Final = {
    Reason.BAD_REQUEST: 400,
    Reason.UNKNOWN_COMMAND: 400,
    Reason.UNKNOWN_SENDER: 401,
    Reason.FORBIDDEN: 403,
    Reason.UNKNOWN_CAMERA: 404,
    Reason.EXPIRED: 408,
    Reason.CLOCK_SKEW: 408,
    Reason.BEFORE_START: 408,
    Reason.ID_USED: 409,
    Reason.REPEATED: 409,
    Reason.NO_PICTURE: 409,
    Reason.TOO_LARGE: 413,
    Reason.BUSY: 503,
    Reason.STOPPING: 503,
    Reason.LATE: 504,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with.

    Attributes:
        status: a number as HTTP has it.
        body: JSON, or an image.
        content_type: of the body.
        headers: what is to be known of a picture.
        result: what became of the request, in a word for the log.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, int] = field(default_factory=dict)
    result: str = "done"

    @classmethod
    def of(cls, status: int, body: Mapping[str, object], result: str = "done") -> Answer:
        """An answer in JSON."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return cls(status, text.encode(), result=result)


class Refusal(Exception):  # noqa: N818 - no error of the program: an answer
    """A request is refused; the message is fit to be shown.

    Attributes:
        reason: why.
        more: further values of the answer.
    """

    def __init__(self, reason: Reason, message: str, **more: object) -> None:
        super().__init__(message)
        self.reason = reason
        self.more = more

    @property
    def answer(self) -> Answer:
        """How it is told to the sender."""
        reason = self.reason.value
        body = {"error": str(self), "reason": reason, **self.more}
        return Answer.of(_NUMBERS[self.reason], body, reason)


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where an answer goes, and what its reader knows it by."""

    queue: str
    correlation_id: str

    @property
    def is_direct(self) -> bool:
        """Whether it is the broker's own reply-to, of which nothing is returned."""
        return self.queue.startswith(DIRECT_REPLY)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the broker hands it over; every value is the sender's, but for `user_id`."""

    routing_key: str
    body: bytes = field(repr=False)
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    user_id: str | None = None
    """The broker has closed the channel of a sender with another name."""
    expiration: str | None = None
    """How long the message may wait at the broker, in milliseconds."""
    headers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reply_address(self) -> ReplyAddress | None:
        """Where an answer may go; None: nowhere."""
        if self.reply_to is None or not _REPLY_TO.fullmatch(self.reply_to):
            return None
        # Not cut: it had room in a message, and would say nothing to its reader otherwise.
        return ReplyAddress(self.reply_to, self.correlation_id or self.message_id or "")

    @property
    def command(self) -> str:
        """The last word of the routing key."""
        return self.routing_key.rpartition(".")[2]

    @property
    def node(self) -> str:
        """To whom it is addressed: all before the last word of the routing key."""
        return self.routing_key.rpartition(".")[0]

    @property
    def is_for_every_node(self) -> bool:
        """Whether it is addressed to no node of its own."""
        return self.node == EVERY_NODE


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may be carried out."""

    command: str
    principal: Principal
    message_id: str
    arguments: Mapping[str, Any] = field(repr=False)
    """May have secrets: those of a camera."""

    @property
    def camera(self) -> str | None:
        """Of which camera it is; None: of none."""
        return self.arguments.get("camera")

    @property
    def is_action(self) -> bool:
        """Whether it changes something."""
        return COMMANDS[self.command].is_action


def require_command(delivery: Delivery) -> str:
    """The command of a message.

    Raises:
        Refusal: there is none of this name, or it is not for every node at once.
    """
    command = delivery.command
    if command not in COMMANDS:
        shown = shorten(one_line(command), _SHOWN)
        raise Refusal(
            Reason.UNKNOWN_COMMAND, f"there is no command {shown}; known: {', '.join(COMMANDS)}"
        )
    if delivery.is_for_every_node and command != PING:
        raise Refusal(Reason.BAD_REQUEST, f"every node at once may be asked for {PING} only")
    return command


def require_message_id(delivery: Delivery) -> str:
    """The id of a message, by which a repetition is known.

    Raises:
        Refusal: it has none, or one that is too long.
    """
    message_id = delivery.message_id or ""
    if not 1 <= len(message_id) <= _MAX_ID:
        raise Refusal(Reason.BAD_REQUEST, f"message_id must have 1 to {_MAX_ID} characters")
    return message_id


def arguments_of(command: str, body: bytes) -> dict[str, Any]:
    """The arguments in a body, each of the type that it must have.

    Raises:
        Refusal: it is no JSON object, or not of this command's arguments.
    """
    if len(body) > MAX_BODY:
        raise Refusal(Reason.TOO_LARGE, f"the body has more than {MAX_BODY // 1024} KiB")
    spec = COMMANDS[command]
    given = _object_in(body)
    for name in given:
        if name not in spec.arguments:
            known = ", ".join(spec.arguments) or "none"
            shown = shorten(one_line(str(name)), _SHOWN)
            raise Refusal(Reason.BAD_REQUEST, f"{command} has no argument {shown}; known: {known}")
    for name in sorted(spec.needed - given.keys()):
        raise Refusal(Reason.BAD_REQUEST, f"{command} needs the argument {name}")
    for name, value in given.items():
        kinds = spec.arguments[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Refusal(Reason.BAD_REQUEST, f"{name} is not of the right type")
    return given


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refusal(Reason.BAD_REQUEST, "the body is no JSON object")
    return value
