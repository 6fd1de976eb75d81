"""Publishes frames and notifications to RabbitMQ over one connection, with confirms.

A frame goes from the outbox through `pump` (when), `channels` (where), `flow` (how many at once),
`writer`, `encoder` and `wire` (as which bytes) to `transport`, the socket. `connection` and
`connection_thread` are the connection's life, `guarded_loop` its thread, `liveness` its watchdog.
`exchange` is the life of one channel, for frames (`frame_channel`) as for `notifications`; what the
broker refuses is read by `refusals`, and `refused_frames` and `isolation` see that it harms nobody
else. `sink` joins them. `control` is a second connection, for everything that is no frame, with a
channel for each of its users (`control_channel`).

`AmqpSink` is imported when it is first asked for: whoever needs the settings alone gets no pika.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings

if TYPE_CHECKING:
    from edge_video.delivery.amqp.sink import AmqpSink

__all__ = ["AmqpSettings", "AmqpSink", "Route", "TlsSettings"]


def __getattr__(name: str) -> Any:
    if name == "AmqpSink":
        from edge_video.delivery.amqp.sink import AmqpSink  # noqa: PLC0415 - see above

        return AmqpSink
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
