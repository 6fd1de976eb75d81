"""Makes what the notifier needs, as the configuration's `events` section wants it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from edge_video.actors.node_status import NodeStatusSource
from edge_video.actors.notifier import NotifierRuntime
from edge_video.notifications.node_status import NodeStatusRules
from edge_video.notifications.rules import NotificationRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.notification_queue import NotificationQueue
    from edge_video.notifications.rules import NotificationPolicy
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.status.facts import SystemFacts


def notifier_runtime(
    policy: NotificationPolicy,
    queue: NotificationQueue,
    clock: Clock,
    timer: Timer,
    *,
    facts: Callable[[], SystemFacts],
    clean: Callable[[str], str],
    allow_faults: bool,
) -> NotifierRuntime:
    """What each life of the notifier begins with.

    Args:
        policy: what is told, and when.
        queue: where notifications wait for the broker.
        clock: monotonic and wall time.
        timer: for its ticks.
        facts: makes what a status of the node is made of; nothing is known yet.
        clean: masks secrets in every text.
        allow_faults: whether faults on purpose are taken.
    """

    def node() -> NodeStatusSource | None:
        if policy.node_status_s is None:
            return None
        rules = NodeStatusRules(policy, policy.node_status_s, _new_id, clean)
        return NodeStatusSource(facts(), rules)

    return NotifierRuntime(
        clock=clock,
        timer=timer,
        rules=lambda: NotificationRules(policy, _new_id, clean),
        queue=queue,
        node=node,
        allow_faults=allow_faults,
    )


def _new_id() -> str:
    return uuid.uuid4().hex
