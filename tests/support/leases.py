"""A node of a cluster whose leases a test plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.actors.base import ChildActor, tell
from edge_video.actors.lease_messages import LEASE, HasLeft, Leave
from tests.support.actors import quiesce

if TYPE_CHECKING:
    import pykka

    from tests.support.actors import ScriptedSystem


class ScriptedLease(ChildActor):
    """Stands for the actor that holds the leases: keeps what it is told, and dies of an error."""

    NAME = LEASE
    UNDERSTOOD = (object,)

    def __init__(self, node: Node, supervisor: pykka.ActorRef[Any], incarnation: int) -> None:
        super().__init__(allow_faults=False, supervisor=supervisor, incarnation=incarnation)
        self._node = node

    def handle(self, message: object) -> None:
        if isinstance(message, Exception):
            raise message
        self._node.told.append(message)
        if isinstance(message, Leave) and self._node.leaves:
            tell(self._node.system.system.supervisor, HasLeft())


class Node:
    """A system whose leases the test plays.

    Attributes:
        system: it.
        told: what its lease actor was told, all of its lives together.
        lives: of its lease actor.
        leaves: it answers `Leave` at once.
    """

    def __init__(self) -> None:
        self.system: ScriptedSystem
        self.told: list[Any] = []
        self.lives: list[pykka.ActorRef[ScriptedLease]] = []
        self.leaves = True

    def lease(self, supervisor: pykka.ActorRef[Any], incarnation: int, known: object) -> Any:
        """A `ChildStarter`."""
        del known
        self.lives.append(ScriptedLease.start(self, supervisor, incarnation))
        return self.lives[-1]

    def tell(self, message: object) -> None:
        """Let the lease actor tell something."""
        self.system.system.supervisor.tell(message)
        quiesce()

    def crash(self) -> None:
        """Let the lease actor die of an error, and another take its place."""
        self.lives[-1].tell(RuntimeError("its bug"))
        quiesce()
        self.system.advance(2.0)

    def heard(self, *kinds: type) -> list[Any]:
        """What the lease actor was told so far, of these kinds."""
        quiesce()
        return [each for each in self.told if isinstance(each, kinds)]
