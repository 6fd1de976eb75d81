"""Encodes frames as AMQP messages, for one channel after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from edge_video.delivery.amqp.message import expiration
from edge_video.delivery.amqp.wire import HeaderEncoder, message, publish_method

if TYPE_CHECKING:
    from edge_video.delivery.amqp.in_flight import InFlight
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class MessageFormat:
    """What is the same in every message of a sink; see `AmqpSettings`."""

    node: str
    app: str
    expires: str | None
    mandatory: bool

    @classmethod
    def of(cls, settings: AmqpSettings) -> Self:
        """The format that the settings ask for."""
        expires = expiration(settings.message_ttl_s)
        return cls(settings.node, settings.app, expires, settings.mandatory)


class MessageEncoder:
    """Encodes the messages of one channel; what does not change from frame to frame only once.

    Args:
        channel: its number.
        exchange: where it publishes.
        form: what is the same in every message.
        frame_max: the largest AMQP frame of the connection, in bytes.
    """

    def __init__(self, channel: int, exchange: str, form: MessageFormat, frame_max: int) -> None:
        self._channel = channel
        self._exchange = exchange
        self._form = form
        self._frame_max = frame_max
        self._methods: dict[str, bytes] = {}
        """Routing key → the encoded `basic.publish`."""
        self._headers: dict[CameraId, HeaderEncoder] = {}

    def encode(self, entry: InFlight, published_at_ns: int) -> list[bytes | memoryview]:
        """The message of a frame, in pieces to be written one after another.

        Raises:
            ValueError: a name is longer than AMQP allows.
        """
        channel, frame, key = self._channel, entry.frame, entry.routing_key
        method = self._methods.get(key)
        if method is None:
            mandatory = self._form.mandatory
            method = publish_method(channel, self._exchange, key, mandatory=mandatory)
            self._methods[key] = method
        headers = self._headers.get(frame.camera_id)
        if headers is None or headers.session != frame.session or headers.epoch != frame.epoch:
            form = self._form
            headers = self._headers[frame.camera_id] = HeaderEncoder(
                frame, channel, node=form.node, app=form.app, expires=form.expires
            )
        header = headers.encode(frame, entry.message_id, published_at_ns)
        return message(method, header, channel, frame.image, self._frame_max)
