"""What the tests of both sinks hear with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from edge_video.delivery.sink import SinkEvent

E = TypeVar("E")


class Listener:
    """Keeps what the sink tells; can be made to raise."""

    def __init__(self) -> None:
        self.events: list[SinkEvent] = []
        self.raise_on: type | None = None
        self._changed = threading.Condition()

    def __call__(self, event: SinkEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        if self.raise_on is not None and isinstance(event, self.raise_on):
            raise RuntimeError("the listener is broken")

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind: type[E], *, count: int = 1, timeout_s: float = 20.0) -> E:
        """The `count`-th event of that kind."""
        with self._changed:
            there = self._changed.wait_for(lambda: len(self.of(kind)) >= count, timeout_s)
        assert there, f"no {count} {kind.__name__} within {timeout_s} s, only {self.events}"
        return self.of(kind)[count - 1]
