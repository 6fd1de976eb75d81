"""Notices cameras that this node cannot reach for long, while others might."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from edge_video.frames import CameraId
    from edge_video.status.snapshot import CameraRecord

_AFTER_S: Final = 60.0
_OF_THE_NETWORK: Final = frozenset(
    {Cause.UNREACHABLE, Cause.REFUSED, Cause.NAME_NOT_RESOLVED, Cause.TIMEOUT, Cause.UDP_LOST}
)
"""Causes that may be this node's own; all others a camera has for every node."""


class ReachWatch:
    """Keeps since when each camera is out of reach. The lease actor's thread."""

    def __init__(self) -> None:
        self._since_s: dict[CameraId, float] = {}

    def changed(self, record: CameraRecord, now_s: float) -> None:
        """Take note of what is known of a camera now."""
        state, failure = record.breaker.state, record.last_failure
        if state is BreakerState.CLOSED or record.is_closed or record.breaker.forced_open:
            self._since_s.pop(record.camera_id, None)
        elif failure is not None and failure.cause in _OF_THE_NETWORK:
            self._since_s.setdefault(record.camera_id, now_s)

    def keep(self, cameras: Container[str]) -> None:
        """Forget all but these."""
        self._since_s = {key: since_s for key, since_s in self._since_s.items() if key in cameras}

    def out_of_reach(self, now_s: float) -> Iterator[CameraId]:
        """Yield the cameras that have been out of reach for long."""
        for camera_id, since_s in self._since_s.items():
            if now_s - since_s >= _AFTER_S:
                yield camera_id
