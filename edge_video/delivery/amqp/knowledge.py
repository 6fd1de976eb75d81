"""Holds what was learned about a broker, so that the next connection knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """

    unlike: dict[str, str] = field(default_factory=dict)
    max_message_bytes: int | None = None
    max_channels: int | None = None
    refused_cameras: set[CameraId] = field(default_factory=set)
