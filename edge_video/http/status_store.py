"""Stores what an actor is told; any thread reads it as one snapshot.

It outlives the actor, so a restarted one goes on with the same history; and it asks nobody, so a
probe is answered while everything else is stuck.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_video.faults.scheduling import FaultCounts
from edge_video.http.broker_side import BrokerSide
from edge_video.http.camera_history import (
    HISTORY_STEP_S,
    PICTURE_AGE_S,
    PICTURE_LEASE_S,
    CameraExtra,
    CameraHistory,
)
from edge_video.metrics.memory import MemoryLevel
from edge_video.status.snapshot import in_order, take_status
from edge_video.status.timeline import Timeline, TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edge_video.delivery.camera_queue import Picture
    from edge_video.delivery.commands.counts import CommandCounts
    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.runtime.timer import Clock
    from edge_video.status.cluster import ClusterFacts
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.ledger import FrameLedger
    from edge_video.status.model import PublisherStatus, SystemStatus
    from edge_video.status.rate_history import DayOfRates
    from edge_video.status.snapshot import CameraRecord, Identity, PublisherMarks

FRESH_S: Final = 0.5
"""A snapshot this young is not taken again."""

MAX_PICTURE_BYTES: Final = 2**20
MAX_PICTURES_BYTES: Final = 32 * 2**20
"""Of the last pictures of all cameras; each may be as large as its share of it."""

_SUBJECTS: Final = {"profile": "profile", "drain": "node", "rejoin": "node"}
"""What commands are about that are about no camera, the publisher aside."""
_TICK_SLACK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Pulse:
    """Signs of life at one instant."""

    supervisor_ago_s: float
    """Since the supervisor last reported that it runs; it does each second."""
    timer_ago_s: float
    """Since the timer last ticked; it does each second."""
    actors: Mapping[str, bool] = field(default_factory=dict)
    """Whether each actor that is no camera runs, as the supervisor saw it."""
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is served, as of one instant."""

    status: SystemStatus
    pulse: Pulse
    cameras: Mapping[str, CameraExtra]
    timeline_version: int
    is_broker: bool = True
    """Whether frames go to a broker, and not into a directory."""
    cluster: ClusterFacts | None = None
    """None without a cluster."""
    cluster_down_s: float | None = None
    """For how long the leases have had no connection; None: they have one."""
    is_controlled: bool | None = None
    """As in `BrokerSide`."""
    commands: CommandCounts | None = None
    """As in `BrokerSide`."""


@dataclass(slots=True)
class _SystemFacts:
    """What is known of everything but cameras. Under the store's lock."""

    publisher: PublisherStatus
    publisher_marks: PublisherMarks | None = None
    process: ProcessSample | None = None
    memory_level: MemoryLevel = MemoryLevel.NORMAL
    is_cpu_short: bool = False
    restarts: dict[str, int] = field(default_factory=dict)
    faults: FaultCounts = field(default_factory=FaultCounts)
    config: ConfigStatus | None = None


@dataclass(slots=True)
class _Heartbeats:
    """When the supervisor and the timer last gave a sign of life. Under the store's lock."""

    supervisor_at_s: float
    timer_at_s: float
    counted_at_s: float = float("-inf")
    """When frames were counted last for the history."""
    actors: dict[str, bool] = field(default_factory=dict)
    stopping: bool = False

    def pulse(self, now_s: float) -> Pulse:
        return Pulse(
            supervisor_ago_s=max(0.0, now_s - self.supervisor_at_s),
            timer_ago_s=max(0.0, now_s - self.timer_at_s),
            actors=self.actors,
            stopping=self.stopping,
        )


