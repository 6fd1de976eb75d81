"""Decides which facts are notifications, and queues them for the broker."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions
from edge_video.actors.cpu_messages import CpuShortageChanged
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    MemoryLevelChanged,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    Tick,
)
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.log.events import LogEvent, log_event
from edge_video.notifications.rules import Moment, NotificationRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.actors.node_status import NodeStatusSource
    from edge_video.delivery.notification_queue import (
        Notification,
        NotificationCounts,
        NotificationQueue,
    )
    from edge_video.runtime.timer import Clock, Timer

_log = logging.getLogger(__name__)

NotifierMessage: TypeAlias = (
    Begin
    | CameraChanged
    | PublisherStats
    | ProcessMeasured
    | RestartsCounted
    | ConfigChanged
    | MemoryLevelChanged
    | CpuShortageChanged
    | Tick
)
"""What the actor understands, besides what `base` says of all."""

_LOOK_S = 1.0
_REPORT_LOST_S = 60.0


@dataclass(frozen=True, slots=True)
class NotifierRuntime:
    """What a notifier needs."""

    clock: Clock
    timer: Timer
    rules: Callable[[], NotificationRules]
    queue: NotificationQueue
    node: Callable[[], NodeStatusSource | None] = lambda: None
    """Makes what tells the node's own status; None where it is not told."""
    allow_faults: bool = False


class NotifierActor(ChildActor):
    """Hears what the reporter hears; puts events into the queue that the sink publishes from.

    One that had to be restarted is told everything again and knows nothing of what its
    predecessor told: a state may then be told once more.
    """

    NAME = "notifier"
    UNDERSTOOD = get_args(NotifierMessage)

    def __init__(
        self,
        *,
        runtime: NotifierRuntime,
        **options: Unpack[ChildOptions],
    ) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._rules = runtime.rules()
        self._node = runtime.node()
        self._lost_reported = 0
        self._reported_at_s = -_REPORT_LOST_S

    def handle(self, message: NotifierMessage) -> object:
        """Dispatch."""
        now = Moment(self._runtime.clock.monotonic(), self._runtime.clock.wall_ns())
        if self._node is not None:
            self._node.note(message)
        match message:
            case CameraChanged(record=record):
                self._publish(self._rules.camera(record, now))
            case PublisherStats(status=status):
                self._publish(self._rules.publisher(status, now))
            case MemoryLevelChanged():
                change = message
                self._publish(
                    self._rules.memory(change.level, change.used_bytes, change.limit_bytes, now)
                )
            case CpuShortageChanged(shortage=shortage, lasted_s=lasted_s):
                self._publish(self._rules.cpu(shortage, lasted_s, now))
            case Tick():
                self._publish(self._rules.tick(now))
                if self._node is not None:
                    self._publish(self._node.due(now))
                self._report_lost(now.s)
            case Begin():
                self.tick_every(self._runtime.timer, _LOOK_S, Tick())
            case ConfigChanged(status=config, cameras=cameras):
                self._publish(self._rules.configuration(config, cameras, now))
            case ProcessMeasured() | RestartsCounted():
                pass
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:
        """Say what nobody will hear any more."""
        counts = self._runtime.queue.counts()
        waiting = counts.held + counts.in_flight
        if error is None and waiting:
            self._report(counts)

    def _report_lost(self, now_s: float) -> None:
        """What was dropped or refused since the last time, at most once a minute."""
        counts = self._runtime.queue.counts()
        lost = counts.dropped + counts.refused
        if lost > self._lost_reported and now_s - self._reported_at_s >= _REPORT_LOST_S:
            self._lost_reported, self._reported_at_s = lost, now_s
            self._report(counts)

    def _report(self, counts: NotificationCounts) -> None:
        log_event(
            _log,
            LogEvent.EVENTS_LOST,
            dropped=counts.dropped,
            refused=counts.refused,
            waiting=counts.held + counts.in_flight,
        )

    def _publish(self, notifications: Iterable[Notification]) -> None:
        for notification in notifications:
            self._runtime.queue.put(notification)
