"""Tells what came of an action: of the attempt that it asked for, or of the end that it asked for.

Pure: compares what was known of a camera before the action with what is known now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.status.model import CameraPhase, PublisherState

if TYPE_CHECKING:
    from edge_video.resilience.failures import Failure
    from edge_video.status.model import PublisherStatus
    from edge_video.status.snapshot import CameraRecord

BEGINS: Final = frozenset({"start", "retry", "reset", "resume"})
"""The actions that ask for an attempt; the others end one."""


class OutcomeKind(StrEnum):
    """What came of an action."""

    STREAMING = "streaming"
    FAILED = "failed"
    """The attempt that was asked for has failed; the answer says why."""
    STOPPED = "stopped"
    PAUSED = "paused"
    OFF_SCHEDULE = "off_schedule"
    """The camera starts by itself when its schedule opens."""
    OFF_EXPECTED = "off_expected"
    """The attempt found nobody, which may be; the camera is tried again by itself."""
    ELSEWHERE = "elsewhere"
    """Another node has the camera; it starts here when it is given to this one."""
    CONNECTED = "connected"
    """The publisher; a camera streams."""
    STILL_TRYING = "still_trying"
    """Nothing is decided yet; the page and the status tell how it goes on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action, and how it goes on."""

    kind: OutcomeKind
    failure: Failure | None = None
    """Why a camera's attempt failed."""
    reason: str = ""
    """Why the publisher's attempt failed."""
    retry_in_s: float | None = None
    """When the next attempt begins by itself; None: it does not, or it streams."""


_RESTING: Final = {
    CameraPhase.STOPPED: OutcomeKind.STOPPED,
    CameraPhase.OFF_SCHEDULE: OutcomeKind.OFF_SCHEDULE,
    CameraPhase.ELSEWHERE: OutcomeKind.ELSEWHERE,
}


class CameraWait:
    """Waits for what comes of one action on one camera.

    Args:
        action: its name.
        before: what was known of the camera before the action was asked for.
        was_so: whether the answer was that it is so already: the attempt that runs counts.
    """

    def __init__(self, action: str, before: CameraRecord, *, was_so: bool) -> None:
        self._action = action
        self._failed_at_s = before.last_failure_at_s
        breaker = before.breaker
        runs = was_so or breaker.attempt_running
        self._attempt = breaker.generation if runs else breaker.generation + 1

    def outcome(self, now: CameraRecord, now_s: float) -> Outcome | None:
        """What came of it; None while that is open. `now_s` is of the monotonic clock."""
        if self._action not in BEGINS:
            return _ended(self._action, now)
        resting = _RESTING.get(now.phase)
        if resting is not None and (resting, self._action) != (OutcomeKind.STOPPED, "start"):
            return Outcome(resting)
        if now.breaker.generation < self._attempt:
            return None
        settled = _settled(now)
        if settled is not None:
            return Outcome(settled)
        if now.last_failure_at_s != self._failed_at_s:
            retry_in_s = now.breaker.retry_in_s(now_s)
            return Outcome(OutcomeKind.FAILED, now.last_failure, retry_in_s=retry_in_s)
        return None


def publisher_outcome(before: PublisherStatus, now: PublisherStatus) -> Outcome | None:
    """What came of a try to connect, by what was known before and what is now; None: it is open."""
    if now.state in (PublisherState.CONNECTED, PublisherState.BLOCKED):
        return Outcome(OutcomeKind.CONNECTED)
    if now.failed_attempts > before.failed_attempts:
        return Outcome(OutcomeKind.FAILED, reason=now.reason, retry_in_s=now.retry_in_s)
    return None


def _settled(now: CameraRecord) -> OutcomeKind | None:
    """What came of an attempt that did not fail; None while that is open."""
    if now.phase is CameraPhase.STREAMING:
        return OutcomeKind.STREAMING
    found_nobody = now.phase is CameraPhase.OFF_EXPECTED and not now.breaker.attempt_running
    return OutcomeKind.OFF_EXPECTED if found_nobody else None


def _ended(action: str, now: CameraRecord) -> Outcome | None:
    if action == "stop":
        return Outcome(OutcomeKind.STOPPED) if now.phase is CameraPhase.STOPPED else None
    return Outcome(OutcomeKind.PAUSED) if now.breaker.forced_open else None
