"""Brings the faults of a lab: each strikes, lasts and is repaired; `limits` judges them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edge_video.testing.cluster_lab.brokers import SIZE
from edge_video.testing.cluster_lab.history import Accounts
from edge_video.testing.uplink import FREE, distant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.testing.cluster_lab.stage import Stage

Repair: TypeAlias = "Callable[[], None]"

_GONE: Final = distant(0.0, loss=1.0)
_FAR: Final = distant(0.15, loss=0.02)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        strike: brings it upon a node, and returns what repairs it. One that strikes brokers looks
            for the broker of that node.
        lasts_s: from the one to the other.
        strikes: whom: the `node`, its `broker` and so the nodes at that, or `nobody` more than any.
        needs_network: the node must have a network of its own.
    """

    strike: Callable[[Stage, str], Repair]
    lasts_s: float
    strikes: Literal["node", "broker", "nobody"] = "node"
    needs_network: bool = False


def kill(stage: Stage, node: str) -> Repair:
    """Kill a program; start it anew."""
    stage.nodes[node].kill()
    return stage.nodes[node].start


def drain(stage: Stage, node: str) -> Repair:
    """End a program in order, and wait for that; start it anew."""
    wrong = stage.nodes[node].end()
    stage.record.accounts.append(Accounts(node, stage.oracle.now_s(), wrong))
    return stage.nodes[node].start


def freeze(stage: Stage, node: str) -> Repair:
    """Stop a program where it stands, its captures going on into a pipe."""
    stage.nodes[node].freeze()
    return stage.nodes[node].thaw


def cut(stage: Stage, node: str) -> Repair:
    """Close a node's connections."""
    for each in stage.ways[node]:
        stage.relays.cut(each)
    return _nothing


def half_open(stage: Stage, node: str) -> Repair:
    """Have a node's connections carry nothing, in neither direction."""
    for each in stage.ways[node]:
        stage.relays.silence(each, is_silent=True)

    def repair() -> None:
        for each in stage.ways[node]:
            stage.relays.silence(each, is_silent=False)

    return repair


def power(stage: Stage, node: str) -> Repair:
    """Have a host vanish: first its cable, then its program, which can tell nobody any more."""
    link = stage.links[node]
    link.shape(_GONE, _GONE)
    stage.nodes[node].kill()

    def repair() -> None:
        link.shape(FREE, FREE)
        stage.nodes[node].start()

    return repair


def far(stage: Stage, node: str) -> Repair:
    """Move a node far away from its broker."""
    link = stage.links[node]
    link.shape(_FAR, _FAR)
    return lambda: link.shape(FREE, FREE)


def broker_killed(stage: Stage, node: str) -> Repair:
    """Kill the broker node to which a node is connected."""
    number = stage.broker_of(node)
    stage.brokers.kill([number])
    return lambda: stage.brokers.restart([number])


def broker_frozen(stage: Stage, node: str) -> Repair:
    """Stop that broker node where it stands."""
    broker = stage.brokers.nodes[stage.broker_of(node)]
    broker.freeze()
    return broker.thaw


def partition(stage: Stage, node: str) -> Repair:
    """Cut that broker node off from the other two."""
    number = stage.broker_of(node)
    stage.brokers.isolate(number)
    return lambda: stage.brokers.heal(number)


def minority(stage: Stage, node: str) -> Repair:
    """Stop two of three broker nodes in order, that of the node among them."""
    first = stage.broker_of(node)
    numbers = [first, (first + 1) % SIZE]
    stage.brokers.stop(numbers)
    return lambda: stage.brokers.restart(numbers)


def alarm(stage: Stage, node: str) -> Repair:
    """Have a broker believe that it has no memory left: all of them block their publishers."""
    broker = stage.brokers.nodes[stage.broker_of(node)]
    broker.raise_memory_alarm()
    return broker.clear_memory_alarm


def _nothing() -> None:
    """Repair what repairs itself."""


FAULTS: Final[Mapping[str, Fault]] = {
    "kill": Fault(kill, 12.0),
    "drain": Fault(drain, 3.0),
    "freeze": Fault(freeze, 20.0),
    "cut": Fault(cut, 5.0),
    "half-open": Fault(half_open, 25.0),
    "power": Fault(power, 25.0, needs_network=True),
    "far": Fault(far, 20.0, needs_network=True),
    "broker-killed": Fault(broker_killed, 15.0, strikes="broker"),
    "broker-frozen": Fault(broker_frozen, 40.0, strikes="broker"),
    "partition": Fault(partition, 20.0, strikes="broker"),
    "minority": Fault(minority, 15.0, strikes="nobody"),
    "alarm": Fault(alarm, 15.0, strikes="nobody"),
}
"""Each fault by its name, as in `limits`."""
