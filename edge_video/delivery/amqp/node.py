"""Notices another program that publishes under the same node name.

Two programs with one name (a copied memory card, a service started twice) send frames of the same
cameras with sequence numbers of their own: consumers see gaps and jumps that never were. Each
program declares an exclusive queue named after its node, to which nothing is bound; the broker
refuses it to the second one. Where the user may not declare it, nobody is told and nothing is lost.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import pika.exceptions

from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from edge_video.delivery.amqp.exchange import ChannelHost

_log = logging.getLogger(__name__)

QUEUE_PREFIX: Final = "edge-video.node."
_RESOURCE_LOCKED: Final = 405
_HEARTBEATS: Final = 3
"""A broker notices within so many that a connection is dead, our own last one for example."""


class NodeClaim:
    """The claim on the node's name, for one life of a connection. All in the sink's thread.

    Args:
        node: the name.
        heartbeat_s: as agreed with the broker; a refusal is told only when it has lasted longer
            than a dead connection of our own could.
        host: the connection's side.
    """

    def __init__(self, node: str, heartbeat_s: float, host: ChannelHost) -> None:
        self._node = node
        self._certain_after_s = _HEARTBEATS * heartbeat_s
        self._host = host
        self._connection: Any = None
        self._channel: Any = None
        self._refused_at_s: float | None = None
        self._retry_at_s: float | None = None
        self._reported = False

    def open(self, connection: Any) -> None:
        """Ask for the name, on a channel that lives no longer than the question."""
        self._connection = connection
        self._retry_at_s = None
        try:
            connection.channel(on_open_callback=self._host.guarded(self._on_open))
        except pika.exceptions.NoFreeChannels:  # frames need them more
            return

    def retry_if_due(self) -> None:
        """Ask again when a refused claim has rested; call it about once a second."""
        if self._retry_at_s is not None and self._host.now() >= self._retry_at_s:
            self.open(self._connection)

    def _on_open(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._host.guarded(self._on_closed))
        channel.queue_declare(
            QUEUE_PREFIX + self._node,
            exclusive=True,
            auto_delete=True,
            callback=self._host.guarded(self._on_declared),
        )

    def _on_declared(self, _frame: Any) -> None:
        # The queue lives as long as the connection; the channel is not needed any more.
        self._refused_at_s = None
        self._reported = False
        if self._channel.is_open:  # else the connection is closing
            self._channel.close()

    def _on_closed(self, _channel: Any, reason: BaseException) -> None:
        if not isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            return
        if reason.reply_code != _RESOURCE_LOCKED:
            return  # the user may not declare it
        now = self._host.now()
        if self._refused_at_s is None:
            self._refused_at_s = now
        elif not self._reported and now - self._refused_at_s >= self._certain_after_s:
            self._reported = True
            log_event(_log, LogEvent.NODE_NAME_TAKEN, node=self._node)
        self._retry_at_s = now + self._host.retry_s
