"""Carries pika's AMQP over plain TCP, with one write per round.

pika's own transport asks the poller for permission before each message and then sends it in three
pieces, each of which is a packet that wakes the broker; and it wakes up for every confirm. This
one is handed to pika through the interface that pika's adapters are made for. Connections with
TLS keep pika's own.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pika.adapters.utils import nbio_interface
from pika.adapters.utils.selector_ioloop_adapter import SelectorIOServicesAdapter

from edge_video.delivery.amqp.malformed import MalformedAmqpError, is_malformed
from edge_video.delivery.amqp.wire import ConfirmReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Container, Sequence

    from edge_video.runtime.reactor import Member, Timeout

_log = logging.getLogger(__name__)

_MAX_PIECES: Final = 1000
"""Linux takes 1024 in one call."""
_RECEIVE_BYTES: Final = 65536
_LAST_READS: Final = 64
"""A receive buffer is smaller; but a way that is cut in one direction may bring ever more."""
_CONFIRM_S: Final = 0.02
"""How long a confirm may lie unread when no frame comes meanwhile."""

if sys.platform == "win32":

    def _sendmsg(sock: socket.socket, pieces: Collection[bytes | memoryview]) -> int:
        return sock.send(b"".join(pieces))

else:
    _sendmsg = socket.socket.sendmsg


class CorkedTransport(nbio_interface.AbstractStreamTransport):  # type: ignore[misc] # untyped
    """What is written goes out together at the end of the round.

    Right after a publish the broker's answer is not waited for: it is read with the next frames,
    or after `_CONFIRM_S`. A wake-up saved is worth more than anything else here.

    Everything belongs to the loop's thread.
    """

    def __init__(
        self,
        sock: socket.socket,
        protocol: Any,
        loop: Member,
        on_settlement: Callable[[int, int, bool, bool], object],
        channels: Container[int],
    ) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._protocol = protocol
        self._loop = loop
        self._pieces: deque[bytes | memoryview] = deque()
        self._buffered = 0
        self._active = True
        self._flush_due = False
        self._stuck = False
        """The socket takes nothing more at the moment."""
        self._reading = True
        """The poller wakes us for what the broker says; else it waits for `read_now`."""
        self._read_timer: Timeout | None = None
        self.confirms: Final = ConfirmReader(on_settlement, self._pass_on, channels)
        loop.add_handler(self._fd, self._on_ready, loop.READ)

    # --- pika's interface -------------------------------------------------------------------

    def abort(self) -> None:
        """Close without flushing; the protocol hears of it a little later."""
        self._lose(None)

    def get_protocol(self) -> Any:
        """The other side of this transport: pika's connection."""
        return self._protocol

    def get_write_buffer_size(self) -> int:
        """Bytes that are not sent yet."""
        return self._buffered

    def write(self, data: bytes) -> None:
        """Send with everything else of this round."""
        self.write_all((data,))

    # --- the sink's -------------------------------------------------------------------------

    def write_all(self, pieces: Sequence[bytes | memoryview]) -> None:
        """As `write`, for a message in pieces."""
        if not self._active:
            return
        self._pieces += pieces
        self._buffered += sum(map(len, pieces))
        if not self._flush_due:
            self._flush_due = True
            self._loop.at_end_of_round(self._flush)

    def read_now(self) -> bool:
        """Read what the broker has said, if it does not wake us; whether there was something."""
        return self._active and not self._reading and self._receive()

    def defer_reads(self) -> None:
        """Confirms are on their way: read them when something else comes up, or a little later."""
        if not self._active:
            return
        if self._reading:
            self._reading = False
            self._set_events()
        if self._read_timer is not None:
            self._loop.remove_timeout(self._read_timer)
        self._read_timer = self._loop.call_later(_CONFIRM_S, self._on_read_due)

    def expect_nothing(self) -> None:
        """Every confirm has come: unless it is with a frame, be woken by what else there is."""
        if self._read_timer is None:
            self.resume_reads()

    def resume_reads(self) -> None:
        """Be woken by the next word of the broker."""
        if self._active and not self._reading:
            self._reading = True
            self._set_events()

    def drop(self) -> None:
        """Close the socket of a loop that is dead. Any thread."""
        self._active = False
        self._sock.close()

    # --- inside -----------------------------------------------------------------------------

    def _on_ready(self, _fd: int, events: int) -> None:
        if events & self._loop.WRITE and self._stuck:
            self._stuck = False
            self._set_events()
            self._flush()
        if events & self._loop.READ and self._active:
            self._receive()

    def _on_read_due(self) -> None:
        """No frame came for a while: read, and go on so only if more is to come."""
        self._read_timer = None
        if self.read_now() and self._active and not self._reading:
            self._read_timer = self._loop.call_later(_CONFIRM_S, self._on_read_due)
        else:
            self.resume_reads()

    def _flush(self) -> None:
        self._flush_due = False
        pieces = self._pieces
        while pieces and self._active and not self._stuck:
            batch = pieces if len(pieces) <= _MAX_PIECES else list(islice(pieces, _MAX_PIECES))
            try:
                sent = _sendmsg(self._sock, batch)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                # What the broker said before is still there: why it closes, and confirms, whose
                # frames would count as unknown.
                self._feed(_unread(self._sock))
                self._lose(error)
                return
            if sent == self._buffered:
                pieces.clear()
                self._buffered = 0
                return
            expected = sum(map(len, batch))
            self._buffered -= sent
            _forget(pieces, sent)
            if sent < expected:
                self._stuck = True
                self._set_events()

    def _receive(self) -> bool:
        """Read once; whether there was something."""
        try:
            data = self._sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except OSError as error:
            self._lose(error)
            return False
        if not data:
            if not self._protocol.eof_received():
                self._lose(None)
            return False
        return self._feed(data)

    def _feed(self, data: bytes) -> bool:
        """Take in what the broker said; False if it is no AMQP, and the connection is lost."""
        try:
            self.confirms.feed(data)
        except Exception as error:
            if not is_malformed(error):
                raise
            _log.debug("the broker's bytes cannot be read", exc_info=error)
            self._lose(MalformedAmqpError(f"{type(error).__name__}: {error}"))
            return False
        return True

    def _pass_on(self, data: bytes) -> None:
        if self._active:
            self._protocol.data_received(data)

    def _set_events(self) -> None:
        events = self._loop.READ if self._reading else 0
        self._loop.update_handler(self._fd, events | (self._loop.WRITE if self._stuck else 0))

    def _lose(self, error: BaseException | None) -> None:
        if not self._active:
            return
        self._active = False
        self._pieces.clear()
        self._loop.remove_handler(self._fd)
        if self._read_timer is not None:
            self._loop.remove_timeout(self._read_timer)
        self._loop.call_soon(lambda: self._report_lost(error))

    def _report_lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            self._sock.close()


