"""The breaker against a plain model of the specification's table, and against its invariants.

Two random walks. In the first the policy is the specification to the letter and every figure is
compared with a model that shares no code with the breaker. In the second the policy is anything
(probation, productive cap, jitter, causes), and what must hold whatever happens is checked after
every event.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker, Permit
from edge_video.resilience.failures import CausePolicy

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN

# Quarters of a second are exact in binary: the model and the breaker must agree to the last bit.
QUARTERS: Final = st.integers(0, 400).map(lambda quarters: quarters / 4)
SETTINGS: Final = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


# --- the specification's table --------------------------------------------------------------


@dataclass
class TableModel:
    """What the specification's table says, in the plainest words; no probation, cap or chance."""

    policy: BreakerPolicy
    now: float = 0.0
    state: str = "CLOSED"
    failures_in_a_row: int = 0
    failures_since_opening: int = 0
    wait_s: float = 0.0
    waits_until: float = 0.0
    forced: bool = False
    attempt: int = 0
    running: bool = False
    begun_at: float | None = None
    good_seconds: int = 0
    successes: int = 0
    failures: int = 0
    rejected: int = 0
    changes: int = 0

    def go(self, state: str) -> None:
        if state != self.state:
            self.changes += 1
        self.state = state
        self.wait_s = 0.0

    def backoff_s(self) -> float:
        if self.state == "CLOSED":
            return self.policy.initial_backoff_s
        steps = self.failures_since_opening
        grown_s = self.policy.initial_backoff_s * self.policy.backoff_multiplier**steps
        return min(grown_s, self.policy.max_backoff_s)

    def ask(self) -> str:
        if self.forced:
            self.rejected += 1
            return "forced_open"
        if self.running:
            return "attempt_running"
        if self.state == "OPEN" and self.now < self.waits_until:
            self.rejected += 1
            return "open"
        if self.begun_at is not None and self.now < self.begun_at + self.policy.retry_floor_s:
            return "floor"
        if self.state == "OPEN":
            self.go("HALF_OPEN")
        self.attempt += 1
        self.running = True
        self.begun_at = self.now
        self.good_seconds = 0
        return "granted"

    def good_second(self) -> None:
        if not self.running:
            return
        self.successes += 1
        self.good_seconds += 1
        if self.state == "HALF_OPEN" and self.good_seconds >= self.policy.half_open_successes:
            self.go("CLOSED")
        if self.state == "CLOSED":
            self.failures_in_a_row = 0

    def fail(self) -> None:
        if not self.running:
            return
        self.running = False
        self.failures += 1
        self.failures_in_a_row += 1
        if self.state == "HALF_OPEN":
            self.failures_since_opening += 1
            self.open()
        elif (
            self.state == "CLOSED"
            and self.policy.enabled
            and self.failures_in_a_row >= self.policy.max_failures
        ):
            self.failures_since_opening = 0
            self.open()

    def open(self) -> None:
        self.go("OPEN")
        self.wait_s = self.backoff_s() + self.policy.reset_timeout_s
        self.waits_until = self.now + self.wait_s

    def reset(self) -> None:
        self.go("CLOSED")
        self.failures_in_a_row = 0
        self.forced = False

    def retry_now(self) -> None:
        if self.state == "OPEN" and not self.forced:
            self.waits_until = min(self.waits_until, self.now)

    def force_open(self) -> None:
        if self.state == "CLOSED":
            self.failures_since_opening = 0
        self.go("OPEN")
        self.forced = True


TABLE_POLICIES: Final = st.builds(
    BreakerPolicy,
    enabled=st.sampled_from([True, True, True, False]),
    max_failures=st.integers(1, 6),
    reset_timeout_s=st.sampled_from([0.0, 5.0, 30.0]),
    half_open_successes=st.integers(1, 4),
    initial_backoff_s=st.sampled_from([0.5, 5.0, 60.0]),
    max_backoff_s=st.sampled_from([60.0, 300.0]),
    backoff_multiplier=st.sampled_from([1.0, 1.5, 2.0, 4.0]),
    stable_after_s=st.just(0.0),
    productive_cap=st.just(value=False),
    long_session_s=st.just(0.0),
    jitter=st.just(0.0),
)


