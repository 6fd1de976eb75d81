"""Finds what a test left behind: actors, threads, child processes, pipes and sockets."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pykka

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DESCRIPTORS: Final = Path("/proc/self/fd")
_THREADS: Final = Path("/proc/self/task")
_PAUSE_S: Final = 0.02
_OURS: Final = "ffmpeg"


class LeakError(AssertionError):
    """Something outlived the block that should have ended it."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What this process has that can leak, at one instant."""

    actors: frozenset[str]
    """URNs."""
    threads: frozenset[threading.Thread]
    children: frozenset[int]
    """Process ids, dead and unreaped ones included."""
    descriptors: frozenset[str]
    """What pipes and sockets point to; a number alone is soon given to another file."""

    @staticmethod
    def take(is_of_interest: Callable[[psutil.Process], bool] | None = None) -> Inventory:
        """Count what is there now.

        Args:
            is_of_interest: which child processes count; None for FFmpegs, real or scripted.
        """
        return Inventory(
            frozenset(ref.actor_urn for ref in pykka.ActorRegistry.get_all()),
            frozenset(threading.enumerate()),
            frozenset(_children(is_of_interest or is_ffmpeg)),
            frozenset(_pipes_and_sockets()),
        )

    def more_than(self, before: Inventory) -> list[str]:
        """What is here and was not there before, in words."""
        # hypothesis keeps a thread of its own for as long as it likes.
        threads = [
            each.name
            for each in self.threads - before.threads
            if each.name.split("-")[0] != "hypothesis"
        ]
        return [
            *(f"actor {urn}" for urn in sorted(self.actors - before.actors)),
            *(f"thread {name}" for name in sorted(threads)),
            *(f"process {_name_of(pid)}" for pid in sorted(self.children - before.children)),
            *(f"descriptor {each}" for each in sorted(self.descriptors - before.descriptors)),
        ]


@contextlib.contextmanager
def no_leaks(
    patience_s: float = 5.0, is_of_interest: Callable[[psutil.Process], bool] | None = None
) -> Iterator[None]:
    """Assert that the block leaves no actor, thread, FFmpeg, pipe or socket behind.

    What is still ending when the block ends gets `patience_s` seconds for that. A block that
    raises keeps its own exception.

    Args:
        patience_s: seconds.
        is_of_interest: which child processes count; None for FFmpegs, real or scripted.

    Raises:
        LeakError: names everything that is left.
    """
    before = Inventory.take(is_of_interest)
    yield
    deadline_s = time.monotonic() + patience_s
    while left := Inventory.take(is_of_interest).more_than(before):
        if time.monotonic() > deadline_s:
            raise LeakError("left behind: " + ", ".join(left))
        gc.collect()
        time.sleep(_PAUSE_S)


def is_ffmpeg(process: psutil.Process) -> bool:
    """Whether a child process is an FFmpeg, or a scripted one, which bears the name as well."""
    return _OURS in process.name()


def _children(is_of_interest: Callable[[psutil.Process], bool]) -> Iterator[int]:
    for pid in _child_ids():
        try:
            if is_of_interest(psutil.Process(pid)):
                yield pid
        except psutil.NoSuchProcess:
            continue


def _child_ids() -> list[int]:
    """Return the ids of this process's children.

    Linux lists them per thread, which is a hundred times as fast as looking at every process of the
    machine, as psutil does; it matters where this is asked before and after each of many tests.
    """
    if not (_THREADS / str(threading.get_native_id()) / "children").exists():
        return [child.pid for child in psutil.Process().children()]
    found: list[int] = []
    for thread in _THREADS.iterdir():
        with contextlib.suppress(OSError):  # it has just ended; its children are another's now
            found += map(int, (thread / "children").read_text().split())
    return found


def _pipes_and_sockets() -> Iterator[str]:
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue  # the one that listed the directory
        if target.startswith(("pipe:", "socket:")):
            yield target


def _name_of(pid: int) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{pid} ({psutil.Process(pid).name()})"
    return str(pid)
