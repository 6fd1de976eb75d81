"""Judges a history: which rules of nodes that share cameras were broken, and how.

| rule | what must hold |
|---|---|
| captured | no camera is without a frame for longer than what was broken allows |
| one publisher | two nodes publish a camera for 5 s at most, three never |
| rising | an epoch is one node's; nobody's goes down; lower ones end 5 s after a higher one |
| accounted | each node's sums of frames are right at its end |
| tokens | the queue of each camera has one or two at rest |
| renewed | every lease is proven anew: its queue's Raft commits something |
| slow moves | without a fault a camera moves at most once a minute |
| balanced | long after the last fault nodes capture equally many cameras, or one more |
| no needless stop | a node that remains the owner goes on with the same stream |
| settled | after each fault every camera finds an owner, and somebody who waits |
| nothing missing | a planned move leaves out no frame |
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from edge_video.testing.cluster_lab.figures import frames_missing
from edge_video.testing.cluster_lab.history import accepted
from edge_video.testing.cluster_lab.limits import LIMITS, OVERLAP_S, QUIET_GAP_S, SETTLE_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edge_video.testing.cluster_lab.history import Arrival, Disturbance, History, QueueLook

_STREAM_S: Final = 1.5
"""Frames of one node that follow each other within so long are one stretch of publishing."""
_MOVE_S: Final = 60.0
_BALANCE_S: Final = 150.0
"""So long after the last fault: the ranking has stood for 30 s, each camera been kept for 60 s."""
_RECENT_S: Final = 6.0
_RENEWALS_S: Final = 25.0
_MAX_TOKENS: Final = 2
_BLIP_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, when and how."""

    at_s: float
    rule: str
    text: str

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.at_s:.1f} s: {self.rule}: {self.text}"


def violations(history: History) -> list[Violation]:
    """Return what was broken, in order of time."""
    found = [
        *_unsettled(history),
        *_unaccounted(history),
        *_badly_queued(history),
        *_unbalanced(history),
        *_missing(history),
    ]
    for camera in history.end.cameras:
        arrivals = history.by_camera[camera]
        found += _gaps(camera, arrivals, history)
        found += _overlaps(camera, arrivals, history)
        found += _shared_epochs(camera, arrivals)
        found += _falling_epochs(camera, arrivals)
        found += _late_epochs(camera, arrivals, history)
        found += _moves(camera, arrivals, history)
        found += _needless_stops(camera, arrivals, history)
    return sorted(found, key=lambda each: each.at_s)


# --- per camera -----------------------------------------------------------------------------


def _gaps(camera: str, arrivals: Sequence[Arrival], history: History) -> Iterator[Violation]:
    times = [each.at_s for each in accepted(arrivals)]
    if not times:
        yield Violation(history.end.at_s, "captured", f"{camera}: no frame at all")
        return
    for before_s, after_s in pairwise([*times, history.end.at_s]):
        struck = _during(history, before_s, after_s)
        allowed_s = max([LIMITS[each.fault].gap_s for each in struck], default=QUIET_GAP_S)
        if after_s - before_s > allowed_s:
            names = ", ".join(each.fault for each in struck) or "nothing broken"
            yield Violation(
                before_s, "captured", f"{camera}: none for {after_s - before_s:.1f} s ({names})"
            )


def _overlaps(camera: str, arrivals: Sequence[Arrival], history: History) -> Iterator[Violation]:
    stretches = publishing(arrivals)
    for (one, from_s, to_s), (other, since_s, until_s) in combinations(stretches, 2):
        begin_s, end_s = max(from_s, since_s), min(to_s, until_s)
        if one == other or end_s - begin_s <= OVERLAP_S:
            continue
        if not _could_not_know(history, {one, other}, end_s):
            text = f"{camera}: {one} and {other} for {end_s - begin_s:.1f} s"
            yield Violation(begin_s, "one publisher", text)
    for three in combinations(stretches, 3):
        begin_s = max(from_s for _, from_s, _ in three)
        end_s = min(to_s for _, _, to_s in three)
        nodes = sorted({node for node, _, _ in three})
        if len(nodes) == len(three) and end_s - begin_s > _BLIP_S:
            yield Violation(begin_s, "one publisher", f"{camera}: {' and '.join(nodes)}")


def publishing(arrivals: Iterable[Arrival]) -> list[tuple[str, float, float]]:
    """Return when which node published one camera: node, from, to."""
    stretches: list[tuple[str, float, float]] = []
    last: dict[str, int] = {}
    for each in sorted(arrivals, key=lambda each: each.published_s):
        place = last.get(each.node)
        if place is not None and each.published_s - stretches[place][2] <= _STREAM_S:
            stretches[place] = (each.node, stretches[place][1], each.published_s)
            continue
        last[each.node] = len(stretches)
        stretches.append((each.node, each.published_s, each.published_s))
    return stretches


def _shared_epochs(camera: str, arrivals: Sequence[Arrival]) -> Iterator[Violation]:
    owners: dict[int, str] = {}
    for each in arrivals:
        if each.epoch <= 0:
            yield Violation(each.at_s, "rising", f"{camera}: a frame of {each.node} has no epoch")
            return
        if owners.setdefault(each.epoch, each.node) != each.node:
            text = f"{camera}: {each.epoch} is {owners[each.epoch]}'s and {each.node}'s"
            yield Violation(each.at_s, "rising", text)


