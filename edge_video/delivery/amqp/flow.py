"""Controls the flow of one connection: what is in flight, and whether another frame may follow."""

from __future__ import annotations

import sys
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.silence import BrokerSilence
from edge_video.delivery.amqp.window import UplinkWindow
from edge_video.delivery.ledger import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.delivery.amqp.in_flight import InFlight, Window
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.delivery.amqp.tcp_gauge import TcpGauge
    from edge_video.delivery.outbox import Outbox


class Hold(Enum):
    """A reason for which no frame is taken at all."""

    CONNECTING = auto()
    """Not every exchange has its answer yet."""
    BLOCKED = auto()
    """The broker takes no frames."""
    CLOSING = auto()


class FlowControl:
    """Counts the frames in flight, settles them in the outbox, and says if another has room.

    All in the reactor's thread, except that `hold` may be called, and `frames` and `bytes` read,
    from any.

    Args:
        settings: the limits.
        outbox: where frames are settled.
        now: monotonic seconds.
    """

    def __init__(self, settings: AmqpSettings, outbox: Outbox, now: Callable[[], float]) -> None:
        self.frames = 0
        """Frames handed to the broker and not settled yet."""
        self.bytes = 0
        """Bytes of their images."""
        self.silence: Final = BrokerSilence(settings.confirm_timeout_s, now())
        self._max_frames = settings.prefetch_count or sys.maxsize
        self._max_bytes = settings.max_in_flight_bytes
        self._uplink = UplinkWindow(settings.max_delay_s)
        self._gauge: TcpGauge | None = None
        self._outbox = outbox
        self._now = now
        self._holds = {Hold.CONNECTING}

    # --- whether a frame may go -----------------------------------------------------------------

    def hold(self, why: Hold) -> None:
        """Let no frame be taken, until this reason is lifted."""
        self._holds.add(why)

    def lift(self, why: Hold) -> None:
        """Let frames be taken again, as far as this reason goes."""
        self._holds.discard(why)

    def is_held(self, why: Hold) -> bool:
        """Whether frames are held for this reason."""
        return why in self._holds

    def has_room(self) -> bool:
        """Whether another frame may be handed over, as far as is known without a look."""
        return (
            not self._holds
            and self.frames < self._max_frames
            and self.bytes < self._max_bytes
            and self._uplink.has_room()
        )

    # --- frames ---------------------------------------------------------------------------------

    def record(self, entry: InFlight) -> None:
        """Count a frame as in flight: it is about to be handed over for the first time."""
        if not self.frames:
            self.silence.progressed(self._now())
        self.frames += 1
        self.bytes += entry.size

    def hand_over(self, entry: InFlight, window: Window[InFlight]) -> None:
        """Enter a recorded frame in its channel's window, right before it is written."""
        end = self._uplink.handed_over(entry.size)
        entry.hand_over(self._now(), ahead=self.bytes, end=end)
        window.add(entry)

    def take_back(self, entry: InFlight) -> None:
        """Note that the broker never looked at a frame: it stays in flight, and goes again."""
        self._uplink.settled(entry.size)
        entry.is_on_its_way = False

    def answered(self, settled: list[InFlight]) -> None:
        """Take in what the broker's answer about these frames says of the path to it."""
        now_s, last = self._now(), settled[-1]
        self.silence.progressed(now_s)
        self._uplink.confirmed(last.ahead, last.size, now_s - last.at_s, now_s)

    def settle(self, frames: Iterable[InFlight], outcome: Outcome) -> None:
        """Settle frames in the outbox; they are in flight no longer."""
        for entry in frames:
            frame, size = entry.frame, entry.size
            self.frames -= 1
            self.bytes -= size
            if entry.is_on_its_way:
                self._uplink.settled(size)
            known = outcome
            if entry.returned and outcome is Outcome.CONFIRMED:
                known = Outcome.RETURNED
            self._outbox.settle(frame.camera_id, frame.seq, known)

    # --- the socket -----------------------------------------------------------------------------

    def measure(self, gauge: TcpGauge) -> None:
        """Read this socket from now on."""
        self._gauge = gauge
        self.look()

    def look(self) -> bool:
        """See how far the socket has got; whether it moved since the last look."""
        gauge = self._gauge
        if gauge is None:
            return False
        return self._uplink.look(gauge.unacked(), gauge.smallest_round_trip_s(), self._now())

    def wants_look(self) -> bool:
        """Whether it may be the wire that has no room: then `look` may show that it has."""
        return self._uplink.wants_look()

    def look_again_s(self) -> float:
        """After how many seconds, with frames waiting, the wire may have room."""
        return self._uplink.look_again_s()

    @property
    def acked(self) -> int:
        """Bytes that the broker's TCP had acknowledged at the last look, ever."""
        return self._uplink.acked

    def round_trip_s(self) -> float:
        """The present round trip of TCP in seconds; 0 if it is not known."""
        return self._gauge.round_trip_s() if self._gauge is not None else 0.0
