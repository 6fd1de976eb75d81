from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.rate_limit import RateLimiter


def passed(limiter: RateLimiter, times_s: list[float]) -> list[float]:
    return [now_s for now_s in times_s if limiter.allows(now_s)]


def even(fps: float, seconds: float, start_s: float = 0.0) -> list[float]:
    return [start_s + number / fps for number in range(int(fps * seconds))]


@pytest.mark.parametrize(("sent", "limit", "expected"), [(25, 15, 150), (30, 6, 60), (5, 15, 50)])
def test_ten_seconds_bring_ten_times_the_lower_rate(sent: int, limit: int, expected: int) -> None:
    assert len(passed(RateLimiter(limit), even(sent, 10))) == pytest.approx(expected, abs=2)


def test_a_camera_of_exactly_the_rate_loses_nothing_to_jitter() -> None:
    times_s = [number / 10 + (0.04 if number % 2 else 0.0) for number in range(100)]
    assert passed(RateLimiter(10), times_s) == times_s


def test_a_camera_that_sends_a_second_at_once_keeps_its_rate() -> None:
    times_s = [second + number / 1000 for second in range(20) for number in range(10)]
    kept = [each for each in passed(RateLimiter(5), times_s) if each >= 2]
    assert len(kept) == pytest.approx(18 * 5, abs=2)


def test_a_long_silence_earns_no_more_than_one_second() -> None:
    limiter = RateLimiter(10)
    limiter.allows(0.0)
    assert len(passed(limiter, even(1000, 0.1, start_s=3600))) <= 12


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.integers(1, 60))
def test_no_stream_exceeds_its_rate_by_more_than_a_second(times_s: list[float], fps: int) -> None:
    times_s.sort()
    kept = passed(RateLimiter(fps), times_s)
    assert len(kept) <= (times_s[-1] - times_s[0] + 1) * fps + 2
