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
from edge_video.wiring.control import SharedControl

if TYPE_CHECKING:
    import pykka

    from edge_video.actors.system_spec import ChildStarter, HandoverState
    from edge_video.config.commands import AllowConfig, CommandsConfig
    from edge_video.text.language import Language
    from edge_video.wiring.parts import Parts


@dataclass(frozen=True, slots=True)
class RemoteCommandsParts:
    """What outlives the actor that takes commands.

    Attributes:
        queue: takes requests in.
        memory: knows those of the last minutes.
    """

    queue: CommandQueue
    memory: RequestMemory


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


def remote_commands_starter(
    parts: Parts, commands: CommandsConfig, language: Language
) -> ChildStarter:
    """For the actor that takes commands; the control connection begins with the first one."""
    control, kept = shared_control(parts), _kept(parts, commands)
    runtime = RemoteCommandsRuntime(
        clock=parts.clock,
        timer=parts.timer,
        entrance=Entrance(parts.config.node, permissions_of(commands)),
        memory=kept.memory,
        use_desk=kept.queue.use_desk,
        outbox_of=parts.shared.places.outbox_of,
        source=parts.shared.source,
        language=language,
        allow_faults=parts.allow_faults,
    )

    def start(
        supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState
    ) -> pykka.ActorRef[Any]:
        control.attach(kept.queue, parts.config)
        return RemoteCommandsActor.start(
            runtime=runtime,
            supervisor=supervisor,
            incarnation=incarnation,
            start_faults=known.start_faults,
        )

    return start


def _kept(parts: Parts, commands: CommandsConfig) -> RemoteCommandsParts:
    """What all incarnations of the actor have in common."""
    shared = parts.shared
    if shared.commands is None:
        place = CommandPlace(commands.exchange, parts.config.node)
        queue = CommandQueue(place, shared_control(parts).submit, parts.clock)
        memory = RequestMemory(ns_to_s(parts.identity.started_at_ns))
        shared.commands = RemoteCommandsParts(queue, memory)
    return shared.commands


def shared_control(parts: Parts) -> SharedControl:
    """The system's control connection, of which there is one."""
    if parts.shared.control is None:
        parts.shared.control = SharedControl(parts.clock)
    return parts.shared.control
