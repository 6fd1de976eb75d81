"""An MQTT client of the tests: paho's, which collects what it receives."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from types import TracebackType

_TIMEOUT_S = 30.0


class MqttClient:
    """A client of MQTT 3.1.1; as a context manager it is connected.

    Args:
        port: of the loopback interface.
        user: its name.
        password: of the user.
    """

    def __init__(self, port: int, user: str, password: str) -> None:
        self.received: list[tuple[str, bytes, bool]] = []
        """Topic, payload, and whether it was a retained message."""
        self._port = port
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, *topics: str) -> None:
        """Ask for topics; returns when the broker has granted them."""
        self._client.subscribe([(each, 0) for each in topics])
        assert self._subscribed.wait(_TIMEOUT_S), "the broker granted no subscription"

    def _on_message(self, client: Any, of: Any, message: Any) -> None:
        del client, of
        self.received.append((message.topic, message.payload, bool(message.retain)))
