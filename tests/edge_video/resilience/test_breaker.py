"""The breaker's rules as stories; time passes by arithmetic."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import replace
from typing import Any

import pytest

from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker, Permit
from edge_video.resilience.failures import DEFAULT_POLICY, Cause, CausePolicy, policy_for

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN

TABLE = BreakerPolicy(stable_after_s=0.0, productive_cap=False, long_session_s=0.0, jitter=0.0)
"""The specification to the letter: no probation, no cap, no chance."""

DAMPED = BreakerPolicy(jitter=0.0)
"""The default policy without its chance."""


class Camera:
    """One camera and its breaker, told as a story: begin, stream, fail, wait."""

    def __init__(self, policy: BreakerPolicy, now: float = 1000.0) -> None:
        self.now = now
        self.breaker = CircuitBreaker.new(policy)

    @property
    def state(self) -> BreakerState:
        return self.breaker.state

    def ask(self) -> Permit:
        self.breaker, permit = self.breaker.permit(self.now)
        return permit

    def begin(self) -> int:
        permit = self.ask()
        assert permit.granted, permit
        assert permit.generation is not None
        return permit.generation

    def begin_as_soon_as_allowed(self) -> int:
        retry_in_s = self.breaker.retry_in_s(self.now)
        assert retry_in_s is not None
        self.now += retry_in_s
        return self.begin()

    def stream(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            self.breaker = self.breaker.success(self.now, self.breaker.generation)

    def fail(self, cause_policy: CausePolicy = DEFAULT_POLICY, draw: float = 0.0) -> None:
        self.breaker = self.breaker.failure(
            self.now, self.breaker.generation, cause_policy, draw=draw
        )

    def release(self) -> None:
        self.breaker = self.breaker.release(self.now, self.breaker.generation)

    def crash(self, times: int, cause_policy: CausePolicy = DEFAULT_POLICY) -> None:
        """Begin and fail at once, as soon as allowed each time."""
        for _ in range(times):
            self.begin_as_soon_as_allowed()
            self.fail(cause_policy)

    def live(self, seconds: int) -> None:
        """Begin as soon as allowed, stream, fail."""
        self.begin_as_soon_as_allowed()
        self.stream(seconds)
        self.fail()


# --- the specification's table --------------------------------------------------------------


def test_a_new_breaker_is_closed_and_grants_the_first_attempt() -> None:
    breaker, permit = CircuitBreaker.new(BreakerPolicy()).permit(0.0)

    assert breaker.state is CLOSED
    assert permit == Permit(granted=True, generation=1)
    assert breaker.attempt_running
    assert (breaker.calls, breaker.changes, breaker.backoff_s, breaker.wait_s) == (0, 0, 5.0, 0.0)


def test_the_specification_table_failure_by_failure() -> None:
    camera = Camera(replace(TABLE, reset_timeout_s=0.0))
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
    camera = Camera(replace(TABLE, reset_timeout_s=5.0))
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
    camera = Camera(BreakerPolicy())
    camera.crash(5)
    breaker = camera.breaker

    line = (
        f"{breaker.state} | Calls: {breaker.calls} (✓{breaker.successes} ✗{breaker.failures}"
        f" 🚫{breaker.rejected}) | Changes: {breaker.changes}"
    )
    assert line == "OPEN | Calls: 5 (✓0 ✗5 🚫0) | Changes: 1"


def test_breaker_half_opens_when_its_wait_ends() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
    camera.crash(8)
    camera.begin_as_soon_as_allowed()
    assert (camera.state, camera.breaker.backoff_s) == (HALF_OPEN, 40.0)

    camera.stream(2)
    assert camera.state is HALF_OPEN
    camera.stream(1)
    assert camera.state is CLOSED
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (5.0, 0.0)


def test_a_failure_in_half_open_reopens_even_after_two_good_seconds() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.live(2)

    assert camera.state is OPEN
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (10.0, 40.0)


def test_the_successes_that_close_it_must_be_of_one_attempt() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
    camera.crash(5)  # CLOSED → OPEN
    camera.crash(1)  # → HALF_OPEN → OPEN
    camera.begin_as_soon_as_allowed()  # → HALF_OPEN
    camera.stream(3)  # → CLOSED
    assert camera.breaker.changes == 5


def test_calls_are_successes_plus_failures() -> None:
    camera = Camera(DAMPED)
    camera.live(7)
    camera.live(4)
    camera.begin_as_soon_as_allowed()
    camera.release()
    assert (camera.breaker.successes, camera.breaker.failures, camera.breaker.calls) == (11, 2, 13)


# --- the cap and the exponent ---------------------------------------------------------------


@pytest.mark.parametrize("multiplier", [1.0, 2.0, 1e308])
def test_a_camera_dead_for_months_never_overflows(multiplier: float) -> None:
    camera = Camera(replace(TABLE, backoff_multiplier=multiplier))
    camera.crash(3000)

    assert camera.breaker.backoff_s == (5.0 if multiplier == 1.0 else 300.0)
    assert camera.breaker.consecutive_failures == 3000


def test_a_count_of_millions_costs_nothing_and_keeps_the_cap() -> None:
    camera = Camera(TABLE)
    camera.crash(20)
    camera.breaker = replace(camera.breaker, consecutive_failures=10**9)
    camera.crash(1)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (300.0, 330.0)


# --- the token and the retry floor ----------------------------------------------------------


def test_only_one_attempt_at_a_time() -> None:
    camera = Camera(DAMPED)
    first = camera.begin()
    camera.now += 3600.0

    assert camera.ask() == Permit(granted=False, reason="attempt_running")
    assert camera.breaker.generation == first
    camera.release()
    assert camera.begin() == first + 1


def test_only_one_probe_at_a_time() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.now += 3600.0
    assert camera.ask().reason == "attempt_running"


@pytest.mark.parametrize("enabled", [True, False])
def test_two_attempts_are_never_closer_than_the_retry_floor(enabled: bool) -> None:
    camera = Camera(replace(DAMPED, enabled=enabled))
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
    camera = Camera(DAMPED)
    camera.begin()
    camera.now += 0.3
    camera.fail()
    assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert camera.ask().granted


def test_the_floor_holds_in_open_too_without_leaving_it() -> None:
    camera = Camera(replace(TABLE, max_failures=1))
    camera.begin()
    camera.now += 0.1
    camera.fail()
    camera.breaker = camera.breaker.retry_now(camera.now)

    assert camera.ask().reason == "floor"
    assert (camera.state, camera.breaker.rejected) == (OPEN, 0)


def test_only_refusals_of_open_are_counted_as_rejected() -> None:
    camera = Camera(DAMPED)
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
        camera = Camera(BreakerPolicy(max_failures=1), now=chance.uniform(0.0, 1e6))
        camera.begin()
        camera.now += chance.random()
        camera.fail(draw=chance.random())
        for _ in range(10):
            camera.now += camera.breaker.wait_s / 10
        assert camera.breaker.retry_in_s(camera.now) == 0.0
        assert camera.ask().granted


# --- late events ----------------------------------------------------------------------------


def test_events_of_an_older_attempt_change_nothing() -> None:
    camera = Camera(DAMPED)
    old = camera.begin()
    camera.release()
    camera.now += 1.0
    camera.begin()
    before = camera.breaker

    assert before.success(camera.now, old) is before
    assert before.failure(camera.now, old) is before
    assert before.release(camera.now, old) is before


def test_an_attempt_ends_only_once() -> None:
    camera = Camera(DAMPED)
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


# --- stability and probation ----------------------------------------------------------------


def test_a_single_good_second_does_not_clear_the_count() -> None:
    camera = Camera(DAMPED)
    for _ in range(5):
        camera.live(1)
    assert camera.state is OPEN


def test_stable_streaming_clears_the_count() -> None:
    camera = Camera(DAMPED)
    camera.crash(4)
    camera.begin_as_soon_as_allowed()
    camera.stream(59)
    assert camera.breaker.consecutive_failures == 4
    camera.stream(1)
    assert camera.breaker.consecutive_failures == 0
    camera.fail()
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)


def test_five_lost_connections_over_a_year_do_not_open_it() -> None:
    camera = Camera(DAMPED)
    for _ in range(5):
        camera.live(120)
    assert (camera.state, camera.breaker.changes) == (CLOSED, 0)


def test_time_spent_connecting_is_not_stable_streaming() -> None:
    camera = Camera(DAMPED)
    camera.crash(1)
    camera.begin_as_soon_as_allowed()
    camera.now += 100.0
    camera.stream(59)
    assert camera.breaker.consecutive_failures == 1
    camera.stream(1)
    assert camera.breaker.consecutive_failures == 0


def test_streaming_of_two_attempts_does_not_add_up_to_stability() -> None:
    camera = Camera(DAMPED)
    camera.crash(1)
    camera.begin_as_soon_as_allowed()
    camera.stream(40)
    camera.release()
    camera.begin_as_soon_as_allowed()
    camera.stream(40)
    assert camera.breaker.consecutive_failures == 1


def test_a_failure_on_probation_reopens_at_the_next_level() -> None:
    camera = Camera(replace(DAMPED, productive_cap=False))
    camera.crash(6)
    assert camera.breaker.backoff_s == 10.0
    camera.begin_as_soon_as_allowed()
    camera.stream(30)
    assert camera.state is CLOSED
    assert camera.breaker.on_probation
    assert camera.breaker.backoff_s == 5.0

    camera.fail()
    assert camera.state is OPEN
    assert camera.breaker.consecutive_failures == 7
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (20.0, 50.0)


def test_a_breaker_that_a_cause_opened_early_is_on_probation_like_any_other() -> None:
    camera = Camera(DAMPED)
    camera.crash(2, policy_for(Cause.WRONG_PASSWORD))
    camera.begin_as_soon_as_allowed()
    camera.stream(3)
    camera.fail()
    assert camera.breaker.consecutive_failures == 3
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 10.0)


def test_probation_outlasts_a_neutral_end() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(10)
    camera.release()
    camera.crash(1)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 10.0, 40.0)


def test_probation_ends_after_stable_streaming() -> None:
    camera = Camera(DAMPED)
    camera.crash(9)
    camera.begin_as_soon_as_allowed()
    camera.stream(60)
    assert not camera.breaker.on_probation
    camera.fail()
    camera.crash(3)
    assert camera.state is CLOSED
    camera.crash(1)
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 5.0)


def test_closing_after_more_good_seconds_than_stability_needs_leaves_no_probation() -> None:
    camera = Camera(replace(DAMPED, half_open_successes=80))
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(79)
    assert (camera.state, camera.breaker.consecutive_failures) == (HALF_OPEN, 5)
    camera.stream(1)
    assert (camera.state, camera.breaker.on_probation) == (CLOSED, False)


def test_without_a_time_of_stability_closing_clears_everything() -> None:
    camera = Camera(TABLE)
    camera.crash(9)
    camera.live(3)
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)
    camera.crash(4)
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 5.0)


# --- the productive cap ---------------------------------------------------------------------


def test_the_wait_is_no_longer_than_the_last_attempt_was_good() -> None:
    camera = Camera(DAMPED)
    camera.crash(10)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (160.0, 190.0)
    camera.live(20)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (300.0, 20.0)
    assert camera.breaker.retry_in_s(camera.now) == 20.0


def test_the_productive_cap_is_never_below_the_initial_backoff() -> None:
    camera = Camera(DAMPED)
    camera.crash(10)
    camera.live(3)
    assert camera.breaker.wait_s == 5.0


def test_the_productive_cap_only_shortens() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.live(59)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (10.0, 40.0)


def test_an_attempt_that_does_not_close_the_breaker_is_not_productive() -> None:
    camera = Camera(DAMPED)
    camera.crash(10)
    camera.live(2)
    assert camera.breaker.wait_s == 330.0


def test_a_crash_after_a_productive_attempt_gets_the_full_table() -> None:
    camera = Camera(DAMPED)
    camera.crash(10)
    camera.live(20)
    camera.crash(1)
    assert camera.breaker.wait_s == 330.0


def test_the_first_opening_is_capped_too() -> None:
    camera = Camera(DAMPED)
    for _ in range(5):
        camera.live(20)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 5.0, 20.0)


def test_the_productive_cap_can_be_switched_off() -> None:
    camera = Camera(replace(DAMPED, productive_cap=False))
    camera.crash(10)
    camera.live(20)
    assert camera.breaker.wait_s == 330.0


# --- long sessions --------------------------------------------------------------------------


def test_sessions_of_55_s_that_end_again_and_again_never_open_it() -> None:
    camera = Camera(DAMPED)
    for _ in range(100):
        camera.live(55)
        assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert (camera.state, camera.breaker.changes) == (CLOSED, 0)
    assert (camera.breaker.failures, camera.breaker.session_ends) == (100, 99)


def test_the_first_end_counts_and_the_second_of_a_series_does_not() -> None:
    camera = Camera(DAMPED)
    camera.live(55)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)
    camera.live(55)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (0, 1)


def test_the_first_end_of_a_stream_that_was_stable_counts_as_ever() -> None:
    camera = Camera(DAMPED)
    camera.live(60)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)


def test_a_series_of_long_sessions_adds_up_to_stability() -> None:
    camera = Camera(DAMPED)
    camera.crash(10)
    camera.live(30)
    assert (camera.state, camera.breaker.wait_s) == (OPEN, 30.0)
    camera.live(29)
    levels = [camera.breaker.level_backoff_s]
    camera.begin_as_soon_as_allowed()
    camera.stream(1)
    levels.append(camera.breaker.level_backoff_s)
    assert levels == [300.0, None]
    camera.fail()
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)


def test_a_short_session_ends_the_series() -> None:
    camera = Camera(DAMPED)
    camera.live(30)
    camera.live(24)
    camera.live(30)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (3, 0)


def test_a_crash_loop_after_long_sessions_gets_the_whole_table() -> None:
    camera = Camera(DAMPED)
    for _ in range(20):
        camera.live(55)
    camera.crash(4)
    assert camera.state is CLOSED
    camera.crash(1)
    assert (camera.state, camera.breaker.wait_s) == (OPEN, 35.0)
    camera.crash(1)
    assert camera.breaker.wait_s == 40.0


def test_a_password_that_turns_wrong_is_no_session_that_ended() -> None:
    camera = Camera(BreakerPolicy())
    camera.live(55)
    camera.begin_as_soon_as_allowed()
    camera.stream(55)
    camera.fail(policy_for(Cause.WRONG_PASSWORD))
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)


def test_a_frame_every_other_second_makes_a_long_session_too() -> None:
    camera = Camera(DAMPED)
    for _ in range(3):
        camera.begin_as_soon_as_allowed()
        for _ in range(15):
            camera.now += 1.0
            camera.stream(1)
        camera.fail()
    assert camera.breaker.session_ends == 2


def test_without_long_sessions_every_end_counts() -> None:
    camera = Camera(replace(DAMPED, long_session_s=0.0))
    for _ in range(5):
        camera.live(55)
    assert (camera.state, camera.breaker.session_ends) == (OPEN, 0)


def test_long_sessions_are_still_a_retry_floor_apart() -> None:
    camera = Camera(replace(DAMPED, retry_floor_s=90.0))
    camera.live(60)
    assert camera.breaker.retry_in_s(camera.now) == 30.0


# --- causes ---------------------------------------------------------------------------------


def test_a_wrong_password_opens_after_two_failures_and_waits_at_least_a_minute() -> None:
    camera = Camera(BreakerPolicy())
    wrong_password = policy_for(Cause.WRONG_PASSWORD)
    camera.crash(1, wrong_password)
    assert camera.state is CLOSED
    camera.crash(1, wrong_password)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 5.0, 60.0)


def test_a_missing_binary_is_one_failure_not_five() -> None:
    camera = Camera(BreakerPolicy())
    camera.crash(1, policy_for(Cause.BINARY_MISSING))
    assert (camera.state, camera.breaker.changes) == (OPEN, 1)


def test_a_cause_cannot_raise_the_number_that_opens() -> None:
    camera = Camera(DAMPED)
    camera.crash(5, CausePolicy(max_failures=50))
    assert camera.state is OPEN


def test_the_least_wait_of_a_cause_beats_the_productive_cap_and_the_jitter() -> None:
    camera = Camera(BreakerPolicy(jitter=0.5))
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(20)
    camera.fail(CausePolicy(min_wait_s=60.0), draw=0.99)
    assert camera.breaker.wait_s == 60.0
    assert camera.breaker.retry_in_s(camera.now) == 60.0


def test_the_least_wait_of_a_cause_does_not_shorten_the_table() -> None:
    camera = Camera(DAMPED)
    camera.crash(9, CausePolicy(min_wait_s=60.0))
    assert camera.breaker.wait_s == 110.0


# --- jitter ---------------------------------------------------------------------------------


def test_jitter_shortens_the_true_wait_and_not_the_level() -> None:
    camera = Camera(BreakerPolicy(jitter=0.1))
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
        camera = Camera(BreakerPolicy(max_failures=1))
        camera.begin()
        camera.fail(draw=chance.random())
        waits.add(round(camera.breaker.wait_s, 2))
    assert len(waits) > 40
    assert min(waits) >= 35.0 * 0.9
    assert max(waits) <= 35.0


@pytest.mark.parametrize("draw", [-0.01, 1.0, float("nan")])
def test_a_draw_outside_its_range_is_refused(draw: float) -> None:
    camera = Camera(BreakerPolicy())
    camera.begin()
    with pytest.raises(ValueError, match="draw"):
        camera.fail(draw=draw)


# --- the neutral end ------------------------------------------------------------------------


def test_a_neutral_end_is_neither_success_nor_failure() -> None:
    camera = Camera(DAMPED)
    camera.crash(4)
    camera.begin_as_soon_as_allowed()
    before = camera.breaker
    camera.release()
    assert camera.breaker == replace(before, attempt_running=False)


def test_a_half_open_breaker_stays_half_open_over_a_neutral_end() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(replace(DAMPED, enabled=False))
    started = camera.now
    camera.crash(1000, policy_for(Cause.WRONG_PASSWORD))
    assert (camera.state, camera.breaker.failures, camera.breaker.changes) == (CLOSED, 1000, 0)
    assert camera.now - started == pytest.approx(999 * 0.25)


def test_force_open_holds_a_disabled_breaker_too() -> None:
    camera = Camera(replace(DAMPED, enabled=False))
    camera.breaker = camera.breaker.force_open(camera.now)
    assert camera.ask().reason == "forced_open"
    camera.breaker = camera.breaker.reset(camera.now)
    assert camera.ask().granted


# --- an operator's controls -----------------------------------------------------------------


def test_reset_closes_and_forgets_but_keeps_the_lifetime_counters() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
    camera.crash(3)
    camera.breaker = camera.breaker.reset(camera.now)
    assert (camera.breaker.changes, camera.breaker.consecutive_failures) == (0, 0)


def test_reset_ends_probation() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(3)
    camera.breaker = camera.breaker.reset(camera.now)
    camera.fail()
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)


def test_reset_leaves_a_running_attempt_its_token() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
    assert camera.breaker.retry_now(camera.now) is camera.breaker
    camera.crash(5)
    over = camera.now + 100.0
    assert camera.breaker.retry_now(over) is camera.breaker
    camera.begin_as_soon_as_allowed()
    assert camera.breaker.retry_now(camera.now) is camera.breaker


def test_force_open_is_sticky_until_reset() -> None:
    camera = Camera(DAMPED)
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
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.breaker = camera.breaker.force_open(camera.now)
    assert (camera.breaker.changes, camera.breaker.wait_s) == (1, 0.0)
    assert camera.breaker.force_open(camera.now) == camera.breaker
    camera.now += 1e6
    assert camera.ask().reason == "forced_open"


def test_force_open_leaves_the_running_attempt_to_its_owner() -> None:
    camera = Camera(DAMPED)
    camera.begin()
    camera.breaker = camera.breaker.force_open(camera.now)
    assert camera.breaker.attempt_running

    camera.stream(5)
    assert (camera.state, camera.breaker.successes) == (OPEN, 5)
    camera.fail()
    assert (camera.state, camera.breaker.failures, camera.breaker.changes) == (OPEN, 1, 1)
    assert (camera.breaker.attempt_running, camera.breaker.retry_in_s(camera.now)) == (False, None)


def test_force_open_of_a_probe_that_then_succeeds_does_not_close_it() -> None:
    camera = Camera(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.breaker = camera.breaker.force_open(camera.now)
    camera.stream(100)
    assert (camera.state, camera.breaker.forced_open) == (OPEN, True)
    camera.release()
    assert not camera.breaker.attempt_running


# --- the value ------------------------------------------------------------------------------


def test_queries_change_nothing_and_the_value_is_frozen() -> None:
    camera = Camera(DAMPED)
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


# --- a simulated day ------------------------------------------------------------------------


def _day_of_a_camera_that_lives(
    lives_s: int, policy: BreakerPolicy, connects_in_s: float = 2.0
) -> tuple[int, float]:
    """Attempts begun, and the share of the day that is live."""
    camera = Camera(policy, now=0.0)
    live_s = 0
    while camera.now < 86_400.0:
        camera.begin_as_soon_as_allowed()
        camera.now += connects_in_s
        camera.stream(lives_s)
        live_s += lives_s
        camera.fail()
    return camera.breaker.generation, live_s / camera.now


@pytest.mark.parametrize(
    ("name", "lives_s", "policy", "attempts", "live_share"),
    [
        ("one frame is success", 20, TABLE, (3800, 4000), (0.85, 0.95)),
        (
            "probation alone",
            20,
            replace(DAMPED, productive_cap=False),
            (230, 290),
            (0.05, 0.07),
        ),
        ("probation and cap", 20, DAMPED, (1950, 2150), (0.45, 0.52)),
        (
            "55 s, no long sessions",
            55,
            replace(DAMPED, long_session_s=0.0),
            (700, 1200),
            (0.45, 0.7),
        ),
        ("55 s", 55, DAMPED, (1500, 1550), (0.96, 0.97)),
        ("28 s", 28, DAMPED, (2850, 2900), (0.92, 0.94)),
        ("a frame, then dropped", 1, DAMPED, (240, 300), (0.0, 0.004)),
    ],
)
def test_a_day_of_a_camera_that_streams_for_a_while_and_ends(
    name: str,
    lives_s: int,
    policy: BreakerPolicy,
    attempts: tuple[int, int],
    live_share: tuple[float, float],
) -> None:
    begun, live = _day_of_a_camera_that_lives(lives_s, policy)
    print(f"{name}: {begun} attempts, {live:.1%} live")
    assert attempts[0] <= begun <= attempts[1]
    assert live_share[0] <= live <= live_share[1]


def test_a_day_of_sessions_of_55_s_is_live_for_95_percent_after_a_night_of_failures_too() -> None:
    camera = Camera(BreakerPolicy(), now=0.0)
    camera.crash(30)
    began_s, live_s, chance = camera.now, 0, random.Random(1)
    while camera.now < began_s + 86_400.0:
        camera.begin_as_soon_as_allowed()
        camera.now += 1.0
        if chance.random() < 0.02:  # now and then it does not answer at first
            camera.fail(draw=chance.random())
            continue
        camera.stream(55)
        live_s += 55
        camera.fail(draw=chance.random())
    live = live_s / (camera.now - began_s)
    print(f"{live:.1%} live, {camera.breaker.changes} changes of state")
    assert live >= 0.95


def test_a_day_of_a_dead_camera_costs_few_attempts() -> None:
    camera = Camera(DAMPED, now=0.0)
    while camera.now < 86_400.0:
        camera.crash(1)
        camera.now += 1.0
    print(f"dead: {camera.breaker.generation} attempts")
    assert 240 <= camera.breaker.generation <= 290
