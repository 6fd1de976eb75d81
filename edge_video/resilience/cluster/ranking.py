"""Ranks the nodes for each camera: every node computes the same from what is announced.

First each node gets its share of the cameras, by weight (Sainte-Laguë's divisors: with equal
weights shares differ by at most one). Then, in the order of a hash, each camera gets the node that
it scores highest (weighted rendezvous hashing) among those whose share is not used up. The other
nodes follow by score. Nothing here depends on who captures what at present, so taking a camera
moves no other one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node as the ranking sees it.

    Attributes:
        node: its name.
        capacity: its weight, above 0.
        limit: how many cameras it takes at most; None: no limit. Where the limits of all nodes
            leave cameras over, they are not kept: a camera is captured somewhere.
        cameras: those that it has a configuration of.
        unreachable: those that it cannot reach. Of nodes that all cannot, none is put back.
    """

    node: str
    capacity: float = 1.0
    limit: int | None = None
    cameras: frozenset[str] = frozenset()
    unreachable: frozenset[str] = frozenset()


def draw(*parts: str) -> float:
    """Return a number in (0, 1) that is always the same for the same texts."""
    digest = blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / 2.0**64


def score(camera: str, candidate: Candidate) -> float:
    """Return the weighted rendezvous score of a node for a camera; the highest is the best."""
    return -candidate.capacity / math.log(draw(camera, candidate.node))


def rank(candidates: Collection[Candidate]) -> Mapping[str, Sequence[str]]:
    """Return for each camera the names of its candidates, the best first."""
    cameras = {camera for each in candidates for camera in each.cameras}
    left = _shares(len(cameras), candidates)
    ranks: dict[str, Sequence[str]] = {}
    for camera in sorted(cameras, key=lambda each: (draw(each), each)):
        names = _by_score(camera, candidates)
        best = next((name for name in names if left[name] > 0), names[0])
        left[best] -= 1
        ranks[camera] = (best, *(name for name in names if name != best))
    return ranks


def _by_score(camera: str, candidates: Collection[Candidate]) -> list[str]:
    able = [each for each in candidates if camera in each.cameras]
    if not all(camera in each.unreachable for each in able):
        able = [each for each in able if camera not in each.unreachable]
    able.sort(key=lambda each: (-score(camera, each), each.node))
    return [each.node for each in able]


def _shares(cameras: int, candidates: Collection[Candidate]) -> dict[str, int]:
    shares = {each.node: 0 for each in candidates}
    for _ in range(cameras):
        open_ = [
            each for each in candidates if each.limit is None or shares[each.node] < each.limit
        ]
        best = max(
            open_ or candidates,
            key=lambda each: (each.capacity / (2 * shares[each.node] + 1), draw(each.node)),
        )
        shares[best.node] += 1
    return shares
