"""What a cause, chance and an operator change in the breaker's table."""

from __future__ import annotations

import random

import pytest

from edge_video.resilience.breaker import BreakerPolicy, Permit
from edge_video.resilience.failures import Cause, CausePolicy, policy_for
from tests.edge_video.resilience.breaker_scenario import (
    CLOSED,
    DAMPED,
    HALF_OPEN,
    OPEN,
    BreakerScenario,
)

# --- causes ---------------------------------------------------------------------------------


def test_a_wrong_password_opens_after_two_failures_and_waits_at_least_a_minute() -> None:
    camera = BreakerScenario(BreakerPolicy())
    wrong_password = policy_for(Cause.WRONG_PASSWORD)
    camera.crash(1, wrong_password)
    assert camera.state is CLOSED
    camera.crash(1, wrong_password)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 5.0, 60.0)


def test_a_missing_binary_is_one_failure_not_five() -> None:
    camera = BreakerScenario(BreakerPolicy())
    camera.crash(1, policy_for(Cause.BINARY_MISSING))
    assert (camera.state, camera.breaker.changes) == (OPEN, 1)


def test_a_cause_cannot_raise_the_number_that_opens() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5, CausePolicy(max_failures=50))
    assert camera.state is OPEN


def test_the_least_wait_of_a_cause_beats_the_productive_cap_and_the_jitter() -> None:
    camera = BreakerScenario(BreakerPolicy(jitter=0.5))
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(20)
    camera.fail(CausePolicy(min_wait_s=60.0), draw=0.99)
    assert camera.breaker.wait_s == 60.0
    assert camera.breaker.retry_in_s(camera.now) == 60.0


def test_the_least_wait_of_a_cause_does_not_shorten_the_table() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(9, CausePolicy(min_wait_s=60.0))
    assert camera.breaker.wait_s == 110.0


# --- jitter ---------------------------------------------------------------------------------


def test_jitter_shortens_the_true_wait_and_not_the_level() -> None:
    camera = BreakerScenario(BreakerPolicy(jitter=0.1))
    camera.crash(4)
    camera.begin_as_soon_as_allowed()
    camera.fail(draw=0.5)
    assert camera.breaker.backoff_s == 5.0
    assert camera.breaker.wait_s == pytest.approx(35.0 * 0.95)
    assert camera.breaker.retry_in_s(camera.now) == pytest.approx(35.0 * 0.95)
    camera.begin_as_soon_as_allowed()
    camera.fail(draw=0.999)
    assert camera.breaker.backoff_s == 10.0
    assert camera.breaker.wait_s == pytest.approx(40.0 * (1 - 0.0999))


def test_fifty_cameras_behind_one_dead_switch_do_not_return_in_one_instant() -> None:
    chance = random.Random(1)
    waits = set()
    for _ in range(50):
        camera = BreakerScenario(BreakerPolicy(max_failures=1))
        camera.begin()
        camera.fail(draw=chance.random())
        waits.add(round(camera.breaker.wait_s, 2))
    assert len(waits) > 40
    assert min(waits) >= 35.0 * 0.9
    assert max(waits) <= 35.0


@pytest.mark.parametrize("draw", [-0.01, 1.0, float("nan")])
def test_a_draw_outside_its_range_is_refused(draw: float) -> None:
    camera = BreakerScenario(BreakerPolicy())
    camera.begin()
    with pytest.raises(ValueError, match="draw"):
        camera.fail(draw=draw)


# --- an operator's controls -----------------------------------------------------------------


def test_reset_closes_and_forgets_but_keeps_the_lifetime_counters() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(9)
    camera.now += 1.0
    camera.ask()
    before = camera.breaker
    camera.breaker = before.reset(camera.now)

    assert camera.state is CLOSED
    assert (camera.breaker.consecutive_failures, camera.breaker.backoff_s) == (0, 5.0)
    assert not camera.breaker.on_probation
    assert (camera.breaker.wait_s, camera.breaker.retry_in_s(camera.now)) == (0.0, 0.0)
    assert (camera.breaker.failures, camera.breaker.rejected) == (9, 1)
    assert camera.breaker.changes == before.changes + 1
    camera.crash(4)
    assert camera.state is CLOSED
    camera.crash(1)
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 5.0)


