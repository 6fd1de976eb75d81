"""Names what an operator can do about a broker that refuses: each is an advice of the catalog."""

from __future__ import annotations

from enum import StrEnum


class Remedy(StrEnum):
    """What helps; the catalog's `advice.broker.<value>` says it.

    It goes by the reason and not by the step at which it showed: a login may also fail because a
    limit is reached, and a write because the broker is short of memory.
    """

    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    CLIENT_CERTIFICATE = "client_certificate"
    LOGIN = "login"
    HANDSHAKE = "handshake"
    """It ended without a word, where several reasons are possible."""
    VHOST = "vhost"
    LIMIT = "limit"
    EXCHANGE = "exchange"
    INTERNAL = "internal"
    """The exchange takes nothing from clients."""
    WRITE = "write"
    TOPIC = "topic"
    """The routing key may not be written, the exchange may."""
    ALARM = "alarm"
    """It takes no messages from anybody for now."""
    BROKER_LOG = "broker_log"
    """Only the broker's own log says more."""
