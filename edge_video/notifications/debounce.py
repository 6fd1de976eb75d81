"""Debounces a state that changes: what holds is reported, what flaps is reported once. Pure.

A state that holds is reported once. One that keeps changing is reported once as flapping, and once
more when it has come to rest: a flapping camera is one episode, not a hundred notifications.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SteadyPolicy:
    """When a state counts as settled, and when as flapping.

    Attributes:
        stable_for_s: a state is reported once it has held for so long.
        flap_changes: so many changes within `flap_window_s` are flapping.
        flap_window_s: and a flapping state is reported again once it has held for so long.
    """

    stable_for_s: float = 5.0
    flap_changes: int = 6
    flap_window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A state has held for long enough to be reported."""

    state: str
    before: str | None
    """What was reported before; None when nothing was. The same as `state` only after flapping."""
    since_s: float
    """Monotonic clock, when the state began."""
    changes: int
    """Changes since the last report; 1 for a plain one."""
    flapped_s: float | None
    """How long it flapped before it came to rest; None when it did not."""


@dataclass(frozen=True, slots=True)
class Flapping:
    """A state has begun to flap; silence follows until it rests."""

    state: str
    """What it is at this moment."""
    changes: int
    since_s: float
    """Monotonic clock, of the first change of the episode."""


StateChange: TypeAlias = Settled | Flapping


@dataclass(frozen=True, slots=True)
class Debounced:
    """One state under observation: an immutable value, time is an argument.

    `observe` and `tick` return the next value and what to report now. How often `tick` is called
    decides only how late something is reported, never what.
    """

    policy: SteadyPolicy
    reported: str | None = None
    actual: str | None = None
    since_s: float = 0.0
    changes: int = 0
    """Since the last report."""
    episode_start_s: float = 0.0
    """When the first of them happened."""
    recent_s: tuple[float, ...] = ()
    """The newest changes, at most `flap_changes` of them."""
    flapping: bool = False

    @classmethod
    def resting(cls, policy: SteadyPolicy, state: str, now_s: float) -> Debounced:
        """Begin in a state that need not be reported."""
        return cls(policy, reported=state, actual=state, since_s=now_s)

    def observe(self, state: str, now_s: float) -> tuple[Debounced, tuple[StateChange, ...]]:
        """The state is now this; observing the same again changes nothing."""
        value, reported = self.tick(now_s)
        if state == value.actual:
            return value, reported
        is_first = value.actual is None
        window = self.policy.flap_window_s
        recent = (*(at_s for at_s in value.recent_s if now_s - at_s < window), now_s)
        value = replace(
            value,
            actual=state,
            since_s=now_s,
            changes=value.changes + 1,
            episode_start_s=value.episode_start_s if value.changes else now_s,
            recent_s=() if is_first else recent[-self.policy.flap_changes :],
        )
        if value.flapping or len(value.recent_s) < self.policy.flap_changes:
            return value, reported
        begun = Flapping(state, value.changes, value.recent_s[0])
        return replace(value, flapping=True, episode_start_s=value.recent_s[0]), (*reported, begun)

    def tick(self, now_s: float) -> tuple[Debounced, tuple[StateChange, ...]]:
        """Time has passed."""
        if self.actual is None or not self.changes:
            return self, ()
        rest_s = self.policy.flap_window_s if self.flapping else self.policy.stable_for_s
        if now_s - self.since_s < rest_s:
            return self, ()
        if self.actual == self.reported and not self.flapping:
            return replace(self, changes=0), ()  # it went and came back: nothing to report
        settled = Settled(
            state=self.actual,
            before=self.reported,
            since_s=self.since_s,
            changes=self.changes,
            flapped_s=self.since_s - self.episode_start_s if self.flapping else None,
        )
        recent = () if self.flapping else self.recent_s
        rested = replace(self, reported=self.actual, changes=0, flapping=False, recent_s=recent)
        return rested, (settled,)
