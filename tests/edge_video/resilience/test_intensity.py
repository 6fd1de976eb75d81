"""How often, and after what pause, an actor is restarted."""

from __future__ import annotations

from edge_video.resilience.intensity import RestartIntensity, Shortages


def test_the_sixth_death_within_a_period_is_one_too_many() -> None:
    intensity = RestartIntensity(max_restarts=5, period_s=60.0)
    pauses = [intensity.restart_after_s(float(at)) for at in range(6)]
    assert pauses == [0.0, 0.25, 0.5, 1.0, 2.0, None]


def test_deaths_long_ago_do_not_count() -> None:
    intensity = RestartIntensity(max_restarts=1, period_s=60.0)
    assert intensity.restart_after_s(0.0) == 0.0
    assert intensity.restart_after_s(60.0) == 0.0
    assert intensity.restart_after_s(119.0) is None


def test_pauses_end_at_five_seconds_however_many_restarts_are_allowed() -> None:
    intensity = RestartIntensity(max_restarts=10_000, period_s=1e9)
    pauses = [intensity.restart_after_s(0.0) for _ in range(2000)]
    assert max(pause for pause in pauses if pause is not None) == 5.0


def test_a_shortage_is_told_once_and_its_pauses_grow() -> None:
    shortages = Shortages()
    assert [shortages.restart_after_s(float(at)) for at in range(7)] == [
        (0.25, True),
        (0.5, False),
        (1.0, False),
        (2.0, False),
        (4.0, False),
        (5.0, False),
        (5.0, False),
    ]
    assert shortages.restart_after_s(66.0) == (0.25, True)
