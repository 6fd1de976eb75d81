"""Decides how long a connection may take to be made; each time-out doubles it."""

from __future__ import annotations

from typing import Final

MAX_S: Final = 60.0
_MARGIN: Final = 2.0
_SHORTEST_TCP_S: Final = 5.0
_MAX_TCP_S: Final = 10.0


class HandshakeTimeout:
    """Limits TCP, TLS and AMQP together; it outlives the connections.

    AMQP alone takes four round trips, with TLS six: seconds, by satellite or over a full uplink. A
    limit that is too short for that would never be met, however often it is tried.

    Args:
        least_s: the limit to begin with, and never less than it.
    """

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self._known_s = least_s
        self.limit_s = least_s
        """The limit of the next attempt, in seconds."""
        self.ran_out_at_s: float | None = None
        """When an attempt last took too long, monotonic; None when none did since a connection."""
        self.met_at_s: float | None = None
        """When a connection was last made, monotonic; None before the first."""
        self._began_s = 0.0

    @property
    def tcp_s(self) -> float:
        """The share of TCP alone, in seconds: one round trip, and a packet may be lost."""
        return min(max(self.limit_s / 2, _SHORTEST_TCP_S), _MAX_TCP_S, self.limit_s)

    def began(self, now_s: float) -> None:
        """Note that an attempt begins; monotonic."""
        self._began_s = now_s

    def ran_out(self, now_s: float) -> None:
        """Give the next attempt twice the time: this one was too short, or nobody is there."""
        self.limit_s = max(self._least_s, min(2 * self.limit_s, MAX_S))
        self.ran_out_at_s = now_s

    def forget_time_outs(self) -> None:
        """Give the next attempt as long as before them, for it was not the way: others got in."""
        self.limit_s = self._known_s

    def met(self, now_s: float) -> None:
        """Give the next attempt as long as this one took, with a margin: it made a connection."""
        took_s = now_s - self._began_s
        self.limit_s = self._known_s = max(self._least_s, min(_MARGIN * took_s, MAX_S))
        self.ran_out_at_s, self.met_at_s = None, now_s
