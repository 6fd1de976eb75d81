"""Where an actor pins up what it hears, and where any thread reads it as one snapshot.

It outlives the actor, so a restarted one goes on with the same history; and it asks nobody, so a
probe is answered while everything else is stuck.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from edge_video.faults.scheduling import FaultCounts
from edge_video.http.timeline import (
    Timeline,
    TimelineEntry,
    TransitionCounts,
    count_transitions,
    is_half_told,
)
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase
from edge_video.status.snapshot import take_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.delivery.camera_queue import Picture
    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.runtime.timer import Clock
    from edge_video.status.model import PublisherStatus, SystemStatus
    from edge_video.status.snapshot import CameraRecord, FrameLedger, Identity

FRESH_S: Final = 0.5
"""A snapshot this young is not taken again."""

HISTORY_STEP_S: Final = 5.0
_HISTORY_POINTS: Final = 120  # ten minutes
_SHORTEST_FPS_WINDOW_S: Final = 2.5
_TICK_SLACK_S: Final = 0.5
_PICTURE_LEASE_S: Final = 10.0
_PICTURE_AGE_S: Final = 0.9


@dataclass(frozen=True, slots=True)
class Pulse:
    """Signs of life at one instant."""

    supervisor_ago_s: float
    """Since the supervisor last said that it runs; it does each second."""
    timer_ago_s: float
    """Since the timer last ticked; it does each second."""
    actors: Mapping[str, bool] = field(default_factory=dict)
    """Whether each actor that is no camera runs, as the supervisor saw it."""
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class CameraExtra:
    """What only those who look want to know of a camera."""

    fps: float | None = None
    """Over the last seconds; None before there were two counts."""
    fps_history: tuple[float, ...] = ()
    """One figure per `HISTORY_STEP_S`, oldest first."""
    since_ns: int = 0
    """Wall clock: since when it streams well, or since when it does not."""
    exchange: str = ""
    """Where its frames go; empty when there is only one way."""
    undelivered_s: float | None = None
    """How long it has had frames without one arriving; None: it has nothing to send."""
    transitions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(from, to, cause) → how often its breaker went that way; the sum is `changes`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is served, as of one instant."""

    status: SystemStatus
    pulse: Pulse
    cameras: Mapping[str, CameraExtra]
    timeline_version: int


@dataclass(slots=True)
class _Seen:
    """One camera's history. Under the board's lock."""

    record: CameraRecord
    told: CameraRecord
    """Up to which the timeline and the transitions are told."""
    since_ns: int
    transitions: TransitionCounts = field(default_factory=Counter)
    counts: deque[tuple[float, int]] = field(
        default_factory=lambda: deque(maxlen=_HISTORY_POINTS + 1)
    )
    """(monotonic seconds, frames received)"""
    picture: Picture | None = None
    picture_at_s: float = 0.0


