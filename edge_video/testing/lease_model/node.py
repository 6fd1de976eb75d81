"""Runs one node of the cluster in simulated time: its member, its captures, its troubles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from edge_video.resilience.cluster import (
    ClusterMember,
    Holder,
    Moment,
    SendAnnouncement,
)
from edge_video.resilience.cluster.terms import (
    Acknowledge,
    PublishToken,
    Return,
    StartCapture,
    StopCapture,
    StopReason,
    Subscribe,
    Unsubscribe,
)
from edge_video.testing.lease_model.captures import Captures
from edge_video.testing.lease_model.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.resilience.cluster import Announcement, CameraTerms
    from edge_video.resilience.cluster.member import MemberAction
    from edge_video.resilience.cluster.terms import LeaseAction, LeaseEvent
    from edge_video.testing.lease_model.broker import Broker, Connection

_START_MS: Final = 1_800_000_000_000


class Watcher(Protocol):
    """Is told what captures a node begins and ends."""

    def epoch_used(self, camera: str, node: str, epoch: int) -> None:
        """A node captures with an epoch from now on."""

    def reached(self, node: SimulatedNode) -> None:
        """A node has a connection."""

    def stopped(self, node: SimulatedNode, camera: str, reason: StopReason) -> None:
        """A node ends a capture."""


class SimulatedNode:
    """One node; `member` is None while its program does not run."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        watcher: Watcher,
        terms: Mapping[str, CameraTerms],
        make_member: Callable[..., ClusterMember],
    ) -> None:
        self.name = name
        self.member: ClusterMember | None = None
        self.is_silent = False
        self.clock_offset_ms = 0
        self.connection: Connection | None = None
        self.process = Process(broker.loop)
        self.captures = Captures(
            broker.loop, broker.chance, self.process, self.on_camera, self._unreachable
        )
        self._broker = broker
        self._watcher = watcher
        self.terms = terms
        self._make_member = make_member
        self._tick_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether it runs and reaches the majority of the broker."""
        connection = self.connection
        return (
            self.member is not None
            and connection is not None
            and connection.is_open_at_broker
            and not (connection.is_minority or connection.is_frozen)
            and not (self.is_silent or self.process.is_paused or self._broker.has_alarm)
        )

    @property
    def is_leaving(self) -> bool:
        """Whether it was asked to give everything away."""
        return self.member is not None and self.member.is_leaving

    @property
    def moment(self) -> Moment:
        """The time, as this node's clocks have it."""
        now = self._broker.loop.now
        return Moment(now, _START_MS + round(now * 1000) + self.clock_offset_ms)

    # --- its life ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the program, with a life of its own."""
        if self.member is not None:
            return
        self.process.start()
        holder = Holder(self.name, f"{self.name}-{self.process.lives}")
        self.member = self._make_member(holder, self.terms, self.moment)
        self.captures.begin(self.terms)
        self._tick_s = None
        self.process.later(0.1, self._connect)

    def kill(self) -> None:
        """End the program as kill -9 does."""
        self.member = None
        self.captures.end()
        self.process.end()
        self.close()

    def leave(self) -> None:
        """End the program in order."""
        if self.member is not None:
            self._perform(self.member.leave(self.moment))

    def speak(self) -> None:
        """End the silence of the network."""
        self.is_silent = False
        if self.connection is not None:
            self.connection.speak()

    def close(self) -> None:
        """Lose the connection, whoever has closed it."""
        connection, self.connection = self.connection, None
        if connection is None:
            return
        connection.is_open_at_client = False
        if not (self.is_silent or connection.is_frozen):
            self._broker.close(connection)
        if self.member is not None:
            self._perform(self.member.disconnected(self.moment))
            self.process.later(self._broker.chance.uniform(0.1, 1.5), self._connect)

    # --- what reaches it --------------------------------------------------------------------

    def receive(self, connection: Connection, call: Callable[[], None]) -> None:
        """Take something in from a connection, unless that is gone."""

        def look() -> None:
            if connection is self.connection:
                call()

        self.process.do(look)

    def on_camera(self, camera: str, event: LeaseEvent) -> None:
        """Something has happened to a camera."""
        if self.member is not None:
            self._perform(self.member.on_camera(camera, event, self.moment))

    def on_announcement(self, announcement: Announcement) -> None:
        """Another node has announced itself."""
        if self.member is not None:
            self._perform(self.member.on_announcement(announcement, self.moment))

    def _unreachable(self, camera: str) -> None:
        if self.member is not None:
            self.member.unreachable(camera, self.moment)

    # --- steps ------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self.connection is not None or self.member is None:
            return
        self.connection = self._broker.connect(self)
        if self.connection is None:
            self.process.later(self._broker.chance.uniform(0.5, 2.0), self._connect)
            return
        self._watcher.reached(self)
        self._perform(self.member.connected(self.moment))

    def _perform(self, actions: Sequence[MemberAction]) -> None:
        for each in actions:
            if not isinstance(each, SendAnnouncement):
                self._act(each.camera, each.action)
            elif self.connection is not None:
                self.connection.announce(each.announcement)
        if self.member is None:
            return
        if self.member.has_left:
            if self.connection is not None:
                self.connection.announce(self.member.last_announcement())
            self.kill()
            return
        self._schedule_tick(self.member)

    def _schedule_tick(self, member: ClusterMember) -> None:
        due_s = member.due_s()
        if due_s is None or (self._tick_s is not None and self._tick_s <= due_s):
            return
        self._tick_s = due_s = max(due_s, self._broker.loop.now + 0.01)

        def tick() -> None:
            if self._tick_s == due_s and self.member is not None:
                self._tick_s = None
                self._perform(self.member.tick(self.moment))

        self.process.later(due_s - self._broker.loop.now, tick)

    def _act(self, camera: str, action: LeaseAction) -> None:
        match action:
            case StartCapture(epoch):
                self._watcher.epoch_used(camera, self.name, epoch)
                self.captures.start(camera, epoch)
            case StopCapture(reason):
                self._watcher.stopped(self, camera, reason)
                self.captures.stop(camera)
            case _ if self.connection is not None:
                _send(self.connection, camera, action)
            case _:
                pass


def _send(connection: Connection, camera: str, action: LeaseAction) -> None:
    match action:
        case Subscribe():
            connection.subscribe(camera)
        case Unsubscribe():
            connection.unsubscribe(camera)
        case PublishToken(token):
            connection.publish(camera, token)
        case Acknowledge(tag):
            connection.settle(camera, tag, requeue=False)
        case Return(tag):
            connection.settle(camera, tag, requeue=True)
        case _:
            pass
