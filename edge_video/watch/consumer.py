"""Connects the watching consumer, with a bounded queue of its own, and reconnects for ever."""

from __future__ import annotations

import itertools
import re
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from edge_video.delivery.amqp.errors import describe_loss, describe_refusal
from edge_video.delivery.amqp.parameters import connection_parameters
from edge_video.delivery.amqp.tolerance import TolerantConnection
from edge_video.resilience.backoff import reconnect_delay_s
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.redact import Redactor
from edge_video.watch.foreign import headers_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.delivery.amqp.settings import AmqpSettings

QUEUE_FRAMES: Final = 300
QUEUE_BYTES: Final = 64 * 2**20
"""Of the consumer's own queue on the broker; beyond them the oldest frame goes."""

_PREFETCH: Final = 50
_POLL_S: Final = 0.2
_HEARTBEAT_S: Final = 10
_TCP_S: Final = 5.0
_CONNECT_S: Final = 10.0
_MAX_DELAY_S: Final = 5.0
_BIND_AGAIN_S: Final = 1.0
"""Between two bindings that are made again, one by one: an exchange that goes takes them along."""
_REFUSED: Final = 403
_NOT_FOUND: Final = 404
_REFUSALS: Final = {
    _REFUSED: "ACCESS_REFUSED: the user may not read from exchange '{exchange}'",
    _NOT_FOUND: "NOT_FOUND: exchange '{exchange}' has been deleted",
}
_NO_QUEUE: Final = (
    "ACCESS_REFUSED: the user may not make a queue of its own (configure, write and read on"
    " amq.gen*)"
)
_RESOURCE: Final = re.compile(r"\b(exchange|queue) '(.*?)'(?= in vhost '|$)")
"""What the broker refuses, in its own words."""
_MAX_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Binding:
    """What the queue is bound to."""

    exchange: str
    routing_key: str = "#"
    may_be_missing: bool = False
    """Nobody is told that there is no such exchange: it comes when somebody publishes to it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where to listen."""

    broker: AmqpSettings
    bindings: Sequence[Binding]
    tls: ssl.SSLContext | None = None
    likely: Sequence[str] = ()
    """Exchanges that may be meant where one of `bindings` does not exist."""
    others: Sequence[tuple[AmqpSettings, ssl.SSLContext | None]] = ()
    """Further nodes of the same cluster, each with its TLS; tried in turn."""
    name: str = "edge-video watch"
    """Of the connection, as the broker shows it."""
    queue_messages: int = QUEUE_FRAMES

    def next(self) -> Subscription:
        """The same on the next broker; on the same one where there is no other."""
        if not self.others:
            return self
        (broker, tls), *rest = self.others
        return replace(self, broker=broker, tls=tls, others=(*rest, (self.broker, self.tls)))

    @property
    def target(self) -> str:
        """The broker and the user name, without the password."""
        scheme, _, address = self.broker.target.partition("://")
        return f"{scheme}://{self.broker.username}@{address}"


class NoExchangeError(Exception):
    """There is none of the exchanges.

    Attributes:
        exchange: the one that was looked for, or all of them.
        likely: those of `Subscription.likely` that do exist.
    """

    def __init__(self, exchange: str, likely: Sequence[str]) -> None:
        super().__init__(exchange)
        self.exchange = exchange
        self.likely = likely


@dataclass(slots=True)
class Listener:
    """Called in the thread of `Consumer.run`, one at a time."""

    on_frame: Callable[[Mapping[str, Any], bytes], None]
    """Headers and body of whatever came; the headers are empty when it cannot be a frame."""
    on_connected: Callable[[], None]
    on_lost: Callable[[str, float], None]
    """Why, without the password, and seconds until the next try."""
    on_unheard: Callable[[str], None] = field(default=lambda _: None)
    """Why one of several exchanges is not heard, while others are; it is tried again. Once."""
    on_tick: Callable[[], None] = field(default=lambda: None)
    """About five times a second, connected or not."""


