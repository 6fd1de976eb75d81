"""Models a RabbitMQ, its connections and the network to it.

A connection keeps the order of what is sent on it, in both directions. What a silent network holds
back arrives when it speaks again, if both sides still have the connection then: that is TCP.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.resilience.cluster.terms import (
    Confirmed,
    ConsumerCancelled,
    Refused,
    TokenDelivered,
)
from edge_video.testing.lease_model.queue import QuorumQueue

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from edge_video.resilience.cluster import Announcement, Token
    from edge_video.resilience.cluster.terms import LeaseEvent
    from edge_video.testing.lease_model.loop import EventLoop
    from edge_video.testing.lease_model.queue import BrokerRules, Consumer, Message

HEARTBEAT_S: Final = 5.0


class Client(Protocol):
    """The node behind a connection."""

    name: str
    is_silent: bool
    connection: Connection | None

    def receive(self, connection: Connection, call: Callable[[], None]) -> None:
        """Take something in from a connection."""

    def close(self) -> None:
        """The connection is closed."""

    def on_camera(self, camera: str, event: LeaseEvent) -> None:
        """Something has happened to a camera."""

    def on_announcement(self, announcement: Announcement) -> None:
        """Another node has announced itself."""


class Connection:
    """One connection of a node, as both of its ends see it."""

    def __init__(self, broker: Broker, node: Client, number: int) -> None:
        self.number = number
        self.node = node
        self.is_open_at_broker = True
        self.is_open_at_client = True
        self.is_minority = False
        self.is_frozen = False
        self.has_slow_confirms = False
        self._broker = broker
        self._parked: list[Callable[[], None]] = []
        self._waiting: list[tuple[bool, Callable[[], None]]] = []
        self._last_arrival_s = {True: 0.0, False: 0.0}
        self.subscriptions = 0

    # --- the network ------------------------------------------------------------------------

    def send(self, call: Callable[[], None], *, to_broker: bool) -> None:
        """Have something happen at the other end, after everything sent before it."""
        if self.node.is_silent:
            self._waiting.append((to_broker, call))
            return
        loop = self._broker.loop
        arrival_s = max(
            self._last_arrival_s[to_broker], loop.now + self._broker.chance.uniform(0.001, 0.03)
        )
        self._last_arrival_s[to_broker] = arrival_s
        loop.at(arrival_s, lambda: self._arrive(call, to_broker=to_broker))

    def speak(self) -> None:
        """Send what the silent network held back."""
        waiting, self._waiting = self._waiting, []
        for to_broker, call in waiting:
            self.send(call, to_broker=to_broker)

    def _arrive(self, call: Callable[[], None], *, to_broker: bool) -> None:
        is_unread = to_broker and (self.is_minority or self._broker.has_alarm)
        if self.is_frozen or is_unread:
            self._parked.append(partial(self._arrive, call, to_broker=to_broker))
        elif not to_broker:
            self.node.receive(self, call)
        elif self.is_open_at_broker:
            call()

    def unpark(self) -> None:
        """Do what an alarm, a partition or a frozen node held back, in its order.

        What is held back still parks itself again; the client hears of a connection's end, too,
        that came while its broker node stood still.
        """
        parked, self._parked = self._parked, []
        for call in parked:
            call()

    # --- what a node does -------------------------------------------------------------------

    def subscribe(self, camera: str) -> None:
        """Send basic.consume."""
        self.subscriptions += 1
        number = self.subscriptions
        queue = self._broker.queues[camera]
        self.send(
            lambda: queue.subscribe(self.number, number, self._broker.loop.now), to_broker=True
        )

    def unsubscribe(self, camera: str) -> None:
        """Send basic.cancel."""
        queue = self._broker.queues[camera]
        self.send(lambda: queue.cancel(self.number, self._broker.loop.now), to_broker=True)

    def publish(self, camera: str, token: Token) -> None:
        """Send basic.publish; the confirm, or the refusal, comes back."""
        self.send(lambda: self._published(camera, token), to_broker=True)

    def settle(self, camera: str, tag: int, *, requeue: bool) -> None:
        """Send basic.ack or basic.nack."""
        queue = self._broker.queues[camera]
        self.send(
            lambda: queue.settle(self.number, tag, self._broker.loop.now, requeue=requeue),
            to_broker=True,
        )

    def announce(self, announcement: Announcement) -> None:
        """Send an announcement to the exchange of all nodes."""
        self.send(lambda: self._broker.spread(self, announcement), to_broker=True)

    def _published(self, camera: str, token: Token) -> None:
        taken = self._broker.queues[camera].publish(token, self._broker.loop.now)
        answer = Confirmed(token.number) if taken else Refused(token.number)
        delay_s = self._broker.chance.uniform(0.0, 15.0) if self.has_slow_confirms else 0.0

        def confirm() -> None:
            self.send(lambda: self.node.on_camera(camera, answer), to_broker=False)

        self._broker.loop.after(delay_s, confirm)


class Broker:
    """The queues of all cameras, and who is connected."""

    def __init__(
        self, loop: EventLoop, chance: random.Random, rules: BrokerRules, cameras: Iterable[str]
    ) -> None:
        self.loop = loop
        self.chance = chance
        self.is_down = False
        self.has_alarm = False
        self.queues = {camera: QuorumQueue(rules, self._delivery_of(camera)) for camera in cameras}
        self._connections: dict[int, Connection] = {}
        self._count = 0

    def connect(self, node: Client) -> Connection | None:
        """Accept a connection; None: nobody answers."""
        if self.is_down or node.is_silent:
            return None
        self._count += 1
        connection = Connection(self, node, self._count)
        self._connections[self._count] = connection
        return connection

    def close(self, connection: Connection) -> None:
        """End a connection from the broker's side; its node hears of it when it can."""
        if not connection.is_open_at_broker:
            return
        connection.is_open_at_broker = False
        del self._connections[connection.number]
        for queue in self.queues.values():
            queue.closed(connection.number, self.loop.now)
        connection.send(connection.node.close, to_broker=False)

    def spread(self, sender: Connection, announcement: Announcement) -> None:
        """Pass an announcement on to everybody on the sender's side."""
        for each in list(self._connections.values()):
            if each is not sender and each.is_minority == sender.is_minority:
                each.send(partial(each.node.on_announcement, announcement), to_broker=False)

    def look(self) -> None:
        """Let pass what only time does."""
        for queue in self.queues.values():
            queue.look(self.loop.now)

    def connection(self, number: int) -> Connection | None:
        """Return an open connection by its number."""
        return self._connections.get(number)

    # --- what breaks ------------------------------------------------------------------------

    def set_down(self, *, is_down: bool) -> None:
        """Stop the broker, or start it; its queues survive."""
        self.is_down = is_down
        if is_down:
            for each in list(self._connections.values()):
                self.close(each)

    def set_alarm(self, *, has_alarm: bool) -> None:
        """Read nothing more of those who publish, or read again."""
        self.has_alarm = has_alarm
        for each in list(self._connections.values()):
            each.unpark()

    def set_minority(self, connection: Connection, *, is_minority: bool) -> None:
        """Cut the broker node of a connection off from the majority, or heal that."""
        connection.is_minority = is_minority
        for queue in self.queues.values():
            change = queue.unreachable if is_minority else queue.reachable
            change(connection.number, self.loop.now)
        connection.unpark()

    def set_frozen(self, connection: Connection, *, is_frozen: bool) -> None:
        """Have the broker node of a connection stand still, or go on.

        Its consumers stay where they are in the lines, also when their client has long gone.
        """
        connection.is_frozen = is_frozen
        connection.unpark()
        if not is_frozen and not connection.is_open_at_client:
            self.close(connection)

    def delete(self, camera: str) -> None:
        """Delete the queue of a camera; its consumers are told."""
        self.queues[camera].delete()
        for each in list(self._connections.values()):
            each.send(partial(each.node.on_camera, camera, ConsumerCancelled()), to_broker=False)

    def reset_abandoned(self, node: Client) -> None:
        """Close what a node has given up: its next packet is answered with a reset."""
        for each in list(self._connections.values()):
            if each.node is node and not each.is_open_at_client:
                self.close(each)

    def _delivery_of(self, camera: str) -> Callable[[Consumer, Message, int], None]:
        def deliver(consumer: Consumer, message: Message, tag: int) -> None:
            connection = self._connections[consumer.connection]
            event = TokenDelivered(message.token, tag)
            connection.send(lambda: connection.node.on_camera(camera, event), to_broker=False)

        return deliver
