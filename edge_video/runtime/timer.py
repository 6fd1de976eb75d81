"""Provides the clock and the timer, the only places where time comes from.

Everything that waits or measures takes a `Clock` and a `Timer` as arguments, so a test hands in
fakes and a day of backoff passes in a millisecond.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Clock(Protocol):
    """Where the time comes from. Both methods may be called from any thread."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch; may jump when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own clocks, without a call between: they are read six times per frame."""

    monotonic = staticmethod(time.monotonic)
    wall_ns = staticmethod(time.time_ns)


class TimerHandle(Protocol):
    """A scheduled call that has not necessarily happened yet."""

    def cancel(self) -> None:
        """Forget the call. Harmless when it has already happened. Any thread."""
        ...


class Timer(Protocol):
    """Calls functions later, on a thread of its own.

    A scheduled function must only tell an actor something: it must neither block nor raise,
    because every other scheduled call waits behind it.
    """

    def after(self, delay_s: float, call: Callable[[], None]) -> TimerHandle:
        """Call once, `delay_s` seconds from now (at once when it is not positive)."""
        ...

    def every(self, interval_s: float, call: Callable[[], None]) -> TimerHandle:
        """Call each `interval_s` seconds, first after one interval, until cancelled."""
        ...


@dataclass(order=True, slots=True)
class _Scheduled:
    due: float
    order: int
    call: Callable[[], None] | None = field(compare=False)
    interval_s: float | None = field(compare=False, default=None)

    def cancel(self) -> None:
        # The entry stays in the heap until it is due; dropping the function frees what it holds.
        self.call = None


class SystemTimer:
    """One thread and a heap. `start` before use, `stop` when done; both are idempotent.

    A function that raises is logged and does not end the thread. Missed periods are not made up
    for: after a suspended machine wakes, a periodic call happens once.
    """

    def __init__(self, name: str = "edge-video-timer") -> None:
        self._condition = threading.Condition()
        self._heap: list[_Scheduled] = []
        self._order = itertools.count()
        self._stopping = False
        self._name = name
        self._thread: threading.Thread | None = None
        self._on_death: Callable[[str], None] | None = None

    def start(self, on_death: Callable[[str], None] | None = None) -> None:
        """Start the thread (a daemon: it owns nothing that needs closing).

        After the thread has died it is started again, with every scheduled call still there.

        Args:
            on_death: told in one line, on the dying thread, what ended it, should it ever end
                without `stop`.
        """
        with self._condition:
            self._on_death = on_death
            if not self._stopping and not self.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Forget every scheduled call and end the thread; waits for a call that is running.

        Returns:
            False when that call has not returned within `timeout_s`; the thread ends after it.
        """
        with self._condition:
            self._stopping = True
            self._heap.clear()
            self._condition.notify()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
            return not thread.is_alive()
        return True

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def after(self, delay_s: float, call: Callable[[], None]) -> TimerHandle:
        """See `Timer.after`."""
        return self._schedule(max(0.0, delay_s), call, None)

    def every(self, interval_s: float, call: Callable[[], None]) -> TimerHandle:
        """See `Timer.every`."""
        if interval_s <= 0:
            raise ValueError(f"an interval must be positive, got {interval_s} s")
        return self._schedule(interval_s, call, interval_s)

    def _schedule(
        self, delay_s: float, call: Callable[[], None], interval_s: float | None
    ) -> TimerHandle:
        with self._condition:
            entry = _Scheduled(time.monotonic() + delay_s, next(self._order), call, interval_s)
            if not self._stopping:
                heapq.heappush(self._heap, entry)
                if self._heap[0] is entry:
                    self._condition.notify()
            return entry

    def _run(self) -> None:
        try:
            while (call := self._next_due()) is not None:
                try:
                    call()
                except Exception:  # noqa: BLE001 - every other call waits behind this one
                    _log.exception("a timer call failed")
        except BaseException as error:
            self._thread = None
            if self._on_death is not None:
                self._on_death(f"{type(error).__name__}: {error}")
            if not isinstance(error, SystemExit):  # that one has nothing to tell the thread's hook
                raise

    def _next_due(self) -> Callable[[], None] | None:
        """Wait for the next call that is due; None when the timer stops."""
        with self._condition:
            while not self._stopping:
                if not self._heap:
                    self._condition.wait()
                    continue
                wait_s = self._heap[0].due - time.monotonic()
                if wait_s > 0:
                    self._condition.wait(wait_s)
                    continue
                entry = heapq.heappop(self._heap)
                call = entry.call
                if call is None:
                    continue
                if entry.interval_s is not None:
                    now = time.monotonic()
                    on_time = entry.due + entry.interval_s
                    entry.due = on_time if on_time > now else now + entry.interval_s
                    heapq.heappush(self._heap, entry)
                return call
            return None
