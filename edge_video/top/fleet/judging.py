"""Judges nodes: what is wrong with each, which is worst, and what all of them amount to. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.runtime.units import ns_to_s
from edge_video.status.health import RESTING, CameraHealth, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge_video.top.fleet.model import Fleet, KnownCamera, KnownNode


class NodeState(StrEnum):
    """How a node is, the worst first."""

    SILENT = "silent"
    """It has told nothing for longer than it promises."""
    TROUBLE = "trouble"
    WARN = "warn"
    PARTIAL = "partial"
    """Only what happened to it is known, not how it is."""
    LEFT = "left"
    """It has ended in order."""
    OK = "ok"


_RANKS: Final = {state: rank for rank, state in enumerate(NodeState)}
_CAMERA_RANKS: Final = {
    health.value: rank
    for rank, health in enumerate(
        (CameraHealth.TROUBLE, CameraHealth.SLOW, CameraHealth.STARTING, CameraHealth.PAUSED)
    )
}
_RESTING: Final = frozenset(each.value for each in RESTING)
_ILL: Final = frozenset({CameraHealth.TROUBLE.value, CameraHealth.SLOW.value})
_CLOCK_AHEAD_S: Final = 5.0
_CLOCK_BEHIND_S: Final = 90.0
"""A status may have waited for so long, and no longer: then the broker discards it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is to be said of a node: a key of the catalog, and what its text names."""

    key: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedNode:
    """A node, and what is to be said of it.

    Attributes:
        node: what is known.
        state: how it is.
        heard_ago_s: since anything of it was heard.
        health: how many of its cameras are so.
        fps: pictures a second of all its cameras together; None: not known.
        remarks: what is wrong, the gravest first.
    """

    node: KnownNode
    state: NodeState
    heard_ago_s: float
    health: Mapping[str, int]
    fps: float | None
    remarks: Sequence[Remark]

    @property
    def wanted(self) -> int:
        """How many cameras are meant to send now."""
        return sum(count for name, count in self.health.items() if name not in _RESTING)

    @property
    def good(self) -> int:
        """How many of them are well."""
        return self.health.get(CameraHealth.HEALTHY.value, 0)


@dataclass(frozen=True, slots=True)
class Totals:
    """What all nodes amount to; the cameras of silent ones are not counted as good.

    Attributes:
        states: how many nodes are so; every state is there.
        wanted: cameras that are meant to send now.
        good: those of them that are well, as far as is known.
        fps: pictures a second of the nodes that are heard.
    """

    states: Mapping[NodeState, int]
    wanted: int
    good: int
    fps: float

    @property
    def nodes(self) -> int:
        """How many are known."""
        return sum(self.states.values())

    @property
    def is_good(self) -> bool:
        """Whether there is a node, and nothing in any that is known needs attention."""
        bad = (NodeState.SILENT, NodeState.TROUBLE, NodeState.WARN)
        return self.nodes > 0 and not any(self.states[each] for each in bad)


def judge(fleet: Fleet, now_s: float) -> list[JudgedNode]:
    """Every node, the worst first."""
    judged = [judge_node(fleet, node, now_s) for node in fleet.nodes]
    return sorted(judged, key=_place)


def _place(judged: JudgedNode) -> tuple[int, int, str]:
    ill = sum(judged.health.get(each, 0) for each in _ILL)
    return _RANKS[judged.state], -ill, judged.node.name


def totals(judged: Iterable[JudgedNode]) -> Totals:
    """What all of them amount to."""
    every = list(judged)
    counted = Counter(each.state for each in every)
    heard = [each for each in every if each.state not in (NodeState.SILENT, NodeState.LEFT)]
    return Totals(
        states={state: counted[state] for state in NodeState},
        wanted=sum(each.wanted for each in every if each.state is not NodeState.LEFT),
        good=sum(each.good for each in heard),
        fps=sum(each.fps or 0.0 for each in heard),
    )


def judge_node(fleet: Fleet, node: KnownNode, now_s: float) -> JudgedNode:
    """One node."""
    health = health_of(node)
    grave, light = _grave(node, health, now_s), _light(node, health)
    has_left = node.shared is not None and node.shared.is_last
    if has_left:
        state, remarks = NodeState.LEFT, [Remark("left")]
    elif fleet.is_silent(node, now_s):
        state, remarks = NodeState.SILENT, [Remark("silent"), *grave, *light]
    elif node.status is None and node.shared is None:
        state = NodeState.TROUBLE if grave else NodeState.WARN if light else NodeState.PARTIAL
        remarks = [*grave, *light, Remark("partial")]
    else:
        state = NodeState.TROUBLE if grave else NodeState.WARN if light else NodeState.OK
        remarks = [*grave, *light, *_hints(node)]
    rates = [each.fps for each in node.cameras.values() if each.fps is not None]
    return JudgedNode(
        node,
        state,
        max(0.0, now_s - node.heard_s),
        health,
        sum(rates) if rates else None,
        remarks,
    )


def health_of(node: KnownNode) -> dict[str, int]:
    """How many cameras are so, those without a place of their own included."""
    counted = Counter(each.health for each in node.cameras.values())
    if node.status is not None and node.left_out:
        told = Counter(each.health for each in node.status.cameras)
        for name, count in node.status.health.items():
            counted[name] += max(0, count - told[name])
    return dict(counted)


def ill_cameras(node: KnownNode) -> list[KnownCamera]:
    """Its cameras that are ill or show what they should not, the worst first."""
    return [each for each in cameras_by_trouble(node) if each.health in _ILL or each.picture]


def cameras_by_trouble(node: KnownNode) -> list[KnownCamera]:
    """All of its cameras that are known, the worst first."""

    def place(camera: KnownCamera) -> tuple[int, bool]:
        return _CAMERA_RANKS.get(camera.health, len(_CAMERA_RANKS)), not camera.picture

    return sorted(node.cameras.values(), key=place)


def clock_off_s(node: KnownNode) -> float | None:
    """How far its clock is ahead of this machine's, as far as that can be told; None: not far."""
    if node.told is None:
        return None
    off_s = ns_to_s(node.told.node_ns - node.told.at_ns)
    return off_s if off_s > _CLOCK_AHEAD_S or off_s < -_CLOCK_BEHIND_S else None


