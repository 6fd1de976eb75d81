"""The broker fails in every way it can; cameras, memory, accounting and messages do not."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.messages import CommandAnswer, CommandResult, InjectFault
from edge_video.app import start_system
from edge_video.config import AmqpConfig, CameraConfig, Config
from edge_video.faults import CrashActor, DropConnection
from edge_video.status.model import PublisherState, SystemStatus
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from edge_video.testing.rabbit import free_port
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.app import System
    from edge_video.testing.consumer import Message
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.ffmpeg, pytest.mark.rabbitmq]

PICTURE = "lavfi:testsrc2=size=320x240:rate=15,noise=alls=80:allf=u"
"""Grain makes a small picture of some 30 KB: cheap to make, and a leak of frames shows at once."""

CAMERAS = 4
FPS = 15
MAX_AGE_S = 2.0
SLACK_S = 0.5
"""A frame's age is judged when it is taken, and written down when it is published."""

MAX_GROWTH = 8_000_000
"""Bytes. A second of frames is some 1.8 MB: what is held and in flight fits, an outage does not."""

OUTAGE_S = 20.0
STARTS_IN_S = 7.0
"""What a node takes from its start until it listens, roughly; it belongs to the outage."""

RECONNECTED_S = 45.0
"""The longest wait between two tries is 30 s; the broker was back for some of it."""


def config_for(url: str, exchange: str, **amqp: Any) -> dict[str, Any]:
    return {
        "amqp": {"url": url, "exchange": exchange, **amqp},
        "cameras": [{"id": f"cam{n}", "url": PICTURE} for n in range(CAMERAS)],
        "fps": FPS,
        "quality": 2,
        "report_interval": "1s",
        "language": "en",
    }


def wait_for_cameras(program: Program) -> None:
    for n in range(CAMERAS):
        program.wait_for_log(f"[cam{n}]", "320x240")


def wait_for_monitor(program: Program, *fragments: str, count: int = 1) -> None:
    """Until so many lines of the monitor about the publisher say all this."""

    def lines() -> list[str]:
        publisher = [line for line in program.printed if line.startswith("Publisher:")]
        return [line for line in publisher if all(each in line for each in fragments)]

    eventually(lambda: len(lines()) >= count, 30, f"{count} monitors with {fragments}")


def pids(program: Program) -> list[int]:
    return sorted(child.pid for child in program.ffmpegs())


class Memory:
    """Samples a program's resident memory, in a thread, until it is closed."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._over = threading.Event()
        self.samples: list[int] = [self._read()]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _read(self) -> int:
        return int(self._program.psutil.memory_info().rss)

    def _run(self) -> None:
        while not self._over.wait(0.25):
            self.samples.append(self._read())

    def close(self) -> None:
        self._over.set()
        self._thread.join(5)

    @property
    def growth(self) -> int:
        return max(self.samples) - self.samples[0]


@contextmanager
def memory_of(program: Program) -> Iterator[Memory]:
    memory = Memory(program)
    try:
        yield memory
    finally:
        memory.close()


class Queue:
    """A durable queue: it outlives its broker's restart and catches the first frame after it.

    Its messages are transient, so what it holds after a restart was published after it.
    """

    def __init__(self, node: RabbitNode, exchange: str) -> None:
        self._node = node
        self._name = f"{exchange}.all"
        with node.channel() as channel:
            channel.exchange_declare(exchange, "topic", durable=True)
            channel.queue_declare(self._name, durable=True)
            channel.queue_bind(self._name, exchange, "#")

    def depth(self) -> int:
        with self._node.channel() as channel:
            return int(channel.queue_declare(self._name, passive=True).method.message_count)

    def wait_for(self, count: int, timeout_s: float) -> None:
        eventually(lambda: self.depth() >= count, timeout_s, f"{count} messages")

    def take_all(self) -> list[dict[str, Any]]:
        """The headers of everything in it."""
        headers: list[dict[str, Any]] = []
        with self._node.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(self._name, auto_ack=True)
                if method is None:
                    return headers
                assert body[:2] == b"\xff\xd8"
                headers.append(properties.headers)

    def delete(self) -> None:
        with self._node.channel() as channel:
            channel.queue_delete(self._name)


@pytest.fixture
def queue(broker: RabbitNode, exchange: str) -> Iterator[Queue]:
    made = Queue(broker, exchange)
    yield made
    broker.ensure_running()
    made.delete()


def assert_fresh(headers: list[dict[str, Any]]) -> None:
    ages_s = [(each["published_at_ns"] - each["captured_at_ns"]) / 1e9 for each in headers]
    assert max(ages_s) <= MAX_AGE_S + SLACK_S


def assert_in_order(headers: list[dict[str, Any]]) -> None:
    """Per camera the numbers rise, and nothing came twice."""
    last: Counter[str] = Counter()
    for each in headers:
        assert each["seq"] > last[each["camera_id"]]
        last[each["camera_id"]] = each["seq"]


def assert_cameras_untouched(report: dict[str, Any]) -> None:
    """A broker's failures are no failures of a camera."""
    for camera in report["cameras"]:
        assert camera["attempts"] == 1, camera
        assert camera["breaker"]["failures"] == 0, camera
        assert camera["breaker"]["changes"] == 0, camera
        assert camera["last_failure"] is None, camera


