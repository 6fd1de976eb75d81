from __future__ import annotations

import pytest

from edge_video.content import HEAD_BYTES, is_motion_jpeg


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
