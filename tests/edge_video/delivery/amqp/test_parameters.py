"""What every connection to a broker has in common, and where they differ."""

from __future__ import annotations

import ssl

from edge_video.delivery.amqp.parameters import connection_parameters
from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings

BROKER = AmqpSettings("broker", 5671, "shop", "user", "secret", tls=TlsSettings())


def test_a_connection_to_another_address_wants_the_certificate_of_the_host() -> None:
    tls = ssl.create_default_context()
    parameters = connection_parameters(
        BROKER,
        tls,
        name="edge-video@node",
        heartbeat=10,
        socket_timeout_s=1.0,
        stack_timeout_s=2.0,
        address=("192.0.2.7", 5672),
        tcp_options={"TCP_KEEPCNT": 3},
    )
    assert (parameters.host, parameters.port) == ("192.0.2.7", 5672)
    assert parameters.ssl_options is not None
    assert (parameters.ssl_options.context, parameters.ssl_options.server_hostname) == (
        tls,
        "broker",
    )
    assert parameters.tcp_options == {"TCP_KEEPCNT": 3}
    assert parameters.blocked_connection_timeout is None


def test_the_broker_is_tried_once_where_and_as_whom_the_settings_say() -> None:
    parameters = connection_parameters(
        BROKER, None, name="watch", heartbeat=0, socket_timeout_s=1.0, stack_timeout_s=2.0
    )
    assert (parameters.host, parameters.port, parameters.virtual_host) == ("broker", 5671, "shop")
    assert parameters.ssl_options is None
    assert parameters.connection_attempts == 1
    assert parameters.client_properties == {"connection_name": "watch"}
    credentials = parameters.credentials
    assert (credentials.username, credentials.password) == ("user", "secret")