def assert_said_once_in_words(program: Program) -> None:
    """pika's own lines say each failure five times, and in Python."""
    assert [line for line in program.log if "pika" in line or "Traceback" in line] == []


def assert_frames_accounted_for(report: dict[str, Any]) -> dict[str, int]:
    assert report["accounting"]["balanced"] is True, report["accounting"]
    totals: dict[str, int] = report["totals"]
    reasons = ("overflow", "not_connected", "stale", "shutdown", "memory")
    assert totals["dropped"] == sum(totals[f"dropped_{reason}"] for reason in reasons)
    assert totals["held"] == totals["in_flight"] == 0
    return totals


# --- the program as a child -----------------------------------------------------------------


@pytest.mark.slow
def test_an_outage_of_20_s_under_load_heals_by_itself(
    tmp_path: Path, broker: RabbitNode, exchange: str, queue: Queue
) -> None:
    with Program(
        tmp_path, config_for(broker.url(), exchange), "--report-file", "final.json"
    ) as program:
        wait_for_cameras(program)
        queue.wait_for(3 * CAMERAS * FPS, 20)
        before = queue.take_all()
        running = pids(program)
        with memory_of(program) as memory:
            broker.stop()
            began_s = time.monotonic()
            program.wait_for_log("Publisher not connected", "next try in")
            wait_for_monitor(program, "✗ DISCONNECTED", "127.0.0.1")
            time.sleep(max(0.0, began_s + OUTAGE_S - STARTS_IN_S - time.monotonic()))
            broker.start()
            away_s = time.monotonic() - began_s
            program.wait_for_log("Publisher connected to", count=2, timeout_s=RECONNECTED_S)
            queue.wait_for(2 * CAMERAS * FPS, 20)
        after = queue.take_all()
        assert pids(program) == running
        assert len(running) == CAMERAS
        assert program.stop() == 0
        assert_said_once_in_words(program)

    assert memory.growth < MAX_GROWTH
    report = program.report()
    totals = assert_frames_accounted_for(report)
    assert_cameras_untouched(report)
    assert away_s > OUTAGE_S / 2
    assert totals["dropped_not_connected"] > away_s * CAMERAS * FPS / 2
    assert totals["dropped_memory"] == 0
    assert totals["nacked"] == totals["returned"] == 0
    for seen in (before, after):
        assert_fresh(seen)
        assert_in_order(seen)
    for n in range(CAMERAS):
        first = next(each for each in after if each["camera_id"] == f"cam{n}")
        # The header tells the consumer how much the outage cost it.
        assert first["dropped"] > away_s * FPS / 2
    assert report["publisher"]["connections"] == 2


