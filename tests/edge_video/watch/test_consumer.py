"""The watching consumer's connection, where no broker is needed to see what it does."""

from __future__ import annotations

import socket
from urllib.parse import quote

import pika.exceptions
import pytest

from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings
from edge_video.watch import consumer as consumer_module
from edge_video.watch.consumer import Binding, Consumer, Listener, Subscription, describe_error

PASSWORD = "p@ss:w/rd 7391"


def reason_of(error: BaseException) -> str:
    broker = AmqpSettings("127.0.0.1", 1, "/", "viewer", PASSWORD)
    return describe_error(error, Subscription(broker, [Binding("shop")]))


def test_a_subscription_shows_its_broker_and_user_without_the_password() -> None:
    broker = AmqpSettings("::1", 5671, "shop", "viewer", PASSWORD, tls=TlsSettings())
    assert Subscription(broker, []).target == "amqps://viewer@[::1]:5671/shop"


@pytest.mark.parametrize(
    "error",
    [
        pika.exceptions.ConnectionClosedByBroker(320, f"bye {PASSWORD}\r\n{quote(PASSWORD)}"),
        pika.exceptions.ChannelClosedByBroker(403, f"no {PASSWORD}\r\n{quote(PASSWORD, safe='')}"),
    ],
)
def test_a_broker_that_quotes_the_password_is_not_quoted(error: BaseException) -> None:
    reason = reason_of(error)
    assert PASSWORD not in reason
    assert "7391" not in reason
    assert "\n" not in reason


def test_a_broker_that_accepts_and_says_nothing_is_named_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "_CONNECT_S", 0.2)
    lost: list[str] = []

    def on_lost(reason: str, _retry_in_s: float) -> None:
        lost.append(reason)
        if len(lost) == 2:
            watching.stop()

    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        broker = AmqpSettings("127.0.0.1", port, "/", "guest", "guest")
        watching = Consumer(
            Subscription(broker, [Binding("edge-video")]),
            Listener(on_frame=lambda *_: None, on_connected=lambda: None, on_lost=on_lost),
        )
        watching.run()
    assert lost == [f"127.0.0.1:{port} did not answer in time"] * 2
