"""Writes frames to the socket as AMQP messages; with TLS pika does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.amqp.encoder import MessageEncoder, MessageFormat
from edge_video.delivery.amqp.message import message_properties
from edge_video.delivery.amqp.wire import FRAME_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.in_flight import InFlight
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.delivery.amqp.transport import CorkedTransport


class FrameWriter:
    """Writes the messages of one connection. Everything runs in the reactor's thread.

    Args:
        settings: what is the same in every message.
        wall_ns: the wall clock, in nanoseconds since the epoch.
    """

    def __init__(self, settings: AmqpSettings, wall_ns: Callable[[], int]) -> None:
        self._form = MessageFormat.of(settings)
        self._wall_ns = wall_ns
        self._frame_max = FRAME_MAX
        self._transport: CorkedTransport | None = None

    def use(self, transport: CorkedTransport | None, frame_max: int) -> None:
        """Write to a connection that is open; without a transport, as with TLS, through pika.

        Args:
            transport: under the connection.
            frame_max: the largest AMQP frame that was agreed on, in bytes.
        """
        self._transport, self._frame_max = transport, frame_max

    def encoder(self, channel: int, exchange: str) -> MessageEncoder:
        """An encoder for a channel that was just opened."""
        return MessageEncoder(channel, exchange, self._form, self._frame_max)

    def write(self, channel: FrameChannel, entry: InFlight) -> None:
        """Write a frame to its exchange."""
        transport = self._transport
        if transport is not None:
            transport.write_all(channel.encoder.encode(entry, self._wall_ns()))
        else:
            form = self._form
            self._write_through_pika(
                channel, entry, channel.exchange, expires=form.expires, mandatory=form.mandatory
            )

    def write_to_queue(self, channel: FrameChannel, entry: InFlight) -> None:
        """Write a frame to the queue that is named like its routing key; it comes back if none is.

        Through pika: on the default exchange, and mandatory.
        """
        self._write_through_pika(channel, entry, "", expires=None, mandatory=True)

    def _write_through_pika(
        self,
        channel: FrameChannel,
        entry: InFlight,
        exchange: str,
        *,
        expires: str | None,
        mandatory: bool,
    ) -> None:
        properties = message_properties(
            entry.frame,
            node=self._form.node,
            app=self._form.app,
            published_at_ns=self._wall_ns(),
            expires=expires,
        )
        channel.pika_channel.basic_publish(
            exchange, entry.routing_key, entry.frame.image, properties, mandatory
        )
