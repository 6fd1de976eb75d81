"""Everything that can be broken on purpose on the way to a sink: one test per row of the table.

The table is docs/reliability.md, *Publisher and sinks*. The broker and the disk are real; frames
come from a scripted camera, because the camera is not the point. Each look at the status asserts
the accounting; each figure that the table quotes is printed and recorded as a property of its test.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from edge_video.actors.messages import ClearFaults, CommandAnswer, CommandResult, InjectFault
from edge_video.app import start_system
from edge_video.config import AmqpConfig, CameraConfig, Config, DirectorySinkConfig
from edge_video.faults import (
    BlockConnection,
    CrashActor,
    DiskFull,
    DropConnection,
    NackFrames,
    NoPermission,
    RefuseConnections,
    ReturnFrames,
    SlowConfirms,
    StopConfirming,
)
from edge_video.log.events import LogEvent
from edge_video.status.model import CameraStatus, PublisherState, SystemStatus
from edge_video.testing.consumer import consume
from tests.support.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.delivery.ledger import FrameCounts
    from edge_video.faults import Fault
    from edge_video.resilience.failures import Failure
    from edge_video.testing.rabbit import RabbitNode

CAMERAS = 4
BUFFER = 5
FPS = 25
"""Of each camera, frames a second."""

FRAME_BYTES = 30_000
PATIENCE_S = 30.0
AT_MOST_S = 5.0
"""What a figure may be on a machine that others use; the figure itself is what is recorded."""


def assert_books(counts: FrameCounts) -> None:
    assert counts.imbalance() is None, counts
    settled = counts.confirmed + counts.nacked + counts.returned + counts.unknown
    assert counts.published == settled + counts.in_flight
    assert counts.received == counts.published + counts.dropped + counts.held


class Running:
    """A system whose publisher is broken by messages; every status it shows must balance."""

    def __init__(self, config: Config, caplog: pytest.LogCaptureFixture, size: int) -> None:
        self._caplog = caplog

        def pump(
            camera: CameraConfig,
            *,
            on_frame: Callable[[bytes], object],
            on_end: Callable[[Failure], None],
        ) -> Pump:
            del camera, on_end
            return Pump(on_frame, FPS, size)

        self.system = start_system(config, allow_faults=True, capture=pump)

    def status(self) -> SystemStatus:
        status = self.system.status()
        for camera in status.cameras:
            assert_books(camera.frames)
            assert camera.frames.held <= BUFFER
        assert_books(status.totals)
        return status

    def camera(self, camera_id: str) -> CameraStatus:
        return next(each for each in self.status().cameras if each.camera_id == camera_id)

    def wait_until(
        self, condition: Callable[[SystemStatus], object], what: str, timeout_s: float = PATIENCE_S
    ) -> SystemStatus:
        deadline = time.monotonic() + timeout_s
        while not condition(status := self.status()):
            assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}; {status}"
            time.sleep(0.02)
        return status

    def flows(self) -> SystemStatus:
        """Until half a second's worth of further frames of all cameras is confirmed."""
        goal = self.status().totals.confirmed + CAMERAS * FPS // 2
        return self.wait_until(lambda now: now.totals.confirmed >= goal, "frames flow")

    def inject(self, fault: Fault) -> float:
        """Break the publisher; the wall clock at that moment."""
        now_s = time.time()
        answer = self.system.supervisor.ask(InjectFault("publisher", fault), timeout=5)
        assert answer == CommandAnswer(CommandResult.DONE)
        return now_s

    def clear(self) -> float:
        """Undo everything; the wall clock at that moment."""
        now_s = time.time()
        answer = self.system.supervisor.ask(ClearFaults("publisher"), timeout=5)
        assert answer == CommandAnswer(CommandResult.DONE)
        return now_s

    # --- what the operator is told ---

    def lines(self, event: LogEvent, *fragments: str) -> list[logging.LogRecord]:
        return [
            record
            for record in list(self._caplog.records)
            if getattr(record, "event", None) is event
            and all(each in record.getMessage() for each in fragments)
        ]

    def wait_for_line(
        self, event: LogEvent, *fragments: str, count: int = 1, timeout_s: float = PATIENCE_S
    ) -> logging.LogRecord:
        self.wait_until(
            lambda _: len(self.lines(event, *fragments)) >= count,
            f"{count} lines {event} {fragments}",
            timeout_s,
        )
        return self.lines(event, *fragments)[count - 1]

    def warnings(self) -> list[str]:
        """All that would make an operator look, the faults' own announcements left out."""
        return [
            record.getMessage()
            for record in self._caplog.records
            if record.levelno >= logging.WARNING
            and record.name.split(".")[0] == "edge_video"
            and getattr(record, "event", None) is not LogEvent.FAULT_INJECTED
        ]

    def reconnection_s(self, connections: int) -> float:
        """How much later than announced connection number `connections` was there, seconds."""
        connected = self.wait_for_line(LogEvent.PUBLISHER_CONNECTED, count=connections)
        losses = self.lines(LogEvent.PUBLISHER_LOST) + self.lines(LogEvent.PUBLISHER_TRY_FAILED)
        losses.sort(key=lambda each: each.created)
        lost = next(each for each in reversed(losses) if each.created <= connected.created)
        announced_s: float = lost.__dict__["fields"]["retry_in_s"]
        return connected.created - lost.created - announced_s


