"""Models a quorum queue with a single active consumer, as far as leases can see it.

From the sources of RabbitMQ (`rabbit_fifo.erl`) and its documentation of quorum queues. A held
message goes back to the front of the queue; the next consumer is the one that subscribed first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.resilience.cluster import Token

PREFETCH: Final = 16
MAX_LENGTH: Final = 8
"""`x-max-length` with `x-overflow: reject-publish`: what is in the queue stays."""
CONSUMER_TIMEOUT_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class BrokerRules:
    """What differs between the versions of RabbitMQ.

    Attributes:
        version: which one it is.
        unreachable_s: how long a consumer whose broker node is unreachable stays the active one
            (`x-consumer-disconnected-timeout`, as the leases set it).
        delivery_limit: a message that went back more often is dropped; None: never.
        counts_returns: whether a message given back by its consumer counts for that.
    """

    version: str
    unreachable_s: float
    delivery_limit: int | None
    counts_returns: bool


RULES: Final = (
    BrokerRules("3.10", 0.0, None, counts_returns=True),
    BrokerRules("4.0", 0.0, 20, counts_returns=True),
    BrokerRules("4.3", 5.0, 20, counts_returns=False),
)


@dataclass(slots=True)
class Message:
    """One message in the queue, or held by a consumer."""

    number: int
    token: Token
    returns: int = 0


@dataclass(slots=True)
class Consumer:
    """A subscription: of which connection, which of its subscriptions, what it holds since when."""

    connection: int
    number: int
    is_cancelled: bool = False
    is_reachable: bool = True
    unreachable_since_s: float = 0.0
    held: dict[int, tuple[Message, float]] = field(default_factory=dict)


class QuorumQueue:
    """The queue of one camera; `deliver` is called with what it hands out."""

    def __init__(
        self, rules: BrokerRules, deliver: Callable[[Consumer, Message, int], None]
    ) -> None:
        self._rules = rules
        self._deliver = deliver
        self._ready: list[Message] = []
        self._line: list[Consumer] = []
        self._active: Consumer | None = None
        self._cancelled: list[Consumer] = []
        self._published = 0
        self._delivered = 0
        self.dropped = 0

    @property
    def tokens(self) -> int:
        """How many messages there are, held ones included."""
        return len(self._ready) + sum(len(each.held) for each in self._consumers())

    def oldest_held(self) -> tuple[int, float] | None:
        """The connection that has held a message for the longest time, and since when."""
        held = [(at, each.connection) for each in self._consumers() for _, at in each.held.values()]
        return (min(held)[1], min(held)[0]) if held else None

    def publish(self, token: Token, now: float) -> bool:
        """Take a message in, or refuse it."""
        if len(self._ready) >= MAX_LENGTH:
            return False
        self._published += 1
        self._ready.append(Message(self._published, token))
        self._hand_out(now)
        return True

    def subscribe(self, connection: int, number: int, now: float) -> None:
        """Put a consumer at the end of the line."""
        self._line.append(Consumer(connection, number))
        self._hand_out(now)

    def cancel(self, connection: int, now: float) -> None:
        """Take the consumers of a connection out of the line; what they hold stays held."""
        for consumer in self._of(connection):
            if not consumer.is_cancelled:
                consumer.is_cancelled = True
                self._leave(consumer)
                self._cancelled.append(consumer)
        self._hand_out(now)

    def settle(self, connection: int, tag: int, now: float, *, requeue: bool) -> None:
        """Acknowledge a held message, or give it back; an unknown one is ignored."""
        for consumer in self._of(connection):
            held = consumer.held.pop(tag, None)
            if held is not None and requeue:
                self._give_back([held[0]], counts=self._rules.counts_returns)
        self._cancelled = [each for each in self._cancelled if each.held]
        self._hand_out(now)

    def closed(self, connection: int, now: float) -> None:
        """Take back what a connection held: it is closed."""
        for consumer in self._of(connection):
            self._leave(consumer)
            self._give_back([each for each, _ in consumer.held.values()], counts=True)
            consumer.held.clear()
        self._cancelled = [each for each in self._cancelled if each.connection != connection]
        self._hand_out(now)

    def unreachable(self, connection: int, now: float) -> None:
        """The broker node of a connection is out of reach; see `BrokerRules.unreachable_s`."""
        for consumer in self._of(connection):
            consumer.is_reachable = False
            consumer.unreachable_since_s = now
        self.look(now)

    def reachable(self, connection: int, now: float) -> None:
        """The broker node is back: its consumers wait in the line, or are active still."""
        for consumer in self._of(connection):
            consumer.is_reachable = True
        self._hand_out(now)

    def look(self, now: float) -> None:
        """Demote an active consumer that has been out of reach for too long."""
        active = self._active
        if active is None or active.is_reachable:
            return
        if now - active.unreachable_since_s < self._rules.unreachable_s:
            return
        self._leave(active)
        self._line.append(active)
        self._give_back([each for each, _ in active.held.values()], counts=True)
        active.held.clear()
        self._hand_out(now)

    def delete(self) -> None:
        """Drop everything, consumers included; who subscribes next declares it anew."""
        self._ready.clear()
        self._line.clear()
        self._cancelled.clear()
        self._active = None

    def purge(self) -> None:
        """Drop all messages that nobody holds."""
        self._ready.clear()

    def _of(self, connection: int) -> list[Consumer]:
        return [each for each in self._consumers() if each.connection == connection]

    def _consumers(self) -> list[Consumer]:
        active = [] if self._active is None else [self._active]
        return [*active, *self._line, *self._cancelled]

    def _leave(self, consumer: Consumer) -> None:
        if self._active is consumer:
            self._active = None
        elif consumer in self._line:
            self._line.remove(consumer)

    def _give_back(self, messages: list[Message], *, counts: bool) -> None:
        for message in messages:
            message.returns += counts
        limit = self._rules.delivery_limit
        kept = [each for each in messages if limit is None or each.returns <= limit]
        self.dropped += len(messages) - len(kept)
        self._ready = sorted([*kept, *self._ready], key=lambda each: each.number)

    def _hand_out(self, now: float) -> None:
        if self._active is None:
            self._active = next((each for each in self._line if each.is_reachable), None)
            if self._active is not None:
                self._line.remove(self._active)
        active = self._active
        while active and active.is_reachable and self._ready and len(active.held) < PREFETCH:
            message = self._ready.pop(0)
            self._delivered += 1
            active.held[self._delivered] = (message, now)
            self._deliver(active, message, self._delivered)
