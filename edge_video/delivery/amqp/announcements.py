"""Tells the other nodes of a cluster about this one, and hears them, on a channel of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from edge_video.resilience.cluster.names import (
    ANNOUNCEMENT_QUEUE,
    ANNOUNCEMENTS,
    announcement_binding,
    announcement_key,
)
from edge_video.resilience.cluster.wire import decode_announcement, encode_announcement

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection
    from edge_video.resilience.cluster import Announcement

_log = logging.getLogger(__name__)


class AnnouncementExchange:
    """Publishes to the exchange of announcements and listens there; a `ControlUser`.

    The control thread only. A user who may not declare the exchange can still use it.

    Args:
        control: tells a channel that was refused something from a connection that is gone.
        group: of the cluster.
        node: the name of this node.
        heard: called with each announcement, one's own included; must not block.
    """

    name = "announcements"

    def __init__(
        self,
        control: ControlConnection,
        group: str,
        node: str,
        heard: Callable[[Announcement], None],
    ) -> None:
        self.heard = heard
        self._control = control
        self._binding = announcement_binding(group)
        self._key = announcement_key(group, node)
        self._channel: ControlChannel | None = None
        self._is_passive = False
        self._is_declared = False

    def opened(self, channel: ControlChannel) -> None:
        """See `ControlUser`."""
        self._channel = channel
        self._is_declared = False
        channel.exchange_declare(
            ANNOUNCEMENTS,
            "topic",
            durable=True,
            passive=self._is_passive,
            callback=self._on_exchange,
        )

    def closed(self, reason: str) -> None:
        """See `ControlUser`."""
        _log.debug("no announcements: %s", reason)
        self._channel = None
        if not self._is_declared and self._control.is_open:
            self._is_passive = not self._is_passive

    def publish(self, announcement: Announcement) -> None:
        """Tell the others; nothing where there is no channel now, as it is told again soon."""
        if self._channel is not None and self._is_declared:
            self._channel.basic_publish(ANNOUNCEMENTS, self._key, encode_announcement(announcement))

    def _on_exchange(self, _answer: Any) -> None:
        self._is_declared = True
        if self._channel is not None:
            self._channel.queue_declare(
                "",
                exclusive=True,
                auto_delete=True,
                arguments=ANNOUNCEMENT_QUEUE,
                callback=self._on_queue,
            )

    def _on_queue(self, answer: Any) -> None:
        queue: str = answer.method.queue
        channel = self._channel
        if channel is None:
            return
        channel.queue_bind(queue, ANNOUNCEMENTS, self._binding, callback=lambda _answer: None)
        channel.basic_consume(
            queue,
            self._on_message,
            consumer_tag="announcements",
            auto_ack=True,
            callback=lambda _answer: None,
        )
        channel.on_cancelled(lambda _tag: channel.close())

    def _on_message(self, _method: Any, _properties: Any, body: bytes) -> None:
        try:
            announcement = decode_announcement(body)
        except ValueError as error:
            _log.debug("no announcement: %s", error)
            return
        self.heard(announcement)