class StatusStore:
    """Facts in (one thread, the actor's), snapshots out (any thread). Bounded; never blocks long.

    Args:
        clock: for ages and countdowns.
        identity: of the system.
        ledger: where frames are counted.
        publisher: what is known of it before it has reported anything.
        exchanges: where the frames of each camera go.
        broker: what is asked about the broker.

    Attributes:
        cluster: what is known of the nodes that share the cameras; None without a cluster. The
            actor sets it, whole.
    """

    def __init__(
        self,
        clock: Clock,
        identity: Identity,
        ledger: FrameLedger,
        publisher: PublisherStatus,
        exchanges: Mapping[CameraId, str] | None = None,
        *,
        broker: BrokerSide | None = None,
    ) -> None:
        self.cluster: ClusterFacts | None = None
        self._broker = broker or BrokerSide()
        self._exchanges = exchanges or {}
        self._clock = clock
        self._identity = identity
        self._ledger = ledger
        self._lock = threading.Lock()
        self._cameras: dict[CameraId, CameraHistory] = {}
        self._facts = _SystemFacts(publisher)
        now_s = clock.monotonic()
        self._heartbeats = _Heartbeats(now_s, now_s)
        self._timeline = Timeline()
        self._snapshot: tuple[float, Snapshot] | None = None

    # --- facts ----------------------------------------------------------------------------------

    def camera_changed(self, record: CameraRecord) -> None:
        """What is known of a camera is now this."""
        now_s, now_ns = self._clock.monotonic(), self._clock.wall_ns()
        last_frame_s = self._last_frame_s(record.camera_id)
        with self._lock:
            camera = self._cameras.get(record.camera_id)
            if camera is None:
                camera = CameraHistory(record, now_s, now_ns)
                self._cameras[record.camera_id] = camera
            else:
                reported = camera.changed(record, now_ns)
                if reported is not None:
                    self._timeline.camera_changed(reported, record, now_ns, now_s)
            camera.observe(last_frame_s, now_s, now_ns)

    def _last_frame_s(self, camera_id: CameraId) -> float | None:
        return self._ledger.outbox_of[camera_id].last_frame_s(camera_id)

    def publisher_changed(self, status: PublisherStatus, marks: PublisherMarks | None) -> None:
        """The publisher is now in this state."""
        with self._lock:
            self._timeline.publisher_changed(self._facts.publisher, status, self._clock.wall_ns())
            self._facts.publisher, self._facts.publisher_marks = status, marks

    def process_measured(self, sample: ProcessSample | None) -> None:
        """A measurement of this process; None when it cannot be measured any more."""
        with self._lock:
            self._facts.process = sample
            if sample is not None and sample.memory_level is not self._facts.memory_level:
                self._facts.memory_level = sample.memory_level
                self._timeline.memory_level_changed(sample.memory_level, self._clock.wall_ns())
            is_short = sample is not None and sample.cpu_shortage is not None
            if sample is not None and is_short is not self._facts.is_cpu_short:
                self._facts.is_cpu_short = is_short
                self._timeline.cpu_shortage_changed(is_short=is_short, at_ns=self._clock.wall_ns())

    def restarts_counted(self, restarts: Mapping[str, int], faults: FaultCounts) -> None:
        """Restarts so far, and faults on purpose."""
        with self._lock:
            self._timeline.restarts_counted(self._facts.restarts, restarts, self._clock.wall_ns())
            self._facts.restarts = dict(restarts)
            self._facts.faults = faults

    def command_executed(
        self,
        command: str,
        camera_id: CameraId | None,
        origin: str,
        result: str,
        profile: str | None = None,
    ) -> None:
        """Somebody asked for a command; nothing is noted of a camera that there is not."""
        now_ns = self._clock.wall_ns()
        nobody = _SUBJECTS.get(command, "publisher")
        subject = nobody if camera_id is None else camera_id
        with self._lock:
            if camera_id is None or camera_id in self._cameras:
                self._timeline.command_executed(
                    command, subject, origin, result, now_ns, detail=profile or ""
                )

    def config_changed(self, config: ConfigStatus, cameras: Collection[CameraId]) -> None:
        """What is known of the configuration is now this; there are no other cameras any more."""
        with self._lock:
            self._facts.config = config
            self._cameras = in_order(self._cameras, cameras)
            self._timeline.keep_cameras(cameras)
            self._snapshot = None

    def supervisor_said(self, actors: Mapping[str, bool], *, stopping: bool) -> None:
        """The supervisor runs, and so do these actors."""
        with self._lock:
            self._heartbeats.supervisor_at_s = self._clock.monotonic()
            self._heartbeats.actors = dict(actors)
            self._heartbeats.stopping = stopping

    def ticked(self) -> None:
        """The timer ticks; each second. Counts frames for the history every five seconds."""
        now_s, now_ns = self._clock.monotonic(), self._clock.wall_ns()
        with self._lock:
            self._heartbeats.timer_at_s = now_s
            for camera_id, camera in self._cameras.items():
                camera.observe(self._last_frame_s(camera_id), now_s, now_ns)
            if now_s - self._heartbeats.counted_at_s < HISTORY_STEP_S - _TICK_SLACK_S:
                return
            self._heartbeats.counted_at_s = now_s
            present = frozenset(self._cameras)
            for camera in self._cameras.values():
                camera.drop_unwatched_picture(now_s)
        counts = self._ledger.frame_counts()
        last_bytes = _last_picture_bytes(self._facts.memory_level, len(present))
        for outbox in self._ledger.outboxes:
            outbox.pictures.remember(last_bytes, present)
            outbox.pictures.forget_unwatched()
        with self._lock:
            for camera_id, camera in self._cameras.items():
                if camera_id in counts:
                    camera.count(now_s, counts[camera_id].received)

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
        """Its version, and its entries, oldest first."""
        with self._lock:
            return self._timeline.version, self._timeline.entries

    def picture(
        self, camera_id: CameraId, max_age_s: float = PICTURE_AGE_S
    ) -> tuple[Picture | None, bool]:
        """The newest picture, and whether the camera has gone quiet since.

        It is the same one for all who ask within `max_age_s`. None while there is none yet, which
        is so until a frame comes in.

        Raises:
            KeyError: there is no such camera.
        """
        now_s = self._clock.monotonic()
        last_frame_s = self._last_frame_s(camera_id)
        with self._lock:
            camera = self._cameras[camera_id]
            is_quiet = camera.is_quiet(last_frame_s, now_s)
            picture = camera.fresh_picture(now_s, max_age_s)
        if picture is None:
            pictures = self._ledger.outbox_of[camera_id].pictures
            picture = pictures.watch(camera_id, PICTURE_LEASE_S)
            with self._lock:
                camera.keep_picture(picture, now_s)
        return picture, is_quiet

    def day_of_rates(self, camera_id: CameraId) -> DayOfRates:
        """How many frames a second a camera sent in the last 24 hours.

        Raises:
            KeyError: there is no such camera.
        """
        with self._lock:
            return self._cameras[camera_id].day(self._clock.monotonic())

    def record(self, camera_id: CameraId) -> CameraRecord | None:
        """What was told of a camera last; None when there is no such camera."""
        with self._lock:
            camera = self._cameras.get(camera_id)
            return None if camera is None else camera.record

    def publisher(self) -> PublisherStatus:
        """What the publisher told last; its countdown is as of then."""
        with self._lock:
            return self._facts.publisher

    @property
    def version(self) -> str:
        """Of the program."""
        return self._identity.version

    def pulse(self) -> Pulse:
        """Signs of life, as of now; costs next to nothing."""
        now_s = self._clock.monotonic()
        with self._lock:
            return self._heartbeats.pulse(now_s)

    # --- inside ---------------------------------------------------------------------------------

    def _take(self) -> Snapshot:
        with self._lock:
            records = [each.record for each in self._cameras.values()]
            facts = replace(self._facts)
            version = self._timeline.version
        status = take_status(
            self._clock,
            self._identity,
            records,
            self._ledger,
            publisher=facts.publisher,
            publisher_marks=facts.publisher_marks,
            process=facts.process,
            restarts=facts.restarts,
            faults=facts.faults,
            config=facts.config,
        )
        cluster, broker = self.cluster, self._broker
        return Snapshot(
            status,
            self.pulse(),
            self._extras(status),
            version,
            broker.is_used(),
            cluster,
            None if cluster is None else cluster.down_for_s(self._clock.monotonic()),
            broker.is_controlled(),
            broker.commands,
        )

    def _extras(self, status: SystemStatus) -> dict[str, CameraExtra]:
        now_s = self._clock.monotonic()
        undelivered = {
            camera.camera_id: self._ledger.outbox_of[camera.camera_id].health.undelivered_s(
                camera.camera_id
            )
            for camera in status.cameras
        }
        now_ns = self._clock.wall_ns()
        with self._lock:
            for camera_id, history in self._cameras.items():
                history.observe(self._last_frame_s(camera_id), now_s, now_ns)
            return {
                str(camera.camera_id): self._cameras[camera.camera_id].shown(
                    now_s,
                    camera.frames.received,
                    self._exchanges.get(camera.camera_id, ""),
                    undelivered[camera.camera_id],
                )
                if camera.camera_id in self._cameras  # else it was removed just now
                else CameraExtra()
                for camera in status.cameras
            }


def _last_picture_bytes(level: MemoryLevel, cameras: int) -> int:
    """How large the last picture of each of so many may be; 0 while memory is short."""
    if level in (MemoryLevel.CRITICAL, MemoryLevel.EMERGENCY):
        return 0
    return min(MAX_PICTURE_BYTES, MAX_PICTURES_BYTES // max(1, cameras))
