"""Takes commands over the broker while it lives, and tells those who wait what comes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell, void
from edge_video.actors.command_board import CommandBoard
from edge_video.actors.command_execution import (
    PICTURE_LEASE_S,
    CommandExecution,
    ExecutionParts,
)
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    Tick,
)
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.delivery.commands.desk import CommandDesk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.config.source import ConfigSource
    from edge_video.delivery.commands.counts import CommandCounts
    from edge_video.delivery.commands.entrance import Entrance
    from edge_video.delivery.commands.memory import RequestMemory
    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.text.language import Language

RemoteCommandsMessage: TypeAlias = (
    Begin
    | CameraChanged
    | PublisherStats
    | ProcessMeasured
    | RestartsCounted
    | ConfigChanged
    | Tick
)
"""What the actor understands, besides what `base` says of all."""

_FORGET_S = PICTURE_LEASE_S + 0.5


@dataclass(frozen=True, slots=True)
class RemoteCommandsRuntime:
    """What the actor needs.

    Attributes:
        clock: monotonic and wall time.
        timer: lets go of pictures at which somebody has looked.
        entrance: who may what.
        memory: of the actions of the last minutes; outlives the actor.
        counts: of requests; outlives the actor.
        use_desk: has the requests of the broker come to this desk, or to none.
        outbox_of: where the pictures of each camera are.
        source: reads the files of the configuration; None: there are none.
        language: of what is said about the configuration.
        allow_faults: obey `InjectFault`.
    """

    clock: Clock
    timer: Timer
    entrance: Entrance
    memory: RequestMemory
    counts: CommandCounts
    use_desk: Callable[[CommandDesk | None], None]
    outbox_of: Mapping[CameraId, Outbox]
    source: ConfigSource | None
    language: Language
    allow_faults: bool = False


class RemoteCommandsActor(ChildActor):
    """Owns the threads that carry requests of the broker out; hears what the reporter hears too.

    Requests pass through no mailbox: they come from the control connection's thread to a few
    threads of the desk, which ask the supervisor from outside. While there is no actor of this
    name, for a moment after a crash, requests wait.
    """

    NAME = "commands"
    UNDERSTOOD = get_args(RemoteCommandsMessage)

    def __init__(self, *, runtime: RemoteCommandsRuntime, **options: Unpack[ChildOptions]) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._board = CommandBoard()
        self._execution: CommandExecution | None = None
        self._desk: CommandDesk | None = None

    def handle(self, message: RemoteCommandsMessage) -> object:
        """Dispatch."""
        match message:
            case CameraChanged(record=record):
                self._board.camera_changed(record)
            case PublisherStats(status=status):
                self._board.publisher_changed(status)
            case ConfigChanged(status=config, cameras=cameras):
                self._board.config_changed(cameras, config.profiles)
            case Tick():
                for outbox in set(self._runtime.outbox_of.values()):
                    outbox.pictures.forget_unwatched()
            case Begin():
                self._begin()
            case ProcessMeasured() | RestartsCounted():
                pass
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:  # noqa: ARG002 - same in every death
        """Take no further requests, and let nobody wait."""
        self._runtime.use_desk(None)
        self._board.close()
        if self._execution is not None:
            self._execution.close()
        if self._desk is not None:
            self._desk.close()

    def _begin(self) -> None:
        runtime = self._runtime
        parts = ExecutionParts(
            clock=runtime.clock,
            permissions=runtime.entrance.permissions,
            outbox_of=runtime.outbox_of,
            board=self._board,
            source=runtime.source,
            language=runtime.language,
            looked=self._forget_later,
        )
        self._execution = CommandExecution(parts, self._supervisor)
        self._desk = CommandDesk(
            runtime.entrance,
            runtime.memory,
            self._execution,
            runtime.clock,
            self._thread_name,
            counts=runtime.counts,
        )
        runtime.use_desk(self._desk)

    def _forget_later(self) -> None:
        """A thread of the desk: have pictures let go of that nobody looks at any more."""
        ref = self.actor_ref
        self._runtime.timer.after(_FORGET_S, lambda: void(tell(ref, Tick())))
