"""Nanoseconds and seconds: there and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_video.runtime.units import ns_to_ms, ns_to_s, ns_to_whole_s, s_to_ns


def test_whole_units_are_rounded_down_and_seconds_to_the_nearest_nanosecond() -> None:
    assert ns_to_whole_s(1_999_999_999) == 1
    assert ns_to_ms(1_999_999) == 1
    assert ns_to_s(1_500_000_000) == 1.5
    assert s_to_ns(1.5) == 1_500_000_000


@given(st.integers(-(10**15), 10**15))
def test_a_duration_survives_the_way_to_seconds_and_back(duration_ns: int) -> None:
    assert abs(s_to_ns(ns_to_s(duration_ns)) - duration_ns) <= 1
