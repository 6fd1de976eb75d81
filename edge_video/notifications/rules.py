"""Makes notifications for the broker from what the actors know; see docs/events.md.

`NotificationRules` watch every camera, its breaker, the publisher and the memory level, each
through a `Debounced`, and make notifications of what holds or flaps. No threads, no clocks: time is
an argument.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.delivery.notification_queue import Notification
from edge_video.metrics.memory import MemoryLevel
from edge_video.notifications.debounce import Debounced, Settled, StateChange, SteadyPolicy
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.liveness import PictureState
from edge_video.runtime.units import s_to_ns
from edge_video.status.configuration import ReloadResult
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.text.catalog import Language
from edge_video.text.formatting import format_failure
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from edge_video.metrics.cpu import CpuShortage
    from edge_video.resilience.failures import Failure
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.model import Outage, PublisherStatus
    from edge_video.status.snapshot import CameraRecord

SCHEMA: Final = 3
"""Version of the notifications; changes when a consumer that relies on them would break."""

ONLINE: Final = "online"
OFFLINE: Final = "offline"
OFF_SCHEDULE: Final = "off_schedule"
OFF_EXPECTED: Final = "off_expected"
OPEN: Final = "open"
CLOSED: Final = "closed"
HARDWARE: Final = "hardware"
SOFTWARE: Final = "software"

_STREAMS: Final = {
    CameraPhase.STREAMING: ONLINE,
    CameraPhase.OFF_SCHEDULE: OFF_SCHEDULE,
    CameraPhase.OFF_EXPECTED: OFF_EXPECTED,
}
"""What a camera in this phase is to a consumer; in every other one it is offline."""

_GOOD: Final = frozenset({ONLINE, OFF_SCHEDULE, OFF_EXPECTED, CLOSED, HARDWARE})

_Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class NotificationPolicy:
    """The names in notifications, and when a state is reported."""

    node: str
    routing_key_prefix: str = ""
    steady: SteadyPolicy = SteadyPolicy()  # noqa: RUF009 - frozen
    node_status_s: float | None = None
    """Between two statuses of the node itself; None: none is told."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant by both clocks."""

    s: float
    """Monotonic."""
    ns: int
    """Wall clock."""

    def wall_ns(self, then_s: float) -> int:
        """The wall clock's reading at a monotonic instant, as far as it has not been set since."""
        return self.ns - s_to_ns(self.s - then_s)


@dataclass(slots=True)
class _Camera:
    record: CameraRecord
    stream: Debounced
    breaker: Debounced
    decoder: Debounced
    picture: Debounced
    offline_since_s: float | None = None
    """Monotonic, of the absence that was reported last."""


@dataclass(frozen=True, slots=True)
class _Outage:
    """The connection to the broker is gone, or only just back."""

    lost_s: float
    lost_before: int
    failed_before: int
    known_before: tuple[Outage, ...]
    """Those in the status that were over at the loss; the others belong to it."""
    reason: str
    back_s: float | None = None


