"""Puts together what takes commands over the broker; loaded only where they are configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_video.actors.remote_commands import RemoteCommandsActor, RemoteCommandsRuntime
from edge_video.delivery.commands.entrance import Entrance
from edge_video.delivery.commands.memory import RequestMemory
from edge_video.delivery.commands.permissions import Grant, Permissions, Principal, Proof
from edge_video.delivery.commands.queue import CommandPlace, CommandQueue
from edge_video.runtime.units import ns_to_s
from edge_video.wiring.shared import RemoteCommands

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
    """Starts the actor that takes commands.

    Attributes:
        config: of which there is a section `commands`.
        shared: what outlives the actor.
        clock: monotonic and wall time.
        timer: wakes the actor.
        started_at_ns: of the program, by the wall clock.
        language: of what is said about the configuration.
        allow_faults: obey `InjectFault`.
    """

    config: Config
    shared: Shared
    clock: Clock
    timer: Timer
    started_at_ns: int
    language: Language
    allow_faults: bool

    def starter(self, commands: CommandsConfig) -> ChildStarter:
        """For one incarnation; the control connection begins with the first one."""
        control = self.shared.control
        assert control is not None
        kept = self._kept(commands, control)
        runtime = RemoteCommandsRuntime(
            clock=self.clock,
            timer=self.timer,
            entrance=Entrance(self.config.node, permissions_of(commands)),
            memory=kept.memory,
            use_desk=kept.queue.use_desk,
            outbox_of=self.shared.places.outbox_of,
            source=self.shared.source,
            language=self.language,
            allow_faults=self.allow_faults,
        )

        def start(
            supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState
        ) -> pykka.ActorRef[Any]:
            control.start()
            return RemoteCommandsActor.start(
                runtime=runtime,
                supervisor=supervisor,
                incarnation=incarnation,
                start_faults=known.start_faults,
            )

        return start

    def _kept(self, commands: CommandsConfig, control: ControlConnection) -> RemoteCommands:
        """What all incarnations of the actor have in common."""
        shared = self.shared
        if shared.commands is None:
            place = CommandPlace(commands.exchange, self.config.node)
            queue = CommandQueue(place, control.submit, self.clock)
            control.attach(queue)
            shared.commands = RemoteCommands(queue, RequestMemory(ns_to_s(self.started_at_ns)))
        return shared.commands
