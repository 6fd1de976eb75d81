"""Which camera it was that the broker refused, where its words name none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.amqp.exchange import ChannelHost, ChannelState
from edge_video.delivery.amqp.frame_channel import FrameChannel
from edge_video.delivery.amqp.isolation import CameraIsolation
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.ledger import DropReason
from edge_video.delivery.round_robin import Admission
from edge_video.frames import CameraId

if TYPE_CHECKING:
    from edge_video.delivery.amqp.refusals import Refusal

A, B = CameraId("a"), CameraId("b")


class Owner:
    """Opens channels that are ready at once, as many as there are."""

    def __init__(self, channels: int = 100) -> None:
        self.channels = channels
        self.now_s = 0.0
        self.released: list[FrameChannel] = []
        self.told: list[tuple[CameraId, str, float | None]] = []
        self.knowledge = BrokerKnowledge()
        self.host = ChannelHost(
            lambda call: call, lambda _s, _c: None, str, lambda: self.now_s, 60.0, self.knowledge
        )
        self.isolation = CameraIsolation(self, self.knowledge, lambda: self.now_s, 60.0)

    def open_private(self, camera_id: CameraId) -> FrameChannel | None:
        if not self.channels:
            return None
        self.channels -= 1
        line = FrameChannel("e", self.host, self, camera_id)
        line.set_state(ChannelState.READY)
        return line

    def release_private(self, line: FrameChannel) -> None:
        self.released.append(line)

    def tell_refused(self, camera_id: CameraId, reason: str, retry_in_s: float | None) -> None:
        self.told.append((camera_id, reason, retry_in_s))

    def channel_opened(self, line: FrameChannel) -> None: ...
    def channel_changed(self) -> None: ...
    def channel_ready(self, line: FrameChannel) -> None: ...
    def channel_closed(self, line: FrameChannel, number: int, refusal: Refusal | None) -> None: ...
    def channel_refused(self, line: FrameChannel, reason: str, retry_in_s: float) -> None: ...
    def confirmed(self, line: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None: ...


def test_each_suspect_publishes_on_a_channel_of_its_own_until_it_is_cleared_or_refused() -> None:
    owner = Owner()
    owner.isolation.quarantine([A, B])
    assert [owner.isolation.admit(each, 1) for each in (A, B)] == [Admission.TAKE] * 2
    assert owner.isolation.line(A) is not owner.isolation.line(B)
    owner.isolation.settled(A, 1)
    assert owner.isolation.line(A) is None
    assert owner.isolation.admit(A, 1) is None, "the usual way"
    owner.isolation.refuse_cameras([B], "odd")
    assert owner.isolation.admit(B, 1) is DropReason.REFUSED
    assert owner.told == [(B, "odd", 60.0)]


def test_a_refused_camera_is_tried_again_with_a_single_frame() -> None:
    owner = Owner()
    owner.isolation.refuse_cameras([A], "odd")
    owner.isolation.try_again()
    assert owner.isolation.line(A) is None
    owner.now_s = 60.0
    owner.isolation.try_again()
    line = owner.isolation.line(A)
    assert line is not None
    assert line.on_trial
    assert owner.isolation.admit(A, 1) is Admission.TAKE
    owner.isolation.settled(A, 1)
    assert owner.isolation.is_idle
    assert owner.knowledge.refused_cameras == set()


def test_without_a_free_channel_a_suspect_stays_among_the_others() -> None:
    owner = Owner(channels=1)
    owner.isolation.quarantine([A, B])
    assert owner.isolation.line(A) is not None
    assert owner.isolation.admit(B, 1) is None


def test_no_more_than_a_few_channels_are_taken_at_once() -> None:
    owner = Owner()
    owner.isolation.quarantine([CameraId(f"c{number}") for number in range(100)])
    assert len(owner.isolation.lines) == 32
