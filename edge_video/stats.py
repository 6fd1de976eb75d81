"""What is counted, and the identities the counts obey.

Snapshots are frozen values: they may be kept, compared and rendered on any thread. Counters only
grow while the program runs and survive the restart of every actor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.usual_rate import expected_fps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.breaker import BreakerState
    from edge_video.failures import Failure
    from edge_video.frames import CameraId


class Outcome(StrEnum):
    """How a frame that was handed to a sink ended."""

    CONFIRMED = "confirmed"
    NACKED = "nacked"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    """Its connection died before the answer; some of these did arrive."""


class DropReason(StrEnum):
    """Why a frame that came in was never handed to a sink."""

    OVERFLOW = "overflow"
    STALE = "stale"
    SHUTDOWN = "shutdown"
    MEMORY = "memory"
    """Refused while the memory controller slows the cameras."""
    REFUSED = "refused"
    """The sink refuses this camera, or the exchange that it goes to."""
    TOO_LARGE = "too_large"
    """Larger than what the sink takes."""


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """The books of one camera, or of all of them added up.

    `received = published + dropped_* + held` and
    `published = confirmed + nacked + returned + unknown + in_flight`, in every snapshot.
    """

    received: int = 0
    published: int = 0
    dropped_overflow: int = 0
    dropped_stale: int = 0
    dropped_shutdown: int = 0
    dropped_memory: int = 0
    dropped_refused: int = 0
    dropped_too_large: int = 0
    held: int = 0
    confirmed: int = 0
    nacked: int = 0
    returned: int = 0
    unknown: int = 0
    in_flight: int = 0
    refused_late: int = 0
    """Frames of an attempt that had already ended; they never came in and are in no sum."""
    received_bytes: int = 0
    published_bytes: int = 0
    confirm_ns: int = 0
    """Sum over confirmed frames of the time from hand-over to confirm."""

    @property
    def dropped(self) -> int:
        """Frames dropped for any reason."""
        return (
            self.dropped_overflow
            + self.dropped_stale
            + self.dropped_shutdown
            + self.dropped_memory
            + self.dropped_refused
            + self.dropped_too_large
        )

    @property
    def errors(self) -> int:
        """Frames handed over that are not known to have been accepted and will not be."""
        return self.nacked + self.returned + self.unknown

    def imbalance(self) -> str | None:
        """What does not add up, in words; None when the books balance."""
        problems = []
        if self.received != self.published + self.dropped + self.held:
            problems.append(
                f"received {self.received} != published {self.published}"
                f" + dropped {self.dropped} + held {self.held}"
            )
        if self.published != self.confirmed + self.errors + self.in_flight:
            problems.append(
                f"published {self.published} != confirmed {self.confirmed} + nacked {self.nacked}"
                f" + returned {self.returned} + unknown {self.unknown} + in flight {self.in_flight}"
            )
        return "; ".join(problems) or None


def add_counts(counts: Iterable[FrameCounts]) -> FrameCounts:
    """Add books up, number by number; the empty sum is all zeros."""
    sums = dict.fromkeys((each.name for each in fields(FrameCounts)), 0)
    for one in counts:
        for name in sums:
            sums[name] += getattr(one, name)
    return FrameCounts(**sums)


LATENCY_BOUNDS_S: Final = (
    *(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds, inclusive, of the classes of a `LatencyHistogram`; a last class is open."""


