"""One camera and its breaker, driven by arithmetic on the time."""

from __future__ import annotations

from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker, Permit
from edge_video.resilience.failures import DEFAULT_POLICY, CausePolicy

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN

TABLE = BreakerPolicy(stable_after_s=0.0, productive_cap=False, long_session_s=0.0, jitter=0.0)
"""The specification to the letter: no probation, no cap, no chance."""

DAMPED = BreakerPolicy(jitter=0.0)
"""The default policy without its chance."""


class BreakerScenario:
    """One camera and its breaker: begin, stream, fail, wait, in the order of the calls."""

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
