"""A man between program and broker, who passes everything on until a test says otherwise."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_CHUNK = 65_536
_POLL_S = 0.1


class BrokerInTheMiddle:
    """Listens on a port of its own and connects each client to the broker.

    `greet` decides what becomes of a new connection: None passes it on, anything else is called
    with the client's socket instead and owns it until it returns. `tamper` is given what the
    broker sends and returns what the client gets. `stalled` holds both directions back.
    All threads end with the context.

    Args:
        port: the broker's.
        listener: where clients come, which is then its own; None: at a port of its own.
    """

    def __init__(self, port: int, listener: socket.socket | None = None) -> None:
        self._broker = ("127.0.0.1", port)
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL_S)
        self.port: int = self._listener.getsockname()[1]
        self.greet: Callable[[socket.socket], None] | None = None
        self.tamper: Callable[[bytes], bytes] | None = None
        self.stalled = False
        self.connections = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._clients: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self.cut()
        for thread in tuple(self._threads):
            thread.join(10)
        self._listener.close()

    def inject(self, words: bytes) -> None:
        """Say this to every client, as if the broker had said it."""
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(words)

    def cut(self) -> None:
        """End every connection, in the middle of whatever it carries."""
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def behave(self) -> None:
        """Pass everything on again."""
        self.greet = self.tamper = None
        self.stalled = False

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            greet = self.greet
            if greet is not None:
                with contextlib.suppress(OSError):
                    greet(client)
                return
            try:
                broker = socket.create_connection(self._broker, 5)
            except OSError:
                return
            with broker:
                with self._lock:
                    self._clients.add(client)
                try:
                    upwards = threading.Thread(
                        target=self._pump, args=(client, broker, False), daemon=True
                    )
                    upwards.start()
                    self._pump(broker, client, True)
                    for each in (client, broker):
                        with contextlib.suppress(OSError):
                            each.shutdown(socket.SHUT_RDWR)
                    upwards.join(10)
                finally:
                    with self._lock:
                        self._clients.discard(client)

    def _pump(self, source: socket.socket, target: socket.socket, downwards: bool) -> None:
        source.settimeout(_POLL_S)
        while not self._over.is_set():
            if self.stalled:
                time.sleep(_POLL_S)  # a link that carries nothing
                continue
            try:
                words = source.recv(_CHUNK)
            except TimeoutError:
                continue
            except OSError:
                return
            if not words:
                return
            tamper = self.tamper if downwards else None
            with contextlib.suppress(OSError):
                target.settimeout(5)
                target.sendall(tamper(words) if tamper else words)
                target.settimeout(_POLL_S)
                continue
            return
