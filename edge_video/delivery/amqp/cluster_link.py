"""Links one node to its cluster over the control connection: leases and announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from edge_video.delivery.amqp.announcements import AnnouncementExchange
from edge_video.delivery.amqp.lease_line import LeaseLine, LineListener
from edge_video.delivery.amqp.lease_queues import LeaseQueues
from edge_video.delivery.amqp.queue_probes import QueueProbes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.amqp.control import ControlConnection
    from edge_video.resilience.cluster import Announcement, CameraAction

OWED_S: Final = 30.0
"""A broker that owes an answer for so long is given up, unless it says that it is blocked."""

_TOO_MUCH: Final = "too much waits to be done"


class ClusterListener(LineListener, Protocol):
    """Is told what happens on the broker; on the control thread, must not block."""

    def heard(self, announcement: Announcement) -> None:
        """A node has announced itself, this one perhaps."""


class ClusterLink:
    """What a node has on the broker because of its cluster. Any thread, and nobody waits.

    Args:
        control: the connection.
        group: nodes of one group share cameras.
        node: the name of this node.
        now: monotonic seconds.
    """

    def __init__(
        self, control: ControlConnection, group: str, node: str, now: Callable[[], float]
    ) -> None:
        self._control = control
        self._group = group
        self._node = node
        self._now = now
        self._probes = QueueProbes(control, now)
        self._line: LeaseLine | None = None
        self._announcements: AnnouncementExchange | None = None
        self._lenient_since_s = 0.0
        self._given_up = 0

    def listen(self, listener: ClusterListener) -> None:
        """Tell this listener from now on, and no other; it begins with a channel of its own."""
        line, announcements = self._line, self._announcements
        if line is not None and announcements is not None:
            announcements.heard = listener.heard
            if not self._control.submit(lambda: line.listen(listener)):
                line.listener = listener
                self._control.abandon(_TOO_MUCH)
            return
        queues = LeaseQueues(self._control, self._probes, self._now)
        self._line = LeaseLine(self._group, queues, self._now, listener)
        self._announcements = AnnouncementExchange(
            self._control, self._group, self._node, listener.heard
        )
        for user in (self._probes, queues, self._announcements, self._line):
            self._control.attach(user)

    def perform(
        self, life: int, actions: Sequence[CameraAction], announcement: Announcement | None
    ) -> None:
        """Have leases' actions done, and something told to the others.

        An action that is lost is made up for by nobody: the connection is given up then, and its
        successor begins from nothing.
        """
        is_taken = self._control.submit(lambda: self._perform(life, actions, announcement))
        if not is_taken and actions and life != self._given_up:
            self._given_up = life
            self._control.abandon(_TOO_MUCH)

    def _perform(
        self, life: int, actions: Sequence[CameraAction], announcement: Announcement | None
    ) -> None:
        if self._line is None or self._announcements is None:
            return
        self._line.perform(life, actions)
        if announcement is not None:
            self._announcements.publish(announcement)
            self._look(self._line)

    def _look(self, line: LeaseLine) -> None:
        """Give a connection up on which the broker does not do what it should."""
        now_s = self._now()
        if self._control.is_blocked:
            self._lenient_since_s = now_s
        self._probes.give_up_overdue(self._lenient_since_s)
        since_s = line.owed_since_s()
        if since_s is not None and now_s - max(since_s, self._lenient_since_s) >= OWED_S:
            seconds = f"{OWED_S:g}"
            self._control.abandon(f"the broker has not answered for {seconds} s")
