"""Asks queues of leases that show no sign of life whether they answer, on a channel of their own.

A queue whose leader stands still with its broker node is declared at once, with no consumer and no
message, as is one that is merely empty. What tells them apart is a message that is no token: its
confirm is the answer. That message may hold its channel up within RabbitMQ for up to 64 s (3.10,
4.0), so nothing else may need this channel, and what is owed on it says nothing of the broker.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection

PATIENCE_S: Final = 90.0
"""A probe is given up, with its channel, after so long: longer than RabbitMQ itself waits."""

_PROBE: Final = b""


@dataclass(frozen=True, slots=True)
class _Probe:
    """A queue that is asked; None for a probe that nobody waits for any more."""

    queue: str
    answered: Callable[[bool], None] | None


class QueueProbes:
    """Asks silent queues one after the other; a `ControlUser`. The control thread only.

    Args:
        control: tells a channel that was closed from a connection that is gone.
        now: monotonic seconds.
    """

    name = "probes"

    def __init__(self, control: ControlConnection, now: Callable[[], float]) -> None:
        self._control = control
        self._now = now
        self._channel: ControlChannel | None = None
        self._waiting: deque[_Probe] = deque()
        self._asked: _Probe | None = None
        self._asked_s = 0.0
        self._is_returned = False

    def probe(self, queue: str, answered: Callable[[bool], None]) -> None:
        """Have `answered` called when the queue answers: with False if there is no such queue.

        It is called once, or never when the connection ends before, or at `forget_all`.
        """
        self._waiting.append(_Probe(queue, answered))
        self._next()

    def forget_all(self) -> None:
        """Let nobody wait for anything; a probe that is under way keeps the channel for itself."""
        self._waiting.clear()
        if self._asked is not None:
            self._asked = replace(self._asked, answered=None)

    def give_up_overdue(self, lenient_since_s: float) -> None:
        """Leave a channel on which a probe is unanswered for too long, and ask on another one.

        To be called now and then.

        Args:
            lenient_since_s: nothing is owed for the time before: the broker was blocked.
        """
        channel = self._channel
        if channel is None or self._asked is None:
            return
        if self._now() - max(self._asked_s, lenient_since_s) >= PATIENCE_S:
            queue = self._asked.queue
            channel.abandon(f"the queue {queue} has not answered for {PATIENCE_S:g} s")

    def opened(self, channel: ControlChannel) -> None:
        """See `ControlUser`."""
        channel.on_returned(lambda *_: self._returned())
        # What is published before the answer is here would be confirmed by nobody.
        channel.confirm_delivery(lambda _frame: self._settled(), partial(self._begin, channel))

    def closed(self, reason: str) -> None:  # noqa: ARG002 - the seat has told it
        """See `ControlUser`; the queue that has not answered goes behind the others."""
        self._channel = None
        asked, self._asked = self._asked, None
        if not self._control.is_open:
            self._waiting.clear()
        elif asked is not None and asked.answered is not None:
            self._waiting.append(asked)

    def _begin(self, channel: ControlChannel, _answer: Any) -> None:
        self._channel = channel
        self._next()

    def _next(self) -> None:
        if self._channel is None or self._asked is not None or not self._waiting:
            return
        self._asked, self._asked_s = self._waiting.popleft(), self._now()
        self._is_returned = False
        self._channel.basic_publish("", self._asked.queue, _PROBE, mandatory=True)

    def _returned(self) -> None:
        self._is_returned = True  # it is confirmed all the same, after this

    def _settled(self) -> None:
        """Go on; a queue that refuses the message answers, too."""
        asked, self._asked = self._asked, None
        if asked is not None and asked.answered is not None:
            asked.answered(not self._is_returned)
        self._next()
