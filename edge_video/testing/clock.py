"""Provides a clock and a timer that stand still until a test moves them."""

from __future__ import annotations

import heapq
import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.runtime.units import s_to_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.runtime.timer import TimerHandle


class FakeClock:
    """A clock that stands still until `advance`; satisfies `edge_video.runtime.timer.Clock`."""

    def __init__(
        self, monotonic_s: float = 1000.0, wall_ns: int = 1_700_000_000_000_000_000
    ) -> None:
        self.now = monotonic_s
        self.wall = wall_ns

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.now

    def wall_ns(self) -> int:
        """See `Clock.wall_ns`."""
        return self.wall

    def advance(self, seconds: float) -> None:
        """Let time pass, for both clocks."""
        self.now += seconds
        self.wall += s_to_ns(seconds)


@dataclass(order=True)
class _Entry:
    due: float
    order: int
    call: Callable[[], None] | None = field(compare=False)
    interval_s: float | None = field(compare=False, default=None)

    def cancel(self) -> None:
        self.call = None


class FakeTimer:
    """Calls what is due when its clock is advanced through it; satisfies `Timer`.

    Calls may be scheduled and cancelled from any thread; one thread at a time advances it, and
    runs what is due.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._heap: list[_Entry] = []
        self._order = itertools.count()

    def after(self, delay_s: float, call: Callable[[], None]) -> TimerHandle:
        """See `Timer.after`."""
        return self._push(max(0.0, delay_s), call, None)

    def every(self, interval_s: float, call: Callable[[], None]) -> TimerHandle:
        """See `Timer.every`."""
        return self._push(interval_s, call, interval_s)

    def _push(
        self, delay_s: float, call: Callable[[], None], interval_s: float | None
    ) -> TimerHandle:
        with self._lock:
            entry = _Entry(self.clock.now + delay_s, next(self._order), call, interval_s)
            heapq.heappush(self._heap, entry)
        return entry

    @property
    def waits_s(self) -> list[float]:
        """Seconds until each scheduled one-time call, soonest first."""
        with self._lock:
            return sorted(
                entry.due - self.clock.now
                for entry in self._heap
                if entry.call is not None and entry.interval_s is None
            )

    def next_in_s(self) -> float | None:
        """Seconds until the next call is due; None when nothing is scheduled."""
        with self._lock:
            while self._heap and self._heap[0].call is None:
                heapq.heappop(self._heap)
            return self._heap[0].due - self.clock.now if self._heap else None

    def advance(self, seconds: float) -> None:
        """Move the clock on, calling everything on its way at its own instant."""
        end = self.clock.now + seconds
        while (entry := self._pop_until(end)) is not None:
            call = entry.call
            self.clock.advance(max(0.0, entry.due - self.clock.now))
            if call is None:
                continue
            if entry.interval_s is not None:
                entry.due += entry.interval_s
                with self._lock:
                    heapq.heappush(self._heap, entry)
            call()
        self.clock.advance(end - self.clock.now)

    def _pop_until(self, end_s: float) -> _Entry | None:
        with self._lock:
            if self._heap and self._heap[0].due <= end_s:
                return heapq.heappop(self._heap)
            return None
