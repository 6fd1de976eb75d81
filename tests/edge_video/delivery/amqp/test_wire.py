from __future__ import annotations

import itertools
from dataclasses import replace

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import frame as pika_frame

from edge_video.delivery.amqp.message import expiration, message_id, message_properties
from edge_video.delivery.amqp.wire import (
    FRAME_MAX,
    ConfirmReader,
    HeaderEncoder,
    message,
    publish_method,
)
from edge_video.frames import CameraId, ChangeNote, Frame

NOW_NS = 1_800_000_000_123_456_789
FRAME = Frame(CameraId("cam1"), 7, "5e55104", b"x" * 1000, NOW_NS, 1.0, 1280, 720, 3)


def by_pika(
    frame: Frame,
    published_at_ns: int,
    *,
    channel: int,
    node: str,
    ttl_s: float | None,
    frame_max: int = FRAME_MAX,
) -> bytes:
    """The message as pika would write it."""
    properties = message_properties(
        frame,
        node=node,
        app="edge-video",
        published_at_ns=published_at_ns,
        expires=expiration(ttl_s),
    )
    method = pika.spec.Basic.Publish(exchange="shop", routing_key="shop.cam1", mandatory=False)
    most = frame_max - 8
    bodies = [frame.image[at : at + most] for at in range(0, len(frame.image), most)]
    frames = [
        pika_frame.Method(channel, method),
        pika_frame.Header(channel, len(frame.image), properties),
        *(pika_frame.Body(channel, body) for body in bodies),
    ]
    return b"".join(each.marshal() for each in frames)


def by_us(
    first: Frame,
    frame: Frame,
    published_at_ns: int,
    *,
    channel: int,
    node: str,
    ttl_s: float | None,
    frame_max: int = FRAME_MAX,
) -> bytes:
    """The same, by an encoder that was made for another frame of the session."""
    encoder = HeaderEncoder(first, channel, node=node, app="edge-video", expires=expiration(ttl_s))
    method = publish_method(channel, "shop", "shop.cam1", mandatory=False)
    header = encoder.encode(frame, message_id(frame), published_at_ns)
    return b"".join(message(method, header, channel, frame.image, frame_max))