def _forget(pieces: deque[bytes | memoryview], sent: int) -> None:
    """Drop so many bytes from the front."""
    while sent:
        size = len(pieces[0])
        if sent < size:
            pieces[0] = memoryview(pieces[0])[sent:]
            return
        sent -= size
        pieces.popleft()


def _unread(sock: socket.socket) -> bytes:
    """What a socket that takes nothing more still holds, a few megabytes at most."""
    data = []
    with contextlib.suppress(OSError):
        for _ in range(_LAST_READS):
            piece = sock.recv(_RECEIVE_BYTES)
            if not piece:
                break
            data.append(piece)
    return b"".join(data)


class _Linking(nbio_interface.AbstractIOReference):  # type: ignore[misc] # pika is untyped
    """A connection that is being handed to pika."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock: socket.socket | None = sock

    def take(self) -> socket.socket | None:
        sock, self._sock = self._sock, None
        return sock

    def cancel(self) -> bool:
        """Do not hand it over; it is closed."""
        sock = self.take()
        if sock is None:
            return False
        sock.close()
        return True


class CorkedServices(SelectorIOServicesAdapter):  # type: ignore[misc] # pika is untyped
    """pika's services on a reactor, with `CorkedTransport` under connections without TLS.

    Args:
        loop: a member of the reactor.
        on_settlement: see `ConfirmReader`.
        channels: as there.
    """

    def __init__(
        self,
        loop: Member,
        on_settlement: Callable[[int, int, bool, bool], object],
        channels: Container[int],
    ) -> None:
        super().__init__(loop)
        self._member = loop
        self._channels = channels
        self._on_settlement = on_settlement
        self.transport: CorkedTransport | None = None
        """Under the current connection; None before there is one, and with TLS."""

    def create_streaming_connection(
        self,
        protocol_factory: Callable[[], Any],
        sock: socket.socket,
        on_done: Callable[[Any], None],
        ssl_context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
    ) -> Any:
        """See `AbstractIOServices`."""
        if ssl_context is not None:
            return super().create_streaming_connection(
                protocol_factory, sock, on_done, ssl_context, server_hostname
            )
        linking = _Linking(sock)
        self._member.call_soon(lambda: self._link(linking, protocol_factory, on_done))
        return linking

    def _link(
        self,
        linking: _Linking,
        protocol_factory: Callable[[], Any],
        on_done: Callable[[Any], None],
    ) -> None:
        """Hand the connection to pika, unless pika has changed its mind."""
        taken = linking.take()
        if taken is None:
            return
        try:
            protocol = protocol_factory()
            transport = CorkedTransport(
                taken, protocol, self._member, self._on_settlement, self._channels
            )
            self.transport = transport
            protocol.connection_made(transport)
        except Exception as error:
            self._member.remove_handler(taken.fileno())
            taken.close()
            on_done(error)
            raise
        on_done((transport, protocol))
