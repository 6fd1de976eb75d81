"""The breaker's table, its permits, and the events of each attempt."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import replace
from typing import Any

import pytest

from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker, Permit
from edge_video.resilience.failures import Cause, policy_for
from tests.edge_video.resilience.breaker_scenario import (
    CLOSED,
    DAMPED,
    HALF_OPEN,
    OPEN,
    TABLE,
    BreakerScenario,
)

# --- the specification's table --------------------------------------------------------------


def test_a_new_breaker_is_closed_and_grants_the_first_attempt() -> None:
    breaker, permit = CircuitBreaker.new(BreakerPolicy()).permit(0.0)

    assert breaker.state is CLOSED
    assert permit == Permit(granted=True, generation=1)
    assert breaker.attempt_running
    assert (breaker.calls, breaker.changes, breaker.backoff_s, breaker.wait_s) == (0, 0, 5.0, 0.0)


def test_the_specification_table_failure_by_failure() -> None:
    camera = BreakerScenario(replace(TABLE, reset_timeout_s=0.0))
    seen: list[tuple[int, str, float, float]] = []
    for _ in range(13):
        camera.crash(1)
        seen.append(
            (
                camera.breaker.consecutive_failures,
                camera.state.value,
                camera.breaker.backoff_s,
                camera.breaker.wait_s,
            )
        )

    assert seen == [
        (1, "CLOSED", 5.0, 0.0),
        (2, "CLOSED", 5.0, 0.0),
        (3, "CLOSED", 5.0, 0.0),
        (4, "CLOSED", 5.0, 0.0),
        (5, "OPEN", 5.0, 5.0),
        (6, "OPEN", 10.0, 10.0),
        (7, "OPEN", 20.0, 20.0),
        (8, "OPEN", 40.0, 40.0),
        (9, "OPEN", 80.0, 80.0),
        (10, "OPEN", 160.0, 160.0),
        (11, "OPEN", 300.0, 300.0),
        (12, "OPEN", 300.0, 300.0),
        (13, "OPEN", 300.0, 300.0),
    ]


def test_the_recorded_test_backoff_5_s_and_reset_timeout_5_s_wait_10_s() -> None:
    camera = BreakerScenario(replace(TABLE, reset_timeout_s=5.0))
    camera.crash(5)

    assert camera.state is OPEN
    assert camera.breaker.backoff_s == 5.0
    assert camera.breaker.wait_s == 10.0
    assert camera.breaker.retry_in_s(camera.now) == 10.0
    camera.now += 9.99
    refused = camera.ask()
    assert (refused.granted, refused.reason) == (False, "open")
    assert refused.retry_in_s == pytest.approx(0.01)
    camera.now += 0.01
    assert camera.ask().granted
    assert camera.state is HALF_OPEN


def test_the_final_report_of_a_dead_camera_reads_as_the_specification_prints_it() -> None:
    camera = BreakerScenario(BreakerPolicy())
    camera.crash(5)
    breaker = camera.breaker

    line = (
        f"{breaker.state} | Calls: {breaker.calls} (✓{breaker.successes} ✗{breaker.failures}"
        f" 🚫{breaker.rejected}) | Changes: {breaker.changes}"
    )
    assert line == "OPEN | Calls: 5 (✓0 ✗5 🚫0) | Changes: 1"


def test_breaker_half_opens_when_its_wait_ends() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    assert camera.breaker.wait_s == 35.0

    camera.now += 34.9
    assert not camera.ask().granted
    assert camera.state is OPEN
    camera.now += 0.2
    assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert camera.state is OPEN, "time alone changes nothing: the grant does"
    camera.begin()
    assert camera.state is HALF_OPEN
    assert (camera.breaker.wait_s, camera.breaker.retry_in_s(camera.now)) == (0.0, 0.25)
    assert camera.breaker.backoff_s == 5.0


def test_three_good_seconds_in_half_open_close_it_and_the_backoff_reads_initial_again() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(8)
    camera.begin_as_soon_as_allowed()
    assert (camera.state, camera.breaker.backoff_s) == (HALF_OPEN, 40.0)

    camera.stream(2)
    assert camera.state is HALF_OPEN
    camera.stream(1)
    assert camera.state is CLOSED
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (5.0, 0.0)


def test_a_failure_in_half_open_reopens_even_after_two_good_seconds() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.live(2)

    assert camera.state is OPEN
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (10.0, 40.0)


def test_the_successes_that_close_it_must_be_of_one_attempt() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(2)
    camera.release()
    camera.begin()
    camera.stream(2)
    assert camera.state is HALF_OPEN
    camera.stream(1)
    assert camera.state is CLOSED


def test_changes_count_every_transition() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)  # CLOSED → OPEN
    camera.crash(1)  # → HALF_OPEN → OPEN
    camera.begin_as_soon_as_allowed()  # → HALF_OPEN
    camera.stream(3)  # → CLOSED
    assert camera.breaker.changes == 5


def test_calls_are_successes_plus_failures() -> None:
    camera = BreakerScenario(DAMPED)
    camera.live(7)
    camera.live(4)
    camera.begin_as_soon_as_allowed()
    camera.release()
    assert (camera.breaker.successes, camera.breaker.failures, camera.breaker.calls) == (11, 2, 13)


# --- the cap and the exponent ---------------------------------------------------------------


@pytest.mark.parametrize("multiplier", [1.0, 2.0, 1e308])
def test_a_camera_dead_for_months_never_overflows(multiplier: float) -> None:
    camera = BreakerScenario(replace(TABLE, backoff_multiplier=multiplier))
    camera.crash(3000)

    assert camera.breaker.backoff_s == (5.0 if multiplier == 1.0 else 300.0)
    assert camera.breaker.consecutive_failures == 3000


def test_a_count_of_millions_costs_nothing_and_keeps_the_cap() -> None:
    camera = BreakerScenario(TABLE)
    camera.crash(20)
    camera.breaker = replace(camera.breaker, consecutive_failures=10**9)
    camera.crash(1)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (300.0, 330.0)


# --- the token and the retry floor ----------------------------------------------------------


def test_only_one_attempt_at_a_time() -> None:
    camera = BreakerScenario(DAMPED)
    first = camera.begin()
    camera.now += 3600.0

    assert camera.ask() == Permit(granted=False, reason="attempt_running")
    assert camera.breaker.generation == first
    camera.release()
    assert camera.begin() == first + 1


def test_only_one_probe_at_a_time() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.now += 3600.0
    assert camera.ask().reason == "attempt_running"


@pytest.mark.parametrize("enabled", [True, False])
def test_two_attempts_are_never_closer_than_the_retry_floor(enabled: bool) -> None:
    camera = BreakerScenario(replace(DAMPED, enabled=enabled))
    camera.begin()
    camera.now += 0.1
    camera.fail()

    refused = camera.ask()
    assert (refused.granted, refused.reason) == (False, "floor")
    assert refused.retry_in_s == pytest.approx(0.15)
    assert camera.breaker.retry_in_s(camera.now) == pytest.approx(0.15)
    camera.now += 0.15
    assert camera.ask().granted


def test_an_attempt_longer_than_the_floor_is_followed_at_once() -> None:
    camera = BreakerScenario(DAMPED)
    camera.begin()
    camera.now += 0.3
    camera.fail()
    assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert camera.ask().granted


def test_the_floor_holds_in_open_too_without_leaving_it() -> None:
    camera = BreakerScenario(replace(TABLE, max_failures=1))
    camera.begin()
    camera.now += 0.1
    camera.fail()
    camera.breaker = camera.breaker.retry_now(camera.now)

    assert camera.ask().reason == "floor"
    assert (camera.state, camera.breaker.rejected) == (OPEN, 0)


def test_only_refusals_of_open_are_counted_as_rejected() -> None:
    camera = BreakerScenario(DAMPED)
    camera.begin()
    assert camera.ask().reason == "attempt_running"
    camera.fail()
    assert camera.ask().reason == "floor"
    assert camera.breaker.rejected == 0

    camera.crash(4)
    assert camera.ask() == Permit(granted=False, retry_in_s=35.0, reason="open")
    assert camera.ask().reason == "open"
    assert camera.breaker.rejected == 2
    assert camera.breaker.calls == 5


def test_the_timer_that_waits_as_announced_is_not_refused_for_a_rounding_error() -> None:
    chance = random.Random(7)
    for _ in range(500):
        camera = BreakerScenario(BreakerPolicy(max_failures=1), now=chance.uniform(0.0, 1e6))
        camera.begin()
        camera.now += chance.random()
        camera.fail(draw=chance.random())
        for _ in range(10):
            camera.now += camera.breaker.wait_s / 10
        assert camera.breaker.retry_in_s(camera.now) == 0.0
        assert camera.ask().granted


# --- late events ----------------------------------------------------------------------------


def test_events_of_an_older_attempt_change_nothing() -> None:
    camera = BreakerScenario(DAMPED)
    old = camera.begin()
    camera.release()
    camera.now += 1.0
    camera.begin()
    before = camera.breaker

    assert before.success(camera.now, old) is before
    assert before.failure(camera.now, old) is before
    assert before.release(camera.now, old) is before


def test_an_attempt_ends_only_once() -> None:
    camera = BreakerScenario(DAMPED)
    generation = camera.begin()
    camera.fail()
    before = camera.breaker

    assert before.failure(camera.now, generation) is before
    assert before.success(camera.now, generation) is before
    assert before.release(camera.now, generation) is before


def test_an_attempt_not_yet_granted_cannot_report() -> None:
    breaker = CircuitBreaker.new(DAMPED)
    assert breaker.failure(0.0, 0) is breaker
    assert breaker.success(0.0, 1) is breaker


# --- the neutral end ------------------------------------------------------------------------


def test_a_neutral_end_is_neither_success_nor_failure() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(4)
    camera.begin_as_soon_as_allowed()
    before = camera.breaker
    camera.release()
    assert camera.breaker == replace(before, attempt_running=False)


def test_a_half_open_breaker_stays_half_open_over_a_neutral_end() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.now += 1.0
    camera.release()
    assert camera.state is HALF_OPEN
    changes = camera.breaker.changes
    camera.begin()
    assert (camera.state, camera.breaker.changes) == (HALF_OPEN, changes)


# --- disabled -------------------------------------------------------------------------------


def test_a_disabled_breaker_never_opens_and_still_counts() -> None:
    camera = BreakerScenario(replace(DAMPED, enabled=False))
    started = camera.now
    camera.crash(1000, policy_for(Cause.WRONG_PASSWORD))
    assert (camera.state, camera.breaker.failures, camera.breaker.changes) == (CLOSED, 1000, 0)
    assert camera.now - started == pytest.approx(999 * 0.25)


def test_force_open_holds_a_disabled_breaker_too() -> None:
    camera = BreakerScenario(replace(DAMPED, enabled=False))
    camera.breaker = camera.breaker.force_open(camera.now)
    assert camera.ask().reason == "forced_open"
    camera.breaker = camera.breaker.reset(camera.now)
    assert camera.ask().granted


# --- the value ------------------------------------------------------------------------------


def test_queries_change_nothing_and_the_value_is_frozen() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    before = camera.breaker
    copy = replace(before)
    for later_s in (0.0, 10.0, 35.0, 1e6):
        before.retry_in_s(camera.now + later_s)
        before.permit(camera.now + later_s)
    assert before == copy
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.generation = 7  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("knob", "figure"),
    [
        ("max_failures", 0),
        ("half_open_successes", 0),
        ("reset_timeout_s", -1.0),
        ("initial_backoff_s", float("nan")),
        ("initial_backoff_s", 301.0),
        ("max_backoff_s", float("inf")),
        ("backoff_multiplier", 0.5),
        ("stable_after_s", -0.1),
        ("long_session_s", -0.1),
        ("jitter", 1.0),
        ("jitter", -0.1),
        ("retry_floor_s", -0.1),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_by_name(knob: str, figure: float) -> None:
    knobs: dict[str, Any] = {knob: figure}
    with pytest.raises(ValueError, match=knob):
        BreakerPolicy(**knobs)
