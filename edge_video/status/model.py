"""Defines the status of the whole system, which `GetStatus` answers and reports render.

Snapshots are frozen values: they may be kept, compared and rendered on any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge_video.capture import CaptureTotals
from edge_video.capture.hardware import Decoding
from edge_video.delivery.ledger import FrameCounts, LatencyHistogram, add_counts
from edge_video.frames import CameraId
from edge_video.metrics.sample import ProcessSample
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Failure
from edge_video.resilience.liveness import PictureState
from edge_video.status.configuration import ConfigStatus
from edge_video.status.usual_rate import expected_fps


class CameraPhase(StrEnum):
    """What a camera is doing."""

    DISABLED = "disabled"
    """Configured with `enabled: false`."""
    STARTING = "starting"
    """An attempt runs, no whole frame yet; or an attempt is about to begin."""
    STREAMING = "streaming"
    WAITING = "waiting"
    """Nothing exists for the camera until its breaker's wait ends."""
    STOPPED = "stopped"
    """Asked to stop; started again only on request."""
    OFF_SCHEDULE = "off_schedule"
    """Rests until its schedule opens, `CameraStatus.opens_at` says when; or until another profile
    applies than `CameraStatus.off_by_profile`."""
    OFF_EXPECTED = "off_expected"
    """Nobody is there, which is expected of it; it is tried again and again."""
    ELSEWHERE = "elsewhere"
    """Another node of the cluster has it, `CameraStatus.owner` says which, or is to have it."""


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A breaker as a reader of reports sees it."""

    state: BreakerState
    calls: int
    successes: int
    failures: int
    rejected: int
    changes: int
    consecutive_failures: int
    backoff_s: float
    retry_in_s: float | None
    """While OPEN: seconds until the next attempt may begin, 0 when it may at once; else None.

    None also when forced open.
    """
    forced_open: bool
    session_ends: int = 0
    """Failures that only ended one long session of a series; each is in `failures` too."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What went wrong lately, beside all that was counted since the start."""

    dropped_5m: int = 0
    """Frames dropped in the last five minutes."""
    dropping: bool = False
    """Whether frames are being dropped now: one was in the last ten seconds."""
    failures_5m: int = 0
    """Attempts of cameras that failed in the last five minutes."""


class CameraMode(StrEnum):
    """What a camera is read as, by `mode` in its configuration."""

    TRANSCODE = "transcode"
    """A stream, whose pictures become JPEG images."""
    PASSTHROUGH = "passthrough"
    """A stream of JPEG images, passed on as they are."""
    SNAPSHOT = "snapshot"
    """An address that is asked for one still picture after the other."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Everything known about one camera at one instant.

    What ends because the whole system stops is shown as it was when the stop began.
    """

    camera_id: CameraId
    phase: CameraPhase
    url: str
    """Masked."""
    target_fps: int
    """Configured: the limit."""
    attempts: int
    breaker: BreakerView
    frames: FrameCounts
    capture: CaptureTotals
    last_frame_ago_s: float | None
    """Seconds since the last whole frame, or from it to the stop; None: there was never one."""
    last_failure: Failure | None
    last_failure_ago_s: float | None
    width: int
    """Of the last frame; 0 before the first."""
    height: int
    ffmpeg_pid: int | None
    mode: CameraMode = CameraMode.TRANSCODE
    """Configured: a stream, or still pictures."""
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    key_frame_wait_s: float | None = None
    """How long data have come without a picture, for want of a key frame; None: none is owed."""
    key_frame_interval_s: float | None = None
    """How far apart its key frames are, where nothing else is decoded; None when unknown."""
    decoding: Decoding | None = None
    """What decoded its pictures last, and was to; None where the CPU is to, or nobody knows yet."""
    unchanged_s: float | None = None
    """With `mode: snapshot`: how long it has answered that its picture is the same; None: it
    changes, or the camera does not answer."""
    interval_s: float | None = None
    """Configured (`snapshot_interval`): from one picture to the next; None: by `target_fps`."""
    usual_fps: float | None = None
    """What the camera usually sends, `target_fps` at most; None until it was measured."""
    received_fps: float | None = None
    """Over the last ten seconds that it streamed throughout; None until there were such."""
    recent: Recent = Recent()
    opens_at: str | None = None
    """When its schedule opens, ISO 8601 on the schedule's clocks; None: it is open, or has none."""
    off_by_profile: str | None = None
    """The profile that applies and that it is not in; None: no profile keeps it off."""
    off_schedule_s: float = 0.0
    """How long its schedule, a profile or another node has kept it closed, all times together."""
    intermittent: bool = False
    """Whether it need not be there, by `expected` in its configuration."""
    masks: int = 0
    """How many areas of its pictures are covered, by `masks` in its configuration."""
    owner: str | None = None
    """The other node that captures it, by its name; None: this one does, or none was heard of."""
    epoch: int | None = None
    """Of the lease with which this node captures it; None: it does not, or nobody shares it."""
    unowned_s: float | None = None
    """How long no node has had it although all are heard, once that is a minute; else None."""
    off_since_ns: int | None = None
    """Wall clock, since when nobody is there; None while it is there, or has to be."""
    off_expected_s: float = 0.0
    """How long nobody was there, all times since the start together."""

    picture: PictureState | None = None
    """What its pictures show; None where nobody looks at them, or there are none to look at."""
    picture_since_ns: int | None = None
    """Wall clock, since when they are so; None as long as nobody has ever looked."""

    @property
    def expected_fps(self) -> float:
        """What the camera is held to: `target_fps`, or what it usually sends where that is less.

        Where an interval is configured, its inverse.
        """
        if self.interval_s:  # another system's status may say 0
            return 1 / self.interval_s
        return expected_fps(self.target_fps, self.usual_fps)