@dataclass(frozen=True, slots=True)
class LatencyHistogram:
    """How long confirmed frames took from being whole to being confirmed."""

    counts: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_S) + 1)
    """Frames by class of `LATENCY_BOUNDS_S`, the open class last; not cumulative."""
    sum_s: float = 0.0

    @property
    def count(self) -> int:
        """Frames in all classes: those that were confirmed."""
        return sum(self.counts)

    def percentile_bound_s(self, percent: float) -> float:
        """At least `percent` of the frames took no longer; infinity when only the open class says.

        0 when there are no frames.
        """
        wanted, so_far = math.ceil(self.count * percent / 100), 0
        if not wanted:
            return 0.0
        for bound_s, count in zip((*LATENCY_BOUNDS_S, math.inf), self.counts, strict=True):
            so_far += count
            if so_far >= wanted:
                return bound_s
        return math.inf


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """Faults on purpose, by message."""

    injected: int = 0
    """Times that one acted."""
    refused: int = 0
    """Those that were not allowed, or not understood by their target."""
    armed: int = 0
    """Those that wait for their occasion now."""


@dataclass(frozen=True, slots=True)
class CaptureTotals:
    """What reading one camera took, over all attempts. Times in nanoseconds."""

    reads: int = 0
    read_ns: int = 0
    """Inside the read call, with data already there: the cost of reading, not of waiting."""
    splits: int = 0
    """Whole frames cut out of the byte stream."""
    split_ns: int = 0
    discarded_bytes: int = 0
    """Bytes that belonged to no frame (garbage, torn frames, broken headers)."""
    oversized: int = 0
    """Frames refused because they were larger than the limit."""


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
    """Seconds until the next attempt may begin; 0 when it may at once, None when forced open."""
    forced_open: bool
    session_ends: int = 0
    """Failures that only ended one long session of a series; each is in `failures` too."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Everything known about one camera at one instant."""

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
    """Seconds since the last whole frame; None when there was never one."""
    last_failure: Failure | None
    last_failure_ago_s: float | None
    width: int
    """Of the last frame; 0 before the first."""
    height: int
    ffmpeg_pid: int | None
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    key_frame_wait_s: float | None = None
    """How long data have come without a picture, for want of a key frame; None: none is owed."""
    key_frame_interval_s: float | None = None
    """How far apart its key frames are, where nothing else is decoded; None when unknown."""
    usual_fps: float | None = None
    """What the camera usually sends, `target_fps` at most; None until it was measured."""

    @property
    def expected_fps(self) -> float:
        """What the camera is held to: `target_fps`, or what it usually sends where that is less."""
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
class PublisherStatus:
    """The publisher at one instant."""

    state: PublisherState
    target: str
    """Where frames go, secrets masked."""
    reason: str = ""
    """Why it is not connected, or what blocks it; empty when all is well."""
    connections: int = 0
    """Times a connection was established."""
    losses: int = 0
    """Times a connection, or an attempt at one, failed."""
    retry_in_s: float | None = None


class MemoryLevel(StrEnum):
    """How much of `memory_controller.max_memory_mb` this process uses."""

    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class FfmpegSample:
    """One FFmpeg child at the time of a measurement."""

    pid: int
    cpu_s: float
    """CPU it has used since it began."""
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """One measurement of this process, its FFmpeg children and the machine."""

    cpu_percent: float
    """Of one core, since the previous sample; may exceed 100."""
    rss_bytes: int
    ffmpeg_processes: int
    ffmpeg_cpu_percent: float
    ffmpeg_rss_bytes: int
    system_ram_bytes: int
    system_ram_used_percent: float
    system_cpu_percent: float
    threads: int
    actors: int
    allocated_blocks: int
    """Memory blocks that the Python allocator has handed out (`sys.getallocatedblocks`)."""
    gc_collections: int
    gc_last_ago_s: float | None
    """Seconds since the garbage collector last ran; None when it has not run since the start."""
    memory_level: MemoryLevel = MemoryLevel.NORMAL
    memory_limit_bytes: int | None = None
    """None when the memory controller is off."""
    ffmpegs: tuple[FfmpegSample, ...] = ()
    """Each of the `ffmpeg_processes`; `CameraStatus.ffmpeg_pid` says whose it is."""


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

    @property
    def totals(self) -> FrameCounts:
        """The books of all cameras added up."""
        return add_counts(camera.frames for camera in self.cameras)