def _falling_epochs(camera: str, arrivals: Sequence[Arrival]) -> Iterator[Violation]:
    newest: dict[tuple[str, str], Arrival] = {}
    for each in arrivals:
        before = newest.setdefault((each.node, each.session), each)
        if each.seq < before.seq:
            continue
        newest[each.node, each.session] = each
        if each.epoch < before.epoch:
            text = f"{camera}: {each.node} went from {before.epoch} down to {each.epoch}"
            yield Violation(each.at_s, "rising", text)


def _late_epochs(camera: str, arrivals: Sequence[Arrival], history: History) -> Iterator[Violation]:
    highest, since_s = 0, 0.0
    for each in arrivals:
        if each.epoch > highest:
            highest, since_s = each.epoch, each.at_s
        late_s = each.published_s - since_s
        if each.epoch == highest or late_s <= OVERLAP_S:
            continue
        if not _could_not_know(history, {each.node}, each.published_s):
            text = f"{camera}: {each.node} publishes a lower epoch {late_s:.1f} s later"
            yield Violation(each.at_s, "rising", text)


def _moves(camera: str, arrivals: Sequence[Arrival], history: History) -> Iterator[Violation]:
    moved_s: float | None = None
    for before, after in pairwise(accepted(arrivals)):
        if before.node == after.node:
            continue
        is_quiet = not _during(history, after.at_s - _MOVE_S, after.at_s)
        if is_quiet and moved_s is not None and after.at_s - moved_s < _MOVE_S:
            text = f"{camera}: from {before.node} to {after.node}"
            yield Violation(after.at_s, "slow moves", text)
        moved_s = after.at_s


def _needless_stops(
    camera: str, arrivals: Sequence[Arrival], history: History
) -> Iterator[Violation]:
    for before, after in pairwise(accepted(arrivals)):
        if before.node != after.node or before.session == after.session:
            continue
        struck = _during(history, before.at_s, after.at_s)
        if not any(
            LIMITS[each.fault].ends_captures and after.node in each.nodes for each in struck
        ):
            text = f"{camera}: {after.node} began anew and nobody else had it"
            yield Violation(after.at_s, "no needless stop", text)


# --- as a whole -----------------------------------------------------------------------------


def _unsettled(history: History) -> Iterator[Violation]:
    for each in history.disturbances:
        if each.settled_s is None:
            yield Violation(each.ended_s, "settled", f"not after {each.fault}")


def _unaccounted(history: History) -> Iterator[Violation]:
    for each in history.accounts:
        for text in each.differences:
            yield Violation(each.at_s, "accounted", f"{each.node}: {text}")


def _badly_queued(history: History) -> Iterator[Violation]:
    last: dict[str, QueueLook] = {}
    for each in history.looks:
        if not 1 <= each.messages <= _MAX_TOKENS:
            yield Violation(each.at_s, "tokens", f"{each.camera} has {each.messages}")
        before = last.get(each.camera)
        if before is not None and each.at_s - before.at_s < _RENEWALS_S:
            continue
        last[each.camera] = each
        if before is not None and each.index <= before.index:
            text = f"{each.camera}: nothing for {each.at_s - before.at_s:.0f} s"
            yield Violation(each.at_s, "renewed", text)


def _unbalanced(history: History) -> Iterator[Violation]:
    end = history.end
    settled_s = max((each.settled_s or end.at_s for each in history.disturbances), default=0.0)
    if not end.nodes or end.at_s - settled_s < _BALANCE_S:
        return
    owners = {
        each.camera: each.node for each in history.arrivals if each.at_s > end.at_s - _RECENT_S
    }
    loads = Counter(owners.values())
    counts = {node: loads[node] for node in end.nodes}
    if max(counts.values()) - min(counts.values()) > 1:
        yield Violation(end.at_s, "balanced", f"{counts}")


def _missing(history: History) -> Iterator[Violation]:
    for each in history.disturbances:
        count = frames_missing(history, each) if LIMITS[each.fault].loses_nothing else 0
        if count:
            yield Violation(each.began_s, "nothing missing", f"{each.fault}: {count} frames")


# --- steps ----------------------------------------------------------------------------------


def _during(history: History, from_s: float, to_s: float) -> list[Disturbance]:
    """What was broken, or not settled yet, at some time between."""
    return [
        each
        for each in history.disturbances
        if each.began_s <= to_s and from_s <= _over_s(each, history)
    ]


def _over_s(disturbance: Disturbance, history: History) -> float:
    if disturbance.settled_s is None:
        return history.end.at_s
    return max(disturbance.settled_s, disturbance.ended_s + SETTLE_S)


def _could_not_know(history: History, nodes: set[str], at_s: float) -> bool:
    """Whether one of the nodes could not know yet of an owner after it."""
    return any(
        (
            LIMITS[each.fault].has_outage  # nobody hears anybody
            or (LIMITS[each.fault].is_node_cut_off and bool(nodes & set(each.nodes)))
        )
        and each.began_s <= at_s <= each.ended_s + SETTLE_S
        for each in history.disturbances
    )