def test_a_broker_that_is_absent_at_the_start_is_waited_for_in_words(
    tmp_path: Path, broker: RabbitNode, exchange: str, queue: Queue
) -> None:
    broker.stop()
    with Program(
        tmp_path, config_for(broker.url(), exchange), "--report-file", "final.json"
    ) as program:
        program.wait_for_log(
            "Publisher not connected", f"connection refused by 127.0.0.1:{broker.port}", "next try"
        )
        wait_for_cameras(program)
        wait_for_monitor(program, "✗ DISCONNECTED", "connection refused", "retry in")
        broker.start()
        program.wait_for_log("Publisher connected to", timeout_s=RECONNECTED_S)
        queue.wait_for(CAMERAS * FPS, 20)
        wait_for_monitor(program, "✓ CONNECTED")
        assert program.stop() == 0
        assert_said_once_in_words(program)
    seen = queue.take_all()
    assert_fresh(seen)
    assert_in_order(seen)
    report = program.report()
    totals = assert_frames_accounted_for(report)
    assert totals["confirmed"] == len(seen)
    assert_cameras_untouched(report)


def test_a_memory_alarm_blocks_the_publisher_and_nothing_else(
    tmp_path: Path, broker: RabbitNode, exchange: str
) -> None:
    config = config_for(broker.url(), exchange, confirm_timeout="2s")
    with (
        consume(broker, exchange) as consumer,
        Program(tmp_path, config, "--report-file", "final.json") as program,
    ):
        wait_for_cameras(program)
        consumer.wait_for(2 * CAMERAS * FPS)
        running = pids(program)
        with memory_of(program) as memory:
            broker.raise_memory_alarm()
            try:
                program.wait_for_log("Publisher blocked, frames wait", "memory")
                # Longer than a broker may be silent: one that is blocked is not given up.
                wait_for_monitor(program, "⚠ BLOCKED", "memory", count=5)
                blocked_at = len(consumer.messages)
            finally:
                broker.clear_memory_alarm()
            program.wait_for_log("Publisher no longer blocked")
            consumer.wait_for(blocked_at + 2 * CAMERAS * FPS)
        assert pids(program) == running
        assert program.stop() == 0
        assert_said_once_in_words(program)
    assert memory.growth < MAX_GROWTH
    report = program.report()
    totals = assert_frames_accounted_for(report)
    assert totals["dropped_overflow"] > 0
    assert totals["unknown"] == 0
    assert report["publisher"]["connections_lost"] == 0
    assert_cameras_untouched(report)
    headers = headers_of(consumer.messages)
    assert_in_order(headers)
    assert_fresh(headers)


def test_a_frozen_broker_is_given_up_and_resumed_after_the_thaw(
    tmp_path: Path, broker: RabbitNode, exchange: str, queue: Queue
) -> None:
    with Program(
        tmp_path, config_for(broker.url(), exchange), "--report-file", "final.json"
    ) as program:
        wait_for_cameras(program)
        queue.wait_for(CAMERAS * FPS, 20)
        running = pids(program)
        with memory_of(program) as memory:
            broker.freeze()
            program.wait_for_log("Publisher not connected: no confirm for 5 s", timeout_s=10)
            wait_for_monitor(program, "no confirm for 5 s")
            broker.thaw()
            program.wait_for_log("Publisher connected to", count=2, timeout_s=RECONNECTED_S)
            depth = queue.depth()
            queue.wait_for(depth + CAMERAS * FPS, 20)
        assert pids(program) == running
        assert program.stop() == 0
        assert_said_once_in_words(program)
    assert memory.growth < MAX_GROWTH
    report = program.report()
    totals = assert_frames_accounted_for(report)
    assert totals["unknown"] > 0
    assert_cameras_untouched(report)
    assert_fresh(queue.take_all())


