"""Makes, closes, cuts and releases pika's connection to one broker."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, Protocol

import pika
import pika.exceptions

from edge_video.delivery.amqp.errors import (
    ConnectionLoss,
    channel_limit,
    describe_loss,
    never_reached,
    timed_out,
)
from edge_video.delivery.amqp.parameters import connection_parameters
from edge_video.delivery.amqp.tcp_gauge import TcpGauge
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.delivery.amqp.tolerance import TolerantConnection

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_video.delivery.amqp.exchange import ChannelHost
    from edge_video.delivery.amqp.guarded_loop import GuardedLoop
    from edge_video.delivery.amqp.handshake import HandshakeTimeout
    from edge_video.delivery.amqp.settings import AmqpSettings
    from edge_video.delivery.amqp.transport import CorkedServices, CorkedTransport
    from edge_video.runtime.reactor import Member

_TCP_OPTIONS: Final = {
    "TCP_KEEPIDLE": 10,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 20_000,
}
"""A dead peer is noticed by the kernel in about 20 s, with frames in flight or without."""

_CLEAN_CLOSE_SHARE: Final = 0.75
"""Of the time allowed for `close`, what the orderly goodbye to the broker may take."""
_RELEASE_ROUNDS: Final = 8
"""Most rounds that pika gets to notice that its stream is gone."""


class ConnectionUser(Protocol):
    """Who uses the connection; called in the reactor's thread."""

    def connection_opened(self, connection: Any) -> None:
        """The broker has let us in, on pika's connection."""

    def connection_blocked(self, reason: str) -> None:
        """The broker takes no frames; secrets are masked in the reason."""

    def connection_unblocked(self) -> None:
        """The broker takes frames again."""


