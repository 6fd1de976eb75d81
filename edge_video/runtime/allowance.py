"""Tells how much CPU and memory the control groups of this process let it have.

Both versions of control groups are read: many a container's host still has the first one.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNLIMITED_BYTES: Final = 2**60
"""From here on a limit of the first version's is none: it writes the largest number it has."""


@dataclass(frozen=True, slots=True)
class GroupPlaces:
    """Where the kernel says it; tests bring files of their own.

    Attributes:
        membership: the control groups of this process.
        groups: where they are mounted.
    """

    membership: Path = Path("/proc/self/cgroup")
    groups: Path = Path("/sys/fs/cgroup")


def usable_cores(places: GroupPlaces | None = None) -> float:
    """How many cores this process may use, or a fraction of one; at least a hundredth.

    The least of what the machine has, what the process is bound to (`taskset`, `cpuset`) and the
    quotas of its control groups (`docker run --cpus`, `CPUQuota=`).
    """
    cores, quota = bound_cores(), cpu_quota(places)
    return max(0.01, cores if quota is None else min(cores, quota))


def bound_cores() -> float:
    """How many cores this process may run on (`taskset`, `cpuset`), quotas apart."""
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    return float(cores)


def cpu_quota(places: GroupPlaces | None = None) -> float | None:
    """The quota of CPU, in cores; None where nothing limits it."""
    places = places or GroupPlaces()
    found = [_quota_of(group) for group in _groups("cpu", places)]
    return min((each for each in found if each is not None), default=None)


def memory_room(places: GroupPlaces | None = None) -> int | None:
    """How many bytes the control groups leave; None where nothing limits memory.

    What the kernel can take back at once, pages of files that nobody uses, counts as free.
    """
    places = places or GroupPlaces()
    found = [_memory_room_of(group) for group in _groups("memory", places)]
    return min((each for each in found if each is not None), default=None)


def _groups(controller: str, places: GroupPlaces) -> Iterator[Path]:
    """Yield the directories of the control groups of this process, its own ones first.

    A container may see no more than its own group as the root of all, and its path as the host
    knows it: what is not there is passed over.
    """
    try:
        lines = places.membership.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not number.isdigit() or (controllers and controller not in controllers.split(",")):
            continue
        root = places.groups / controller if controllers else places.groups
        group = root / path.lstrip("/")
        while group.is_relative_to(root):
            yield group
            group = group.parent


def _quota_of(group: Path) -> float | None:
    quota, period = [*_words(group / "cpu.max"), "", ""][:2]
    if not quota:
        quota = "".join(_words(group / "cpu.cfs_quota_us"))
        period = "".join(_words(group / "cpu.cfs_period_us"))
    if not (quota.isdigit() and period.isdigit() and int(period)):  # "max", or -1
        return None
    return int(quota) / int(period)


def _memory_room_of(group: Path) -> int | None:
    for limit, used, reclaimable in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most = "".join(_words(group / limit))
        if not most.isdigit() or int(most) >= _UNLIMITED_BYTES:
            continue
        now = "".join(_words(group / used))
        free = int(most) - (int(now) if now.isdigit() else 0) + _counter(group, reclaimable)
        return max(0, free)
    return None


def _counter(group: Path, name: str) -> int:
    parts = _words(group / "memory.stat")
    pairs = dict(zip(parts[::2], parts[1::2], strict=False))
    value = pairs.get(name, "")
    return int(value) if value.isdigit() else 0


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []
