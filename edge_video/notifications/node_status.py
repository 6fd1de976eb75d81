"""Decides when a node publishes its own status: regularly, and soon after something changed. Pure.

Whoever joins late has seen every node within one period. What flaps hastens nothing: between two
statuses there is a pause, and what changes while it lasts comes with the next one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.delivery.notification_queue import Notification
from edge_video.notifications.rules import SCHEMA
from edge_video.status.health import camera_health, delivery_of, verdict
from edge_video.status.model import PublisherState
from edge_video.status.node import node_status, node_status_facts
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.notifications.rules import Moment, NotificationPolicy
    from edge_video.status.model import SystemStatus

NODE_STATUS: Final = "node_status"
ROUTING_KEY: Final = "node.status"

_SETTLE_S: Final = 2.0
"""From a change to the status that tells of it: what changes together is told together."""
_PAUSE_S: Final = 5.0
"""Between two statuses, however much changes."""
_SLACK_S: Final = 0.5
"""Ticks come each second, and not to the microsecond."""
_LIFE_PERIODS: Final = 3
"""A status that nobody has taken is of no use to anybody after so many periods."""

_Signature: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class NodeStatusPace:
    """When a status is due; time is an argument, monotonic seconds."""

    period_s: float
    _told_s: float = float("-inf")
    _changed_s: float | None = None
    _signature: _Signature = ()

    def is_due(self, signature: _Signature, now_s: float) -> bool:
        """Whether to tell now, where this is what matters of the status; it counts as told."""
        if signature != self._signature:
            self._signature = signature
            self._changed_s = now_s if self._changed_s is None else self._changed_s
        waited_s = now_s - self._told_s + _SLACK_S
        settled = self._changed_s is not None and now_s - self._changed_s + _SLACK_S >= _SETTLE_S
        if waited_s < self.period_s and not (settled and waited_s >= _PAUSE_S):
            return False
        self._told_s, self._changed_s = now_s, None
        return True


@dataclass(slots=True)
class _Since:
    """Since when something is as it is."""

    state: str
    since_ns: int


@dataclass(slots=True)
class NodeStatusRules:
    """Makes the notification `node_status`, and knows since when each camera is how it is.

    Attributes:
        policy: the node's name and the prefix of routing keys.
        period_s: between two statuses, seconds.
        new_id: makes a `message_id` nobody has used.
        clean: masks secrets in every text.
    """

    policy: NotificationPolicy
    period_s: float
    new_id: Callable[[], str]
    clean: Callable[[str], str]
    _pace: NodeStatusPace = field(init=False)
    _cameras: dict[str, _Since] = field(default_factory=dict)
    _state: _Since | None = None

    def __post_init__(self) -> None:
        """Begin with a status that is due."""
        self._pace = NodeStatusPace(self.period_s)

    def tick(self, status: SystemStatus, now: Moment) -> list[Notification]:
        """Time has passed, and this is how everything is; call it about once a second.

        Nothing is made while there is no connection to the broker: nobody would hear it.
        """
        self._watch(status, now)
        if status.publisher.state not in (PublisherState.CONNECTED, PublisherState.BLOCKED):
            return []
        if not self._pace.is_due(self._signature(status), now.s):
            return []
        return [self._notification(status, now)]

    def _watch(self, status: SystemStatus, now: Moment) -> None:
        self._cameras = {
            camera.camera_id: _since(
                self._cameras.get(camera.camera_id), camera_health(camera).value, now
            )
            for camera in status.cameras
        }
        self._state = _since(self._state, "good" if verdict(status).is_good else "trouble", now)

    def _signature(self, status: SystemStatus) -> _Signature:
        """What is told soon after it has changed."""
        process, config = status.process, status.config
        return (
            tuple((name, each.state) for name, each in self._cameras.items()),
            tuple(camera.picture for camera in status.cameras),
            delivery_of(status.publisher),
            None if process is None else (process.memory_level, process.cpu_shortage is None),
            None if config is None else (config.hash, config.file_differs, config.last_reload),
        )

    def _notification(self, status: SystemStatus, now: Moment) -> Notification:
        message_id = self.new_id()
        state = self._state
        assert state is not None
        since_ns = {name: each.since_ns for name, each in self._cameras.items()}
        shown = node_status(status, since_ns, self.period_s, self.clean)
        document = {
            "schema": SCHEMA,
            "id": message_id,
            "event": NODE_STATUS,
            "node": self.policy.node,
            "at_ns": now.ns,
            "state": state.state,
            "since_ns": state.since_ns,
            **node_status_facts(shown),
        }
        return Notification(
            message_id=message_id,
            name=NODE_STATUS,
            routing_key=f"{self.policy.routing_key_prefix}{ROUTING_KEY}",
            at_ns=now.ns,
            body=json.dumps(
                json_ready(document, self.clean), ensure_ascii=False, separators=(",", ":")
            ).encode(),
            life_s=_LIFE_PERIODS * self.period_s,
        )


def _since(known: _Since | None, state: str, now: Moment) -> _Since:
    return known if known is not None and known.state == state else _Since(state, now.ns)
