from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from edge_video.resilience.backoff import reconnect_delay_s


def test_bounds_double_from_one_second_to_the_cap() -> None:
    longest = [reconnect_delay_s(attempt, 1.0) for attempt in range(1, 9)]
    assert longest == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_draw_decides_between_half_of_the_longest_wait_and_all_of_it() -> None:
    assert [reconnect_delay_s(4, draw) for draw in (0.0, 0.5, 1.0)] == [4.0, 6.0, 8.0]


def test_first_wait_and_cap_can_be_chosen() -> None:
    assert [reconnect_delay_s(n, 1.0, first_s=0.5, cap_s=1.5) for n in (1, 2, 3)] == [0.5, 1, 1.5]


@given(attempt=st.integers(), draw=st.floats(0, 1))
def test_every_wait_is_within_its_bounds_however_long_the_outage(attempt: int, draw: float) -> None:
    delay_s = reconnect_delay_s(attempt, draw)
    assert math.isfinite(delay_s)
    assert 0.5 <= delay_s <= 30.0
