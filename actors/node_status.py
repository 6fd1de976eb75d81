"""Hears what the notifier hears, and makes the node's own status of it when that is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.actors.messages import (
    CameraChanged,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
)
from edge_video.actors.reload_messages import ConfigChanged

if TYPE_CHECKING:
    from edge_video.delivery.notification_queue import Notification
    from edge_video.notifications.node_status import NodeStatusRules
    from edge_video.notifications.rules import Moment
    from edge_video.status.facts import SystemFacts


@dataclass(frozen=True, slots=True)
class NodeStatusSource:
    """The newest facts, and the rules for when they are told. In the notifier's thread.

    One that begins anew is told everything once more; since when each camera is how it is counts
    from then on.
    """

    facts: SystemFacts
    rules: NodeStatusRules

    def note(self, fact: object) -> None:
        """Note the fact; whatever else the actor receives says nothing here."""
        facts = self.facts
        match fact:
            case CameraChanged(record=record):
                facts.camera(record)
            case PublisherStats(status=status, marks=marks):
                facts.publisher, facts.marks = status, marks
            case ProcessMeasured(sample=sample):
                facts.process = sample
            case RestartsCounted(restarts=restarts):
                facts.restarts = restarts
            case ConfigChanged(status=config, cameras=cameras):
                facts.configuration(config, cameras)

    def due(self, now: Moment) -> list[Notification]:
        """The status, if it is time to tell it; call it about once a second."""
        return self.rules.tick(self.facts.status(), now)
