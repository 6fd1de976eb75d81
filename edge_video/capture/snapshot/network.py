"""Connects to one camera under one time limit for the whole request, and lets go when told to.

What it raises holds the error of the operating system as its argument: `trouble` goes by that.

An HTTP client's own time-outs are for each read: a camera that sends a byte a second keeps them
all. Here every wait ends at the limit of the request, and another thread can end it at once.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from httpcore._backends.base import SOCKET_OPTION

_MAX_ADDRESSES: Final = 4
"""Of a host name that has many: each may take its time."""
_LEAST_S: Final = 0.001


class SnapshotNetwork(httpcore.NetworkBackend):
    """Makes the connections of one capture. Its thread's, but for `cancel`.

    Args:
        connect_s: how long a connection may take to be made, TLS included.

    Attributes:
        connections: how many were made so far.
        is_cancelled: whether nobody wants an answer any more.
    """

    def __init__(self, connect_s: float) -> None:
        self.connections = 0
        self.is_cancelled = False
        self._connect_s = connect_s
        self._until_s = 0.0
        self._socket: socket.socket | None = None

    # No lock: each side writes its own field before it reads the other's.

    def cancel(self) -> None:
        """End what is waited for, and wait for nothing any more. Any thread, and for good."""
        self.is_cancelled = True
        self._wake()

    def begin(self, limit_s: float) -> None:
        """Let the next request take so many seconds, with everything that belongs to it."""
        self._until_s = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Return how long may still be waited.

        Raises:
            TimeoutError: no longer.
            ConnectionAbortedError: nobody wants the answer.
        """
        if self.is_cancelled:
            raise ConnectionAbortedError("cancelled")
        left_s = self._until_s - time.monotonic()
        if left_s < _LEAST_S:
            raise TimeoutError("the time is over")
        return left_s

    def waits_on(self, connection: socket.socket) -> None:
        """Take note of the socket that is waited on from now on."""
        self._socket = connection
        if self.is_cancelled:
            self._wake()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that takes a connection.

        Resolving its name is the one wait that nothing can end: it takes what the resolver takes.
        """
        del timeout, local_address, socket_options  # this network has its own
        try:
            return self._connect(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(error) from error
        except (OSError, ValueError) as error:  # ValueError: a name that is none in IDNA
            raise httpcore.ConnectError(error) from error

    def _connect(self, host: str, port: int) -> httpcore.NetworkStream:
        self.connections += 1
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[:_MAX_ADDRESSES]
        first: OSError | None = None
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            try:
                # One that nobody answers at leaves the others their time.
                limit_s = min(self._connect_s, self.left_s() / (len(addresses) - number))
                return self._connected(socket.socket(family, kind, protocol), address, limit_s)
            except OSError as error:  # of the socket, too: a machine may have no IPv6
                # The first says why; of those after it some are not tried, for want of time.
                if first is None or first.errno == errno.EAFNOSUPPORT:
                    first = error
        raise first or OSError("it has no address")

    def _connected(
        self, connection: socket.socket, address: Any, limit_s: float
    ) -> httpcore.NetworkStream:
        try:
            connection.settimeout(limit_s)
            self.waits_on(connection)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connection.close()
            raise
        return _SnapshotStream(self, connection)

    @property
    def connect_s(self) -> float:
        """How long TLS may take, as `connect_s` says."""
        return min(self._connect_s, self.left_s())

    def _wake(self) -> None:
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):  # not connected yet, or closed already
                # Not TLS's own `shutdown`: it would take the TLS from under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _SnapshotStream(httpcore.NetworkStream):
    """Reads and writes one connection, each time for as long as the request has left."""

    def __init__(self, network: SnapshotNetwork, connection: socket.socket) -> None:
        self._network = network
        self._socket = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        try:
            self._socket.settimeout(self._network.left_s())
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error
        except (OSError, ValueError) as error:  # ValueError: TLS that was shut down
            raise httpcore.ReadError(error) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        try:
            self._socket.settimeout(self._network.left_s())
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from error
        except (OSError, ValueError) as error:
            raise httpcore.WriteError(error) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        try:
            connection = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._socket = connection
            connection.settimeout(self._network.connect_s)
            self._network.waits_on(connection)
            connection.do_handshake()
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(error) from error
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(error) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """Answer what the connection pool asks: whether the other side has hung up meanwhile."""
        if info == "is_readable":
            return _is_readable(self._socket)
        return None


def _is_readable(connection: socket.socket) -> bool:
    """Whether something has come, or the end: nothing is owed between two requests."""
    if connection.fileno() < 0:
        return True
    if sys.platform == "win32":
        return bool(select.select([connection], [], [], 0)[0])
    poller = select.poll()  # `select` knows no descriptor above 1023
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(0))
