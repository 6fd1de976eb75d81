"""The monitor in one line, and when a line is worth printing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from edge_video.metrics.memory import MemoryLevel
from edge_video.report.monitor_line import condition, render_line
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, PublisherState, Recent
from edge_video.text.catalog import Language
from tests.edge_video.report.examples import (
    breaker,
    busy_system,
    camera,
    connected,
    good_counts,
    sample,
    system,
)

GOOD = camera("door", frames=good_counts(815), last_frame_ago_s=0.03)
OPEN = camera(
    "yard",
    CameraPhase.WAITING,
    state=breaker(BreakerState.OPEN, failures=5, changes=1, retry_in_s=7.2),
    failure=Failure(Cause.REFUSED, "rtsp://10.0.0.6/s"),
)


def test_a_good_system_is_one_short_line_that_begins_with_the_time() -> None:
    status = system(GOOD, replace(GOOD, camera_id=OPEN.camera_id))
    assert render_line(status, Language.EN, zone=dt.UTC) == (
        "2026-01-31 15:00:54 | ✓ 2 of 2 cameras stream | Publisher: ✓ CONNECTED, 1630 published"
    )
    assert render_line(system(GOOD), Language.PT_BR, zone=dt.UTC) == (
        "2026-01-31 15:00:54 | ✓ 1 de 1 câmera transmitindo"
        " | Publisher: ✓ CONECTADO, 815 publicados"
    )


def test_what_is_not_well_is_named_with_its_reason() -> None:
    lost = replace(
        connected(),
        state=PublisherState.WAITING,
        reason="connection refused by broker:5672",
        retry_in_s=2.5,
    )
    dropping = replace(GOOD, recent=Recent(dropped_5m=1, dropping=True))
    low = replace(sample(), memory_level=MemoryLevel.CRITICAL)
    line = render_line(system(dropping, OPEN, publisher=lost, process=low), Language.EN)
    assert line.split(" | ")[1:] == [
        "⚠ 1 of 2 cameras stream",
        "Publisher: ✗ DISCONNECTED, 815 published (connection refused by broker:5672, retry in 3s)",
        "1 frame dropped in 5m",
        "memory CRITICAL",
        "[yard] CB_OPEN: connection refused, retry in 8s",
    ]


def test_many_cameras_in_trouble_are_counted_and_disabled_ones_left_out() -> None:
    status = busy_system()
    ill = [replace(OPEN, camera_id=each.camera_id) for each in status.cameras]
    line = render_line(replace(status, cameras=(*ill, *ill)), Language.EN)
    assert line.endswith("and 11 more")
    assert "\n" not in line
    assert "cam5" not in render_line(status, Language.EN)


def test_only_figures_do_not_change_the_condition() -> None:
    before = system(GOOD, OPEN)
    later = replace(before, uptime_s=99.0, cameras=(replace(GOOD, frames=good_counts(999)), OPEN))
    assert condition(later) == condition(before)


def test_what_an_operator_wants_to_hear_of_changes_the_condition() -> None:
    good = system(GOOD, process=sample())
    blocked = replace(good.publisher, state=PublisherState.BLOCKED)
    changed = [
        replace(good, cameras=(OPEN,)),
        replace(good, publisher=blocked),
        replace(good, cameras=(replace(GOOD, recent=Recent(dropping=True)),)),
        replace(good, process=replace(sample(), memory_level=MemoryLevel.EMERGENCY)),
        replace(good, cameras=(replace(GOOD, last_frame_ago_s=9.0),)),
    ]
    assert condition(good) not in [condition(each) for each in changed]
