"""Faults on purpose of one broker connection: how each of them is brought about, for real.

The other half of `edge_video.delivery.amqp.sink`, in a file of its own so that nothing of it
stands in the way of frames: an `AmqpSink` makes an `AmqpFaults` with the first fault, and never
otherwise.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pika
import pika.exceptions

from edge_video.delivery.ledger import Outcome
from edge_video.faults import (
    BlockConnection,
    NackFrames,
    RefuseConnections,
    ReturnFrames,
    SinkFault,
    SlowConfirms,
    StopConfirming,
)

if TYPE_CHECKING:
    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.sink import AmqpSink
    from edge_video.frames import Frame

_log = logging.getLogger(__name__)

_LOOPBACK: Final = "127.0.0.1"

_REFUSE_ALL: Final = {"x-max-length": 0, "x-overflow": "reject-publish"}
"""A queue that is always full, and says so: the broker nacks each frame for it."""

_BLOCKED_REASON: Final = "blocked on request"


class _Withheld(NamedTuple):
    """A confirm that has arrived and does not count yet."""

    at_s: float
    line: FrameChannel
    channel: Any
    """Delivery tags mean something only on the channel that they came from."""
    tag: int
    multiple: bool
    nack: bool


class AmqpFaults:
    """The faults that act on one `AmqpSink`.

    Threads: every method is called with the sink's gate held, so no callback of it runs at the
    same time. `begin`, `end` and `clear` may come from any thread and only note what is wanted;
    what needs pika happens in the others, which run in the reactor's thread.

    What is kept is bounded by the sink's window of unconfirmed frames.
    """

    def __init__(self, sink: AmqpSink) -> None:
        self._sink = sink
        self._refusing = False
        self._silent = False
        self._delay_s = 0.0
        self._blocking = False
        self._blocked = False
        self._nacks = 0
        self._returns = 0
        self._door: socket.socket | None = None
        self._withheld: deque[_Withheld] = deque()
        self._letting_through = False
        self._release_armed = False
        self._detour: FrameChannel | None = None
        """Where frames are published that the broker shall refuse; a channel of its own."""
        self._detour_opening = False
        self._full_queue = ""

    # --- what is wanted ---------------------------------------------------------------------

    def begin(self, fault: SinkFault) -> bool:
        """Note a fault; False when it is none of a broker connection. `act` is due then."""
        match fault:
            case RefuseConnections():
                self._refusing = True
            case StopConfirming():
                self._silent = True
            case SlowConfirms(delay_s=delay_s):
                self._delay_s = max(0.0, delay_s)
            case BlockConnection():
                self._blocking = True
            case NackFrames(frames=frames):
                self._nacks += max(0, frames)
            case ReturnFrames(frames=frames):
                self._returns += max(0, frames)
            case _:
                return False
        return True

    def end(self, fault: SinkFault) -> None:
        """Note that a fault is over. `act` is due then."""
        match fault:
            case RefuseConnections():
                self._refusing = False
            case StopConfirming():
                self._silent = False
            case SlowConfirms():
                self._delay_s = 0.0
            case BlockConnection():
                self._blocking = False
            case NackFrames():
                self._nacks = 0
            case ReturnFrames():
                self._returns = 0
            case _:
                pass

    def clear(self) -> None:
        """Note that all faults are over. `act` is due then."""
        self._refusing = self._silent = self._blocking = False
        self._delay_s = 0.0
        self._nacks = self._returns = 0

    # --- the sink's thread ------------------------------------------------------------------

    def act(self) -> None:
        """Bring the connection in line with what is wanted: after each change, and once it is up.

        What waits for a connection is done when there is one.
        """
        self._release()
        sink = self._sink
        if not (sink._connected and sink._connection.is_open):
            return
        if self._blocking is not self._blocked:
            self._blocked = self._blocking
            self._say_blocked()
        if (self._nacks or self._returns) and self._detour is None and not self._detour_opening:
            self._detour_opening = True
            # Where the broker allows no further channel, the fault cannot happen.
            with contextlib.suppress(pika.exceptions.NoFreeChannels):
                sink._connection.channel(on_open_callback=sink._guarded(self._on_detour_open))

    def close(self) -> None:
        """Give back what is held outside the connection."""
        if self._door is not None:
            self._door.close()
            self._door = None

    def _say_blocked(self) -> None:
        """Let pika hand out `connection.blocked` or its end as if the broker had sent it."""
        method = (
            pika.spec.Connection.Blocked(_BLOCKED_REASON)
            if self._blocked
            else pika.spec.Connection.Unblocked()
        )
        connection = self._sink._connection
        connection.callbacks.process(0, type(method), connection, pika.frame.Method(0, method))

    # --- connecting -------------------------------------------------------------------------

    def aim(self, address: str, port: int) -> tuple[str, int]:
        """Where to connect to: a door that is shut, while connections are refused.

        A port that is bound and does not listen: the kernel answers ECONNREFUSED, and nobody else
        can come to listen there meanwhile.
        """
        if not self._refusing:
            return address, port
        if self._door is None:
            self._door = socket.socket()
            self._door.bind((_LOOPBACK, 0))
        door: tuple[str, int] = self._door.getsockname()
        return door

    # --- confirms ---------------------------------------------------------------------------

    def withholds(self, line: FrameChannel, tag: int, multiple: bool, nack: bool) -> bool:
        """Whether a confirm does not count yet; it is kept then, and comes in its turn."""
        if self._letting_through or not (self._silent or self._delay_s or self._withheld):
            return False
        now_s = self._sink._clock.monotonic()
        self._withheld.append(_Withheld(now_s, line, line.channel, tag, multiple, nack))
        self._arm_release(now_s)
        return True

    def _release(self) -> None:
        """Let the confirms through whose time has come, in the order in which they arrived."""
        now_s = self._sink._clock.monotonic()
        self._letting_through = True
        try:
            while self._withheld and self._is_due(self._withheld[0], now_s):
                due = self._withheld.popleft()
                # On a channel that is gone its frames are unknown already.
                if due.channel is due.line.channel:
                    self._sink.confirmed(due.line, due.tag, multiple=due.multiple, nack=due.nack)
        finally:
            self._letting_through = False
        self._arm_release(now_s)

    def _is_due(self, withheld: _Withheld, now_s: float) -> bool:
        return not self._silent and now_s >= withheld.at_s + self._delay_s

    def _arm_release(self, now_s: float) -> None:
        if self._withheld and not self._silent and not self._release_armed:
            self._release_armed = True
            due_s = self._withheld[0].at_s + self._delay_s
            self._sink._call_later(max(0.0, due_s - now_s), self._on_release_due)

    def _on_release_due(self) -> None:
        self._release_armed = False
        self._release()

    # --- frames that the broker refuses -----------------------------------------------------

    def divert(self, frame: Frame) -> bool:
        """Publish a frame where the broker refuses it; False when it shall go where it belongs."""
        line = self._detour
        if line is None:
            return False
        if self._nacks:
            self._nacks -= 1
            self._sink._divert(line, self._full_queue, frame)
        elif self._returns:
            self._returns -= 1
            # On the default exchange the routing key is the name of a queue, and none has this.
            self._sink._divert(line, f"edge-video.nobody.{uuid.uuid4().hex}", frame)
        else:
            return False
        return True

    def _on_detour_open(self, channel: Any) -> None:
        sink = self._sink
        line = sink._detour_line(channel)
        channel.add_on_close_callback(
            sink._guarded(functools.partial(self._on_detour_closed, line))
        )
        channel.add_on_return_callback(sink._guarded(functools.partial(sink._on_returned, line)))
        channel.confirm_delivery(
            sink._guarded(line._on_confirm),
            sink._guarded(functools.partial(self._on_detour_confirming, line)),
        )

    def _on_detour_confirming(self, line: FrameChannel, _frame: Any) -> None:
        line.channel.queue_declare(
            "",
            exclusive=True,  # the broker removes it with the connection
            arguments=_REFUSE_ALL,
            callback=self._sink._guarded(functools.partial(self._on_detour_ready, line)),
        )

    def _on_detour_ready(self, line: FrameChannel, frame: Any) -> None:
        self._full_queue = frame.method.queue
        self._detour = line

    def _on_detour_closed(self, line: FrameChannel, channel: Any, reason: BaseException) -> None:
        line.channel = None
        self._sink._by_channel.pop(channel.channel_number, None)
        self._sink._settle(line.window.abandon(), Outcome.UNKNOWN)
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            # The user may not declare a queue, or not use the default exchange.
            _log.warning("the broker cannot be made to refuse frames: %s", reason.reply_text)
            self._nacks = self._returns = 0
            self._detour, self._detour_opening = None, False
