"""What a watcher says about the loss of its connection."""

from __future__ import annotations

from urllib.parse import quote

import pika.exceptions
import pytest
from pydantic import SecretStr

from edge_video.config import BrokerAddress
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
