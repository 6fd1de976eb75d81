"""The real clock and the real timer; each test takes a few hundredths of a second."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.timer import SystemClock, SystemTimer

if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER_S = 3600.0


@pytest.fixture
def timer() -> Iterator[SystemTimer]:
    made = SystemTimer("timer-under-test")
    made.start()
    yield made
    made.stop()
    assert not made.is_alive()


def test_the_clock_counts_forward_and_knows_the_date() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
    assert abs(clock.wall_ns() - time.time_ns()) < 60e9


def test_calls_come_in_the_order_they_are_due(timer: SystemTimer) -> None:
    called: queue.Queue[str] = queue.Queue()
    timer.after(0.04, lambda: called.put("late"))
    timer.after(0.01, lambda: called.put("soon"))
    timer.after(-1.0, lambda: called.put("at once"))
    assert [called.get(timeout=5) for _ in range(3)] == ["at once", "soon", "late"]


def test_no_call_comes_before_its_time(timer: SystemTimer) -> None:
    called: queue.Queue[float] = queue.Queue()
    began_s = time.monotonic()
    timer.after(0.03, lambda: called.put(time.monotonic()))
    assert called.get(timeout=5) - began_s >= 0.03


def test_a_sooner_call_does_not_wait_for_one_that_was_there_before(timer: SystemTimer) -> None:
    called = threading.Event()
    timer.after(NEVER_S, lambda: None)
    timer.after(0.01, called.set)
    assert called.wait(5)


def test_a_periodic_call_comes_again_until_it_is_cancelled(timer: SystemTimer) -> None:
    called: queue.Queue[int] = queue.Queue()
    handle = timer.every(0.005, lambda: called.put(1))
    for _ in range(3):
        called.get(timeout=5)
    handle.cancel()
    _a_full_round(timer)
    while not called.empty():
        called.get()
    _a_full_round(timer)
    assert called.empty()


def _a_full_round(timer: SystemTimer) -> None:
    """Longer than the period of the periodic call, by the timer's own doing."""
    passed = threading.Event()
    timer.after(0.02, passed.set)
    assert passed.wait(5)


def test_a_cancelled_call_does_not_come(timer: SystemTimer) -> None:
    called = threading.Event()
    handle = timer.after(0.01, called.set)
    handle.cancel()
    handle.cancel()
    _a_full_round(timer)
    assert not called.is_set()


def test_a_call_that_raises_ends_neither_the_thread_nor_its_own_period(
    timer: SystemTimer, caplog: pytest.LogCaptureFixture
) -> None:
    called: queue.Queue[int] = queue.Queue()

    def broken() -> None:
        called.put(1)
        raise ValueError("not today")

    timer.every(0.005, broken)
    for _ in range(2):
        called.get(timeout=5)
    assert timer.is_alive()
    assert "a timer call failed" in caplog.text


def test_missed_periods_are_not_made_up_for(timer: SystemTimer) -> None:
    called: queue.Queue[float] = queue.Queue()
    timer.every(0.02, lambda: called.put(time.monotonic()))
    timer.after(0.0, lambda: time.sleep(0.1))
    first_s, second_s = called.get(timeout=5), called.get(timeout=5)
    assert second_s - first_s > 0.01


def test_an_interval_must_be_positive(timer: SystemTimer) -> None:
    with pytest.raises(ValueError, match="positive"):
        timer.every(0.0, lambda: None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_timer_that_dies_says_so_and_goes_on_when_it_is_started_again() -> None:
    timer = SystemTimer()
    deaths: queue.Queue[str] = queue.Queue()
    called = threading.Event()

    def fatal() -> None:
        raise SystemExit(3)

    timer.start(deaths.put)
    timer.after(0.0, fatal)
    assert deaths.get(timeout=5) == "SystemExit: 3"
    timer.every(0.01, called.set)
    assert not called.wait(0.05)
    timer.start(deaths.put)
    timer.start(deaths.put)
    assert called.wait(5)
    timer.stop()
    assert deaths.empty()


def test_a_stopped_timer_forgets_everything_and_stays_stopped() -> None:
    timer = SystemTimer()
    called = threading.Event()
    timer.start()
    timer.after(0.01, called.set)
    timer.stop()
    timer.stop()
    timer.after(0.0, called.set)
    timer.start()
    assert not timer.is_alive()
    assert not called.is_set()


def test_a_timer_may_be_stopped_by_its_own_call() -> None:
    timer = SystemTimer()
    stopped = threading.Event()

    def stop() -> None:
        timer.stop()
        stopped.set()

    timer.start()
    timer.after(0.0, stop)
    assert stopped.wait(5)
