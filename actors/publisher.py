"""Keeps one connection to the sink alive and settles every frame."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell, void
from edge_video.actors.connection_record import ConnectionRecord
from edge_video.actors.frame_messages import (
    GetFrameCounts,
    PublishAnswer,
    PublishFrame,
    PublishResult,
)
from edge_video.actors.intake import MAX_FOREIGN_CAMERAS, FrameIntake
from edge_video.actors.mailbox import FrameMailbox
from edge_video.actors.messages import (
    Begin,
    Connect,
    Drain,
    FramesReady,
    PublisherStats,
    RetryPublisher,
    SinkFaultOver,
    SinkReported,
    Tick,
)
from edge_video.actors.reconnection import Reconnection
from edge_video.actors.sink_faults import SinkFaults
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    FramesRefused,
    FramesUnroutable,
    RouteRefused,
    Sink,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkEvent,
    SinkListener,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import Fault, LastingSinkFault, SinkFault
from edge_video.runtime.timer import SystemClock, SystemTimer
from edge_video.status.model import PublisherState, PublisherStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock, Timer

PublisherMessage: TypeAlias = (
    Begin
    | FramesReady
    | PublishFrame
    | GetFrameCounts
    | Connect
    | RetryPublisher
    | SinkReported
    | Drain
    | SinkFaultOver
    | Tick
)
"""What the actor understands, besides what `base` says of all."""

_STATS_S = 5.0
_CLOSE_TIMEOUT_S = 2.0
_CRASH_CLOSE_TIMEOUT_S = 0.5
"""After a crash a successor waits, and there is nothing left to be polite about."""


class SinkFactory(Protocol):
    """Makes one connection's sink; nothing runs before `Sink.open`."""

    def __call__(self, listener: SinkListener, /) -> Sink:
        """Make it. `listener` is called from whichever thread works for the sink."""
        ...


@dataclass(frozen=True, slots=True)
class SinkPlace:
    """Where the frames of a publisher go that is started by itself.

    `edge_video.sink_for` makes one of a section of the configuration.
    """

    target: str
    """Names it in status and reports; masked."""
    make: Callable[[Outbox], SinkFactory]
    """Given the publisher's outbox, which the sinks are to empty."""
    cameras: Collection[CameraId] = ()
    """Those that are configured."""
    brokers: int = 1
    """How many the sinks take turns with."""


@dataclass(frozen=True, slots=True)
class PublisherRuntime:
    """What a publisher needs besides its outbox."""

    clock: Clock
    timer: Timer
    sink: SinkFactory
    target: str
    """Names the sink in status and reports before the first connection; masked."""
    allow_faults: bool = False
    draw: Callable[[], float] = random.random
    """Where the jitter of reconnection comes from: a number in [0, 1)."""
    cameras: Collection[CameraId] = ()
    """Those that are configured, may change meanwhile; frames of others come as messages."""
    max_foreign_cameras: int = MAX_FOREIGN_CAMERAS
    brokers: int = 1
    """How many the sinks take turns with: so many are tried before the publisher waits."""