class StatusStore:
    """Facts in (one thread, the actor's), snapshots out (any thread). Bounded; never blocks long.

    Args:
        clock: for ages and countdowns.
        identity: of the system.
        books: where frames are counted.
        publisher: what is known of it before it has said anything.
        exchanges: where the frames of each camera go.
    """

    def __init__(
        self,
        clock: Clock,
        identity: Identity,
        books: FrameLedger,
        publisher: PublisherStatus,
        exchanges: Mapping[CameraId, str] | None = None,
    ) -> None:
        self._exchanges = exchanges or {}
        self._clock = clock
        self._identity = identity
        self._books = books
        self._lock = threading.Lock()
        self._cameras: dict[CameraId, _Seen] = {}
        self._publisher = publisher
        self._publisher_retry_at_s: float | None = None
        self._process: ProcessSample | None = None
        self._memory_level = MemoryLevel.NORMAL
        self._restarts: dict[str, int] = {}
        self._faults = FaultCounts()
        self._actors: dict[str, bool] = {}
        self._stopping = False
        now_s = clock.monotonic()
        self._supervisor_at_s = now_s
        self._timer_at_s = now_s
        self._sampled_at_s = float("-inf")
        self._timeline = Timeline()
        self._snapshot: tuple[float, Snapshot] | None = None

    # --- facts ----------------------------------------------------------------------------------

    def camera_changed(self, record: CameraRecord) -> None:
        """What is known of a camera is now this."""
        now_ns = self._clock.wall_ns()
        with self._lock:
            seen = self._cameras.get(record.camera_id)
            if seen is None:
                seen = self._cameras[record.camera_id] = _Seen(record, record, now_ns)
                if record.breaker.changes:
                    seen.transitions["unseen", "unseen", "unseen"] = record.breaker.changes
                return
            before, seen.record = seen.record, record
            if _condition(before) != _condition(record):
                seen.since_ns = now_ns
            if is_half_told(seen.told, before, record):
                return
            count_transitions(seen.transitions, seen.told, record)
            self._timeline.camera_changed(seen.told, record, now_ns)
            seen.told = record

    def publisher_changed(self, status: PublisherStatus, retry_at_s: float | None) -> None:
        """The publisher is now in this state."""
        with self._lock:
            self._timeline.publisher_changed(self._publisher, status, self._clock.wall_ns())
            self._publisher, self._publisher_retry_at_s = status, retry_at_s

    def process_measured(self, sample: ProcessSample | None) -> None:
        """A measurement of this process; None when it cannot be measured any more."""
        with self._lock:
            self._process = sample
            if sample is not None and sample.memory_level is not self._memory_level:
                self._memory_level = sample.memory_level
                self._timeline.memory_level_changed(sample.memory_level, self._clock.wall_ns())

    def restarts_counted(self, restarts: Mapping[str, int], faults: FaultCounts) -> None:
        """Restarts so far, and faults on purpose."""
        with self._lock:
            self._timeline.restarts_counted(self._restarts, restarts, self._clock.wall_ns())
            self._restarts = dict(restarts)
            self._faults = faults

    def supervisor_said(self, actors: Mapping[str, bool], *, stopping: bool) -> None:
        """The supervisor runs, and so do these actors."""
        with self._lock:
            self._supervisor_at_s = self._clock.monotonic()
            self._actors = dict(actors)
            self._stopping = stopping

    def ticked(self) -> None:
        """The timer ticks; each second. Counts frames for the history every five seconds."""
        now_s = self._clock.monotonic()
        with self._lock:
            self._timer_at_s = now_s
            if now_s - self._sampled_at_s < HISTORY_STEP_S - _TICK_SLACK_S:
                return
            self._sampled_at_s = now_s
            for seen in self._cameras.values():
                if seen.picture is not None and now_s - seen.picture_at_s > _PICTURE_LEASE_S:
                    seen.picture = None
        counts = self._books.frame_counts()
        for outbox in self._books.outboxes:
            outbox.forget_unwatched()
        with self._lock:
            for camera_id, seen in self._cameras.items():
                if camera_id in counts:
                    seen.counts.append((now_s, counts[camera_id].received))

    # --- who looks ------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything as of now, or as of at most `FRESH_S` ago. Asks no actor."""
        now_s = self._clock.monotonic()
        with self._lock:
            known = self._snapshot
        if known is not None and now_s - known[0] < FRESH_S:
            return replace(known[1], pulse=self.pulse())
        taken = self._take()
        with self._lock:
            self._snapshot = (now_s, taken)
        return taken

    def timeline(self) -> tuple[int, tuple[TimelineEntry, ...]]:
        """Its version, and its stories, oldest first."""
        with self._lock:
            return self._timeline.version, self._timeline.stories

    def picture(self, camera_id: CameraId) -> Picture | None:
        """The newest picture, the same one for all who ask within a second.

        None while there is none yet, which is so until a frame comes in after the first call.

        Raises:
            KeyError: there is no such camera.
        """
        now_s = self._clock.monotonic()
        with self._lock:
            seen = self._cameras[camera_id]
            if seen.picture is not None and now_s - seen.picture_at_s < _PICTURE_AGE_S:
                return seen.picture
        picture = self._books.outbox_of[camera_id].watch(camera_id, _PICTURE_LEASE_S)
        with self._lock:
            seen.picture, seen.picture_at_s = picture, now_s
        return picture

    @property
    def version(self) -> str:
        """Of the program."""
        return self._identity.version

    def pulse(self) -> Pulse:
        """Signs of life, as of now; costs next to nothing."""
        now_s = self._clock.monotonic()
        with self._lock:
            return Pulse(
                supervisor_ago_s=max(0.0, now_s - self._supervisor_at_s),
                timer_ago_s=max(0.0, now_s - self._timer_at_s),
                actors=self._actors,
                stopping=self._stopping,
            )

    # --- inside ---------------------------------------------------------------------------------

    def _take(self) -> Snapshot:
        with self._lock:
            seen = dict(self._cameras)
            records = [each.record for each in seen.values()]
            publisher, retry_at_s = self._publisher, self._publisher_retry_at_s
            process, restarts, faults = self._process, self._restarts, self._faults
            version = self._timeline.version
        status = take_status(
            self._clock,
            self._identity,
            records,
            self._books,
            publisher=publisher,
            publisher_retry_at_s=retry_at_s,
            process=process,
            restarts=restarts,
            faults=faults,
        )
        now_s = self._clock.monotonic()
        received = {camera.camera_id: camera.frames.received for camera in status.cameras}
        undelivered = {
            camera_id: self._books.outbox_of[camera_id].undelivered_s(camera_id)
            for camera_id in seen
        }
        with self._lock:
            extras = {
                str(camera_id): CameraExtra(
                    fps=_fps(each.counts, now_s, received[camera_id]),
                    fps_history=_history(each.counts),
                    since_ns=each.since_ns,
                    exchange=self._exchanges.get(camera_id, ""),
                    undelivered_s=undelivered[camera_id],
                    transitions=dict(each.transitions),
                )
                for camera_id, each in seen.items()
            }
        return Snapshot(status, self.pulse(), extras, version)


def _condition(record: CameraRecord) -> str:
    """Streams well, or rests on purpose, or is in trouble."""
    if record.phase in (CameraPhase.DISABLED, CameraPhase.STOPPED):
        return "at rest"
    well = record.phase is CameraPhase.STREAMING and record.breaker.state is BreakerState.CLOSED
    return "well" if well else "in trouble"


def _fps(counts: deque[tuple[float, int]], now_s: float, received: int) -> float | None:
    """Frames a second since the youngest count that is old enough to divide by."""
    for at_s, count in reversed(counts):
        if now_s - at_s >= _SHORTEST_FPS_WINDOW_S:
            return (received - count) / (now_s - at_s)
    return None


def _history(counts: deque[tuple[float, int]]) -> tuple[float, ...]:
    points = list(counts)
    return tuple(
        round((count - before) / (at_s - before_s), 2) if at_s > before_s else 0.0
        for (before_s, before), (at_s, count) in pairwise(points)
    )
