"""Bounds by time how much may be on its way at once, so that it arrives soon.

What is handed to a socket cannot be taken back: on a slow uplink it lies there for seconds while
newer pictures wait behind it. So no more is handed over than the network carries away within a
given time; what waits does so in the outbox, where the newest frames win. Pure: the time and the
state of the socket are arguments.

As in TCP's own congestion control (BBR's above all), the volume is a rate times a time. The rate
comes from what was delivered; the time is the round trip without a queue, plus the queue that is
allowed. Two such volumes hold at once:

- on the *wire*: bytes that the peer's TCP has not acknowledged. This is exact where the slow link
  is next to this machine, whatever the broker takes for its confirms;
- *unconfirmed* frames, with a longer time: they bound what lies in the buffers of a proxy, of a
  tunnel or of a broker that reads slowly.
"""

from __future__ import annotations

from collections import deque
from typing import Final

START_BYTES: Final = 65_536
"""Allowed before anything is known."""
TRIED_BYTES: Final = 131_072
"""So much counts as tried on every wire: a moment on a fast one, a second on a very slow one."""

_WIRE_MEMORY_S: Final = 1.0
_CONFIRM_MEMORY_S: Final = 2.0
"""How long the best of what was measured counts: a link that became slower shows after this."""

_TRIED_MEMORY_S: Final = 10.0
"""How long it counts how much the wire took at once."""

_CONFIRM_FACTOR: Final = 4
"""What may wait unconfirmed, as a multiple of what may wait on the wire."""

_SAMPLE_S: Final = 0.25
"""The wire is measured over at least so long: acknowledgements come in clusters."""

_SHORTEST_LOOK_S: Final = 0.005
_FIRST_LOOK_S: Final = 0.02
_MAX_LOOK_S: Final = 0.1


class BestOf:
    """The largest value of the last while."""

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._falling: deque[tuple[float, float]] = deque()
        """(time, value): each value smaller than the one before it."""

    def add(self, value: float, now_s: float) -> float:
        """Take in a value; returns the largest of those that are not too old."""
        falling = self._falling
        while falling and falling[-1][1] <= value:
            falling.pop()
        falling.append((now_s, value))
        oldest_s = now_s - self._memory_s
        while falling[0][0] < oldest_s:
            falling.popleft()
        return falling[0][1]


class DelayBound:
    """The bytes that may be on their way, so that they queue for about `delay_s` at most.

    A measurement says: of so many bytes on their way the last was delivered after so long. That is
    what the path carries, or less if it was not full. So the volume is computed with twice the
    round trip: a path that is not full yet fills within a few of them.
    """

    def __init__(self, delay_s: float, memory_s: float) -> None:
        self._delay_s = delay_s
        self._best = BestOf(memory_s)
        self.limit: float = START_BYTES
        """No more is to be handed over while so many bytes are on their way."""

    def delivered(self, size: float, took_s: float, round_trip_s: float, now_s: float) -> None:
        """Take in a measurement.

        Args:
            size: bytes that were on their way, the last delivered one included.
            took_s: until that one was delivered.
            round_trip_s: of the path while nothing queues.
            now_s: monotonic.
        """
        rate = size / max(took_s, 1e-6)
        self.limit = self._best.add(rate * (2 * round_trip_s + self._delay_s), now_s)


class WireBound(DelayBound):
    """A `DelayBound` that at most doubles what was tried, as TCP's slow start does.

    A modem that passes a first frame at once (a token bucket) does not pass a hundred like that.
    """

    def __init__(self, delay_s: float, memory_s: float) -> None:
        super().__init__(delay_s, memory_s)
        self._tried = BestOf(_TRIED_MEMORY_S)

    def delivered(self, size: float, took_s: float, round_trip_s: float, now_s: float) -> None:
        """See `DelayBound`."""
        super().delivered(size, took_s, round_trip_s, now_s)
        tried = max(TRIED_BYTES, 2 * self._tried.add(size, now_s))
        self.limit = min(self.limit, tried)


