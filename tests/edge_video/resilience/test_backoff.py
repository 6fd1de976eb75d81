from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.resilience.backoff import reconnect_delay_s


def test_bounds_double_from_one_second_to_the_cap() -> None:
    longest = [reconnect_delay_s(attempt, 1.0) for attempt in range(1, 9)]
    assert longest == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_draw_scales_the_whole_wait() -> None:
    assert reconnect_delay_s(4, 0.5) == 4.0


def test_the_luckiest_draw_still_waits() -> None:
    assert reconnect_delay_s(1, 0.0) == pytest.approx(0.1)


def test_first_wait_and_cap_can_be_chosen() -> None:
    assert [reconnect_delay_s(n, 1.0, first_s=0.5, cap_s=1.5) for n in (1, 2, 3)] == [0.5, 1, 1.5]


@given(attempt=st.integers(), draw=st.floats(0, 1))
def test_every_wait_is_within_its_bounds_however_long_the_outage(attempt: int, draw: float) -> None:
    delay_s = reconnect_delay_s(attempt, draw)
    assert math.isfinite(delay_s)
    assert 0.1 <= delay_s <= 30.0
