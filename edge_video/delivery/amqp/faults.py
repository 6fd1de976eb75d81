"""Brings about the faults of one broker connection.

Nothing of this stands in the way of frames: they come by here once a fault was injected, and never
before.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import pika
import pika.exceptions

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
    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.frames import Frame

_log = logging.getLogger(__name__)

_LOOPBACK: Final = "127.0.0.1"

_REFUSE_ALL: Final = {"x-max-length": 0, "x-overflow": "reject-publish"}
"""A queue that is always full, and says so: the broker nacks each frame for it."""

_BLOCKED_REASON: Final = "blocked on request"


class FaultyChannels(Protocol):
    """What the faults need of the channels that they act on; in the reactor's thread."""

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """Settle what an ack or a nack names."""

    def adopt(self, pika_channel: Any) -> FrameChannel:
        """Make a channel of the default exchange of what pika has just opened."""

    def redirect(self, channel: FrameChannel, queue: str, frame: Frame) -> None:
        """Publish a frame to a queue by its name; it comes back when there is none."""

    def channel_closed(self, channel: FrameChannel, number: int, refusal: Refusal | None) -> None:
        """Settle what is unconfirmed on a channel that is gone."""


class _Delayed(NamedTuple):
    """A confirm that has arrived and does not count yet."""

    at_s: float
    channel: FrameChannel
    pika_channel: Any
    """Delivery tags mean something only on the channel that they came from."""
    tag: int
    multiple: bool
    nack: bool


class DelayedConfirms:
    """Keeps confirms back, and lets them count late, in the order in which they arrived.

    What is kept is bounded by the sink's window of unconfirmed frames. `stopped` and `delay_s` may
    be written in any thread; everything else runs in the reactor's.

    Args:
        host: the connection's side.
        channels: where confirms count.
    """

    def __init__(self, host: ChannelHost, channels: FaultyChannels) -> None:
        self.stopped = False
        """None counts."""
        self.delay_s = 0.0
        """They count so late."""
        self._host = host
        self._channels = channels
        self._kept: deque[_Delayed] = deque()
        self._releasing = False
        self._release_armed = False

    def delays(self, channel: FrameChannel, tag: int, multiple: bool, nack: bool) -> bool:
        """Whether a confirm does not count yet; it is kept then, and comes in its turn."""
        if self._releasing or not (self.stopped or self.delay_s or self._kept):
            return False
        now_s = self._host.now()
        self._kept.append(_Delayed(now_s, channel, channel.pika_channel, tag, multiple, nack))
        self._arm(now_s)
        return True

    def release(self) -> None:
        """Let the confirms count whose time has come."""
        now_s = self._host.now()
        self._releasing = True
        try:
            while self._kept and self._is_due(self._kept[0], now_s):
                due = self._kept.popleft()
                # On a channel that is gone its frames are unknown already.
                if due.pika_channel is due.channel.pika_channel:
                    self._channels.confirmed(
                        due.channel, due.tag, multiple=due.multiple, nack=due.nack
                    )
        finally:
            self._releasing = False
        self._arm(now_s)

    def _is_due(self, confirm: _Delayed, now_s: float) -> bool:
        return not self.stopped and now_s >= confirm.at_s + self.delay_s

    def _arm(self, now_s: float) -> None:
        if self._kept and not self.stopped and not self._release_armed:
            self._release_armed = True
            due_s = self._kept[0].at_s + self.delay_s
            self._host.call_later(max(0.0, due_s - now_s), self._on_release_due)

    def _on_release_due(self) -> None:
        self._release_armed = False
        self.release()


class RefusedOnPurpose:
    """Publishes frames where the broker refuses them, on a channel of its own.

    `nacks` and `returns` may be written in any thread; everything else runs in the reactor's.

    Args:
        host: the connection's side.
        channels: where the channel is adopted.
    """

    def __init__(self, host: ChannelHost, channels: FaultyChannels) -> None:
        self.nacks = 0
        """Frames that are still to be nacked."""
        self.returns = 0
        """Frames that are still to be returned."""
        self._host = host
        self._channels = channels
        self._refusal_channel: FrameChannel | None = None
        self._is_opening = False
        self._full_queue = ""

    def open_if_due(self, connection: Any) -> None:
        """Open the channel on this connection of pika's, if a frame is to be refused."""
        is_due = self.nacks or self.returns
        if not is_due or self._refusal_channel is not None or self._is_opening:
            return
        self._is_opening = True
        # Where the broker allows no further channel, the fault cannot happen.
        with contextlib.suppress(pika.exceptions.NoFreeChannels):
            connection.channel(on_open_callback=self._host.guarded(self._on_open))

    def redirect(self, frame: Frame) -> bool:
        """Publish a frame where the broker refuses it; False when it shall go where it belongs."""
        channel = self._refusal_channel
        if channel is None:
            return False
        if self.nacks:
            self.nacks -= 1
            self._channels.redirect(channel, self._full_queue, frame)
        elif self.returns:
            self.returns -= 1
            # On the default exchange the routing key is the name of a queue, and none has this.
            self._channels.redirect(channel, f"edge-video.nobody.{uuid.uuid4().hex}", frame)
        else:
            return False
        return True

    def _on_open(self, pika_channel: Any) -> None:
        guarded = self._host.guarded
        channel = self._channels.adopt(pika_channel)
        pika_channel.add_on_close_callback(guarded(functools.partial(self._on_closed, channel)))
        pika_channel.confirm_delivery(
            guarded(channel.on_pika_confirm),
            guarded(functools.partial(self._on_confirming, channel)),
        )

    def _on_confirming(self, channel: FrameChannel, _frame: Any) -> None:
        channel.pika_channel.queue_declare(
            "",
            exclusive=True,  # the broker removes it with the connection
            arguments=_REFUSE_ALL,
            callback=self._host.guarded(functools.partial(self._on_ready, channel)),
        )

    def _on_ready(self, channel: FrameChannel, frame: Any) -> None:
        self._full_queue = frame.method.queue
        self._refusal_channel = channel

    def _on_closed(self, channel: FrameChannel, pika_channel: Any, error: BaseException) -> None:
        channel.pika_channel = None
        self._channels.channel_closed(channel, pika_channel.channel_number, None)
        if isinstance(error, pika.exceptions.ChannelClosedByBroker):
            # The user may not declare a queue, or not use the default exchange.
            _log.warning("the broker cannot be made to refuse frames: %s", error.reply_text)
            self.nacks = self.returns = 0
            self._refusal_channel, self._is_opening = None, False


