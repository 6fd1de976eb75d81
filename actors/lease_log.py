"""Logs what becomes of leases and nodes: a line for each change, and none for what goes on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.cluster import LeaseState
from edge_video.resilience.cluster.terms import StopReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.frames import CameraId
    from edge_video.status.cluster import ClusterFacts

_log = logging.getLogger(__name__)

_CERTAIN_S: Final = 10.0
"""Two programs may bear one name for a moment, while one takes the other's place."""
_SETTLED_S: Final = 12.0
"""After a connection it takes so long until whoever lives is heard, or is regarded as gone."""
_OWN_LOSS_S: Final = 10.0
"""A broker that hangs is noticed so long after the other nodes' silence at the latest; until then
it may be this node that is cut off, and not they."""
_MAX_NAMES: Final = 10


class LeaseLog:
    """Remembers what was told, so that each change is told once. The lease actor's thread."""

    def __init__(self) -> None:
        self._captured: set[str] = set()
        self._suspect_since_s: float | None = None
        self._nodes: set[str] = set()
        self._absent_since_s: dict[str, float] = {}
        self._ended: set[str] = set()
        self._up_since_s: float | None = None
        self._namesakes_since_s: float | None = None
        self._is_namesake_told = False
        self._differing: Mapping[CameraId, tuple[str, ...]] = {}
        self._refused: dict[str, str] = {}

    def taken(self, camera: str, epoch: int) -> None:
        """Tell that a camera is captured here; not again when it only has another epoch."""
        if camera not in self._captured:
            log_event(_log, LogEvent.LEASE_TAKEN, camera_id=camera, epoch=epoch)
        self._captured.add(camera)

    def ended(self, camera: str, reason: StopReason, owner: str) -> None:
        """Tell that a camera is captured here no more; by whom it is now, where that was heard."""
        if camera not in self._captured:
            return
        self._captured.discard(camera)
        if reason is StopReason.UNCERTAIN:
            log_event(_log, LogEvent.LEASE_UNCERTAIN, camera_id=camera)
        else:
            log_event(_log, LogEvent.LEASE_GIVEN, camera_id=camera, owner=owner)

    def node_ended(self, node: str) -> None:
        """Note that another node has said its last word."""
        self._ended.add(node)

    def refused(self, camera: str, queue: str, reason: str) -> None:
        """Tell that the queue of a camera is refused, once for each reason."""
        if self._refused.get(camera) != reason:
            self._refused[camera] = reason
            log_event(
                _log, LogEvent.LEASE_QUEUE_REFUSED, camera_id=camera, queue=queue, reason=reason
            )

    def accepted(self, camera: str) -> None:
        """Note that the queue of a camera is not refused any more: a token of it was delivered."""
        self._refused.pop(camera, None)

    def drained(self) -> None:
        """Tell that everything is given away, as an operator wants it."""
        log_event(_log, LogEvent.NODE_DRAINED)

    def look(self, facts: ClusterFacts, now_s: float) -> None:
        """Tell what has changed since the last look."""
        self._look_at_leases(facts, now_s)
        self._look_at_nodes(facts, now_s)
        self._look_at_names(facts, now_s)
        if facts.differing != self._differing:
            self._differing = dict(facts.differing)
            if facts.differing:
                log_event(_log, LogEvent.CAMERAS_DIFFER, cameras=_differences(facts))

    def _look_at_leases(self, facts: ClusterFacts, now_s: float) -> None:
        suspect = sum(each.state == LeaseState.SUSPECT.value for each in facts.leases.values())
        if suspect and self._suspect_since_s is None:
            self._suspect_since_s = now_s
            log_event(_log, LogEvent.LEASES_SUSPECT, cameras=suspect)
        elif not suspect and self._suspect_since_s is not None:
            after_s, self._suspect_since_s = now_s - self._suspect_since_s, None
            log_event(_log, LogEvent.LEASES_PROVEN, after_s=float(round(after_s)))

    def _look_at_nodes(self, facts: ClusterFacts, now_s: float) -> None:
        if facts.down_since_s is not None:
            self._up_since_s = None
            self._absent_since_s.clear()
            return
        self._up_since_s = now_s if self._up_since_s is None else self._up_since_s
        present = {each.node: each for each in facts.nodes}
        for name, each in present.items():
            if name not in self._nodes:
                log_event(_log, LogEvent.NODE_SEEN, other=name, capacity=each.capacity)
            self._nodes.add(name)
            self._absent_since_s.pop(name, None)
        if self._suspect_since_s is not None:
            self._absent_since_s.clear()  # who is cut off, they or this node?
        settled_s = self._up_since_s + _SETTLED_S
        for name in sorted(self._nodes - present.keys()):
            gone_s = max(settled_s, self._absent_since_s.setdefault(name, now_s) + _OWN_LOSS_S)
            if name in self._ended or now_s >= gone_s:
                self._nodes.discard(name)
                del self._absent_since_s[name]
                log_event(_log, LogEvent.NODE_GONE, other=name, has_left=name in self._ended)
        self._ended.clear()

    def _look_at_names(self, facts: ClusterFacts, now_s: float) -> None:
        if not facts.namesakes:
            self._namesakes_since_s, self._is_namesake_told = None, False
            return
        if self._namesakes_since_s is None:
            self._namesakes_since_s = now_s
        if not self._is_namesake_told and now_s - self._namesakes_since_s >= _CERTAIN_S:
            self._is_namesake_told = True
            log_event(_log, LogEvent.NODE_NAMESAKE, node=facts.node)


def _differences(facts: ClusterFacts) -> str:
    named = [
        f"{camera} ({', '.join(names)})"
        for camera, names in list(facts.differing.items())[:_MAX_NAMES]
    ]
    more = ["…"] if len(facts.differing) > _MAX_NAMES else []
    return ", ".join([*named, *more])