class AgainstTheTable(RuleBasedStateMachine):
    """Every event goes to the breaker and to the model; then all their figures are compared."""

    model: TableModel
    breaker: CircuitBreaker

    @initialize(policy=TABLE_POLICIES)
    def begin_story(self, policy: BreakerPolicy) -> None:
        self.model = TableModel(policy)
        self.breaker = CircuitBreaker.new(policy)

    @rule(seconds=QUARTERS)
    def time_passes(self, seconds: float) -> None:
        self.model.now += seconds

    @rule()
    def ask(self) -> None:
        expected = self.model.ask()
        self.breaker, permit = self.breaker.permit(self.model.now)
        assert (permit.reason or "granted") == expected
        assert permit.granted == (expected == "granted")
        assert permit.generation == (self.model.attempt if permit.granted else None)

    @rule(seconds=st.integers(1, 5))
    def stream(self, seconds: int) -> None:
        for _ in range(seconds):
            self.model.now += 1.0
            self.model.good_second()
            self.breaker = self.breaker.success(self.model.now, self.model.attempt)
            self.compare()

    @rule()
    def fail(self) -> None:
        self.model.fail()
        self.breaker = self.breaker.failure(self.model.now, self.model.attempt)

    @rule(times=st.integers(1, 9))
    def crash_as_soon_as_allowed(self, times: int) -> None:
        for _ in range(times):
            retry_in_s = self.breaker.retry_in_s(self.model.now)
            self.model.now += retry_in_s or 0.0
            self.ask()
            self.fail()
            self.compare()

    @rule()
    def end_neutrally(self) -> None:
        self.model.running = False
        self.breaker = self.breaker.release(self.model.now, self.model.attempt)

    @rule()
    def reset(self) -> None:
        self.model.reset()
        self.breaker = self.breaker.reset(self.model.now)

    @rule()
    def retry_now(self) -> None:
        self.model.retry_now()
        self.breaker = self.breaker.retry_now(self.model.now)

    @rule()
    def force_open(self) -> None:
        self.model.force_open()
        self.breaker = self.breaker.force_open(self.model.now)

    @invariant()
    def compare(self) -> None:
        model, breaker = self.model, self.breaker
        assert breaker.state.value == model.state
        assert breaker.forced_open == model.forced
        assert breaker.generation == model.attempt
        assert breaker.attempt_running == model.running
        assert breaker.consecutive_failures == model.failures_in_a_row
        assert breaker.backoff_s == model.backoff_s()
        assert breaker.wait_s == model.wait_s
        assert breaker.successes == model.successes
        assert breaker.failures == model.failures
        assert breaker.calls == model.successes + model.failures
        assert breaker.rejected == model.rejected
        assert breaker.changes == model.changes


# --- any policy -----------------------------------------------------------------------------

SECONDS: Final = st.floats(0.0, 600.0, allow_nan=False)
LEGAL: Final = {
    "ask": {(OPEN, HALF_OPEN)},
    "success": {(HALF_OPEN, CLOSED)},
    "failure": {(CLOSED, OPEN), (HALF_OPEN, OPEN)},
    "release": set[tuple[BreakerState, BreakerState]](),
    "reset": {(OPEN, CLOSED), (HALF_OPEN, CLOSED)},
    "retry_now": set[tuple[BreakerState, BreakerState]](),
    "force_open": {(CLOSED, OPEN), (HALF_OPEN, OPEN)},
    "late": set[tuple[BreakerState, BreakerState]](),
}
COUNTERS: Final = (
    "calls",
    "successes",
    "failures",
    "session_ends",
    "rejected",
    "changes",
    "generation",
)
CAUSES: Final = st.builds(
    CausePolicy,
    max_failures=st.none() | st.none() | st.integers(1, 8),
    min_wait_s=st.sampled_from([0.0, 0.0, 60.0, 1000.0]),
)


