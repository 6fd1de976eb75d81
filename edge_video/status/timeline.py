"""Keeps the timeline of the last hours, one entry for what repeats itself. Pure, bounded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase, PublisherState

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Mapping

    from edge_video.metrics.memory import MemoryLevel
    from edge_video.resilience.failures import Failure
    from edge_video.status.model import Outage, PublisherStatus
    from edge_video.status.snapshot import CameraRecord

TransitionCounts: TypeAlias = "Counter[tuple[str, str, str]]"
"""(from, to, cause) → how often."""

MAX_ENTRIES: Final = 1000
MAX_OF_SUBJECT: Final = 200
"""A camera that comes and goes all day does not push out what happened to the others."""
_MAX_DETAIL: Final = 300


class EntryKind(StrEnum):
    """What an entry is about; the page has a sentence for each."""

    CAMERA_FAILED = "camera_failed"
    """An attempt failed, and another follows at once."""
    BREAKER_OPENED = "breaker_opened"
    PROBE_FAILED = "probe_failed"
    """The attempt after a wait failed as well."""
    BREAKER_CLOSED = "breaker_closed"
    BREAKER_FORCED = "breaker_forced"
    BREAKER_RESET = "breaker_reset"
    CAMERA_STREAMING = "camera_streaming"
    CAMERA_STOPPED = "camera_stopped"
    CAMERA_STARTED = "camera_started"
    CAMERA_CLOSED = "camera_closed"
    """Its schedule closed."""
    CAMERA_OPENED = "camera_opened"
    CAMERA_OFF = "camera_off"
    """Nobody is there, as is expected of it."""
    CAMERA_ELSEWHERE = "camera_elsewhere"
    """Another node of the cluster has it; the detail is which, where that is known."""
    CAMERA_UNOWNED = "camera_unowned"
    """No node has had it for a minute."""
    CAMERA_ON_BY_PROFILE = "camera_on_by_profile"
    CAMERA_OFF_BY_PROFILE = "camera_off_by_profile"
    """Not in the profile that applies now; the detail is its name."""
    PUBLISHER_CONNECTED = "publisher_connected"
    PUBLISHER_LOST = "publisher_lost"
    PUBLISHER_BLOCKED = "publisher_blocked"
    COMMAND_START = "command_start"
    """Somebody asked for it, as for the next nine; the entry says who, and what came of it."""
    COMMAND_STOP = "command_stop"
    COMMAND_RETRY = "command_retry"
    COMMAND_RESET = "command_reset"
    COMMAND_PAUSE = "command_pause"
    COMMAND_RESUME = "command_resume"
    COMMAND_ACCEPT_PICTURE = "command_accept_picture"
    COMMAND_DRAIN = "command_drain"
    COMMAND_REJOIN = "command_rejoin"
    COMMAND_RETRY_PUBLISHER = "command_retry_publisher"
    COMMAND_PROFILE = "command_profile"
    """The detail is the profile, and what came of it unless it was done."""
    MEMORY_LEVEL = "memory_level"
    CPU_SHORTAGE = "cpu_shortage"
    """The cause is `short` or `enough`."""
    ACTOR_RESTARTED = "actor_restarted"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of the timeline; what repeats itself is one entry with a count.

    Times are wall clock, nanoseconds.
    """

    number: int
    kind: EntryKind
    first_at_ns: int
    last_at_ns: int
    subject: str = ""
    """A camera's id, an actor's name, or empty."""
    cause: str = ""
    """A `Cause`, a level, or empty."""
    detail: str = ""
    """Evidence, masked."""
    count: int = 1
    by: str = ""
    """Who asked for it, where somebody did."""
    lasted_s: float | None = None
    """How long the trouble lasted that is over with this."""
    dropped: int = 0
    """Frames dropped for want of a connection, while that lasted."""

    @property
    def camera(self) -> str:
        """The id of the camera that it is about; empty when it is about something else."""
        return "" if self.kind in _ABOUT_NO_CAMERA else self.subject


