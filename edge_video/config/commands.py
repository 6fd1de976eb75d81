"""Declares the section of commands over the broker: on which exchange, and who may what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, model_validator

from edge_video.config.section import (
    Accepts,
    Conflict,
    Keys,
    Section,
    default,
    invalid,
    raise_conflicts,
)
from edge_video.config.types import ExchangeName, InSchema, Secret, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge_video.text.redact import Redactor

CommandName: TypeAlias = Literal[
    "all",
    "ping",
    "status",
    "snapshot",
    "start",
    "stop",
    "retry",
    "reset",
    "pause",
    "resume",
    "accept-picture",
    "add",
    "change",
    "remove",
    "enable",
    "disable",
    "profile",
    "reload",
    "retry-publisher",
    "drain",
    "rejoin",
]
"""What may be allowed; `edge_video.delivery.commands.catalog` says what each is."""

SHORTEST_KEY: Final = 32
_MAX_KEY: Final = 200
_MAX_NODE: Final = 100
_NODE: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{_MAX_NODE}}}")
_EVERY_NODE: Final = "all"
_PATTERN: Final = r"^([^*\s]+\*?|\*)$"
_KEY_IN_SCHEMA: Final = InSchema(pattern=rf"^(?:[!-~]{{{SHORTEST_KEY},{_MAX_KEY}}}|file:.+)$")


def _key(secret: SecretStr) -> SecretStr:
    key = secret.get_secret_value()
    if not SHORTEST_KEY <= len(key) <= _MAX_KEY:
        raise invalid(
            f"a key has {SHORTEST_KEY} to {_MAX_KEY} characters; openssl rand -hex 32 makes one"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise invalid("a key is made of ASCII letters, digits and signs, without spaces")
    return secret


def _pattern(text: str) -> str:
    if not re.fullmatch(_PATTERN, text):
        raise invalid("it is the id of a camera, how ids begin, like centro.*, or * for all")
    return text


class AllowConfig(Section):
    """What one sender may do. A sender is a user of the broker, or whoever signs with a key."""

    user: Text | None = None
    """A user of the broker, which vouches for it: the message's user_id."""
    key: Accepts[
        Annotated[Secret, AfterValidator(_key), _KEY_IN_SCHEMA] | None, SecretStr | str | None
    ] = default(None)
    """In place of `user`: what requests are signed with (HMAC-SHA256), 32 characters or more."""
    name: Text | None = None
    """What the key is called, in tokens and in the log."""
    commands: Accepts[
        tuple[
            CommandName,
            ...,
        ],
        Sequence[str],
    ]
    """The commands that it may give; all: every one."""
    cameras: Accepts[
        tuple[Annotated[str, AfterValidator(_pattern), InSchema(pattern=_PATTERN)], ...],
        Sequence[str],
    ] = default(("*",))
    """Of which cameras: their ids, or how ids begin, like centro.*; commands about the whole node
    need all of them."""

    @model_validator(mode="after")
    def _is_one_sender(self) -> Self:
        conflicts: list[Conflict] = []
        if (self.user is None) == (self.key is None):
            message = "set user or key: one of the two says who it is"
            conflicts.append(("user", ("user", "key"), message))
        elif self.key is not None and self.name is None:
            conflicts.append(("name", ("name", "key"), "a key needs a name, for tokens and log"))
        elif self.user is not None and self.name is not None:
            conflicts.append(("name", ("name", "user"), "a name is of a key; the user has one"))
        raise_conflicts(conflicts)
        return self


class CommandsConfig(Section):
    """Commands over the broker, for nodes that HTTP does not reach; off unless this is there."""

    exchange: ExchangeName = "edge-video.commands"
    """Topic exchange, durable; declared if it does not exist. None that carries frames or
    events."""
    allow: Accepts[
        Annotated[tuple[AllowConfig, ...], Field(json_schema_extra={"minItems": 1})],
        Sequence[AllowConfig | Keys],
    ]
    """Who may what; nobody else may anything."""

    def add_secrets(self, redactor: Redactor) -> None:
        """Let `redactor` mask the keys."""
        for each in self.allow:
            if each.key is not None:
                redactor.add_secret(each.key.get_secret_value())

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        if not self.allow:
            raise_conflicts([("allow", ("allow",), "it is empty: nobody could command anything")])
        first: dict[str, tuple[int, str]] = {}
        conflicts: list[Conflict] = []
        for number, each in enumerate(self.allow):
            if each.key is None or each.name is None:
                continue
            key = each.key.get_secret_value()
            earlier, known = first.setdefault(each.name, (number, key))
            if known != key:
                place, other = f"allow.{number}.name", f"allow.{earlier}.name"
                message = f"{each.name} is already the name of another key"
                conflicts.append((place, (place, other), message))
        raise_conflicts(conflicts)
        return self


def misplaced_commands(
    commands: CommandsConfig | None, exchanges: Iterable[str], node: str, *, has_broker: bool
) -> Iterator[Conflict]:
    """Yield what keeps a node from taking commands.

    Args:
        commands: the section; None: nothing does.
        exchanges: those of frames and events.
        node: the node's name.
        has_broker: whether frames go to the broker.
    """
    if commands is None:
        return
    if not has_broker:
        message = "commands come from the broker of the frames; they need sink: amqp"
        yield "commands", ("commands", "sink"), message
    if commands.exchange in exchanges:
        message = f"{commands.exchange} carries frames or events; commands need one of their own"
        yield "commands.exchange", ("commands.exchange", "amqp.exchange"), message
    if node == _EVERY_NODE or _NODE.fullmatch(node) is None:
        message = (
            f"with commands it is a part of routing keys: 1 to {_MAX_NODE} of the characters"
            f" A-Z a-z 0-9 . _ -, and not {_EVERY_NODE}"
        )
        yield "node", ("node", "commands"), message
