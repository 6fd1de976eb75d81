"""A user of the control connection that remembers, for tests."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from edge_video.testing import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel


class RememberingUser:
    """Echoes itself: what it publishes to its own queue comes back to `received`.

    Args:
        name: of the user.
        on_opened: what else it does with each channel.
    """

    def __init__(
        self, name: str = "tests", on_opened: Callable[[ControlChannel], None] | None = None
    ) -> None:
        self.name = name
        self.channels: list[ControlChannel] = []
        self.reasons: list[str] = []
        self.received: queue.Queue[bytes] = queue.Queue()
        self.ready = 0
        self.on_opened = on_opened

    def opened(self, channel: ControlChannel) -> None:
        self.channels.append(channel)
        if self.on_opened is not None:
            self.on_opened(channel)

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)

    def wait_opened(self, times: int = 1, timeout_s: float = 20) -> None:
        eventually(lambda: len(self.channels) >= times, timeout_s=timeout_s)

    def wait_closed(self, times: int = 1, timeout_s: float = 20) -> str:
        eventually(lambda: len(self.reasons) >= times, timeout_s=timeout_s)
        return self.reasons[-1]

    def echo(self, channel: ControlChannel) -> None:
        """Consume a queue of its own, and publish one message to it; to be given as `on_opened`."""

        def declared(answer: Any) -> None:
            name = answer.method.queue
            channel.basic_consume(
                name,
                lambda _method, _properties, body: self.received.put(body),
                consumer_tag="echo",
                auto_ack=True,
                callback=lambda _answer: channel.basic_publish("", name, b"heard"),
            )

        channel.queue_declare("", exclusive=True, callback=declared)


def echoing(name: str) -> RememberingUser:
    """Make a user that echoes on each channel."""
    user = RememberingUser(name)
    user.on_opened = user.echo
    return user
