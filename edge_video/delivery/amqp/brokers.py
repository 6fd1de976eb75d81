"""Chooses which of several brokers is tried next: the nodes of one cluster, without a balancer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.knowledge import BrokerKnowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.runtime.timer import Clock

LAST_FOR_S: Final = 60.0
"""For how long a broker that did not answer in time is tried after all others, in seconds."""


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker, and what its connections have learned of it: the next one's beginning."""

    settings: AmqpSettings
    handshake: HandshakeTimeout
    knowledge: BrokerKnowledge = field(default_factory=BrokerKnowledge)


class BrokerCycle:
    """Hands out the brokers in turn, for ever; the order is shuffled once, when it is made.

    So the cameras of many sites spread over the nodes of a cluster, and a site that has lost its
    node tries every other one before the same again. One that stands still takes connections and
    never answers: it costs a whole time-out each time, so its turn comes after those of all others
    for a while, and while another one lets us in its time-outs double no more. One thread.

    Args:
        settings: of each broker, at least one.
        clock: for how long ago a broker did not answer.
        draw: where chance comes from: a number in [0, 1).
    """

    def __init__(
        self, settings: Sequence[AmqpSettings], clock: Clock, draw: Callable[[], float]
    ) -> None:
        shuffled = sorted(settings, key=lambda _: draw())
        self._brokers = [
            Broker(each, HandshakeTimeout(each.handshake_timeout_s)) for each in shuffled
        ]
        self._clock = clock
        self._turn = 0
        self._tried: set[int] = set()
        self._met_s = 0.0

    def next(self) -> Broker:
        """The one whose turn it is."""
        count = len(self._brokers)
        if self._note_connections() or len(self._tried) == count:
            self._tried.clear()
        turns = [(self._turn + each) % count for each in range(count)]
        chosen = min((each for each in turns if each not in self._tried), key=self._was_silent)
        self._tried.add(chosen)
        self._turn = (chosen + 1) % count
        return self._brokers[chosen]

    def _note_connections(self) -> bool:
        """Forget the time-outs before the last connection; whether it is a new one."""
        times = [each.handshake for each in self._brokers]
        before_s, self._met_s = self._met_s, max(each.met_at_s or 0.0 for each in times)
        for each in times:
            if each.ran_out_at_s is not None and each.ran_out_at_s < self._met_s:
                each.forget_time_outs()
        return self._met_s > before_s

    def _was_silent(self, number: int) -> bool:
        at_s = self._brokers[number].handshake.ran_out_at_s
        return at_s is not None and self._clock.monotonic() - at_s < LAST_FOR_S
