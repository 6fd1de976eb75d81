"""Joins what comes from the broker with whoever looks at it, under one lock."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from edge_video.status.node import MAX_TEXT
from edge_video.text.redact import Redactor
from edge_video.top.fleet.judging import judge, judge_node, totals
from edge_video.top.fleet.messages import read_announcement, read_event
from edge_video.top.fleet.model import Fleet
from edge_video.top.fleet.subscription import ANNOUNCEMENTS
from edge_video.watch.consumer import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_video.top.fleet.judging import JudgedNode, Totals
    from edge_video.top.fleet.messages import Heard
    from edge_video.watch.consumer import Subscription

_CLEANED: Final = 20_000
"""Texts whose clean form is remembered: the same ones come every half minute."""
_MAX_REMEMBERED: Final = 2 * MAX_TEXT
"""Characters of such a text; a node's own are shorter."""
_MAX_UNHEARD: Final = 5


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection to the broker is not there."""

    for_s: float
    reason: str
    retry_in_s: float
    was_connected: bool


@dataclass(frozen=True, slots=True)
class FleetView:
    """What is known at one instant; used while the session's lock is held.

    Attributes:
        target: the broker, without the password.
        now_s: monotonic clock.
        fleet: everything.
        nodes: all of them, judged, the worst first.
        totals: what they amount to.
        lost: why the broker is not connected; None: it is.
        unheard: which exchanges are not heard, and why.
    """

    target: str
    now_s: float
    fleet: Fleet
    nodes: Sequence[JudgedNode]
    totals: Totals
    lost: Lost | None
    unheard: Sequence[str] = ()

    @property
    def foreign(self) -> int:
        """Messages that are none of a node."""
        return self.fleet.foreign

    @property
    def left_out(self) -> int:
        """Messages of nodes for which there is no place."""
        return self.fleet.left_out


class FleetSession:
    """The nodes and the connection; the consumer's thread writes, any thread looks.

    Args:
        subscription: where it listens.
        forget_s: a node that was silent for so long is forgotten.
    """

    def __init__(self, subscription: Subscription, forget_s: float) -> None:
        broker = subscription.broker
        logins = [
            (each.username, each.password) for each, _ in ((broker, None), *subscription.others)
        ]
        redact = Redactor([password for _, password in logins], logins)
        self._clean = remembering(redact)
        self._target = subscription.target
        self._lock = threading.Lock()
        self._fleet = Fleet(forget_s)
        self._lost_s = time.monotonic()
        self._lost: tuple[str, float] | None = ("", 0.0)
        self._was_connected = False
        self._unheard: list[str] = []

    @property
    def target(self) -> str:
        """The broker, without the password."""
        return self._target

    @contextmanager
    def looking(self) -> Iterator[FleetView]:
        """Everything as of now; nothing changes before the context is left. Any thread."""
        with self._lock:
            now_s = time.monotonic()
            judged = judge(self._fleet, now_s)
            lost = None
            if self._lost is not None:
                reason, retry_in_s = self._lost
                lost = Lost(now_s - self._lost_s, reason, retry_in_s, self._was_connected)
            yield FleetView(
                self._target, now_s, self._fleet, judged, totals(judged), lost, tuple(self._unheard)
            )

    @contextmanager
    def looking_at(self, name: str) -> Iterator[tuple[JudgedNode | None, float]]:
        """One node as of now, without the others; None: there is no such node. Any thread.

        With it comes this program's monotonic clock, in seconds.
        """
        with self._lock:
            now_s = time.monotonic()
            node = self._fleet.node(name)
            yield None if node is None else judge_node(self._fleet, node, now_s), now_s

    def listener(self) -> Listener:
        """What the consumer calls about its connection."""
        return Listener(
            on_frame=lambda _headers, _body: None,
            on_connected=self._connected,
            on_lost=self._is_lost,
            on_unheard=self._is_unheard,
            on_tick=self._tick,
        )

    def message(self, exchange: str, routing_key: str, body: bytes) -> None:
        """Note one message, whoever sent it. The consumer's thread."""
        try:
            heard = self._read(exchange, routing_key, body)
        except ValueError:
            with self._lock:
                self._fleet.foreign += 1
            return
        with self._lock:
            if self._unheard:  # it is heard now
                self._unheard = [each for each in self._unheard if f"'{exchange}'" not in each]
            self._fleet.take(heard, time.monotonic(), time.time_ns())

    def _read(self, exchange: str, routing_key: str, body: bytes) -> Heard:
        if exchange != ANNOUNCEMENTS:
            return read_event(body, self._clean)
        group, _, _ = routing_key.partition(".")
        return read_announcement(body, group, self._clean)

    def _connected(self) -> None:
        with self._lock:
            self._lost, self._was_connected = None, True
            self._fleet.listen(time.monotonic())

    def _is_lost(self, reason: str, retry_in_s: float) -> None:
        with self._lock:
            if self._lost is None:
                self._lost_s = time.monotonic()
            self._lost = (reason, retry_in_s)
            self._unheard.clear()
            self._fleet.listen(None)

    def _is_unheard(self, reason: str) -> None:
        with self._lock:
            if len(self._unheard) < _MAX_UNHEARD:
                self._unheard.append(reason)

    def _tick(self) -> None:
        with self._lock:
            self._fleet.tick(time.monotonic())


def remembering(clean: Callable[[str], str]) -> Callable[[str], str]:
    """The same function, which does not do again what it did lately; within bounds."""
    remembered = lru_cache(_CLEANED)(clean)

    def cleaned(text: str) -> str:
        return remembered(text) if len(text) <= _MAX_REMEMBERED else clean(text)

    return cleaned
