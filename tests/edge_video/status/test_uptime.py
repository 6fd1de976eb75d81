"""The share of the time in which a camera streamed: of the time in which it was to stream."""

from __future__ import annotations

import pytest

from edge_video.status.health import CameraHealth
from edge_video.status.uptime import DAY_S, WEEK_S, Presence, Uptime, presence

UP, DOWN, UNEXPECTED = Presence.UP, Presence.DOWN, Presence.UNEXPECTED


class NotedCamera:
    """A camera's life, noted every ten seconds."""

    def __init__(self) -> None:
        self.now_s = 5000.0
        self.uptime = Uptime(self.now_s, UP)

    def lasts(self, seconds: float, present: Presence) -> NotedCamera:
        self.uptime.note(self.now_s, present)
        for _ in range(int(seconds / 10)):
            self.now_s += 10
            self.uptime.note(self.now_s, present)
        return self


def test_only_what_is_expected_counts() -> None:
    counted = {health.value: presence(health) for health in CameraHealth}
    assert counted == {
        "healthy": UP,
        "slow": UP,
        "starting": DOWN,
        "trouble": DOWN,
        "paused": UNEXPECTED,
        "stopped": UNEXPECTED,
        "disabled": UNEXPECTED,
        "off_schedule": UNEXPECTED,
        "off_expected": UNEXPECTED,
        "elsewhere": UNEXPECTED,
    }


def test_it_is_unknown_at_first() -> None:
    noted = NotedCamera().lasts(50, UP)
    assert noted.uptime.day() is None
    assert noted.lasts(10, UP).uptime.day() == 1.0


def test_it_is_the_share_of_the_time() -> None:
    noted = NotedCamera().lasts(3600, UP).lasts(1200, DOWN)
    assert noted.uptime.day() == pytest.approx(0.75)


def test_a_pause_by_the_operator_is_not_counted() -> None:
    noted = NotedCamera().lasts(300, UP).lasts(100, DOWN).lasts(50_000, UNEXPECTED)
    assert noted.uptime.day() == pytest.approx(0.75)
    assert noted.lasts(DAY_S, UNEXPECTED).uptime.day() is None


def test_what_is_older_than_the_window_is_forgotten() -> None:
    noted = NotedCamera().lasts(6 * 3600, DOWN)
    assert noted.uptime.week() is None
    noted.lasts(DAY_S, UP)
    assert noted.uptime.day() == 1.0
    assert noted.uptime.week() == pytest.approx(24 / 30, abs=0.01)
    noted.lasts(WEEK_S - DAY_S, UP)
    assert noted.uptime.week() == 1.0


def test_a_time_that_nobody_watched_is_unknown() -> None:
    noted = NotedCamera().lasts(600, UP)
    noted.now_s += 3600  # the program was paused
    assert noted.lasts(200, DOWN).uptime.day() == pytest.approx(0.75)
    noted.now_s += 30 * DAY_S
    assert noted.lasts(600, DOWN).uptime.day() == 0.0
