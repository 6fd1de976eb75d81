"""Decides when the publisher tries its next connection; part of the publisher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.resilience.backoff import reconnect_delay_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.runtime.timer import Clock, Timer, TimerHandle

_MAX_DELAY_S: Final = 15.0
_HOPELESS_DELAY_S: Final = 30.0
"""Where trying soon helps nothing: the password is wrong, say."""
_HELD_S: Final = 10.0
"""A connection that lasted so long is no part of an outage before it: its loss is tried again at
once. Longer than a broker takes to show that it confirms nothing (`confirm_timeout`)."""


class Reconnection:
    """Waits between connections: exponentially over those that did not last. One thread.

    Args:
        clock: for how long a connection lasted, and how long there is still to wait.
        timer: calls back when the wait is over.
        draw: where the jitter comes from: a number in [0, 1).
    """

    def __init__(self, clock: Clock, timer: Timer, draw: Callable[[], float]) -> None:
        self._clock = clock
        self._timer = timer
        self._draw = draw
        self._failed_attempts = 0
        self._connected_at_s = 0.0
        self._due: TimerHandle | None = None
        self.retry_at_s: float | None = None
        """Monotonic, of the next attempt; None while none waits."""

    def connected(self) -> None:
        """Note that the connection stands."""
        self._connected_at_s = self._clock.monotonic()

    def lost(self, retry: Callable[[], None], *, was_up: bool, permanent: bool) -> float:
        """Have `retry` called by the timer when the wait is over; returns the wait in seconds.

        Args:
            retry: is called from the timer's thread.
            was_up: whether the connection stood; one that held starts afresh.
            permanent: trying soon helps nothing.
        """
        now_s = self._clock.monotonic()
        if was_up and now_s - self._connected_at_s >= _HELD_S:
            self._failed_attempts = 0
        self._failed_attempts += 1
        delay_s = (
            _HOPELESS_DELAY_S
            if permanent
            else reconnect_delay_s(self._failed_attempts, self._draw(), cap_s=_MAX_DELAY_S)
        )
        self.retry_at_s = now_s + delay_s
        self._due = self._timer.after(delay_s, retry)
        return delay_s

    def cancel(self) -> None:
        """Wait no more."""
        self.retry_at_s = None
        if self._due is not None:
            self._due.cancel()
