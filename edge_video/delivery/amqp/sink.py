"""Frames to RabbitMQ: one connection, and a bounded window of unconfirmed frames.

pika is not thread-safe, so every pika object lives and dies in the reactor's thread; the other
threads only leave word there. Each exchange has a channel of its own, because in AMQP an error
closes the channel it happened on: a refused or deleted exchange then costs no other camera
anything.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions

from edge_video.delivery.amqp.errors import (
    ConnectionLoss,
    channel_limit,
    describe_loss,
    never_reached,
    timed_out,
)
from edge_video.delivery.amqp.exchange import ChannelHost, ChannelState
from edge_video.delivery.amqp.faults import AmqpFaults
from edge_video.delivery.amqp.frame_channel import FrameChannel, InFlight, judge
from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.isolation import CameraIsolation, admit_to
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.message import expiration, message_id, message_properties
from edge_video.delivery.amqp.node import NodeClaim
from edge_video.delivery.amqp.notifications import NotificationChannel, NotificationRoute
from edge_video.delivery.amqp.refusals import RefusalKind
from edge_video.delivery.amqp.silence import BrokerSilence
from edge_video.delivery.amqp.tcp_gauge import TcpGauge
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.delivery.amqp.transport import CorkedServices
from edge_video.delivery.amqp.window import UplinkWindow
from edge_video.delivery.amqp.wire import FRAME_MAX, HeaderEncoder, message, publish_method
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.round_robin import Admission
from edge_video.delivery.sink import (
    FramesRefused,
    FramesUnroutable,
    RouteRefused,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import DropConnection
from edge_video.runtime.reactor import Reactor
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.delivery.amqp.settings import AmqpSettings, Route
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkListener
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId, Frame
    from edge_video.runtime.reactor import Member
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

_BATCH: Final = 256
"""Most frames taken in one round, so that acks and heartbeats get their turn."""

_WATCH_S: Final = 1.0
_UNROUTABLE_EVERY_S: Final = 10.0

_CLEAN_CLOSE_SHARE: Final = 0.75
"""Of the time allowed for `close`, what the orderly goodbye to the broker may take."""

_LEAVING_GLANCE_S: Final = 0.5
_LEAVING_S: Final = 2.0

_RESERVED_CHANNELS: Final = 2
"""For events, and for the question whether another program has this node's name."""

_FEW_TOPICS: Final = 2
"""With so many refused routing keys, further ones are looked for on channels of their own."""

_UNANSWERED: Final = (ChannelState.OPENING, ChannelState.WAITING)
"""States in which the frames of an exchange wait in the outbox."""

_DETOUR: Final = "\0detour"
"""Among the exchanges, the name of the channel that a fault publishes to; none is called so."""

_TCP_OPTIONS: Final = {
    "TCP_KEEPIDLE": 10,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 20_000,
}
"""A dead peer is noticed by the kernel in about 20 s, with frames in flight or without."""

_thread_numbers = itertools.count(1)


