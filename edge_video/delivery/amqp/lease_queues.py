"""Declares the queues of leases, one after the other, on a channel of their own.

A queue that exists with other arguments, or that the user may not declare, costs this channel and
no other: the leases have theirs. So does one whose leader stands still with its broker node: who
consumes there, cancels, or publishes for the first time waits within the broker, for up to 64 s
(3.10, 4.0), and what its channel holds of other queues goes to nobody meanwhile, not even when its
connection is closed. A declaration does not wait: it is answered with no consumer and no message.
Then the queue is probed, on a channel that holds up nothing else (`queue_probes`).
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edge_video.resilience.cluster.names import LEASE_QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection
    from edge_video.delivery.amqp.queue_probes import QueueProbes

_REFUSED_S: Final = 60.0
"""A refused queue is declared again after so long; until then the refusal stands."""


class LeaseQueues:
    """Declares queues; a `ControlUser`. The control thread only.

    Args:
        control: tells a channel that was refused something from a connection that is gone.
        probes: ask a queue that shows no sign of life.
        now: monotonic seconds.
    """

    name = "queues"

    def __init__(
        self, control: ControlConnection, probes: QueueProbes, now: Callable[[], float]
    ) -> None:
        self._control = control
        self._probes = probes
        self._now = now
        self._channel: ControlChannel | None = None
        self._wanted: deque[tuple[str, Callable[[str], None]]] = deque()
        self._asked_s: float | None = None
        self._declared: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}

    @property
    def asked_s(self) -> float | None:
        """Since when the broker owes a declaration's answer; None while it owes none.

        A probe's is not the broker's debt, but that of one queue.
        """
        return self._asked_s

    def declare(self, queue: str, done: Callable[[str], None]) -> None:
        """Declare a queue; `done` is called with the reason of a refusal, or the empty string.

        That is when the queue's leader answers. It is not called when the connection ends before.
        """
        reason, refused_s = self._refused.get(queue, ("", 0.0))
        if queue in self._declared:
            done("")
        elif reason and self._now() - refused_s < _REFUSED_S:
            done(reason)
        else:
            self._wanted.append((queue, done))
            self._next()

    def forget(self, queue: str) -> None:
        """Declare it again the next time: it may be gone."""
        self._declared.discard(queue)

    def forget_all(self) -> None:
        """Begin anew, as the leases' channel does: nobody waits for anything."""
        self._declared.clear()
        self._wanted.clear()
        self._probes.forget_all()
        if self._asked_s is not None and self._channel is not None:
            channel, self._asked_s = self._channel, None
            self._channel = None  # pika ends it only after the answer: nothing is asked until then
            channel.close()  # an answer that is still to come would be taken for another's

    def opened(self, channel: ControlChannel) -> None:
        """See `ControlUser`."""
        self._channel = channel
        self._next()

    def closed(self, reason: str) -> None:
        """See `ControlUser`; what was asked last is what was refused."""
        self._channel = None
        was_asked, self._asked_s = self._asked_s is not None, None
        if not self._control.is_open:
            self._wanted.clear()
        elif was_asked and self._wanted:
            queue, done = self._wanted.popleft()
            self._refused[queue] = (reason, self._now())
            done(reason)

    def _next(self) -> None:
        channel = self._channel
        if channel is None or self._asked_s is not None or not self._wanted:
            return
        self._asked_s = self._now()
        channel.queue_declare(
            self._wanted[0][0],
            durable=True,
            arguments=LEASE_QUEUE,
            callback=partial(self._declared_ok, channel),
        )

    def _declared_ok(self, channel: ControlChannel, answer: Any) -> None:
        """Go on with the next queue; what a channel that was given up brings is nobody's answer."""
        if channel is not self._channel:
            return
        self._asked_s = None
        queue, done = self._wanted.popleft()
        self._refused.pop(queue, None)
        if answer.method.consumer_count or answer.method.message_count:
            self._declared.add(queue)
            done("")
        else:
            self._probes.probe(queue, partial(self._probed, queue, done))
        self._next()

    def _probed(self, queue: str, done: Callable[[str], None], is_there: bool) -> None:
        """Tell that a queue answers; one that was deleted meanwhile is declared again."""
        if is_there:
            self._declared.add(queue)
            done("")
        else:
            self._wanted.append((queue, done))
            self._next()
