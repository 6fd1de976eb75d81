"""The section of a camera's schedule: hours by weekday, on the clocks of a time zone."""

from __future__ import annotations

import pytest

from edge_video.config import CameraConfig, ConfigError, ScheduleConfig, parse_config
from edge_video.config.diff import compare
from edge_video.config.effects import Effect

CAMERA = "sink: {type: directory, path: frames}\ncameras:\n- id: door\n  url: rtsp://10.0.0.5/s\n"


def scheduled(text: str) -> ScheduleConfig:
    schedule = parse_config(f"{CAMERA}  schedule: {text}\n", "f.yaml", {}).cameras[0].schedule
    assert schedule is not None
    return schedule


def test_a_pair_of_days_gives_each_of_them_its_hours() -> None:
    found = scheduled("{timezone: America/Sao_Paulo, mon-fri: '07:00-19:00', sat: 08:00-13:00}")
    assert {found.mon, found.tue, found.wed, found.thu, found.fri} == {"07:00-19:00"}
    assert (found.sat, found.sun) == ("08:00-13:00", "")
    assert found.hours.week[4:] == (((420, 1140),), ((480, 780),), ())
    given = {"timezone": "America/Sao_Paulo", "mon-fri": "07:00-19:00", "sat": "08:00-13:00"}
    assert CameraConfig(id="door", url="lavfi:testsrc2", schedule=given).schedule == found


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("{timezone: UTC, mon-fri: 7-19}", ".mon-fri", "hours are written like 07:00-19:00"),
        ("{timezone: UTC, mon: 7-19}", ".mon", "hours are written like 07:00-19:00"),
        ("{timezone: UTC, mon-fri: 07:00-19:00, fri: 07:00-12:00}", ".mon-fri", "fri has its"),
        ("{timezone: UTC, mon-fri: 07:00-19:00, fri-sun: 07:00-12:00}", ".fri-sun", "fri has its"),
        ("{timezone: UTC, sun: 07:00-19:00, mon-fry: 1}", ".mon-fry", "there is no such key"),
        ("{timezone: UTC}", "", "no hours on any day"),
        ("{mon: 07:00-19:00}", ".timezone", "it is required"),
        ("{timezone: America/SaoPaulo, mon: 07:00-19:00}", ".timezone", "America/Sao_Paulo"),
        ("07:00-19:00", "", "this must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_key(text: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        scheduled(text)
    [problem] = raised.value.problems
    assert (problem.line, problem.key) == (5, f"cameras[0].schedule{key}")
    assert message in problem.message


def test_another_schedule_interrupts_nothing() -> None:
    before = parse_config(CAMERA, "f.yaml", {})
    after = parse_config(f"{CAMERA}  schedule: {{timezone: UTC, mon: 07:00-19:00}}\n", "f.yaml", {})
    plan = compare(before, after)
    assert plan.names(Effect.LIVE) == ("cameras[door].schedule",)
    assert plan.restarted == ()


def test_it_is_shown_as_it_was_written_day_by_day() -> None:
    config = parse_config(
        f"{CAMERA}  schedule: {{timezone: UTC, sat-sun: 22:00-02:00}}\n", "f.yaml", {}
    )
    shown = config.masked()["cameras"][0]["schedule"]
    assert (shown["timezone"], shown["sat"], shown["mon"]) == ("UTC", "22:00-02:00", "")