class Consumer:
    """Consumes until it is stopped, whatever the broker does.

    The queue is exclusive and deleted with the connection, at most `QUEUE_FRAMES` and
    `QUEUE_BYTES` long, and drops its oldest frames: watching never slows a broker down. It declares
    nothing else: an exchange is made by whoever publishes to it.

    Args:
        subscription: where to listen.
        listener: hears of frames and of the connection.
        on_message: called in place of `Listener.on_frame` where no frames are meant, with exchange,
            routing key and body.
    """

    def __init__(
        self,
        subscription: Subscription,
        listener: Listener,
        on_message: Callable[[str, str, bytes], None] | None = None,
    ) -> None:
        self._subscription = subscription
        self._listener = listener
        self._other = on_message
        self._bindings = _Bindings(subscription, listener)
        self._stop = threading.Event()
        self._was_connected = False

    def stop(self) -> None:
        """End `run` within a fraction of a second. Any thread, any signal handler."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def run(self) -> None:
        """Block until `stop`.

        Raises:
            NoExchangeError: it never existed, as far as this consumer knows. One that goes later is
                waited for.
        """
        failures = 0
        while not self._stop.is_set():
            try:
                failures = self._consume(failures)
            # pika's time-out of an attempt is no AMQPError.
            except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
                failures += 1
                self._wait_after(error, failures)
            except NoExchangeError as error:
                if not self._was_connected:
                    raise
                failures += 1
                gone = f"no exchange '{error.exchange}'"
                self._wait_after(pika.exceptions.ChannelClosedByBroker(_NOT_FOUND, gone), failures)

    def _wait_after(self, error: BaseException, failures: int) -> None:
        rounds = max(1, failures // (1 + len(self._subscription.others)))
        delay_s = max(0.5, reconnect_delay_s(rounds, 1.0, cap_s=_MAX_DELAY_S))
        self._listener.on_lost(describe_error(error, self._subscription), delay_s)
        self._subscription = self._subscription.next()
        waited_s = 0.0
        while waited_s < delay_s and not self._stop.wait(_POLL_S):
            waited_s += _POLL_S
            self._listener.on_tick()

    def _consume(self, failures: int) -> int:
        """One life of a connection; 0 when it was good for something."""
        connection = pika.BlockingConnection(self._parameters(), TolerantConnection)
        try:
            channel, queue = self._subscribe(connection)
            self._was_connected = True
            self._listener.on_connected()
            failures = 0
            while not self._stop.is_set():
                connection.process_data_events(time_limit=_POLL_S)
                if not channel.is_open:  # cancelled by the broker, or the queue is gone
                    raise pika.exceptions.ConnectionClosed(0, "the queue was deleted")
                self._bindings.make_again(connection, channel, queue, time.monotonic())
                self._listener.on_tick()
        finally:
            if connection.is_open:
                connection.close()
        return failures

    def _subscribe(self, connection: Any) -> tuple[Any, str]:
        channel = connection.channel()
        queue = channel.queue_declare(
            "",
            exclusive=True,
            auto_delete=True,
            arguments={
                "x-max-length": self._subscription.queue_messages,
                "x-max-length-bytes": QUEUE_BYTES,
                "x-overflow": "drop-head",
            },
        ).method.queue
        # One channel after the other: a user may be allowed no more. The queue stays.
        channel.close()
        self._bindings.make(connection, queue, time.monotonic())
        channel = connection.channel()
        channel.basic_qos(prefetch_count=_PREFETCH)
        channel.add_on_cancel_callback(lambda _frame: channel.close())
        channel.basic_consume(queue, self._on_message)
        return channel, queue

    def _on_message(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        if self._stop.is_set():
            pass
        elif self._other is not None:
            self._other(method.exchange, method.routing_key, body)
        else:
            self._listener.on_frame(headers_of(properties, body), body)
        channel.basic_ack(method.delivery_tag)

    def _parameters(self) -> pika.ConnectionParameters:
        return connection_parameters(
            self._subscription.broker,
            self._subscription.tls,
            name=self._subscription.name,
            heartbeat=_HEARTBEAT_S,
            socket_timeout_s=_TCP_S,
            stack_timeout_s=_CONNECT_S,
        )


def describe_error(error: BaseException, subscription: Subscription) -> str:
    """Why there is no connection, in one line without the password.

    The broker chose some of the words, which may quote anything.
    """
    broker = subscription.broker
    if isinstance(error, pika.exceptions.ChannelClosedByBroker):
        reason = _describe_refusal(error, subscription)
    else:
        reason = describe_loss(error, broker).reason
    all_of_them = [broker, *(each for each, _ in subscription.others)]
    logins = [(each.username, each.password) for each in all_of_them]
    clean = Redactor([password for _, password in logins], logins)
    return shorten(one_line(clean(reason)), _MAX_REASON)


def _describe_refusal(
    error: pika.exceptions.ChannelClosedByBroker, subscription: Subscription
) -> str:
    kind, name = _refused_resource(error)
    if kind == "queue" and error.reply_code == _REFUSED:
        return _NO_QUEUE
    if kind != "exchange":
        name = ", ".join(dict.fromkeys(each.exchange for each in subscription.bindings))
    reason = _REFUSALS.get(error.reply_code, "").format(exchange=name)
    return reason or describe_refusal(name, error.reply_code, error.reply_text)


def _refused_resource(error: pika.exceptions.ChannelClosedByBroker) -> tuple[str, str]:
    """The kind and the name of what the broker refuses; empty where it does not say so."""
    found = _RESOURCE.search(error.reply_text)
    return (found[1], found[2]) if found is not None else ("", "")


class _Bindings:
    """Makes the bindings, and again in turn: what exists stays as it is.

    The broker tells no consumer that an exchange was deleted, or made anew without its bindings.
    An exchange that is missing or refused is told once, unless no other is left: that is an error.
    """

    def __init__(self, subscription: Subscription, listener: Listener) -> None:
        self._subscription = subscription
        self._listener = listener
        self._turn = itertools.cycle(subscription.bindings)
        self._made_at_s = 0.0
        self._made: set[Binding] = set()
        self._told: dict[Binding, str] = {}
        """Why a binding is not made, as it was told."""

    def make(self, connection: Any, queue: str, now_s: float) -> None:
        """Make all that can be made.

        Raises:
            NoExchangeError: none of the exchanges exists.
            ChannelClosedByBroker: what exists is refused.
        """
        self._made_at_s = now_s
        self._made.clear()
        unmade = {}
        for each in dict.fromkeys(self._subscription.bindings):
            error = _bind(connection, queue, each)
            if error is None:
                self._is_made(each)
            else:
                unmade[each] = error
        if not self._made:
            self._give_up(connection, unmade)
        for each, error in unmade.items():
            self._is_unmade(each, error, is_new=True)

    def make_again(self, connection: Any, channel: Any, queue: str, now_s: float) -> None:
        """Make one that is due, on a channel of its own where others are to go on."""
        if now_s - self._made_at_s < _BIND_AGAIN_S:
            return
        self._made_at_s = now_s
        each = next(self._turn)
        if self._made == {each}:
            channel.queue_bind(queue, each.exchange, each.routing_key)
            return
        error = _bind(connection, queue, each)
        if error is None:
            self._is_made(each)
        else:
            self._is_unmade(each, error, is_new=False)

    def _is_made(self, binding: Binding) -> None:
        self._made.add(binding)
        self._told.pop(binding, None)

    def _is_unmade(
        self, binding: Binding, error: pika.exceptions.ChannelClosedByBroker, *, is_new: bool
    ) -> None:
        self._made.discard(binding)
        if binding in self._told:
            return
        if binding.may_be_missing and error.reply_code == _NOT_FOUND:
            return
        reason = describe_error(error, self._subscription)
        if is_new and error.reply_code == _NOT_FOUND:
            reason = f"NOT_FOUND: exchange '{one_line(binding.exchange)}' does not exist"
        if reason not in self._told.values():
            self._listener.on_unheard(reason)
        self._told[binding] = reason

    def _give_up(
        self, connection: Any, unmade: dict[Binding, pika.exceptions.ChannelClosedByBroker]
    ) -> None:
        for error in unmade.values():
            if error.reply_code != _NOT_FOUND:
                raise error
        looked_for = dict.fromkeys(each.exchange for each in unmade if not each.may_be_missing)
        likely = [each for each in self._subscription.likely if each not in looked_for]
        raise NoExchangeError(
            ", ".join(looked_for), [each for each in likely if _exists(connection, each)]
        )


def _bind(
    connection: Any, queue: str, binding: Binding
) -> pika.exceptions.ChannelClosedByBroker | None:
    """Bind on a channel of its own; why the exchange cannot be bound, if it cannot.

    Raises:
        ChannelClosedByBroker: it is the queue that is refused, or gone.
    """
    channel = connection.channel()
    try:
        channel.queue_bind(queue, binding.exchange, binding.routing_key)
    except pika.exceptions.ChannelClosedByBroker as error:
        if _refused_resource(error)[0] == "queue":
            raise
        return error
    channel.close()
    return None


def _exists(connection: Any, exchange: str) -> bool:
    """Whether there is such an exchange, of whatever type; asked on a channel of its own."""
    channel = connection.channel()
    try:
        channel.exchange_declare(exchange, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    channel.close()
    return True
