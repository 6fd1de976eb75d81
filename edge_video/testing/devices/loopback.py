"""Listens on the loopback interface and gives each connection a thread that surely ends."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_CONNECTIONS: Final = 64
_JOIN_S: Final = 10.0
_CHUNK: Final = 65536


class HangUp(Exception):  # noqa: N818 - what a device does, no error
    """Raised anywhere in a device's own code: the connection ends here.

    Args:
        reset: with a reset (RST) in place of an orderly end (FIN).
    """

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


class Connection:
    """One client. Its methods belong to the connection's thread, but for `hang_up` and `freeze`.

    Every method raises `HangUp` once the client or the device has gone.
    """

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self._over = threading.Event()
        self._moving = threading.Event()
        self._moving.set()
        self._buffer = b""
        self.peer: str = client.getpeername()[0]

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on, as the server."""
        try:
            self._socket = context.wrap_socket(self._socket, server_side=True)
        except OSError:
            raise HangUp from None

    def send(self, data: bytes) -> None:
        """Write all of it, however long the client takes to read."""
        self._wait_while_frozen()
        try:
            self._socket.sendall(data)
        except OSError:
            raise HangUp from None

    def receive(self, until: float | None = None) -> bytes:
        """What has come; empty when nothing came until then (`time.monotonic`; None: for ever)."""
        self._wait_while_frozen()
        left = None if until is None else max(0.0, until - time.monotonic())
        try:
            if not self._has_decrypted():
                readable, _, _ = select.select([self._socket], [], [], left)
                if not readable:
                    return b""
            got = self._socket.recv(_CHUNK)
        except (OSError, ValueError):
            raise HangUp from None
        if not got:
            raise HangUp
        self._wait_while_frozen()
        return got

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long; ends early, with `HangUp`, when the device is closed."""
        if self._over.wait(seconds):
            raise HangUp

    def freeze(self) -> None:
        """Neither read nor write from now on; the connection stays open. Any thread."""
        self._moving.clear()

    def thaw(self) -> None:
        """Undo `freeze`. Any thread."""
        self._moving.set()

    def hang_up(self) -> None:
        """End the connection. Any thread, idempotent."""
        self._over.set()
        self._moving.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self, *, reset: bool = False) -> None:
        """Give the socket back. The connection's thread, at its end."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def _has_decrypted(self) -> bool:
        """Whether TLS holds bytes that nobody has taken: the socket is not readable for those."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def _wait_while_frozen(self) -> None:
        self._moving.wait()
        if self._over.is_set():
            raise HangUp


class LoopbackServer:
    """Accepts on an address of this machine and runs `serve(connection)` in a thread per client.

    More than 64 clients at once are hung up on. `close` ends every connection, joins every thread
    and frees the port; `open` may follow, on the same port.
    """

    def __init__(
        self, serve: Callable[[Connection], None], *, port: int = 0, host: str = "127.0.0.1"
    ) -> None:
        self._serve = serve
        self._host = host
        self.port = port
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._connections: dict[threading.Thread, Connection] = {}
        self._frozen = False
        self._acceptor: threading.Thread | None = None

    def open(self) -> None:
        """Listen; connections are accepted when this returns."""
        if self._listener is not None:
            raise RuntimeError("the device listens already")
        listener = socket.create_server((self._host, self.port), backlog=_MAX_CONNECTIONS)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = threading.Thread(
            target=self._accept, args=(listener,), name=f"device-{self.port}", daemon=True
        )
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening and end everything. Idempotent.

        Raises:
            RuntimeError: a thread did not end within 10 s: the device's own code blocks.
        """
        listener, acceptor = self._listener, self._acceptor
        if listener is None or acceptor is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; close would not
        acceptor.join(_JOIN_S)
        listener.close()
        self._listener = self._acceptor = None
        self.hang_up()
        for thread in list(self._connections):
            thread.join(_JOIN_S)
            if thread.is_alive():
                raise RuntimeError(f"{thread.name} does not end")
        self._frozen = False

    def hang_up(self) -> None:
        """End every connection; clients may connect again."""
        for connection in self._all():
            connection.hang_up()

    def freeze(self) -> None:
        """Connections stay open and silent, new ones too, until `thaw`."""
        with self._lock:
            self._frozen = True
        for connection in self._all():
            connection.freeze()

    def thaw(self) -> None:
        """Undo `freeze`."""
        with self._lock:
            self._frozen = False
        for connection in self._all():
            connection.thaw()

    def clients(self) -> int:
        """Connections open now."""
        return len(self._all())

    def _all(self) -> list[Connection]:
        with self._lock:
            return list(self._connections.values())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                connection = Connection(client)
            except OSError:
                if listener.fileno() < 0 or not _listens(listener):
                    return
                continue  # that client was gone before it was accepted
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        thread = threading.Thread(
            target=self._run, args=(connection,), name=f"device-{self.port}-client", daemon=True
        )
        with self._lock:
            full = len(self._connections) >= _MAX_CONNECTIONS
            if not full:
                self._connections[thread] = connection
                if self._frozen:
                    connection.freeze()
        if full:
            connection.close()
            return
        thread.start()

    def _run(self, connection: Connection) -> None:
        reset = False
        try:
            self._serve(connection)
        except HangUp as end:
            reset = end.reset
        finally:
            connection.close(reset=reset)
            with self._lock:
                self._connections.pop(threading.current_thread(), None)


def _listens(listener: socket.socket) -> bool:
    return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
