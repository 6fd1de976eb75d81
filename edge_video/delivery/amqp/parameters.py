"""Makes the parameters of pika's connection to a broker, whatever the connection is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pika

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from edge_video.delivery.amqp.settings import AmqpSettings


def connection_parameters(
    settings: AmqpSettings,
    tls: ssl.SSLContext | None,
    *,
    name: str,
    heartbeat: int | Callable[[pika.connection.Connection, int], int],
    socket_timeout_s: float,
    stack_timeout_s: float,
    blocked_timeout_s: float | None = None,
    address: tuple[str, int] | None = None,
    tcp_options: Mapping[str, int] | None = None,
) -> pika.ConnectionParameters:
    """Make the parameters of one attempt to connect to the broker and log in.

    Args:
        settings: the broker, the virtual host, and as whom to log in.
        tls: made of the settings' own; None: none is wanted.
        name: the connection's name on the broker.
        heartbeat: in seconds, 0 for none; or what decides when the broker has proposed one.
        socket_timeout_s: the limit of the TCP connection.
        stack_timeout_s: the limit of everything until the broker has let us in.
        blocked_timeout_s: how long a broker may take no frames; None: for ever.
        address: where to connect to, instead of the settings' host and port; its certificate is
            still that of the host.
        tcp_options: as pika has them.
    """
    host, port = address or (settings.host, settings.port)
    return pika.ConnectionParameters(
        host=host,
        port=port,
        virtual_host=settings.vhost,
        credentials=pika.PlainCredentials(settings.username, settings.password),
        ssl_options=None if tls is None else pika.SSLOptions(tls, settings.host),
        heartbeat=heartbeat,
        connection_attempts=1,
        socket_timeout=socket_timeout_s,
        stack_timeout=stack_timeout_s,
        blocked_connection_timeout=blocked_timeout_s,
        tcp_options=None if tcp_options is None else dict(tcp_options),
        client_properties={"connection_name": name},
    )
