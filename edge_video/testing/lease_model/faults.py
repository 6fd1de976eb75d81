"""Breaks a simulated cluster: each fault begins, lasts for a while and is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.testing.lease_model.broker import HEARTBEAT_S

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from edge_video.testing.lease_model.broker import Broker
    from edge_video.testing.lease_model.node import SimulatedNode

_CLOCK_JUMP_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What there is to break."""

    broker: Broker
    nodes: Sequence[SimulatedNode]
    cameras: Sequence[str]
    chance: random.Random


Fault: TypeAlias = "Callable[[Stage, SimulatedNode], Callable[[], None]]"
"""Breaks something, and returns what repairs it."""


def kill(_stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Kill a program, later start it anew."""
    node.kill()
    return node.start


def leave(_stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Stop a program in order, later start it anew."""
    node.leave()
    return lambda: _restart(node)


def _restart(node: SimulatedNode) -> None:
    node.kill()  # one that still waits for its successors
    node.start()


def pause(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Stop a program where it stands; after its heartbeats the broker closes its connection."""
    node.process.pause()
    _miss_heartbeats(stage, node, lambda: node.process.is_paused)
    return node.process.resume


def silence(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Let nothing through in either direction, and say so to nobody."""
    node.is_silent = True
    _miss_heartbeats(stage, node, lambda: node.is_silent)
    _give_up(stage, node, lambda: node.is_silent)

    def repair() -> None:
        node.speak()
        stage.broker.reset_abandoned(node)

    return repair


def freeze_broker(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Stop a node's broker node where it stands; its client goes to another one after a while."""
    connection = node.connection
    if connection is None or not connection.is_open_at_broker:
        return lambda: None
    stage.broker.set_frozen(connection, is_frozen=True)
    _give_up(stage, node, lambda: connection.is_frozen)
    return lambda: stage.broker.set_frozen(connection, is_frozen=False)


def _give_up(stage: Stage, node: SimulatedNode, lasts: Callable[[], bool]) -> None:
    connection = node.connection

    def client_gives_up() -> None:
        if lasts() and connection is not None and node.connection is connection:
            node.close()

    stage.broker.loop.after(2 * HEARTBEAT_S, client_gives_up)


def _miss_heartbeats(stage: Stage, node: SimulatedNode, lasts: Callable[[], bool]) -> None:
    connection = node.connection

    def broker_closes() -> None:
        if connection is not None and lasts() and not connection.is_frozen:
            stage.broker.close(connection)

    stage.broker.loop.after(stage.chance.uniform(2.0, 3.0) * HEARTBEAT_S, broker_closes)


def cut(_stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Close a connection; its node connects anew."""
    node.close()
    return lambda: None


def broker_down(stage: Stage, _node: SimulatedNode) -> Callable[[], None]:
    """Stop the broker."""
    stage.broker.set_down(is_down=True)
    return lambda: stage.broker.set_down(is_down=False)


def alarm(stage: Stage, _node: SimulatedNode) -> Callable[[], None]:
    """Have the broker read nothing from anybody, as for want of memory."""
    stage.broker.set_alarm(has_alarm=True)
    return lambda: stage.broker.set_alarm(has_alarm=False)


def partition(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Cut the broker node that a node is connected to off from the majority."""
    connection = node.connection
    if connection is None or not connection.is_open_at_broker:
        return lambda: None
    stage.broker.set_minority(connection, is_minority=True)

    def repair() -> None:
        if connection.is_open_at_broker:
            stage.broker.set_minority(connection, is_minority=False)

    return repair


def purge(stage: Stage, _node: SimulatedNode) -> Callable[[], None]:
    """Purge a queue."""
    stage.broker.queues[stage.chance.choice(stage.cameras)].purge()
    return lambda: None


def delete(stage: Stage, _node: SimulatedNode) -> Callable[[], None]:
    """Delete a queue."""
    stage.broker.delete(stage.chance.choice(stage.cameras))
    return lambda: None


def jump(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Set a machine's clock, by up to an hour."""
    node.clock_offset_ms += stage.chance.randint(-_CLOCK_JUMP_MS, _CLOCK_JUMP_MS)
    return lambda: None


def out_of_reach(stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Have one node not reach a camera."""
    camera = stage.chance.choice(stage.cameras)
    node.captures.lose(camera)
    return lambda: node.captures.out_of_reach.discard(camera)


def slow_confirms(_stage: Stage, node: SimulatedNode) -> Callable[[], None]:
    """Have confirms come up to 15 s late, after the deliveries."""
    connection = node.connection
    if connection is None:
        return lambda: None
    connection.has_slow_confirms = True

    def repair() -> None:
        connection.has_slow_confirms = False

    return repair


ALWAYS: Final[tuple[Fault, ...]] = (
    *(kill, leave, pause, silence, cut, broker_down),
    *(alarm, partition, out_of_reach, slow_confirms),
)
"""What any schedule may have."""

WITH_TRUE_CLOCKS: Final[tuple[Fault, ...]] = (*ALWAYS, purge, delete)
"""A queue that loses its messages leaves the epochs to memories and clocks."""

JUMPING_CLOCKS: Final[tuple[Fault, ...]] = (*ALWAYS, jump)
"""A lost queue, a clock set back and a restart of all who remember: then epochs may go back."""
