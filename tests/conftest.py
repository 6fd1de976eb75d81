"""Fixtures of the whole suite; the real parts are in `edge_video/testing`."""

from __future__ import annotations

import pytest

pytest_plugins = [
    "edge_video.testing.pytest_plugin",
    "tests.support.rtsp",
    "tests.support.rabbit",
    "tests.support.amqp",
]


@pytest.fixture(autouse=True)
def every_test_cleans_up(nothing_is_left_behind: None) -> None:
    """Every test is checked for what it leaves behind."""
