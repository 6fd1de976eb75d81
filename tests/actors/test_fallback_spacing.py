"""FFmpegs that go on where hardware has failed start one after the other, from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from edge_video.actors.fallback_spacing import FallbackSpacing


def test_each_of_many_cameras_gets_a_turn_of_its_own() -> None:
    spacing = FallbackSpacing(0.1)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(spacing.reserve, [10.0] * 28))
    assert waits == pytest.approx([0.1 * turn for turn in range(28)])
