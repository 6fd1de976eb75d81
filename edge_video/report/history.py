"""Records the course of a run in bounded memory: the longer it gets, the coarser. Pure.

A `HalvingRing` that is full merges its entries in pairs and from then on takes twice as many
additions into each: a run of a minute is kept by the second, one of months in a few hundred points.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from edge_video.metrics.memory import MemoryLevel
from edge_video.status.health import delivery_of
from edge_video.status.model import CameraPhase
from edge_video.status.timeline import Timeline, TimelineEntry, is_half_reported

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from enum import StrEnum

    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.status.model import PublisherStatus, SystemStatus
    from edge_video.status.snapshot import CameraRecord

T = TypeVar("T")

SAMPLES: Final = 480
"""Most points of a plot; more than a screen shows side by side in its column."""
STRETCHES: Final = 240
"""Most stretches of one camera's breaker, and of the delivery."""
EVENTS: Final = 200
"""Most events that are kept, the newest; what repeats itself is one."""


@dataclass(frozen=True, slots=True)
class HalvingRing(Generic[T]):
    """At most `capacity` entries, each of `stride` additions; an immutable value.

    `merge(earlier, later)` makes one entry of two neighbours.
    """

    capacity: int
    merge: Callable[[T, T], T] = field(repr=False)
    stride: int = 1
    whole: tuple[T, ...] = ()
    part: T | None = None
    """Of fewer than `stride` additions, `parts` of them."""
    parts: int = 0

    def add(self, entry: T) -> HalvingRing[T]:
        """The ring with one more addition at its end."""
        part = entry if self.part is None else self.merge(self.part, entry)
        if self.parts + 1 < self.stride:
            return replace(self, part=part, parts=self.parts + 1)
        ring = replace(self, whole=(*self.whole, part), part=None, parts=0)
        return ring if len(ring.whole) < self.capacity else _halved(ring)

    @property
    def entries(self) -> tuple[T, ...]:
        """Everything, oldest first; the last entry may be of fewer additions."""
        return self.whole if self.part is None else (*self.whole, self.part)


