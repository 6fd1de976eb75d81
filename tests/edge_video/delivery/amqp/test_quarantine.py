"""Which camera it was that the broker refused, where its words name none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.amqp.exchange import ChannelState
from edge_video.delivery.amqp.frame_channel import FrameChannel
from edge_video.delivery.amqp.isolation import CameraIsolation
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.ledger import DropReason
from edge_video.delivery.round_robin import Admission
from edge_video.delivery.sink import FramesRefused
from edge_video.frames import CameraId
from tests.support.amqp import IdleOwner, host_without_connection

if TYPE_CHECKING:
    from edge_video.delivery.sink import SinkEvent

A, B = CameraId("a"), CameraId("b")


class ScriptedOwner(IdleOwner):
    """Opens channels that are ready at once, as many as there are."""

    def __init__(self, channels: int = 100) -> None:
        self.channels = channels
        self.now_s = 0.0
        self.released: list[FrameChannel] = []
        self.reported: list[FramesRefused] = []
        self.knowledge = BrokerKnowledge()
        self.host = host_without_connection(lambda: self.now_s, self.knowledge)
        self.isolation = CameraIsolation(self, self.host, self.hear)

    def open_private(self, camera_id: CameraId) -> FrameChannel | None:
        if not self.channels:
            return None
        self.channels -= 1
        channel = FrameChannel("e", self.host, self, camera_id)
        channel.set_state(ChannelState.READY)
        return channel

    def release_private(self, channel: FrameChannel) -> None:
        self.released.append(channel)

    def hear(self, event: SinkEvent) -> None:
        assert isinstance(event, FramesRefused)
        self.reported.append(event)


def test_each_suspect_publishes_on_a_channel_of_its_own_until_it_is_cleared_or_refused() -> None:
    owner = ScriptedOwner()
    owner.isolation.quarantine([A, B])
    assert [owner.isolation.admit(each, 1) for each in (A, B)] == [Admission.TAKE] * 2
    assert owner.isolation.channel(A) is not owner.isolation.channel(B)
    owner.isolation.settled(A, 1)
    assert owner.isolation.channel(A) is None
    assert owner.isolation.admit(A, 1) is None, "the usual way"
    owner.isolation.refuse_cameras([B], "odd")
    assert owner.isolation.admit(B, 1) is DropReason.REFUSED
    assert owner.reported == [FramesRefused(B, "odd", 60.0)]


def test_a_refused_camera_is_tried_again_with_a_single_frame() -> None:
    owner = ScriptedOwner()
    owner.isolation.refuse_cameras([A], "odd")
    owner.isolation.try_again()
    assert owner.isolation.channel(A) is None
    owner.now_s = 60.0
    owner.isolation.try_again()
    channel = owner.isolation.channel(A)
    assert channel is not None
    assert channel.on_trial
    assert owner.isolation.admit(A, 1) is Admission.TAKE
    owner.isolation.settled(A, 1)
    assert owner.isolation.is_idle
    assert owner.knowledge.refused_cameras == set()


def test_without_a_free_channel_a_suspect_stays_among_the_others() -> None:
    owner = ScriptedOwner(channels=1)
    owner.isolation.quarantine([A, B])
    assert owner.isolation.channel(A) is not None
    assert owner.isolation.admit(B, 1) is None


def test_no_more_than_a_few_channels_are_taken_at_once() -> None:
    owner = ScriptedOwner()
    owner.isolation.quarantine([CameraId(f"c{number}") for number in range(100)])
    assert len(owner.isolation.channels) == 32
