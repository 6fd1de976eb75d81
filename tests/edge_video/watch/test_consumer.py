"""The watching consumer's connection, where no broker is needed to see what it does."""

from __future__ import annotations

import socket
from urllib.parse import quote

import pika.exceptions
import pytest
from pydantic import SecretStr

from edge_video.config import BrokerAddress
from edge_video.watch import consumer as consumer_module
from edge_video.watch.consumer import Binding, Consumer, Listener, Subscription

PASSWORD = "p@ss:w/rd 7391"


def lost_because_of(error: BaseException) -> str:
    said: list[str] = []
    broker = BrokerAddress("127.0.0.1", 1, False, "/", "viewer", SecretStr(PASSWORD))

    def on_lost(words: str, _: float) -> None:
        said.append(words)
        consumer.stop()

    listener = Listener(lambda *_: None, lambda: None, on_lost)
    consumer = Consumer(Subscription(broker, [Binding("shop")]), listener)
    consumer._wait_after(error, 1)
    return said[0]


@pytest.mark.parametrize(
    "error",
    [
        pika.exceptions.ConnectionClosedByBroker(320, f"bye {PASSWORD}\r\n{quote(PASSWORD)}"),
        pika.exceptions.ChannelClosedByBroker(403, f"no {PASSWORD}\r\n{quote(PASSWORD, safe='')}"),
    ],
)
def test_a_broker_that_quotes_the_password_is_not_quoted(error: BaseException) -> None:
    words = lost_because_of(error)
    assert PASSWORD not in words
    assert "7391" not in words
    assert "\n" not in words


def test_a_broker_that_accepts_and_says_nothing_is_named_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "_CONNECT_S", 0.2)
    lost: list[str] = []

    def on_lost(words: str, _retry_in_s: float) -> None:
        lost.append(words)
        if len(lost) == 2:
            watching.stop()

    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        broker = BrokerAddress("127.0.0.1", port, False, "/", "guest", SecretStr("guest"))
        watching = Consumer(
            Subscription(broker, [Binding("edge-video")]),
            Listener(on_frame=lambda *_: None, on_connected=lambda: None, on_lost=on_lost),
        )
        watching.run()
    assert lost == [f"127.0.0.1:{port} did not answer in time"] * 2