_ABOUT_NO_CAMERA: Final = frozenset(
    {
        EntryKind.COMMAND_RETRY_PUBLISHER,
        EntryKind.COMMAND_PROFILE,
        EntryKind.COMMAND_DRAIN,
        EntryKind.COMMAND_REJOIN,
        EntryKind.PUBLISHER_CONNECTED,
        EntryKind.PUBLISHER_LOST,
        EntryKind.PUBLISHER_BLOCKED,
        EntryKind.MEMORY_LEVEL,
        EntryKind.CPU_SHORTAGE,
        EntryKind.ACTOR_RESTARTED,
    }
)


_SHORTEST_TROUBLE_S: Final = 1.0
_TROUBLES: Final = frozenset(
    {EntryKind.CAMERA_FAILED, EntryKind.BREAKER_OPENED, EntryKind.PROBE_FAILED}
)
_RECOVERIES: Final = frozenset({EntryKind.BREAKER_CLOSED, EntryKind.CAMERA_STREAMING})


class Timeline:
    """The newest entries, at most `limit`, `MAX_OF_SUBJECT` of each subject. One thread writes.

    An entry that repeats its subject's latest one is counted there: a camera that fails
    all night is one entry, not a thousand that push everything else out.
    """

    def __init__(self, limit: int = MAX_ENTRIES) -> None:
        self._limit = limit
        self._entries: dict[int, TimelineEntry] = {}  # by number, the latest change last
        self._of_subject: dict[str, dict[int, None]] = {}  # their numbers, in the same order
        self._troubled_since_s: dict[str, float] = {}
        self._next = 1
        self.version = 0
        """Changes with every change."""

    @property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """Oldest first."""
        return tuple(self._entries.values())

    def add(
        self,
        kind: EntryKind,
        at_ns: int,
        *,
        subject: str = "",
        cause: str = "",
        detail: str = "",
        by: str = "",
        lasted_s: float | None = None,
        dropped: int = 0,
    ) -> None:
        """Add an entry, or count it when it repeats its subject's latest one."""
        self.version += 1
        detail = detail[:_MAX_DETAIL]
        of_subject = self._of_subject.setdefault(subject, {})
        known = self._entries.get(next(reversed(of_subject), 0))
        if known is not None and (known.kind, known.cause, known.by) == (kind, cause, by):
            del self._entries[known.number]
            self._entries[known.number] = replace(
                known,
                last_at_ns=at_ns,
                detail=detail,
                count=known.count + 1,
                lasted_s=lasted_s,
                dropped=dropped,
            )
            return
        entry = TimelineEntry(
            self._next,
            kind,
            at_ns,
            at_ns,
            subject,
            cause,
            detail,
            by=by,
            lasted_s=lasted_s,
            dropped=dropped,
        )
        self._next += 1
        self._entries[entry.number] = entry
        of_subject[entry.number] = None
        if len(of_subject) > MAX_OF_SUBJECT:
            self._remove(self._entries[next(iter(of_subject))])
        if len(self._entries) > self._limit:
            self._remove(self._entries[next(iter(self._entries))])

    def _remove(self, entry: TimelineEntry) -> None:
        del self._entries[entry.number]
        of_subject = self._of_subject[entry.subject]
        del of_subject[entry.number]
        if not of_subject:
            del self._of_subject[entry.subject]

    def camera_changed(
        self, before: CameraRecord | None, now: CameraRecord, at_ns: int, at_s: float
    ) -> None:
        """Add an entry for each change between two records of one camera.

        Args:
            before: what was known of it; None: nothing was.
            now: what is known of it.
            at_ns: wall clock.
            at_s: monotonic clock, for how long a trouble lasted.
        """
        if before is None:
            return
        if now.phase is CameraPhase.DISABLED:
            self._troubled_since_s.pop(now.camera_id, None)
        for kind, failure in _camera_entries(before, now):
            cause, detail = ("", "") if failure is None else (failure.cause.value, failure.detail)
            if kind is EntryKind.CAMERA_OFF_BY_PROFILE:
                detail = now.off_by_profile or ""
            elif kind is EntryKind.CAMERA_ELSEWHERE:
                detail = now.owner or ""
            lasted_s = self._trouble_over(kind, now.camera_id, at_s)
            self.add(
                kind,
                at_ns,
                subject=now.camera_id,
                cause=cause,
                detail=detail,
                lasted_s=lasted_s,
            )

    def _trouble_over(self, kind: EntryKind, camera_id: str, at_s: float) -> float | None:
        """How long the trouble lasted that is over with this; None when it ends none."""
        if kind in _TROUBLES:
            self._troubled_since_s.setdefault(camera_id, at_s)
            return None
        began_s = self._troubled_since_s.pop(camera_id, None)
        if began_s is None or kind not in _RECOVERIES:
            return None
        lasted_s = at_s - began_s
        return lasted_s if lasted_s >= _SHORTEST_TROUBLE_S else None

    def keep_cameras(self, cameras: Collection[str]) -> None:
        """Note that these are the cameras; the trouble of any other is over, and not told."""
        troubled = self._troubled_since_s
        self._troubled_since_s = {each: troubled[each] for each in troubled if each in cameras}

    def publisher_changed(
        self, before: PublisherStatus | None, now: PublisherStatus, at_ns: int
    ) -> None:
        """Add a connection made, lost or blocked; attempts in between make no entry."""
        kind = _PUBLISHER_KINDS.get(now.state)
        if kind is None or (before is not None and _same_connection(before, now)):
            return
        over = None if kind is not EntryKind.PUBLISHER_CONNECTED else _just_over(before, now)
        if over is None or over.ended_at_ns is None:
            self.add(kind, at_ns, subject="publisher", detail=now.reason)
            return
        self.add(kind, at_ns, subject="publisher", lasted_s=over.lasted_s, dropped=over.dropped)

    def command_executed(
        self, command: str, subject: str, origin: str, result: str, at_ns: int, *, detail: str = ""
    ) -> None:
        """Add what somebody asked for; the result is told unless it was done."""
        kind = EntryKind(f"command_{command}")
        detail = ": ".join(filter(None, (detail, "" if result == "done" else result)))
        self.add(kind, at_ns, subject=subject, detail=detail, by=origin)

    def memory_level_changed(self, level: MemoryLevel, at_ns: int) -> None:
        """Add a change of the memory controller's level."""
        self.add(EntryKind.MEMORY_LEVEL, at_ns, subject="memory", cause=level.value)

    def cpu_shortage_changed(self, *, is_short: bool, at_ns: int) -> None:
        """Add that CPU is short, or enough again."""
        cause = "short" if is_short else "enough"
        self.add(EntryKind.CPU_SHORTAGE, at_ns, subject="cpu", cause=cause)

    def restarts_counted(
        self, before: Mapping[str, int], now: Mapping[str, int], at_ns: int
    ) -> None:
        """Add the restart of an actor that is no camera."""
        for name, restarts in now.items():
            if restarts > before.get(name, 0):
                self.add(EntryKind.ACTOR_RESTARTED, at_ns, subject=name)


