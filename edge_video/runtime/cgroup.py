"""Makes control groups (cgroup v2) for children, below the one that was delegated to this program.

A control group that nobody has delegated is never touched: its service manager, or another
program, may do with it what it likes. See "Delegation" in the kernel's cgroup-v2.rst and
https://systemd.io/CGROUP_DELEGATION.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DELEGATED: Final = "EDGE_VIDEO_CGROUP"
"""The variable with which the service's unit says `delegated`: systemd before 251 does not mark the
control group itself."""
_MARKS: Final = ("user.delegate", "trusted.delegate")
"""Extended attributes by which systemd marks a control group that it has delegated."""
_MAIN: Final = "main"
"""Holds this program itself: a control group with children may have no processes of its own."""
_PREFIX: Final = "ffmpeg-"
_CONTROLLERS: Final = ("cpu", "memory")
_ROUNDS: Final = 5
"""A process may be forked while others are moved."""


class NoCgroupError(Exception):
    """There is no control group that this program may divide; the message says why."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the kernel says what this process belongs to; tests bring files of their own.

    Attributes:
        membership: the control group of this process.
        mounts: what is mounted where.
        processes: the directory with a directory for each process.
        remove: removes the directory of a control group.
    """

    membership: Path = Path("/proc/self/cgroup")
    mounts: Path = Path("/proc/self/mountinfo")
    processes: Path = Path("/proc")
    remove: Callable[[Path], object] = Path.rmdir


@dataclass(frozen=True, slots=True)
class ChildCgroup:
    """The control group of one child process. One thread at a time.

    Attributes:
        path: its directory.
        places: how it is removed.
    """

    path: Path
    places: Places

    def count(self, file: str, name: str) -> int:
        """Return a counter, `oom_kill` of `memory.events` for example; 0 where there is none."""
        with contextlib.suppress(OSError, ValueError):
            for line in (self.path / file).read_text().splitlines():
                key, _, value = line.partition(" ")
                if key == name:
                    return int(value)
        return 0

    def remove(self) -> bool:
        """Remove it; False while a process is left in it, which is killed."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        try:
            self.places.remove(self.path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


class DelegatedCgroup:
    """The control group that is this program's to divide. One thread at a time.

    Args:
        path: its directory.
        places: where the kernel says what belongs to whom.
    """

    def __init__(self, path: Path, places: Places) -> None:
        self.path = path
        self._places = places
        self._left: list[ChildCgroup] = []
        """Of children that are gone; they could not be removed yet."""

    def prepare(self) -> None:
        """Move this program into a control group below it, and allow limits for the others.

        Raises:
            NoCgroupError: another program is in it, or the kernel refuses.
        """
        try:
            self._move_into(self.path / _MAIN)
            wanted = " ".join(f"+{each}" for each in _CONTROLLERS)
            (self.path / "cgroup.subtree_control").write_text(wanted)
        except OSError as error:
            raise NoCgroupError(f"{self.path}: {error.strerror}") from error
        for each in self.path.glob(f"{_PREFIX}*"):  # of a life of this program that was killed
            with contextlib.suppress(OSError):
                self._places.remove(each)

    def add(
        self, name: str, pid: int, limits: Mapping[str, str], extras: Mapping[str, str]
    ) -> ChildCgroup:
        """Put a child of this process into a control group of its own.

        Args:
            name: tells it from the others; fit to be a part of a file name.
            pid: the child.
            limits: what is written to which of its files.
            extras: the same, of files that not every kernel has.

        Raises:
            OSError: the kernel refuses; nothing of it is left.
        """
        self._left = [each for each in self._left if not each.remove()]
        path = self.path / f"{_PREFIX}{name}-{pid}"
        path.mkdir()
        try:
            for file, value in limits.items():
                (path / file).write_text(value)
            for file, value in extras.items():
                with contextlib.suppress(OSError):
                    (path / file).write_text(value)
            (path / "cgroup.procs").write_text(str(pid))
        except OSError:
            with contextlib.suppress(OSError):
                self._places.remove(path)
            raise
        return ChildCgroup(path, self._places)

    def remove(self, child: ChildCgroup) -> None:
        """Remove the control group of a child that is gone; later, if the kernel needs time."""
        if not child.remove():
            self._left.append(child)

    def _move_into(self, main: Path) -> None:
        """Move every process; all are this program and what it has started."""
        main.mkdir(exist_ok=True)
        for _ in range(_ROUNDS):
            present = _pids_in(self.path)
            if not present:
                return
            for pid in present:
                if not _is_ours(pid, self._places.processes):
                    raise NoCgroupError(f"{self.path}: another program is in it (pid {pid})")
            for pid in present:
                with contextlib.suppress(ProcessLookupError):
                    (main / "cgroup.procs").write_text(str(pid))


def delegated_cgroup(environ: Mapping[str, str], places: Places | None = None) -> DelegatedCgroup:
    """Return the control group that was delegated to this program; changes nothing.

    Raises:
        NoCgroupError: there is none, or it has no limits of CPU and memory to give.
    """
    places = places or Places()
    try:
        path = _own_cgroup(places)
        if path.name == _MAIN:
            path = path.parent
        if environ.get(DELEGATED) != "delegated" and not _is_marked(path):
            raise NoCgroupError(f"{path}: it is not delegated to this program")
        known = (path / "cgroup.controllers").read_text().split()
        missing = [each for each in _CONTROLLERS if each not in known]
    except OSError as error:
        raise NoCgroupError(f"{error.filename}: {error.strerror}") from error
    if missing:
        raise NoCgroupError(f"{path}: it has no controller {', '.join(missing)}")
    if not os.access(path, os.W_OK) or not os.access(path / "cgroup.subtree_control", os.W_OK):
        raise NoCgroupError(f"{path}: this user may not write to it")
    return DelegatedCgroup(path, places)


def _own_cgroup(places: Places) -> Path:
    """Return the directory of the control group of this process."""
    named = [
        line.removeprefix("0::").rstrip("\n")
        for line in places.membership.read_text().splitlines()
        if line.startswith("0::")
    ]
    for root, point in _mounts(places.mounts.read_text(errors="replace")):
        for name in named:
            if root in ("/", name) or name.startswith(f"{root}/"):
                below = name if root == "/" else name[len(root) :]
                return Path(point + below.rstrip("/"))
    raise NoCgroupError("this machine has no cgroup v2")


def _mounts(mountinfo: str) -> Iterator[tuple[str, str]]:
    """Yield which part of the hierarchy of cgroup v2 is mounted where."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            fields = before.split(" ")
            yield fields[3], fields[4]


def _is_marked(path: Path) -> bool:
    if sys.platform != "linux":
        return False
    for name in _MARKS:
        with contextlib.suppress(OSError):  # not every file system has these attributes
            if os.getxattr(path, name) == b"1":
                return True
    return False


def _pids_in(path: Path) -> list[int]:
    return [int(each) for each in (path / "cgroup.procs").read_text().split()]


def _is_ours(pid: int, processes: Path) -> bool:
    """Whether a process is this one, was started by it, or is gone."""
    own = os.getpid()
    while pid not in (0, 1, own):
        try:
            stat = (processes / str(pid) / "stat").read_text(errors="replace")  # its name
        except OSError:
            return True
        pid = int(stat.rpartition(")")[2].split()[1])
    return pid == own
