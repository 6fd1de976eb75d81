from __future__ import annotations

import pytest

from edge_video.capture.content import HEAD_BYTES, is_motion_jpeg, no_stream
from edge_video.resilience.failures import Cause


@pytest.mark.parametrize(
    "head",
    [
        b"#EXTM3U\n#EXT-X-VERSION:3\n",
        b"\xef\xbb\xbf#EXTM3U\n#EXTINF",
        b'<?xml version="1.0"?><MPD>',
        b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00",
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81",
        b"\x00\x00\x00\x18ftypmp42",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"\x00\x00\x00\x01\x67\x42\x00\x1f\x00\x00\x00\x00",
        b"\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00",
        b"ffconcat version 1.0\nfile x\n",
        b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n",
        b"DHAV\xfd\x00\x00\x00\x00\x00\x00\x00",
        (b"G" + bytes(187)) * 3,
    ],
)
def test_another_format_is_known_by_its_first_bytes(head: bytes) -> None:
    assert is_motion_jpeg(head) is False


@pytest.mark.parametrize(
    "head",
    [
        b"--frame\r\nContent-Type: image/jpeg\r\n",
        b"\r\n\r\n--frame\r\n",
        b"\xff\xd8\xff\xe0",
        b"Content-Type: image/jpeg\r\n",
        b"frame\r\nContent-Type",
        b"any text before the first part",
        b"Good morning" + bytes(HEAD_BYTES),
    ],
)
def test_anything_else_may_be_motion_jpeg(head: bytes) -> None:
    assert is_motion_jpeg(head) is True


@pytest.mark.parametrize("head", [b"", b"\x00\x00\x00\x18", b"FLV", b"G" + bytes(100)])
def test_too_few_bytes_are_no_verdict(head: bytes) -> None:
    assert is_motion_jpeg(head) is None
    assert is_motion_jpeg(head, complete=True) is True


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"  \r\n",
        b"--frame\r\nContent-Type: image/jpeg\r\n\r\n",
        b"\r\n--frame\r\n",
        b"Content-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"any bytes \x00\x01",
        b"latin \xe9\xe8 text",
    ],
)
def test_what_may_have_become_a_stream_is_no_page(beginning: bytes) -> None:
    assert no_stream(beginning, frames=0) is None


@pytest.mark.parametrize(
    ("beginning", "says"),
    [
        (b"<p>Ol\xc3\xa1, c\xc3\xa2mera</p>", "it says: Olá, câmera"),
        ("é".encode() * 50 + b"\xc3", "it says: " + "é" * 50),
        (b"a" * 200, "it says: " + "a" * 79 + "…"),
        (b"<script>secret", "HTML without a word"),
        (b"<a href='", "HTML without a word"),
    ],
)
def test_a_page_is_quoted_without_its_tags(beginning: bytes, says: str) -> None:
    failure = no_stream(beginning, frames=0)
    assert failure is not None
    assert (failure.cause, failure.detail) == (Cause.WEB_PAGE, says)


def test_one_image_alone_is_a_snapshot_and_more_are_none() -> None:
    image = b"\xff\xd8\xff\xe0"
    failure = no_stream(image, frames=1)
    assert failure is not None
    assert failure.cause is Cause.STILL_PICTURE
    assert no_stream(image, frames=2) is None
    assert no_stream(b"--frame\r\n", frames=1) is None
