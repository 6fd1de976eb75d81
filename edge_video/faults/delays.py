"""Delays actors on purpose, and ends a delay from outside whoever is delayed."""

from __future__ import annotations

import threading


class Delays:
    """One event per target: a delayed actor waits for it, whoever clears faults sets it.

    An actor that is busy reads no messages, so `ClearFaults` has to reach it in another way. What
    was delayed before `end` is over, also when its message still waits in a mailbox; a later
    delay gets a new event. Any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over: dict[str, threading.Event] = {}

    def over(self, target: str) -> threading.Event:
        """Set as soon as the delays of this target end."""
        with self._lock:
            return self._over.setdefault(target, threading.Event())

    def end(self, target: str | None = None) -> None:
        """End the delays of a target, None: of all."""
        with self._lock:
            targets = list(self._over) if target is None else [target]
            for each in targets:
                event = self._over.pop(each, None)
                if event is not None:
                    event.set()