class NotificationRules:
    """Turns facts into notifications. One thread at a time.

    Args:
        policy: see `NotificationPolicy`.
        new_id: makes a `message_id` nobody has used.
        clean: masks secrets in every text.
    """

    def __init__(
        self, policy: NotificationPolicy, new_id: Callable[[], str], clean: Callable[[str], str]
    ) -> None:
        self._policy = policy
        self._new_id = new_id
        self._clean = clean
        self._cameras: dict[str, _Camera] = {}
        self._memory: Debounced | None = None
        self._memory_bytes = (0, 0)
        self._publisher: PublisherStatus | None = None
        self._outage: _Outage | None = None
        self._config: ConfigStatus | None = None

    def camera(self, record: CameraRecord, now: Moment) -> list[Notification]:
        """What the supervisor knows about one camera is now this."""
        camera = self._cameras.get(record.camera_id)
        if camera is None:
            if record.phase is CameraPhase.DISABLED:
                return []
            camera = self._first(record, now)
            self._cameras[record.camera_id] = camera
        camera.record = record
        changes: tuple[StateChange, ...] = ()
        if record.phase is CameraPhase.ELSEWHERE and record.unowned_since_s is None:
            camera.stream = Debounced(self._policy.steady)  # it is the other node's to tell
        elif not _is_open_question(record):
            stream = _STREAMS.get(record.phase, OFFLINE)
            camera.stream, changes = camera.stream.observe(stream, now.s)
        is_closed = record.breaker.state is BreakerState.CLOSED
        camera.breaker, breaker_changes = camera.breaker.observe(
            CLOSED if is_closed else OPEN, now.s
        )
        return [
            *self._about_camera(camera, changes, breaker_changes, now),
            *self._about_decoder(camera, now),
            *self._about_picture(camera, now),
        ]

    def _first(self, record: CameraRecord, now: Moment) -> _Camera:
        """What is known of a camera that is new."""
        steady = self._policy.steady
        return _Camera(
            record,
            stream=Debounced(steady),
            breaker=Debounced.resting(steady, CLOSED, now.s),
            decoder=Debounced.resting(steady, HARDWARE, now.s),
            picture=Debounced.resting(steady, PictureState.LIVE, now.s),
        )

    def publisher(self, status: PublisherStatus, now: Moment) -> list[Notification]:
        """The connection to the sink is now this."""
        self._publisher = status
        connected = status.state in (PublisherState.CONNECTED, PublisherState.BLOCKED)
        outage, lasting = self._outage, status.lasting_outage
        if outage is None:
            was_lost = status.connections and status.connections_lost
            if not connected and was_lost and lasting is not None:
                self._outage = _Outage(
                    lost_s=now.s,
                    lost_before=status.connections_lost - 1,
                    failed_before=status.failed_attempts,
                    known_before=status.outages[:-1],
                    reason=status.reason,
                )
        elif connected:
            self._outage = replace(outage, back_s=outage.back_s or now.s)
        else:
            self._outage = replace(outage, back_s=None, reason=status.reason or outage.reason)
        return []

    def memory(
        self, level: MemoryLevel, used_bytes: int, limit_bytes: int, now: Moment
    ) -> list[Notification]:
        """The memory controller's level changed."""
        if self._memory is None:
            self._memory = Debounced.resting(self._policy.steady, MemoryLevel.NORMAL, now.s)
        self._memory_bytes = (used_bytes, limit_bytes)
        self._memory, changes = self._memory.observe(level.value, now.s)
        return self._about_memory(changes, now)

    def cpu(self, shortage: CpuShortage, lasted_s: float | None, now: Moment) -> list[Notification]:
        """CPU is short; or, with how long it was, enough again. A minute has decided it."""
        what = "short" if lasted_s is None else "enough"
        since_s = now.s - shortage.lasted_s if lasted_s is None else now.s
        facts: _Fields = {
            "state": what,
            "since_ns": now.wall_ns(since_s),
            "bound": shortage.use.bound.value,
            "used_percent": round(shortage.used_percent, 1),
            "cores": round(shortage.use.cores, 2),
            "dearest_camera": shortage.camera_id or None,
            "dearest_percent": round(shortage.camera_percent, 1),
            "lasted_s": _rounded(lasted_s),
        }
        return [self._write("cpu", what, facts, now, "")]

    def configuration(
        self, config: ConfigStatus, cameras: Collection[str], now: Moment
    ) -> list[Notification]:
        """The configuration is now this one, and these are the cameras."""
        self._cameras = {each: self._cameras[each] for each in cameras if each in self._cameras}
        before, self._config = self._config, config
        last = config.last_reload
        is_news = before is not None and last != before.last_reload
        if not is_news or last is None or last.result is ReloadResult.UNCHANGED:
            return []
        what = "reloaded" if last.result is ReloadResult.DONE else "refused"
        facts: _Fields = {
            "state": what,
            "since_ns": config.loaded_at_ns if what == "reloaded" else last.at_ns,
            "reason": last.reason.value,
            "details": list(last.details),
            "origin": last.origin,
            "hash": config.hash,
        }
        return [self._write("config", what, facts, now, "")]

    def tick(self, now: Moment) -> list[Notification]:
        """Time has passed; call it about once a second."""
        notifications: list[Notification] = []
        for camera in self._cameras.values():
            camera.stream, changes = camera.stream.tick(now.s)
            camera.breaker, breaker_changes = camera.breaker.tick(now.s)
            notifications += self._about_camera(camera, changes, breaker_changes, now)
            notifications += self._about_decoder(camera, now)
            notifications += self._about_picture(camera, now)
        if self._memory is not None:
            self._memory, changes = self._memory.tick(now.s)
            notifications += self._about_memory(changes, now)
        return notifications + self._about_publisher(now)

    # --- making notifications ---

    def _about_camera(
        self,
        camera: _Camera,
        changes: Iterable[StateChange],
        breaker_changes: Iterable[StateChange],
        now: Moment,
    ) -> list[Notification]:
        record = camera.record
        notifications = []
        for change in changes:
            facts: _Fields = {"camera_id": record.camera_id, "phase": record.phase}
            facts["failure"] = self._failure(record.last_failure, change)
            facts["away_s"] = _away_s(camera, change)
            facts["opens_at"] = record.opens_at
            facts["off_by_profile"] = record.off_by_profile
            facts |= _epoch(record)
            notifications.append(self._of_change("camera", change, facts, now, record.camera_id))
        for change in breaker_changes:
            breaker = record.breaker
            facts = {
                "camera_id": record.camera_id,
                "failures": breaker.consecutive_failures,
                "backoff_s": breaker.backoff_s,
                "retry_in_s": _rounded(breaker.retry_in_s(now.s)),
                "forced_open": breaker.forced_open,
                "failure": self._failure(record.last_failure, change),
                **_epoch(record),
            }
            notifications.append(self._of_change("breaker", change, facts, now, record.camera_id))
        return notifications

    def _about_decoder(self, camera: _Camera, now: Moment) -> list[Notification]:
        """Whether the CPU decodes because the configured hardware does not; while it streams."""
        record, decoding = camera.record, camera.record.decoding
        if decoding is None:
            return []
        state = SOFTWARE if decoding.has_fallen_back else HARDWARE
        camera.decoder, changes = camera.decoder.observe(state, now.s)
        camera.decoder, later = camera.decoder.tick(now.s)
        facts: _Fields = {
            "camera_id": record.camera_id,
            "hwaccel": decoding.wanted,
            "used": decoding.used,
            "reason": decoding.reason,
            **_epoch(record),
        }
        return [
            self._of_change("decoder", change, facts, now, record.camera_id)
            for change in (*changes, *later)
        ]

    def _about_picture(self, camera: _Camera, now: Moment) -> list[Notification]:
        """What its pictures show; that nobody can tell is no news."""
        camera_id, picture = camera.record.camera_id, camera.record.picture
        if picture is None:
            return []
        camera.picture, changes = camera.picture.observe(picture.value, now.s)
        camera.picture, later = camera.picture.tick(now.s)
        facts: _Fields = {"camera_id": camera_id, **_epoch(camera.record)}
        return [
            self._of_change("picture", change, facts, now, camera_id)
            for change in (*changes, *later)
        ]

    def _failure(self, failure: Failure | None, change: StateChange) -> _Fields | None:
        """The last failure with its text; a state that is good again has none."""
        good = isinstance(change, Settled) and change.state in _GOOD
        if failure is None or good:
            return None
        return {"cause": failure.cause, "text": format_failure(failure, Language.EN)}

    def _about_memory(self, changes: Iterable[StateChange], now: Moment) -> list[Notification]:
        used, limit = self._memory_bytes
        facts: _Fields = {"used_bytes": used, "limit_bytes": limit}
        return [self._of_change("memory", change, facts, now) for change in changes]

    def _about_publisher(self, now: Moment) -> list[Notification]:
        """One notification for one outage, however many attempts and connections it took."""
        outage, status = self._outage, self._publisher
        if outage is None or status is None or outage.back_s is None:
            return []
        if now.s - outage.back_s < self._policy.steady.stable_for_s:
            return []
        self._outage = None
        facts: _Fields = {
            "state": "reconnected",
            "since_ns": now.wall_ns(outage.back_s),
            "target": status.target,
            "lost_at_ns": now.wall_ns(outage.lost_s),
            "away_s": round(outage.back_s - outage.lost_s, 3),
            "connections_lost": status.connections_lost - outage.lost_before,
            "failed_attempts": status.failed_attempts - outage.failed_before,
            "dropped": sum(
                each.dropped for each in status.outages if each not in outage.known_before
            ),
            "reason": outage.reason,
        }
        return [self._write("publisher", "reconnected", facts, now, "")]

    # --- writing them down ---

    def _of_change(
        self, subject: str, change: StateChange, facts: _Fields, now: Moment, about: str = ""
    ) -> Notification:
        common: _Fields = {
            "state": change.state,
            "since_ns": now.wall_ns(change.since_s),
            "changes": change.changes,
        }
        if isinstance(change, Settled):
            common |= {"before": change.before, "flapped_s": _rounded(change.flapped_s)}
            return self._write(subject, change.state, common | facts, now, about)
        return self._write(subject, "flapping", common | facts, now, about)

    def _write(
        self, subject: str, what: str, facts: _Fields, now: Moment, about: str
    ) -> Notification:
        message_id = self._new_id()
        name = f"{subject}_level" if subject == "memory" and what != "flapping" else None
        event = name or f"{subject}_{what}"
        document = {
            "schema": SCHEMA,
            "id": message_id,
            "event": event,
            "node": self._policy.node,
            "at_ns": now.ns,
            **facts,
        }
        key = ".".join(part for part in (subject, what, about) if part)
        return Notification(
            message_id=message_id,
            name=event,
            routing_key=f"{self._policy.routing_key_prefix}{key}",
            at_ns=now.ns,
            body=json.dumps(json_ready(document, self._clean), ensure_ascii=False).encode(),
        )


def _is_open_question(record: CameraRecord) -> bool:
    """Whether nobody knows yet if an intermittent camera is there: its first try runs."""
    is_new = record.phase is CameraPhase.STARTING and not record.breaker.consecutive_failures
    return record.intermittent and is_new


def _epoch(record: CameraRecord) -> _Fields:
    """What tells, where nodes share the camera, whose event counts."""
    return {} if record.epoch is None else {"epoch": record.epoch}


def _away_s(camera: _Camera, change: StateChange) -> float | None:
    """How long a camera that is online again was offline; None for every other change."""
    if not isinstance(change, Settled):
        return None
    since_s, camera.offline_since_s = (
        camera.offline_since_s,
        change.since_s if change.state == OFFLINE else None,
    )
    if change.state != ONLINE or since_s is None:
        return None
    return _rounded(change.since_s - since_s)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