class AmqpSink:
    """One life of a connection to a RabbitMQ broker; a `Sink`.

    The exchanges of all routes are declared (topic, durable) before `SinkConnected` is told. A
    user who may not declare an exchange that exists can still publish to it. While a route is
    refused its frames are settled as nacked; it is tried again every `route_retry_s` seconds.

    Threads: `open`, `frames_ready`, `drain`, `close`, `in_flight` and faults from anywhere.
    Everything else runs in the reactor's thread, every callback of pika behind `_guarded`: an
    exception ends the connection as `SinkLost` and never leaves a silent, dead one. The thread
    `amqp-<n>` does what may block (names, certificates), then waits for the connection's end.

    Args:
        settings: the broker.
        routes: the exchange and routing key of every camera; a frame of another camera is nacked.
        outbox: where frames are taken from and settled.
        listener: told what happens; must not block.
        clock: ages and time stamps.
        reactor: whose thread to use; None for one of this sink's own. With the one that reads the
            cameras, a frame crosses no thread on its way.
        handshake: how long connecting may take, as learned by the sinks before this one; None:
            nothing was learned yet.
        notifications: where the system's events go; None: there are none.
        knowledge: what earlier connections have learned about the broker.
    """

    def __init__(
        self,
        settings: AmqpSettings,
        routes: Mapping[CameraId, Route],
        outbox: Outbox,
        listener: SinkListener,
        clock: Clock,
        *,
        reactor: Reactor | None = None,
        handshake: HandshakeTimeout | None = None,
        notifications: NotificationRoute | None = None,
        knowledge: BrokerKnowledge | None = None,
    ) -> None:
        knowledge = knowledge or BrokerKnowledge()
        self._settings = settings
        self._routes = dict(routes)
        self._outbox = outbox
        self._listener = listener
        self._clock = clock
        self._expires = expiration(settings.message_ttl_s)
        # Words that the broker chose may quote anything.
        self._clean = Redactor([settings.password], [(settings.username, settings.password)])
        # Held while a callback runs, so that whoever clears `_bound` knows that none does.
        self._gate = threading.RLock()
        self._bound = True
        self._thread: threading.Thread | None = None
        self._reactor = reactor or Reactor()
        self._loop: Member | None = None
        self._over = threading.Event()
        self._wake = self._guarded(self._on_frames_ready)
        self._wake_pending = False
        self._close_within_s: float | None = None
        # From here on only the loop's thread writes.
        self._connection: Any = None
        self._services: CorkedServices | None = None
        self._frame_max = FRAME_MAX
        self._by_channel: dict[int, FrameChannel] = {}
        self._addresses: list[str] = []
        self._tls_context: ssl.SSLContext | None = None
        self._channel_host = ChannelHost(
            self._guarded,
            self._call_later,
            self._clean,
            self._clock.monotonic,
            settings.route_retry_s,
            knowledge,
        )
        self._lines = {
            exchange: FrameChannel(exchange, self._channel_host, self)
            for exchange in dict.fromkeys(route.exchange for route in self._routes.values())
        }
        self._ended = False
        self._loss: ConnectionLoss | None = None
        self._connected = False
        self._blocked = False
        self._work = True
        self._take_due = False
        self._take = self._guarded(self._take_frames)
        self._draining = False
        self._in_flight = 0
        self._in_flight_bytes = 0
        self._window = UplinkWindow(settings.max_delay_s)
        self._gauge: TcpGauge | None = None
        self._look_due = False
        self._silence = BrokerSilence(settings.confirm_timeout_s, clock.monotonic())
        self._handshake = handshake or HandshakeTimeout(settings.handshake_timeout_s)
        self._connecting_since_s = 0.0
        self._unroutable = FramesUnroutable(0, 0, "")
        self._unroutable_told_at_s: float | None = None
        self._strangers: set[CameraId] = set()
        self._faults: AmqpFaults | None = None
        self._node_claim = NodeClaim(settings.node, settings.heartbeat_s, self._channel_host)
        self._isolation = CameraIsolation(
            self, knowledge, self._clock.monotonic, settings.route_retry_s
        )
        self._notice_line = (
            None
            if notifications is None
            else NotificationChannel(
                notifications,
                app=settings.app,
                host=self._channel_host,
                listener=listener,
                frame_channels=len(self._lines),
            )
        )

    # --- any thread -------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Frames handed to the broker and not settled yet."""
        return self._in_flight

    @property
    def in_flight_bytes(self) -> int:
        """Their bytes."""
        return self._in_flight_bytes

    def open(self) -> None:
        """See `Sink.open`."""
        name = f"amqp-{next(_thread_numbers)}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def frames_ready(self) -> None:
        """See `Sink.frames_ready`."""
        loop = self._loop
        if loop is None:
            return
        if loop.in_thread:
            self._work = True
            if not self._take_due:
                self._take_due = True
                loop.at_end_of_round(self._take)
        elif not self._wake_pending:
            self._wake_pending = True
            loop.call_soon(self._wake)

    def drain(self) -> None:
        """See `Sink.drain`."""
        self._draining = True
        self.frames_ready()

    def close(self, timeout_s: float) -> bool:
        """See `Sink.close`."""
        self._close_within_s = timeout_s
        loop = self._loop
        if loop is not None:
            loop.call_soon(self._guarded(self._on_close_requested))
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        alive = thread is not None and thread.is_alive()
        self._unbind(gate_timeout_s=0.5 if alive else -1)
        return not alive

    def _unbind(self, *, gate_timeout_s: float = -1, loss: ConnectionLoss | None = None) -> None:
        """Part from the outbox and the listener; the first caller books what is left."""
        held = self._gate.acquire(timeout=gate_timeout_s)
        try:
            if not self._bound:
                return
            self._bound = False
            for line in self._all_lines:
                self._settle(line.abandon(), Outcome.UNKNOWN)
            if self._notice_line is not None:
                self._notice_line.close()
            if loss is not None:
                self._listener(SinkLost(loss.words, loss.permanent))
        finally:
            if held:
                self._gate.release()

    # --- the thread's life ------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - a silent dead thread is worse than any error
            _log.exception("the connection to %s failed inside", self._settings.target)
            self._loss = self._loss or ConnectionLoss(
                f"internal error: {type(error).__name__}: {error}"
            )
        loss = self._loss or ConnectionLoss("pika's loop ended")
        try:
            self._unbind(loss=loss if self._close_within_s is None else None)
        except Exception:  # noqa: BLE001 - nobody is left to tell
            _log.exception("the loss of %s could not be told", self._settings.target)

    def _serve(self) -> None:
        """Connect, and wait until the connection has ended, for whatever reason."""
        if not self._prepare():
            return
        loop = self._loop = self._reactor.enter(self._on_loop_failed)
        try:
            loop.call_soon(self._guarded(self._begin))
            # After the line above: a request to close must find the loop, or be seen here.
            if self._close_within_s is None:
                self._over.wait()
        finally:
            self._ended = True
            self._loop = None
            self._leave(loop)
            if self._faults is not None:
                self._faults.close()

    def _begin(self) -> None:
        self._silence.ticked(self._clock.monotonic(), self._watch_s)
        self._connect_to_next_address()
        self._call_later(self._watch_s, self._on_watch)

    def _on_loop_failed(self, error: BaseException) -> None:
        """Something that is not ours to guard has failed: pika itself, or the loop."""
        self._end(ConnectionLoss(f"internal error: {type(error).__name__}: {error}"))

    def _leave(self, loop: Member) -> None:
        """Close the socket, take everything back from the loop, and see its thread end."""
        left = threading.Event()
        if loop.call_soon(lambda: self._release_connection(loop, left)):
            while not left.wait(_LEAVING_GLANCE_S) and not loop.gone:
                pass
        if not left.is_set() and self._services is not None and self._services.transport:
            self._services.transport.drop()
        self._reactor.join_if_idle(_LEAVING_S)

    def _prepare(self) -> bool:
        """Do what may block, and may fail without a connection; False when that decides it."""
        settings = self._settings
        try:
            if settings.tls is not None:
                self._tls_context = make_tls_context(settings.tls)
        except (OSError, ssl.SSLError, ValueError) as error:
            self._end(ConnectionLoss(f"TLS: cannot use the certificate files: {error}", True))
            return False
        try:
            # Here and not by pika, whose resolver thread would hold up the interpreter's exit.
            found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._end(self._describe(error))
            return False
        self._addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
        return self._close_within_s is None

    def _connect_to_next_address(self) -> None:
        assert self._loop is not None
        self._connecting_since_s = self._clock.monotonic()
        self._services = CorkedServices(
            self._loop, self._guarded(self._on_settlement), self._by_channel
        )
        self._connection = pika.SelectConnection(
            self._parameters(self._addresses.pop(0)),
            on_open_callback=self._guarded(self._on_connection_open),
            on_open_error_callback=self._guarded(self._on_connection_failed),
            on_close_callback=self._guarded(self._on_connection_closed),
            custom_ioloop=self._services,
        )

    def _parameters(self, address: str) -> pika.ConnectionParameters:
        settings = self._settings
        tls = self._tls_context
        port = settings.port
        if self._faults is not None:
            address, port = self._faults.aim(address, port)
        return pika.ConnectionParameters(
            host=address,
            port=port,
            virtual_host=settings.vhost,
            credentials=pika.PlainCredentials(settings.username, settings.password),
            ssl_options=None if tls is None else pika.SSLOptions(tls, settings.host),
            heartbeat=max(1, round(settings.heartbeat_s)) if settings.heartbeat_s > 0 else 0,
            blocked_connection_timeout=None,
            connection_attempts=1,
            socket_timeout=self._handshake.tcp_s,
            stack_timeout=self._handshake.limit_s,
            tcp_options=_TCP_OPTIONS,
            client_properties={"connection_name": f"{settings.app}@{settings.node}"},
        )

    def _release_connection(self, loop: Member, left: threading.Event, rounds: int = 8) -> None:
        """Close the socket at once, whatever state pika is in, and leave the loop."""
        connection = self._connection
        if connection is not None and not connection.is_closed:
            if rounds == 8:  # noqa: PLR2004 - the first of them
                # The orderly `close` waits for the broker, which may be blocked or hung. This is
                # how pika itself gives a connection up when heartbeats stay out.
                lost = pika.exceptions.StreamLostError("given up")
                connection._terminate_stream(lost)  # noqa: SLF001 - no public way
            if rounds and loop.call_soon(lambda: self._release_connection(loop, left, rounds - 1)):
                loop.skip_pacing()
                return
        loop.leave()
        left.set()

    def _end(self, loss: ConnectionLoss | None) -> None:
        """Part from the connection; `_run` books, tells and releases. The first reason counts."""
        if self._loss is None:
            self._loss = loss
        self._ended = True
        self._over.set()

    def _guarded(self, call: Callable[..., None]) -> Callable[..., None]:
        """Wrap a callback: nothing once the sink has ended, and no exception gets out of it."""

        def run(*arguments: Any) -> None:
            with self._gate:
                if self._ended or not self._bound:
                    return
                try:
                    call(*arguments)
                except pika.exceptions.MethodNotImplemented:
                    self._end(ConnectionLoss("the broker offers no publisher confirms", True))
                except Exception as error:  # noqa: BLE001 - it would kill pika's loop
                    _log.exception("the connection to %s failed inside", self._settings.target)
                    self._end(ConnectionLoss(f"internal error: {type(error).__name__}: {error}"))

        return run

    def _call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_later(delay_s, self._guarded(call))

    def _describe(self, error: BaseException) -> ConnectionLoss:
        settings = self._settings
        reason = describe_loss(
            error,
            host=settings.host,
            port=settings.port,
            vhost=settings.vhost,
            tls=settings.tls is not None,
        )
        return ConnectionLoss(self._clean(reason.words), reason.permanent)

    # --- connection -------------------------------------------------------------------------

    def _on_connection_open(self, connection: Any) -> None:
        now_s = self._clock.monotonic()
        self._handshake.met(now_s - self._connecting_since_s)
        self._frame_max = connection.params.frame_max  # negotiated by now
        self._limit_channels(connection)
        self._measure(connection._transport)  # noqa: SLF001 - no public way
        connection.add_on_connection_blocked_callback(self._guarded(self._on_blocked))
        connection.add_on_connection_unblocked_callback(self._guarded(self._on_unblocked))
        for line in self._lines.values():
            line.open(connection)
        if self._notice_line is not None:
            self._notice_line.open(connection)
        self._node_claim.open(connection)  # last: where channels are few, it goes without
        self._review_lines()

    def _measure(self, transport: Any) -> None:
        """Read the socket from now on: pika has connected it."""
        self._gauge = TcpGauge(transport._sock, transport.get_write_buffer_size)  # noqa: SLF001 - as above
        self._look()

    def _on_connection_failed(self, _connection: Any, error: BaseException) -> None:
        if timed_out(error):
            self._handshake.ran_out()
        if self._addresses and never_reached(error):
            self._call_later(0, self._connect_to_next_address)
        else:
            self._end(self._describe(error))

    def _on_connection_closed(self, _connection: Any, error: BaseException) -> None:
        if (limit := channel_limit(error)) is not None:
            knowledge = self._channel_host.knowledge
            if knowledge.max_channels is not None and knowledge.max_channels <= limit:
                limit = knowledge.max_channels - 1  # other programs of this user hold some
            knowledge.max_channels = max(1, limit)
        self._end(self._describe(error))

    def _limit_channels(self, connection: Any) -> None:
        """Let pika open no more channels than the broker let this user have the last time."""
        learned = self._channel_host.knowledge.max_channels
        if learned is not None:
            most = connection.params.channel_max
            connection.params.channel_max = min(most, learned) if most else learned

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        if not self._blocked:
            self._blocked = True
            words = self._clean(f"the broker takes no frames: {frame.method.reason}")
            self._listener(SinkBlocked(words))

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:
        if self._blocked:
            self._blocked = False
            self._silence.resumed(self._clock.monotonic())
            self._listener(SinkUnblocked())
            self._arm()

    def _on_close_requested(self) -> None:
        connection = self._connection
        within_s = (self._close_within_s or 0.0) * _CLEAN_CLOSE_SHARE
        # A blocked broker reads nothing, not even a goodbye.
        if connection is None or not connection.is_open or self._blocked or within_s <= 0:
            self._end(None)
            return
        self._call_later(within_s, functools.partial(self._end, None))
        connection.close()

    # --- exchanges --------------------------------------------------------------------------

    def channel_opened(self, line: FrameChannel) -> None:
        """See `FrameOwner`."""
        if line.released:
            line.channel.close()
            return
        self._by_channel[line.channel.channel_number] = line
        if self._settings.mandatory:
            line.channel.add_on_return_callback(
                self._guarded(functools.partial(self._on_returned, line))
            )

    def channel_changed(self) -> None:
        """See `FrameOwner`."""
        self._review_lines()

    def channel_ready(self, line: FrameChannel) -> None:
        """See `FrameOwner`: what the broker never looked at is published again, before others."""
        self._work = True  # what was left in the outbox meanwhile
        while line.again:
            self._send(line, line.again.popleft())
        self._arm()

    def channel_closed(self, line: FrameChannel, number: int, refusal: Refusal | None) -> None:
        """See `FrameOwner`: book what was unconfirmed, and keep apart who was refused."""
        self._by_channel.pop(number, None)
        frames = line.window.abandon()
        if refusal is None:
            self._settle(frames, Outcome.UNKNOWN)
        elif refusal.names_a_frame and any(
            refusal.concerns(each.routing_key, each.size) for each in frames
        ):
            self._frame_refused(line, frames, refusal)
        elif refusal.kind in (RefusalKind.EXCHANGE, RefusalKind.MISSING):
            tried = line.on_trial and refusal.kind is RefusalKind.EXCHANGE
            self._settle(frames, Outcome.NACKED if tried else Outcome.UNKNOWN)
            if line.camera_id is not None:
                self._isolation.release(line.camera_id)  # the others' channel will see the same
        elif line.camera_id is not None:
            self._settle(frames, Outcome.NACKED if len(frames) == 1 else Outcome.UNKNOWN)
            self._isolation.refuse_cameras([line.camera_id], self._clean(refusal.reason))
        else:
            self._settle(frames, Outcome.UNKNOWN)
            self._isolation.quarantine(dict.fromkeys(each.camera_id for each in frames))

    def _frame_refused(self, line: FrameChannel, frames: list[InFlight], refusal: Refusal) -> None:
        """One frame is known to be refused: nothing else is lost with it."""
        refused_keys = {key for key in line.proven if refusal.concerns(key, 0)}
        line.proven -= refused_keys
        unknown, refused, untouched = judge(frames, refusal, proven=bool(refused_keys))
        self._settle(unknown, Outcome.UNKNOWN)
        self._settle(refused, Outcome.NACKED)
        fit = [each for each in untouched if refusal.concerns(each.routing_key, each.size)]
        self._settle(fit, Outcome.NACKED)  # they would meet the same
        for each in untouched:
            if each not in fit:
                self._window.settled(each.size)
                each.is_on_its_way = False
                line.again.append(each)
        reason = self._clean(refusal.reason)
        if refusal.kind is RefusalKind.TOPIC:
            cameras = self._cameras_of(line.exchange, refusal)
            self._isolation.refuse_cameras(cameras, reason)
            line.topics_refused += 1
            if line.topics_refused >= _FEW_TOPICS:
                self._spread(line)
        else:
            assert refusal.limit is not None
            for camera_id in dict.fromkeys(each.camera_id for each in refused):
                self._isolation.refuse_size(camera_id, refusal.limit, reason)
            if line.camera_id is not None:
                self._isolation.release(line.camera_id)

    def _spread(self, line: FrameChannel) -> None:
        """Publish what may be refused next on channels of their own, all at the same time."""
        doubtful = [each for each in line.again if each.routing_key not in line.proven]
        self._isolation.quarantine(dict.fromkeys(each.camera_id for each in doubtful))
        for each in doubtful:
            private = self._isolation.line(each.camera_id)
            if private is not None and private is not line:
                line.again.remove(each)
                private.again.append(each)

    def _cameras_of(self, exchange: str, refusal: Refusal) -> list[CameraId]:
        return [
            camera_id
            for camera_id, route in self._routes.items()
            if route.exchange == exchange and refusal.concerns(route.routing_key, 0)
        ]

    def channel_refused(self, line: FrameChannel, reason: str, retry_in_s: float) -> None:
        """See `FrameOwner`."""
        self._settle(line.abandon(), Outcome.NACKED)
        if line.camera_id is None:
            self._listener(RouteRefused(line.exchange, reason, retry_in_s))
        else:
            self._isolation.release(line.camera_id)

    def open_private(self, camera_id: CameraId) -> FrameChannel | None:
        """See `IsolationOwner`."""
        route = self._routes.get(camera_id)
        if route is None:
            return None
        limit = self._connection.params.channel_max
        if limit and len(self._all_lines) + _RESERVED_CHANNELS >= limit:
            return None  # those of the exchanges are opened again, sometimes
        line = FrameChannel(route.exchange, self._channel_host, self, camera_id)
        line.open(self._connection)
        return None if line.state is ChannelState.REFUSED else line

    def release_private(self, line: FrameChannel) -> None:
        """See `IsolationOwner`."""
        home = self._lines[line.exchange]
        line.released = True
        self._settle(line.window.abandon(), Outcome.UNKNOWN)
        home.again.extend(line.again)
        line.again.clear()
        if home.state is ChannelState.READY:
            self.channel_ready(home)
        if line.channel is not None and line.channel.is_open:
            line.channel.close()
        self._work = True
        self._arm()

    def tell_refused(self, camera_id: CameraId, reason: str, retry_in_s: float | None) -> None:
        """See `IsolationOwner`."""
        self._listener(FramesRefused(camera_id, reason, retry_in_s))

    @property
    def _all_lines(self) -> list[FrameChannel]:
        return [*self._lines.values(), *self._isolation.lines]

    def _review_lines(self) -> None:
        """Tell that the sink is connected, or go on, once every exchange has its answer."""
        if not self._connected:
            if any(each.state in _UNANSWERED for each in self._lines.values()):
                return
            self._connected = True
            self._listener(SinkConnected(self._settings.target))
            if self._faults is not None:
                self._faults.act()
        self._arm()

    # --- frames -----------------------------------------------------------------------------

    def _on_frames_ready(self) -> None:
        self._wake_pending = False
        self._work = True
        self._arm()
        self._check_drained()

    def _has_room(self) -> bool:
        settings = self._settings
        return (
            self._connected
            and not self._blocked
            and self._close_within_s is None
            and (not settings.prefetch_count or self._in_flight < settings.prefetch_count)
            and self._in_flight_bytes < settings.max_in_flight_bytes
            and self._window.has_room()
        )

    def _look(self) -> bool:
        """See how far the socket has got; whether it moved."""
        gauge = self._gauge
        if gauge is None:
            return False
        now_s = self._clock.monotonic()
        return self._window.look(gauge.unacked(), gauge.smallest_round_trip_s(), now_s)

    def _look_later(self) -> None:
        """Frames wait, and it may be the wire that has no room: nobody tells when it has."""
        if not self._look_due and self._in_flight and self._window.wants_look():
            self._look_due = True
            self._call_later(self._window.look_again_s(), self._on_look)

    def _on_look(self) -> None:
        self._look_due = False
        self._look()
        self._arm()
        if self._work and not self._take_due:
            self._look_later()

    def _arm(self) -> None:
        """See to it that frames are taken in this round, if there are any and room for them."""
        if self._work and not self._take_due and self._has_room() and self._loop is not None:
            self._take_due = True
            self._loop.at_end_of_round(self._take)

    def _take_frames(self) -> None:
        transport = self._services.transport if self._services is not None else None
        if transport is not None:
            transport.look()  # what is confirmed by now makes room
        if self._window.wants_look():
            self._look()
        admit = None if self._is_plain else self._admit
        for _ in range(_BATCH):
            if not self._has_room():
                break
            frame = self._outbox.take(admit)
            if frame is None:
                self._work = False
                break
            self._publish(frame)
        self._isolation.act()
        if transport is not None and self._in_flight:
            if self._work and not self._has_room():
                transport.watch()  # frames wait for the window: the next confirm is news
            else:
                transport.relax()
        self._take_due = False
        self._arm()
        if self._work and not self._take_due:
            self._look_later()
        self._check_drained()

    def _publish(self, frame: Frame) -> None:
        if self._faults is not None and self._faults.divert(frame):
            return
        route = self._routes.get(frame.camera_id)
        if route is None:
            if frame.camera_id not in self._strangers:
                self._strangers.add(frame.camera_id)
                _log.error("[%s] no route is configured; its frames are dropped", frame.camera_id)
            self._outbox.settle(frame.camera_id, frame.seq, Outcome.NACKED)
            return
        if not self._in_flight:
            self._silence.progressed(self._clock.monotonic())
        line = self._isolation.line(frame.camera_id) or self._lines[route.exchange]
        self._publish_on(line, InFlight(frame, message_id(frame), route.routing_key))

    def _publish_on(self, line: FrameChannel, entry: InFlight) -> None:
        """Hand a frame over that was not in flight before."""
        self._in_flight += 1
        self._in_flight_bytes += entry.size
        self._send(line, entry)

    def _send(self, line: FrameChannel, entry: InFlight) -> None:
        """Hand a frame over that is counted as in flight."""
        self._enter_window(line, entry)
        assert self._services is not None
        if self._services.transport is not None:
            self._write(line, entry)
        else:
            self._write_through_pika(line, entry)

    def _enter_window(self, line: FrameChannel, entry: InFlight) -> None:
        """Book a frame as on its way, right before it is handed over.

        An exception in the hand-over must find it there, to book how it ended.
        """
        self._window.handed_over(entry.size)
        now_s = self._clock.monotonic()
        entry.hand_over(now_s, ahead=self._in_flight_bytes, end=self._window.handed)
        line.window.add(entry)

    @property
    def _is_plain(self) -> bool:
        """Whether every frame may go the usual way at once."""
        return self._isolation.is_idle and all(
            each.state is ChannelState.READY and not each.on_trial for each in self._lines.values()
        )

    def _admit(self, camera_id: CameraId, size: int) -> Admission | DropReason:
        """Judge the next frame of a camera; under the outbox's lock."""
        route = self._routes.get(camera_id)
        if route is None:
            return Admission.TAKE
        verdict = self._isolation.admit(camera_id, size)
        return admit_to(self._lines[route.exchange]) if verdict is None else verdict

    def _write(self, line: FrameChannel, entry: InFlight) -> None:
        settings, channel = self._settings, line.channel.channel_number
        frame, key = entry.frame, entry.routing_key
        method = line.methods.get(key)
        if method is None:
            method = line.methods[key] = publish_method(
                channel, line.exchange, key, mandatory=settings.mandatory
            )
        encoder = line.headers.get(frame.camera_id)
        if encoder is None or encoder.session != frame.session:
            encoder = line.headers[frame.camera_id] = HeaderEncoder(
                frame, channel, node=settings.node, app=settings.app, expires=self._expires
            )
        header = encoder.encode(frame, entry.message_id, self._clock.wall_ns())
        assert self._services is not None
        assert self._services.transport is not None
        self._services.transport.write_all(
            message(method, header, channel, frame.image, self._frame_max)
        )

    def _write_through_pika(self, line: FrameChannel, entry: InFlight) -> None:
        frame = entry.frame
        properties = message_properties(
            frame,
            node=self._settings.node,
            app=self._settings.app,
            published_at_ns=self._clock.wall_ns(),
            expires=self._expires,
        )
        line.channel.basic_publish(
            line.exchange, entry.routing_key, frame.image, properties, self._settings.mandatory
        )

    def _on_settlement(self, channel: int, tag: int, multiple: bool, nack: bool) -> None:
        line = self._by_channel.get(channel)
        if line is not None:
            self.confirmed(line, tag, multiple=multiple, nack=nack)

    def confirmed(self, line: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        """Book an ack or a nack; they come out of order and for whole ranges."""
        if self._faults is not None and self._faults.withholds(line, tag, multiple, nack):
            return
        settled = line.window.settle(tag, multiple=multiple)
        if not settled:
            return
        line.took(settled)
        was_full = self._work and not self._has_room()
        now_s, last = self._clock.monotonic(), settled[-1]
        self._silence.progressed(now_s)
        self._window.confirmed(last.ahead, last.size, now_s - last.at_s, now_s)
        if nack:
            self._settle(settled, Outcome.NACKED)
            self._count_unroutable(nacked=len(settled), route=line.exchange)
        else:
            self._settle(settled, Outcome.CONFIRMED)
        if line.camera_id is not None:
            self._isolation.settled(line.camera_id, max(each.size for each in settled))
        if was_full and self._loop is not None:
            self._loop.skip_pacing()
        self._arm()
        self._check_drained()

    def _on_returned(
        self, line: FrameChannel, _channel: Any, method: Any, properties: Any, _body: bytes
    ) -> None:
        camera_id = (properties.headers or {}).get("camera_id", "")
        if line.window.mark_returned(camera_id, properties.message_id or ""):
            self._count_unroutable(returned=1, route=f"{method.exchange}/{method.routing_key}")

    def _settle(self, frames: Iterable[InFlight], outcome: Outcome) -> None:
        for frame in frames:
            self._in_flight -= 1
            self._in_flight_bytes -= frame.size
            if frame.is_on_its_way:
                self._window.settled(frame.size)
            accepted = outcome is Outcome.CONFIRMED
            known = Outcome.RETURNED if accepted and frame.returned else outcome
            self._outbox.settle(frame.camera_id, frame.seq, known)

    def _check_drained(self) -> None:
        if not self._draining or self._in_flight:
            return
        waits = any(each.state in _UNANSWERED for each in self._all_lines)
        if self._outbox.held == 0 or not (self._work or waits):
            self._draining = False
            self._listener(SinkDrained())

    # --- watching ---------------------------------------------------------------------------

    @property
    def _watch_s(self) -> float:
        return min(_WATCH_S, max(0.01, self._settings.confirm_timeout_s / 4))

    def _on_watch(self) -> None:
        self._call_later(self._watch_s, self._on_watch)
        now_s = self._clock.monotonic()
        if (late_s := self._silence.ticked(now_s, self._watch_s)) is not None:
            _log.warning("this program stood still for %.1f s; the broker gets its time", late_s)
        self._credit_confirms()
        self._tell_unroutable()
        if self._blocked:
            return
        if self._notice_line is not None:
            self._notice_line.pump()
        self._node_claim.retry_if_due()
        moved = self._look()
        round_trip_s = self._gauge.round_trip_s() if self._gauge is not None else 0.0
        self._isolation.try_again()
        for line in self._all_lines:
            if line.state is ChannelState.REFUSED:
                line.retry_if_due()
                continue
            self._silence.looked(line.window.oldest, self._window.acked, moved=moved, now_s=now_s)
            complaint = self._complaint(line, now_s, round_trip_s)
            if complaint is not None:
                self._end(ConnectionLoss(complaint))
                return

    def _credit_confirms(self) -> None:
        """Let pika's heartbeat know of the bytes that were taken out before it saw them."""
        transport = self._services.transport if self._services is not None else None
        if transport is not None:
            self._connection.bytes_received += transport.confirms.taken_bytes
            transport.confirms.taken_bytes = 0

    def _complaint(self, line: FrameChannel, now_s: float, round_trip_s: float) -> str | None:
        """What the broker has owed an answer to for too long, in words."""
        if line.state is ChannelState.READY:
            return self._silence.of_frames(line.window.oldest, now_s, round_trip_s)
        if line.state is ChannelState.WAITING or not (self._connected or self._connection.is_open):
            return None
        return self._silence.of_exchange(line.exchange, line.since_s, now_s, round_trip_s)

    def _count_unroutable(self, *, route: str, returned: int = 0, nacked: int = 0) -> None:
        since = self._unroutable
        self._unroutable = FramesUnroutable(
            since.returned + returned, since.nacked + nacked, since.example_route or route
        )
        self._tell_unroutable()

    def _tell_unroutable(self) -> None:
        now = self._clock.monotonic()
        told_at_s = self._unroutable_told_at_s
        if not (self._unroutable.returned or self._unroutable.nacked):
            return
        if told_at_s is not None and now - told_at_s < _UNROUTABLE_EVERY_S:
            return
        self._unroutable_told_at_s = now
        event, self._unroutable = self._unroutable, FramesUnroutable(0, 0, "")
        self._listener(event)

    # --- faults on purpose: the hooks of `AmqpFaults` ---------------------------------------

    def inject(self, fault: SinkFault) -> bool:
        """See `Sink.inject`."""
        if isinstance(fault, DropConnection):
            return self._soon(self._cut)
        with self._gate:
            if self._faults is None:
                self._faults = AmqpFaults(self)
            accepted = self._faults.begin(fault)
        if accepted:
            self._soon(self._faults.act)
        return accepted

    def end_fault(self, fault: SinkFault) -> None:
        """See `Sink.end_fault`."""
        if self._faults is not None:
            with self._gate:
                self._faults.end(fault)
            self._soon(self._faults.act)

    def clear_faults(self) -> None:
        """See `Sink.clear_faults`."""
        if self._faults is not None:
            with self._gate:
                self._faults.clear()
            self._soon(self._faults.act)

    def _soon(self, call: Callable[[], None]) -> bool:
        """Call it in the sink's thread; False, and not at all, while that does not run."""
        loop = self._loop
        return loop is not None and loop.call_soon(self._guarded(call))

    def _cut(self) -> None:
        """Close the socket under pika, which finds out by itself."""
        connection = self._connection
        transport = None if connection is None else connection._transport  # noqa: SLF001 - no public way
        if transport is None:
            self._end(
                ConnectionLoss("the connection was cut on request")
            )  # while it was being made
            return
        with contextlib.suppress(OSError):  # the other side was faster
            # Not `SSLSocket.shutdown`, which would go on without encryption.
            socket.socket.shutdown(transport._sock, socket.SHUT_RDWR)  # noqa: SLF001 - as above

    def _detour_line(self, channel: Any) -> FrameChannel:
        """A channel to the default exchange for frames that the broker shall refuse."""
        line = FrameChannel("amq.default", self._channel_host, self)
        line.state, line.channel = ChannelState.READY, channel
        self._lines[_DETOUR] = self._by_channel[channel.channel_number] = line
        return line

    def _divert(self, line: FrameChannel, queue: str, frame: Frame) -> None:
        """Publish to a queue by its name; the frame comes back when there is none."""
        entry = InFlight(frame, message_id(frame), queue)
        self._in_flight += 1
        self._in_flight_bytes += entry.size
        self._enter_window(line, entry)
        properties = message_properties(
            frame,
            node=self._settings.node,
            app=self._settings.app,
            published_at_ns=self._clock.wall_ns(),
        )
        line.channel.basic_publish("", queue, frame.image, properties, mandatory=True)