def _halved(ring: HalvingRing[T]) -> HalvingRing[T]:
    whole = ring.whole
    pairs = [ring.merge(*whole[at : at + 2]) for at in range(0, len(whole) - 1, 2)]
    odd = whole[len(pairs) * 2 :]
    return replace(
        ring,
        stride=ring.stride * 2,
        whole=tuple(pairs),
        part=odd[0] if odd else None,
        parts=ring.stride if odd else 0,
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """The system at one instant, or the later end of several."""

    at_s: float
    """Since the start."""
    received: Mapping[CameraId, int]
    """Frames so far; cameras come and go with a reload."""
    process: Load | None


@dataclass(frozen=True, slots=True)
class Load:
    """A measurement of the process: CPU as the mean, memory as the peak of its samples.

    CPU is in percent of one core.
    """

    weight: int
    """Samples in it."""
    cpu_percent: float
    ffmpeg_cpu_percent: float
    rss_bytes: int
    ffmpeg_rss_bytes: int


def merge_samples(earlier: Sample, later: Sample) -> Sample:
    """Counts are those of the later one; what was measured is averaged, or the peak of both."""
    return replace(later, process=_merge_loads(earlier.process, later.process))


def _merge_loads(earlier: Load | None, later: Load | None) -> Load | None:
    if earlier is None or later is None:
        return later or earlier
    weight = earlier.weight + later.weight

    def mean(one: float, two: float) -> float:
        return (one * earlier.weight + two * later.weight) / weight

    return Load(
        weight=weight,
        cpu_percent=mean(earlier.cpu_percent, later.cpu_percent),
        ffmpeg_cpu_percent=mean(earlier.ffmpeg_cpu_percent, later.ffmpeg_cpu_percent),
        rss_bytes=max(earlier.rss_bytes, later.rss_bytes),
        ffmpeg_rss_bytes=max(earlier.ffmpeg_rss_bytes, later.ffmpeg_rss_bytes),
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A breaker, or the delivery, from one instant to another: how long it was in each state."""

    start_s: float
    end_s: float
    seconds: Mapping[StrEnum, float]

    @property
    def state(self) -> StrEnum:
        """The state it was in for longest."""
        return max(self.seconds, key=lambda state: self.seconds[state])


def merge_stretches(earlier: Stretch, later: Stretch) -> Stretch:
    """Two neighbours as one."""
    seconds = dict(earlier.seconds)
    for state, lasted_s in later.seconds.items():
        seconds[state] = seconds.get(state, 0.0) + lasted_s
    return Stretch(earlier.start_s, later.end_s, seconds)


@dataclass(frozen=True, slots=True)
class History:
    """The course of a run, as far as it was kept."""

    samples: tuple[Sample, ...] = ()
    breakers: Mapping[CameraId, tuple[Stretch, ...]] = field(default_factory=dict)
    delivery: tuple[Stretch, ...] = ()
    events: tuple[TimelineEntry, ...] = ()
    """The newest `EVENTS`, oldest first."""


class StateLane:
    """The states of one thing over the run, in at most `STRETCHES` stretches."""

    def __init__(self, state: StrEnum, at_s: float) -> None:
        self._state = state
        self._since_s = at_s
        self._ring: HalvingRing[Stretch] = HalvingRing(STRETCHES, merge_stretches)

    def note(self, state: StrEnum, at_s: float) -> None:
        """It is in this state from `at_s` on."""
        if state is not self._state:
            self._ring = self._until(at_s)
            self._state, self._since_s = state, at_s

    def stretches(self, end_s: float) -> tuple[Stretch, ...]:
        """All of them; the one that still lasts ends at `end_s`."""
        return self._until(max(self._since_s, end_s)).entries

    def _until(self, end_s: float) -> HalvingRing[Stretch]:
        lasted = {self._state: end_s - self._since_s}
        return self._ring.add(Stretch(self._since_s, end_s, lasted))


class HistoryRecorder:
    """Takes down the course of a run. One thread at a time; outlives the actor that feeds it.

    Memory is bounded by the number of cameras, not by the length of the run. Instants are `at_s`,
    seconds since the start, and `at_ns`, wall clock.
    """

    def __init__(self) -> None:
        self._samples: HalvingRing[Sample] = HalvingRing(SAMPLES, merge_samples)
        self._breakers: dict[CameraId, StateLane] = {}
        self._delivery: StateLane | None = None
        self._events = Timeline(EVENTS)
        self._records: dict[CameraId, tuple[CameraRecord, CameraRecord]] = {}
        """Of each camera what the events know, and the newest."""
        self._publisher: PublisherStatus | None = None
        self._memory = MemoryLevel.NORMAL
        self._is_cpu_short = False
        self._restarts: Mapping[str, int] = {}

    def sample(self, status: SystemStatus) -> None:
        """Take down one snapshot; they come in the order of their time."""
        self._samples = self._samples.add(
            Sample(
                at_s=status.uptime_s,
                received={each.camera_id: each.frames.received for each in status.cameras},
                process=None if status.process is None else _load(status.process),
            )
        )
        if status.process is not None and status.process.memory_level is not self._memory:
            self._memory = status.process.memory_level
            self._events.memory_level_changed(self._memory, status.taken_at_ns)
        if status.process is not None:
            is_short = status.process.cpu_shortage is not None
            if is_short is not self._is_cpu_short:
                self._is_cpu_short = is_short
                self._events.cpu_shortage_changed(is_short=is_short, at_ns=status.taken_at_ns)
        self._events.restarts_counted(self._restarts, status.restarts, status.taken_at_ns)
        self._restarts = status.restarts

    def camera(self, record: CameraRecord, at_s: float, at_ns: int) -> None:
        """Note what is now known of a camera; one that was always disabled has no course."""
        lane = self._breakers.get(record.camera_id)
        if lane is None:
            if record.phase is CameraPhase.DISABLED:
                return
            lane = self._breakers[record.camera_id] = StateLane(record.breaker.state, at_s)
        lane.note(record.breaker.state, at_s)
        known, before = self._records.get(record.camera_id, (record, record))
        if not is_half_reported(known, before, record):
            self._events.camera_changed(known, record, at_ns, at_s)
            known = record
        self._records[record.camera_id] = (known, record)

    def keep_cameras(self, cameras: Collection[CameraId]) -> None:
        """Note that these are the cameras; of the others nothing more is expected."""
        self._records = {each: self._records[each] for each in cameras if each in self._records}
        self._events.keep_cameras(cameras)

    def publisher(self, status: PublisherStatus, at_s: float, at_ns: int) -> None:
        """Note the publisher's state."""
        delivery = delivery_of(status)
        self._delivery = self._delivery or StateLane(delivery, at_s)
        self._delivery.note(delivery, at_s)
        self._events.publisher_changed(self._publisher, status, at_ns)
        self._publisher = status

    def history(self, end_s: float) -> History:
        """Everything so far; stretches that still last end at `end_s`. Changes nothing."""
        return History(
            samples=self._samples.entries,
            breakers={name: lane.stretches(end_s) for name, lane in self._breakers.items()},
            delivery=() if self._delivery is None else self._delivery.stretches(end_s),
            events=self._events.entries,
        )


def _load(process: ProcessSample) -> Load | None:
    """The sample's figures; None before CPU was measured."""
    if process.cpu_percent is None or process.ffmpeg_cpu_percent is None:
        return None
    return Load(
        weight=1,
        cpu_percent=process.cpu_percent,
        ffmpeg_cpu_percent=process.ffmpeg_cpu_percent,
        rss_bytes=process.rss_bytes,
        ffmpeg_rss_bytes=process.ffmpeg_rss_bytes,
    )
