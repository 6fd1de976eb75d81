"""Attempts on one host keep their distance; on different hosts they do not wait for each other."""

from __future__ import annotations

import pytest

from edge_video.resilience.spacing import HostSpacing


def test_the_second_start_on_a_host_waits_for_the_rest_of_the_spacing() -> None:
    spacing = HostSpacing(0.1)
    assert spacing.reserve("nvr", 10.0) == 0.0
    assert spacing.reserve("nvr", 10.03) == pytest.approx(0.07)
    assert spacing.reserve("nvr", 10.5) == 0.0


def test_many_starts_at_once_get_one_slot_after_the_other() -> None:
    spacing = HostSpacing(0.1)
    waits = [spacing.reserve("nvr", 10.0) for _ in range(5)]
    assert waits == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_hosts_do_not_wait_for_each_other() -> None:
    spacing = HostSpacing(0.1)
    assert [spacing.reserve(host, 10.0) for host in ("a", "b", "c")] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("spacing_s", "host"), [(0.1, None), (0.0, "nvr")])
def test_without_a_host_or_a_spacing_nothing_waits(spacing_s: float, host: str | None) -> None:
    spacing = HostSpacing(spacing_s)
    assert [spacing.reserve(host, 10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
