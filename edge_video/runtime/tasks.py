"""Tells how many more processes and threads this user, or this container, may start."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

with contextlib.suppress(ImportError):  # not on Windows
    import resource

PER_CAMERA: Final = 12
"""Threads of one FFmpeg with one decoder and one filter thread, the one that replaces it included
for a moment: seen with FFmpeg 5 to 9."""
BASE: Final = 32
"""This program's own threads, with room to spare."""

_CGROUP: Final = Path("/sys/fs/cgroup")


def needed_tasks(cameras: int) -> int:
    """What so many cameras need, threads counted one by one."""
    return BASE + PER_CAMERA * cameras


def task_room() -> int | None:
    """How many more there may be; None where nothing limits them.

    A container's limit (`pids.max`) binds everybody, a user's (`ulimit -u`) all but root.
    """
    rooms = [room for room in (_room_of_container(), _room_of_user()) if room is not None]
    return min(rooms, default=None)


def _room_of_container() -> int | None:
    """The least that the control groups of this process leave, up to the root of what it sees."""
    try:
        line = Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().rpartition("\n")[2]
    except OSError:
        return None
    group = _CGROUP / line.rpartition(":")[2].lstrip("/")
    rooms = []
    while group.is_relative_to(_CGROUP):
        most, now = _number(group / "pids.max"), _number(group / "pids.current")
        if most is not None:
            rooms.append(most - (now or 0))
        group = group.parent
    return min(rooms, default=None)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no number
        return None


def _room_of_user() -> int | None:
    if sys.platform != "linux":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft == resource.RLIM_INFINITY or os.geteuid() == 0:
        return None
    return soft - _threads_of(os.getuid())


def _threads_of(user: int) -> int:
    count = 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += sum(1 for _ in os.scandir(f"{entry.path}/task"))
        except OSError:  # it has ended meanwhile
            continue
    return count
