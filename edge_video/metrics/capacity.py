"""Reckons how many cameras a machine takes, from what some of them were measured to cost. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CPU_SHARE: Final = 0.75
"""Of the cores: a scene that moves, noise at night and FFmpegs that begin anew take more."""
MEMORY_SHARE: Final = 0.8
UPLINK_SHARE: Final = 0.8
"""Pictures of a busy scene are larger, and after an outage some wait."""
PROGRAM_MS_PER_FRAME: Final = 0.5
"""CPU of this program for one frame, as docs/performance.md has it for a few cameras."""
PROGRAM_BYTES: Final = 60 * 2**20
PROGRAM_BYTES_PER_CAMERA: Final = 2**20


class Resource(StrEnum):
    """What cameras need of a machine."""

    CPU = "cpu"
    MEMORY = "memory"
    UPLINK = "uplink"


@dataclass(frozen=True, slots=True)
class CameraCost:
    """What one camera was measured to cost; None where that was not to be measured.

    Attributes:
        cpu_percent: of one core, by its FFmpegs.
        private_bytes: memory of its FFmpegs that they share with nobody.
        shared_bytes: memory that they share with their like.
        frames_per_s: that it published, or would have.
        bytes_per_s: of these frames.
    """

    cpu_percent: float | None
    private_bytes: int | None
    shared_bytes: int | None
    frames_per_s: float
    bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Room:
    """What there is for cameras.

    Attributes:
        cores: that this process may use; less than one under a small quota.
        others_cores: of these, what other programs use at the moment.
        free_bytes: memory that programs can still have; None where the machine does not say.
        uplink_bytes_per_s: to the broker; None where nobody has said it.
    """

    cores: float
    others_cores: float
    free_bytes: int | None
    uplink_bytes_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many cameras such as the measured ones a machine takes.

    Attributes:
        by: of each resource that is known, how many it is enough for.
    """

    by: Mapping[Resource, int]

    @property
    def cameras(self) -> int | None:
        """How many all resources are enough for; None when nothing is known."""
        return min(self.by.values(), default=None)

    @property
    def scarcest(self) -> Resource | None:
        """The resource that is used up first."""
        return min(self.by, key=lambda each: self.by[each], default=None)


def capacity(costs: Sequence[CameraCost], room: Room) -> Capacity:
    """Reckon it from the mean of the measured cameras; what is unknown of one is not reckoned."""
    by: dict[Resource, int] = {}
    cpu = _mean([each.cpu_percent for each in costs])
    frames = _mean([each.frames_per_s for each in costs])
    if cpu is not None and frames is not None:
        each_cores = cpu / 100 + frames * PROGRAM_MS_PER_FRAME / 1000
        free_cores = CPU_SHARE * room.cores - room.others_cores
        by |= _fit(Resource.CPU, free_cores, each_cores)
    private = _mean([each.private_bytes for each in costs])
    shared = max((each.shared_bytes or 0 for each in costs), default=0)
    if private is not None and room.free_bytes is not None:
        free = MEMORY_SHARE * room.free_bytes - PROGRAM_BYTES - shared
        by |= _fit(Resource.MEMORY, free, private + PROGRAM_BYTES_PER_CAMERA)
    sent = _mean([each.bytes_per_s for each in costs])
    if sent is not None and room.uplink_bytes_per_s is not None:
        by |= _fit(Resource.UPLINK, UPLINK_SHARE * room.uplink_bytes_per_s, sent)
    return Capacity(by)


def _fit(resource: Resource, free: float, each: float) -> dict[Resource, int]:
    return {resource: max(0, math.floor(free / each))} if each > 0 else {}


def _mean(figures: Sequence[float | None]) -> float | None:
    known = [each for each in figures if each is not None]
    return sum(known) / len(known) if known and len(known) == len(figures) else None