@pytest.mark.parametrize(
    ("vhost", "words"),
    [
        ("/", "ACCESS_REFUSED: wrong user name or password"),
        ("no-such-vhost", "NOT_ALLOWED: virtual host 'no-such-vhost' does not exist"),
    ],
)
def test_what_will_not_heal_is_said_once_and_not_hammered(
    tmp_path: Path, broker: RabbitNode, exchange: str, vhost: str, words: str
) -> None:
    password = "canary/" + exchange
    url = broker.url(password=password if vhost == "/" else "guest", vhost=vhost)
    refusals = refusals_of(broker)
    with Program(tmp_path, config_for(url, exchange), "--report-file", "final.json") as program:
        program.wait_for_log("Publisher not connected", words, "next try in 30s")
        wait_for_cameras(program)
        wait_for_monitor(program, "✗ DISCONNECTED", words[:20], "retry in", count=4)
        assert program.stop() == 0
        assert_said_once_in_words(program)
    assert refusals_of(broker) - refusals == 1
    assert len([line for line in program.log if "Publisher not connected" in line]) == 1
    report = program.report()
    totals = assert_frames_accounted_for(report)
    assert totals["published"] == 0
    assert totals["dropped_shutdown"] > 0
    assert_cameras_untouched(report)
    assert "canary" not in program.output + program.report_file.read_text()


def refusals_of(broker: RabbitNode) -> int:
    """How often the broker has logged that it refused somebody."""
    text = "".join(each.read_text(errors="replace") for each in broker.root.glob("log/edge*.log"))
    return text.count("PLAIN login refused") + text.count("vhost no-such-vhost not found")


def test_a_stop_while_the_broker_is_away_drops_what_is_held(tmp_path: Path) -> None:
    url = f"amqp://127.0.0.1:{free_port()}/"
    with Program(tmp_path, config_for(url, "nowhere"), "--report-file", "final.json") as program:
        wait_for_cameras(program)
        wait_for_monitor(program, "✗ DISCONNECTED", count=2)
        began_s = time.monotonic()
        assert program.stop() == 0
        assert_said_once_in_words(program)
        took_s = time.monotonic() - began_s
    assert took_s < 10
    totals = assert_frames_accounted_for(program.report())
    assert totals["published"] == 0
    assert 0 < totals["dropped_shutdown"] <= 5 * CAMERAS  # never more than the buffers hold
    assert totals["dropped_shutdown"] + totals["dropped_not_connected"] == totals["received"]


def test_a_stop_while_the_broker_hangs_counts_what_is_in_flight_as_unknown(
    tmp_path: Path, broker: RabbitNode, exchange: str
) -> None:
    # A small window fills at once; a watchdog that waits longer than the whole stop.
    config = config_for(broker.url(), exchange, prefetch_count=7, confirm_timeout="60s")
    config["shutdown_timeout"] = "2s"
    with (
        consume(broker, exchange) as consumer,
        Program(tmp_path, config, "--report-file", "final.json") as program,
    ):
        wait_for_cameras(program)
        consumer.wait_for(CAMERAS)
        broker.freeze()
        # A window full of unconfirmed frames: nothing is published any more.
        eventually(lambda: window_is_full(program), 20, "a full window")
        began_s = time.monotonic()
        assert program.stop() == 0
        assert_said_once_in_words(program)
        took_s = time.monotonic() - began_s
        broker.thaw()
    # Cameras, then 2 s for the drain, then 2 s for the goodbye; the rest is the machine's.
    assert took_s < 12
    totals = assert_frames_accounted_for(program.report())
    assert 1 <= totals["unknown"] <= 7  # no more than would be on its way soon
    assert totals["dropped_shutdown"] > 0
    assert totals["published"] == totals["confirmed"] + totals["unknown"]


def window_is_full(program: Program) -> bool:
    """Whether three monitors in a row have said the same about the publisher."""
    publisher = [line for line in program.printed if line.startswith("Publisher:")]
    return len(publisher) > 3 and len(set(publisher[-3:])) == 1


def headers_of(messages: list[Message]) -> list[dict[str, Any]]:
    return [message.properties.headers for message in messages]


# --- the system in this process, broken by messages -----------------------------------------


