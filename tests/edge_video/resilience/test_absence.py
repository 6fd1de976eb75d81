"""The waits for a camera that is not there: they grow, and end at a minute."""

from __future__ import annotations

import pytest

from edge_video.resilience.absence import ABSENT, MAX_WAIT_S, jittered_s, next_level_s
from edge_video.resilience.breaker import BreakerPolicy
from edge_video.resilience.failures import Cause


@pytest.mark.parametrize("initial_s", [0.0, 5.0, 60.0, 900.0])
def test_the_wait_grows_to_a_minute_whatever_the_breaker_waits(initial_s: float) -> None:
    policy = BreakerPolicy(initial_backoff_s=initial_s, max_backoff_s=max(initial_s, 3600.0))
    level_s: float | None = None
    for _ in range(2000):
        before_s, level_s = level_s, next_level_s(level_s, policy)
        assert (before_s or 1.0) <= level_s <= MAX_WAIT_S
    assert level_s == MAX_WAIT_S == 60.0


def test_the_jitter_only_shortens() -> None:
    policy = BreakerPolicy(jitter=0.2)
    assert jittered_s(60.0, policy, 0.0) == 60.0
    assert jittered_s(60.0, policy, 0.5) == pytest.approx(54.0)


def test_who_answers_is_there() -> None:
    assert set(ABSENT) == {Cause.REFUSED, Cause.UNREACHABLE, Cause.TIMEOUT}
