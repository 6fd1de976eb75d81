"""Draws a cluster and what befalls it from a seed, runs it, and returns what went wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster import (
    CameraTerms,
    ClusterMember,
    Handover,
    LeasePolicy,
    Uncertain,
)
from edge_video.testing.lease_model.broker import Broker
from edge_video.testing.lease_model.faults import (
    JUMPING_CLOCKS,
    WITH_TRUE_CLOCKS,
    Stage,
    freeze_broker,
)
from edge_video.testing.lease_model.loop import EventLoop
from edge_video.testing.lease_model.node import SimulatedNode
from edge_video.testing.lease_model.oracle import Oracle
from edge_video.testing.lease_model.queue import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.testing.lease_model.faults import Fault
    from edge_video.testing.lease_model.oracle import Violation

_FIRST_FAULT_S: Final = 8.0
_LAST_FAULT_S: Final = 100.0
_REPAIRED_S: Final = 140.0
_END_S: Final = 290.0
_SHARE: Final = 4
_FREEZES: Final = 3
_DIFFERS: Final = 2
"""Only these of so many seeds have that: so the others still mean what they once did."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one schedule.

    Attributes:
        seed: what all of it follows from.
        cluster: the broker, the nodes and the cameras, in words.
        faults: each fault with its time and node.
        violations: the rules that were broken.
    """

    seed: int
    cluster: str
    faults: tuple[str, ...]
    violations: tuple[Violation, ...]


def run_schedule(seed: int, make_member: Callable[..., ClusterMember] = ClusterMember) -> Outcome:
    """Run one schedule; `make_member` makes the nodes, planted bugs included."""
    run = _Run(seed, make_member)
    run.run()
    return run.outcome()


class _Run:
    def __init__(self, seed: int, make_member: Callable[..., ClusterMember]) -> None:
        chance = random.Random(seed)
        self._seed = seed
        self._loop = EventLoop()
        cameras = [f"camera-{n}" for n in range(chance.randint(2, 4))]
        policies = {camera: _policy(chance) for camera in cameras}
        self._oracle = Oracle(self._loop, policies)
        self._rules = chance.choice(RULES)
        broker = Broker(self._loop, chance, self._rules, cameras)
        nodes = [
            SimulatedNode(name, broker, self._oracle, self._terms(name, policies), make_member)
            for name in "abcd"[: chance.randint(2, 4)]
        ]
        self._stage = Stage(broker, nodes, cameras, chance)
        self._faults: list[str] = []

    def _terms(self, node: str, policies: Mapping[str, LeasePolicy]) -> dict[str, CameraTerms]:
        """What a node knows of the cameras: the first one may know one otherwise."""
        terms = {camera: CameraTerms("same", policy) for camera, policy in policies.items()}
        if node == "a" and self._seed % _SHARE == _DIFFERS:
            odd = min(terms)
            terms[odd] = CameraTerms("other", policies[odd])
        return terms

    def run(self) -> None:
        chance, loop = self._stage.chance, self._loop
        for node in self._stage.nodes:
            node.clock_offset_ms = chance.randint(-50, 50)
            loop.after(chance.uniform(0.0, 3.0), node.start)
        kinds = chance.choice((WITH_TRUE_CLOCKS, JUMPING_CLOCKS))
        if self._seed % _SHARE == _FREEZES:
            kinds = (*kinds, freeze_broker, freeze_broker)
        for _ in range(chance.randint(2, 9)):
            fault, node = chance.choice(kinds), chance.choice(self._stage.nodes)
            loop.at(
                chance.uniform(_FIRST_FAULT_S, _LAST_FAULT_S),
                partial(self._break, fault, node),
            )
        loop.at(_REPAIRED_S, self._repair_all)
        for second in range(int(_END_S)):
            loop.at(second + 0.5, self._look)
        loop.run_until(_END_S)
        self._oracle.judge_end(self._stage.nodes, self._stage.broker)

    def outcome(self) -> Outcome:
        nodes, cameras = self._stage.nodes, self._stage.cameras
        return Outcome(
            self._seed,
            f"RabbitMQ {self._rules.version}, {len(nodes)} nodes, {len(cameras)} cameras",
            tuple(self._faults),
            tuple(self._oracle.violations),
        )

    def _break(self, fault: Fault, node: SimulatedNode) -> None:
        length_s = self._stage.chance.choice((0.5, 3.0, 12.0, 38.0))
        name = getattr(fault, "__name__", "")
        self._faults.append(f"{self._loop.now:.1f} s: {name} on {node.name} for {length_s} s")
        self._oracle.disturbed()
        repair = fault(self._stage, node)

        def repaired() -> None:
            self._oracle.disturbed()
            repair()
            for each in self._stage.nodes:
                self._oracle.reached(each)

        self._loop.after(length_s, repaired)

    def _repair_all(self) -> None:
        self._oracle.disturbed()
        for node in self._stage.nodes:
            node.start()

    def _look(self) -> None:
        self._stage.broker.look()
        self._oracle.look(self._stage.nodes, self._stage.broker)


def _policy(chance: random.Random) -> LeasePolicy:
    return LeasePolicy(
        handover=chance.choice((Handover.MAKE_BEFORE_BREAK, Handover.BREAK_BEFORE_MAKE)),
        uncertain=chance.choice((Uncertain.KEEP, Uncertain.STOP)),
    )
