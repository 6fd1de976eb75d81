"""TLS: who is trusted, and what is told when it fails."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.amqp.settings import TlsSettings
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.delivery.sink import (
    SinkConnected,
    SinkLost,
)
from edge_video.faults import (
    DropConnection,
)
from tests.support.amqp import (
    CUT,
    MakeRig,
    know_name,
    lost_while_connecting,
    tls,
)

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode


@pytest.mark.rabbitmq
def test_tls_with_the_right_authority_and_a_client_certificate_works(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, **tls(broker)).connect()
    rig.put_all(20, size=300_000)
    assert rig.settle().confirmed == 20
    assert rig.heard.of(SinkConnected)[0].target.startswith("amqps://localhost:")


@pytest.mark.rabbitmq
def test_a_certificate_that_breaks_a_rule_of_form_is_trusted_by_any_python(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker's does not name its authority's key; Python 3.13 would refuse it for that."""
    as_here = ssl.create_default_context

    def as_python_3_13(cafile: str | None = None) -> ssl.SSLContext:
        context = as_here(cafile=cafile)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_python_3_13)
    rig = make_rig(broker, **tls(broker)).connect()
    rig.put_all(5)
    assert rig.settle().confirmed == 5


@pytest.mark.rabbitmq
def test_a_tls_connection_that_is_cut_is_tried_again_soon(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, **tls(broker)).connect()
    rig.sink.inject(DropConnection())
    assert rig.heard.wait_for(SinkLost) in CUT


@pytest.mark.rabbitmq
def test_tls_does_not_trust_a_foreign_authority(broker: RabbitNode, make_rig: MakeRig) -> None:
    assert broker.certificates is not None
    lost = lost_while_connecting(make_rig(broker, **tls(broker, ca=broker.certificates.other_ca)))
    assert lost.reason.startswith("TLS: the broker's certificate is not trusted (")
    assert lost.permanent


@pytest.mark.rabbitmq
def test_tls_does_not_trust_a_certificate_of_another_name(
    broker: RabbitNode, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_name(monkeypatch, "broker.example", "127.0.0.1")
    lost = lost_while_connecting(make_rig(broker, **(tls(broker) | {"host": "broker.example"})))
    assert "Hostname mismatch" in lost.reason
    assert lost.permanent


@pytest.mark.rabbitmq
def test_tls_trusts_anyone_when_told_not_to_verify(broker: RabbitNode, make_rig: MakeRig) -> None:
    assert broker.certificates is not None
    changes = tls(broker, ca=broker.certificates.other_ca, verify=False)
    make_rig(broker, **changes).connect()


@pytest.mark.rabbitmq
def test_a_missing_client_certificate_is_said_in_words(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    lost = lost_while_connecting(make_rig(broker, **tls(broker, cert=None, key=None)))
    assert lost.reason.startswith("TLS: ")
    assert "may require a client certificate" in lost.reason


@pytest.mark.rabbitmq
def test_tls_on_the_plain_port_is_said_in_words(broker: RabbitNode, make_rig: MakeRig) -> None:
    lost = lost_while_connecting(make_rig(broker, **(tls(broker) | {"port": broker.port})))
    assert lost.reason == "TLS: the port does not speak TLS"


@pytest.mark.rabbitmq
def test_a_certificate_file_that_is_missing_is_said_in_words(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    assert broker.certificates is not None
    missing = broker.root / "nowhere.pem"
    lost = lost_while_connecting(make_rig(broker, **tls(broker, cert=missing)))
    assert lost.reason.startswith("TLS: cannot use the certificate files")
    assert lost.permanent


@pytest.mark.rabbitmq
def test_no_tls_on_the_tls_port_is_said_in_words(broker: RabbitNode, make_rig: MakeRig) -> None:
    lost = lost_while_connecting(make_rig(broker, port=broker.tls_port))
    assert lost.reason == f"127.0.0.1:{broker.tls_port} ended the AMQP handshake; is it a TLS port?"


@pytest.mark.rabbitmq
def test_tls_below_1_2_is_never_spoken(broker: RabbitNode) -> None:
    assert broker.certificates is not None
    context = make_tls_context(TlsSettings(ca=broker.certificates.ca))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
