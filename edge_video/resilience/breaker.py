"""Decides when the attempts of one camera may begin: its circuit breaker, an immutable value.

Time is an argument (monotonic seconds), chance is an argument (`draw`), every event returns the
next value, and a query changes nothing. The value has no lock, starts nothing and logs nothing;
whoever holds it compares before and after. Like any value it may be passed between threads.

What an event does, by state (a success is one good second, a failure the end of an attempt):

| state | permit | success | failure |
|---|---|---|---|
| CLOSED | granted | stays; clears the count once stable | opens if full, or on probation |
| OPEN | refused until the wait is over, then HALF_OPEN | only counted (1) | only counted (1) |
| HALF_OPEN | granted | closes at `half_open_successes` | opens |

(1) An attempt runs in OPEN only when an operator forced the breaker open over its head.

The end of a *long session* is told as a failure, yet is no sign of a broken camera: some end every
session after 30 or 60 s and answer at once. From the second in a row on it moves nothing: the
next attempt may begin at once, the retry floor aside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from edge_video.resilience.failures import DEFAULT_POLICY

if TYPE_CHECKING:
    from edge_video.resilience.failures import CausePolicy

# A timer is asked for `retry_in_s`, and `now + (then - now)` may miss `then` by a rounding error.
# A wait with less than this to go is over, or the attempt a timer announces would be refused.
_CLOCK_GRAIN_S: Final = 1e-6

# A success is reported at the end of the good second that it stands for.
_GOOD_SECOND_S: Final = 1.0


class BreakerState(StrEnum):
    """Nygard's three states, named as they are logged."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """The knobs of a breaker. Raises ValueError on figures that contradict each other.

    Attributes:
        enabled: False: failures never open it, nothing but `retry_floor_s` (and an operator's
            `force_open`) holds a camera back.
        max_failures: consecutive failures that open it.
        reset_timeout_s: added to the backoff: the wait in OPEN is their sum.
        half_open_successes: good seconds of one attempt that close it; also what makes an
            attempt productive.
        initial_backoff_s: the backoff of the failure that opens it.
        max_backoff_s: the largest backoff, reached exactly.
        backoff_multiplier: from one backoff to the next; 1 keeps the first for ever.
        stable_after_s: seconds of uninterrupted streaming that clear the count of failures and
            the level of the backoff; 0: closing clears them, as does any good second in CLOSED.
        productive_cap: whether the wait after a productive attempt is at most as long as the
            attempt was good.
        long_session_s: seconds of streaming that make an attempt a long session; 0: none is one.
        jitter: the share, from 0 to below 1, by which a wait is shortened at most.
        retry_floor_s: the least time from the start of one attempt to the start of the next.
    """

    enabled: bool = True
    max_failures: int = 5
    reset_timeout_s: float = 30.0
    half_open_successes: int = 3
    initial_backoff_s: float = 5.0
    max_backoff_s: float = 300.0
    backoff_multiplier: float = 2.0
    stable_after_s: float = 60.0
    productive_cap: bool = True
    long_session_s: float = 25.0
    jitter: float = 0.1
    retry_floor_s: float = 0.25

    def __post_init__(self) -> None:
        for name in ("max_failures", "half_open_successes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in (
            "reset_timeout_s",
            "initial_backoff_s",
            "max_backoff_s",
            "stable_after_s",
            "long_session_s",
            "retry_floor_s",
        ):
            if not 0.0 <= getattr(self, name) < float("inf"):  # also refuses NaN
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.max_backoff_s < self.initial_backoff_s:
            raise ValueError(
                f"max_backoff_s {self.max_backoff_s} is below"
                f" initial_backoff_s {self.initial_backoff_s}"
            )
        if not 1.0 <= self.backoff_multiplier < float("inf"):
            raise ValueError(f"backoff_multiplier must be 1 or more, got {self.backoff_multiplier}")
        if not 0.0 <= self.jitter < 1.0:
            raise ValueError(f"jitter must be from 0 to below 1, got {self.jitter}")


Refusal: TypeAlias = Literal["open", "forced_open", "attempt_running", "floor"]
"""Why no attempt may begin: the wait of OPEN, an operator, the one token, the retry floor."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer to "may an attempt begin now?".

    Attributes:
        granted: whether it may; the asker then owns the attempt and must end it by exactly one
            of `failure` and `release`.
        generation: the number of the granted attempt; None when refused.
        retry_in_s: seconds until it may be granted; None when granted, when forced open, and
            when an attempt is already under way: none of them ends at a known time.
        reason: why it was refused; None when granted.
    """

    granted: bool
    generation: int | None = None
    retry_in_s: float | None = None
    reason: Refusal | None = None


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """One camera's breaker at one instant. Make the first with `new`, the next by an event.

    Every `now` is in monotonic seconds and must not run backwards from event to event. An event
    of a generation that is not the running attempt is late and returns the value itself.

    Attributes:
        policy: its knobs.
        state: CLOSED, OPEN or HALF_OPEN.
        generation: the number of the newest attempt; 0 before the first.
        attempt_running: whether that attempt still holds the token. There is one token, so there
            is at most one attempt.
        successes: good seconds, over the whole life.
        failures: failed attempts, over the whole life.
        rejected: attempts refused because it was OPEN, over the whole life. Refusals by the
            retry floor or for a running attempt are no verdict of the breaker and not counted.
        changes: state changes, over the whole life.
        consecutive_failures: failures since the camera was last stable.
        forced_open: held OPEN by an operator until `reset`.
        wait_s: the wait decided at the last opening, jitter, cap and floors included: what a log
            line announces. 0.0 when not OPEN, and when forced open, which has no end.
        retry_at_s: when that wait is over; None when there is none.
        level_backoff_s: the backoff of the last opening, remembered until the camera is stable;
            None when it has not opened since.
        started_at_s: when the newest attempt began; None before the first.
        streaming_since_s: when the running attempt began to stream; None before its first good
            second. A good second is reported at its end, so this is one second before it: time
            spent connecting does not count as stable streaming.
        last_success_s: when the newest good second of the running attempt was reported.
        attempt_successes: good seconds of the newest attempt.
        session_ends: failures that only ended a long session and moved nothing, over the whole
            life; they are counted in `failures` too.
        series_s: seconds that the long sessions right before the running attempt streamed, one
            after the other without another end between them; 0.0 when the last end was no long
            session's. At most about `stable_after_s` and one session are added up.
    """

    policy: BreakerPolicy
    state: BreakerState = BreakerState.CLOSED
    generation: int = 0
    attempt_running: bool = False
    successes: int = 0
    failures: int = 0
    rejected: int = 0
    changes: int = 0
    consecutive_failures: int = 0
    forced_open: bool = False
    wait_s: float = 0.0
    retry_at_s: float | None = None
    level_backoff_s: float | None = None
    started_at_s: float | None = None
    streaming_since_s: float | None = None
    last_success_s: float | None = None
    attempt_successes: int = 0
    session_ends: int = 0
    series_s: float = 0.0

    @classmethod
    def new(cls, policy: BreakerPolicy) -> CircuitBreaker:
        """A closed breaker that has seen nothing yet."""
        return cls(policy)

    # --- queries ----------------------------------------------------------------------------

    @property
    def calls(self) -> int:
        """Verdicts on the stream, over the whole life: successes + failures."""
        return self.successes + self.failures

    @property
    def backoff_s(self) -> float:
        """The current step of the backoff table, as reported; never jittered or capped.

        Closing resets it, so it is `initial_backoff_s` in CLOSED, even on probation, when a
        failure would go on from the remembered level.
        """
        if self.state is BreakerState.CLOSED or self.level_backoff_s is None:
            return self.policy.initial_backoff_s
        return self.level_backoff_s

    @property
    def on_probation(self) -> bool:
        """Whether it is CLOSED but not yet stable: one failure reopens it, at the next level.

        Otherwise a camera that streams for a few seconds between failures would start each time
        with a clean sheet and be restarted thousands of times a day.
        """
        return self.state is BreakerState.CLOSED and self.level_backoff_s is not None

    def retry_in_s(self, now: float) -> float | None:
        """Seconds until an attempt may begin: 0.0 at once, None while forced open.

        It speaks of waits (OPEN's and the retry floor), not of the token: while an attempt runs,
        `attempt_running` is what stands in the way of another.
        """
        if self.forced_open:
            return None
        return max(self._wait_left_s(now), self._floor_left_s(now))

    # --- the life of an attempt -------------------------------------------------------------

    def permit(self, now: float) -> tuple[CircuitBreaker, Permit]:
        """Ask for an attempt. When granted, the asker holds the token of `Permit.generation`.

        Granted at `retry_in_s(now) == 0.0` unless an attempt is running. A grant in OPEN is the
        probe: it moves the breaker to HALF_OPEN. An operator's force is looked at first, so that
        the refusal names the cause that does not go away by itself.
        """
        if self.forced_open:
            return self._rejected(), Permit(granted=False, reason="forced_open")
        if self.attempt_running:
            return self, Permit(granted=False, reason="attempt_running")
        retry_in_s = self.retry_in_s(now)
        if self._wait_left_s(now) > 0.0:
            return self._rejected(), Permit(granted=False, retry_in_s=retry_in_s, reason="open")
        if self._floor_left_s(now) > 0.0:
            return self, Permit(granted=False, retry_in_s=retry_in_s, reason="floor")
        begun = self._begun(now)
        return begun, Permit(granted=True, generation=begun.generation)

    def success(self, now: float, generation: int) -> CircuitBreaker:
        """Record one good second: a second of streaming in which a whole frame arrived.

        In HALF_OPEN the `half_open_successes`-th of one attempt closes the breaker, on probation
        until the stream is stable. In CLOSED a good second clears the count of failures and the
        remembered level only when it makes `stable_after_s` of streaming, uninterrupted but for
        the ends of long sessions, so that a camera which gives a few frames and drops the line
        each time still trips the breaker.
        """
        if not self._is_running(generation):
            return self
        since_s = self.streaming_since_s
        booked = replace(
            self,
            successes=self.successes + 1,
            attempt_successes=self.attempt_successes + 1,
            streaming_since_s=now - _GOOD_SECOND_S if since_s is None else since_s,
            last_success_s=now,
        )
        match booked.state:
            case BreakerState.CLOSED:
                return _steadied(booked, now)
            case BreakerState.HALF_OPEN:
                if booked.attempt_successes < booked.policy.half_open_successes:
                    return booked
                return _steadied(_moved(booked, BreakerState.CLOSED), now)
            case BreakerState.OPEN:
                return booked  # forced open: only `reset` closes it
            case _:
                assert_never(booked.state)

    def failure(
        self,
        now: float,
        generation: int,
        cause_policy: CausePolicy = DEFAULT_POLICY,
        draw: float = 0.0,
    ) -> CircuitBreaker:
        """Record that the attempt failed; this gives the token back.

        `cause_policy` is what the class of the failure changes: fewer consecutive failures (of
        any cause) that open the breaker, and a least wait, which neither the productive cap nor
        the jitter undercuts. `draw` is the chance in the jitter, from 0 to below 1. The end of a
        long session moves nothing when it belongs to a series, unless its cause has a policy of
        its own: a password that turned wrong is no session's end.

        Raises ValueError on a draw outside that range.
        """
        if not 0.0 <= draw < 1.0:
            raise ValueError(f"draw must be from 0 to below 1, got {draw}")
        if not self._is_running(generation):
            return self
        session_s = self._long_session_s() if cause_policy == DEFAULT_POLICY else 0.0
        if session_s and self.series_s and self.state is BreakerState.CLOSED:
            return replace(
                self._ended(),
                failures=self.failures + 1,
                session_ends=self.session_ends + 1,
                series_s=_added_up(self, session_s),
            )
        failed = replace(
            self._ended(),
            failures=self.failures + 1,
            consecutive_failures=self.consecutive_failures + 1,
            series_s=session_s,
        )
        match failed.state:
            case BreakerState.CLOSED:
                opens = _is_full(failed, cause_policy)
            case BreakerState.HALF_OPEN:
                opens = True
            case BreakerState.OPEN:
                opens = False  # forced open already: only counted
            case _:
                assert_never(failed.state)
        return _opened(failed, now, cause_policy, draw) if opens else failed

    def release(self, now: float, generation: int) -> CircuitBreaker:  # noqa: ARG002 - an event has a time
        """Give the token back without a verdict: asked to stop, configuration changed.

        The state stays, HALF_OPEN too: nothing was learned, so the next attempt is the probe and
        needs no wait. The interval of stable streaming ends; probation goes on.
        """
        return self._ended() if self._is_running(generation) else self

    # --- an operator's controls -------------------------------------------------------------

    def reset(self, now: float) -> CircuitBreaker:  # noqa: ARG002 - an event has a time
        """Close it and forget: the count, the level, probation, and any forced opening.

        The next attempt may begin at once, the retry floor aside. A running attempt keeps its
        token, and lifetime counters keep their figures.
        """
        closed = _moved(self, BreakerState.CLOSED)
        return replace(
            closed, consecutive_failures=0, level_backoff_s=None, series_s=0.0, forced_open=False
        )

    def retry_now(self, now: float) -> CircuitBreaker:
        """End the wait of OPEN: the next permit is the probe. The level stays.

        Changes nothing when there is no wait to end, or when the breaker is forced open: that is
        an operator's word too, and only `reset` takes it back.
        """
        if self.retry_at_s is None or self._wait_left_s(now) == 0.0:
            return self
        return replace(self, retry_at_s=now)

    def force_open(self, now: float) -> CircuitBreaker:  # noqa: ARG002 - an event has a time
        """Hold it OPEN until `reset`, also when `enabled` is false: the operator outranks it.

        A running attempt's token stays with its owner, who is to end it; until then its successes
        and failures are counted but move nothing.
        """
        return replace(_moved(self, BreakerState.OPEN), forced_open=True)

    # --- steps ------------------------------------------------------------------------------

    def _is_running(self, generation: int) -> bool:
        return self.attempt_running and generation == self.generation

    def _wait_left_s(self, now: float) -> float:
        return 0.0 if self.retry_at_s is None else _left_s(self.retry_at_s, now)

    def _floor_left_s(self, now: float) -> float:
        if self.started_at_s is None:
            return 0.0
        return _left_s(self.started_at_s + self.policy.retry_floor_s, now)

    def _rejected(self) -> CircuitBreaker:
        return replace(self, rejected=self.rejected + 1)

    def _begun(self, now: float) -> CircuitBreaker:
        is_probe = self.state is BreakerState.OPEN
        return replace(
            _moved(self, BreakerState.HALF_OPEN) if is_probe else self,
            generation=self.generation + 1,
            attempt_running=True,
            started_at_s=now,
            attempt_successes=0,
        )

    def _ended(self) -> CircuitBreaker:
        return replace(self, attempt_running=False, streaming_since_s=None, last_success_s=None)

    def _long_session_s(self) -> float:
        """How long the running attempt streamed if that makes a long session, else 0.0."""
        if self.streaming_since_s is None or self.last_success_s is None:
            return 0.0
        streamed_s = self.last_success_s - self.streaming_since_s
        is_long = 0.0 < self.policy.long_session_s <= streamed_s + _CLOCK_GRAIN_S
        return streamed_s if is_long else 0.0


def _moved(breaker: CircuitBreaker, state: BreakerState) -> CircuitBreaker:
    """In `state`, with no wait; counted only if that is a change."""
    changes = breaker.changes + (state is not breaker.state)
    return replace(breaker, state=state, changes=changes, wait_s=0.0, retry_at_s=None)


def _added_up(breaker: CircuitBreaker, session_s: float) -> float:
    """The series with this session in it; what is beyond stability need not be added up."""
    return min(breaker.series_s, breaker.policy.stable_after_s) + session_s


def _steadied(breaker: CircuitBreaker, now: float) -> CircuitBreaker:
    """With a clean sheet, if the running attempt, and its series, have streamed for long enough."""
    since_s = breaker.streaming_since_s
    if since_s is None:
        return breaker
    stable_at_s = since_s + breaker.policy.stable_after_s - breaker.series_s
    if _left_s(stable_at_s, now) > 0.0:
        return breaker
    return replace(breaker, consecutive_failures=0, level_backoff_s=None)


def _is_full(breaker: CircuitBreaker, cause_policy: CausePolicy) -> bool:
    """Whether the failure just counted in CLOSED opens it."""
    if not breaker.policy.enabled:
        return False
    limit = breaker.policy.max_failures
    if cause_policy.max_failures is not None:
        limit = min(limit, cause_policy.max_failures)
    return breaker.on_probation or breaker.consecutive_failures >= limit


def _opened(
    breaker: CircuitBreaker, now: float, cause_policy: CausePolicy, draw: float
) -> CircuitBreaker:
    """OPEN at the next level, with the wait decided."""
    policy = breaker.policy
    level_s = _next_level_s(breaker)
    wait_s = level_s + policy.reset_timeout_s
    # Damping must not throw away video: a camera that lives for 20 s at a time is worth more with
    # waits of 20 s than with waits of five minutes. A crash loop is never productive.
    if policy.productive_cap and breaker.attempt_successes >= policy.half_open_successes:
        good_s = breaker.attempt_successes * _GOOD_SECOND_S
        wait_s = min(wait_s, max(policy.initial_backoff_s, good_s))
    wait_s = max(wait_s * (1.0 - policy.jitter * draw), cause_policy.min_wait_s)
    return replace(
        _moved(breaker, BreakerState.OPEN),
        level_backoff_s=level_s,
        wait_s=wait_s,
        retry_at_s=now + wait_s,
    )


def _next_level_s(breaker: CircuitBreaker) -> float:
    # Step by step, not initial × multiplier ** n: the power raises OverflowError once a dead
    # camera has failed a thousand times; a product is at worst infinite, and the cap holds.
    if breaker.level_backoff_s is None:
        return breaker.policy.initial_backoff_s
    grown_s = breaker.level_backoff_s * breaker.policy.backoff_multiplier
    return min(grown_s, breaker.policy.max_backoff_s)


def _left_s(until: float, now: float) -> float:
    """Seconds from `now` until then, 0.0 when it has come."""
    left_s = until - now
    return left_s if left_s > _CLOCK_GRAIN_S else 0.0
