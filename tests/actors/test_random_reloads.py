"""After any course of reloads the cameras of the last file run, and no frame is lost track of.

A failure names its seed; `EDGE_VIDEO_RELOADS=<seed>` runs that one course alone.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from tests.support import actors
from tests.support.random_reloads import RandomReloads
from tests.support.settling import Settling

if TYPE_CHECKING:
    from collections.abc import Iterator

COURSES = int(os.environ.get("EDGE_VIDEO_RELOAD_COURSES", "24"))
"""`make fuzz` runs a thousand."""
STEPS = 8


@pytest.fixture
def settling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settling]:
    """Knows when there is nothing left to do, without asking each actor."""
    logging.disable(logging.CRITICAL)
    settling = Settling.install(monkeypatch)
    monkeypatch.setattr(actors, "quiesce", settling.settle)
    yield settling
    logging.disable(logging.NOTSET)


def run(seed: int, settling: Settling) -> None:
    course = RandomReloads(seed, settling.settle)
    try:
        course.go(STEPS)
    except BaseException as error:
        error.add_note(f"EDGE_VIDEO_RELOADS={seed}")
        course.system.system.stop(20)
        raise


def test_what_the_last_reload_says_runs(settling: Settling) -> None:
    one = os.environ.get("EDGE_VIDEO_RELOADS")
    for seed in [int(one)] if one else range(COURSES):
        run(seed, settling)
