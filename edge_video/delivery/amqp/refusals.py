"""Reads what a broker refused from the code and text with which it closed a channel. Pure.

The texts are RabbitMQ's, 3.8 to 4.x. They are cut at 255 bytes, so a name in one may be incomplete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_SIZES: Final = re.compile(r"message size (\d+) is larger than (?:configured )?max size (\d+)")
_TOPIC: Final = "access to topic '"
_AFTER_TOPIC: Final = "' in exchange '"
_CUT: Final = "..."
_ARGUMENT: Final = re.compile(
    r"inequivalent arg '(?P<name>[^']*)'.*?but current is (?:the value )?'*(?P<value>[^']*)"
)


class RefusalKind(Enum):
    """What was refused."""

    SIZE = auto()
    """One message, because it is too large."""
    TOPIC = auto()
    """One routing key of the exchange."""
    EXCHANGE = auto()
    """The exchange, whatever is published to it."""
    MISSING = auto()
    """The exchange does not exist."""
    UNLIKE = auto()
    """Declaring the exchange: it exists, and is another kind of exchange."""
    OTHER = auto()
    """Something that the broker's text does not name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the broker closed a channel."""

    kind: RefusalKind
    reason: str
    """For an operator; may quote the broker."""
    limit: int | None = None
    """Bytes of the largest message that the broker takes, if it was said."""
    routing_key: str = ""
    key_is_cut: bool = False
    is_internal: bool = False
    """Whether the exchange takes messages of other exchanges only, from whichever user."""
    difference: str = ""
    """How an existing exchange differs from a durable topic exchange, as `name=value`."""

    @property
    def names_a_frame(self) -> bool:
        """Whether it is one message, or one kind of message, that was refused."""
        if self.kind is RefusalKind.SIZE:
            return self.limit is not None
        return self.kind is RefusalKind.TOPIC

    def concerns(self, routing_key: str, size: int) -> bool:
        """Whether a message may be the one that was refused; any may, if nothing was named."""
        match self.kind:
            case RefusalKind.SIZE:
                return self.limit is None or size > self.limit
            case RefusalKind.TOPIC:
                if self.key_is_cut:
                    return routing_key.startswith(self.routing_key)
                return routing_key == self.routing_key
            case _:
                return True


def read_refusal(exchange: str, code: int, text: str) -> Refusal:
    """Understand `channel.close`, as it came on the channel of this exchange."""
    match code:
        case 403:
            return _read_403(exchange, text)
        case 404:
            return Refusal(RefusalKind.MISSING, f"NOT_FOUND: exchange '{exchange}' does not exist")
        case 311 | 406:
            return _read_406(exchange, code, text)
        case _:
            return Refusal(RefusalKind.OTHER, f"exchange '{exchange}': {text or code}")


def _read_403(exchange: str, text: str) -> Refusal:
    _, found, rest = text.partition(_TOPIC)
    if found:
        key, whole, _ = rest.rpartition(_AFTER_TOPIC)
        key = key if whole else rest.removesuffix(_CUT)
        shown = key if whole else f"{key}…"
        return Refusal(
            RefusalKind.TOPIC,
            f"ACCESS_REFUSED: the user may not write to routing key '{shown}' of exchange"
            f" '{exchange}' (topic permissions)",
            routing_key=key,
            key_is_cut=not whole,
        )
    if "internal exchange" in text:
        reason = f"ACCESS_REFUSED: exchange '{exchange}' is internal, no client may write to it"
        return Refusal(RefusalKind.EXCHANGE, reason, is_internal=True)
    reason = f"ACCESS_REFUSED: the user may not declare or write to exchange '{exchange}'"
    return Refusal(RefusalKind.EXCHANGE, reason)


def _read_406(exchange: str, code: int, text: str) -> Refusal:
    sizes = _SIZES.search(text)
    if sizes is not None:
        size, limit = int(sizes[1]), int(sizes[2])
        return Refusal(
            RefusalKind.SIZE,
            f"PRECONDITION_FAILED: a frame of {size} bytes is larger than the broker takes"
            f" (its max_message_size is {limit} bytes)",
            limit=limit,
        )
    if code == 311:  # noqa: PLR2004 - AMQP's CONTENT_TOO_LARGE
        reason = f"CONTENT_TOO_LARGE: a frame is larger than the broker takes ({text})"
        return Refusal(RefusalKind.SIZE, reason)
    found = _ARGUMENT.search(text)
    if found is not None:
        difference = f"{found['name']}={found['value'].strip()}"
        reason = (
            f"PRECONDITION_FAILED: exchange '{exchange}' exists, but not as a durable topic"
            f" exchange ({difference})"
        )
        return Refusal(RefusalKind.UNLIKE, reason, difference=difference)
    return Refusal(RefusalKind.OTHER, f"exchange '{exchange}': {text or code}")