class UplinkWindow:
    """Decides whether another frame may be handed to the socket of one connection.

    A single frame may always go, however large it is.

    Args:
        max_delay_s: how long bytes may queue on the wire, beyond the path's own round trip.
    """

    def __init__(self, max_delay_s: float) -> None:
        self._wire = WireBound(max_delay_s, _WIRE_MEMORY_S)
        self._confirms = DelayBound(_CONFIRM_FACTOR * max_delay_s, _CONFIRM_MEMORY_S)
        self._handed = 0
        self._unacked = 0
        self._unconfirmed = 0
        self._round_trip_s = 0.0
        self._quiet_confirm_s = 0.0
        self._rate = 0.0
        self._mark: tuple[float, int, int] | None = None

    # --- what happened --------------------------------------------------------------------------

    def handed_over(self, size: int) -> int:
        """A frame went to the socket; returns the bytes handed over, ever."""
        self._handed += size
        self._unacked += size
        self._unconfirmed += size
        return self._handed

    def settled(self, size: int) -> None:
        """A frame is on its way no longer: confirmed, refused, or given up."""
        self._unconfirmed -= size
        self._unacked = min(self._unacked, self._unconfirmed)

    def confirmed(self, ahead: int, size: int, took_s: float, now_s: float) -> None:
        """A frame was confirmed after `took_s`.

        Args:
            ahead: the unconfirmed bytes when it was handed over, its own included.
            size: its own bytes.
            took_s: from the hand-over to the confirm.
            now_s: monotonic.
        """
        if ahead == size or took_s < self._quiet_confirm_s or not self._quiet_confirm_s:
            # Alone on its way it queued behind nothing; and none is slower than one that did.
            self._quiet_confirm_s = took_s
        self._confirms.delivered(ahead, took_s, self._quiet_confirm_s, now_s)
        self._wire.delivered(ahead, took_s, self._round_trip_s, now_s)

    def look(self, unacked: int, round_trip_s: float, now_s: float) -> bool:
        """Take in the state of the socket; whether bytes were acknowledged since the last time.

        Args:
            unacked: bytes that were handed over and that the peer's TCP has not acknowledged.
            round_trip_s: TCP's smallest.
            now_s: monotonic.
        """
        before = self.acked
        self._unacked = unacked
        self._round_trip_s = round_trip_s
        mark = self._mark
        if not unacked:
            self._mark = None  # the wire was idle: this says nothing about what it carries
        elif mark is None:
            self._mark = (now_s, self.acked, unacked)
        elif now_s - mark[0] >= max(_SAMPLE_S, round_trip_s):
            took_s, acked = now_s - mark[0], self.acked - mark[1]
            self._rate = acked / took_s
            # In terms of `delivered`: this rate, tried with what was on its way.
            tried = max(acked, mark[2])
            self._wire.delivered(tried, tried / max(self._rate, 1.0), round_trip_s, now_s)
            self._mark = (now_s, self.acked, unacked)
        return self.acked > before

    # --- what follows ---------------------------------------------------------------------------

    @property
    def acked(self) -> int:
        """Those of them that the peer's TCP had acknowledged at the last look."""
        return self._handed - self._unacked

    @property
    def rate(self) -> float:
        """Bytes per second that the wire carried while it was busy; 0 before it was."""
        return self._rate

    def has_room(self) -> bool:
        """Whether a frame may be handed over, as far as is known without a look."""
        unconfirmed = self._unconfirmed
        if not unconfirmed:
            return True
        wire = self._wire.limit
        if unconfirmed >= wire and self._unacked >= wire:
            return False
        return unconfirmed < self._confirms.limit

    def wants_look(self) -> bool:
        """Whether it may be the wire that has no room: then `look` may show that it has."""
        return self._unconfirmed >= self._wire.limit

    def look_again_s(self) -> float:
        """After how long, with frames waiting, the wire may have room."""
        surplus = self._unacked - self._wire.limit
        if surplus <= 0:
            return _SHORTEST_LOOK_S
        if not self._rate:
            return _FIRST_LOOK_S
        return min(max(surplus / self._rate, _SHORTEST_LOOK_S), _MAX_LOOK_S)