@contextmanager
def running(
    caplog: pytest.LogCaptureFixture, size: int = FRAME_BYTES, **keys: Any
) -> Iterator[Running]:
    """A system under load, connected; afterwards it stops in order and its accounting balances."""
    caplog.set_level(logging.INFO, "edge_video")
    caplog.set_level(logging.INFO, "edge_video")
    caplog.set_level(logging.DEBUG, "edge_video.actors.publisher")
    config = Config(
        cameras=[CameraConfig(id=f"cam{n}", url="rtsp://10.0.0.1/s") for n in range(CAMERAS)],
        buffer=BUFFER,
        **keys,
    )
    made = Running(config, caplog, size)
    try:
        made.flows()
        yield made
    finally:
        stopped = made.system.stop()
    assert stopped.error is None
    final = stopped.status
    assert final.totals.in_flight == final.totals.held == 0
    for camera in final.cameras:
        assert_books(camera.frames)
        assert camera.attempts == 1, "a failure of the sink is no failure of a camera"
        assert camera.breaker.failures == 0
    assert not made.lines(LogEvent.LEDGER_IMBALANCE)


Measure = Any


@pytest.fixture
def measure(record_property: Callable[[str, object], None]) -> Measure:
    """Record a figure of the table, in seconds, and print it."""

    def write(what: str, seconds: float) -> None:
        record_property(what, round(seconds, 3))
        print(f"measured: {what}: {seconds:.3f} s")
        assert seconds < AT_MOST_S, what

    return write


def amqp(broker: RabbitNode, exchange: str, **keys: Any) -> dict[str, Any]:
    keys = {"confirm_timeout": 5.0, **keys}
    return {"amqp": AmqpConfig(url=broker.url(), exchange=exchange, **keys)}


def directory(folder: Path) -> dict[str, Any]:
    return {"sink": DirectorySinkConfig(path=str(folder), keep=5)}


# --- the connection --------------------------------------------------------------------------


