"""Asks nodes over the broker, and waits for what they answer; for the command line and programs."""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from edge_video.delivery.amqp.errors import describe_loss, describe_refusal
from edge_video.delivery.amqp.parameters import connection_parameters
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.delivery.commands.catalog import EVERY_NODE, PING
from edge_video.delivery.commands.entrance import TOKEN_HEADER
from edge_video.delivery.commands.request import DIRECT_REPLY
from edge_video.delivery.commands.timeliness import MAX_LIFETIME_S
from edge_video.delivery.commands.tokens import Claims, body_hash, signed
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edge_video.delivery.amqp.settings import AmqpSettings

_CONNECT_S: Final = 10.0
_LEAST_S: Final = 1.0
"""So long a broker may take to let us in, however short the time is that is left."""
_HEARTBEAT_S: Final = 10
_GRACE_S: Final = 0.5
"""So much later than asked for a broker is given up that answers nothing, not even a goodbye."""
_NOT_FOUND: Final = 404
_REFUSED: Final = 403
_MAX_REASON: Final = 300
_BLOCKED: Final = "the broker takes no messages: its memory or disk is short"
_MS: Final = 1000


class NobodyThereError(Exception):
    """No node of this name takes commands on this exchange."""


class CannotAskError(Exception):
    """The broker is not reached, or refuses the question; the message has no password."""


class BusyError(Exception):
    """So many requests wait for the node that the broker takes no further one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What requests are signed with."""

    name: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a node.

    Attributes:
        node: its name; `all`: every node.
        command: its name.
        body: its arguments, as JSON.
        message_id: the request's id; the same one again is answered as the first time.
    """

    node: str
    command: str
    body: bytes = field(default=b"", repr=False)
    message_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node has answered.

    Attributes:
        node: its name, as it says it.
        status: a number as HTTP has it.
        content_type: of the body.
        body: JSON, or an image.
        headers: what else it says of the body.
    """

    node: str
    status: int
    content_type: str
    body: bytes = field(repr=False)
    headers: Mapping[str, Any]


