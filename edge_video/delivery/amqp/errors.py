"""Turns pika's exceptions into reasons for an operator; pure."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pika.exceptions
from pika.adapters.utils import connection_workflow

from edge_video.delivery.amqp.remedies import Remedy

if TYPE_CHECKING:
    from edge_video.delivery.amqp.settings import AmqpSettings

_SSL_REASON: Final = re.compile(r"\[SSL: (\w+)\]")

_CHANNEL_LIMIT: Final = re.compile(
    r"number of channels opened (?P<whose>on node )?.*?limit of \((?P<most>\d+)\)"
)
_CONNECTION_LIMIT: Final = re.compile(
    r"(?P<whose>user|node|) ?connection limit(?: \((?P<most>\d+)\))? is reached"
)
_BY_BROKER: Final = re.compile(
    r"ConnectionClosedByBroker: \((?P<code>\d+)\) (?P<message>.*)", re.DOTALL
)
"""What pika keeps of a broker's goodbye in the handshake: the end of the connection, as text."""
_LOGIN_REFUSED: Final = 403

_MALFORMED: Final = "MalformedAmqpError"
_FRAME_MAX: Final = re.compile(r"Min AMQP [\d.]+ Frame Size is (\d+), but got (\d+)")
_PROBABLE: Final = (
    pika.exceptions.ProbableAuthenticationError,
    pika.exceptions.ProbableAccessDeniedError,
)
"""What pika makes of any end of the stream while it waits for the broker's consent."""

_TLS_CUT: Final = "EOF occurred in violation of protocol"
"""A peer that is killed says no goodbye in TLS: not a matter of certificates, and it may heal."""


@dataclass(frozen=True, slots=True)
class ConnectionLoss:
    """Why a connection is lost; `permanent` as in `SinkLost`."""

    reason: str
    permanent: bool = False
    remedy: Remedy = field(default=Remedy.BROKER_LOG, compare=False)
    """What can be done about it."""


def describe_loss(error: BaseException, settings: AmqpSettings) -> ConnectionLoss:
    """Why a connection failed or was lost, without the user name and password of the settings.

    The broker chose some of the words, which may quote anything.
    """
    cause = _innermost(error)
    where = f"{settings.host}:{settings.port}"
    if isinstance(cause, ssl.SSLError):
        return _describe_tls(str(cause))
    if isinstance(cause, OSError):
        return _describe_os_error(cause, settings.host, where)
    if settings.tls is not None and isinstance(cause, pika.exceptions.IncompatibleProtocolError):
        return _describe_end_after_tls(str(cause))
    if isinstance(cause, pika.exceptions.AMQPError):
        return _describe_amqp(cause, where, settings.vhost)
    if isinstance(cause, connection_workflow.AMQPConnectorStackTimeout):
        return ConnectionLoss(f"{where} did not answer in time", remedy=Remedy.TCP)
    return ConnectionLoss(f"{type(cause).__name__}: {cause}")


