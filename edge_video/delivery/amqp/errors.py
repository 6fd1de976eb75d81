"""Turns pika's exceptions into reasons for an operator; pure."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pika.exceptions
from pika.adapters.utils import connection_workflow

if TYPE_CHECKING:
    from edge_video.delivery.amqp.settings import AmqpSettings

_SSL_REASON: Final = re.compile(r"\[SSL: (\w+)\]")

_CHANNEL_LIMIT: Final = re.compile(r"number of channels opened .*?limit of \((\d+)\)")
_LIMIT: Final = re.compile(r"limit \((\d+)\)")

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


def describe_loss(error: BaseException, settings: AmqpSettings) -> ConnectionLoss:
    """Why a connection failed or was lost, without the user name and password of the settings.

    The broker chose some of the words, which may quote anything.
    """
    cause = _innermost(error)
    where = f"{settings.host}:{settings.port}"
    if isinstance(cause, ssl.SSLError):
        return _describe_tls(str(cause))
    if isinstance(cause, OSError):
        return ConnectionLoss(_describe_os_error(cause, settings.host, where))
    if settings.tls is not None and isinstance(cause, pika.exceptions.IncompatibleProtocolError):
        return _describe_end_after_tls(str(cause))
    if isinstance(cause, pika.exceptions.AMQPError):
        return _describe_amqp(cause, where, settings.vhost)
    if isinstance(cause, connection_workflow.AMQPConnectorStackTimeout):
        return ConnectionLoss(f"{where} did not answer in time")
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


def _describe_os_error(error: OSError, host: str, where: str) -> str:
    match error:
        case socket.gaierror():
            return f"the name {host} cannot be resolved"
        case ConnectionRefusedError():
            return f"connection refused by {where}"
        case TimeoutError():
            return f"{where} did not answer in time"
        case _:
            return f"{where}: {error.strerror or error}"


def _describe_amqp(error: pika.exceptions.AMQPError, where: str, vhost: str) -> ConnectionLoss:
    if isinstance(error, _PROBABLE) and _MALFORMED in str(error):
        # pika guesses from the stage of the handshake alone.
        return ConnectionLoss(_describe_malformed(str(error)))
    match error:
        case pika.exceptions.ProbableAuthenticationError() | pika.exceptions.AuthenticationError():
            return ConnectionLoss("ACCESS_REFUSED: wrong user name or password", permanent=True)
        case pika.exceptions.ProbableAccessDeniedError():
            reason = _describe_denied_vhost(str(error), vhost)
        case pika.exceptions.IncompatibleProtocolError():
            reason = ConnectionLoss(f"{where} ended the AMQP handshake; is it a TLS port?")
        case pika.exceptions.ConnectionClosedByBroker():
            reason = ConnectionLoss(_describe_closed(error.reply_code, error.reply_text, vhost))
        case pika.exceptions.ConnectionOpenAborted():
            # Nobody but pika's own deadline for the handshake aborts it.
            reason = ConnectionLoss(f"{where} did not answer in time")
        case pika.exceptions.AMQPHeartbeatTimeout():
            reason = ConnectionLoss("no heartbeat from the broker")
        case pika.exceptions.StreamLostError():
            reason = _describe_lost_stream(str(error))
        case _:
            reason = ConnectionLoss(f"{type(error).__name__}: {error}")
    return reason


def describe_refusal(exchange: str, code: int, text: str) -> str:
    """Why the broker refuses an exchange."""
    match code:
        case 403:
            return f"ACCESS_REFUSED: the user may not declare or write to exchange '{exchange}'"
        case 404:
            return (
                f"NOT_FOUND: exchange '{exchange}' does not exist and the user may not declare it"
            )
        case 406:
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
    return None if found is None else int(found[1])


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
        return ConnectionLoss("connection closed by the broker's side")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return ConnectionLoss(
            f"TLS: the broker's certificate is not trusted ({why or 'verification failed'})", True
        )
    found = _SSL_REASON.search(text)
    code = found[1] if found else ""
    match code:
        case "WRONG_VERSION_NUMBER":
            return ConnectionLoss("TLS: the port does not speak TLS", permanent=True)
        case "TLSV13_ALERT_CERTIFICATE_REQUIRED" | "SSLV3_ALERT_HANDSHAKE_FAILURE":
            return ConnectionLoss(
                "TLS: the broker refuses the handshake; it may require a client certificate", True
            )
        case "TLSV1_ALERT_UNKNOWN_CA" | "SSLV3_ALERT_BAD_CERTIFICATE":
            return ConnectionLoss("TLS: the broker does not trust the client certificate", True)
        case _:
            return ConnectionLoss(f"TLS: {code or text}", permanent=True)


def _describe_closed(code: int, text: str, vhost: str) -> str:
    """Why the broker closed a connection that was in use."""
    if (found := _CHANNEL_LIMIT.search(text)) is not None:
        return f"NOT_ALLOWED: the user is at its limit of channels ({found[1]}); fewer are used now"
    match code:
        case 501:
            return f"FRAME_ERROR: an AMQP frame is not understood or too large ({text})"
        case 530:
            return f"closed by the broker: {text} (virtual host '{vhost}')"
        case _:
            return f"closed by the broker: {text}"


def _describe_denied_vhost(text: str, vhost: str) -> ConnectionLoss:
    if "not found" in text:
        return ConnectionLoss(f"NOT_ALLOWED: virtual host '{vhost}' does not exist", permanent=True)
    if "limit" in text:
        found = _LIMIT.search(text)
        most = f" ({found[1]})" if found else ""
        whose = "the user" if "user connection limit" in text else f"virtual host '{vhost}'"
        return ConnectionLoss(f"NOT_ALLOWED: {whose} is at its connection limit{most}")
    if "is down" in text:
        return ConnectionLoss(f"virtual host '{vhost}' is down")
    if "refused" in text:
        return ConnectionLoss(
            f"NOT_ALLOWED: the user has no access to virtual host '{vhost}'", permanent=True
        )
    return ConnectionLoss(f"closed by the broker while opening virtual host '{vhost}'")


def _describe_end_after_tls(text: str) -> ConnectionLoss:
    # pika keeps only the text of what happened. With TLS 1.3 the broker judges our certificate
    # after the handshake is over for us; whether its alert or the end of the connection is seen
    # first is a race.
    if "SSL:" in text and _TLS_CUT not in text:
        return _describe_tls(text)
    return ConnectionLoss(
        "TLS: the broker ended the connection after the handshake;"
        " it may require a client certificate"
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
