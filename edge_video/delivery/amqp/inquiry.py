"""Asks the broker, step by step, what a publisher will need of it; nothing is changed there.

The name, TCP, TLS and the login are tried as a running system would, then each exchange: it is
declared passively, which creates nothing, and a message is offered to it that no broker may take,
because its `expiration` is no number. RabbitMQ looks at the user's permissions first, those of
topics included, so the refusal tells whether frames would be taken, and no consumer sees a thing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from edge_video.delivery.amqp.errors import describe_loss
from edge_video.delivery.amqp.parameters import connection_parameters
from edge_video.delivery.amqp.refusals import RefusalKind, read_refusal
from edge_video.delivery.amqp.remedies import Remedy
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.runtime.threads import on_thread
from edge_video.runtime.timer import SystemClock
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from edge_video.delivery.amqp.settings import AmqpSettings, Route

_CLOCK: Final = SystemClock()
_HEARTBEAT_S: Final = 2
"""A broker that falls silent in the middle is given up after a few of them."""
_NO_NUMBER: Final = "probe"
_NOT_FOUND: Final = 404
_PRECONDITION_FAILED: Final = 406
_MAX_DETAIL: Final = 300
_MAX_PRODUCT: Final = 60
_BLOCKED_S: Final = 2.0
"""How long a blocked broker is waited for: it does not even hear a goodbye."""
_BLOCKED: Final = pika.exceptions.ConnectionBlockedTimeout
_REMEDIES: Final = {
    RefusalKind.TOPIC: Remedy.TOPIC,
    RefusalKind.OTHER: Remedy.BROKER_LOG,
}
"""Where what helps against most of a step does not."""
_DENIED_VHOST: Final = pika.exceptions.ProbableAccessDeniedError
# pika's time-out of an attempt is no AMQPError; a TLS key that cannot be used is a ValueError.
_ERRORS: Final = (pika.exceptions.AMQPError, AMQPConnectorException, OSError, ValueError)


class Inquiry(StrEnum):
    """What is asked, in this order."""

    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    LOGIN = "login"
    VHOST = "vhost"
    """Comes in the place of the login when that was good, and the virtual host was not."""
    EXCHANGE = "exchange"
    WRITE = "write"


class Verdict(StrEnum):
    """What came of one step."""

    OK = "ok"
    MISSING = "missing"
    """The exchange does not exist; a running system declares it, if the user may do so."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BrokerStep:
    """One step and its answer.

    Attributes:
        inquiry: what was asked.
        verdict: the answer.
        subject: what it was asked about: the host, the user, the exchange.
        detail: what was found, or why it failed; may quote the broker, secrets masked.
        took_s: seconds that it took.
        remedy: what can be done about a failure; None: what helps against most of this step.
    """

    inquiry: Inquiry
    verdict: Verdict
    subject: str
    detail: str = ""
    took_s: float = 0.0
    remedy: Remedy | None = None

    @property
    def names_subject(self) -> bool:
        """Whether the subject is worth to be shown beside what was found."""
        return self.inquiry in (Inquiry.EXCHANGE, Inquiry.WRITE)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the broker says of itself while a client logs in.

    Attributes:
        product: its name and version, "RabbitMQ 3.12.1"; empty when it says none.
        frame_max: the largest AMQP frame that was agreed on, in bytes.
        heartbeat_s: what the broker proposes, in seconds; 0 when it wants none.
    """

    product: str
    frame_max: int
    heartbeat_s: int


@dataclass(frozen=True, slots=True)
class BrokerResult:
    """What the broker answered: each step that was tried; the first failure is the last step.

    Attributes:
        target: the broker, without user name and password.
        steps: in the order in which they were tried.
        agreement: None when it was not heard.
        certificate_until_s: when its certificate ends, in seconds of Unix time; None without TLS
            or where it is not looked at.
    """

    target: str
    steps: tuple[BrokerStep, ...]
    agreement: Agreement | None = None
    certificate_until_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing stands between a running system and this broker."""
        return all(step.verdict is not Verdict.FAILED for step in self.steps)


