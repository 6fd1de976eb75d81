"""Passes bytes on between nodes and brokers, until it is told to cut or to be silent.

One thread serves all relays of a lab. A silent relay reads nothing and closes nothing, as a network
that has lost its cable: neither end is told.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK: Final = 65_536
_BACKLOG: Final = 1 << 20
"""A direction that holds so much reads no more until some of it is gone."""
_POLL_S: Final = 0.5


@dataclass(eq=False, slots=True)
class _End:
    """One socket of a connection: what is to be written there, and its other end."""

    socket: socket.socket
    relay: Relay
    peer: _End | None = None
    waiting: bytearray = field(default_factory=bytearray)


class Relay:
    """The way of one node to one broker; made by `Relays`.

    Attributes:
        address: where the node connects to.
        is_silent: nothing is passed on, and new connections get no answer.
    """

    def __init__(self, listener: socket.socket, broker: tuple[str, int]) -> None:
        self.address: tuple[str, int] = listener.getsockname()
        self.broker = broker
        self.is_silent = False
        self.listener = listener
        self.ends: set[_End] = set()


class Relays:
    """All relays of a lab, and the thread that serves them; a context manager."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._relays: list[Relay] = []
        self._orders: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._woken, self._waker = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="relays", daemon=True)
        self._thread.start()

    def add(self, host: str, broker: tuple[str, int]) -> Relay:
        """Make a relay that listens on an address of this machine."""
        listener = socket.create_server((host, 0), backlog=64)
        listener.setblocking(False)
        relay = Relay(listener, broker)
        self._order(lambda: self._begin(relay))
        return relay

    def cut(self, relay: Relay) -> None:
        """Close every connection, in the middle of whatever it carries."""
        self._order(lambda: self._close_all(relay))

    def silence(self, relay: Relay, *, is_silent: bool) -> None:
        """Pass nothing on from now on, or go on."""

        def change() -> None:
            relay.is_silent = is_silent
            for each in (*relay.ends,):
                self._watch(each)

        self._order(change)

    def close(self) -> None:
        """Close everything, and end the thread."""
        self._order(self._end)
        self._thread.join(10)
        for each in (self._woken, self._waker):
            each.close()

    # --- the thread -------------------------------------------------------------------------

    def _order(self, order: Callable[[], None]) -> None:
        with self._lock:
            self._orders.append(order)
        self._waker.send(b".")

    def _run(self) -> None:
        while not self._is_over:
            for key, events in self._selector.select(_POLL_S):
                if key.fileobj is self._woken:
                    self._execute()
                elif isinstance(key.data, Relay):
                    self._accept(key.data)
                elif events and key.data.socket.fileno() >= 0:
                    self._serve(key.data, events)

    def _execute(self) -> None:
        self._woken.recv(_CHUNK)
        with self._lock:
            orders, self._orders = self._orders, []
        for order in orders:
            order()

    def _begin(self, relay: Relay) -> None:
        self._relays.append(relay)
        self._selector.register(relay.listener, selectors.EVENT_READ, relay)

    def _end(self) -> None:
        self._is_over = True
        for relay in self._relays:
            self._close_all(relay)
            relay.listener.close()
        self._selector.close()

    def _accept(self, relay: Relay) -> None:
        try:
            client, _ = relay.listener.accept()
        except OSError:
            return
        upwards = socket.socket()
        upwards.settimeout(1.0)
        try:
            upwards.connect(relay.broker)
        except OSError:  # no broker there: refused here too, as far as that can be told
            client.close()
            upwards.close()
            return
        one, other = _End(client, relay), _End(upwards, relay)
        one.peer, other.peer = other, one
        for each in (one, other):
            each.socket.setblocking(False)
            relay.ends.add(each)
            self._watch(each)

    def _serve(self, end: _End, events: int) -> None:
        peer = end.peer
        if peer is None or end.relay.is_silent:
            return
        try:
            if events & selectors.EVENT_WRITE:
                del end.waiting[: end.socket.send(end.waiting)]
            if events & selectors.EVENT_READ:
                received = end.socket.recv(_CHUNK)
                if not received:
                    self._close(end)
                    return
                peer.waiting += received
        except BlockingIOError:
            return
        except OSError:
            self._close(end)
            return
        self._watch(end)
        self._watch(peer)

    def _watch(self, end: _End) -> None:
        """Wait for what can be done at an end: nothing while it is silent."""
        peer = end.peer
        wanted = 0
        if not end.relay.is_silent and peer is not None:
            wanted |= selectors.EVENT_WRITE if end.waiting else 0
            wanted |= selectors.EVENT_READ if len(peer.waiting) < _BACKLOG else 0
        with contextlib.suppress(KeyError):
            self._selector.unregister(end.socket)
        if wanted:
            self._selector.register(end.socket, wanted, end)

    def _close(self, end: _End) -> None:
        for each in (end, end.peer):
            if each is None:
                continue
            each.relay.ends.discard(each)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(each.socket)
            each.socket.close()

    def _close_all(self, relay: Relay) -> None:
        while relay.ends:
            self._close(next(iter(relay.ends)))
