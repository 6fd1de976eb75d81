"""The API's description: complete, and true to what is served."""

from __future__ import annotations

from typing import Any

from edge_video.http.openapi import openapi
from edge_video.http.view import history_view, timeline_view
from edge_video.status.json import status_as_json
from edge_video.status.rate_history import DayOfRates
from edge_video.status.timeline import EntryKind, Timeline
from tests.edge_video.report.examples import busy_system

DESCRIPTION = openapi("1.2.3")
SCHEMAS = DESCRIPTION["components"]["schemas"]


def described(reference: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[reference["$ref"].rsplit("/", 1)[1]]
    return found


def references(value: object) -> set[str]:
    match value:
        case dict():
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        case list():
            return set[str]().union(*map(references, value))
    return set()


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DESCRIPTION):
        found: Any = DESCRIPTION
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_the_status_has_the_fields_that_are_described() -> None:
    status = status_as_json(busy_system())
    assert set(SCHEMAS["SystemStatus"]["properties"]) == set(status)
    cameras = status["cameras"]
    assert isinstance(cameras, list)
    for camera in cameras:
        assert isinstance(camera, dict)
        assert set(SCHEMAS["CameraStatus"]["properties"]) == set(camera)
        totals = described(SCHEMAS["CameraStatus"]["properties"]["frames"])
        assert isinstance(camera["frames"], dict)
        assert set(totals["properties"]) == set(camera["frames"])


def test_the_history_has_the_fields_that_are_described() -> None:
    shown = history_view(DayOfRates((15.0, None), 12.0), 10**9)
    assert set(SCHEMAS["History"]["properties"]) == set(shown)


def test_an_entry_of_the_timeline_has_the_fields_that_are_described() -> None:
    timeline = Timeline()
    timeline.add(EntryKind.CAMERA_FAILED, 1, subject="door")
    entries = timeline_view(timeline.version, timeline.entries)["entries"]
    assert isinstance(entries, list)
    assert isinstance(entries[0], dict)
    assert set(SCHEMAS["TimelineEntry"]["properties"]) == set(entries[0])


def test_every_operation_describes_what_any_answer_may_be() -> None:
    operations = [
        operation for path in DESCRIPTION["paths"].values() for operation in path.values()
    ]
    for operation in operations:
        assert {"400", "401", "403", "429", "500", "503"} <= set(operation["responses"])
