"""What an operator reads of a broker that goes away, comes back, or blocks."""

from __future__ import annotations

import logging

import pytest

from edge_video.actors.connection_record import ConnectionRecord
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, event_text
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.testing import FakeClock
from edge_video.text.language import Language
from tests.support.actors import PICTURE

CAM = CameraId("cam")


class Scene:
    """A publisher's connections, and the lines about them."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "edge_video")
        self._caplog = caplog
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock)
        self.outbox.add_camera(CAM)
        self.outbox.open(CAM, 1, "session")
        self.record = self.successor(PublisherStatus(PublisherState.CONNECTING, "broker"))

    def successor(self, previous: PublisherStatus) -> ConnectionRecord:
        self.record = ConnectionRecord(self.outbox, self.clock, previous)
        self.record.begin()
        return self.record

    def frames(self, number: int) -> None:
        for _ in range(number):
            self.outbox.put(CAM, 1, PICTURE)

    def fail(
        self, seconds: float, reason: str = "connection refused", every_s: float = 5.0
    ) -> None:
        """Let attempts fail for so long."""
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            self.clock.advance(every_s)
            self.record.lost(reason, every_s)

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self._caplog.records]

    def in_portuguese(self) -> str:
        last = self._caplog.records[-1].__dict__
        return event_text(last["event"], last["fields"], Language.PT_BR)


@pytest.fixture
def scene(caplog: pytest.LogCaptureFixture) -> Scene:
    return Scene(caplog)


def test_the_end_of_an_outage_is_told_with_its_length_and_its_cost(scene: Scene) -> None:
    scene.record.connected("amqp://broker")
    assert scene.lines == ["Publisher connected to amqp://broker"]
    scene.record.lost("reset by the broker", 1.0)
    scene.frames(861)
    scene.clock.advance(1.0)
    scene.record.lost("connection refused", 2.0)
    scene.clock.advance(43.0)
    scene.record.connected("amqp://broker")
    assert scene.lines[1:] == [
        "Publisher not connected: reset by the broker; next try in 1s",
        "Publisher not connected for 1s, failed attempts: 1: connection refused; next try in 2s",
        "Publisher connected to amqp://broker again after 44s; frames dropped meanwhile: 861",
    ]
    assert scene.in_portuguese() == (
        "Publisher conectado a amqp://broker novamente após 44s;"
        " frames descartados nesse período: 861"
    )


def test_a_broker_that_came_late_is_not_connected_again(scene: Scene) -> None:
    scene.fail(5)
    scene.clock.advance(2)
    scene.record.connected("amqp://broker")
    assert scene.lines[-1].startswith("Publisher connected to amqp://broker after 7s;")


def test_the_first_attempt_is_part_of_the_outage_that_it_begins(scene: Scene) -> None:
    """A broker that is silent is waited for; a report counts that time, and so does the log."""
    scene.clock.advance(10)
    scene.record.lost("no answer within 10 s", 0.5)
    (line,) = scene.lines
    assert line == (
        "Publisher not connected for 10s, failed attempts: 1: no answer within 10 s;"
        " next try in 500ms"
    )


def test_a_broker_that_is_away_all_day_is_told_at_growing_pauses(scene: Scene) -> None:
    scene.record.connected("amqp://broker")
    scene.record.lost("reset by the broker", 1.0)
    scene.fail(24 * 3600)
    assert len(scene.lines) < 70
    assert scene.record.status.failed_attempts == 24 * 3600 / 5
    assert "failed attempts: 1:" in scene.lines[2]
    scene.record.connected("amqp://broker")
    assert "again after 24h" in scene.lines[-1]
    scene.record.lost("reset by the broker", 1.0)
    assert scene.lines[-1] == "Publisher not connected: reset by the broker; next try in 1s"


def test_a_new_reason_is_told_at_once(scene: Scene) -> None:
    scene.fail(30)
    before = len(scene.lines)
    scene.fail(5, "access refused")
    assert "access refused" in scene.lines[before]
    for n in range(50):
        scene.fail(0.1, f"reason {n}", every_s=0.1)
    assert len(scene.lines) <= before + 8


def test_a_broker_that_comes_and_goes_does_not_fill_the_log(scene: Scene) -> None:
    for _ in range(1000):
        scene.record.connected("amqp://broker")
        scene.clock.advance(1.0)
        scene.record.lost("reset by the broker", 1.0)
        scene.clock.advance(1.0)
    assert len(scene.lines) < 25
    assert scene.record.status.connections_lost == 1000


def test_a_block_is_told_with_its_length_and_its_cost(scene: Scene) -> None:
    scene.record.connected("amqp://broker")
    scene.frames(5)
    scene.record.blocked("memory alarm")
    scene.record.blocked("disk alarm")
    scene.frames(151)
    scene.clock.advance(12)
    assert scene.record.stats(None).status.down_for_s == 12.0
    scene.record.unblocked()
    assert scene.lines[-1] == (
        "Publisher no longer blocked after 12s; frames dropped meanwhile: 151"
    )
    assert scene.record.stats(None).status.down_for_s is None


def test_a_successor_tells_the_end_of_the_outage_that_its_predecessor_told(scene: Scene) -> None:
    scene.record.connected("amqp://broker")
    scene.record.lost("reset by the broker", 1.0)
    scene.clock.advance(3)
    scene.successor(scene.record.stats(None).status)
    scene.clock.advance(4)
    scene.record.connected("amqp://broker")
    assert "again after 7s" in scene.lines[-1]


def test_every_failed_attempt_can_be_read_by_who_looks_for_them(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "edge_video")
    scene.fail(500)
    told = [record.__dict__["event"] for record in caplog.records]
    assert len(told) == 100
    assert set(told) == {LogEvent.PUBLISHER_LOST, LogEvent.PUBLISHER_TRY_FAILED}
