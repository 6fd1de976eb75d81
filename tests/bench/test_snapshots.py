"""The benchmark of still pictures measures pictures that came."""

from __future__ import annotations

from bench.snapshots import measure_snapshots


def test_the_cost_of_a_picture_is_measured() -> None:
    figures = measure_snapshots(seconds=0.3, cameras=1, fps=30, sizes=(20_000,))
    assert 0 < figures["20000"]["cpu_us_per_picture"] < 50_000
    assert figures["20000"]["pictures_per_s"] > 3
