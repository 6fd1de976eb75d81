"""Holds this node's leases: has the broker asked and told, and the supervisor what follows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell, void
from edge_video.actors.lease_events import (
    FromBroker,
    LeaseMailbox,
    LineClosed,
    LineHappened,
    LineOpened,
    NodeHeard,
    QueueRefused,
)
from edge_video.actors.lease_facts import LineState, take_facts
from edge_video.actors.lease_log import LeaseLog
from edge_video.actors.lease_messages import (
    LEASE,
    CameraCaptured,
    CameraWithdrawn,
    ClusterChanged,
    DrainNode,
    GrantCamera,
    HasLeft,
    Leave,
    RejoinNode,
    WithdrawCamera,
)
from edge_video.actors.lease_reach import ReachWatch
from edge_video.actors.lease_tally import LeaseTally
from edge_video.actors.lease_wanted import WantedCameras
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    Tick,
)
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.cluster import (
    CameraAction,
    ClusterMember,
    Moment,
    SendAnnouncement,
)
from edge_video.resilience.cluster.terms import (
    CaptureStopped,
    CaptureStreaming,
    StartCapture,
    StopCapture,
    StopReason,
    TokenDelivered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.delivery.amqp.cluster_link import ClusterListener
    from edge_video.resilience.cluster import Announcement, CameraTerms, Holder
    from edge_video.resilience.cluster.member import MemberAction
    from edge_video.runtime.timer import Clock, Timer, TimerHandle
    from edge_video.status.cluster import ClusterFacts

_log = logging.getLogger(__name__)

_FromSupervisor: TypeAlias = (
    CameraCaptured
    | CameraWithdrawn
    | Leave
    | DrainNode
    | RejoinNode
    | CameraChanged
    | ProcessMeasured
    | ConfigChanged
    | ClusterChanged
    | PublisherStats
    | RestartsCounted
)
LeaseActorMessage: TypeAlias = Begin | Tick | FromBroker | _FromSupervisor
"""What the actor understands, besides what `base` says of all."""

_LOOK_S: Final = 2.0
"""At least so often it is looked at what is due, and at what has changed."""
_TICK_FLOOR_S: Final = 0.05
"""Between two looks at what is due: with a thousand cameras something always is."""
_FACTS_FLOOR_S: Final = 0.5
"""Between two looks at what has changed for others."""


class Link(Protocol):
    """What the actor needs of `edge_video.delivery.amqp.cluster_link.ClusterLink`."""

    def listen(self, listener: ClusterListener) -> None:
        """Tell this listener from now on, beginning with a channel of its own."""
        ...

    def perform(
        self, life: int, actions: Sequence[CameraAction], announcement: Announcement | None
    ) -> None:
        """Have this done on the channel with this number; returns at once."""
        ...


@dataclass(slots=True)
class KeptMember:
    """The member of the cluster, which outlives the actor: its cameras go on without it."""

    member: ClusterMember | None = None
    tally: LeaseTally = field(default_factory=LeaseTally)


@dataclass(frozen=True, slots=True)
class LeaseRuntime:
    """What a lease actor needs.

    Attributes:
        clock: says when.
        timer: wakes it.
        link: to the broker.
        holder: this life of this node.
        group: nodes of one group share cameras.
        terms: of the cameras that are configured now.
        capacity: of the node, now.
        kept: what the actor's successor takes over.
        allow_faults: obey `InjectFault`.
    """

    clock: Clock
    timer: Timer
    link: Link
    holder: Holder
    group: str
    terms: Callable[[], Mapping[str, CameraTerms]]
    capacity: Callable[[], float]
    kept: KeptMember = field(default_factory=KeptMember)
    allow_faults: bool = False


class LeaseActor(ChildActor):
    """Grants and withdraws cameras as the leases of this node say, which the broker decides about.

    It is thin: `ClusterMember` decides, `ClusterLink` talks to the broker. One that had to be
    restarted goes on with its predecessor's member, on a channel of its own: until its leases are
    proven again they are SUSPECT, and the captures go on.
    """

    NAME = LEASE
    UNDERSTOOD = get_args(LeaseActorMessage)

    def __init__(self, *, runtime: LeaseRuntime, **options: Unpack[ChildOptions]) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._log = LeaseLog()
        self._reach = ReachWatch()
        self._line = LineState(runtime.clock.monotonic())
        self._life = 0
        self._alarm: tuple[float, TimerHandle] | None = None
        self._looked_s = -_FACTS_FLOOR_S
        self._told: ClusterFacts | None = None
        self._wanted = WantedCameras(runtime.terms())
        self._is_ending = False
        self._has_left = False

    def handle(self, message: LeaseActorMessage) -> object:
        """Dispatch."""
        match message:
            case Begin():
                self._begin()
            case Tick():
                self._alarm = None
                self._tick()
            case LineOpened() | LineClosed() | LineHappened() | QueueRefused() | NodeHeard():
                self._from_broker(message)
            case _:
                self._from_supervisor(message)
        self._look()
        self._arm()
        return None

    def release(self, error: BaseException | None) -> None:
        """Tell the others that this node ends, if it does; the channel is its owner's matter."""
        if self._alarm is not None:
            self._alarm[1].cancel()
        if error is None and self._runtime.kept.member is not None:
            last = self._runtime.kept.member.last_announcement()
            self._runtime.link.perform(self._life, [], last)

    # --- its beginning ----------------------------------------------------------------------

    def _begin(self) -> None:
        runtime = self._runtime
        if runtime.kept.member is None:
            runtime.kept.member = ClusterMember(
                runtime.holder, self._wanted.take(), self._now, capacity=runtime.capacity()
            )
        else:
            self._take_over(runtime.kept.member)
        runtime.link.listen(LeaseMailbox(self.actor_ref))

    def _take_over(self, member: ClusterMember) -> None:
        """Tell once more what a predecessor may have decided without telling it."""
        self._perform(member.disconnected(self._now))
        for camera, lease in member.leases.items():
            action = StartCapture(lease.epoch) if lease.is_capturing else None
            self._perform([CameraAction(camera, action or StopCapture(StopReason.RELEASED))])

    # --- what happens -----------------------------------------------------------------------

    def _from_broker(self, message: FromBroker) -> None:
        member, now = self._member, self._now
        match message:
            case LineOpened(life=life):
                self._life, self._line = life, LineState(None)
                self._perform(member.connected(now))
            case LineClosed(reason=reason):
                self._line = LineState(now.monotonic_s, reason)
                self._perform(member.disconnected(now))
            case LineHappened(life=life, camera=camera, event=event):
                if life == self._life:
                    if isinstance(event, TokenDelivered):
                        self._log.accepted(camera)
                    self._perform(member.on_camera(camera, event, now))
            case QueueRefused(camera=camera, queue=queue, reason=reason):
                self._log.refused(camera, queue, reason)
            case NodeHeard(announcement=announcement, done=done):
                done()
                if announcement.is_last:
                    self._log.node_ended(announcement.holder.node)
                self._perform(member.on_announcement(announcement, now))
            case _:
                assert_never(message)

    def _from_supervisor(self, message: _FromSupervisor) -> None:
        member, now = self._member, self._now
        match message:
            case CameraCaptured(camera_id=camera_id, epoch=epoch):
                lease = member.leases.get(camera_id)
                if lease is not None and lease.epoch == epoch:
                    self._perform(member.on_camera(camera_id, CaptureStreaming(), now))
            case CameraWithdrawn(camera_id=camera_id):
                self._perform(member.on_camera(camera_id, CaptureStopped(), now))
            case CameraChanged(record=record):
                self._reach.changed(record, now.monotonic_s)
                self._wanted.changed(record)
            case ProcessMeasured(sample=sample):
                if sample is not None and sample.cpu is not None:
                    member.measured(sample.cpu.used_percent, now)
                for camera_id in self._reach.out_of_reach(now.monotonic_s):
                    member.unreachable(camera_id, now)
            case ConfigChanged():
                terms = self._runtime.terms()
                self._wanted.configured(terms)
                self._reach.keep(terms)
                self._configure()
                self._grant_again()
            case Leave() | DrainNode() | RejoinNode():
                self._part(message)
            case ClusterChanged() | PublisherStats() | RestartsCounted():
                pass  # told to all watchers
            case _:
                assert_never(message)

    def _part(self, message: Leave | DrainNode | RejoinNode) -> None:
        """Leave the cluster, for a while or for ever, or take part again."""
        if isinstance(message, RejoinNode):
            if self._member.is_leaving and not self._is_ending:
                self._has_left = False
                log_event(_log, LogEvent.NODE_REJOINED)
                self._perform(self._member.rejoin(self._now))
            return
        if isinstance(message, Leave):
            self._is_ending, self._has_left = True, False
        self._perform(self._member.leave(self._now))

    def _tick(self) -> None:
        if self._wanted.has_changed:  # a profile that puts off many is one change
            self._configure()
        self._perform(self._member.tick(self._now))

    def _configure(self) -> None:
        wanted, capacity = self._wanted.take(), self._runtime.capacity()
        self._perform(self._member.configure(wanted, self._now, capacity=capacity))

    def _grant_again(self) -> None:
        """Repeat what is granted: a camera that was removed and came back has lost its grant.

        Seen from here it may never have been away, and a grant that came while it was leaving is
        lost. Where the grant stands, repeating it changes nothing.
        """
        for camera, lease in self._member.leases.items():
            if lease.is_capturing and not lease.is_leaving:
                tell(self._supervisor, GrantCamera(CameraId(camera), lease.epoch))

    # --- what follows -----------------------------------------------------------------------

    def _perform(self, actions: Sequence[MemberAction]) -> None:
        for_line: list[CameraAction] = []
        announcement = None
        for each in actions:
            if isinstance(each, SendAnnouncement):
                announcement = each.announcement
            elif isinstance(each.action, StartCapture):
                self._log.taken(each.camera, each.action.epoch)
                self._runtime.kept.tally.taken(each.camera)
                tell(self._supervisor, GrantCamera(CameraId(each.camera), each.action.epoch))
            elif isinstance(each.action, StopCapture):
                self._log.ended(each.camera, each.action.reason, self._owner(each.camera))
                self._runtime.kept.tally.ended(each.camera, each.action.reason)
                tell(self._supervisor, WithdrawCamera(CameraId(each.camera), each.action.reason))
            else:
                for_line.append(each)
        if for_line or announcement is not None:
            self._runtime.link.perform(self._life, for_line, announcement)

    def _owner(self, camera: str) -> str:
        """The other node that captures a camera, as was heard last; empty: nobody knows."""
        heard = [
            (each.owned[camera].epoch, each.holder.node)
            for each in self._member.membership.others
            if camera in each.owned
        ]
        return max(heard, default=(0, ""))[1]

    def _look(self) -> None:
        """Tell what has changed, for the log and for whoever shows it, now and then."""
        member, now_s = self._member, self._now.monotonic_s
        if not self._has_left and member.has_left:
            self._has_left = True
            if self._is_ending:
                tell(self._supervisor, HasLeft())
            else:
                self._log.drained()
        if now_s - self._looked_s < _FACTS_FLOOR_S:
            return
        self._looked_s = now_s
        tally = self._runtime.kept.tally
        tally.look(member.leases, now_s)
        node, group = self._runtime.holder.node, self._runtime.group
        facts = take_facts(member, node, group, self._line, tally.counts)
        self._log.look(facts, now_s)
        if facts != self._told:
            self._told = facts
            tell(self._supervisor, ClusterChanged(facts))

    def _arm(self) -> None:
        """Have the timer tell a `Tick` when something is due."""
        now_s = self._now.monotonic_s
        due_s = min(self._member.due_s() or now_s + _LOOK_S, self._looked_s + _LOOK_S)
        due_s = now_s if self._wanted.has_changed else due_s
        due_s = max(due_s, now_s + _TICK_FLOOR_S)
        if self._alarm is not None:
            if self._alarm[0] <= due_s:
                return
            self._alarm[1].cancel()
        ref = self.actor_ref
        handle = self._runtime.timer.after(due_s - now_s, lambda: void(tell(ref, Tick())))
        self._alarm = (due_s, handle)

    @property
    def _member(self) -> ClusterMember:
        member = self._runtime.kept.member
        assert member is not None
        return member

    @property
    def _now(self) -> Moment:
        clock = self._runtime.clock
        return Moment(clock.monotonic(), clock.wall_ns() // 1_000_000)
