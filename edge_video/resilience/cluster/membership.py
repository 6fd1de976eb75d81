"""Knows which nodes live, by what they announce, and how long that has been so.

The other nodes' announcements are all that a node knows of them. Not thread-safe: one thread, or
one actor, has it. Time is an argument (monotonic seconds).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster.ranking import Candidate, rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_video.resilience.cluster.terms import Holder

ANNOUNCE_S: Final = 2.0
"""Between two announcements of a node."""
SILENT_S: Final = 7.0
"""So long after its last announcement a node is regarded as gone: three and a half of them."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A camera that a node captures: with which epoch, and whether frames flow."""

    epoch: int
    is_streaming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a node tells all others every two seconds, and when something changes.

    Attributes:
        holder: who tells it.
        capacity: its weight in the ranking.
        limit: at most so many cameras; None: no limit.
        cameras: the cameras of its configuration, each with a hash of its definition.
        owned: those that it captures.
        waiting: those in whose line it stands.
        unreachable: those that it cannot reach while others might.
        is_leaving: it gives everything away and takes nothing.
        is_last: it has ended; it is not waited for.
    """

    holder: Holder
    capacity: float = 1.0
    limit: int | None = None
    cameras: Mapping[str, str] = field(default_factory=dict)
    owned: Mapping[str, Owned] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    unreachable: frozenset[str] = frozenset()
    is_leaving: bool = False
    is_last: bool = False


class Membership:
    """The nodes that are heard, and the ranking that follows from it."""

    def __init__(self, holder: Holder, now_s: float) -> None:
        self._holder = holder
        self._heard: dict[Holder, tuple[Announcement, Candidate, float]] = {}
        self._own = Announcement(holder=holder)
        self._candidates: frozenset[Candidate] | None = None
        self._ranks: Mapping[str, Sequence[str]] = {}
        self._is_ranked = False
        self._stable_since_s = now_s

    @property
    def ranks(self) -> Mapping[str, Sequence[str]]:
        """For each camera the names of its candidates, the best first."""
        return self._ranks

    @property
    def stable_since_s(self) -> float:
        """Since when the ranking has been as it is."""
        return self._stable_since_s

    @property
    def others(self) -> tuple[Announcement, ...]:
        """The last announcement of each other node that lives."""
        return tuple(each for each, _, _ in self._heard.values())

    def on_announcement(self, announcement: Announcement, now_s: float) -> None:
        """Take note of another node's announcement; one's own is ignored."""
        holder = announcement.holder
        if holder == self._holder:
            return
        if announcement.is_last:
            self._heard.pop(holder, None)
        else:
            self._heard[holder] = (announcement, _candidate(announcement), now_s)

    def lost_sight(self) -> None:
        """Forget everybody: without a connection silence says nothing."""
        self._heard.clear()

    def rank_anew(self) -> None:
        """Let the next update tell the ranking, changed or not."""
        self._is_ranked = False

    def has_heir(self, camera: str) -> bool:
        """Return whether another node that is heard would capture the camera."""
        return any(camera in each.cameras and not each.is_leaving for each in self.others)

    def update(self, own: Announcement, now_s: float) -> bool:
        """Rank anew where something has changed; return whether the ranking is to be told."""
        self._own = own
        silent = [each for each, (_, _, at) in self._heard.items() if now_s - at >= SILENT_S]
        for holder in silent:
            del self._heard[holder]
        heard = ((each, candidate) for each, candidate, _ in self._heard.values())
        candidates = frozenset(
            candidate for each, candidate in ((own, _candidate(own)), *heard) if not each.is_leaving
        )
        was_ranked, self._is_ranked = self._is_ranked, True
        if candidates == self._candidates:
            return not was_ranked
        self._candidates = candidates
        self._ranks = rank(_one_per_name(candidates))
        self._stable_since_s = now_s
        return True

    def differing(self) -> Mapping[str, tuple[str, ...]]:
        """Return the cameras that other nodes define otherwise, each with those nodes' names."""
        found: dict[str, tuple[str, ...]] = {}
        for other in sorted(self.others, key=lambda each: each.holder):
            for camera, definition in other.cameras.items():
                if self._own.cameras.get(camera, definition) != definition:
                    found[camera] = (*found.get(camera, ()), other.holder.node)
        return found

    def best_is_waiting(self, camera: str) -> bool:
        """Return whether the best node for a camera stands in its line, as was last heard."""
        names = self._ranks.get(camera, ())
        return any(
            each.holder.node == names[0] and camera in each.waiting
            for each, _, _ in self._heard.values()
            if names
        )

    def namesakes(self) -> int:
        """Return how many other programs that are heard bear this node's name."""
        return sum(holder.node == self._holder.node for holder in self._heard)


def _candidate(announcement: Announcement) -> Candidate:
    return Candidate(
        announcement.holder.node,
        announcement.capacity,
        announcement.limit,
        frozenset(announcement.cameras),
        announcement.unreachable,
    )


def _one_per_name(candidates: frozenset[Candidate]) -> list[Candidate]:
    """Two programs may bear one name for a while, a restart being quicker than the silence."""
    names: dict[str, Candidate] = {}
    for each in sorted(candidates, key=lambda each: (each.node, sorted(each.cameras), repr(each))):
        names.setdefault(each.node, each)
    return [names[name] for name in sorted(names)]
