"""Cameras open and close by their schedules, in order, whatever else is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.messages import (
    CommandResult,
    ForceOpen,
    ResetBreaker,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status import CameraHealth, CameraPhase, camera_health
from tests.actors.test_reload import reload
from tests.support.actors import ScriptedSystem, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable

DOOR = CameraId("door")
# The clock begins on Tuesday, 14 November 2023, at 22:13:20 UTC.
CLOSES_AT_14 = {"timezone": "UTC", "mon-sun": "07:00-22:14"}
OPENS_AT_14 = {"timezone": "UTC", "mon-sun": "22:14-23:00"}
CLOSED = CameraPhase.OFF_SCHEDULE


def cameras(schedule: dict[str, str] | None, **keys: object) -> list[dict[str, object]]:
    door = {"id": "door", "url": "rtsp://10.0.0.1/s", "schedule": schedule, **keys}
    return [door, {"id": "till", "url": "rtsp://10.0.0.2/s"}]


@pytest.fixture
def scheduled(world_of: Callable[..., ScriptedSystem]) -> Callable[..., ScriptedSystem]:
    """Starts a door that has a schedule beside a till that has none, a second ago."""

    def start(schedule: dict[str, str], **options: Any) -> ScriptedSystem:
        system = world_of(cameras=cameras(schedule), **options)
        system.start()
        system.advance(1.0)
        return system

    return start


def test_a_camera_stops_in_order_when_its_schedule_closes_and_starts_when_it_opens(
    scheduled: Callable[..., ScriptedSystem],
) -> None:
    system = scheduled({"timezone": "UTC", "mon-sun": "07:00-22:14, 22:15-23:00"})
    system.stream("door", 30)
    assert system.camera(DOOR).phase is CameraPhase.STREAMING
    system.advance(10.0)
    closed = system.camera(DOOR)
    assert (closed.phase, closed.opens_at) == (CLOSED, "2023-11-14T22:15:00+00:00")
    assert closed.frames.received == closed.frames.confirmed == 30
    assert closed.frames.imbalance() is None
    assert (system.running["door"], closed.breaker.failures) == (0, 0)
    assert system.actors_of("door") == []
    assert [each for each in system.timer.waits_s if each > 1] == []  # nothing waits for morning
    system.advance(58.0)
    assert len(system.starts_s["door"]) == 1
    system.advance(2.0)
    assert len(system.starts_s["door"]) == 2
    system.stream_now("door")
    opened = system.camera(DOOR)
    assert (opened.phase, opened.opens_at) == (CameraPhase.STREAMING, None)
    assert opened.off_schedule_s == pytest.approx(60, abs=1)


def test_a_camera_that_is_closed_at_the_start_waits_for_its_hours(
    scheduled: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    system = scheduled(OPENS_AT_14)
    assert system.camera(DOOR).phase is CLOSED
    assert sorted(system.starts_s) == ["till"]
    system.advance(40.0)
    assert sorted(system.starts_s) == ["door", "till"]
    events = [getattr(each, "event", "") for each in caplog.records]
    assert [each for each in events if each in ("camera_closed", "camera_opened")] == [
        "camera_closed",
        "camera_opened",
    ]


def test_an_operator_s_stop_stays_a_stop(scheduled: Callable[..., ScriptedSystem]) -> None:
    system = scheduled(OPENS_AT_14)
    assert system.ask(StopCamera(DOOR)).result is CommandResult.DONE
    system.advance(60.0)
    assert system.camera(DOOR).phase is CameraPhase.STOPPED
    assert "door" not in system.starts_s
    system.ask(StartCamera(DOOR))
    assert len(system.starts_s["door"]) == 1


def test_a_pause_outlives_the_night(scheduled: Callable[..., ScriptedSystem]) -> None:
    system = scheduled(OPENS_AT_14)
    system.ask(ForceOpen(DOOR))
    assert system.camera(DOOR).phase is CLOSED
    system.advance(60.0)
    assert camera_health(system.camera(DOOR)) is CameraHealth.PAUSED
    system.ask(ResetBreaker(DOOR))
    assert len(system.starts_s["door"]) == 1


def test_commands_do_not_open_what_the_schedule_closes(
    scheduled: Callable[..., ScriptedSystem],
) -> None:
    system = scheduled(OPENS_AT_14)
    assert system.ask(RetryNow(DOOR)).result is CommandResult.NOT_RUNNING
    assert system.ask(StartCamera(DOOR)).result is CommandResult.ALREADY
    system.ask(ResetBreaker(DOOR))
    system.ask(StopCamera(DOOR))
    assert system.ask(StartCamera(DOOR)).result is CommandResult.DONE
    assert system.camera(DOOR).phase is CLOSED
    assert "door" not in system.starts_s


def test_what_failed_before_closing_is_forgiven_and_waits_for_nothing(
    scheduled: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    system = scheduled({"timezone": "UTC", "mon-sun": "07:00-22:14, 22:15-23:00"})
    for _ in range(4):
        system.capture_of("door").end(Cause.REFUSED)
        system.advance(5.0)
    assert camera_health(system.camera(DOOR)) is CameraHealth.TROUBLE
    system.advance(25.0)
    closed = system.camera(DOOR)
    assert (closed.phase, closed.breaker.state) == (CLOSED, BreakerState.CLOSED)
    assert closed.breaker.consecutive_failures == 0
    assert "🟢" not in caplog.text, "that is no recovery"
    assert "Circuit breaker was OPEN: its failures are forgotten" in caplog.text
    before = len(system.starts_s["door"])
    system.advance(60.0)
    assert len(system.starts_s["door"]) == before + 1


def test_a_failure_while_it_closes_is_no_trouble(
    scheduled: Callable[..., ScriptedSystem],
) -> None:
    system = scheduled(CLOSES_AT_14)
    system.stream("door", 35)
    capture = system.capture_of("door")
    system.before_stop = lambda camera_id: capture.end() if camera_id == "door" else None
    system.advance(10.0)
    closed = system.camera(DOOR)
    assert (closed.phase, closed.breaker.consecutive_failures) == (CLOSED, 0)
    assert len(system.starts_s["door"]) == 1


def test_a_clock_that_is_set_is_gone_by_at_once(
    scheduled: Callable[..., ScriptedSystem],
) -> None:
    system = scheduled(CLOSES_AT_14)
    system.clock.wall += 3600 * 10**9
    system.advance(1.0)
    assert system.camera(DOOR).phase is CLOSED
    system.clock.wall -= 3600 * 10**9
    system.advance(1.0)
    assert system.camera(DOOR).phase is CameraPhase.STARTING
    assert len(system.starts_s["door"]) == 2


def test_a_reload_brings_a_schedule_and_takes_it_away(
    scheduled: Callable[..., ScriptedSystem],
) -> None:
    system = scheduled(CLOSES_AT_14)
    system.stream_now("door")
    reload(system, cameras=cameras(OPENS_AT_14))
    quiesce()
    assert system.camera(DOOR).phase is CLOSED
    reload(system, cameras=cameras({"timezone": "UTC", "mon-sun": "22:20-23:00"}))
    assert system.camera(DOOR).opens_at == "2023-11-14T22:20:00+00:00"
    reload(system, cameras=cameras(None))
    assert len(system.starts_s["door"]) == 2
    reload(system, cameras=cameras(None, enabled=False))
    reload(system, cameras=cameras(OPENS_AT_14, enabled=False))
    assert system.camera(DOOR).phase is CameraPhase.DISABLED
    reload(system, cameras=cameras(OPENS_AT_14))
    assert system.camera(DOOR).phase is CLOSED