@st.composite
def policies(draw: st.DrawFn) -> BreakerPolicy:
    initial_backoff_s = draw(st.floats(0.0, 60.0))
    return BreakerPolicy(
        enabled=draw(st.sampled_from([True, True, True, False])),
        max_failures=draw(st.integers(1, 6)),
        reset_timeout_s=draw(st.floats(0.0, 60.0)),
        half_open_successes=draw(st.integers(1, 5)),
        initial_backoff_s=initial_backoff_s,
        max_backoff_s=initial_backoff_s + draw(st.floats(0.0, 600.0)),
        backoff_multiplier=draw(st.floats(1.0, 10.0) | st.just(1e308)),
        stable_after_s=draw(st.sampled_from([0.0, 3.0, 10.0, 60.0])),
        productive_cap=draw(st.booleans()),
        long_session_s=draw(st.sampled_from([0.0, 1.0, 5.0, 25.0])),
        jitter=draw(st.floats(0.0, 0.99)),
        retry_floor_s=draw(st.floats(0.0, 2.0)),
    )


class UnderAnyPolicy(RuleBasedStateMachine):
    """Only what must hold whatever happens; the machine keeps its own account of the token."""

    breaker: CircuitBreaker

    @initialize(policy=policies(), now=st.floats(0.0, 1e7))
    def begin_story(self, policy: BreakerPolicy, now: float) -> None:
        self.policy = policy
        self.now = now
        self.breaker = CircuitBreaker.new(policy)
        self.owned: int | None = None
        self.good_seconds = 0
        self.begun_at = float("-inf")
        self.closed_until = float("-inf")
        """No attempt before this instant: the wait as it was announced."""

    def happens(self, event: str, after: CircuitBreaker) -> None:
        before = self.breaker
        moved = before.state is not after.state
        assert not moved or (before.state, after.state) in LEGAL[event]
        assert after.changes == before.changes + moved
        for counter in COUNTERS:
            assert getattr(after, counter) >= getattr(before, counter)
        self.breaker = after

    def ask(self) -> Permit:
        before = self.breaker
        after, permit = before.permit(self.now)
        self.happens("ask", after)
        if permit.granted:
            assert self.owned is None, "two attempts at once"
            assert not before.forced_open
            assert self.now > self.closed_until - 1e-5, "granted before the wait was over"
            assert self.now > self.begun_at + self.policy.retry_floor_s - 1e-5
            assert permit.generation == before.generation + 1
            assert before.retry_in_s(self.now) == 0.0
            self.owned, self.good_seconds, self.begun_at = permit.generation, 0, self.now
        else:
            assert permit.reason is not None
            assert permit.generation is None
            was_open = permit.reason in {"open", "forced_open"}
            assert after.rejected == before.rejected + was_open
        return permit

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ask_at_any_time(self) -> None:
        self.ask()

    @rule()
    def ask_when_announced(self) -> None:
        retry_in_s = self.breaker.retry_in_s(self.now)
        if retry_in_s is None or self.owned is not None:
            assert not self.ask().granted
            return
        if retry_in_s > 0.01:
            self.now += retry_in_s - 0.01
            assert not self.ask().granted
            retry_in_s = self.breaker.retry_in_s(self.now) or 0.0
        self.now += retry_in_s
        assert self.ask().granted, "the announced wait was not the true one"

    @rule(seconds=st.integers(1, 70))
    def stream(self, seconds: int) -> None:
        if self.owned is None:
            return
        for _ in range(seconds):
            self.now += 1.0
            self.good_seconds += 1
            self.happens("success", self.breaker.success(self.now, self.owned))

    @rule(cause=CAUSES, draw=st.floats(0.0, 1.0, exclude_max=True))
    def fail(self, cause: CausePolicy, draw: float) -> None:
        if self.owned is None:
            return
        before = self.breaker
        self.happens("failure", before.failure(self.now, self.owned, cause, draw=draw))
        self.owned = None
        after = self.breaker
        assert after.failures == before.failures + 1
        if after.session_ends > before.session_ends:
            self.check_the_session_end(before, cause)
            return
        assert after.consecutive_failures == before.consecutive_failures + 1
        if before.forced_open:
            assert (after.state, after.wait_s) == (OPEN, 0.0)
        elif not self.policy.enabled:
            assert after.state is CLOSED
        elif after.state is OPEN:
            self.check_the_wait(cause)
            self.closed_until = self.now + after.wait_s
        else:
            assert not before.on_probation
            assert after.consecutive_failures < self.policy.max_failures

    def check_the_session_end(self, before: CircuitBreaker, cause: CausePolicy) -> None:
        after = self.breaker
        assert cause == CausePolicy()
        assert before.state is after.state is CLOSED
        assert after.consecutive_failures == before.consecutive_failures
        assert after.session_ends == before.session_ends + 1
        assert 0.0 < self.policy.long_session_s <= self.good_seconds + 1e-3
        assert before.series_s > 0.0
        assert (after.retry_in_s(self.now) or 0.0) <= self.policy.retry_floor_s

    def check_the_wait(self, cause: CausePolicy) -> None:
        policy, wait_s, least_s = self.policy, self.breaker.wait_s, cause.min_wait_s
        backoff_s = self.breaker.backoff_s
        shortest_share = 1.0 - policy.jitter
        assert policy.initial_backoff_s <= backoff_s <= policy.max_backoff_s
        assert wait_s >= least_s
        assert wait_s <= max(policy.max_backoff_s + policy.reset_timeout_s, least_s)
        assert wait_s <= max(backoff_s + policy.reset_timeout_s, least_s)
        assert wait_s >= policy.initial_backoff_s * shortest_share * 0.999
        if policy.productive_cap and self.good_seconds >= policy.half_open_successes:
            assert wait_s <= max(policy.initial_backoff_s, self.good_seconds, least_s)
        else:
            assert wait_s >= (backoff_s + policy.reset_timeout_s) * shortest_share * 0.999

    @rule(cause=CAUSES, times=st.integers(1, 12))
    def crash_as_soon_as_allowed(self, cause: CausePolicy, times: int) -> None:
        for _ in range(times):
            self.ask_when_announced()
            self.fail(cause, 0.5)

    @rule()
    def end_neutrally(self) -> None:
        if self.owned is not None:
            before = self.breaker
            self.happens("release", before.release(self.now, self.owned))
            self.owned = None
            assert self.breaker.calls == before.calls
            assert self.breaker.consecutive_failures == before.consecutive_failures

    @rule(age=st.integers(1, 3), cause=CAUSES)
    def a_late_message_arrives(self, age: int, cause: CausePolicy) -> None:
        generation = self.breaker.generation - age
        if self.owned is None:
            generation += age
        for after in (
            self.breaker.success(self.now, generation),
            self.breaker.failure(self.now, generation, cause),
            self.breaker.release(self.now, generation),
        ):
            assert after is self.breaker

    @rule()
    def reset(self) -> None:
        self.happens("reset", self.breaker.reset(self.now))
        self.closed_until = float("-inf")
        assert self.breaker.state is CLOSED
        assert self.breaker.consecutive_failures == 0
        assert not self.breaker.on_probation

    @rule()
    def retry_now(self) -> None:
        before = self.breaker
        self.happens("retry_now", before.retry_now(self.now))
        if before.forced_open:
            assert self.breaker is before
        else:
            self.closed_until = float("-inf")
            floor_s = self.policy.retry_floor_s
            assert (self.breaker.retry_in_s(self.now) or 0.0) <= floor_s + 1e-6

    @rule()
    def force_open(self) -> None:
        self.happens("force_open", self.breaker.force_open(self.now))
        assert self.breaker.retry_in_s(self.now) is None

    @invariant()
    def the_value_is_consistent(self) -> None:
        breaker = self.breaker
        assert breaker.calls == breaker.successes + breaker.failures
        assert breaker.attempt_running == (self.owned is not None)
        assert breaker.generation >= (self.owned or 0)
        assert not breaker.forced_open or breaker.state is OPEN
        if breaker.state is OPEN and not breaker.forced_open:
            assert not breaker.attempt_running
        else:
            assert breaker.wait_s == 0.0
        if breaker.state is CLOSED:
            assert breaker.backoff_s == self.policy.initial_backoff_s

    @invariant()
    def it_is_a_value(self) -> None:
        rebuilt = CircuitBreaker(
            **{each.name: getattr(self.breaker, each.name) for each in fields(CircuitBreaker)}
        )
        assert rebuilt == self.breaker
        assert hash(rebuilt) == hash(self.breaker)


AgainstTheTable.TestCase.settings = SETTINGS
UnderAnyPolicy.TestCase.settings = SETTINGS
TestAgainstTheTable = AgainstTheTable.TestCase
TestUnderAnyPolicy = UnderAnyPolicy.TestCase
