"""Fixtures of the whole suite; the real parts are in `edge_video/testing`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.support.attacks import named_tests

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

pytest_plugins = [
    "edge_video.testing.pytest_plugin",
    "tests.support.rtsp",
    "tests.support.rabbit",
    "tests.support.amqp",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What docs/attacks.md names is an attack: `make attack`."""
    attacks = named_tests()
    for item in items:
        if getattr(item, "originalname", item.name) in attacks:
            item.add_marker(pytest.mark.attack)


@pytest.fixture(autouse=True)
def every_test_cleans_up(nothing_is_left_behind: None) -> None:
    """Every test is checked for what it leaves behind."""