def never_reached(error: BaseException) -> bool:
    """Whether an attempt to connect ended before TCP was up: another address may do better."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, connection_workflow.AMQPConnectionWorkflowFailed) and isinstance(
        cause.exceptions[-1], connection_workflow.AMQPConnectorSocketConnectError
    )


def timed_out(error: BaseException) -> bool:
    """Whether an attempt to connect ended because an answer took too long."""
    return isinstance(
        _innermost(error),
        TimeoutError
        | connection_workflow.AMQPConnectorStackTimeout
        | pika.exceptions.ConnectionOpenAborted,
    )


def _describe_os_error(error: OSError, host: str, where: str) -> ConnectionLoss:
    match error:
        case socket.gaierror():
            return ConnectionLoss(f"the name {host} cannot be resolved", remedy=Remedy.NAME)
        case ConnectionRefusedError():
            reason = f"connection refused by {where}"
        case TimeoutError():
            reason = f"{where} did not answer in time"
        case _:
            reason = f"{where}: {error.strerror or error}"
    return ConnectionLoss(reason, remedy=Remedy.TCP)


def _describe_amqp(error: pika.exceptions.AMQPError, where: str, vhost: str) -> ConnectionLoss:
    if isinstance(error, _PROBABLE) and _MALFORMED in str(error):
        # pika guesses from the stage of the handshake alone.
        return ConnectionLoss(_describe_malformed(str(error)))
    match error:
        case pika.exceptions.ProbableAuthenticationError():
            return _describe_failed_login(str(error), where)
        case pika.exceptions.AuthenticationError():
            # pika's own, before anything was sent: nothing that the broker offers is PLAIN.
            return ConnectionLoss("the broker offers no login with user name and password", True)
        case pika.exceptions.ProbableAccessDeniedError():
            reason = _describe_denied_vhost(str(error), where, vhost)
        case pika.exceptions.IncompatibleProtocolError():
            reason = ConnectionLoss(
                f"{where} ended the AMQP handshake; is it a TLS port?", remedy=Remedy.TCP
            )
        case pika.exceptions.ConnectionClosedByBroker():
            reason = ConnectionLoss(_describe_closed(error.reply_code, error.reply_text, vhost))
        case pika.exceptions.ConnectionOpenAborted():
            # Nobody but pika's own deadline for the handshake aborts it.
            reason = ConnectionLoss(f"{where} did not answer in time", remedy=Remedy.TCP)
        case pika.exceptions.AMQPHeartbeatTimeout():
            reason = ConnectionLoss("no heartbeat from the broker")
        case pika.exceptions.StreamLostError():
            reason = _describe_lost_stream(str(error))
        case _:
            reason = ConnectionLoss(f"{type(error).__name__}: {error}")
    return reason


def _describe_failed_login(text: str, where: str) -> ConnectionLoss:
    """Why the login failed: brokers with this program's pika say so when it was the password."""
    closed = _BY_BROKER.search(text)
    if closed is None:
        return _describe_silent_end(where)
    if int(closed["code"]) == _LOGIN_REFUSED:
        return ConnectionLoss(
            "ACCESS_REFUSED: wrong user name or password", permanent=True, remedy=Remedy.LOGIN
        )
    return ConnectionLoss(f"closed by the broker during the login: {_unquoted(closed['message'])}")


def _describe_silent_end(where: str) -> ConnectionLoss:
    return ConnectionLoss(
        f"{where} ended the connection during the login, without a word", remedy=Remedy.HANDSHAKE
    )


def _unquoted(message: str) -> str:
    """A text without the quotes that `repr` has put around it."""
    quote = message[:1]
    is_quoted = len(message) > 1 and quote in "'\"" and message.endswith(quote)
    return message[1:-1] if is_quoted else message


def describe_refusal(exchange: str, code: int, text: str) -> str:
    """Why the broker refuses an exchange."""
    match code:
        case 403:
            return f"ACCESS_REFUSED: the user may not declare or write to exchange '{exchange}'"
        case 404:
            return (
                f"NOT_FOUND: exchange '{exchange}' does not exist and the user may not declare it"
            )
        case 406 if "inequivalent arg" in text:  # else a limit, of queues say
            return (
                f"PRECONDITION_FAILED: exchange '{exchange}' exists, but not as a durable topic"
                f" exchange ({text})"
            )
        case _:
            return f"exchange '{exchange}': {text or code}"


def describe_no_channel(exchange: str, channel_max: int, user_limit: int | None = None) -> str:
    """Why an exchange got no channel: the connection has as many as the broker allows.

    Args:
        exchange: its name.
        channel_max: channels that this connection may have.
        user_limit: as many, where it is the limit of the user that was learned.
    """
    whose = "its channel_max" if user_limit is None else "the max-channels of this user"
    return (
        f"exchange '{exchange}' needs a channel of its own, and the broker allows {channel_max}"
        f" per connection ({whose})"
    )


def channel_limit(error: BaseException) -> int | None:
    """The channels that this user may have, when the broker ended a connection for it."""
    if not isinstance(error, pika.exceptions.ConnectionClosedByBroker):
        return None
    found = _CHANNEL_LIMIT.search(error.reply_text)
    return None if found is None else int(found["most"])


