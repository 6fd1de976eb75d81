"""Declares the settings of an AMQP sink: broker, limits, TLS, and each camera's route. No pika."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """The files of a TLS connection: whom it trusts, and what proves who we are.

    Attributes:
        ca: PEM file of the authorities to trust; None for those of the system.
        cert: PEM file of our certificate; None for no certificate.
        key: PEM file of its key, not encrypted.
        verify: whether the broker's certificate and name are checked.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class AmqpSettings:
    """Where the broker is and how hard it may be pushed.

    Attributes:
        prefetch_count: most unconfirmed frames in flight; 0 = no limit of the number.
        max_in_flight_bytes: no frame is taken while at least so many bytes are unconfirmed; one
            frame may cross the limit.
        max_delay_s: no frame is taken while what was handed over would queue longer than this in
            front of a slow uplink; see `UplinkWindow`.
        message_ttl_s: how long a message may wait in a queue; None = for ever.
        confirm_timeout_s: a broker that confirms nothing for so long is given up.
        handshake_timeout_s: the limit of the first attempt to connect; see `HandshakeTimeout`.
        heartbeat_s: AMQP heartbeat interval; 0 switches it off.
        mandatory: have unroutable frames returned (and counted), at the price of their way back.
        node: names this machine in the headers.
        app: the `app_id` of the messages and the name of the connection on the broker.
        is_one_of_several: whether others take turns with it, so that its name is said.
        route_retry_s: how long a refused exchange rests before it is tried again.
    """

    host: str
    port: int
    vhost: str
    username: str
    password: str = field(repr=False)
    tls: TlsSettings | None = None
    prefetch_count: int = 50
    max_in_flight_bytes: int = 8_000_000
    message_ttl_s: float | None = None
    max_delay_s: float = 0.25
    confirm_timeout_s: float = 5.0
    handshake_timeout_s: float = 10.0
    heartbeat_s: float = 10.0
    mandatory: bool = False
    node: str = ""
    app: str = "edge-video"
    is_one_of_several: bool = False
    route_retry_s: float = 60.0

    @property
    def target(self) -> str:
        """The broker, without user name and password."""
        scheme = "amqp" if self.tls is None else "amqps"
        host = f"[{self.host}]" if ":" in self.host else self.host
        vhost = "" if self.vhost == "/" else f"/{quote(self.vhost, safe='')}"
        return f"{scheme}://{host}:{self.port}{vhost}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where the frames of one camera are published."""

    exchange: str
    routing_key: str
