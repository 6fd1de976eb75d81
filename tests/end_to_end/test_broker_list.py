"""A list of brokers, of which one is down: the nodes of a cluster without a load balancer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

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
    from edge_video.delivery.ledger import FrameCounts
    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq

DRONE = CameraId("drone")


def test_frames_go_on_by_way_of_the_broker_that_is_up(broker: RabbitNode, exchange: str) -> None:
    dead = f"amqp://u:canary@127.0.0.1:{free_port()}"
    section = AmqpConfig(urls=[dead, broker.url()], exchange=exchange)
    recorder = RecordingActor.start()
    place, timer = sink_for(section), SystemTimer()
    outbox = Outbox(SystemClock())
    runtime = PublisherRuntime(
        clock=SystemClock(),
        timer=timer,
        sink=place.make(outbox),
        target=place.target,
        allow_faults=True,
        brokers=place.brokers,
    )
    timer.start()
    publisher = PublisherActor.start(outbox, runtime=runtime, supervisor=recorder)

    def status() -> Any:
        return heard_by(recorder, PublisherStats)[-1].status

    def send() -> bool:
        return (
            publisher.ask(PublishFrame(DRONE, PICTURE, time.time_ns()), block=True, timeout=5)
            is not None
        )

    def counts() -> FrameCounts:
        found: FrameCounts = publisher.ask(GetFrameCounts(), block=True, timeout=5)[DRONE]
        return found

    try:
        with consume(broker, exchange) as consumer:
            send()
            consumer.wait_for(1)
            assert publisher.ask(InjectFault("publisher", DropConnection()), timeout=5)
            eventually(lambda: status().connections_lost == 1)
            eventually(lambda: send() and len(consumer.messages) > 1)
        eventually(lambda: counts().held == counts().in_flight == 0)
        assert counts().imbalance() is None
        assert counts().confirmed >= 2
        last = status()
    finally:
        publisher.stop(timeout=10)
        recorder.stop(timeout=10)
        timer.stop()
    assert last.connections == 2
    assert last.failed_attempts >= 1, "the turn of the one that is down came in between"
    assert last.target == f"amqp://127.0.0.1:{broker.port}"
    assert "connection refused by 127.0.0.1" in str(last.outages)
    assert "canary" not in str(last)
