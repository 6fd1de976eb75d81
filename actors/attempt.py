"""Records one attempt in the breaker: its successes, its one failure, its end."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from edge_video.actors.base import log_breaker_change
from edge_video.actors.messages import (
    BreakerChanged,
    BreakerWasReset,
    CameraAway,
    CameraEnded,
    CameraEvent,
    CameraFailed,
)
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.failures import Failure, policy_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId
    from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)


class Attempt:
    """Part of a camera actor, used in its thread: gives its verdict to the breaker, and tells it.

    Args:
        camera_id: of the camera.
        breaker: with the permit for this attempt.
        clock: says when.
        draw: where the breaker's jitter comes from: a number in [0, 1).
        tell: where events go.

    Attributes:
        breaker: as it is now.
        generation: the number of the attempt.
        failure: why it failed; None as long as it has not.
        is_told: its first frame has its line in the log, which is one, however often FFmpeg is
            started anew.
        began_s: monotonic, of its present session.
    """

    def __init__(
        self,
        camera_id: CameraId,
        breaker: CircuitBreaker,
        clock: Clock,
        draw: Callable[[], float],
        tell: Callable[[CameraEvent], object],
    ) -> None:
        self.breaker = breaker
        self.generation = breaker.generation
        self.failure: Failure | None = None
        self.is_told = False
        self.began_s = 0.0
        self._camera_id = camera_id
        self._clock = clock
        self._draw = draw
        self._tell = tell

    @property
    def age_s(self) -> float:
        """Since its present session began."""
        return self._clock.monotonic() - self.began_s

    def succeed(self) -> None:
        """A second with a whole frame in it has passed."""
        self._change(self.breaker.success(self._clock.monotonic(), self.generation))

    def fail(self, failure: Failure) -> None:
        """Record the failure: once per attempt, however many symptoms it has."""
        if self.failure is not None:
            return
        self.failure = failure
        policy = policy_for(failure.cause)
        now_s = self._clock.monotonic()
        after = self.breaker.failure(now_s, self.generation, policy, self._draw())
        self._log_failure(failure, after)
        self._change(after)
        self._tell(CameraFailed(self._camera_id, self.generation, failure, self.breaker))

    def find_nobody(self, failure: Failure) -> None:
        """End without a verdict, and without a line: nobody is there, and nobody has to be."""
        self.failure = failure
        self.give_back()
        self._tell(CameraAway(self._camera_id, self.generation, failure, self.breaker))

    def reset(self) -> None:
        """Execute `ResetBreaker`."""
        self._change(self.breaker.reset(self._clock.monotonic()))
        self._tell(BreakerWasReset(self._camera_id, self.generation, self.breaker))

    def use_policy(self, policy: BreakerPolicy) -> None:
        """Go by another policy from now on; where the breaker stands does not change."""
        self.breaker = replace(self.breaker, policy=policy)

    def give_back(self) -> None:
        """End neutrally; after a failure the breaker has the attempt back already."""
        self.breaker = self.breaker.release(self._clock.monotonic(), self.generation)

    def ended(self, error: str | None) -> CameraEnded:
        """The last message about it."""
        return CameraEnded(self._camera_id, self.generation, self.breaker, self.failure, error)

    def _log_failure(self, failure: Failure, after: CircuitBreaker) -> None:
        if after.session_ends == self.breaker.session_ends:
            log_event(_log, LogEvent.CAMERA_FAILED, camera_id=self._camera_id, failure=failure)
            return
        log_event(
            _log,
            LogEvent.CAMERA_SESSION_ENDED,
            camera_id=self._camera_id,
            failure=failure,
            after_s=self.age_s,
        )

    def _change(self, after: CircuitBreaker) -> None:
        before, self.breaker = self.breaker, after
        if before.state != after.state:
            log_breaker_change(self._camera_id, before, after)
            self._tell(BreakerChanged(self._camera_id, self.generation, before, after))
