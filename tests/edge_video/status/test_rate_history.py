"""The frames a second of a day: averages of five minutes, bounded, honest about gaps."""

from __future__ import annotations

from edge_video.status.rate_history import STEP_S, DayOfRates, RateHistory

HOUR_S = 3600
STEPS_OF_AN_HOUR = int(HOUR_S / STEP_S)


class Camera:
    """Sends at some rate, and is counted every five seconds."""

    def __init__(self) -> None:
        self.history = RateHistory()
        self.now_s = 10_000 * STEP_S
        self.received = 7_000
        self.history.note(self.now_s, self.received)

    def runs(self, seconds: float, fps: int) -> None:
        for _ in range(int(seconds / 5)):
            self.now_s += 5
            self.received += 5 * fps
            self.history.note(self.now_s, self.received)

    @property
    def day(self) -> DayOfRates:
        return self.history.day(self.now_s)


def test_before_anything_was_counted_there_is_no_rate() -> None:
    assert RateHistory().day(5.0) == DayOfRates((), 0.0)
    assert Camera().day == DayOfRates((None,), 0.0)


def test_each_step_has_its_average_and_the_newest_is_not_over() -> None:
    camera = Camera()
    camera.runs(STEP_S - 5, 15)
    camera.runs(150, 15)
    camera.runs(150, 5)
    camera.runs(20, 0)
    assert camera.day == DayOfRates((15.0, 10.0, 0.0), 15.0)


def test_what_nobody_watched_is_unknown_and_no_standstill() -> None:
    camera = Camera()
    camera.runs(STEP_S - 5, 15)
    camera.now_s += 2 * STEP_S
    camera.runs(100, 15)
    assert camera.day.fps == (15.0, None, None, 15.0)


def test_a_day_is_kept_and_no_more() -> None:
    camera = Camera()
    for fps in (1, 2, *[3] * 23):
        camera.runs(HOUR_S, fps)
    assert len(camera.day.fps) == 24 * STEPS_OF_AN_HOUR
    assert camera.day.fps[0] == 2.0
    assert camera.day.fps[-1] == 3.0
    camera.now_s += 48 * HOUR_S
    camera.runs(STEP_S, 9)
    assert [each for each in camera.day.fps if each is not None] == [9.0, 9.0]
