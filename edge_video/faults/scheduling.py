"""Counts and draws when an injected fault acts, and remembers it until then."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.faults.vocabulary import ACT_AT_START, AfterFrames, AtNextStart, Now

if TYPE_CHECKING:
    from edge_video.faults.vocabulary import Fault, When


@dataclass(slots=True)
class ArmedFault:
    """One accepted fault. Not thread-safe; the supervisor owns it.

    Each time `when` comes true is a trigger. On a trigger the fault acts with `probability`,
    drawn from `seed` so that the same fault breaks the same triggers, at most `times` times.

    Attributes:
        target: whom it breaks, in the supervisor's own terms.
        named: the target as it was named by whoever injected it.
        due: how often it is to act now; more than it could so far when its target rests.
    """

    target: str
    named: str
    fault: Fault
    when: When
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    due: int = 0
    _counted_from: int = 0
    _draws: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draws = random.Random(self.seed)  # noqa: S311 - to be repeatable, not secret

    @property
    def acts_at_start(self) -> bool:
        """Whether it can only act while its target starts."""
        return isinstance(self.fault, ACT_AT_START)

    @property
    def waits_for_start(self) -> bool:
        """Whether a start of its target is a trigger."""
        return isinstance(self.when, AtNextStart) or (
            isinstance(self.when, Now) and self.acts_at_start
        )

    @property
    def watches_frames(self) -> bool:
        """Whether frames of its target bring triggers, or it is due in a target that rests."""
        return isinstance(self.when, AfterFrames) and not self.is_spent

    @property
    def is_spent(self) -> bool:
        """Whether it has acted as often as it may."""
        return self.times == 0 and self.due == 0

    def trigger(self) -> None:
        """`when` has come true once."""
        # Drawn in any case: which triggers break does not depend on how many may.
        acts = self._draws.random() < self.probability
        if acts and self.times:
            self.times -= 1
            self.due += 1

    def count_from(self, frames: int) -> None:
        """The target has brought so many frames when the fault is armed."""
        self._counted_from = frames

    def frames_are(self, frames: int) -> None:
        """The target has brought so many frames altogether; each `AfterFrames` is a trigger."""
        if not isinstance(self.when, AfterFrames):
            return
        while self.times and frames - self._counted_from >= self.when.frames:
            self._counted_from += self.when.frames
            self.trigger()

    def consume(self) -> bool:
        """One act, if one is due: the caller lets it happen."""
        if not self.due:
            return False
        self.due -= 1
        return True


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """Faults on purpose, by message."""

    injected: int = 0
    """Times that one acted."""
    refused: int = 0
    """Those that were not allowed, or not understood by their target."""
    armed: int = 0
    """Those that wait for their trigger now."""
