"""Fixtures of the whole suite; the real parts are in `edge_video/testing`."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.attacks import named_tests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Neither luck nor load decides: the same examples each time, however long they take. Fresh ones are
# for `make fuzz`, and what it finds becomes an `@example`.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore",
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("repeatable")

LONG_FOLDERS = frozenset({"amqp", "attack", "devices", "end_to_end", "hostile", "recipes"})
LONG_FILES = frozenset(
    {"test_random_faults", "test_capture", "test_process", "test_packaging", "test_user_types"}
)

pytest_plugins = [
    "edge_video.testing.pytest_plugin",
    "tests.support.rtsp",
    "tests.support.rabbit",
    "tests.support.amqp",
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end: the garbage collector need not walk it, then or later.

    Each process has some nine thousand tests, which made it a tenth of all its work.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What docs/attacks.md names is an attack (`make attack`); files that wait long go first.

    The files are shared out among several processes: a long one that begins last is waited for
    by all the others. (`make unit` has xdist leave this order: by itself it puts the files with
    the fewest tests last, which are these.)
    """
    items.sort(key=lambda item: not _waits_long(item.path))
    attacks = named_tests()
    for item in items:
        if getattr(item, "originalname", item.name) in attacks:
            item.add_marker(pytest.mark.attack)


def _waits_long(path: Path) -> bool:
    return path.parent.name in LONG_FOLDERS or path.stem in LONG_FILES


@pytest.fixture(autouse=True)
def every_test_cleans_up(nothing_is_left_behind: None) -> None:
    """Every test is checked for what it leaves behind."""
