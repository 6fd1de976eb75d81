"""Remembers what the status store keeps of one camera: transitions, counts, the newest picture."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.report.monitor import status_word
from edge_video.resilience.breaker import BreakerState
from edge_video.status.health import camera_health, is_overdue
from edge_video.status.model import CameraPhase, CameraStatus
from edge_video.status.rate_history import RateHistory
from edge_video.status.snapshot import breaker_view
from edge_video.status.timeline import TransitionCounts, count_transitions, is_half_reported
from edge_video.status.uptime import Presence, Uptime, presence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.delivery.camera_queue import Picture
    from edge_video.status.rate_history import DayOfRates
    from edge_video.status.snapshot import CameraRecord

HISTORY_STEP_S: Final = 5.0
"""Between two counts of a camera's frames."""
PICTURE_AGE_S: Final = 0.9
"""For how long all who look get the same picture."""
PICTURE_LEASE_S: Final = 10.0
"""How long a picture is kept after somebody asked for it."""

_HISTORY_POINTS: Final = 120  # ten minutes
_SHORTEST_FPS_WINDOW_S: Final = 2.5
_ADD_UP_EVERY_S: Final = 10.0  # a week has a thousand buckets


@dataclass(frozen=True, slots=True)
class CameraExtra:
    """What only HTTP shows of a camera, beyond its `CameraStatus`."""

    fps: float | None = None
    """Over the last seconds; None before there were two counts."""
    fps_history: tuple[float, ...] = ()
    """One figure per `HISTORY_STEP_S`, oldest first."""
    since_ns: int = 0
    """Wall clock: since when it streams well, or since when it does not."""
    word_since_ns: int = 0
    """Wall clock: since when its `status_word` is what it is."""
    uptime_day: float | None = None
    """See `edge_video.status.uptime`, as for the next."""
    uptime_week: float | None = None
    exchange: str = ""
    """Where its frames go; empty when there is only one way."""
    undelivered_s: float | None = None
    """How long it has had frames without one arriving; None: it has nothing to send."""
    transitions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(from, to, cause) → how often its breaker went that way; the sum is `changes`."""


class _PresenceShares:
    """How large a part of a day and of a week a camera streamed, added up now and then."""

    def __init__(self, now_s: float) -> None:
        self._uptime = Uptime(now_s, Presence.UNEXPECTED)
        self._shares: tuple[float | None, float | None] = (None, None)
        self._added_up_at_s = float("-inf")

    def note(self, now_s: float, what: Presence) -> None:
        """Note whether it streams by now."""
        self._uptime.note(now_s, what)

    def shares(self, now_s: float) -> tuple[float | None, float | None]:
        """Of a day and of a week; see `edge_video.status.uptime`."""
        if now_s >= self._added_up_at_s + _ADD_UP_EVERY_S:
            self._added_up_at_s = now_s
            self._shares = self._uptime.day(), self._uptime.week()
        return self._shares


class CameraHistory:
    """One camera's records as they change. Not thread-safe: the store's lock protects it.

    Args:
        record: the first one.
        now_s: monotonic clock.
        now_ns: wall clock.
    """

    def __init__(self, record: CameraRecord, now_s: float, now_ns: int) -> None:
        self.record = record
        self._glance = _glance(record)
        self._reported = record
        """Up to which the timeline and the transitions are complete."""
        self._since_ns = now_ns
        self._word_since_ns = now_ns
        self._word = ""
        self._presence = _PresenceShares(now_s)
        self._transitions: TransitionCounts = Counter()
        if record.breaker.changes:
            self._transitions["unseen", "unseen", "unseen"] = record.breaker.changes
        self._counts: deque[tuple[float, int]] = deque(maxlen=_HISTORY_POINTS + 1)
        """(monotonic seconds, frames received)"""
        self._rates = RateHistory()
        self._picture: Picture | None = None
        self._picture_at_s = 0.0

    def changed(self, record: CameraRecord, now_ns: int) -> CameraRecord | None:
        """Take over the next record.

        Returns the record that the timeline knows, for it to compare with; None when the next
        record must be waited for first, see `is_half_reported`.
        """
        before, self.record = self.record, record
        self._glance = _glance(record)
        if _condition(before) != _condition(record):
            self._since_ns = now_ns
        if is_half_reported(self._reported, before, record):
            return None
        reported, self._reported = self._reported, record
        count_transitions(self._transitions, reported, record)
        return reported

    def observe(self, last_frame_s: float | None, now_s: float, now_ns: int) -> None:
        """Note what it is by now; called after each change, and each second.

        Args:
            last_frame_s: when its last frame came, on the monotonic clock.
            now_s: monotonic clock.
            now_ns: wall clock.
        """
        ago_s = None if last_frame_s is None else max(0.0, now_s - last_frame_s)
        glance = replace(self._glance, last_frame_ago_s=ago_s)
        word = status_word(glance)
        if word != self._word:
            self._word, self._word_since_ns = word, now_ns
        self._presence.note(now_s, presence(camera_health(glance)))

    def count(self, now_s: float, received: int) -> None:
        """Remember how many frames had come in by now."""
        self._counts.append((now_s, received))
        self._rates.note(now_s, received)

    def day(self, now_s: float) -> DayOfRates:
        """How many frames a second it sent in the last 24 hours."""
        return self._rates.day(now_s)

    def shown(
        self, now_s: float, received: int, exchange: str, undelivered_s: float | None
    ) -> CameraExtra:
        """What is shown of it, with `received` frames by now."""
        day, week = self._presence.shares(now_s)
        return CameraExtra(
            fps=_fps(self._counts, now_s, received),
            fps_history=_history(self._counts),
            since_ns=self._since_ns,
            word_since_ns=self._word_since_ns,
            uptime_day=day,
            uptime_week=week,
            exchange=exchange,
            undelivered_s=undelivered_s,
            transitions=dict(self._transitions),
        )

    def is_quiet(self, last_frame_s: float | None, now_s: float) -> bool:
        """Whether its last picture is no live one: it does not stream, or its next is overdue."""
        ago_s = None if last_frame_s is None else max(0.0, now_s - last_frame_s)
        glance = replace(self._glance, last_frame_ago_s=ago_s)
        return glance.phase is not CameraPhase.STREAMING or is_overdue(glance)

    def fresh_picture(self, now_s: float, max_age_s: float) -> Picture | None:
        """The picture that is kept, unless a newer one may be had by now."""
        return self._picture if now_s - self._picture_at_s < max_age_s else None

    def keep_picture(self, picture: Picture | None, now_s: float) -> None:
        """Keep the picture for those who ask within a second."""
        self._picture, self._picture_at_s = picture, now_s

    def drop_unwatched_picture(self, now_s: float) -> None:
        """Forget the picture when nobody has asked for it for `PICTURE_LEASE_S`."""
        if now_s - self._picture_at_s > PICTURE_LEASE_S:
            self._picture = None


def _glance(record: CameraRecord) -> CameraStatus:
    """What a look each second needs of a camera's status; nothing is counted for it."""
    return CameraStatus(
        camera_id=record.camera_id,
        phase=record.phase,
        url=record.url,
        target_fps=record.target_fps,
        attempts=record.breaker.generation,
        breaker=breaker_view(record.breaker, 0.0),
        frames=FrameCounts(),
        capture=CaptureTotals(),
        last_frame_ago_s=None,
        last_failure=record.last_failure,
        last_failure_ago_s=None,
        width=0,
        height=0,
        ffmpeg_pid=record.ffmpeg_pid,
        key_frame_wait_s=record.key_frame_wait_s,
        key_frame_interval_s=record.key_frame_interval_s,
        unchanged_s=record.unchanged_s,
        mode=record.mode,
        interval_s=record.interval_s,
        usual_fps=record.usual_fps,
        opens_at=record.opens_at,
        intermittent=record.intermittent,
        off_since_ns=None if record.off is None else record.off.since_ns,
        off_by_profile=record.off_by_profile,
        owner=record.owner,
        unowned_s=None if record.unowned_since_s is None else 0.0,
    )


_AT_REST: Final = frozenset(
    {
        CameraPhase.DISABLED,
        CameraPhase.STOPPED,
        CameraPhase.OFF_SCHEDULE,
        CameraPhase.OFF_EXPECTED,
        CameraPhase.ELSEWHERE,
    }
)


def _condition(record: CameraRecord) -> str:
    """Whether it streams well, rests on purpose, or is in trouble."""
    if record.phase in _AT_REST and record.unowned_since_s is None:
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
