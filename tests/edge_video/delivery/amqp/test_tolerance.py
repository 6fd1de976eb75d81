"""Content headers of others, without a broker."""

from __future__ import annotations

import struct

import pika
import pika.exceptions
import pika.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.delivery.amqp.tolerance import TolerantConnection, UnreadableProperties
from tests.support.poison import FRAME, HEADERS_OF_OTHERS, able_to_send_anything, nested


class Offline(TolerantConnection):
    """A connection that reads a buffer, and never had a socket."""

    def __init__(self, buffer: bytes) -> None:
        self._frame_buffer = buffer

    def read(self) -> list[object]:
        frames = []
        while self._frame_buffer:
            consumed, frame = self._read_frame()
            if frame is None:
                break
            frames.append(frame)
            self._frame_buffer = self._frame_buffer[consumed:]
        return frames


def header(properties: pika.BasicProperties) -> bytes:
    with able_to_send_anything():
        return bytes(pika.frame.Header(7, 3, properties).marshal())


@pytest.mark.parametrize("name", HEADERS_OF_OTHERS)
def test_whatever_the_headers_the_body_follows(name: str) -> None:
    sent = header(pika.BasicProperties(headers=HEADERS_OF_OTHERS[name]))
    body = pika.frame.Body(7, b"abc").marshal()
    one, other = Offline(sent + body).read()
    assert isinstance(one, pika.frame.Header)
    assert (one.channel_number, one.body_size) == (7, 3)
    assert isinstance(other, pika.frame.Body)


def test_what_pika_cannot_read_has_no_headers() -> None:
    deep = pika.BasicProperties(headers={"camera_id": "a", "x": nested(1500)})
    (frame,) = Offline(header(deep)).read()
    assert isinstance(frame, pika.frame.Header)
    assert isinstance(frame.properties, UnreadableProperties)
    assert frame.properties.headers is None


@given(st.binary(max_size=200))
def test_any_bytes_in_the_place_of_properties_are_a_header(junk: bytes) -> None:
    payload = struct.pack(">HHQ", 60, 0, 3) + junk
    sent = struct.pack(">BHL", 2, 1, len(payload)) + payload + b"\xce"
    (frame,) = Offline(sent).read()
    assert isinstance(frame, pika.frame.Header)


def test_half_a_header_is_waited_for() -> None:
    sent = header(pika.BasicProperties(headers=FRAME))
    for length in range(len(sent)):
        assert Offline(sent[:length]).read() == []


def test_another_broken_frame_is_still_an_error() -> None:
    sent = struct.pack(">BHL", 1, 1, 4) + b"\xff\xff\xff\xff" + b"\xce"
    with pytest.raises(KeyError):
        Offline(sent).read()


def test_a_header_without_its_end_is_still_an_error() -> None:
    sent = header(pika.BasicProperties(headers=HEADERS_OF_OTHERS["the largest time stamp"]))
    with pytest.raises(pika.exceptions.InvalidFrameError):
        Offline(sent[:-1] + b"\x00").read()
