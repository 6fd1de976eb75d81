from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path

from edge_video.delivery.ledger import FrameCounts
from edge_video.status.json import status_as_json
from edge_video.text.json import json_ready
from tests.edge_video.report.examples import assert_golden, busy_system, camera, system


def test_a_busy_system_matches_its_golden_file() -> None:
    shown = json.dumps(status_as_json(busy_system()), indent=2, ensure_ascii=False)
    assert_golden("status.json", shown)


def assert_complete(value: object, rendered: object, path: str) -> None:
    """Every field of every dataclass has its name in the rendered form, with the same number."""
    if is_dataclass(value):
        assert isinstance(rendered, dict), path
        for each in fields(value):
            assert each.name in rendered, f"{path}.{each.name}"
            name = f"{path}.{each.name}"
            assert_complete(getattr(value, each.name), rendered[each.name], name)
    elif isinstance(value, tuple):
        assert isinstance(rendered, list), path
        for index, (one, other) in enumerate(zip(value, rendered, strict=True)):
            assert_complete(one, other, f"{path}[{index}]")
    else:
        assert rendered == value, path


def test_every_number_of_a_snapshot_is_there() -> None:
    status = busy_system()
    rendered = json.loads(json.dumps(status_as_json(status), allow_nan=False))
    assert rendered["schema"] == 3
    assert_complete(status, rendered, "status")
    assert rendered["totals"]["received"] == status.totals.received
    assert rendered["totals"]["dropped"] == status.totals.dropped == 995
    assert rendered["cameras"][1]["frames"]["errors"] == 96
    assert rendered["accounting"] == {"balanced": True, "problems": []}


def test_counts_that_do_not_add_up_are_reported() -> None:
    wrong = camera("cam2", frames=FrameCounts(received=3, published=1, confirmed=1))
    accounting = status_as_json(system(wrong))["accounting"]
    assert accounting == {
        "balanced": False,
        "problems": [
            "cam2: received 3 != published 1 + dropped 0 + held 0",
            "totals: received 3 != published 1 + dropped 0 + held 0",
        ],
    }


def test_a_system_without_a_measurement_is_rendered() -> None:
    assert status_as_json(system())["process"] is None


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    hidden: str = field(repr=False, default="canary")


def test_anything_becomes_json_and_every_string_is_cleaned() -> None:
    rendered = json_ready(
        {
            "secret key": [Thing("secret"), Colour.RED, Path("/secret")],
            "numbers": (1, True, None, 0.5, math.inf, math.nan),
            "image": b"12345",
            Colour.RED: {"secret"},
        },
        lambda text: text.replace("secret", "***"),
    )
    assert rendered == {
        "*** key": [{"name": "***"}, "red", "/***"],
        "numbers": [1, True, None, 0.5, None, None],
        "image": "<5 bytes>",
        "red": ["***"],
    }
    assert type(json_ready(Colour.RED)) is str
