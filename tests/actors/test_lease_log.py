"""What the log says of the nodes of a cluster: who is gone, and who merely cannot be heard."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.lease_log import LeaseLog
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.status.cluster import ClusterFacts, LeaseFacts, NodeFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER = (NodeFacts("edge-2"),)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> LeaseLog:
    """A log that knows another node, and has settled."""
    caplog.set_level(logging.INFO)
    log = LeaseLog()
    for now_s in (0.0, 50.0):
        log.look(facts(OTHER), now_s)
    return log


def facts(
    nodes: tuple[NodeFacts, ...] = (), *, suspect: bool = False, down: bool = False
) -> ClusterFacts:
    leases: Mapping[CameraId, LeaseFacts] = {
        CameraId("door"): LeaseFacts("SUSPECT" if suspect else "OWNER", 7, 1)
    }
    return ClusterFacts(
        node="edge-1", nodes=nodes, leases=leases, down_since_s=60.0 if down else None
    )


def gone(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        each.getMessage()
        for each in caplog.records
        if getattr(each, "event", None) is LogEvent.NODE_GONE
    ]


def test_a_node_that_is_silent_is_gone_once_this_one_cannot_be_it(
    log: LeaseLog, caplog: pytest.LogCaptureFixture
) -> None:
    for now_s in (51.0, 60.0):
        log.look(facts(), now_s)
    assert gone(caplog) == []
    for now_s in (61.0, 62.0):
        log.look(facts(), now_s)
    assert len(gone(caplog)) == 1


def test_a_node_that_says_goodbye_is_gone_at_once(
    log: LeaseLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.node_ended("edge-2")
    log.look(facts(), 51.0)
    [line] = gone(caplog)
    assert "has left in order" in line


def test_of_a_broker_that_hangs_nobody_is_told_to_be_gone(
    log: LeaseLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.look(facts(suspect=True), 57.0)
    log.look(facts(suspect=True), 59.0)
    for now_s in (60.0, 90.0):
        log.look(facts(suspect=True, down=True), now_s)
    log.look(facts(), 91.0)
    log.look(facts(OTHER), 93.0)
    log.look(facts(OTHER), 120.0)
    assert gone(caplog) == []


def test_a_node_that_stays_away_after_an_outage_is_told(
    log: LeaseLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.look(facts(down=True), 60.0)
    for now_s in (70.0, 81.0):
        log.look(facts(), now_s)
    assert gone(caplog) == []
    log.look(facts(), 82.0)
    assert len(gone(caplog)) == 1
