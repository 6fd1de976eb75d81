"""Holds what was learned about a broker, so that the next connection knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.frames import CameraId


@dataclass(slots=True)
class BrokerKnowledge:
    """Holds what was learned about a broker. It outlives connections; one at a time uses it.

    Attributes:
        unlike: how an existing exchange differs from the one that this program would declare; the
            empty string where there is no difference. Exchanges that were never compared are
            absent.
        max_message_bytes: the largest message that the broker takes, from a refusal.
        max_channels: channels that the broker allowed this user, from a refusal.
        refused_cameras: cameras whose routing keys the broker refused the last time.
        failed_addresses: addresses of the broker's name at which an attempt failed, until one
            has at each of them.
    """

    unlike: dict[str, str] = field(default_factory=dict)
    max_message_bytes: int | None = None
    max_channels: int | None = None
    refused_cameras: set[CameraId] = field(default_factory=set)
    failed_addresses: set[str] = field(default_factory=set)

    def in_order(self, addresses: Iterable[str]) -> list[str]:
        """Return the addresses as they are to be tried: those that failed the last time go last.

        A name may stand for the nodes of a cluster. One that stands still takes connections and
        says nothing: where it is the first it would be tried again and again.
        """
        found = list(addresses)
        self.failed_addresses.intersection_update(found)
        if len(self.failed_addresses) == len(found):
            self.failed_addresses.clear()
        return sorted(found, key=self.failed_addresses.__contains__)
