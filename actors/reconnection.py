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
_WITHIN_ROUND_S: Final = 0.25
"""At most, before the next of several brokers is tried; not all sites of a chain at once."""
_HELD_S: Final = 10.0
"""A connection that lasted so long is no part of an outage before it: its loss is tried again at
once. Longer than a broker takes to show that it confirms nothing (`confirm_timeout`)."""


class Reconnection:
    """Waits between connections: exponentially over those that did not last. One thread.

    Where there are several brokers, each is tried once before the wait.

    Args:
        clock: for how long a connection lasted, and how long there is still to wait.
        timer: calls back when the wait is over.
        draw: where the jitter comes from: a number in [0, 1).
        brokers: how many take turns.
    """

    def __init__(
        self, clock: Clock, timer: Timer, draw: Callable[[], float], brokers: int = 1
    ) -> None:
        self._clock = clock
        self._timer = timer
        self._draw = draw
        self._brokers = brokers
        self._failed_attempts = 0
        self._is_hopeless = True
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
            permanent: trying this broker soon helps nothing.
        """
        now_s = self._clock.monotonic()
        if was_up and now_s - self._connected_at_s >= _HELD_S:
            self._failed_attempts = 0
            self._is_hopeless = True
        self._failed_attempts += 1
        self._is_hopeless &= permanent
        delay_s = self._delay_s()
        self.retry_at_s = now_s + delay_s
        self._due = self._timer.after(delay_s, retry)
        return delay_s

    def _delay_s(self) -> float:
        rounds, within = divmod(self._failed_attempts, self._brokers)
        if within:
            return self._draw() * _WITHIN_ROUND_S
        is_hopeless, self._is_hopeless = self._is_hopeless, True
        if is_hopeless:
            return _HOPELESS_DELAY_S
        return reconnect_delay_s(rounds, self._draw(), cap_s=_MAX_DELAY_S)

    def cancel(self) -> None:
        """Wait no more."""
        self.retry_at_s = None
        if self._due is not None:
            self._due.cancel()
