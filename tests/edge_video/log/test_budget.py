from __future__ import annotations

from edge_video.log.budget import BURST_LINES, LINES_PER_S, SUMMARY_INTERVAL_S, LogBudget
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerState


def admitted(
    budget: LogBudget, lines: int, now_s: float, event: LogEvent = LogEvent.CAMERA_FAILED
) -> int:
    return sum(budget.admits(event, {"camera_id": f"cam{n}"}, now_s) for n in range(lines))


def test_a_few_cameras_are_never_held_back() -> None:
    budget = LogBudget()
    assert admitted(budget, BURST_LINES, 100.0) == BURST_LINES
    assert budget.summary_in_s(100.0) is None
    assert budget.sum_up() is None


def test_beyond_the_burst_only_a_few_lines_a_second_are_said() -> None:
    budget = LogBudget()
    assert admitted(budget, 500, 100.0) == BURST_LINES
    assert admitted(budget, 500, 101.0) == LINES_PER_S
    assert admitted(budget, 500, 1_000.0) == BURST_LINES


def test_what_is_held_back_is_counted_by_what_it_would_have_said() -> None:
    budget = LogBudget(burst=0)
    for n in range(3):
        assert not budget.admits(LogEvent.CAMERA_FAILED, {"camera_id": f"cam{n}"}, 10.0)
    opened = {"camera_id": "cam1", "after": BreakerState.OPEN}
    closed = {"camera_id": "cam1", "after": BreakerState.CLOSED}
    assert not budget.admits(LogEvent.BREAKER_CHANGED, opened, 11.0)
    assert not budget.admits(LogEvent.BREAKER_CHANGED, closed, 11.0)
    assert not budget.admits(LogEvent.CAMERA_STREAMING, {"camera_id": "cam9"}, 11.0)
    assert budget.summary_in_s(11.0) == SUMMARY_INTERVAL_S - 1.0
    assert budget.summary_in_s(60.0) == 0.0
    held = budget.sum_up()
    assert held is not None
    assert (held.lines, held.failures, held.opened, held.streaming) == (6, 3, 1, 1)
    assert held.cameras == {"cam0", "cam1", "cam2", "cam9"}
    assert budget.sum_up() is None


def test_what_is_no_camera_s_daily_talk_is_always_said() -> None:
    budget = LogBudget(burst=0)
    for event in (LogEvent.PUBLISHER_LOST, LogEvent.ACTOR_CRASHED, LogEvent.CAMERA_STOPPED, None):
        assert budget.admits(event, {}, 10.0)


def test_good_news_do_not_use_up_what_the_next_failure_needs() -> None:
    budget = LogBudget()
    assert admitted(budget, 500, 100.0, LogEvent.CAMERA_STREAMING) == BURST_LINES
    assert admitted(budget, 500, 100.0, LogEvent.CAMERA_FAILED) == BURST_LINES


def test_a_field_of_any_kind_breaks_nothing() -> None:
    budget = LogBudget(burst=0)
    assert not budget.admits(LogEvent.CAMERA_FAILED, {"camera_id": ["not", "hashable"]}, 10.0)
    assert not budget.admits(LogEvent.CAMERA_FAILED, {}, 10.0)
    held = budget.sum_up()
    assert held is not None
    assert (held.lines, held.cameras) == (2, set())
