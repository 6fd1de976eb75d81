"""Provides fixtures to pytest: `pytest_plugins = ["edge_video.testing.pytest_plugin"]`.

It offers the fixture `nothing_is_left_behind` to tests that name it. For all tests:

    @pytest.fixture(autouse=True)
    def every_test_cleans_up(nothing_is_left_behind: None) -> None: ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.testing.leaks import no_leaks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def nothing_is_left_behind() -> Iterator[None]:
    """After the test: no actor, thread, FFmpeg, pipe or socket more than before it.

    Fixtures that are set up before this one, those of the session for example, do not count.
    """
    with no_leaks():
        yield
