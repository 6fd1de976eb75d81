"""What is told when CPU is short, from the metrics actor's word on."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.cpu_messages import CpuShortageChanged
from edge_video.log.events import LogEvent, event_text
from edge_video.metrics.cpu import CpuBound, CpuShortage, CpuUse
from edge_video.status.json import status_as_json, status_from_json
from edge_video.text.catalog import Language
from edge_video.top.header import machine_text, short_machine_text
from tests.edge_video.report.examples import busy_system
from tests.support.actors import quiesce

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.status.model import SystemStatus
    from tests.support.actors import ScriptedSystem

SHORT = CpuShortage(
    65.0,
    CpuUse(97.0, CpuBound.CORES, 2.0, 0.1, 0.0, waiting_percent=40.0),
    95.5,
    camera_id="door",
    camera_percent=80.4,
)


def test_the_supervisor_logs_its_begin_and_its_end(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    system = world_of("door")
    system.start()
    for change in (CpuShortageChanged(SHORT), CpuShortageChanged(SHORT, 300.0)):
        system.system.supervisor.tell(change)
    quiesce()
    logged = [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if getattr(record, "event", None) in (LogEvent.CPU_SHORT, LogEvent.CPU_ENOUGH)
    ]
    assert logged == [
        (
            "WARNING",
            (
                "CPU is short: 95.5% of 2 cores used for a minute, slow cameras: 0; door costs most"
                " (80.4% of a core): lower its fps, or use its substream or hwaccel"
            ),
        ),
        ("INFO", "CPU is enough again after 5m; slow cameras: 0"),
    ]


@pytest.mark.parametrize("bound", CpuBound)
@pytest.mark.parametrize("language", Language)
def test_every_bound_has_its_own_sentence(bound: CpuBound, language: Language) -> None:
    fields = {
        "bound": bound.value,
        "percent": 95.0,
        "cores": 2.0,
        "stolen_percent": 12.0,
        "others_cores": 1.1,
        "dearest": "door",
        "dearest_percent": 80.0,
        "slow": 2,
    }
    text = event_text(LogEvent.CPU_SHORT, fields, language)
    assert "door" in text
    assert "n/a" not in text


def short_system(shortage: CpuShortage = SHORT) -> SystemStatus:
    status = busy_system()
    assert status.process is not None
    return replace(status, process=replace(status.process, cpu=SHORT.use, cpu_shortage=shortage))


def test_top_names_it_first_where_there_is_little_room() -> None:
    status = short_system()
    text = "CPU SHORT: 96% of 2 cores, most by door (80%)"
    wide, narrow = machine_text(status, Language.EN), short_machine_text(status, Language.EN)
    assert wide is not None
    assert narrow is not None
    assert f" | {text} | memory WARNING" in wide.plain
    assert narrow.plain.startswith(f"{text} | memory WARNING | ")
    nobody = short_machine_text(short_system(replace(SHORT, camera_id="")), Language.EN)
    assert nobody is not None
    assert nobody.plain.startswith("CPU SHORT: 96% of 2 cores | ")


def test_a_status_with_a_shortage_survives_the_way_through_json() -> None:
    status = short_system()
    assert status_from_json(json.loads(json.dumps(status_as_json(status)))) == status
