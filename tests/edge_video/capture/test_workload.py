from __future__ import annotations

import pytest

from edge_video.capture.workload import BURST_S, SHARE, Progress, TimeAllowance, WorkJudge
from edge_video.resilience.failures import Cause, Failure


def test_a_camera_of_usual_frames_never_waits() -> None:
    allowance = TimeAllowance()
    for number in range(6000):
        assert allowance.spend(number / 60, 0.0005, 100_000) == 0.0
    assert not allowance.overdrawn


def test_whoever_works_without_end_gets_his_share_and_no_more() -> None:
    allowance = TimeAllowance()
    now_s = worked_s = 0.0
    while now_s < 10:
        now_s += 0.002
        worked_s += 0.002
        now_s += allowance.spend(now_s, 0.002, 4096)
    assert worked_s == pytest.approx(10 * SHARE + BURST_S, rel=0.1)
    assert allowance.overdrawn


def test_a_read_is_as_small_as_its_bytes_are_dear() -> None:
    allowance = TimeAllowance()
    allowance.spend(0.0, 0.0001, 50_000)
    assert allowance.read_bytes == 512 * 1024
    allowance.spend(1.0, 0.05, 50_000)  # a microsecond a byte
    assert allowance.read_bytes == 4096
    allowance.spend(2.0, 0.00002, 14)  # the end of a line says nothing
    assert allowance.read_bytes == 4096


def judged(steps: list[Progress], *, overdrawn: bool) -> Failure | None:
    judge = WorkJudge()
    verdicts = (
        judge.judge(number / 2, step, overdrawn=overdrawn) for number, step in enumerate(steps)
    )
    return next((each for each in verdicts if each is not None), None)


def test_megabytes_without_an_image_are_no_jpeg() -> None:
    failure = judged([Progress(1, 5000, n * 1_000_000) for n in range(20)], overdrawn=False)
    assert failure is not None
    assert failure.cause is Cause.NOT_JPEG
    assert failure.detail == "10 MB without an image in 5 s"


def test_images_refused_as_too_large_are_images() -> None:
    steps = [Progress(1, 5000, n * 1_000_000, oversized=n) for n in range(20)]
    assert judged(steps, overdrawn=False) is None


def test_tiny_images_without_end_are_too_much_work() -> None:
    failure = judged([Progress(n * 9000, n * 72_000) for n in range(20)], overdrawn=True)
    assert failure is not None
    assert failure.cause is Cause.TOO_MUCH_WORK


def test_a_marker_bomb_between_good_frames_is_too_much_work() -> None:
    steps = [Progress(n, n * 50_000, n * 900_000) for n in range(20)]
    failure = judged(steps, overdrawn=True)
    assert failure is not None
    assert failure.cause is Cause.TOO_MUCH_WORK


def test_large_frames_in_large_numbers_are_never_given_up() -> None:
    assert judged([Progress(n * 30, n * 150_000_000) for n in range(200)], overdrawn=True) is None


def test_a_few_seconds_are_forgiven() -> None:
    judge = WorkJudge()
    for number in range(200):
        step = Progress(number * 9000, number * 72_000)
        assert judge.judge(number / 2, step, overdrawn=number % 9 != 0) is None