class PublisherActor(ChildActor):
    """Owns the connection to the sink, one at a time, and reconnects for ever.

    Frames reach it in three ways, all of them into its one outbox: `FramesReady` of another
    outbox (a `CameraActor` that was started with `frames=` this actor tells it), a single
    `PublishFrame` of whoever has a picture, and, the short cut inside the tree, straight from
    the cameras' reader, where the outbox wakes the sink without a message. A new publisher first
    settles what a crashed predecessor left in flight as unknown, so the ledger is balanced
    whatever happened.

    Alone, it needs to be told no more than where frames go:
    `PublisherActor.start(sink=sink_for(AmqpConfig(url="amqp://localhost")))`.

    Args:
        outbox: where frames wait for the sink; None for one of its own.
        runtime: clock, timer and the way to make a sink; None for those of this machine, and
            `sink`.
        sink: where frames go, without a `runtime`.
        previous: the last status of the one before, whose counters this one continues.
        options: see `ChildOptions`; the supervisor, or a host's actor in its place, gets
            `PublisherStats` and `ActorEnded`.

    Raises:
        TypeError: there is neither a `runtime` nor a `sink`.
    """

    NAME = "publisher"
    UNDERSTOOD = get_args(PublisherMessage)
    ANSWERED = (GetFrameCounts,)

    def __init__(
        self,
        outbox: Outbox | None = None,
        *,
        runtime: PublisherRuntime | None = None,
        sink: SinkPlace | None = None,
        previous: PublisherStatus | None = None,
        **options: Unpack[ChildOptions],
    ) -> None:
        self._own_timer = SystemTimer() if runtime is None else None
        clock = SystemClock() if runtime is None else runtime.clock
        self._outbox = outbox = outbox or Outbox(clock)
        if self._own_timer is not None:
            runtime = _runtime_of_its_own(outbox, sink, self._own_timer)
        assert runtime is not None
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._intake = FrameIntake(outbox, clock, runtime.cameras, runtime.max_foreign_cameras)
        if isinstance(self.actor_inbox, FrameMailbox):
            self.actor_inbox.on_refused = self._intake.count_refused
        self._record = ConnectionRecord(
            outbox,
            clock,
            previous or PublisherStatus(PublisherState.CONNECTING, runtime.target),
        )
        self._sink: Sink | None = None
        self._connection = 0
        self._reconnection = Reconnection(clock, runtime.timer, runtime.draw, runtime.brokers)
        actor_ref = self.actor_ref
        self._faults = SinkFaults(
            runtime.timer, lambda number: void(tell(actor_ref, SinkFaultOver(number)))
        )
        self._drain: Drain | None = None

    @staticmethod
    def _create_actor_inbox() -> FrameMailbox:
        # pykka's private name for making the mailbox; pinned by a test.
        return FrameMailbox()

    def handle(self, message: PublisherMessage) -> object:
        """Dispatch."""
        match message:
            case Begin():
                self._begin()
            case PublishFrame():
                return self._intake.accept(message)
            case FramesReady(outbox=outbox):
                self._take_frames_of(outbox)
            case GetFrameCounts():
                return self._outbox.counts()
            case Connect() | RetryPublisher():
                self._connect(message)
            case SinkReported(connection=connection, event=event):
                if connection == self._connection:
                    self._sink_reported(event)
            case Drain():
                self._start_draining(message)
            case Tick():
                self._tell_stats()
            case SinkFaultOver(number=number):
                self._faults.end(number, self._sink)
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:
        """Close the sink: whatever it had not settled is booked as unknown."""
        self._faults.forget_all()
        self._outbox.detach()
        self._close_sink(_CLOSE_TIMEOUT_S if error is None else _CRASH_CLOSE_TIMEOUT_S)
        self._outbox.settle_all(Outcome.UNKNOWN)
        self._answer_drain(done=False)
        self._reconnection.cancel()
        self._record.stopped()
        self._tell_stats()
        if self._own_timer is not None:
            self._own_timer.stop()

    def final_answer(self) -> PublisherStats:
        """How the connection ended."""
        return self._record.stats(None)

    def too_late(self, message: object) -> object:
        """See `SupervisedActor.too_late`."""
        return PublishAnswer(PublishResult.STOPPING) if isinstance(message, PublishFrame) else None

    # --- the connection ---

    def _begin(self) -> None:
        if self._own_timer is not None:
            self._own_timer.start()
        self._outbox.settle_all(Outcome.UNKNOWN)
        self._record.begin()
        self._outbox.attach(self._frames_ready)
        self.tick_every(self._runtime.timer, _STATS_S, Tick())
        self._hold_start_faults()
        self._connect(Connect(1))

    def _hold_start_faults(self) -> None:
        """What lasts is there from the first connection on, which may have to be refused."""
        if self._allow_faults:
            self._start_faults = tuple(
                each
                for each in self._start_faults
                if not (isinstance(each.fault, LastingSinkFault) and self.apply_fault(each.fault))
            )

    def _take_frames_of(self, outbox: Outbox) -> None:
        """Frames wait in this actor's own outbox for the sink, or in another one for this actor."""
        if outbox is self._outbox:
            self._frames_ready()
        elif self._intake.take_from(outbox):
            tell(self.actor_ref, FramesReady(outbox))  # others get their turn in between

    def _frames_ready(self) -> None:
        """Do what `FramesReady` of the own outbox asks for; any thread.

        The outbox calls it on the thread that puts a frame, straight to the sink, which allows it
        from any thread: by way of the mailbox one more thread wakes per frame. Without a sink the
        next connection looks for itself.
        """
        sink = self._sink
        if sink is not None:
            sink.frames_ready()

    def _connect(self, on: Connect | RetryPublisher) -> None:
        """Make the next connection, if it is that one's turn, or an operator cuts the wait short.

        A second demand for the same one means nothing.
        """
        connection = self._connection + 1
        if isinstance(on, RetryPublisher):
            is_due = self._record.state is PublisherState.WAITING
        else:
            is_due = on.connection == connection
        if not is_due:
            return
        self._connection = connection
        self._reconnection.cancel()

        def listener(event: SinkEvent) -> None:
            tell(self.actor_ref, SinkReported(connection, event))

        self._sink = self._runtime.sink(listener)
        self._record.connecting()
        self._tell_stats()
        self._faults.hand_to(self._sink)
        self._sink.open()

    def _sink_reported(self, event: SinkEvent) -> None:
        match event:
            case SinkConnected(target=target):
                self._connected(target)
            case SinkLost():
                self._lost(event)
            case SinkBlocked(reason=reason):
                self._record.blocked(reason)
            case SinkUnblocked():
                self._record.unblocked()
            case RouteRefused() | FramesRefused() | FramesUnroutable():
                self._record.refused(event)
                return
            case SinkDrained():
                self._answer_drain(done=True)
                return
            case _:
                assert_never(event)
        self._tell_stats()

    def _connected(self, target: str) -> None:
        assert self._sink is not None
        self._reconnection.connected()
        self._record.connected(target)
        if self._drain is not None:
            self._sink.drain()
        else:
            self._sink.frames_ready()

    def _lost(self, lost: SinkLost) -> None:
        self._close_sink()
        self._answer_drain(done=False)
        due = Connect(self._connection + 1)
        delay_s = self._reconnection.lost(
            lambda: void(tell(self.actor_ref, due)),
            was_up=self._record.is_up,
            permanent=lost.permanent,
        )
        self._record.lost(lost.reason, delay_s)

    def _close_sink(self, timeout_s: float = _CLOSE_TIMEOUT_S) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close(timeout_s)

    # --- the end ---

    def _start_draining(self, drain: Drain) -> None:
        self._drain = drain
        if drain.is_final:
            self._intake.close()
            self._outbox.attach(self._frames_ready)  # were it paused for another publisher
        else:
            # Cameras go on: with many of them, something is always in flight unless none is taken.
            self._outbox.pause()
        state = self._record.state
        if self._sink is None or state is PublisherState.BLOCKED:
            self._answer_drain(done=False)
        elif state is PublisherState.CONNECTED:
            self._sink.drain()
        elif not drain.is_final or not self._outbox.held:
            self._answer_drain(done=True)
        # Else the connection is under way: `_connected` drains, `_lost` answers.

    def _answer_drain(self, *, done: bool) -> None:
        drain, self._drain = self._drain, None
        if drain is not None:
            drain.drained.set(done)

    # --- what others see ---

    def _tell_stats(self) -> None:
        tell(self._supervisor, self._record.stats(self._reconnection.retry_at_s))

    # --- faults on purpose ---

    def apply_fault(self, fault: Fault) -> bool:
        """The faults of the sink. Those that last are handed to every connection until they end.

        They end with this actor too: its successor begins without faults.
        """
        if not isinstance(fault, SinkFault):
            return False
        if not isinstance(fault, LastingSinkFault):
            return self._sink is not None and self._sink.inject(fault)
        return self._faults.begin(fault, self._sink)

    def clear_faults(self) -> None:
        """Undo every fault of the sink; one that was cut off is not undone by this."""
        self._faults.forget_all()
        if self._sink is not None:
            self._sink.clear_faults()


def _runtime_of_its_own(
    outbox: Outbox, sink: SinkPlace | None, timer: SystemTimer
) -> PublisherRuntime:
    if sink is None:
        raise TypeError("a publisher needs a runtime, or a sink: where do frames go?")
    return PublisherRuntime(
        clock=SystemClock(),
        timer=timer,
        sink=sink.make(outbox),
        target=sink.target,
        cameras=sink.cameras,
        brokers=sink.brokers,
    )
