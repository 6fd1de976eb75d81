"""The restart limit: so many deaths within a period, and no more."""

from __future__ import annotations

from edge_video.intensity import RestartIntensity


def test_the_sixth_death_within_the_period_is_one_too_many() -> None:
    intensity = RestartIntensity(max_restarts=5, period_s=60.0)
    assert [intensity.permits_restart(float(at)) for at in range(6)] == 5 * [True] + [False]


def test_deaths_are_forgotten_after_the_period() -> None:
    intensity = RestartIntensity(max_restarts=1, period_s=60.0)
    assert intensity.permits_restart(0.0)
    assert intensity.permits_restart(60.0)
    assert not intensity.permits_restart(119.9)


def test_a_death_every_now_and_then_never_adds_up() -> None:
    intensity = RestartIntensity(max_restarts=5, period_s=60.0)
    assert all(intensity.permits_restart(12.0 * n) for n in range(1000))


def test_no_restart_at_all_may_be_permitted() -> None:
    assert not RestartIntensity(max_restarts=0, period_s=60.0).permits_restart(0.0)
