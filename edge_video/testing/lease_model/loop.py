"""Runs what is due, in simulated time, always in the same order."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class EventLoop:
    """Simulated time, in seconds from 0.0, and what will happen."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.now = 0.0

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Have something called at a time; of one time in the order of asking."""
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self._count, call))

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Have something called later."""
        self.at(self.now + delay_s, call)

    def run_until(self, end_s: float) -> None:
        """Let time pass."""
        while self._heap and self._heap[0][0] <= end_s:
            self.now, _, call = heapq.heappop(self._heap)
            call()
        self.now = end_s
