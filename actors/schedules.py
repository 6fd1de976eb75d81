"""Opens and closes cameras: by the hours of their schedule, by profile, and by lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edge_video.actors.camera_state import OPEN, CameraState, Closed
from edge_video.frames import CameraId
from edge_video.runtime.units import ns_to_whole_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.actors.camera_commands import CameraCommands
    from edge_video.actors.grants import Grants
    from edge_video.actors.profiles import Profiles
    from edge_video.config import CameraConfig, ScheduleConfig
    from edge_video.runtime.timer import Clock


class _Known(NamedTuple):
    """What a schedule said when it was last asked, and for which times that holds."""

    schedule: ScheduleConfig
    from_s: int
    until_s: int


class Schedules:
    """Part of the supervisor: used in its thread only, never blocks.

    It goes by the wall clock and is asked once a second, with the supervisor's own tick. There is
    no timer of its own: one that was set for the next morning would be wrong after the machine has
    slept, and after its clock was set.

    A camera that the profile keeps off is off whatever its schedule says. One that no lease grants
    to this node is closed beside either.

    Args:
        commands: what opening and closing mean.
        clock: both of its clocks are used.
        profiles: tells which camera a profile keeps off.
        grants: tells which camera is granted.
    """

    def __init__(
        self, commands: CameraCommands, clock: Clock, profiles: Profiles, grants: Grants
    ) -> None:
        self._commands = commands
        self._clock = clock
        self._profiles = profiles
        self._grants = grants
        self._known: dict[CameraId, _Known] = {}

    def closed(self, config: CameraConfig) -> Closed | None:
        """What keeps a camera that is just made known closed; None: it is open."""
        off_by, opens_at = self._profiles.off_by(config.id), None
        if off_by is None and config.schedule is not None:
            opens_at, _ = _ask(config.schedule, self._now_s())
        closed = Closed(opens_at, off_by, not self._grants.has(CameraId(config.id)))
        return None if closed == OPEN else closed

    def look(self, cameras: Iterable[CameraState]) -> None:
        """Open and close those that the clock, a reload or a profile opens or closes."""
        now_s, known = self._now_s(), self._known
        self._known = {}
        for camera in cameras:
            schedule = camera.config.schedule
            off_by = self._profiles.off_by(camera.camera_id)
            if camera.leaving or schedule is None or off_by is not None:
                self._change(camera, None, off_by)
                continue
            before = known.get(camera.camera_id)
            if before is None or before.schedule is not schedule or not _holds(before, now_s):
                opens_at, until_s = _ask(schedule, now_s)
                before = _Known(schedule, now_s, until_s)
                self._change(camera, opens_at, None)
            self._known[camera.camera_id] = before

    def grant_changed(self, camera: CameraState) -> None:
        """Open or close one that was granted or withdrawn just now."""
        self._change(camera, camera.record.opens_at, camera.record.off_by_profile)

    def _now_s(self) -> int:
        return ns_to_whole_s(self._clock.wall_ns())

    def _change(self, camera: CameraState, opens_at: str | None, off_by: str | None) -> None:
        record = camera.record
        before = Closed(record.opens_at, record.off_by_profile, record.is_elsewhere)
        closed = Closed(opens_at, off_by, not self._grants.has(camera.camera_id))
        if camera.leaving or closed == before:
            return
        if closed == OPEN:
            self._commands.open(camera)
        elif before == OPEN:
            self._commands.close(camera, closed)
        else:
            camera.update(**closed._asdict())
            if camera.ref is None:
                camera.update(phase=camera.resting_phase)
            if closed.off_by_profile != before.off_by_profile:
                camera.log_rest()


def _holds(known: _Known, now_s: int) -> bool:
    """Whether it needs not be asked again; a clock that was set back is asked again, too."""
    return known.from_s <= now_s < known.until_s


def _ask(schedule: ScheduleConfig, now_s: int) -> tuple[str | None, int]:
    """When it opens, ISO 8601 (None: it is open), and until what Unix time that holds."""
    hours = schedule.hours
    is_open, until_s = hours.at(now_s)
    return None if is_open else hours.local(until_s).isoformat(), until_s