def probe_broker(
    settings: AmqpSettings,
    routes: Sequence[Route],
    redact: Callable[[str], str],
    timeout_s: float,
) -> BrokerResult:
    """Ask once; blocks for at most some `timeout_s` seconds a step. Any thread; raises nothing.

    Args:
        settings: where the broker is, and as whom to log in.
        routes: where frames and events would go; one of each exchange is tried.
        redact: masks secrets in what the broker says.
        timeout_s: the limit of each step, in seconds.
    """
    asking = _Asking(settings, redact, timeout_s)
    try:
        steps = tuple(asking.steps(_one_each(routes)))
        return BrokerResult(settings.target, steps, asking.agreement, asking.certificate_until_s)
    finally:
        asking.close()


def _one_each(routes: Sequence[Route]) -> list[Route]:
    """One route of every exchange, the first."""
    return list({route.exchange: route for route in reversed(routes)}.values())[::-1]


def begin_probe(
    settings: AmqpSettings,
    routes: Sequence[Route],
    redact: Callable[[str], str],
    timeout_s: float,
) -> Future[BrokerResult]:
    """Ask as `probe_broker` does, on a thread that no end of the program waits for."""
    return on_thread("probe-broker", partial(probe_broker, settings, routes, redact, timeout_s))


class _Asking:
    """One inquiry, and the connection that it needs."""

    def __init__(
        self, settings: AmqpSettings, redact: Callable[[str], str], timeout_s: float
    ) -> None:
        self._settings = settings
        self._redact = redact
        self._timeout_s = timeout_s
        self._connection: Any = None
        self._alarm = ""
        self.agreement: Agreement | None = None
        self.certificate_until_s: float | None = None

    def steps(self, routes: Sequence[Route]) -> Iterator[BrokerStep]:
        """Yield each step; ends after one without which the others make no sense."""
        for inquiry, ask in self._before_exchanges():
            step = self._step(inquiry, self._settings.host, ask)
            yield step
            if step.verdict is not Verdict.OK:
                return
        for route in routes:
            step = self._step(Inquiry.EXCHANGE, route.exchange, partial(self._look, route))
            yield step
            if step.verdict is Verdict.OK:
                yield self._step(Inquiry.WRITE, route.exchange, partial(self._offer, route))
            if not self._connection.is_open:
                return

    def close(self) -> None:
        """Say goodbye to the broker, if it was reached."""
        if self._connection is not None and self._connection.is_open:
            with contextlib.suppress(*_ERRORS):
                self._connection.close()

    def _before_exchanges(self) -> Iterator[tuple[Inquiry, Callable[[], str]]]:
        if not _is_address(self._settings.host):
            yield Inquiry.NAME, self._resolve
        yield Inquiry.TCP, self._connect
        if self._settings.tls is not None:
            yield Inquiry.TLS, self._encrypt
        yield Inquiry.LOGIN, self._log_in

    def _step(self, inquiry: Inquiry, subject: str, ask: Callable[[], str]) -> BrokerStep:
        began_s = _CLOCK.monotonic()
        verdict, remedy = Verdict.OK, None
        try:
            detail = ask()
        except _ERRORS as error:
            inquiry = Inquiry.VHOST if isinstance(error, _DENIED_VHOST) else inquiry
            missing = inquiry is Inquiry.EXCHANGE and getattr(error, "reply_code", 0) == _NOT_FOUND
            verdict = Verdict.MISSING if missing else Verdict.FAILED
            detail, remedy = self._why(error, subject)
        shown = shorten(one_line(self._redact(detail)), _MAX_DETAIL)
        took_s = _CLOCK.monotonic() - began_s
        return BrokerStep(inquiry, verdict, subject, shown, took_s, remedy)

    def _why(self, error: Exception, exchange: str) -> tuple[str, Remedy | None]:
        if isinstance(error, pika.exceptions.ChannelClosedByBroker):
            refusal = read_refusal(exchange, error.reply_code, error.reply_text)
            remedy = Remedy.INTERNAL if refusal.is_internal else _REMEDIES.get(refusal.kind)
            return refusal.reason, remedy
        if isinstance(error, _BLOCKED):
            reason = f"the broker takes no frames: {self._alarm or 'it blocks publishers'}"
            return reason, Remedy.ALARM
        # A certificate that is not trusted is a ValueError, too; its loss has words of our own.
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            return str(error), None
        loss = describe_loss(error, self._settings)
        return loss.reason, loss.remedy

    # --- what is asked: each returns what it found, or raises one of `_ERRORS` ---

    def _resolve(self) -> str:
        found = socket.getaddrinfo(
            self._settings.host, self._settings.port, type=socket.SOCK_STREAM
        )
        return ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))

    def _connect(self) -> str:
        with self._connected() as plain:
            address, port = plain.getpeername()[:2]
        return f"{address}:{port}"

    def _encrypt(self) -> str:
        assert self._settings.tls is not None
        context = make_tls_context(self._settings.tls)
        with (
            self._connected() as plain,
            context.wrap_socket(plain, server_hostname=self._settings.host) as encrypted,
        ):
            certificate = encrypted.getpeercert() or {}
            until = certificate.get("notAfter")
            version = encrypted.version() or "TLS"
            if until is not None:
                self.certificate_until_s = float(ssl.cert_time_to_seconds(str(until)))
        return version if until is None else f"{version}, {until}"

    def _connected(self) -> socket.socket:
        address = (self._settings.host, self._settings.port)
        return socket.create_connection(address, self._timeout_s)

    def _log_in(self) -> str:
        settings = self._settings
        tls = None if settings.tls is None else make_tls_context(settings.tls)

        # pika copies its parameters, and with a method the object that it belongs to.
        def agree(connection: Any, proposed_s: int) -> int:
            self.agreement = self._read_agreement(connection, proposed_s)
            return _HEARTBEAT_S

        self._connection = pika.BlockingConnection(
            connection_parameters(
                settings,
                tls,
                name=f"{settings.app} probe",
                heartbeat=agree,
                socket_timeout_s=self._timeout_s,
                stack_timeout_s=self._timeout_s,
                blocked_timeout_s=min(self._timeout_s, _BLOCKED_S),
            )
        )
        self._connection.add_on_connection_blocked_callback(self._blocked)
        return f"{settings.username}, vhost {settings.vhost}"

    def _read_agreement(self, connection: Any, proposed_s: int) -> Agreement:
        """What pika has just agreed on with the broker."""
        told = {
            name: value.decode(errors="replace") if isinstance(value, bytes) else str(value)
            for name, value in (connection.server_properties or {}).items()
            if name in ("product", "version")
        }
        product = " ".join(told[name] for name in ("product", "version") if name in told)
        shown = shorten(one_line(self._redact(product)), _MAX_PRODUCT)
        return Agreement(shown, connection.params.frame_max, proposed_s)

    def _blocked(self, _connection: object, frame: Any) -> None:
        self._alarm = str(frame.method.reason)

    def _look(self, route: Route) -> str:
        channel = self._connection.channel()
        channel.exchange_declare(route.exchange, passive=True)
        channel.close()
        return ""

    def _offer(self, route: Route) -> str:
        channel = self._connection.channel()
        channel.confirm_delivery()
        try:
            channel.basic_publish(
                route.exchange,
                route.routing_key,
                b"",
                pika.BasicProperties(expiration=_NO_NUMBER, app_id=self._settings.app),
            )
        except pika.exceptions.ChannelClosedByBroker as error:
            if not _is_about_expiration(error):
                raise
            self._connection.process_data_events(time_limit=0)  # a notice that it blocks
            if self._alarm:
                raise _BLOCKED from error
        return route.routing_key


def _is_about_expiration(error: pika.exceptions.ChannelClosedByBroker) -> bool:
    """Whether the message itself was refused, which comes after the user's permissions."""
    return bool(error.reply_code == _PRECONDITION_FAILED and "expiration" in error.reply_text)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
