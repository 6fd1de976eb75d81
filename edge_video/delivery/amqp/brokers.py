"""Chooses which of several brokers is tried next: the nodes of one cluster, without a balancer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.knowledge import BrokerKnowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.amqp.settings import AmqpSettings


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker, and what its connections have learned of it: the next one's beginning."""

    settings: AmqpSettings
    handshake: HandshakeTimeout
    knowledge: BrokerKnowledge = field(default_factory=BrokerKnowledge)


class BrokerCycle:
    """Hands out the brokers in turn, for ever; the order is shuffled once, when it is made.

    So the cameras of many sites spread over the nodes of a cluster, and a site that has lost its
    node tries every other one before the same again. One thread.

    Args:
        settings: of each broker, at least one.
        draw: where chance comes from: a number in [0, 1).
    """

    def __init__(self, settings: Sequence[AmqpSettings], draw: Callable[[], float]) -> None:
        shuffled = sorted(settings, key=lambda _: draw())
        self._brokers = [
            Broker(each, HandshakeTimeout(each.handshake_timeout_s)) for each in shuffled
        ]
        self._turn = 0

    def next(self) -> Broker:
        """The one whose turn it is."""
        broker = self._brokers[self._turn]
        self._turn = (self._turn + 1) % len(self._brokers)
        return broker
