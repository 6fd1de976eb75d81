"""A snapshot survives its JSON form, and what is no snapshot is refused in words."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.json import NotAStatusError, status_as_json, status_from_json
from edge_video.status.model import CameraPhase, SystemStatus
from tests.edge_video.report.examples import breaker, camera, good_counts, sample, system

STATUS = system(
    camera("door", frames=good_counts(100), last_frame_ago_s=0.1),
    camera(
        "yard",
        CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, failures=5, retry_in_s=None, forced_open=True),
        failure=Failure(Cause.REFUSED, "refused", 1),
    ),
    process=sample(),
)


def through_json(status: SystemStatus) -> Any:
    return json.loads(json.dumps(status_as_json(status)))


@pytest.mark.parametrize("status", [STATUS, system(), system(camera())])
def test_a_snapshot_comes_back_as_it_was(status: SystemStatus) -> None:
    assert status_from_json(through_json(status)) == status


def test_the_recorded_status_is_one() -> None:
    golden = Path(__file__).parents[1] / "report/golden/status.json"
    assert status_from_json(json.loads(golden.read_text())).cameras


def test_what_a_newer_system_adds_does_no_harm() -> None:
    document = through_json(STATUS)
    document["invented"] = {"later": 1}
    document["cameras"][1]["last_failure"]["cause"] = "invented_later"
    del document["restarts"]
    status = status_from_json(document)
    assert status.cameras[1].last_failure == Failure(Cause.UNKNOWN, "refused", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.pop("cameras"), "status.cameras is missing"),
        (lambda document: document.update(cameras={}), "status.cameras is not a list"),
        (lambda document: document.update(uptime_s="1"), "status.uptime_s is not a number"),
        (
            lambda document: document["cameras"][0].update(target_fps=True),
            "status.cameras[0].target_fps is not a whole number",
        ),
        (
            lambda document: document["cameras"][0].update(phase="x"),
            "status.cameras[0].phase has an unknown value",
        ),
        (
            lambda document: document.update(taken_at_ns=2**64),
            "status.taken_at_ns is no number that can be meant",
        ),
        (
            lambda document: document.update(uptime_s=math.inf),
            "status.uptime_s is no number that can be meant",
        ),
        (lambda document: document.update(publisher=[]), "status.publisher is not an object"),
    ],
)
def test_what_is_no_snapshot_is_refused_with_its_place(change: Any, message: str) -> None:
    document = through_json(STATUS)
    change(document)
    with pytest.raises(NotAStatusError) as error:
        status_from_json(document)
    assert str(error.value) == message


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(deadline=None)
@given(documents, st.sampled_from(sorted(through_json(STATUS))))
def test_any_document_is_a_snapshot_or_refused(value: Any, key: str) -> None:
    for document in (value, through_json(STATUS) | {key: value}):
        try:
            status_from_json(document)
        except NotAStatusError:
            continue
