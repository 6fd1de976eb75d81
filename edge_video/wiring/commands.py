"""Puts together what takes commands over the broker; loaded only where they are configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from edge_video.actors.remote_commands import RemoteCommandsActor, RemoteCommandsRuntime
from edge_video.delivery.commands.counts import CommandCounts
from edge_video.delivery.commands.entrance import Entrance
from edge_video.delivery.commands.memory import RequestMemory
from edge_video.delivery.commands.permissions import Grant, Permissions, Principal, Proof
from edge_video.delivery.commands.queue import CommandPlace, CommandQueue

if TYPE_CHECKING:
    import pykka

    from edge_video.actors.system_spec import ChildStarter, HandoverState
    from edge_video.config import Config
    from edge_video.config.commands import AllowConfig, CommandsConfig
    from edge_video.delivery.amqp.control import ControlConnection
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.text.language import Language
    from edge_video.wiring.shared import Shared


def permissions_of(commands: CommandsConfig) -> Permissions:
    """The configuration's `commands.allow` as the entrance wants it."""
    return Permissions([_grant(each) for each in commands.allow])


def _grant(allowed: AllowConfig) -> Grant:
    if allowed.key is None:
        principal, key = Principal(Proof.USER, allowed.user or ""), None
    else:
        principal = Principal(Proof.KEY, allowed.name or "")
        key = allowed.key.get_secret_value().encode()
    return Grant(principal, frozenset(allowed.commands), allowed.cameras, key)


@dataclass(frozen=True, slots=True)
class CommandTaker:
    """Starts the actor that takes commands; what is here outlives it.

    Attributes:
        control: on which requests come.
        queue: takes them in.
        memory: knows those of the last minutes.
        counts: all that there were.
        clock: monotonic and wall time.
        timer: wakes the actor.
        shared: what all actors share.
    """

    control: ControlConnection
    queue: CommandQueue
    memory: RequestMemory
    counts: CommandCounts
    clock: Clock
    timer: Timer
    shared: Shared

    @classmethod
    def of(cls, config: Config, shared: Shared, clock: Clock, timer: Timer) -> Self:
        """Make one for a configuration that has commands; nothing runs yet."""
        control, commands = shared.control, config.commands
        assert control is not None
        assert commands is not None
        counts = CommandCounts()
        place = CommandPlace(commands.exchange, config.node)
        queue = CommandQueue(place, control.submit, clock, counts)
        control.attach(queue)
        memory = RequestMemory(clock.monotonic())
        return cls(control, queue, memory, counts, clock, timer, shared)

    def starter(self, config: Config, language: Language, *, allow_faults: bool) -> ChildStarter:
        """For one incarnation, with who may what by this configuration."""
        assert config.commands is not None
        runtime = RemoteCommandsRuntime(
            clock=self.clock,
            timer=self.timer,
            entrance=Entrance(config.node, permissions_of(config.commands)),
            memory=self.memory,
            counts=self.counts,
            use_desk=self.queue.use_desk,
            outbox_of=self.shared.places.outbox_of,
            source=self.shared.source,
            language=language,
            allow_faults=allow_faults,
        )

        def start(
            supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState
        ) -> pykka.ActorRef[Any]:
            self.control.start()
            return RemoteCommandsActor.start(
                runtime=runtime,
                supervisor=supervisor,
                incarnation=incarnation,
                start_faults=known.start_faults,
            )

        return start
