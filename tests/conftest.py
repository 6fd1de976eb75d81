"""Fixtures of the whole suite; the real parts live in `tests/support`."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pykka
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["tests.support.rtsp", "tests.support.rabbit"]

_PATIENCE_S = 5.0
_DESCRIPTORS = Path("/proc/self/fd")


def _pipes_and_sockets() -> set[str]:
    """What the descriptors of this process point to, as far as it can leak."""
    found = set()
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue  # the one that listed the directory
        if target.startswith(("pipe:", "socket:")):
            found.add(target)
    return found


def _ffmpegs() -> set[int]:
    """Child processes that are FFmpegs, dead and unreaped ones included."""
    return {child.pid for child in psutil.Process().children() if "ffmpeg" in child.name()}


def _left_over(
    actors: set[str], threads: set[threading.Thread], ffmpegs: set[int], descriptors: set[str]
) -> list[str]:
    left = [f"actor {ref}" for ref in pykka.ActorRegistry.get_all() if ref.actor_urn not in actors]
    left += [
        f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread not in threads and thread.name.split("-")[0] != "hypothesis"
    ]
    left += [f"ffmpeg {pid}" for pid in _ffmpegs() - ffmpegs]
    left += [f"descriptor {target}" for target in _pipes_and_sockets() - descriptors]
    return left


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """After every test: no actor, thread, FFmpeg, pipe or socket more than before it.

    Fixtures of the session are set up before this one, so theirs do not count.
    """
    before = (
        {ref.actor_urn for ref in pykka.ActorRegistry.get_all()},
        set(threading.enumerate()),
        _ffmpegs(),
        _pipes_and_sockets(),
    )
    yield
    deadline = time.monotonic() + _PATIENCE_S
    while left := _left_over(*before):
        if time.monotonic() > deadline:
            pytest.fail("left behind: " + ", ".join(left))
        gc.collect()
        time.sleep(0.02)
