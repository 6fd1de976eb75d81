from __future__ import annotations

import socket
import ssl

import pika.exceptions as pe
import pytest
from pika.adapters.utils import connection_workflow as cw

from edge_video.delivery.amqp.errors import (
    ConnectionLoss,
    describe_loss,
    describe_refusal,
    never_reached,
)
from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings


def describe(error: BaseException) -> ConnectionLoss:
    return describe_loss(error, AmqpSettings("broker", 5672, "shop", "user", "secret"))


def wrapped(error: BaseException) -> BaseException:
    """As pika's connection workflow hands it over."""
    socket_error = cw.AMQPConnectorSocketConnectError(error)
    failed = cw.AMQPConnectionWorkflowFailed([socket_error])
    outermost: BaseException = pe.AMQPConnectionError(failed)
    return outermost


def closed_in_handshake(code: int, text: str) -> pe.ProbableAccessDeniedError:
    """What pika makes of a broker that ends the connection while a virtual host is opened."""
    name = {530: "NOT_ALLOWED", 541: "INTERNAL_ERROR"}[code]
    return pe.ProbableAccessDeniedError(repr(pe.ConnectionClosedByBroker(code, f"{name} - {text}")))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (wrapped(ConnectionRefusedError(111, "refused")), "connection refused by broker:5672"),
        (socket.gaierror(-2, "Name or service"), "the name broker cannot be resolved"),
        (wrapped(TimeoutError("timed out")), "broker:5672 did not answer in time"),
        (wrapped(cw.AMQPConnectorStackTimeout("x")), "broker:5672 did not answer in time"),
        (wrapped(OSError(113, "No route to host")), "broker:5672: No route to host"),
        (pe.StreamLostError("Transport indicated EOF"), "connection closed by the broker's side"),
        (
            pe.StreamLostError("Stream connection lost: ConnectionResetError(104, 'x')"),
            "connection reset by the broker",
        ),
        (
            # A broker that is killed says no goodbye, which OpenSSL calls a violation.
            pe.StreamLostError(
                "Stream connection lost: SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING]"
                " EOF occurred in violation of protocol (_ssl.c:2580)')"
            ),
            "connection closed by the broker's side",
        ),
        (
            pe.ConnectionClosedByBroker(320, "CONNECTION_FORCED - shutdown"),
            "closed by the broker: CONNECTION_FORCED - shutdown",
        ),
        (pe.AMQPHeartbeatTimeout("x"), "no heartbeat from the broker"),
        (
            pe.IncompatibleProtocolError("StreamLostError: ('Transport indicated EOF',)"),
            "broker:5672 ended the AMQP handshake; is it a TLS port?",
        ),
        (
            closed_in_handshake(
                530, "access to vhost 'shop' refused for user 'u': connection limit (0) is reached"
            ),
            "NOT_ALLOWED: virtual host 'shop' is at its connection limit (0)",
        ),
        (
            # LavinMQ's words.
            closed_in_handshake(
                530, "access to vhost 'shop' refused: connection limit (5) is reached"
            ),
            "NOT_ALLOWED: virtual host 'shop' is at its connection limit (5)",
        ),
        (
            closed_in_handshake(530, "connection refused: node connection limit (300) is reached"),
            "NOT_ALLOWED: the broker's node is at its connection limit (300)",
        ),
        (
            closed_in_handshake(
                530, "connection refused for user 'u': user connection limit (1) is reached"
            ),
            "NOT_ALLOWED: the user is at its connection limit (1)",
        ),
        (
            closed_in_handshake(
                541, "access to vhost 'shop' refused for user 'u': vhost 'shop' is down"
            ),
            "virtual host 'shop' is down",
        ),
        (
            closed_in_handshake(530, "negotiated frame_max = 4096 is lower than allowed"),
            (
                "closed by the broker: NOT_ALLOWED - negotiated frame_max = 4096 is lower than"
                " allowed (virtual host 'shop')"
            ),
        ),
        (
            pe.ProbableAccessDeniedError(repr(pe.StreamLostError("Transport indicated EOF"))),
            "broker:5672 ended the connection during the login, without a word",
        ),
        (
            # A broker that stops, or a proxy that finds none: no word of a password.
            pe.ProbableAuthenticationError(repr(pe.StreamLostError("Transport indicated EOF"))),
            "broker:5672 ended the connection during the login, without a word",
        ),
        (
            pe.ProbableAuthenticationError(
                repr(pe.ConnectionClosedByBroker(320, "CONNECTION_FORCED - the node's shutdown"))
            ),
            "closed by the broker during the login: CONNECTION_FORCED - the node's shutdown",
        ),
        (
            pe.ConnectionClosedByBroker(
                530,
                "NOT_ALLOWED - number of channels opened on node 'rabbit@a' has reached the"
                " maximum allowed limit of (900)",
            ),
            (
                "NOT_ALLOWED: the broker's node is at its limit of channels (900); fewer are used"
                " now"
            ),
        ),
        (RuntimeError("boom"), "RuntimeError: boom"),
    ],
)
def test_causes_that_may_heal_by_themselves(error: BaseException, words: str) -> None:
    assert describe(error) == ConnectionLoss(words, permanent=False)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            pe.ProbableAuthenticationError(
                repr(pe.ConnectionClosedByBroker(403, "ACCESS_REFUSED - Login was refused"))
            ),
            "ACCESS_REFUSED: wrong user name or password",
        ),
        (
            pe.AuthenticationError("PLAIN"),
            "the broker offers no login with user name and password",
        ),
        (
            closed_in_handshake(530, "vhost shop not found"),
            "NOT_ALLOWED: virtual host 'shop' does not exist",
        ),
        (
            # What a name happens to say is no reason.
            closed_in_handshake(530, "access to vhost 'connection limit' refused for user 'u'"),
            "NOT_ALLOWED: the user has no access to virtual host 'shop'",
        ),
        (
            closed_in_handshake(530, "'u' doesn't have access to 'shop'"),
            "NOT_ALLOWED: the user has no access to virtual host 'shop'",
        ),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x"), "TLS: the port does not speak TLS"),
        (ssl.SSLError(1, "[SSL: NO_CIPHERS_AVAILABLE] x"), "TLS: NO_CIPHERS_AVAILABLE"),
    ],
)
def test_causes_that_someone_must_mend(error: BaseException, words: str) -> None:
    assert describe(error) == ConnectionLoss(words, permanent=True)


