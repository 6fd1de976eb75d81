"""Decides when a broker has owed an answer for too long. Pure: the time is an argument.

Progress of any kind keeps a connection: a confirm, an answer about an exchange, and bytes that the
broker's TCP acknowledges while the oldest frame is not there yet. A frame that has arrived whole
must be confirmed in time, whatever else moves: a broker that hangs still acknowledges bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_video.delivery.amqp.in_flight import InFlight

_LOST_SLOT_FACTOR: Final = 10
"""A single frame may stay unconfirmed this many times the limit while others go on."""

_ROUND_TRIPS: Final = 2
"""What a distant broker gets on top of the limit."""

_LATE_S: Final = 1.0
"""A tick that comes so late says that this program itself stood still, or had no processor."""


class BrokerSilence:
    """Measures the silence of one connection's broker.

    Args:
        limit_s: how long an answer may take, on a network without delay.
        began_s: monotonic time of now.
    """

    def __init__(self, limit_s: float, began_s: float) -> None:
        self._limit_s = limit_s
        self._progress_at_s = began_s
        self._resumed_at_s = began_s
        self._ticked_at_s: float | None = None

    # --- what happened --------------------------------------------------------------------------

    def progressed(self, now_s: float) -> None:
        """Note progress: a frame was confirmed or refused, or is the first on its way."""
        self._progress_at_s = now_s

    def resumed(self, now_s: float) -> None:
        """Let every wait begin anew: nothing could be answered until now."""
        self._progress_at_s = self._resumed_at_s = now_s

    def ticked(self, now_s: float, every_s: float) -> float | None:
        """Note that time passes; how late this call is, if the program stood still meanwhile.

        A program that was paused (SIGSTOP, `docker pause`, a virtual machine that moves) has not
        heard what the broker said: every wait begins anew.
        """
        before_s, self._ticked_at_s = self._ticked_at_s, now_s
        late_s = 0.0 if before_s is None else now_s - before_s - every_s
        if late_s < _LATE_S:
            return None
        self.resumed(now_s)
        return late_s

    def looked(self, oldest: InFlight | None, acked: int, *, moved: bool, now_s: float) -> None:
        """Take in how far the socket has got.

        Args:
            oldest: the frame that has waited longest.
            acked: bytes that the broker's TCP has acknowledged, ever.
            moved: whether they were fewer at the last look.
            now_s: monotonic.
        """
        if oldest is not None and oldest.end > acked:
            oldest.on_wire_at_s = now_s
            if moved:
                self._progress_at_s = now_s

    # --- what follows ---------------------------------------------------------------------------

    def of_frames(self, oldest: InFlight | None, now_s: float, round_trip_s: float) -> str | None:
        """What the broker owes for frames; None while all is well.

        Args:
            oldest: the frame of a channel that has waited longest; None: there is none.
            now_s: monotonic.
            round_trip_s: of TCP, at present.
        """
        if oldest is None:
            return None
        limit_s = self._limit_s
        allowance_s = _ROUND_TRIPS * round_trip_s
        if now_s - max(oldest.at_s, self._progress_at_s) > limit_s + allowance_s:
            return f"no confirm for {limit_s:g} s"
        lost_slot_s = limit_s * _LOST_SLOT_FACTOR
        since_s = max(oldest.at_s, oldest.on_wire_at_s, self._resumed_at_s)
        if now_s - since_s > lost_slot_s + allowance_s:
            return f"a frame was not confirmed for {lost_slot_s:g} s"
        return None

    def of_exchange(
        self, exchange: str, since_s: float, now_s: float, round_trip_s: float
    ) -> str | None:
        """What the broker owes about an exchange that is being opened since `since_s`."""
        limit_s = self._limit_s
        if now_s - max(since_s, self._progress_at_s) > limit_s + _ROUND_TRIPS * round_trip_s:
            return f"no answer about exchange '{exchange}' for {limit_s:g} s"
        return None