def _innermost(error: BaseException) -> BaseException:
    """The exception that pika's connection workflow wrapped, however deep."""
    while True:
        if isinstance(error, connection_workflow.AMQPConnectionWorkflowFailed):
            inner = error.exceptions[-1] if error.exceptions else None
        elif isinstance(error, connection_workflow.AMQPConnectorPhaseErrorBase):
            inner = error.exception
        else:
            inner = error.args[0] if error.args else None
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _describe_tls(text: str) -> ConnectionLoss:
    """TLS failures: all but a cut connection need someone to change a file or a setting."""
    if _TLS_CUT in text:
        return ConnectionLoss("connection closed by the broker's side", remedy=Remedy.HANDSHAKE)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        reason = f"TLS: the broker's certificate is not trusted ({why or 'verification failed'})"
        return ConnectionLoss(reason, permanent=True, remedy=Remedy.TLS)
    found = _SSL_REASON.search(text)
    code = found[1] if found else ""
    match code:
        case "WRONG_VERSION_NUMBER":
            reason, remedy = "TLS: the port does not speak TLS", Remedy.TLS
        case "TLSV13_ALERT_CERTIFICATE_REQUIRED" | "SSLV3_ALERT_HANDSHAKE_FAILURE":
            reason = "TLS: the broker refuses the handshake; it may require a client certificate"
            remedy = Remedy.CLIENT_CERTIFICATE
        case "TLSV1_ALERT_UNKNOWN_CA" | "SSLV3_ALERT_BAD_CERTIFICATE":
            reason = "TLS: the broker does not trust the client certificate"
            remedy = Remedy.CLIENT_CERTIFICATE
        case _:
            reason, remedy = f"TLS: {code or text}", Remedy.TLS
    return ConnectionLoss(reason, permanent=True, remedy=remedy)


def _describe_closed(code: int, text: str, vhost: str) -> str:
    """Why the broker closed a connection that was in use."""
    if (found := _CHANNEL_LIMIT.search(text)) is not None:
        whose = "the broker's node" if found["whose"] else "the user"
        most = found["most"]
        return f"NOT_ALLOWED: {whose} is at its limit of channels ({most}); fewer are used now"
    match code:
        case 501:
            return f"FRAME_ERROR: an AMQP frame is not understood or too large ({text})"
        case 530:
            return f"closed by the broker: {text} (virtual host '{vhost}')"
        case _:
            return f"closed by the broker: {text}"


def _describe_denied_vhost(text: str, where: str, vhost: str) -> ConnectionLoss:
    """Why the virtual host was not opened; names in the text may hold any word."""
    closed = _BY_BROKER.search(text)
    if closed is None and "StreamLostError" in text:
        return _describe_silent_end(where)
    message = text if closed is None else _unquoted(closed["message"])
    if (limit := _CONNECTION_LIMIT.search(message)) is not None:
        most = f" ({limit['most']})" if limit["most"] else ""
        whose = {"user": "the user", "node": "the broker's node"}.get(
            limit["whose"], f"virtual host '{vhost}'"
        )
        return ConnectionLoss(
            f"NOT_ALLOWED: {whose} is at its connection limit{most}", remedy=Remedy.LIMIT
        )
    if message.endswith("not found"):
        reason = f"NOT_ALLOWED: virtual host '{vhost}' does not exist"
        return ConnectionLoss(reason, permanent=True, remedy=Remedy.VHOST)
    if message.endswith("is down"):
        return ConnectionLoss(f"virtual host '{vhost}' is down")
    if "refused for user" in message or "doesn't have access" in message:
        reason = f"NOT_ALLOWED: the user has no access to virtual host '{vhost}'"
        return ConnectionLoss(reason, permanent=True, remedy=Remedy.VHOST)
    return ConnectionLoss(f"closed by the broker: {message} (virtual host '{vhost}')")


def _describe_end_after_tls(text: str) -> ConnectionLoss:
    # pika keeps only the text of what happened. With TLS 1.3 the broker judges our certificate
    # after the handshake is over for us; whether its alert or the end of the connection is seen
    # first is a race.
    if "SSL:" in text and _TLS_CUT not in text:
        return _describe_tls(text)
    return ConnectionLoss(
        "TLS: the broker ended the connection after the handshake;"
        " it may require a client certificate",
        remedy=Remedy.CLIENT_CERTIFICATE,
    )


def _describe_malformed(text: str) -> str:
    found = _FRAME_MAX.search(text)
    if found is not None:
        return f"the broker's frame_max is {found[2]}, and AMQP requires at least {found[1]} bytes"
    return "the broker's side sends what is no AMQP, or damaged on its way"


def _describe_lost_stream(text: str) -> ConnectionLoss:
    if "SSL:" in text:
        return _describe_tls(text)
    if _MALFORMED in text:
        return ConnectionLoss(_describe_malformed(text))
    if "ConnectionResetError" in text:
        return ConnectionLoss("connection reset by the broker")
    if "BrokenPipe" in text or "EOF" in text:
        return ConnectionLoss("connection closed by the broker's side")
    if "TimeoutError" in text:
        return ConnectionLoss("connection timed out")
    return ConnectionLoss(f"connection lost: {text}")