def test_reset_of_a_closed_breaker_is_no_change_of_state() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(3)
    camera.breaker = camera.breaker.reset(camera.now)
    assert (camera.breaker.changes, camera.breaker.consecutive_failures) == (0, 0)


def test_reset_ends_probation() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(3)
    camera.breaker = camera.breaker.reset(camera.now)
    camera.fail()
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)


def test_reset_leaves_a_running_attempt_its_token() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    generation = camera.begin_as_soon_as_allowed()
    camera.now += 1.0
    camera.breaker = camera.breaker.reset(camera.now)
    assert camera.ask().reason == "attempt_running"
    camera.stream(1)
    assert (camera.breaker.successes, camera.breaker.generation) == (1, generation)
    camera.fail()
    assert (camera.state, camera.breaker.failures) == (CLOSED, 6)


def test_retry_now_ends_the_wait_and_keeps_the_level() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(7)
    camera.now += 1.0
    camera.breaker = camera.breaker.retry_now(camera.now)
    assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert camera.state is OPEN
    camera.begin()
    assert camera.state is HALF_OPEN
    camera.fail()
    assert camera.breaker.backoff_s == 40.0


def test_retry_now_changes_nothing_without_a_wait() -> None:
    camera = BreakerScenario(DAMPED)
    assert camera.breaker.retry_now(camera.now) is camera.breaker
    camera.crash(5)
    over = camera.now + 100.0
    assert camera.breaker.retry_now(over) is camera.breaker
    camera.begin_as_soon_as_allowed()
    assert camera.breaker.retry_now(camera.now) is camera.breaker


def test_force_open_is_sticky_until_reset() -> None:
    camera = BreakerScenario(DAMPED)
    camera.breaker = camera.breaker.force_open(camera.now)
    assert (camera.state, camera.breaker.changes) == (OPEN, 1)
    camera.now += 1e6
    assert camera.ask() == Permit(granted=False, reason="forced_open")
    assert camera.breaker.retry_in_s(camera.now) is None
    assert camera.breaker.rejected == 1
    assert camera.breaker.retry_now(camera.now) is camera.breaker

    camera.breaker = camera.breaker.reset(camera.now)
    assert (camera.state, camera.breaker.forced_open, camera.breaker.changes) == (CLOSED, False, 2)
    camera.begin()


def test_force_open_of_an_open_breaker_takes_its_wait_away() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.breaker = camera.breaker.force_open(camera.now)
    assert (camera.breaker.changes, camera.breaker.wait_s) == (1, 0.0)
    assert camera.breaker.force_open(camera.now) == camera.breaker
    camera.now += 1e6
    assert camera.ask().reason == "forced_open"


def test_force_open_leaves_the_running_attempt_to_its_owner() -> None:
    camera = BreakerScenario(DAMPED)
    camera.begin()
    camera.breaker = camera.breaker.force_open(camera.now)
    assert camera.breaker.attempt_running

    camera.stream(5)
    assert (camera.state, camera.breaker.successes) == (OPEN, 5)
    camera.fail()
    assert (camera.state, camera.breaker.failures, camera.breaker.changes) == (OPEN, 1, 1)
    assert (camera.breaker.attempt_running, camera.breaker.retry_in_s(camera.now)) == (False, None)


def test_force_open_of_a_probe_that_then_succeeds_does_not_close_it() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.breaker = camera.breaker.force_open(camera.now)
    camera.stream(100)
    assert (camera.state, camera.breaker.forced_open) == (OPEN, True)
    camera.release()
    assert not camera.breaker.attempt_running
