"""Counts the frames that a consumer gets, by their headers; see docs/frames.md. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.runtime.units import ns_to_s

if TYPE_CHECKING:
    from collections.abc import Mapping

RATE_WINDOW_S: Final = 5.0
"""Over which the rate is measured, or since the warm-up where less has passed."""
MIN_WINDOW_S: Final = 1.0
"""Over less no rate is measured."""
WARM_UP_S: Final = 1.0
"""After a camera's first frame no rate is measured for so long: frames that have waited come at
once."""
MAX_CAMERAS: Final = 1000
"""More names than this are not kept apart: headers are foreign text."""
OTHERS: Final = "(others)"

_LATENCIES: Final = 600
_MAX_NAME: Final = 64
_LARGEST: Final = 2**63


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame as it came in."""

    camera_id: str
    session: str
    seq: int
    dropped: int
    captured_at_ns: int
    width: int
    height: int
    size: int
    """Bytes."""
    at_s: float
    """Monotonic, of its arrival."""
    at_ns: int
    """Wall clock, the same instant."""
    defect: str | None = None
    unchanged: int = 0
    """Those of `dropped` that were left out because they showed no change."""
    next_within_s: float = 0.0
    """Where only changes are published: another frame follows after so long at most."""
    unchanged_since_ns: int | None = None
    epoch: int = 0
    """Where nodes share the camera: of the lease of its node; the highest one counts."""

    @property
    def unchanged_s(self) -> float | None:
        """How long its picture had not changed; None: it had, or nobody compares."""
        since_ns = self.unchanged_since_ns
        return None if since_ns is None else max(0.0, ns_to_s(self.captured_at_ns - since_ns))


def read_arrival(
    headers: Mapping[str, object], size: int, at_s: float, at_ns: int, defect: str | None = None
) -> Arrival | None:
    """The frame that headers describe; None when they are not those of the contract."""
    camera_id, session = headers.get("camera_id"), headers.get("session")
    seq, captured = _count(headers.get("seq")), _count(headers.get("captured_at_ns"))
    if not isinstance(camera_id, str) or not isinstance(session, str) or not camera_id:
        return None
    if seq is None or captured is None:
        return None

    def number(name: str) -> int:
        return _count(headers.get(name)) or 0

    return Arrival(
        camera_id=camera_id[:_MAX_NAME],
        session=session[:_MAX_NAME],
        seq=seq,
        dropped=number("dropped"),
        captured_at_ns=captured,
        width=number("width"),
        height=number("height"),
        size=size,
        at_s=at_s,
        at_ns=at_ns,
        defect=defect,
        unchanged=number("unchanged"),
        next_within_s=number("next_within_ms") / 1000,
        unchanged_since_ns=_count(headers.get("unchanged_since")),
        epoch=number("epoch"),
    )


def _count(value: object) -> int | None:
    """A number that counts something, as AMQP can carry it; a flag is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _LARGEST else None


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera as it is shown."""

    camera_id: str
    frames: int
    fps: float | None
    """Over the last `RATE_WINDOW_S`; None until `MIN_WINDOW_S` have passed since the warm-up."""
    latency_ms: float | None
    """Capture to here: the median of the newest frames; None before the first."""
    latency_p99_ms: float | None
    gaps: int
    """Frames missing without a reason: lost on the way, or in this consumer's own queue."""
    dropped: int
    """Frames that the node reports as dropped, but for those that showed no change."""
    away: int
    """Frames missed while this consumer was not connected: dropped or sent, it is not known."""
    away_at_least: bool
    """Whether more than `away` may be missing: the count began anew, or no frame has come yet."""
    repeated: int
    """Frames that came twice or out of order."""
    undecodable: int
    sessions: int
    """FFmpeg runs seen."""
    restarts: int
    """Times the program began to count again."""
    size: int
    """Bytes of the newest frame."""
    mean_size: float
    width: int
    height: int
    silent_s: float
    """Since the newest frame."""
    last_defect: str | None
    unchanged: int = 0
    """Frames that the node reports as left out because they showed no change."""
    unchanged_s: float | None = None
    """How long the newest frame's picture had not changed; None: it had, or nobody compares."""
    next_within_s: float = 0.0
    """Within which time the camera means to send another frame; 0: at its rate."""
    superseded: int = 0
    """Frames that came from a node after another one had taken the camera over; ignored."""


@dataclass(slots=True)
class _Sequence:
    """Follows `seq` of one camera: every number is a frame, a drop of the node's, or a gap.

    What is missing at the first frame after an absence is a drop as far as the node says so, and
    otherwise a frame that was missed.
    """

    session: str = ""
    seq: int | None = None
    """None: the next frame begins anew, whatever its number."""
    was_away: bool = False
    gaps: int = 0
    dropped: int = 0
    unchanged: int = 0
    away: int = 0
    away_at_least: bool = False
    repeated: int = 0
    sessions: int = 0
    restarts: int = 0

    def follow(self, frame: Arrival) -> None:
        before, is_same_session = self.seq, frame.session == self.session
        if not is_same_session:
            self.sessions += 1
        if before is not None and frame.seq <= before:
            if is_same_session:
                self.repeated += 1
                return
            self.restarts += 1
            self.away_at_least |= self.was_away
            before = None
        if before is not None:
            self._account(frame, frame.seq - before - 1, is_same_session=is_same_session)
        self.seq, self.session, self.was_away = frame.seq, frame.session, False

    def _account(self, frame: Arrival, missing: int, *, is_same_session: bool) -> None:
        if self.was_away and not is_same_session:
            # Another run of the program may have got as far, or only FFmpeg was started anew.
            self.away_at_least = True
            return
        known = min(missing, frame.dropped)
        unchanged = min(known, frame.unchanged)
        self.unchanged += unchanged
        self.dropped += known - unchanged
        if self.was_away:
            self.away += missing - known
        else:
            self.gaps += missing - known


