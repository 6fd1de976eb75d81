"""Judges cameras and the whole system: the two functions that every reader of a status uses. Pure.

A camera is judged by what it sends, never by what became of its frames: a failure of the broker is
no failure of a camera.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase, PublisherState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.status.model import CameraStatus, PublisherStatus, SystemStatus

LATE_AFTER_S: Final = 5.0
"""A camera without a frame for so long is late."""
HEALTHY_PERCENT: Final = 80.0
"""A camera that sends less than this share of what is expected of it is slow."""

_LATE_INTERVALS: Final = 1.5
"""Where frames come at longer intervals, key frames or still pictures, the next one is late after
so many of them."""
_WINDOW_S: Final = 10.0
"""What `CameraStatus.received_fps` is measured over."""
_COUNTING_ERROR: Final = 2.0
"""Frames that a window may miss because of where it begins and ends."""


class CameraHealth(StrEnum):
    """How a camera is, judged by what it sends."""

    HEALTHY = "healthy"
    STARTING = "starting"
    """Its first frame is awaited, and nothing has failed."""
    SLOW = "slow"
    """It sends, but clearly less than what it is held to."""
    TROUBLE = "trouble"
    """It should send and does not."""
    PAUSED = "paused"
    """An operator holds its breaker open."""
    STOPPED = "stopped"
    """An operator stopped it."""
    DISABLED = "disabled"
    OFF_SCHEDULE = "off_schedule"
    """Its schedule keeps it closed, or the profile that applies."""
    OFF_EXPECTED = "off_expected"
    """Nobody is there, and its configuration says that this may be."""
    ELSEWHERE = "elsewhere"
    """Another node of the cluster has it, or is about to."""


class Delivery(StrEnum):
    """Whether frames can be delivered."""

    OK = "ok"
    LOST = "lost"
    BLOCKED = "blocked"
    STARTING = "starting"
    """The first connection is being made, and no attempt has failed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the whole system is."""

    cameras: Mapping[CameraHealth, int]
    """How many cameras are so; every health is there."""
    delivery: Delivery

    @property
    def is_good(self) -> bool:
        """Whether nothing needs attention; what rests on purpose does not."""
        ill = self.cameras[CameraHealth.TROUBLE] + self.cameras[CameraHealth.SLOW]
        return not ill and self.delivery in (Delivery.OK, Delivery.STARTING)

    @property
    def wanted(self) -> int:
        """How many cameras are meant to send now."""
        return sum(number for health, number in self.cameras.items() if health not in RESTING)


_BY_PHASE: Final = {
    CameraPhase.DISABLED: CameraHealth.DISABLED,
    CameraPhase.STOPPED: CameraHealth.STOPPED,
    CameraPhase.OFF_SCHEDULE: CameraHealth.OFF_SCHEDULE,
    CameraPhase.OFF_EXPECTED: CameraHealth.OFF_EXPECTED,
    CameraPhase.ELSEWHERE: CameraHealth.ELSEWHERE,
}
RESTING: Final = frozenset(
    {
        CameraHealth.PAUSED,
        CameraHealth.STOPPED,
        CameraHealth.DISABLED,
        CameraHealth.OFF_SCHEDULE,
        CameraHealth.OFF_EXPECTED,
        CameraHealth.ELSEWHERE,
    }
)
"""Healths of cameras of which nobody expects a picture now."""


def is_late(camera: CameraStatus) -> bool:
    """Whether its next frame is overdue, and that is amiss.

    Not of a camera that may just have been switched off: what its silence means is decided when
    `stall_timeout` is over.
    """
    return is_overdue(camera) and not _may_be_off(camera)


def is_overdue(camera: CameraStatus) -> bool:
    """Whether its next frame is overdue; not of a camera that has never sent one.

    Nor of one that answers that there is no newer picture: that is no silence.
    """
    if camera.unchanged_s is not None:
        return False
    between_s = max(camera.key_frame_interval_s or 0.0, camera.interval_s or 0.0)
    usual_s = _LATE_INTERVALS * between_s
    last_s = camera.last_frame_ago_s
    return last_s is not None and last_s >= max(LATE_AFTER_S, usual_s)


def is_unowned(camera: CameraStatus) -> bool:
    """Whether no node of its cluster has had it for too long."""
    return camera.phase is CameraPhase.ELSEWHERE and camera.unowned_s is not None


def is_slow(camera: CameraStatus) -> bool:
    """Whether it sends clearly less than what it is held to."""
    if camera.received_fps is None or _may_be_off(camera):
        return False
    expected = camera.expected_fps * _WINDOW_S
    missing = expected - camera.received_fps * _WINDOW_S
    return missing > max(expected * (100.0 - HEALTHY_PERCENT) / 100.0, _COUNTING_ERROR)


def _may_be_off(camera: CameraStatus) -> bool:
    """Whether an intermittent camera that streams has fallen silent."""
    if not camera.intermittent or camera.phase is not CameraPhase.STREAMING:
        return False
    silent_s = camera.last_frame_ago_s
    return silent_s is not None and silent_s >= max(1.0, 2 / max(camera.expected_fps, 0.1))


def camera_health(camera: CameraStatus) -> CameraHealth:
    """How a camera is, judged by what it sends and by nothing that comes after.

    When the whole system has stopped: how it was when the stop began.
    """
    if is_unowned(camera):
        return CameraHealth.TROUBLE
    if camera.phase in _BY_PHASE:
        return _BY_PHASE[camera.phase]
    if camera.breaker.forced_open:
        return CameraHealth.PAUSED
    if _fails(camera):
        return CameraHealth.TROUBLE
    if camera.phase is not CameraPhase.STREAMING:
        return CameraHealth.STARTING
    return CameraHealth.SLOW if is_slow(camera) else CameraHealth.HEALTHY


def _fails(camera: CameraStatus) -> bool:
    """Whether it should send and does not."""
    if camera.breaker.state is not BreakerState.CLOSED or camera.key_frame_wait_s is not None:
        return True
    if camera.phase is CameraPhase.STREAMING:
        return is_late(camera)
    return camera.breaker.consecutive_failures > 0


def delivery_of(publisher: PublisherStatus) -> Delivery:
    """Whether frames can be delivered, by the state of the connection to the sink."""
    is_out = publisher.lasting_outage is not None
    match publisher.state:
        case PublisherState.CONNECTED:
            return Delivery.OK
        case PublisherState.BLOCKED:
            return Delivery.BLOCKED
        case PublisherState.STOPPED:  # in order, at the end
            return Delivery.LOST if is_out else _stopped_while(publisher)
        case PublisherState.WAITING:
            return Delivery.LOST
        case PublisherState.CONNECTING:
            tried = is_out or publisher.connections or publisher.failed_attempts
            return Delivery.LOST if tried else Delivery.STARTING


def _stopped_while(publisher: PublisherStatus) -> Delivery:
    """How the delivery was when the publisher stopped, but for an outage."""
    if publisher.down_for_s is None:
        return Delivery.OK
    return Delivery.BLOCKED if publisher.connections else Delivery.STARTING


def verdict(status: SystemStatus) -> Verdict:
    """How the whole system is."""
    counted = Counter(camera_health(camera) for camera in status.cameras)
    return Verdict(
        cameras={health: counted[health] for health in CameraHealth},
        delivery=delivery_of(status.publisher),
    )