_PUBLISHER_KINDS: Final = {
    PublisherState.CONNECTED: EntryKind.PUBLISHER_CONNECTED,
    PublisherState.WAITING: EntryKind.PUBLISHER_LOST,
    PublisherState.BLOCKED: EntryKind.PUBLISHER_BLOCKED,
}


def _just_over(before: PublisherStatus | None, now: PublisherStatus) -> Outage | None:
    """The outage that has ended since the status before; one that was over then is old."""
    last = now.outages[-1] if now.outages else None
    is_old = before is not None and last in before.outages
    return None if is_old else last


def _same_connection(before: PublisherStatus, now: PublisherStatus) -> bool:
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("state", "connections", "connections_lost", "failed_attempts")
    )


def _camera_entries(
    before: CameraRecord, now: CameraRecord
) -> list[tuple[EntryKind, Failure | None]]:
    found: list[tuple[EntryKind, Failure | None]] = []
    old, new = before.breaker, now.breaker
    failed = now.last_failure_at_s != before.last_failure_at_s
    opened = new.state is BreakerState.OPEN and old.state is not BreakerState.OPEN
    if new.forced_open and not old.forced_open:
        found.append((EntryKind.BREAKER_FORCED, None))
    elif opened and old.state is BreakerState.HALF_OPEN:
        found.append((EntryKind.PROBE_FAILED, now.last_failure))
    elif opened:
        found.append((EntryKind.BREAKER_OPENED, now.last_failure))
    elif failed:
        found.append((EntryKind.CAMERA_FAILED, now.last_failure))
    elif new.state is BreakerState.CLOSED and not now.is_closed:
        # One that rests has its failures forgotten by itself: that is no recovery.
        if old.state is BreakerState.HALF_OPEN:
            found.append((EntryKind.BREAKER_CLOSED, None))
        elif old.state is BreakerState.OPEN:
            found.append((EntryKind.BREAKER_RESET, None))
    found += [(kind, None) for kind in _rest_entries(before, now)]
    if (
        now.phase is CameraPhase.STREAMING
        and before.phase is not CameraPhase.STREAMING
        and new.state is BreakerState.CLOSED
    ):
        found.append((EntryKind.CAMERA_STREAMING, None))
    return found


