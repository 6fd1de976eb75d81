"""A channel's window of unconfirmed frames, by itself."""

from __future__ import annotations

from edge_video.delivery.amqp.frame_channel import FrameChannel
from edge_video.delivery.amqp.in_flight import InFlight, Window
from edge_video.frames import Frame
from edge_video.testing import FakeClock
from tests.support.amqp import CAM1, IdleOwner, host_without_connection


def frame(seq: int) -> Frame:
    return Frame(CAM1, seq, "s", bytes(10), 0, 0.0, 0, 0, 0)


def in_flight(seq: int) -> InFlight:
    return InFlight(frame(seq), f"s-{seq}", "k", float(seq))


def seqs(frames: list[InFlight]) -> list[int]:
    return [each.frame.seq for each in frames]


def window_of(count: int) -> Window[InFlight]:
    window: Window[InFlight] = Window()
    for seq in range(1, count + 1):
        window.add(in_flight(seq))
    return window


def test_acks_out_of_order_settle_only_their_own_frame() -> None:
    window = window_of(3)
    assert seqs(window.settle(2, multiple=False)) == [2]
    assert seqs(window.settle(1, multiple=False)) == [1]
    assert window.oldest is not None
    assert window.oldest.at_s == 3.0


def test_an_ack_with_multiple_settles_everything_up_to_its_tag() -> None:
    window = window_of(5)
    window.settle(2, multiple=False)
    assert seqs(window.settle(4, multiple=True)) == [1, 3, 4]
    assert seqs(window.abandon()) == [5]


def test_an_ack_with_multiple_and_tag_zero_settles_everything() -> None:
    assert seqs(window_of(3).settle(0, multiple=True)) == [1, 2, 3]


def test_an_ack_that_comes_twice_settles_nothing() -> None:
    window = window_of(1)
    window.settle(1, multiple=False)
    assert window.settle(1, multiple=False) == []
    assert window.oldest is None


def test_tags_count_from_one_again_on_the_next_channel() -> None:
    window = window_of(3)
    assert seqs(window.abandon()) == [1, 2, 3]
    window.add(in_flight(9))
    assert seqs(window.settle(1, multiple=False)) == [9]


def test_a_returned_frame_is_found_by_camera_and_message_id() -> None:
    channel = FrameChannel("e", host_without_connection(FakeClock().monotonic), IdleOwner())
    channel.window.add(in_flight(1))
    channel.window.add(in_flight(2))
    assert not channel.mark_returned("cam2", "s-2")
    assert channel.mark_returned("cam1", "s-2")
    assert [frame.returned for frame in channel.abandon()] == [False, True]
