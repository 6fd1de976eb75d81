"""Faults on purpose: each is real, and undone afterwards."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.faults import AmqpFaults
from edge_video.delivery.amqp.frame_channel import FrameChannel
from edge_video.delivery.amqp.in_flight import InFlight
from edge_video.delivery.amqp.settings import AmqpSettings, Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    FramesUnroutable,
    SinkBlocked,
    SinkConnected,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import (
    BlockConnection,
    DiskFull,
    DropConnection,
    NackFrames,
    NoPermission,
    RefuseConnections,
    ReturnFrames,
    SlowConfirms,
    StopConfirming,
)
from edge_video.frames import Frame
from edge_video.runtime.timer import SystemClock
from edge_video.testing import FakeClock, eventually
from edge_video.testing.consumer import consume
from tests.support.amqp import (
    CAM1,
    CUT,
    IdleOwner,
    MakeRig,
    Rig,
    host_without_connection,
)
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.testing.rabbit import RabbitNode


@pytest.mark.rabbitmq
def test_a_connection_dropped_on_purpose_is_found_dead_by_pika_itself(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    assert rig.sink.inject(DropConnection())
    assert rig.heard.wait_for(SinkLost) in CUT


def test_a_connection_that_is_being_made_can_be_dropped_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = AmqpSettings("127.0.0.1", mute.getsockname()[1], "/", "u", "p")
        rig = Rig(settings, {CAM1: Route("e", "k")}, 60.0)
        rig.sink.open()
        client, _ = mute.accept()
        with client:
            rig.sink.inject(DropConnection())
            rig.heard.wait_for(SinkLost)
        assert rig.sink.close(5.0)


@pytest.mark.rabbitmq
def test_refused_connections_are_refused_by_the_kernel_and_said_of_the_broker(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, host="localhost")
    assert rig.sink.inject(RefuseConnections())
    rig.sink.open()
    words = f"connection refused by localhost:{broker.port}"
    assert rig.heard.wait_for(SinkLost) == SinkLost(words)
    assert rig.heard.events == [SinkLost(words)]


@pytest.mark.rabbitmq
def test_refused_connections_leave_one_that_stands_alone(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker).connect()
    rig.sink.inject(RefuseConnections())
    rig.put_all(10)
    assert rig.settle().confirmed == 10


@pytest.mark.rabbitmq
def test_withheld_confirms_settle_nothing_until_they_are_let_through(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, prefetch_count=3, confirm_timeout_s=60.0)
        rig.sink.inject(StopConfirming())
        rig.connect()
        for _ in range(5):
            rig.put()
        consumer.wait_for(3)
        assert rig.counts().in_flight == 3, "the broker has them, and the window is full"
        assert rig.counts().held == 2
        rig.sink.end_fault(StopConfirming())
        assert rig.settle().confirmed == 5
        consumer.wait_for(5)


@pytest.mark.rabbitmq
def test_a_broker_that_never_confirms_is_given_up_and_its_frames_are_unknown(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=2.0).connect()
    rig.sink.inject(StopConfirming())
    rig.put()
    assert rig.heard.wait_for(SinkLost) == SinkLost("no confirm for 2 s")
    assert rig.counts().unknown == 1


@pytest.mark.rabbitmq
def test_slow_confirms_settle_late_in_order_and_completely(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, prefetch_count=5).connect()
    rig.sink.inject(SlowConfirms(delay_s=0.3))
    began_s = time.monotonic()
    rig.put_all(10)
    counts = rig.settle()
    assert counts.confirmed == 10
    assert time.monotonic() - began_s >= 0.6, "two windows, each a delay late"
    assert counts.confirm_ns >= 10 * 0.3e9
    rig.sink.clear_faults()
    rig.put()
    assert rig.settle().confirmed == 11
    assert not rig.heard.of(SinkLost)


@pytest.mark.rabbitmq
def test_late_confirms_on_their_way_are_unknown_when_the_connection_dies(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker, confirm_timeout_s=60.0).connect()
        rig.sink.inject(SlowConfirms(delay_s=30))
        rig.put_all(4)
        consumer.wait_for(4)
        rig.sink.inject(DropConnection())
        rig.heard.wait_for(SinkLost)
    assert rig.counts().unknown == 4


class RecordingChannels:
    """Settles confirms in the window of their channel, and keeps what they named."""

    def __init__(self) -> None:
        self.settled: list[int] = []

    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None:
        assert not nack
        self.settled += [each.frame.seq for each in channel.window.settle(tag, multiple=multiple)]

    def adopt(self, pika_channel: Any) -> FrameChannel:
        raise AssertionError(pika_channel)

    def redirect(self, channel: FrameChannel, queue: str, frame: Frame) -> None: ...
    def channel_closed(
        self, channel: FrameChannel, number: int, refusal: Refusal | None
    ) -> None: ...


def test_a_late_confirm_of_a_channel_that_is_gone_settles_nothing_on_the_next_one() -> None:
    clock, channels = FakeClock(), RecordingChannels()
    host = host_without_connection(clock.monotonic)
    channel = FrameChannel("e", host, IdleOwner())
    faults = AmqpFaults(host, channels)
    faults.begin(StopConfirming())
    for seq, pika_channel in enumerate(("the first", "the second"), 1):
        channel.pika_channel = pika_channel
        channel.window.abandon()
        channel.window.add(InFlight(Frame(CAM1, seq, "s", b"", 0, 0.0, 0, 0, 0), "id", "k"))
        if seq == 1:
            assert faults.delays_confirm(channel, tag=1, multiple=False, nack=False)
    faults.clear()
    faults.act(None)
    assert channels.settled == []
    assert len(channel.window) == 1


@pytest.mark.rabbitmq
def test_frames_nacked_on_purpose_are_refused_by_the_broker_and_reach_nobody(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker).connect()
        rig.sink.inject(NackFrames(4))
        eventually(lambda: rig.put() or rig.settle().nacked == 4)
        before = rig.counts().confirmed
        rig.put_all(10)
        counts = rig.settle()
        consumer.wait_for(before + 10)
    assert (counts.nacked, counts.confirmed) == (4, before + 10)
    assert rig.heard.wait_for(FramesUnroutable) == FramesUnroutable(0, 1, "amq.default")


@pytest.mark.rabbitmq
def test_frames_returned_on_purpose_come_back_from_the_broker_and_reach_nobody(
    broker: RabbitNode, exchange: str, make_rig: MakeRig
) -> None:
    with consume(broker, exchange) as consumer:
        rig = make_rig(broker)
        rig.sink.inject(ReturnFrames(4))
        rig.connect()
        eventually(lambda: rig.put() or rig.settle().returned == 4)
        before = rig.counts().confirmed
        rig.put_all(10)
        counts = rig.settle()
        consumer.wait_for(before + 10)
    assert (counts.returned, counts.nacked, counts.confirmed) == (4, 0, before + 10)
    assert rig.heard.wait_for(FramesUnroutable).returned == 1


@pytest.mark.rabbitmq
def test_a_user_who_may_not_declare_a_queue_goes_on_publishing(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig(broker, username="limited", password="limited").connect()
    rig.sink.inject(NackFrames(4))
    eventually(lambda: "cannot be made to refuse" in caplog.text)
    rig.put_all(10)
    counts = rig.settle()
    assert (counts.confirmed, counts.nacked) == (10, 0)


@pytest.mark.rabbitmq
def test_a_block_on_purpose_is_told_as_the_brokers_and_only_once(
    broker: RabbitNode, make_rig: MakeRig
) -> None:
    rig = make_rig(broker, confirm_timeout_s=2.0)
    rig.sink.inject(BlockConnection())
    rig.connect()
    rig.heard.wait_for(SinkBlocked)
    rig.sink.inject(BlockConnection())
    for _ in range(20):
        rig.put()
    assert not threading.Event().wait(2.5), "longer than the broker may be silent"
    counts = rig.counts()
    assert (counts.published, counts.held, counts.dropped_overflow) == (0, 5, 15)
    rig.sink.clear_faults()
    assert rig.settle().confirmed == 5
    blocked = SinkBlocked("the broker takes no frames: blocked on request")
    target = f"amqp://127.0.0.1:{broker.port}"
    assert rig.heard.events == [SinkConnected(target), blocked, SinkUnblocked()]


def test_a_fault_of_a_directory_is_none_of_a_broker() -> None:
    sink = AmqpSink(
        AmqpSettings("h", 1, "/", "u", "p"),
        {CAM1: Route("e", "k")},
        Outbox(SystemClock()),
        Listener(),
        SystemClock(),
    )
    assert not sink.inject(DiskFull())
    assert not sink.inject(NoPermission())