def is_half_reported(reported: CameraRecord, before: CameraRecord, now: CameraRecord) -> bool:
    """Whether a breaker has just opened and the failure that opened it is in the next record.

    A camera reports its breaker first. Only one record is waited for.
    """
    opened = (
        now.breaker.state is BreakerState.OPEN and before.breaker.state is not BreakerState.OPEN
    )
    return (
        opened
        and reported is before
        and not now.breaker.forced_open
        and now.last_failure_at_s == before.last_failure_at_s
    )


def transition_of(before: CameraRecord, now: CameraRecord) -> tuple[str, str, str] | None:
    """(from, to, cause) of a breaker's change between two records; None without one.

    The cause of an opening is that of the failure; `operator` where a person did it, `wait_over`
    for the probe, `recovered` for the closing after it, `schedule` where a camera closes,
    by its schedule or a profile, `elsewhere` where it is left to the other nodes.
    """
    old, new = before.breaker.state, now.breaker.state
    if old is new:
        return None
    match new:
        case BreakerState.OPEN:
            failure = None if now.breaker.forced_open else now.last_failure
            cause = "operator" if failure is None else failure.cause.value
        case BreakerState.HALF_OPEN:
            cause = "wait_over"
        case _:
            cause = _cause_of_closing(old, now)
    return old.value, new.value, cause


def _cause_of_closing(old: BreakerState, now: CameraRecord) -> str:
    if now.opens_at is not None or now.off_by_profile is not None:
        return "schedule"
    if now.is_elsewhere:
        return "elsewhere"
    return "recovered" if old is BreakerState.HALF_OPEN else "operator"


def count_transitions(counts: TransitionCounts, before: CameraRecord, now: CameraRecord) -> None:
    """Count what happened to a breaker between two records, so that the sum is its `changes`.

    Two changes that were reported as one, or not at all, are counted without their names.
    """
    seen = transition_of(before, now)
    happened = now.breaker.changes - before.breaker.changes
    if seen is not None and happened > 0:
        counts[seen] += 1
        happened -= 1
    if happened > 0:
        counts["unseen", "unseen", "unseen"] += happened


def _rest_entries(before: CameraRecord, now: CameraRecord) -> list[EntryKind]:
    """What has changed of why a camera rests, or that it rests no more."""
    found = []
    if now.unowned_since_s is not None and before.unowned_since_s is None:
        found.append(EntryKind.CAMERA_UNOWNED)
    began, ended = now.phase is not before.phase, before.phase
    if now.phase in _RESTS and began:
        by_profile = now.phase is CameraPhase.OFF_SCHEDULE and now.off_by_profile is not None
        found.append(EntryKind.CAMERA_OFF_BY_PROFILE if by_profile else _RESTS[now.phase])
    elif began and ended is CameraPhase.OFF_SCHEDULE and not now.is_closed:
        by_schedule = before.off_by_profile is None
        found.append(EntryKind.CAMERA_OPENED if by_schedule else EntryKind.CAMERA_ON_BY_PROFILE)
    elif began and now.phase is CameraPhase.STOPPED:
        found.append(EntryKind.CAMERA_STOPPED)
    elif began and ended is CameraPhase.STOPPED:
        found.append(EntryKind.CAMERA_STARTED)
    return found


_RESTS: Final = {
    CameraPhase.OFF_SCHEDULE: EntryKind.CAMERA_CLOSED,
    CameraPhase.OFF_EXPECTED: EntryKind.CAMERA_OFF,
    CameraPhase.ELSEWHERE: EntryKind.CAMERA_ELSEWHERE,
}
"""The entry of each phase in which a camera rests by itself."""