class BrokerConnection:
    """One attempt to connect to a broker, address by address, and the connection that it makes.

    `GuardedLoop.end` is called with the reason when it ends. Everything runs in the reactor's
    thread, except `prepare` and `drop`.

    Args:
        settings: the broker.
        loop: of the sink.
        host: guard, clock and what was learned about the broker.
        user: told what happens.
        handshake: how long connecting may take.
        connect_target: where to connect to instead of an address and port.
        make_services: makes what pika runs on.
    """

    def __init__(
        self,
        settings: AmqpSettings,
        loop: GuardedLoop,
        host: ChannelHost,
        *,
        user: ConnectionUser,
        handshake: HandshakeTimeout,
        connect_target: Callable[[str, int], tuple[str, int]],
        make_services: Callable[[Member], CorkedServices],
    ) -> None:
        self.pika_connection: Any = None
        """None until `connect`."""
        self.is_blocked = False
        self._settings = settings
        self._loop = loop
        self._host = host
        self._user = user
        self._handshake = handshake
        self._connect_target = connect_target
        self._make_services = make_services
        self._services: CorkedServices | None = None
        self._addresses: list[str] = []
        self._tls_context: ssl.SSLContext | None = None

    @property
    def target(self) -> str:
        """The broker, without user name and password."""
        return self._settings.target

    @property
    def is_open(self) -> bool:
        """Whether the broker has let us in, and neither side has begun to say goodbye."""
        return self.pika_connection is not None and bool(self.pika_connection.is_open)

    @property
    def transport(self) -> CorkedTransport | None:
        """Under the connection; None before there is one, and with TLS."""
        return None if self._services is None else self._services.transport

    def gauge(self) -> TcpGauge:
        """Reads the socket of a connection that is open."""
        transport = self.pika_connection._transport  # noqa: SLF001 - no public way
        return TcpGauge(transport._sock, transport.get_write_buffer_size)  # noqa: SLF001 - as above

    # --- connecting -----------------------------------------------------------------------------

    def prepare(self) -> bool:
        """Do what may block, and may fail without a connection; False when that decides it.

        In the thread of the connection's life.
        """
        settings = self._settings
        try:
            if settings.tls is not None:
                self._tls_context = make_tls_context(settings.tls)
        except (OSError, ssl.SSLError, ValueError) as error:
            self._loop.end(
                ConnectionLoss(f"TLS: cannot use the certificate files: {error}", permanent=True)
            )
            return False
        try:
            # Here and not by pika, whose resolver thread would hold up the interpreter's exit.
            found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._loop.end(self._describe(error))
            return False
        addresses = dict.fromkeys(str(address[4][0]) for address in found)
        self._addresses = self._host.knowledge.in_order(addresses)
        return True

    def connect(self) -> None:
        """Connect to the next address."""
        assert self._loop.member is not None
        guarded, address = self._host.guarded, self._addresses.pop(0)
        self._handshake.began(self._host.now())
        self._services = self._make_services(self._loop.member)
        self.pika_connection = TolerantConnection(
            self._parameters(address),
            on_open_callback=guarded(self._on_open),
            on_open_error_callback=guarded(lambda _, error: self._on_failed(address, error)),
            on_close_callback=guarded(self._on_closed),
            custom_ioloop=self._services,
        )

    def _parameters(self, address: str) -> pika.ConnectionParameters:
        settings = self._settings
        return connection_parameters(
            settings,
            self._tls_context,
            name=f"{settings.app}@{settings.node}",
            heartbeat=max(1, round(settings.heartbeat_s)) if settings.heartbeat_s > 0 else 0,
            socket_timeout_s=self._handshake.tcp_s,
            stack_timeout_s=self._handshake.limit_s,
            address=self._connect_target(address, settings.port),
            tcp_options=_TCP_OPTIONS,
        )

    # --- pika's callbacks -----------------------------------------------------------------------

    def _on_open(self, connection: Any) -> None:
        guarded = self._host.guarded
        self._handshake.met(self._host.now())
        learned = self._host.knowledge.max_channels
        if learned is not None:  # let pika open no more than the broker let this user have
            most = connection.params.channel_max
            connection.params.channel_max = min(most, learned) if most else learned
        connection.add_on_connection_blocked_callback(guarded(self._on_blocked))
        connection.add_on_connection_unblocked_callback(guarded(self._on_unblocked))
        self._user.connection_opened(connection)

    def _on_failed(self, address: str, error: BaseException) -> None:
        self._host.knowledge.failed_addresses.add(address)
        if timed_out(error):
            self._handshake.ran_out(self._host.now())
        if self._addresses and never_reached(error):
            self._loop.call_later(0, self.connect)
        else:
            self._loop.end(self._describe(error))

    def _on_closed(self, _connection: Any, error: BaseException) -> None:
        if (limit := channel_limit(error)) is not None:
            knowledge = self._host.knowledge
            if knowledge.max_channels is not None and knowledge.max_channels <= limit:
                limit = knowledge.max_channels - 1  # other programs of this user hold some
            knowledge.max_channels = max(1, limit)
        self._loop.end(self._describe(error))

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        if not self.is_blocked:
            self.is_blocked = True
            reason = f"the broker takes no frames: {frame.method.reason}"
            self._user.connection_blocked(self._host.clean(reason))

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:
        if self.is_blocked:
            self.is_blocked = False
            self._user.connection_unblocked()

    def _describe(self, error: BaseException) -> ConnectionLoss:
        settings = self._settings
        loss = describe_loss(error, settings)
        reason, where = loss.reason, f"{settings.host}:{settings.port}"
        if settings.is_one_of_several and settings.host not in reason:
            reason = f"{where}: {reason}"
        return ConnectionLoss(self._host.clean(reason), loss.permanent)

    # --- its end --------------------------------------------------------------------------------

    def close(self, within_s: float) -> None:
        """Say goodbye to the broker; it may take most of `within_s`, and ends without a loss."""
        goodbye_s = within_s * _CLEAN_CLOSE_SHARE
        # A blocked broker reads nothing, not even a goodbye.
        if not self.is_open or self.is_blocked or goodbye_s <= 0:
            self._loop.end(None)
            return
        self._loop.call_later(goodbye_s, lambda: self._loop.end(None))
        self.pika_connection.close()

    def cut(self) -> None:
        """Close the socket under pika, which finds out by itself."""
        connection = self.pika_connection
        transport = None if connection is None else connection._transport  # noqa: SLF001 - no public way
        if transport is None:  # while it was being made
            self._loop.end(ConnectionLoss("the connection was cut on request"))
            return
        with contextlib.suppress(OSError):  # the other side was faster
            # Not `SSLSocket.shutdown`, which would go on without encryption.
            socket.socket.shutdown(transport._sock, socket.SHUT_RDWR)  # noqa: SLF001 - as above

    def credit_confirms(self) -> None:
        """Let pika's heartbeat know of the bytes that were taken out before it saw them."""
        transport = self.transport
        if transport is not None:
            self.pika_connection.bytes_received += transport.confirms.taken_bytes
            transport.confirms.taken_bytes = 0

    def release(
        self, member: Member, released: threading.Event, rounds: int = _RELEASE_ROUNDS
    ) -> None:
        """Close the socket at once, whatever state pika is in, and leave the loop.

        Args:
            member: the loop to leave.
            released: set when that is done.
            rounds: how many more of them pika gets to notice that its stream is gone.
        """
        connection = self.pika_connection
        if connection is not None and not connection.is_closed:
            if rounds == _RELEASE_ROUNDS:
                # The orderly `close` waits for the broker, which may be blocked or hung. This is
                # how pika itself gives a connection up when heartbeats stay out.
                lost = pika.exceptions.StreamLostError("given up")
                connection._terminate_stream(lost)  # noqa: SLF001 - no public way
            if rounds and member.call_soon(lambda: self.release(member, released, rounds - 1)):
                member.skip_pacing()
                return
        member.leave()
        released.set()

    def drop(self) -> None:
        """Close the socket of a loop that is dead. Any thread."""
        if self.transport is not None:
            self.transport.drop()