def test_only_a_socket_that_never_connected_is_worth_another_address() -> None:
    assert never_reached(wrapped(ConnectionRefusedError()))
    assert not never_reached(pe.ProbableAuthenticationError("x"))
    assert not never_reached(
        cw.AMQPConnectionWorkflowFailed([cw.AMQPConnectorTransportSetupError(ssl.SSLError())])
    )


@pytest.mark.parametrize(
    ("code", "beginning"),
    [(403, "ACCESS_REFUSED"), (404, "NOT_FOUND"), (406, "exchange"), (541, "exchange")],
)
def test_a_refused_exchange_is_named_with_the_brokers_word_for_it(
    code: int, beginning: str
) -> None:
    words = describe_refusal("shop.exchange", code, "text")
    assert words.startswith(beginning)
    assert "'shop.exchange'" in words


def test_a_broker_that_ends_the_connection_after_tls_may_miss_a_client_certificate() -> None:
    alert = "StreamLostError: ('... SSLError(1, '[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] ...')')"
    for text, surely in ((alert, True), ("StreamLostError: ('... SSLEOFError(8, ...)')", False)):
        error = pe.IncompatibleProtocolError(text)
        settings = AmqpSettings("broker", 5671, "/", "user", "secret", tls=TlsSettings())
        reason = describe_loss(error, settings)
        assert "may require a client certificate" in reason.reason
        assert reason.permanent is surely


def test_a_queue_that_the_broker_has_no_room_for_is_no_exchange_of_another_type() -> None:
    limit = (
        "PRECONDITION_FAILED - cannot declare queue 'q': queue limit in vhost '/' (5) is reached"
    )
    assert describe_refusal("shop", 406, limit) == f"exchange 'shop': {limit}"
    unlike = "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'shop'"
    assert "not as a durable topic exchange" in describe_refusal("shop", 406, unlike)