class PublisherState(StrEnum):
    """What the connection to the sink is doing."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    BLOCKED = "blocked"
    WAITING = "waiting"
    """Not connected; waits before the next try."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which there was no connection to the sink, however many attempts it took."""

    started_at_ns: int
    """Wall clock."""
    ended_at_ns: int | None
    """Wall clock; None while it lasts."""
    reason: str
    """Why the connection, or the latest attempt at one, failed."""
    dropped: int = 0
    """Frames dropped as `not_connected` during it."""
    lasted_s: float = 0.0
    """Until now, while it lasts. Monotonic seconds: the wall clock may be set meanwhile."""


@dataclass(frozen=True, slots=True)
class PublisherStatus:
    """The publisher at one instant."""

    state: PublisherState
    target: str
    """Where frames go, secrets masked."""
    reason: str = ""
    """Why it is not connected, or what blocks it; empty when all is well."""
    connections: int = 0
    """Times a connection was established."""
    connections_lost: int = 0
    """Times an established connection ended."""
    failed_attempts: int = 0
    """Times a connection could not be established."""
    retry_in_s: float | None = None
    down_for_s: float | None = None
    """How long frames could not be delivered, also while blocked; None: they can be."""
    outages: tuple[Outage, ...] = ()
    """The last 20, oldest first; the first attempt of all is one if it failed."""

    @property
    def lasting_outage(self) -> Outage | None:
        """The outage that is not over; None without one."""
        last = self.outages[-1] if self.outages else None
        return last if last is not None and last.ended_at_ns is None else None


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """The whole system at one instant; what `GetStatus` answers and reports are rendered from."""

    version: str
    node: str
    started_at_ns: int
    """Wall clock."""
    taken_at_ns: int
    """Wall clock."""
    uptime_s: float
    """Monotonic seconds since the start."""
    cameras: tuple[CameraStatus, ...]
    """In the order of the configuration."""
    publisher: PublisherStatus
    process: ProcessSample | None
    """None until the first measurement."""
    restarts: dict[str, int] = field(default_factory=dict)
    """Restarts of the actors that are no cameras, by name."""
    faults_injected: int = 0
    """As in `FaultCounts`, all three."""
    faults_refused: int = 0
    faults_armed: int = 0
    config: ConfigStatus | None = None
    """None where nobody knows it."""
    removed: FrameCounts = FrameCounts()  # noqa: RUF009 - a frozen value
    """Those of all cameras that were removed while the program ran; they are in `totals`."""

    @property
    def totals(self) -> FrameCounts:
        """The counts of all cameras added up, with those that were removed."""
        return add_counts((*(camera.frames for camera in self.cameras), self.removed))

    @property
    def recent(self) -> Recent:
        """What went wrong lately with all cameras together."""
        recents = [camera.recent for camera in self.cameras]
        return Recent(
            dropped_5m=sum(each.dropped_5m for each in recents),
            dropping=any(each.dropping for each in recents),
            failures_5m=sum(each.failures_5m for each in recents),
        )
