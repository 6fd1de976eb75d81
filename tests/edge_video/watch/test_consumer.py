"""The watching consumer's connection, where no broker is needed to see what it does."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pydantic import SecretStr

from edge_video.config import BrokerAddress
from edge_video.watch import consumer
from edge_video.watch.consumer import Binding, Consumer, Listener, Subscription

if TYPE_CHECKING:
    import pytest


def test_a_broker_that_accepts_and_says_nothing_is_named_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "_CONNECT_S", 0.2)
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
