"""When a camera that streams again is trusted: probation, the productive cap, long sessions."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from edge_video.resilience.breaker import BreakerPolicy
from edge_video.resilience.failures import Cause, policy_for
from tests.edge_video.resilience.breaker_scenario import (
    CLOSED,
    DAMPED,
    HALF_OPEN,
    OPEN,
    TABLE,
    BreakerScenario,
)

# --- stability and probation ----------------------------------------------------------------


def test_a_single_good_second_does_not_clear_the_count() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(5):
        camera.live(1)
    assert camera.state is OPEN


def test_stable_streaming_clears_the_count() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(4)
    camera.begin_as_soon_as_allowed()
    camera.stream(59)
    assert camera.breaker.consecutive_failures == 4
    camera.stream(1)
    assert camera.breaker.consecutive_failures == 0
    camera.fail()
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)


def test_five_lost_connections_over_a_year_do_not_open_it() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(5):
        camera.live(120)
    assert (camera.state, camera.breaker.changes) == (CLOSED, 0)


def test_time_spent_connecting_is_not_stable_streaming() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(1)
    camera.begin_as_soon_as_allowed()
    camera.now += 100.0
    camera.stream(59)
    assert camera.breaker.consecutive_failures == 1
    camera.stream(1)
    assert camera.breaker.consecutive_failures == 0


def test_streaming_of_two_attempts_does_not_add_up_to_stability() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(1)
    camera.begin_as_soon_as_allowed()
    camera.stream(40)
    camera.release()
    camera.begin_as_soon_as_allowed()
    camera.stream(40)
    assert camera.breaker.consecutive_failures == 1


def test_a_failure_on_probation_reopens_at_the_next_level() -> None:
    camera = BreakerScenario(replace(DAMPED, productive_cap=False))
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
    camera = BreakerScenario(DAMPED)
    camera.crash(2, policy_for(Cause.WRONG_PASSWORD))
    camera.begin_as_soon_as_allowed()
    camera.stream(3)
    camera.fail()
    assert camera.breaker.consecutive_failures == 3
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 10.0)


def test_probation_outlasts_a_neutral_end() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(10)
    camera.release()
    camera.crash(1)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 10.0, 40.0)


def test_probation_ends_after_stable_streaming() -> None:
    camera = BreakerScenario(DAMPED)
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
    camera = BreakerScenario(replace(DAMPED, half_open_successes=80))
    camera.crash(5)
    camera.begin_as_soon_as_allowed()
    camera.stream(79)
    assert (camera.state, camera.breaker.consecutive_failures) == (HALF_OPEN, 5)
    camera.stream(1)
    assert (camera.state, camera.breaker.on_probation) == (CLOSED, False)


def test_without_a_time_of_stability_closing_clears_everything() -> None:
    camera = BreakerScenario(TABLE)
    camera.crash(9)
    camera.live(3)
    assert (camera.state, camera.breaker.consecutive_failures) == (CLOSED, 1)
    camera.crash(4)
    assert (camera.state, camera.breaker.backoff_s) == (OPEN, 5.0)


# --- the productive cap ---------------------------------------------------------------------


def test_the_wait_is_no_longer_than_the_last_attempt_was_good() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(10)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (160.0, 190.0)
    camera.live(20)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (300.0, 20.0)
    assert camera.breaker.retry_in_s(camera.now) == 20.0


def test_the_productive_cap_is_never_below_the_initial_backoff() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(10)
    camera.live(3)
    assert camera.breaker.wait_s == 5.0


def test_the_productive_cap_only_shortens() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(5)
    camera.live(59)
    assert (camera.breaker.backoff_s, camera.breaker.wait_s) == (10.0, 40.0)


def test_an_attempt_that_does_not_close_the_breaker_is_not_productive() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(10)
    camera.live(2)
    assert camera.breaker.wait_s == 330.0


def test_a_crash_after_a_productive_attempt_gets_the_full_table() -> None:
    camera = BreakerScenario(DAMPED)
    camera.crash(10)
    camera.live(20)
    camera.crash(1)
    assert camera.breaker.wait_s == 330.0


def test_the_first_opening_is_capped_too() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(5):
        camera.live(20)
    assert (camera.state, camera.breaker.backoff_s, camera.breaker.wait_s) == (OPEN, 5.0, 20.0)


def test_the_productive_cap_can_be_switched_off() -> None:
    camera = BreakerScenario(replace(DAMPED, productive_cap=False))
    camera.crash(10)
    camera.live(20)
    assert camera.breaker.wait_s == 330.0


# --- long sessions --------------------------------------------------------------------------


def test_sessions_of_55_s_that_end_again_and_again_never_open_it() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(100):
        camera.live(55)
        assert camera.breaker.retry_in_s(camera.now) == 0.0
    assert (camera.state, camera.breaker.changes) == (CLOSED, 0)
    assert (camera.breaker.failures, camera.breaker.session_ends) == (100, 99)


def test_the_first_end_counts_and_the_second_of_a_series_does_not() -> None:
    camera = BreakerScenario(DAMPED)
    camera.live(55)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)
    camera.live(55)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (0, 1)


def test_the_first_end_of_a_stream_that_was_stable_counts_as_ever() -> None:
    camera = BreakerScenario(DAMPED)
    camera.live(60)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)


def test_a_series_of_long_sessions_adds_up_to_stability() -> None:
    camera = BreakerScenario(DAMPED)
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
    camera = BreakerScenario(DAMPED)
    camera.live(30)
    camera.live(24)
    camera.live(30)
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (3, 0)


def test_a_crash_loop_after_long_sessions_gets_the_whole_table() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(20):
        camera.live(55)
    camera.crash(4)
    assert camera.state is CLOSED
    camera.crash(1)
    assert (camera.state, camera.breaker.wait_s) == (OPEN, 35.0)
    camera.crash(1)
    assert camera.breaker.wait_s == 40.0


def test_a_password_that_turns_wrong_is_no_session_that_ended() -> None:
    camera = BreakerScenario(BreakerPolicy())
    camera.live(55)
    camera.begin_as_soon_as_allowed()
    camera.stream(55)
    camera.fail(policy_for(Cause.WRONG_PASSWORD))
    assert (camera.breaker.consecutive_failures, camera.breaker.session_ends) == (1, 0)


def test_a_frame_every_other_second_makes_a_long_session_too() -> None:
    camera = BreakerScenario(DAMPED)
    for _ in range(3):
        camera.begin_as_soon_as_allowed()
        for _ in range(15):
            camera.now += 1.0
            camera.stream(1)
        camera.fail()
    assert camera.breaker.session_ends == 2


def test_without_long_sessions_every_end_counts() -> None:
    camera = BreakerScenario(replace(DAMPED, long_session_s=0.0))
    for _ in range(5):
        camera.live(55)
    assert (camera.state, camera.breaker.session_ends) == (OPEN, 0)


def test_long_sessions_are_still_a_retry_floor_apart() -> None:
    camera = BreakerScenario(replace(DAMPED, retry_floor_s=90.0))
    camera.live(60)
    assert camera.breaker.retry_in_s(camera.now) == 30.0


# --- a simulated day ------------------------------------------------------------------------


def _day_of_a_camera_that_lives(
    lives_s: int, policy: BreakerPolicy, connects_in_s: float = 2.0
) -> tuple[int, float]:
    """Attempts begun, and the share of the day that is live."""
    camera = BreakerScenario(policy, now=0.0)
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
    camera = BreakerScenario(BreakerPolicy(), now=0.0)
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
    camera = BreakerScenario(DAMPED, now=0.0)
    while camera.now < 86_400.0:
        camera.crash(1)
        camera.now += 1.0
    print(f"dead: {camera.breaker.generation} attempts")
    assert 240 <= camera.breaker.generation <= 290