class CommandClient:
    """Asks over one connection of its own; one thread.

    Answers come by the broker's direct reply-to: nothing is declared, so its user needs no more
    than to write to the exchange of the commands.

    Args:
        brokers: the nodes of one cluster, tried in turn.
        exchange: on which commands are taken.
        key: signs what is asked; None: the broker's user stands for it.
    """

    def __init__(
        self, brokers: Sequence[AmqpSettings], exchange: str, key: Key | None = None
    ) -> None:
        self._brokers = brokers
        self._exchange = exchange
        self._key = key

    def ask(self, question: Question, timeout_s: float) -> Reply:
        """The node's answer.

        Args:
            question: what is asked.
            timeout_s: for all of it; but each broker that is tried has a second at the least, and
                one that falls silent meanwhile half a second more.

        Raises:
            NobodyThereError: no node of this name takes commands.
            BusyError: too many requests wait for it.
            CannotAskError: the broker is not reached, or refuses.
            TimeoutError: no answer in time; the command may still be carried out.
        """
        for reply in self._replies(question, timeout_s):
            return reply
        raise TimeoutError

    def ask_all(self, timeout_s: float) -> list[Reply]:
        """The answers of all nodes that there are to `ping`, in this time; by their names.

        Raises:
            BusyError: as of `ask`; so is the next one.
            CannotAskError, TimeoutError: as of `ask`; that nobody answers is no error.
        """
        try:
            replies = list(self._replies(Question(EVERY_NODE, PING), timeout_s))
        except NobodyThereError:
            return []
        return sorted(replies, key=lambda each: each.node)

    def _replies(self, question: Question, timeout_s: float) -> Iterator[Reply]:
        ends_at_s = time.monotonic() + timeout_s
        settings, connection = self._connected(ends_at_s)
        _give_up(connection, ends_at_s + _GRACE_S)
        try:
            yield from self._asked(connection, settings, question, ends_at_s)
        except TimeoutError:  # else it would be taken for any OSError
            raise
        except pika.exceptions.UnroutableError:
            raise NobodyThereError(question.node) from None
        except pika.exceptions.NackError:
            raise BusyError from None
        except pika.exceptions.ConnectionBlockedTimeout:
            raise TimeoutError(_BLOCKED) from None
        except pika.exceptions.ChannelClosedByBroker as error:
            raise CannotAskError(_cleaned(self._refusal(error), settings)) from None
        except (pika.exceptions.AMQPError, OSError) as error:
            raise CannotAskError(
                _cleaned(describe_loss(error, settings).reason, settings)
            ) from None
        finally:
            _leave(connection)

    def _connected(self, ends_at_s: float) -> tuple[AmqpSettings, Any]:
        reason = ""
        for settings in self._brokers:
            left_s = max(_LEAST_S, ends_at_s - time.monotonic())
            try:
                return settings, pika.BlockingConnection(_parameters(settings, left_s))
            # pika's time-out of an attempt is no AMQPError.
            except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
                reason = _cleaned(describe_loss(error, settings).reason, settings)
        raise CannotAskError(reason)

    def _asked(
        self, connection: Any, settings: AmqpSettings, question: Question, ends_at_s: float
    ) -> Iterator[Reply]:
        channel, replies = connection.channel(), list[Reply]()
        channel.basic_consume(DIRECT_REPLY, _into(replies, question.message_id), auto_ack=True)
        channel.confirm_delivery()
        self._publish(channel, settings, question, ends_at_s)
        while (left_s := ends_at_s - time.monotonic()) > 0:
            connection.process_data_events(time_limit=left_s)
            while replies:
                yield replies.pop(0)

    def _publish(
        self, channel: Any, settings: AmqpSettings, question: Question, ends_at_s: float
    ) -> None:
        lifetime_s = min(MAX_LIFETIME_S, max(0.1, ends_at_s - time.monotonic()))
        now_s = time.time()
        headers: dict[str, Any] = {
            "sent_at_ms": int(now_s * _MS),
            "expires_at_ms": int((now_s + lifetime_s) * _MS),
        }
        if self._key is not None:
            claims = Claims(
                question.node,
                question.command,
                question.message_id,
                now_s,
                now_s + lifetime_s,
                body_hash(question.body),
            )
            headers[TOKEN_HEADER] = signed(claims, self._key.name, self._key.key)
        properties = pika.BasicProperties(
            content_type="application/json",
            message_id=question.message_id,
            correlation_id=question.message_id,
            reply_to=DIRECT_REPLY,
            user_id=settings.username,
            expiration=str(max(1, int(lifetime_s * _MS))),
            headers=headers,
        )
        key = f"{question.node}.{question.command}"
        channel.basic_publish(self._exchange, key, question.body, properties, mandatory=True)

    def _refusal(self, error: pika.exceptions.ChannelClosedByBroker) -> str:
        exchange = one_line(self._exchange)
        if error.reply_code == _NOT_FOUND:
            return f"there is no exchange {exchange}: no node takes commands on it"
        if error.reply_code == _REFUSED:
            return f"the broker does not let this user write this to exchange {exchange}"
        return describe_refusal(self._exchange, error.reply_code, error.reply_text)


def _give_up(connection: Any, at_s: float) -> None:
    """Have the connection end then: by itself pika waits for any answer until the heartbeat."""
    inner = connection._impl  # noqa: SLF001 - no public way

    def end() -> None:
        if not inner.is_closed:
            inner._terminate_stream(TimeoutError())  # noqa: SLF001 - as pika's heartbeat does

    inner._adapter_call_later(max(0.0, at_s - time.monotonic()), end)  # noqa: SLF001 - as above


def _leave(connection: Any) -> None:
    """Say goodbye, if anybody is there; a broker that blocks publishers does not hear it."""
    if connection.is_open:
        _give_up(connection, time.monotonic() + _GRACE_S)
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            connection.close()


def _into(replies: list[Reply], known_by: str) -> Callable[[Any, Any, Any, bytes], None]:
    def received(_channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        headers = properties.headers or {}
        node, status = headers.get("node"), headers.get("status")
        if properties.correlation_id == known_by and isinstance(status, int):
            kind = str(properties.content_type)
            replies.append(Reply(one_line(str(node)), status, kind, body, headers))

    return received


def _parameters(settings: AmqpSettings, left_s: float) -> pika.ConnectionParameters:
    return connection_parameters(
        settings,
        None if settings.tls is None else make_tls_context(settings.tls),
        name="edge-video ctl",
        heartbeat=_HEARTBEAT_S,
        socket_timeout_s=min(_CONNECT_S / 2, left_s),
        stack_timeout_s=min(_CONNECT_S, left_s),
        blocked_timeout_s=left_s,
    )


def _cleaned(reason: str, settings: AmqpSettings) -> str:
    clean = Redactor([settings.password], [(settings.username, settings.password)])
    return shorten(one_line(clean(reason)), _MAX_REASON)
