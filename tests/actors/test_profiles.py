"""Profiles put cameras off and on, whatever else is asked of them, and say so everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.held_cameras import ChosenProfile, HeldCameras, HeldFile
from edge_video.actors.messages import (
    CommandResult,
    RetryNow,
    StartCamera,
    StopCamera,
)
from edge_video.actors.reload_messages import SetProfile
from edge_video.frames import CameraId
from edge_video.http.health import ready
from edge_video.http.status_store import Pulse
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.report.monitor_line import render_line
from edge_video.status import CameraHealth, CameraPhase, camera_health, verdict
from edge_video.status.configuration import ReloadReason
from edge_video.text.language import Language
from tests.actors.test_one_outage_six_readers import metrics_of, page_of, top_of
from tests.actors.test_reload import reload
from tests.support.actors import ScriptedSystem, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.config import Config

DOOR, TILL = CameraId("door"), CameraId("centro.till")
CAMERAS = [
    {"id": "door", "url": "rtsp://10.0.0.1/s", "fps": 1},
    {"id": "centro.till", "url": "rtsp://10.0.0.2/s", "fps": 1},
]
PROFILES = {"open": {"cameras": ["door", "centro.*"]}, "closed": {"cameras": ["door"]}}
# The clock begins on Tuesday, 14 November 2023, at 22:13:20 UTC.
CLOSED_NOW = {"timezone": "UTC", "mon-sun": "07:00-12:00"}


@pytest.fixture
def profiled(world_of: Callable[..., ScriptedSystem]) -> Callable[..., ScriptedSystem]:
    """Starts a door and a till that have profiles, a second ago."""

    def start(profile: str | None = "open", **options: Any) -> ScriptedSystem:
        given = {"cameras": CAMERAS, "profiles": PROFILES, "profile": profile} | options
        system = world_of(**given)
        system.start()
        system.advance(1.0)
        return system

    return start


def off(system: ScriptedSystem) -> list[str]:
    return [str(each.camera_id) for each in system.status().cameras if each.off_by_profile]


def test_what_is_not_in_the_profile_stops_in_order_and_comes_back(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    system = profiled()
    system.stream("centro.till", 5)
    assert system.ask(SetProfile("closed")).result is CommandResult.DONE
    quiesce()
    till = system.camera(TILL)
    assert (till.phase, till.off_by_profile) == (CameraPhase.OFF_SCHEDULE, "closed")
    assert till.frames.imbalance() is None
    assert (system.running["centro.till"], till.breaker.failures) == (0, 0)
    assert system.running["door"] == 1
    config = system.status().config
    assert config is not None
    assert (config.profile, config.profiles) == ("closed", ("open", "closed"))
    assert system.ask(SetProfile("closed")).result is CommandResult.ALREADY
    assert system.ask(SetProfile(None)).result is CommandResult.DONE
    assert off(system) == []
    system.advance(1.0)
    assert len(system.starts_s["centro.till"]) == 2
    assert len(system.starts_s["door"]) == 1


def test_the_first_profile_is_that_of_the_configuration(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    system = profiled("closed")
    assert sorted(system.starts_s) == ["door"]
    assert off(system) == ["centro.till"]
    assert off(profiled(None)) == []


def test_a_name_that_is_none_changes_nothing_and_is_told(
    profiled: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    system = profiled("closed")
    assert system.ask(SetProfile("nope", "10.0.0.9")).result is CommandResult.UNKNOWN_TARGET
    assert off(system) == ["centro.till"]
    [logged] = [each for each in caplog.records if getattr(each, "event", "") == "command_executed"]
    assert "nope" in logged.getMessage()
    assert "10.0.0.9" in logged.getMessage()


def test_an_operator_s_stop_stays_a_stop_in_every_profile(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    system = profiled()
    system.ask(StopCamera(TILL))
    system.ask(SetProfile("closed"))
    assert system.camera(TILL).phase is CameraPhase.STOPPED
    system.ask(SetProfile("open"))
    system.advance(1.0)
    assert system.camera(TILL).phase is CameraPhase.STOPPED
    assert len(system.starts_s["centro.till"]) == 1


def test_commands_do_not_open_what_the_profile_keeps_off(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    system = profiled("closed")
    assert system.ask(RetryNow(TILL)).result is CommandResult.NOT_RUNNING
    assert system.ask(StartCamera(TILL)).result is CommandResult.ALREADY
    system.advance(1.0)
    assert "centro.till" not in system.starts_s


def test_a_schedule_applies_within_a_profile(profiled: Callable[..., ScriptedSystem]) -> None:
    scheduled = [CAMERAS[0], {**CAMERAS[1], "schedule": CLOSED_NOW}]
    system = profiled("closed", cameras=scheduled)
    assert system.camera(TILL).opens_at is None
    system.ask(SetProfile("open"))
    till = system.camera(TILL)
    assert (till.phase, till.off_by_profile) == (CameraPhase.OFF_SCHEDULE, None)
    assert till.opens_at == "2023-11-15T07:00:00+00:00"
    assert "centro.till" not in system.starts_s


def test_a_reload_takes_other_profiles_over_and_ends_one_that_is_gone(
    profiled: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = profiled("closed")
    other = {**PROFILES, "closed": {"cameras": ["centro.till"]}}
    reload(system, cameras=CAMERAS, profiles=other, profile="closed")
    quiesce()
    assert off(system) == ["door"]
    reload(system, cameras=CAMERAS, profiles={"open": {"cameras": ["door"]}}, profile=None)
    quiesce()
    assert off(system) == []
    config = system.status().config
    assert config is not None
    assert (config.profile, config.profiles) == (None, ("open",))
    events = [getattr(each, "event", "") for each in caplog.records]
    assert events.count("profile_gone") == 1


def test_every_reader_says_which_profile_and_none_says_trouble(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    system = profiled("closed")
    for _ in range(12):
        system.capture_of("door").frame()
        system.advance(1.0)
    status = system.status()
    assert camera_health(status.cameras[1]) is CameraHealth.OFF_SCHEDULE
    assert (verdict(status).is_good, verdict(status).wanted) == (True, 1)
    page = page_of(status)
    assert page["cameras"][1]["off_by_profile"] == "closed"
    assert page["config"]["profile"] == "closed"
    assert "off by profile closed" in top_of(status)
    assert "| off by profile closed" in render_monitor(status, Language.EN)
    assert "desligada pelo perfil closed" in render_monitor(status, Language.PT_BR)
    assert "1 closed by schedule or profile" in render_line(status, Language.EN)
    metrics = metrics_of(status)
    assert metrics['edge_video_profile{profile="closed"}'] == 1
    assert metrics['edge_video_profile{profile="open"}'] == 0
    assert ready(Pulse(0.1, 0.1), status, needs_publisher=False, needs_cameras=2).ok
    final = render_final(system.system.stop(10).status, Language.EN)
    assert "off by profile closed" in final
    assert final.count("   ✓ [") == 2


def test_the_choice_outlives_the_program(tmp_path: Path) -> None:
    file = HeldFile(tmp_path)
    assert file.read().profile is None
    for name in ("closed", None):
        file.keep(HeldCameras(profile=ChosenProfile(name)))
        assert file.settle(5.0)
        assert HeldFile(tmp_path).read().profile == ChosenProfile(name)


def test_a_reload_that_breaks_half_way_leaves_the_profile_that_applied(
    profiled: Callable[..., ScriptedSystem],
) -> None:
    def refuse(config: Config) -> None:
        if "closed" not in config.profiles.by_name:
            raise RuntimeError("not with me")

    system = profiled("open", on_reload=refuse)
    system.ask(SetProfile("closed"))
    answer = reload(system, profiles={"open": PROFILES["open"]})
    assert answer.reason is ReloadReason.FAILED
    system.advance(1.0)
    assert off(system) == ["centro.till"]
    assert system.ask(SetProfile("closed")).result is CommandResult.ALREADY