@dataclass(slots=True)
class _Camera:
    """What has come in from one camera."""

    first_s: float
    """When the frames that make the rate began to come."""
    newest: Arrival
    sequence: _Sequence = field(default_factory=_Sequence)
    frames: int = 0
    bytes: int = 0
    undecodable: int = 0
    last_defect: str | None = None
    arrivals_s: deque[float] = field(default_factory=deque)
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    epoch: int = 0
    """The highest one that came."""
    superseded: int = 0

    def is_superseded(self, frame: Arrival) -> bool:
        """Whether another node has the camera since; it is counted then, and as nothing else."""
        if frame.epoch < self.epoch:
            self.superseded += 1
            return True
        if frame.epoch > self.epoch and frame.session != self.sequence.session:
            self.sequence.seq = None  # another node's sequence
        self.epoch = frame.epoch
        return False

    def take(self, frame: Arrival) -> None:
        if self.is_superseded(frame):
            return
        if self.sequence.was_away:
            self.first_s = frame.at_s
        self.newest = frame
        self.frames += 1
        self.bytes += frame.size
        self.arrivals_s.append(frame.at_s)
        self._forget(frame.at_s)
        self.latencies_s.append(ns_to_s(frame.at_ns - frame.captured_at_ns))
        if frame.defect is not None:
            self.undecodable += 1
            self.last_defect = frame.defect
        self.sequence.follow(frame)

    def _forget(self, now_s: float) -> None:
        while self.arrivals_s and now_s - self.arrivals_s[0] > RATE_WINDOW_S:
            self.arrivals_s.popleft()

    def interrupted(self) -> None:
        self.sequence.was_away = True
        self.arrivals_s.clear()

    def fps(self, now_s: float) -> float | None:
        self._forget(now_s)
        measured_s = now_s - self.first_s - WARM_UP_S
        if self.sequence.was_away or measured_s < MIN_WINDOW_S:
            return None
        if measured_s >= RATE_WINDOW_S:
            return len(self.arrivals_s) / RATE_WINDOW_S
        return sum(each > now_s - measured_s for each in self.arrivals_s) / measured_s

    def view(self, name: str, now_s: float) -> CameraView:
        ordered, newest, sequence = sorted(self.latencies_s), self.newest, self.sequence
        return CameraView(
            camera_id=name,
            frames=self.frames,
            fps=self.fps(now_s),
            latency_ms=_quantile_ms(ordered, 0.5),
            latency_p99_ms=_quantile_ms(ordered, 0.99),
            gaps=sequence.gaps,
            dropped=sequence.dropped,
            away=sequence.away,
            away_at_least=sequence.away_at_least or sequence.was_away,
            repeated=sequence.repeated,
            undecodable=self.undecodable,
            sessions=sequence.sessions,
            restarts=sequence.restarts,
            size=newest.size,
            mean_size=self.bytes / self.frames,
            width=newest.width,
            height=newest.height,
            silent_s=max(0.0, now_s - newest.at_s),
            last_defect=self.last_defect,
            unchanged=sequence.unchanged,
            unchanged_s=newest.unchanged_s,
            next_within_s=newest.next_within_s,
            superseded=self.superseded,
        )


class Tally:
    """Counts what comes in, camera by camera. One thread at a time; time is an argument."""

    def __init__(self) -> None:
        self._cameras: dict[str, _Camera] = {}
        self.unrecognised = 0
        """Messages that are no frames of ours."""

    def take(self, frame: Arrival) -> None:
        """Count one frame that came in."""
        camera_id = frame.camera_id
        if camera_id not in self._cameras and len(self._cameras) >= MAX_CAMERAS:
            camera_id = OTHERS
        camera = self._cameras.get(camera_id)
        if camera is None:
            camera = self._cameras[camera_id] = _Camera(frame.at_s, frame)
        if camera_id == OTHERS:
            camera.sequence.seq, camera.epoch = None, 0
        camera.take(frame)

    def interrupted(self) -> None:
        """Note that this consumer is away: what it misses meanwhile counts as no gap."""
        for camera in self._cameras.values():
            camera.interrupted()

    def silent_s(self, now_s: float) -> dict[str, float]:
        """How many seconds each camera has been silent beyond the pause that it has announced."""
        return {
            name: now_s - camera.newest.at_s - camera.newest.next_within_s
            for name, camera in self._cameras.items()
        }

    def views(self, now_s: float) -> list[CameraView]:
        """Every camera, by name."""
        return [self._cameras[name].view(name, now_s) for name in sorted(self._cameras)]


def _quantile_ms(ordered_s: list[float], share: float) -> float | None:
    """A quantile of ordered seconds, in milliseconds; None of nothing."""
    if not ordered_s:
        return None
    return 1000 * ordered_s[min(len(ordered_s) - 1, int(share * len(ordered_s)))]
