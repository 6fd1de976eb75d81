"""Watches a simulated cluster and says which rule it breaks.

| rule | what must hold |
|---|---|
| captured | after a quiet minute a camera in reach streams; a planned move leaves no gap |
| no needless stop | nobody stops a camera without a higher epoch, an order, or `uncertain: stop` |
| one publisher | of nodes that reach the broker two publish a camera for 5 s at most, three never |
| uncertain | `uncertain: stop` ends a capture 30 s after its lease can last have been proven |
| rising | an epoch is used once; nobody publishes with a lower one for 12 s |
| renewed | no message is held longer than two renewals |
| tokens | in the end each queue has one or two |
| slow moves | without a fault a camera moves at most once a minute |
| balanced | in the end equal nodes capture equally many cameras, or one more |
| told | in the end each node names those that know a camera otherwise, and no other |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster import Handover, Uncertain
from edge_video.resilience.cluster.terms import StopReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_video.resilience.cluster import LeasePolicy
    from edge_video.testing.lease_model.broker import Broker
    from edge_video.testing.lease_model.loop import EventLoop
    from edge_video.testing.lease_model.node import SimulatedNode

QUIET_S: Final = 60.0
OVERLAP_S: Final = 5.0
_SETTLED_S: Final = 5.0
_STALE_S: Final = 17.0
"""A claimant may fall silent before it is heard; the broker notices that after up to 15 s, and only
the next one's epoch is announced."""
_BREAK_S: Final = 6.0
_MOVE_S: Final = 60.0
_MAX_TOKENS: Final = 2
_MAX_PUBLISHERS: Final = 2


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, when and how."""

    at_s: float
    rule: str
    text: str

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.at_s:.1f} s: {self.rule}: {self.text}"


class Oracle:
    """What is known of a simulated cluster from outside; a look at it each second."""

    def __init__(self, loop: EventLoop, policies: Mapping[str, LeasePolicy]) -> None:
        self.violations: list[Violation] = []
        self._loop = loop
        self._policies = policies
        self._disturbed_s = 0.0
        self._highest: dict[str, tuple[int, str]] = {}
        self._used: set[tuple[str, int]] = set()
        self._stale_since_s: dict[str, float] = {}
        self._moved_s: dict[str, float] = {}
        self._good_since_s: dict[str, float] = {}
        self._bad_since_s: dict[str, float] = {}
        self._overlap_since_s: dict[str, float] = {}
        self._gap_since_s: dict[str, float] = {}

    def disturbed(self) -> None:
        """Take note that something was broken, or repaired."""
        self._disturbed_s = self._loop.now

    def reached(self, node: SimulatedNode) -> None:
        """Take note that a node reaches the majority of the broker, be it for a moment."""
        if node.is_good:
            self._good_since_s.setdefault(node.name, self._loop.now)
            self._bad_since_s.pop(node.name, None)

    def epoch_used(self, camera: str, node: str, epoch: int) -> None:
        """Take note that a node begins to capture with an epoch."""
        highest, owner = self._highest.get(camera, (0, ""))
        if (camera, epoch) in self._used:
            self._violated("rising", f"{camera}: {epoch} on {node} was used before")
        self._used.add((camera, epoch))
        if epoch < highest:  # a program that stood still may begin late; see `_judge_epoch`
            return
        self._highest[camera] = (epoch, node)
        if node == owner:
            return
        if self._is_quiet() and self._loop.now - self._moved_s.get(camera, -_MOVE_S) < _MOVE_S:
            self._violated("slow moves", f"{camera}: from {owner} to {node}")
        self._moved_s[camera] = self._loop.now

    def stopped(self, node: SimulatedNode, camera: str, reason: StopReason) -> None:
        """Take note that a node ends a capture."""
        policy = self._policies[camera]
        is_order = reason is StopReason.RELEASED and (
            node.is_leaving or policy.handover is Handover.BREAK_BEFORE_MAKE
        )
        is_uncertain = reason is StopReason.UNCERTAIN and policy.uncertain is Uncertain.STOP
        if not (is_order or is_uncertain or self._highest[camera][0] > node.captures.epoch(camera)):
            self._violated("no needless stop", f"{camera} on {node.name}: {reason}")

    def look(self, nodes: Sequence[SimulatedNode], broker: Broker) -> None:
        """Judge the present second."""
        self._note_reach(nodes)
        for camera in self._policies:
            publishers = [each for each in nodes if each.captures.streams(camera)]
            self._judge_overlap(camera, publishers)
            self._judge_gap(camera, publishers, nodes)
            self._judge_uncertain(camera, nodes)
            self._judge_held(camera, broker)
            self._judge_epoch(camera, nodes)

    def judge_end(self, nodes: Sequence[SimulatedNode], broker: Broker) -> None:
        """Judge how it stands after a long quiet time."""
        loads = [sum(map(each.captures.streams, self._policies)) for each in nodes]
        if max(loads) - min(loads) > 1:
            self._violated("balanced", f"{loads}")
        for camera, queue in broker.queues.items():
            if not 1 <= queue.tokens <= _MAX_TOKENS:
                self._violated("tokens", f"{camera} has {queue.tokens}")
        self._judge_told(nodes)

    # --- the rules --------------------------------------------------------------------------

    def _judge_told(self, nodes: Sequence[SimulatedNode]) -> None:
        for node in nodes:
            found = {} if node.member is None else node.member.membership.differing()
            for camera in self._policies:
                mine = node.terms[camera]
                others = [each.name for each in nodes if each.terms[camera] != mine]
                if sorted(found.get(camera, ())) != sorted(others):
                    self._violated("told", f"{camera} on {node.name}: {found.get(camera)}")

    def _note_reach(self, nodes: Sequence[SimulatedNode]) -> None:
        for node in nodes:
            if node.is_good:
                self.reached(node)
                continue
            self._good_since_s.pop(node.name, None)
            if node.process.is_paused:  # it cannot know yet
                self._bad_since_s[node.name] = self._loop.now
            self._bad_since_s.setdefault(node.name, self._loop.now)

    def _judge_overlap(self, camera: str, publishers: Sequence[SimulatedNode]) -> None:
        settled = [
            each for each in publishers if self._lasts(self._good_since_s, each.name, _SETTLED_S)
        ]
        if len(settled) > _MAX_PUBLISHERS:
            self._violated("one publisher", f"{camera}: {[each.name for each in settled]}")
        if self._holds_for(self._overlap_since_s, camera, OVERLAP_S, holds=len(settled) > 1):
            self._violated("one publisher", f"{camera}: {[each.name for each in settled]}")

    def _judge_epoch(self, camera: str, nodes: Sequence[SimulatedNode]) -> None:
        for node in nodes:
            is_stale = (
                node.captures.streams(camera)
                and node.captures.epoch(camera) < self._highest[camera][0]
                and self._lasts(self._good_since_s, node.name, _SETTLED_S)
            )
            key = f"{camera} on {node.name}"
            if self._holds_for(self._stale_since_s, key, _STALE_S, holds=is_stale):
                self._violated("rising", f"{key} publishes with a lower epoch")

    def _judge_gap(
        self, camera: str, publishers: Sequence[SimulatedNode], nodes: Sequence[SimulatedNode]
    ) -> None:
        able = [each for each in nodes if each.is_good and not each.is_leaving]
        is_reachable = bool(able) and all(camera not in each.captures.out_of_reach for each in able)
        is_gap = self._is_quiet() and is_reachable and not publishers
        allowed_s = 0.0
        if self._policies[camera].handover is Handover.BREAK_BEFORE_MAKE:
            allowed_s = _BREAK_S
        if self._holds_for(self._gap_since_s, camera, allowed_s, holds=is_gap):
            self._violated("captured", f"{camera} streams nowhere")

    def _judge_uncertain(self, camera: str, nodes: Sequence[SimulatedNode]) -> None:
        policy = self._policies[camera]
        if policy.uncertain is not Uncertain.STOP:
            return
        limit_s = policy.renew_s + 2 * policy.answer_s + policy.uncertain_stop_s + 2.0
        limit_s += policy.renew_s  # a renewal that is lost may be followed by a last answer
        for node in nodes:
            is_late = self._lasts(self._bad_since_s, node.name, limit_s)
            if is_late and not node.process.is_paused and node.captures.streams(camera):
                self._violated("uncertain", f"{camera} on {node.name} goes on")

    def _judge_held(self, camera: str, broker: Broker) -> None:
        oldest = broker.queues[camera].oldest_held()
        if oldest is None:
            return
        number, since_s = oldest
        connection = broker.connection(number)
        limit_s = 2 * self._policies[camera].renew_s + 5.0
        if connection is None or self._loop.now - since_s < limit_s:
            return
        if connection.is_frozen and connection is not connection.node.connection:
            return  # its broker node stands still, and cannot take the token back
        if self._lasts(self._good_since_s, connection.node.name, limit_s):
            self._violated("renewed", f"{camera}: held since {since_s:.0f} s")

    # --- steps ------------------------------------------------------------------------------

    def _is_quiet(self) -> bool:
        return self._loop.now - self._disturbed_s >= QUIET_S

    def _lasts(self, since: Mapping[str, float], name: str, length_s: float) -> bool:
        return name in since and self._loop.now - since[name] >= length_s

    def _holds_for(
        self, since: dict[str, float], name: str, length_s: float, *, holds: bool
    ) -> bool:
        if not holds:
            since.pop(name, None)
            return False
        return self._loop.now - since.setdefault(name, self._loop.now) >= length_s

    def _violated(self, rule: str, text: str) -> None:
        self.violations.append(Violation(self._loop.now, rule, text))
