"""The token bucket; time passes by arithmetic."""

from __future__ import annotations

from edge_video.resilience.token_bucket import TokenBucket


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    bucket = TokenBucket(3.0, 2.0)
    assert [bucket.take(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert [bucket.take(10.5), bucket.take(10.5)] == [True, False]


def test_a_long_rest_fills_it_to_the_brim_and_not_further() -> None:
    bucket = TokenBucket(2.0, 1.0)
    bucket.take(0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_a_clock_that_runs_backwards_gains_nothing() -> None:
    bucket = TokenBucket(1.0, 1.0)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert bucket.take(51.0)
