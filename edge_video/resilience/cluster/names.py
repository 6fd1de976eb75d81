"""Names what the nodes of a cluster have on the broker, and how the queue of a lease is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ANNOUNCEMENTS: Final = "edge-video.cluster"
"""The exchange, a durable topic, that every node announces itself to and listens at."""

ANNOUNCEMENT_QUEUE: Final[Mapping[str, Any]] = {
    "x-max-length": 1000,
    "x-overflow": "drop-head",
    "x-message-ttl": 10_000,
}
"""The arguments of the exclusive queue in which a node, or a watcher, hears the others."""

LEASE_QUEUE: Final[Mapping[str, Any]] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-max-length": 8,
    "x-overflow": "reject-publish",
    "x-expires": 604_800_000,
    "x-consumer-disconnected-timeout": 5000,
}
"""The arguments of the queue of a lease; see docs/cluster.md. The last one is of RabbitMQ 4.3; the
others accept what they do not know. Another version of this program must declare the same."""

_MAX_NAME: Final = 255
"""Bytes of a name or a routing key in AMQP."""


def lease_queue(group: str, camera: str) -> str:
    """Return the name of the queue that decides who captures a camera."""
    return f"edge-video.lease.{group}.{camera}"


def announcement_key(group: str, node: str) -> str:
    """Return the routing key of a node's announcements."""
    return f"{group}.{node}".encode()[:_MAX_NAME].decode(errors="ignore")


def announcement_binding(group: str) -> str:
    """Return what a queue is bound with that hears all nodes of a group."""
    return f"{group}.#"


def is_too_long(group: str, camera: str) -> bool:
    """Return whether AMQP has no room for the name of a lease's queue."""
    return len(lease_queue(group, camera).encode()) > _MAX_NAME
