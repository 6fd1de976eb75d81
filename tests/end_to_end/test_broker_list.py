"""A list of brokers that do not all answer: the nodes of a cluster without a load balancer."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.frame_messages import GetFrameCounts, PublishFrame
from edge_video.actors.messages import InjectFault, PublisherStats
from edge_video.actors.publisher import PublisherActor, PublisherRuntime
from edge_video.config import AmqpConfig
from edge_video.delivery.outbox import Outbox
from edge_video.faults import DropConnection
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock, SystemTimer
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from edge_video.testing.rabbit import free_port
from edge_video.wiring.sinks import sink_for
from tests.support.actors import PICTURE, RecordingActor, heard_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.delivery.ledger import FrameCounts
    from edge_video.status.model import PublisherStatus
    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq

DRONE = CameraId("drone")


class Publishing:
    """A publisher by itself, for one camera."""

    def __init__(self, section: AmqpConfig, timer: SystemTimer) -> None:
        place, outbox = sink_for(section), Outbox(SystemClock())
        runtime = PublisherRuntime(
            clock=SystemClock(),
            timer=timer,
            sink=place.make(outbox),
            target=place.target,
            allow_faults=True,
            brokers=place.brokers,
        )
        self.recorder = RecordingActor.start()
        self.publisher = PublisherActor.start(outbox, runtime=runtime, supervisor=self.recorder)

    def stop(self) -> None:
        self.publisher.stop(timeout=10)
        self.recorder.stop(timeout=10)

    def status(self) -> PublisherStatus:
        found: PublisherStatus = heard_by(self.recorder, PublisherStats)[-1].status
        return found

    def send(self) -> None:
        frame = PublishFrame(DRONE, PICTURE, time.time_ns())
        self.publisher.ask(frame, block=True, timeout=5)

    def lose_the_connection(self) -> None:
        lost = self.status().connections_lost
        assert self.publisher.ask(InjectFault("publisher", DropConnection()), timeout=5)
        eventually(lambda: self.status().connections_lost == lost + 1)

    def counts(self) -> FrameCounts:
        found: FrameCounts = self.publisher.ask(GetFrameCounts(), block=True, timeout=5)[DRONE]
        return found


@contextmanager
def publishing(section: AmqpConfig) -> Iterator[Publishing]:
    """At the end every frame is settled and accounted for, and no password was shown."""
    timer = SystemTimer()
    timer.start()
    system = Publishing(section, timer)
    try:
        yield system
        eventually(lambda: system.counts().held == system.counts().in_flight == 0)
        assert system.counts().imbalance() is None
        assert "canary" not in str(system.status())
    finally:
        system.stop()
        timer.stop()


def test_frames_go_on_by_way_of_the_broker_that_is_up(broker: RabbitNode, exchange: str) -> None:
    dead = f"amqp://u:canary@127.0.0.1:{free_port()}"
    section = AmqpConfig(urls=[dead, broker.url()], exchange=exchange)
    with publishing(section) as system:
        with consume(broker, exchange) as consumer:
            system.send()
            consumer.wait_for(1)
            system.lose_the_connection()

            def comes_again() -> bool:
                system.send()
                return len(consumer.messages) > 1

            eventually(comes_again)
        last = system.status()
        assert system.counts().confirmed >= 1
    assert last.connections == 2
    assert last.failed_attempts >= 1, "the turn of the one that is down came in between"
    assert last.target == f"amqp://127.0.0.1:{broker.port}"
    assert "connection refused by 127.0.0.1" in str(last.outages)


def test_one_that_stands_still_costs_one_time_out_and_not_one_each_time(
    broker: RabbitNode, exchange: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # its kernel accepts, and nobody reads
        port = frozen.getsockname()[1]
        urls = [f"amqp://u:canary@127.0.0.1:{port}", broker.url()]
        section = AmqpConfig(urls=urls, exchange=exchange, handshake_timeout="1s")
        with publishing(section) as system:
            for times in range(1, 6):
                eventually(lambda: system.status().connections == times)  # noqa: B023 - now
                system.lose_the_connection()
            eventually(lambda: system.status().connections == 6)
            system.send()
            eventually(lambda: system.counts().confirmed == 1)
            last = system.status()
    assert last.failed_attempts == 1, last
    assert f"127.0.0.1:{port} did not answer in time" in str(last.outages)
