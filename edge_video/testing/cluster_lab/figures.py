"""Measures in a history what a fault cost: how long a camera took to move, what came twice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from edge_video.testing.cluster_lab.faults import FAULTS
from edge_video.testing.cluster_lab.history import accepted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.testing.cluster_lab.history import Arrival, Disturbance, History

_FPS_FRAMES: Final = 20
"""The time from one frame to the next is the median of so many."""
_TOLERANCE: Final = 0.75
"""Of a frame: a machine that is busy captures them a little apart."""
_BEFORE_S: Final = 3.0
"""So long before a fault it is looked at whether the machine keeps up."""
_KEEPS_UP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Handover:
    """A camera that moved.

    Attributes:
        camera: which one.
        before: the last frame of the old owner until then.
        after: the first frame of the new one.
        doubled_s: for how long the old one published on.
        late: its frames from then on, which every consumer recognises by their epoch.
    """

    camera: str
    before: Arrival
    after: Arrival
    doubled_s: float
    late: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one fault cost.

    Attributes:
        fault: its name.
        took_s: of each camera that moved away from where it was struck.
        gap_s: the longest time without a frame, of any camera.
        doubled_s: the longest time that two nodes published one camera.
        late: frames that came with a lower epoch than another before.
        missing: frames that nobody captured while a camera moved.
        machine_s: how late the machine itself was meanwhile, as cameras have it that the fault did
            not touch; None: it touched all.
    """

    fault: str
    took_s: tuple[float, ...]
    gap_s: float
    doubled_s: float
    late: int
    missing: int
    machine_s: float | None = None

    @property
    def is_the_machines(self) -> bool:
        """Whether the machine had no CPU for the lab: what was measured is not the fault's cost."""
        return self.machine_s is not None and self.machine_s > _KEEPS_UP_S


def figures_of(history: History, disturbance: Disturbance) -> Figures:
    """Return what a fault cost."""
    moved = handovers(history, disturbance)
    return Figures(
        fault=disturbance.fault,
        took_s=tuple(each.after.at_s - each.before.at_s for each in moved),
        gap_s=max(
            (_longest_gap(history.by_camera[each], disturbance) for each in history.end.cameras),
            default=0.0,
        ),
        doubled_s=max((each.doubled_s for each in moved), default=0.0),
        late=sum(each.late for each in moved),
        missing=sum(_missing(history.by_camera[each.camera], each) for each in moved),
        machine_s=_machine_s(history, disturbance),
    )


def _machine_s(history: History, disturbance: Disturbance) -> float | None:
    """The longest time without a frame, and until one arrived, of nodes that nothing struck."""
    if FAULTS[disturbance.fault].strikes != "node":
        return None
    late_s: list[float] = []
    for camera in history.end.cameras:
        meanwhile = [
            each
            for each in accepted(history.by_camera[camera])
            if disturbance.began_s - _BEFORE_S <= each.at_s <= disturbance.ended_s
        ]
        if any(each.node in disturbance.nodes for each in meanwhile):
            continue
        late_s += [each.at_s - each.captured_s for each in meanwhile]
        late_s += [after.at_s - before.at_s for before, after in pairwise(meanwhile)]
    return max(late_s, default=None)


def frames_missing(history: History, disturbance: Disturbance) -> int:
    """Return how many frames nobody captured while cameras moved."""
    moved = handovers(history, disturbance)
    return sum(_missing(history.by_camera[each.camera], each) for each in moved)


def handovers(history: History, disturbance: Disturbance) -> list[Handover]:
    """Return the cameras that moved between the fault and its repair, from where it struck.

    Of a fault that struck no node, all that moved.
    """
    found = [
        _handover(camera, history.by_camera[camera], disturbance) for camera in history.end.cameras
    ]
    return [each for each in found if each is not None]


def _handover(
    camera: str, arrivals: Sequence[Arrival], disturbance: Disturbance
) -> Handover | None:
    kept = accepted(arrivals)
    before = [each for each in kept if each.at_s <= disturbance.began_s]
    if not before:
        return None
    owner = before[-1].node
    if disturbance.nodes and owner not in disturbance.nodes:
        return None
    until_s = _over_s(disturbance)
    after = next(
        (
            each
            for each in kept
            if disturbance.began_s < each.at_s <= until_s and each.node != owner
        ),
        None,
    )
    if after is None:
        return None
    old = [each for each in arrivals if each.node == owner]
    late = [each for each in old if each.at_s > after.at_s and each.epoch < after.epoch]
    last = max((each for each in old if each.at_s <= after.at_s), key=lambda each: each.at_s)
    doubled_s = max((each.published_s - after.published_s for each in late), default=0.0)
    return Handover(camera, last, after, max(0.0, doubled_s), len(late))


def _over_s(disturbance: Disturbance) -> float:
    """Until when what moves does so because of it."""
    if disturbance.settled_s is None:
        return disturbance.ended_s
    return max(disturbance.settled_s, disturbance.ended_s)


def _longest_gap(arrivals: Sequence[Arrival], disturbance: Disturbance) -> float:
    times = [each.at_s for each in accepted(arrivals)]
    until_s = _over_s(disturbance)
    return max(
        (
            after_s - before_s
            for before_s, after_s in pairwise(times)
            if after_s >= disturbance.began_s and before_s <= until_s
        ),
        default=0.0,
    )


def _missing(arrivals: Sequence[Arrival], moved: Handover) -> int:
    """Frames that fit between the old owner's last, late ones included, and the new one's first."""
    old = [
        each.captured_s
        for each in arrivals
        if each.node == moved.before.node and each.epoch == moved.before.epoch
    ]
    spaces = sorted(after - before for before, after in pairwise(sorted(old)[-_FPS_FRAMES:]))
    if not spaces or not spaces[len(spaces) // 2]:
        return 0
    space_s = spaces[len(spaces) // 2]
    return max(0, int((moved.after.captured_s - max(old)) / space_s - _TOLERANCE))