class AmqpFaults:
    """The faults that act on one `AmqpSink`.

    Threads: every method is called with the gate of the sink's `GuardedLoop` held, so no callback
    of it runs at the same time. `begin`, `end` and `clear` may come from any thread and only note
    what is wanted; what needs pika happens in the others, which run in the reactor's thread.

    Args:
        host: the connection's side.
        channels: those of the frames.
    """

    def __init__(self, host: ChannelHost, channels: FaultyChannels) -> None:
        self._confirms = DelayedConfirms(host, channels)
        self._refused = RefusedOnPurpose(host, channels)
        self._refusing_connections = False
        self._blocking = False
        self._blocked = False
        self._closed_port: socket.socket | None = None
        self.redirect: Final = self._refused.redirect
        """See `RefusedOnPurpose.redirect`."""
        self.delays_confirm: Final = self._confirms.delays
        """See `DelayedConfirms.delays`."""

    # --- what is wanted -------------------------------------------------------------------------

    def begin(self, fault: SinkFault) -> bool:
        """Note a fault; False when it is none of a broker connection. `act` is due then."""
        match fault:
            case RefuseConnections():
                self._refusing_connections = True
            case StopConfirming():
                self._confirms.stopped = True
            case SlowConfirms(delay_s=delay_s):
                self._confirms.delay_s = max(0.0, delay_s)
            case BlockConnection():
                self._blocking = True
            case NackFrames(frames=frames):
                self._refused.nacks += max(0, frames)
            case ReturnFrames(frames=frames):
                self._refused.returns += max(0, frames)
            case _:
                return False
        return True

    def end(self, fault: SinkFault) -> None:
        """Note that a fault is over. `act` is due then."""
        match fault:
            case RefuseConnections():
                self._refusing_connections = False
            case StopConfirming():
                self._confirms.stopped = False
            case SlowConfirms():
                self._confirms.delay_s = 0.0
            case BlockConnection():
                self._blocking = False
            case NackFrames():
                self._refused.nacks = 0
            case ReturnFrames():
                self._refused.returns = 0
            case _:
                pass

    def clear(self) -> None:
        """Note that all faults are over. `act` is due then."""
        self._refusing_connections = self._blocking = self._confirms.stopped = False
        self._confirms.delay_s = 0.0
        self._refused.nacks = self._refused.returns = 0

    # --- the reactor's thread -------------------------------------------------------------------

    def act(self, connection: Any) -> None:
        """Bring a connection in line with what is wanted: after each change, and once it is up.

        Args:
            connection: pika's, in use; None while there is none: the rest is done when there is.
        """
        self._confirms.release()
        if connection is None:
            return
        if self._blocking is not self._blocked:
            self._blocked = self._blocking
            self._tell_blocked(connection)
        self._refused.open_if_due(connection)

    def close(self) -> None:
        """Give back what is held outside the connection."""
        if self._closed_port is not None:
            self._closed_port.close()
            self._closed_port = None

    def connect_target(self, address: str, port: int) -> tuple[str, int]:
        """Where to connect to: a port that is closed, while connections are refused.

        It is bound and does not listen: the kernel answers ECONNREFUSED, and nobody else can come
        to listen there meanwhile.
        """
        if not self._refusing_connections:
            return address, port
        if self._closed_port is None:
            self._closed_port = socket.socket()
            self._closed_port.bind((_LOOPBACK, 0))
        target: tuple[str, int] = self._closed_port.getsockname()
        return target

    def _tell_blocked(self, connection: Any) -> None:
        """Let pika hand out `connection.blocked` or its end as if the broker had sent it."""
        method = (
            pika.spec.Connection.Blocked(_BLOCKED_REASON)
            if self._blocked
            else pika.spec.Connection.Unblocked()
        )
        connection.callbacks.process(0, type(method), connection, pika.frame.Method(0, method))
