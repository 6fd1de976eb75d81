"""Makes what the notifier needs, as the configuration's `events` section wants it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from edge_video.actors.node_status import NodeStatusSource
from edge_video.actors.notifier import NotifierRuntime
from edge_video.notifications.node_status import NodeStatusRules
from edge_video.notifications.rules import NotificationRules
from edge_video.status.facts import SystemFacts
from edge_video.wiring.settings import notification_policy

if TYPE_CHECKING:
    from edge_video.config import EventsConfig
    from edge_video.delivery.notification_queue import NotificationQueue
    from edge_video.wiring.parts import Parts


def notifier_runtime(
    parts: Parts, events: EventsConfig, queue: NotificationQueue
) -> NotifierRuntime:
    """What each life of the notifier begins with; nothing is known yet."""
    policy, clean = notification_policy(events, parts.config.node), parts.shared.redact

    def node() -> NodeStatusSource | None:
        if policy.node_status_s is None:
            return None
        return NodeStatusSource(
            SystemFacts(parts.clock, parts.identity, parts.ledger, parts.publisher),
            NodeStatusRules(policy, policy.node_status_s, _new_id, clean),
        )

    return NotifierRuntime(
        clock=parts.clock,
        timer=parts.timer,
        rules=lambda: NotificationRules(policy, _new_id, clean),
        queue=queue,
        node=node,
        allow_faults=parts.allow_faults,
    )


def _new_id() -> str:
    return uuid.uuid4().hex