@pytest.mark.rabbitmq
def test_drop_connection(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        now.inject(DropConnection())
        lost = now.wait_for_line(LogEvent.PUBLISHER_LOST, "next try in").getMessage()
        # Which of the two depends on what was on its way when the socket was shut.
        assert "closed by the broker's side" in lost or "reset by the broker" in lost
        measure("reconnected after the announced wait", now.reconnection_s(2))
        after = now.flows()
        assert (after.publisher.connections_lost, after.publisher.connections) == (1, 2)
        assert after.totals.nacked == after.totals.returned == 0
        assert len(now.warnings()) == 1


@pytest.mark.rabbitmq
def test_refuse_connections(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        now.inject(RefuseConnections())
        before = now.flows()
        assert before.publisher.connections_lost == 0, "the connection that stands is not touched"
        now.inject(DropConnection())
        refused = f"connection refused by 127.0.0.1:{broker.port}"
        now.wait_for_line(LogEvent.PUBLISHER_LOST, refused)
        during = now.wait_until(lambda it: it.totals.dropped_not_connected > BUFFER, "drops")
        assert during.totals.in_flight == 0
        now.inject(RefuseConnections(for_s=0.2))  # from now on it ends by itself
        measure("reconnected after the announced wait", now.reconnection_s(2))
        after = now.flows()
        told = now.lines(LogEvent.PUBLISHER_LOST, refused)
        others = now.lines(LogEvent.PUBLISHER_TRY_FAILED, refused)
        assert len(now.warnings()) == 1 + len(told), "what repeats itself is told seldom"
        assert after.publisher.connections_lost == 1
        assert after.publisher.failed_attempts == len(told) + len(others)
        assert after.totals.unknown == during.totals.unknown


@pytest.mark.rabbitmq
def test_stop_confirming(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    """Memory flat, outboxes drop, the operator is told within 10 s; with the real time-out."""
    size, most_growth = 100_000, 32_000_000
    with running(caplog, size, **amqp(broker, exchange)) as now:
        memory = psutil.Process().memory_info
        began = now.flows().totals
        began_rss = memory().rss
        injected_s = now.inject(StopConfirming())
        lost = now.wait_for_line(LogEvent.PUBLISHER_LOST, "no confirm for 5 s")
        told_s = lost.created - injected_s
        assert told_s < 10
        print(f"measured: the operator is told after {told_s:.1f} s")
        at_loss = now.status().totals
        # The next connection is no better: the fault outlives the one that it began on.
        now.wait_for_line(LogEvent.PUBLISHER_CONNECTED, count=2)
        window: list[int] = []
        most_rss = 0

        def looked(status: SystemStatus) -> bool:
            nonlocal most_rss
            window.append(status.totals.in_flight)
            most_rss = max(most_rss, memory().rss)
            return len(now.lines(LogEvent.PUBLISHER_LOST, "no confirm")) >= 2

        during = now.wait_until(looked, "a second loss").totals
        growth = most_rss - began_rss
        print(f"measured: memory grew by {growth / 1e6:.1f} MB")
        assert during.received_bytes - began.received_bytes > 2 * most_growth
        assert growth < most_growth
        assert max(window) <= 50, "prefetch_count"
        assert during.dropped_overflow - began.dropped_overflow > FPS * CAMERAS
        assert at_loss.unknown > 0
        booked = now.wait_until(lambda each: each.totals.unknown > at_loss.unknown, "both windows")
        assert booked.totals.imbalance() is None
        assert during.confirmed == at_loss.confirmed, "not one, for a whole connection"
        assert len(now.warnings()) == 2
        now.clear()
        measure("reconnected after the announced wait", now.reconnection_s(3))
        now.flows()


@pytest.mark.rabbitmq
def test_slow_confirms(broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture) -> None:
    delay_s = 0.3
    with running(caplog, **amqp(broker, exchange, prefetch_count=10)) as now:
        before = now.status().totals
        now.inject(SlowConfirms(delay_s))
        slow = now.wait_until(
            lambda it: it.totals.confirmed >= before.confirmed + 50, "slow confirms"
        ).totals
        taken_ns = slow.confirm_ns - before.confirm_ns
        assert taken_ns > 30 * delay_s * 1e9
        assert slow.dropped_overflow > before.dropped_overflow, "a window of 10 is too small for it"
        now.clear()
        after = now.flows()
        assert (after.totals.unknown, after.totals.nacked) == (0, 0)
        assert after.publisher.connections_lost == 0
        assert now.warnings() == [], "slow is no failure"


@pytest.mark.rabbitmq
def test_nack_frames(broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture) -> None:
    with (
        consume(broker, exchange) as consumer,
        running(caplog, **amqp(broker, exchange)) as now,
    ):
        now.inject(NackFrames(25))
        now.wait_until(lambda it: it.totals.nacked == 25, "25 nacks")
        after = now.flows()
        assert (after.totals.nacked, after.totals.returned, after.totals.unknown) == (25, 0, 0)
        assert len(now.lines(LogEvent.FRAMES_UNROUTABLE)) == 1
        assert len(now.warnings()) == 1
        confirmed = now.status().totals.confirmed
        consumer.wait_for(confirmed)
        assert after.publisher.connections_lost == 0


@pytest.mark.rabbitmq
def test_return_frames(broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        now.inject(ReturnFrames(25))
        now.wait_until(lambda it: it.totals.returned == 25, "25 returns")
        after = now.flows()
        assert (after.totals.nacked, after.totals.returned, after.totals.unknown) == (0, 25, 0)
        assert len(now.lines(LogEvent.FRAMES_UNROUTABLE)) == 1
        assert len(now.warnings()) == 1
        assert after.publisher.connections_lost == 0


@pytest.mark.rabbitmq
def test_block_connection(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **amqp(broker, exchange, confirm_timeout=0.5)) as now:
        injected_s = now.inject(BlockConnection(for_s=3.0))
        now.wait_for_line(LogEvent.PUBLISHER_BLOCKED, "blocked on request")
        before = now.wait_until(lambda it: not it.totals.in_flight, "what was under way").totals
        during = now.wait_until(
            lambda it: it.totals.dropped_overflow > before.dropped_overflow + 50, "overflow"
        )
        assert during.publisher.state is PublisherState.BLOCKED
        assert during.totals.published == before.published
        unblocked = now.wait_for_line(LogEvent.PUBLISHER_UNBLOCKED)
        measure("unblocked after its time", unblocked.created - injected_s - 3.0)
        after = now.flows()
        assert (after.publisher.connections_lost, after.totals.unknown) == (0, 0)
        assert len(now.warnings()) == 1


# --- the publisher itself --------------------------------------------------------------------


@pytest.mark.rabbitmq
@pytest.mark.parametrize("hung", [False, True], ids=["broker well", "broker hung"])
def test_crash_publisher(
    broker: RabbitNode,
    exchange: str,
    caplog: pytest.LogCaptureFixture,
    measure: Measure,
    hung: bool,
) -> None:
    with running(caplog, **amqp(broker, exchange, confirm_timeout=30.0)) as now:
        if hung:
            broker.freeze()
            now.wait_until(lambda it: it.totals.in_flight >= 10, "in flight")
        injected_s = now.inject(CrashActor())
        restarted = now.wait_for_line(LogEvent.ACTOR_RESTARTED, "publisher")
        measure("a new publisher", restarted.created - injected_s)
        broker.thaw()
        connected = now.wait_for_line(LogEvent.PUBLISHER_CONNECTED, count=2)
        measure("connected again", connected.created - injected_s)
        after = now.flows()
        assert after.restarts["publisher"] == 1
        assert not hung or after.totals.unknown >= 10
        assert after.publisher.connections_lost == 0
        assert len(now.warnings()) == 2, "it crashed, it is restarted"


# --- the directory sink ----------------------------------------------------------------------


def test_disk_full(tmp_path: Path, caplog: pytest.LogCaptureFixture, measure: Measure) -> None:
    with running(caplog, **directory(tmp_path)) as now:
        injected_s = now.inject(DiskFull(for_s=2.5))
        now.wait_for_line(LogEvent.PUBLISHER_BLOCKED, f"{tmp_path}: the disk is full")
        before = now.status().totals
        during = now.wait_until(
            lambda it: it.totals.dropped_overflow > before.dropped_overflow + 50, "overflow"
        )
        assert during.totals.confirmed == before.confirmed
        assert 0 < during.totals.nacked <= 5, "one try a second"
        unblocked = now.wait_for_line(LogEvent.PUBLISHER_UNBLOCKED)
        measure("written again after its time", unblocked.created - injected_s - 2.5)
        now.flows()
        assert len(now.warnings()) == 1
        assert not list(tmp_path.glob("*/.new*"))


def test_no_permission_for_one_camera(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **directory(tmp_path)) as now:
        now.inject(NoPermission("cam0"))
        words = f"{tmp_path / 'cam0'}: no permission to write"
        now.wait_for_line(LogEvent.ROUTE_REFUSED, words)
        now.flows()
        refused = now.camera("cam0").frames
        assert refused.nacked > 0
        assert all(now.camera(f"cam{n}").frames.nacked == 0 for n in range(1, CAMERAS))
        cleared_s = now.clear()
        now.wait_until(
            lambda _: now.camera("cam0").frames.confirmed > refused.confirmed, "cam0 again"
        )
        measure("written again", time.time() - cleared_s)
        assert len(now.warnings()) == 1


def test_no_permission_for_all_cameras(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **directory(tmp_path)) as now:
        now.inject(NoPermission())
        now.wait_for_line(LogEvent.PUBLISHER_BLOCKED, f"{tmp_path}: no permission to write")
        now.wait_until(lambda it: it.totals.dropped_overflow > 50, "overflow")
        cleared_s = now.clear()
        unblocked = now.wait_for_line(LogEvent.PUBLISHER_UNBLOCKED)
        measure("written again", unblocked.created - cleared_s)
        now.flows()
        assert len(now.warnings()) == 1


# --- what brokers do by themselves -----------------------------------------------------------


@pytest.mark.rabbitmq
def test_node_restart(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        broker.ctl("stop_app")  # all of RabbitMQ; what remains is the empty virtual machine
        first = now.wait_for_line(LogEvent.PUBLISHER_LOST).getMessage()
        assert "closed by the broker: CONNECTION_FORCED" in first
        broker.ctl("start_app")
        measure("reconnected after the announced wait", now.reconnection_s(2))
        after = now.flows()
        assert after.publisher.connections_lost == 1
        assert 1 <= len(now.warnings()) <= 1 + after.publisher.failed_attempts


@pytest.mark.rabbitmq
def test_closed_by_the_administrator(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture, measure: Measure
) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        broker.ctl("close_all_connections", "maintenance at noon")
        now.wait_for_line(
            LogEvent.PUBLISHER_LOST, "closed by the broker: CONNECTION_FORCED - maintenance at noon"
        )
        measure("reconnected after the announced wait", now.reconnection_s(2))
        now.flows()
        assert len(now.warnings()) == 1


@pytest.mark.rabbitmq
def test_exchange_deleted(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running(caplog, **amqp(broker, exchange)) as now:
        with broker.channel() as channel:
            channel.exchange_delete(exchange)
        now.wait_until(lambda _: now.warnings(), "a word about it")
        after = now.flows()
        assert f"exchange '{exchange}' is declared again" in now.warnings()[0]
        assert len(now.warnings()) == 1
        assert after.publisher.connections_lost == 0
        with consume(broker, exchange) as consumer:
            consumer.wait_for(CAMERAS)


@pytest.mark.rabbitmq
def test_exchange_that_refuses(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = f"{exchange}.internal"
    with broker.channel() as channel:
        channel.exchange_declare(other, "topic", durable=True, internal=True)
    cameras = [
        CameraConfig(id="cam0", url="rtsp://10.0.0.1/s"),
        CameraConfig(id="cam1", url="rtsp://10.0.0.1/s", exchange=other),
    ]
    caplog.set_level(logging.INFO)
    config = Config(cameras=cameras, **amqp(broker, exchange))
    now = Running(config, caplog, FRAME_BYTES)
    try:
        now.wait_for_line(LogEvent.ROUTE_REFUSED, f"ACCESS_REFUSED: exchange '{other}' is internal")
        after = now.wait_until(lambda it: it.totals.confirmed >= 3 * FPS, "cam0 goes on")
        assert now.camera("cam0").frames.nacked == 0
        assert now.camera("cam1").frames.dropped_refused > 0
        assert now.camera("cam1").frames.confirmed == 0
        assert (after.publisher.connections_lost, len(now.warnings())) == (0, 1)
    finally:
        assert now.system.stop().error is None
        with broker.channel() as channel:
            channel.exchange_delete(other)


@pytest.mark.rabbitmq
def test_queue_that_rejects(
    broker: RabbitNode, exchange: str, caplog: pytest.LogCaptureFixture
) -> None:
    limits = {"x-max-length": 1, "x-overflow": "reject-publish"}
    with (
        running(caplog, **amqp(broker, exchange)) as now,
        broker.channel() as channel,
    ):
        queue = channel.queue_declare("", exclusive=True, arguments=limits).method.queue
        channel.queue_bind(queue, exchange, "#")
        now.wait_until(lambda it: it.totals.nacked >= 2 * FPS, "real nacks")
        channel.queue_unbind(queue, exchange, "#")
        after = now.flows()
        assert (after.publisher.connections_lost, after.totals.unknown) == (0, 0)
        assert len(now.warnings()) == len(now.lines(LogEvent.FRAMES_UNROUTABLE)) == 1
