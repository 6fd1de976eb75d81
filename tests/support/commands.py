"""Nodes that take commands over the tests' broker, and who asks them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.delivery.commands.client import (
    CannotAskError,
    CommandClient,
    Key,
    NobodyThereError,
    Question,
    Reply,
)
from edge_video.testing import eventually

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

KEY = "k" * 40


def settings_of(broker: RabbitNode, user: str = "guest") -> AmqpSettings:
    """Where the broker is; the users of the tests have their names as passwords."""
    return AmqpSettings(broker.host, broker.port, "/", user, user, node="")


@dataclass
class Asked:
    """Asks one node, and keeps nothing."""

    client: CommandClient
    node: str
    timeout_s: float = 20.0
    last: Reply | None = field(default=None, repr=False)

    def __call__(self, command: str, *, message_id: str = "", **arguments: Any) -> tuple[int, Any]:
        """The number of an answer, and its body as Python has it."""
        body = json.dumps(arguments).encode() if arguments else b""
        question = Question(self.node, command, body)
        if message_id:
            question = Question(self.node, command, body, message_id)
        self.last = self.client.ask(question, self.timeout_s)
        if self.last.content_type != "application/json":
            return self.last.status, self.last.body
        return self.last.status, json.loads(self.last.body)


def asking(
    broker: RabbitNode, exchange: str, node: str, user: str = "guest", key: Key | None = None
) -> Asked:
    """Who asks as this user of the broker."""
    return Asked(CommandClient([settings_of(broker, user)], exchange, key), node)


def commands_section(broker: RabbitNode, exchange: str, *allow: dict[str, Any]) -> dict[str, Any]:
    """What a configuration needs for commands; guest may everything unless others are named."""
    allowed = allow or ({"user": "guest", "commands": ["all"]},)
    return {
        "sink": "amqp",
        "amqp": {"url": broker.url()},
        "commands": {"exchange": exchange, "allow": list(allowed)},
    }


def wait_until_taken(ask: Asked) -> None:
    """Until the node answers, if only that it may not be asked."""

    def is_there() -> bool:
        try:
            ask("ping")
        except (NobodyThereError, CannotAskError):
            return False
        return True

    eventually(is_there, timeout_s=20)
