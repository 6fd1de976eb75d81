"""Drop reasons, causes and log events have one table each, and all it feeds has every member."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome, drop_field
from edge_video.http.camera_history import CameraExtra
from edge_video.http.metrics import render_metrics
from edge_video.http.status_store import Pulse, Snapshot
from edge_video.log.events import LogEvent, event_text
from edge_video.report.camera_text import format_drops
from edge_video.resilience.failures import Cause, Failure, policy_for
from edge_video.status import status_as_json, status_from_json
from edge_video.text.catalog import TEXTS, Language
from edge_video.text.formatting import format_failure
from tests.edge_video.report.examples import camera, system

if TYPE_CHECKING:
    from enum import Enum

ROOT = Path(__file__).parent.parent
DOCUMENTED = "".join(each.read_text() for each in (ROOT / "docs").rglob("*.md"))

TABLES: Final[dict[type[Enum], set[str]]] = {
    DropReason: set(),
    Cause: {"edge_video/text/cause_texts.py"},
    LogEvent: set(),
}
"""The tables, and the modules apart from their own that may name most of the members."""


def members_named(path: Path, table: type[Enum]) -> set[str]:
    """The members that a module names as `Table.MEMBER`."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == table.__name__ and node.attr in table.__members__:
                named.add(node.attr)
            if table is DropReason and node.attr in FrameCounts.__dataclass_fields__:
                named |= {each.name for each in DropReason if drop_field(each) == node.attr}
    return named


@pytest.mark.parametrize("table", TABLES)
def test_no_other_module_lists_the_members_of_a_table(table: type[Enum]) -> None:
    own = f"{table.__module__.replace('.', '/')}.py"
    most = len(table.__members__) * 0.7
    found = {
        str(path.relative_to(ROOT))
        for folder in ("edge_video", "actors")
        for path in (ROOT / folder).rglob("*.py")
        if len(members_named(path, table)) > most
    }
    assert found - {own} == TABLES[table]


def test_the_counts_have_a_field_for_each_drop_reason_and_for_each_outcome() -> None:
    names = {each.name for each in fields(FrameCounts)}
    assert {name for name in names if name.startswith("dropped_")} == set(
        map(drop_field, DropReason)
    )
    assert {outcome.value for outcome in Outcome} <= names


@pytest.mark.parametrize("reason", DropReason)
def test_a_drop_reason_is_summed_reported_measured_and_documented(reason: DropReason) -> None:
    counts = FrameCounts(received=7, **{drop_field(reason): 7})
    assert (counts.dropped, counts.dropped_for(reason)) == (7, 7)
    assert counts.imbalance() is None
    for language in Language:
        assert "7" in format_drops(counts, language)
    status = system(camera("door", frames=counts))
    rendered = status_as_json(status)
    totals = rendered["totals"]
    assert isinstance(totals, dict)
    assert (totals["dropped"], totals[drop_field(reason)]) == (7, 7)
    assert status_from_json(rendered).cameras[0].frames == counts
    shot = Snapshot(status, Pulse(0.0, 0.0), {"door": CameraExtra()}, 0)
    sample = f'edge_video_frames_dropped_total{{camera="door",reason="{reason.value}"}} 7'
    assert sample in render_metrics(shot).decode()
    assert drop_field(reason) in DOCUMENTED
    assert f"`{reason.value}`" in DOCUMENTED


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_has_its_text_its_advice_and_a_policy(cause: Cause) -> None:
    assert TEXTS.keys() >= {f"cause.{cause.value}", f"advice.{cause.value}"}
    for language in Language:
        assert format_failure(Failure(cause), language)
    assert policy_for(cause).min_wait_s >= 0.0


@pytest.mark.parametrize("event", LogEvent)
def test_a_log_event_has_its_fields_its_text_and_its_place_in_the_docs(event: LogEvent) -> None:
    for language in Language:
        assert event_text(event, {}, language)
    assert f"`{event.value}`" in DOCUMENTED