def _grave(node: KnownNode, health: Mapping[str, int], now_s: float) -> list[Remark]:
    remarks = []
    if node.is_twice(now_s):
        remarks.append(Remark("twice"))
    if node.status is not None and node.status.delivery.state in (
        Delivery.BLOCKED,
        Delivery.LOST,
    ):
        remarks.append(Remark("delivery", {"reason": node.status.delivery.reason}))
    if count := health.get(CameraHealth.TROUBLE.value, 0):
        remarks.append(Remark("cameras", {"count": count}))
    if node.alarms.memory_level in ("critical", "emergency"):
        remarks.append(Remark("memory", {"level": node.alarms.memory_level.upper()}))
    return remarks


def _light(node: KnownNode, health: Mapping[str, int]) -> list[Remark]:
    remarks = []
    if count := health.get(CameraHealth.SLOW.value, 0):
        remarks.append(Remark("slow", {"count": count}))
    if count := sum(bool(each.picture) for each in node.cameras.values()):
        remarks.append(Remark("pictures", {"count": count}))
    if node.alarms.memory_level == "warning":
        remarks.append(Remark("memory", {"level": "WARNING"}))
    if node.alarms.is_cpu_short:
        remarks.append(Remark("cpu"))
    if node.alarms.refused:
        remarks.append(Remark("refused", {"reason": node.alarms.refused}))
    off_s = clock_off_s(node)
    if off_s is not None:
        remarks.append(Remark("ahead" if off_s > 0 else "behind", {"seconds": abs(off_s)}))
    return remarks


def _hints(node: KnownNode) -> list[Remark]:
    """What is no trouble, and worth a word."""
    remarks = []
    if node.shared is not None and node.shared.is_leaving:
        remarks.append(Remark("leaving"))
    if node.shared is not None and node.shared.unreachable:
        remarks.append(Remark("unreachable", {"count": node.shared.unreachable}))
    status = node.status
    if status is None:
        remarks.append(Remark("partial"))
    elif status.delivery.dropped_5m:
        remarks.append(Remark("dropped", {"count": status.delivery.dropped_5m}))
    if status is not None and status.config is not None and status.config.file_differs:
        remarks.append(Remark("differs"))
    return remarks
