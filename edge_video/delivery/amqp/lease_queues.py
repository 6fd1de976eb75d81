"""Declares the queues of leases, one after the other, on a channel of their own.

A queue that exists with other arguments, or that the user may not declare, costs this channel and
no other: the leases have theirs.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edge_video.resilience.cluster.names import LEASE_QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection

_REFUSED_S: Final = 60.0
"""A refused queue is declared again after so long; until then the refusal stands."""


class LeaseQueues:
    """Declares queues; a `ControlUser`. The control thread only.

    Args:
        control: tells a channel that was refused something from a connection that is gone.
        now: monotonic seconds.
    """

    name = "queues"

    def __init__(self, control: ControlConnection, now: Callable[[], float]) -> None:
        self._control = control
        self._now = now
        self._channel: ControlChannel | None = None
        self._wanted: deque[tuple[str, Callable[[str], None]]] = deque()
        self._asked_s: float | None = None
        self._declared: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}

    @property
    def asked_s(self) -> float | None:
        """Since when the broker owes an answer; None while it owes none."""
        return self._asked_s

    def declare(self, queue: str, done: Callable[[str], None]) -> None:
        """Declare a queue; `done` is called with the reason of a refusal, or the empty string.

        It is not called when the connection ends before.
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
        if self._channel is None or self._asked_s is not None or not self._wanted:
            return
        self._asked_s = self._now()
        queue = self._wanted[0][0]
        self._channel.queue_declare(
            queue,
            durable=True,
            arguments=LEASE_QUEUE,
            callback=partial(self._declared_ok, self._channel),
        )

    def _declared_ok(self, channel: ControlChannel, _answer: Any) -> None:
        """Go on with the next queue; what a channel that was given up brings is nobody's answer."""
        if channel is not self._channel:
            return
        self._asked_s = None
        queue, done = self._wanted.popleft()
        self._declared.add(queue)
        self._refused.pop(queue, None)
        done("")
        self._next()