class Watched:
    """A running system whose every sampled status must balance."""

    def __init__(self, system: System) -> None:
        self.system = system

    def status(self) -> SystemStatus:
        status = self.system.status()
        for camera in status.cameras:
            assert camera.frames.imbalance() is None, camera.camera_id
        assert status.totals.imbalance() is None
        return status

    def wait_until(self, condition: Callable[[SystemStatus], bool], what: str) -> SystemStatus:
        """Sample the status until it is so."""
        seen: list[SystemStatus] = []

        def holds() -> bool:
            seen[:] = [self.status()]
            return condition(seen[0])

        eventually(holds, 20, what)
        return seen[0]

    def inject(self, fault: DropConnection | CrashActor) -> None:
        answer = self.system.supervisor.ask(InjectFault("publisher", fault), timeout=5)
        assert answer == CommandAnswer(CommandResult.DONE)

    def flows(self) -> SystemStatus:
        """Until a second's worth of further frames is confirmed."""
        goal = self.status().totals.confirmed + CAMERAS * FPS
        return self.wait_until(lambda status: status.totals.confirmed >= goal, "frames flow")


@pytest.fixture
def watched(broker: RabbitNode, exchange: str) -> Iterator[Watched]:
    config = Config(
        amqp=AmqpConfig(url=broker.url(), exchange=exchange),
        cameras=[CameraConfig(id=f"cam{n}", url=PICTURE) for n in range(CAMERAS)],
    )
    system = start_system(config, allow_faults=True)
    try:
        yield Watched(system)
    finally:
        broker.ensure_running()
        stopped = system.stop()
    assert stopped.error is None
    assert stopped.status.totals.imbalance() is None
    for camera in stopped.status.cameras:
        assert camera.attempts == 1
        assert camera.breaker.failures == 0


def test_a_dropped_connection_costs_what_was_in_flight_and_comes_back(
    watched: Watched, broker: RabbitNode
) -> None:
    connected = watched.flows()
    assert connected.publisher.connections == 1
    broker.freeze()
    watched.wait_until(hangs(), "unconfirmed frames")
    watched.inject(DropConnection())
    lost = watched.wait_until(
        lambda status: status.publisher.connections_lost == 1, "a lost connection"
    )
    assert lost.totals.unknown >= 1
    assert lost.totals.in_flight == 0
    assert lost.publisher.state is PublisherState.WAITING
    assert lost.publisher.reason in {
        "connection closed by the broker's side",
        "connection reset by the broker",
    }
    assert lost.publisher.retry_in_s is not None
    broker.thaw()
    back = watched.wait_until(lambda status: status.publisher.connections == 2, "a connection")
    assert back.totals.unknown == lost.totals.unknown
    assert watched.flows().publisher.state is PublisherState.CONNECTED


def hangs() -> Callable[[SystemStatus], bool]:
    """Frames are on their way, and none of them has been confirmed for half a second."""
    confirmed, since_s = -1, time.monotonic()

    def is_so(status: SystemStatus) -> bool:
        nonlocal confirmed, since_s
        if status.totals.confirmed != confirmed or status.totals.in_flight == 0:
            confirmed, since_s = status.totals.confirmed, time.monotonic()
        return time.monotonic() - since_s > 0.5

    return is_so


def replaced(times: int) -> Callable[[SystemStatus], bool]:
    def is_so(status: SystemStatus) -> bool:
        restarts = status.restarts["publisher"]
        return restarts == times and status.publisher.connections == times + 1

    return is_so


def test_a_crashed_publisher_is_replaced_at_once(watched: Watched, broker: RabbitNode) -> None:
    watched.flows()
    for crash in (1, 2):
        broker.freeze()
        held = watched.wait_until(hangs(), "in flight")
        unknown = held.totals.unknown
        began_s = time.monotonic()
        watched.inject(CrashActor())
        broker.thaw()
        restarted = watched.wait_until(
            replaced(crash),
            "a new publisher, connected",
        )
        # One or two seconds on a quiet machine: the old connection gets up to 2 s to close.
        assert time.monotonic() - began_s < 8
        assert restarted.publisher.connections_lost == 0
        assert restarted.totals.unknown >= unknown
        watched.flows()
    threads = [thread.name for thread in threading.enumerate()]
    assert len([name for name in threads if name.startswith("amqp-")]) == 1
    assert len([name for name in threads if name.startswith("publisher-")]) == 1
