"""Holds notifications for the broker: bounded, the oldest makes room, and each is counted."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notification:
    """One event as it is published; `docs/events.md` is the contract."""

    message_id: str
    """Names it for ever: an event that is published twice has the same."""
    name: str
    routing_key: str
    """The configured prefix included."""
    at_ns: int
    """Wall clock."""
    body: bytes
    """JSON."""
    life_s: float | None = None
    """Of use to nobody after so long: the next of its name takes its place wherever it waits, and
    the broker need not keep it on a disk. None: it says what happened, and is of use for ever."""


@dataclass(frozen=True, slots=True)
class NotificationCounts:
    """`put = confirmed + refused + dropped + replaced + held + in_flight`, always."""

    put: int = 0
    confirmed: int = 0
    refused: int = 0
    """Nacked by the broker, or its exchange is refused."""
    dropped: int = 0
    """The oldest, to make room while the broker was away."""
    replaced: int = 0
    """By the next of its name, before it was sent; see `Notification.life_s`."""
    held: int = 0
    in_flight: int = 0


class NotificationQueue:
    """Events on their way to the broker: at least once, in order, at most `capacity` of them.

    It outlives every connection. What a connection took and did not settle is given back and goes
    first on the next one. All methods from any thread.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._held: deque[Notification] = deque()
        self._in_flight: dict[str, Notification] = {}
        self._put = self._confirmed = self._refused = self._dropped = self._replaced = 0

    def put(self, notification: Notification) -> None:
        """Wait in line; one that is of use for a while only takes the place of its predecessor."""
        with self._lock:
            self._put += 1
            if notification.life_s is not None:
                self._replace(notification.name)
            self._held.append(notification)
            self._make_room()

    def _replace(self, name: str) -> None:
        for held in self._held:
            if held.name == name:
                self._held.remove(held)
                self._replaced += 1
                return

    def take(self) -> Notification | None:
        """The oldest, in flight from now on; None when nothing waits."""
        with self._lock:
            if not self._held:
                return None
            notification = self._held.popleft()
            self._in_flight[notification.message_id] = notification
            return notification

    def settle(self, message_id: str, *, confirmed: bool) -> None:
        """The broker has answered; an unknown id is ignored."""
        with self._lock:
            if self._in_flight.pop(message_id, None) is None:
                return
            if confirmed:
                self._confirmed += 1
            else:
                self._refused += 1

    def give_back(self) -> None:
        """The connection died: what was in flight waits again, before everything else."""
        with self._lock:
            self._held.extendleft(reversed(self._in_flight.values()))
            self._in_flight.clear()
            self._make_room()

    def counts(self) -> NotificationCounts:
        """What was counted so far, at this instant."""
        with self._lock:
            return NotificationCounts(
                put=self._put,
                confirmed=self._confirmed,
                refused=self._refused,
                dropped=self._dropped,
                replaced=self._replaced,
                held=len(self._held),
                in_flight=len(self._in_flight),
            )

    def _make_room(self) -> None:
        while len(self._held) + len(self._in_flight) > self._capacity and self._held:
            self._held.popleft()
            self._dropped += 1
