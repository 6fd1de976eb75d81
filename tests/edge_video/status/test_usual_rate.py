"""What a camera usually sends is its target, and a fall below it is noticed first."""

from __future__ import annotations

import pytest

from edge_video.status.usual_rate import UsualRate, expected_fps


class Camera:
    """Sends at a rate, and is sampled once a second."""

    def __init__(self) -> None:
        self.rate = UsualRate()
        self.now_s = 100.0
        self.frames = 0.0
        self.usual: float | None = None

    def streams(self, fps: float, seconds: int) -> float | None:
        for _ in range(seconds):
            self.now_s += 1
            self.frames += fps
            self.usual = self.rate.sample(self.now_s, int(self.frames))
        return self.usual

    def connects_anew(self, after_s: float) -> None:
        self.now_s += after_s
        self.frames = 0


def test_nothing_is_known_in_the_first_seconds() -> None:
    assert Camera().streams(10, 9) is None


def test_a_steady_camera_is_known_after_ten_seconds() -> None:
    assert Camera().streams(10, 12) == pytest.approx(10, abs=0.2)


def test_a_slow_start_is_forgotten_within_a_minute_or_two() -> None:
    camera = Camera()
    camera.streams(2, 15)
    assert camera.streams(15, 120) == pytest.approx(15, abs=0.5)


def test_a_fall_is_noticed_for_hours_and_becomes_usual_within_a_day() -> None:
    camera = Camera()
    camera.streams(15, 600)
    after_an_hour = camera.streams(7, 3600)
    assert after_an_hour is not None
    assert 0.8 * after_an_hour > 7
    after_a_day = camera.streams(7, 24 * 3600)
    assert after_a_day == pytest.approx(7, abs=0.5)


def test_pauses_and_new_attempts_are_no_slowness() -> None:
    camera = Camera()
    camera.streams(10, 60)
    for _ in range(20):
        camera.connects_anew(after_s=30)
        camera.streams(10, 25)
    assert camera.usual == pytest.approx(10, abs=0.3)


@pytest.mark.parametrize("pause_s", [4, 20, 600])
def test_what_a_pause_held_up_is_no_rise(pause_s: int) -> None:
    camera = Camera()
    camera.streams(10, 62)
    for _ in range(5):
        if pause_s > 5:  # the program stood still
            camera.now_s += pause_s
        else:
            camera.streams(0, pause_s)
        camera.frames += 10 * min(pause_s, 30)
        camera.streams(10, 35)
    assert camera.usual == pytest.approx(10, abs=0.3)


def test_what_a_camera_had_stored_when_it_began_is_forgotten() -> None:
    camera = Camera()
    camera.frames = 40
    camera.streams(1, 1)
    camera.frames += 40
    assert camera.streams(10, 30) == pytest.approx(10, abs=0.3)


def test_a_camera_that_is_set_to_more_frames_has_them_as_usual_within_a_minute() -> None:
    camera = Camera()
    camera.streams(5, 100)
    usual = camera.streams(15, 80)
    assert usual is not None
    assert usual > 13


@pytest.mark.parametrize(
    ("limit", "usual", "expected"),
    [(15, None, 15), (15, 10.0, 10), (15, 14.6, 15), (15, 15.2, 15), (5, 25.0, 5), (15, 0.0, 15)],
)
def test_the_target_is_the_limit_or_what_is_sent(
    limit: int, usual: float | None, expected: float
) -> None:
    assert expected_fps(limit, usual) == expected
