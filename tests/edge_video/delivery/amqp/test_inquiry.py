"""The inquiry of `probe`: each step towards a broker, and that nothing is left of it there."""

from __future__ import annotations

import socket
import ssl

import pytest
from pika.exceptions import ChannelClosedByBroker

from edge_video.delivery.amqp import inquiry
from edge_video.delivery.amqp.inquiry import (
    BrokerResult,
    Inquiry,
    Verdict,
    begin_probe,
    probe_broker,
)
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.testing.rabbit import RabbitNode, free_port
from edge_video.text.redact import Redactor
from tests.support.amqp import tls
from tests.support.rabbit import EVERY_BROKER, broker_user


def ask(broker: RabbitNode, *routes: Route, user: str = "guest", **changed: object) -> BrokerResult:
    whole = {"host": broker.host, "port": broker.port, "vhost": "/", "username": user}
    settings = AmqpSettings(**{**whole, "password": user, **changed})  # type: ignore[arg-type]
    return probe_broker(settings, routes, Redactor(["canary-pw"]), 5.0)


def steps(result: BrokerResult) -> list[tuple[str, str]]:
    return [(step.inquiry.value, step.verdict.value) for step in result.steps]


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_a_good_broker_answers_each_step_and_no_consumer_sees_a_thing(
    broker: RabbitNode, exchange: str
) -> None:
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, "#")
        result = ask(broker, Route(exchange, "shop.door"), Route(exchange, "shop.yard"))
        assert channel.queue_declare(queue, passive=True).method.message_count == 0
        channel.exchange_delete(exchange)
    assert result.ok
    assert steps(result) == [
        ("tcp", "ok"),
        ("login", "ok"),
        ("exchange", "ok"),
        ("write", "ok"),
    ]
    assert result.steps[-1].detail == "shop.door"
    assert result.agreement is not None
    assert result.agreement.product.startswith("RabbitMQ ")
    assert (result.agreement.frame_max, result.agreement.heartbeat_s) == (131_072, 60)


@pytest.mark.rabbitmq
@EVERY_BROKER
def test_an_exchange_that_is_missing_is_told_and_not_declared(
    broker: RabbitNode, exchange: str
) -> None:
    result = ask(broker, Route(exchange, "a"), Route("amq.topic", "a"))
    assert result.ok
    assert steps(result)[2:] == [("exchange", "missing"), ("exchange", "ok"), ("write", "ok")]
    with broker.channel() as channel, pytest.raises(ChannelClosedByBroker, match="no exchange"):
        channel.exchange_declare(exchange, passive=True)


@pytest.mark.rabbitmq
def test_a_user_who_may_not_write_is_told(broker: RabbitNode) -> None:
    reader = broker_user(broker, configure="", write="")
    result = ask(broker, Route("amq.topic", "a"), user=reader)
    assert not result.ok
    assert steps(result)[2:] == [("exchange", "ok"), ("write", "failed")]
    assert "may not declare or write to exchange 'amq.topic'" in result.steps[-1].detail


@pytest.mark.rabbitmq
def test_a_wrong_password_and_a_wrong_vhost_are_told_apart(broker: RabbitNode) -> None:
    wrong = ask(broker, password="canary-pw")
    assert steps(wrong)[-1] == ("login", "failed")
    assert wrong.steps[-1].detail == "ACCESS_REFUSED: wrong user name or password"
    nowhere = ask(broker, vhost="nowhere")
    assert steps(nowhere)[-1] == ("vhost", "failed")
    assert "'nowhere' does not exist" in nowhere.steps[-1].detail


@pytest.mark.rabbitmq
def test_tls_is_a_step_of_its_own(broker: RabbitNode) -> None:
    good = ask(broker, **tls(broker))
    assert steps(good)[-2:] == [("tls", "ok"), ("login", "ok")]
    assert good.certificate_until_s is not None
    plain = ask(broker, **{**tls(broker), "port": broker.port})
    assert steps(plain)[-1] == ("tls", "failed")
    assert plain.steps[-1].detail.startswith("TLS: ")


@pytest.mark.rabbitmq
def test_a_broker_that_blocks_publishers_is_told(broker: RabbitNode) -> None:
    broker.raise_memory_alarm()
    try:
        settings = AmqpSettings(broker.host, broker.port, "/", "guest", "guest")
        result = probe_broker(settings, [Route("amq.topic", "a")], Redactor(), 0.5)
    finally:
        broker.clear_memory_alarm()
    assert steps(result)[-1] == ("write", "failed")
    assert result.steps[-1].detail == "the broker takes no frames: low on memory"


def test_a_name_that_nobody_knows_and_a_port_where_nobody_is_end_the_inquiry() -> None:
    unknown = AmqpSettings("broker.invalid", 5672, "/", "guest", "guest")
    result = probe_broker(unknown, [], Redactor(), 5.0)
    assert steps(result) == [("name", "failed")]
    assert "broker.invalid" in result.steps[0].detail
    nobody = AmqpSettings("127.0.0.1", free_port(), "/", "guest", "guest")
    assert steps(probe_broker(nobody, [], Redactor(), 5.0)) == [("tcp", "failed")]


def test_a_port_that_is_silent_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = AmqpSettings("127.0.0.1", server.getsockname()[1], "/", "guest", "guest")
        result = probe_broker(silent, [], Redactor(), 0.3)
    assert [(step.inquiry, step.verdict) for step in result.steps] == [
        (Inquiry.TCP, Verdict.OK),
        (Inquiry.LOGIN, Verdict.FAILED),
    ]
    assert "did not answer in time" in result.steps[-1].detail


def test_a_certificate_that_is_not_trusted_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> object:
        message = "certificate verify failed: unable to get local issuer certificate (_ssl.c:997)"
        raise ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] {message}")

    monkeypatch.setattr(inquiry, "make_tls_context", refused)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = AmqpSettings("127.0.0.1", port, "/", "guest", "guest", tls=TlsSettings())
        result = probe_broker(settings, [], Redactor(), 5.0)
    assert steps(result)[-1] == ("tls", "failed")
    assert result.steps[-1].detail == (
        "TLS: the broker's certificate is not trusted (unable to get local issuer certificate)"
    )


def test_a_defect_of_the_inquiry_is_raised_where_its_answer_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> BrokerResult:
        raise ZeroDivisionError

    monkeypatch.setattr(inquiry, "probe_broker", broken)
    settings = AmqpSettings("127.0.0.1", 1, "/", "guest", "guest")
    with pytest.raises(ZeroDivisionError):
        begin_probe(settings, [], Redactor(), 1.0).result(10)