@given(
    seq=st.integers(1, 2**40),
    dropped=st.integers(0, 2**33),
    captured_at_ns=st.integers(0, 2**62),
    size=st.sampled_from([0, 1, 50_000, 131_064, 131_065, 300_000]),
    pixels=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    camera_id=st.sampled_from(["cam1", "Câmera 7", "seqI"]),
    node=st.sampled_from(["", "shop-4", "widthI"]),
    ttl_s=st.sampled_from([None, 2.0]),
    channel=st.integers(1, 65535),
    note=st.sampled_from(
        [None, None, ChangeNote(None, 7), ChangeNote(10_000), ChangeNote(500, 2**33, NOW_NS)]
    ),
    epoch=st.sampled_from([None, None, 0, 7, NOW_NS // 10**6, 2**63 - 1]),
)
def test_a_message_is_byte_for_byte_what_pika_writes(
    *,
    seq: int,
    dropped: int,
    captured_at_ns: int,
    size: int,
    pixels: tuple[int, int],
    camera_id: str,
    node: str,
    ttl_s: float | None,
    channel: int,
    note: ChangeNote | None,
    epoch: int | None,
) -> None:
    first = replace(FRAME, camera_id=CameraId(camera_id), note=note, epoch=epoch)
    frame = replace(
        first,
        seq=seq,
        dropped=dropped,
        captured_at_ns=captured_at_ns,
        image=b"\xff" * size,
        width=pixels[0],
        height=pixels[1],
        note=note,
    )
    ours = by_us(first, frame, NOW_NS, channel=channel, node=node, ttl_s=ttl_s)
    assert ours == by_pika(frame, NOW_NS, channel=channel, node=node, ttl_s=ttl_s)


@given(
    frame_max=st.sampled_from([4096, 8192, 65_536, FRAME_MAX]) | st.integers(4096, FRAME_MAX),
    whole_frames=st.integers(0, 4),
    rest=st.sampled_from([-1, 0, 1]) | st.integers(0, 3000),
)
def test_a_body_is_cut_where_pika_cuts_it_whatever_frame_size_was_agreed(
    frame_max: int, whole_frames: int, rest: int
) -> None:
    size = max(0, whole_frames * (frame_max - 8) + rest)
    frame = replace(FRAME, image=bytes(i % 251 for i in range(1024)) * (size // 1024 + 1))
    frame = replace(frame, image=frame.image[:size])
    ours = by_us(FRAME, frame, NOW_NS, channel=3, node="n", ttl_s=None, frame_max=frame_max)
    assert ours == by_pika(frame, NOW_NS, channel=3, node="n", ttl_s=None, frame_max=frame_max)


def test_the_image_itself_is_not_copied() -> None:
    method = publish_method(1, "shop", "shop.cam1", mandatory=True)
    pieces = list(message(method, b"header", 1, FRAME.image))
    assert any(piece is FRAME.image for piece in pieces)


def test_names_that_amqp_cannot_carry_are_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        publish_method(1, "shop", "k" * 256, mandatory=False)


# --- what the broker says ---


def ack(channel: int, tag: int, *, multiple: bool = False) -> bytes:
    return bytes(pika_frame.Method(channel, pika.spec.Basic.Ack(tag, multiple)).marshal())


def nack(channel: int, tag: int, *, multiple: bool = False) -> bytes:
    method = pika.spec.Basic.Nack(tag, multiple, requeue=False)
    return bytes(pika_frame.Method(channel, method).marshal())


HEARTBEAT = bytes(pika_frame.Heartbeat().marshal())
DECLARED = bytes(pika_frame.Method(1, pika.spec.Exchange.DeclareOk()).marshal())
CLOSED = bytes(pika_frame.Method(2, pika.spec.Channel.Close(404, "NOT_FOUND", 60, 40)).marshal())
RETURNED = bytes(
    pika_frame.Method(1, pika.spec.Basic.Return(312, "NO_ROUTE", "shop", "shop.cam1")).marshal()
)
BODY = bytes(pika_frame.Body(1, ack(1, 5)).marshal())
"""A returned image may hold anything, an ack too."""


class RecordingReader:
    def __init__(self) -> None:
        self.all: list[object] = []
        self.reader = ConfirmReader(
            lambda *settled: self.all.append(settled), self.all.append, {1, 2, 3}
        )

    def feed(self, *chunks: bytes) -> list[object]:
        for chunk in chunks:
            self.reader.feed(chunk)
        return self.all


def test_confirms_are_taken_out_and_the_rest_is_passed_on_in_order() -> None:
    heard = RecordingReader().feed(
        ack(1, 1) + RETURNED + BODY + nack(2, 7, multiple=True) + HEARTBEAT
    )
    assert heard == [
        (1, 1, False, False),
        RETURNED,
        BODY,
        (2, 7, True, True),
        HEARTBEAT,
    ]


@given(st.lists(st.integers(0, 200), max_size=8))
def test_it_may_be_cut_anywhere(cuts: list[int]) -> None:
    whole = ack(1, 1) + DECLARED + BODY + nack(1, 2**40) + CLOSED + HEARTBEAT + ack(3, 9)
    points = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[a:b] for a, b in itertools.pairwise(points)]
    expected = [(1, 1, False, False), DECLARED, BODY, (1, 2**40, False, True), CLOSED, HEARTBEAT]
    assert RecordingReader().feed(*chunks) == [*expected, (3, 9, False, False)]


def test_confirms_of_a_channel_that_is_not_ours_are_pikas() -> None:
    events = ack(4, 1) + nack(4, 2)
    assert RecordingReader().feed(ack(2, 1) + events) == [
        (2, 1, False, False),
        ack(4, 1),
        nack(4, 2),
    ]


def test_what_is_no_amqp_is_left_to_pika() -> None:
    assert RecordingReader().feed(b"AMQP\x00\x00\x09\x01") == [b"AMQP\x00\x00\x09\x01"]
    assert RecordingReader().feed(b"HTTP/1.1 400 Bad Request\r\n") == [
        b"HTTP/1.1 400 Bad Request\r\n"
    ]


def test_a_frame_without_its_end_mark_is_left_to_pika() -> None:
    torn = ack(1, 1)[:-1] + b"\x00"
    assert RecordingReader().feed(torn) == [torn]


def test_the_bytes_of_confirms_are_counted() -> None:
    heard = RecordingReader()
    heard.feed(ack(1, 1) + HEARTBEAT + nack(1, 2))
    assert heard.reader.taken_bytes == len(ack(1, 1)) + len(nack(1, 2))
