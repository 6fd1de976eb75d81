from __future__ import annotations

import io
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_video.frames.jpeg import EOI, SOI, image_size, with_huffman_tables


def segment(code: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def frame_header(width: int, height: int, code: int = 0xC0) -> bytes:
    return segment(code, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


def encoded(width: int, height: int, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (640, 480), (3000, 2)])
@pytest.mark.parametrize("progressive", [False, True])
def test_size_is_what_an_encoder_wrote(size: tuple[int, int], progressive: bool) -> None:
    assert image_size(encoded(*size, progressive=progressive)) == size


@pytest.mark.parametrize("code", [c for c in range(0xC0, 0xD0) if c not in {0xC4, 0xC8, 0xCC}])
def test_every_kind_of_frame_header_is_read(code: int) -> None:
    assert image_size(SOI + segment(0xDB, b"q" * 65) + frame_header(640, 360, code)) == (640, 360)


@pytest.mark.parametrize("code", [0xC4, 0xC8, 0xCC])
def test_tables_and_extensions_between_the_frame_header_codes_are_passed_over(code: int) -> None:
    assert image_size(SOI + frame_header(1, 2, code) + frame_header(640, 360)) == (640, 360)


def test_the_thumbnail_in_an_application_segment_is_not_mistaken_for_the_image() -> None:
    image = SOI + segment(0xE1, b"Exif\0\0" + encoded(160, 120)) + encoded(640, 480)[2:]
    assert image_size(image) == (640, 480)


def test_fill_bytes_and_standalone_markers_before_a_segment_are_passed_over() -> None:
    image = SOI + b"\xff\x01\xff\xd0\xff\xff\xff" + frame_header(320, 200)[1:]
    assert image_size(image) == (320, 200)


@pytest.mark.parametrize(
    "image",
    [
        b"",
        b"\xff",
        SOI,
        SOI + EOI,
        b"GIF89a" + bytes(100),
        SOI + b"\xff\xda" + frame_header(64, 64) + bytes(9),  # a scan without a frame header
        SOI + b"\xff\xe0\x00\x00" + frame_header(64, 64),  # a length that does not count itself
        SOI + b"\xff\xe0\x00\x01" + frame_header(64, 64),
        SOI + b"\xff\xc0\x00\x07\x08\x00\x40\x00\x40\x01\x01\x11",  # too short a frame header
        SOI + b"\xff\xe0\xff\xff" + frame_header(64, 64),  # a segment beyond the end
        SOI + b"\xff\x02\x00\x04ab" + frame_header(64, 64),  # a reserved marker
        SOI + SOI + frame_header(64, 64),
        SOI + segment(0xE0, b"JFIF") + b"\0" + frame_header(64, 64),  # no marker where one must be
        SOI + frame_header(0, 64) + bytes(9),
        SOI + frame_header(64, 0) + bytes(9),  # the height follows the scan (DNL)
    ],
)
def test_size_is_zero_when_the_header_is_unreadable(image: bytes) -> None:
    assert image_size(image) == (0, 0)


def test_an_image_torn_in_its_header_has_no_size() -> None:
    whole = encoded(64, 48)
    width_ends = whole.index(b"\xff\xc0") + 9
    for cut in range(width_ends):
        assert image_size(whole[:cut]) == (0, 0), cut
    assert image_size(whole[:width_ends]) == (64, 48)


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\xd0", b"\xff\xe0\x00\x02"])
def test_an_endless_header_is_given_up_soon(filler: bytes) -> None:
    image = SOI + filler * (8_000_000 // len(filler)) + frame_header(64, 64)
    began = time.process_time()
    assert image_size(image) == (0, 0)
    assert time.process_time() - began < 0.1  # walking it all takes a second


@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from([b"\xff", SOI, b"\xff\xe0\x00", b"\x02", b"\xff\xc0", b"\x00\x11", b"ab"])
    ).map(b"".join)
)
def test_no_bytes_raise(tail: bytes) -> None:
    width, height = image_size(SOI + tail)
    assert (width > 0) == (height > 0)
    assert image_size(tail) == (0, 0) or tail[:2] == SOI


# --- the standard's Huffman tables ---


def without_tables(image: bytes) -> bytes:
    kept, at = SOI, 2
    while image[at + 1] != 0xDA:
        length = 2 + int.from_bytes(image[at + 2 : at + 4])
        if image[at + 1] != 0xC4:
            kept += image[at : at + length]
        at += length
    return kept + image[at:]


def test_an_image_without_tables_gets_the_standards() -> None:
    image = encoded(64, 48)
    bare = without_tables(image)
    mended = with_huffman_tables(bare)
    assert len(mended) == len(bare) + 420
    with Image.open(io.BytesIO(mended)) as got, Image.open(io.BytesIO(image)) as expected:
        assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}])
def test_an_image_with_tables_stays_as_it_is(options: dict[str, object]) -> None:
    image = encoded(64, 48, **options)
    assert with_huffman_tables(image) is image


@given(st.binary(max_size=200), st.integers(0, 300))
def test_no_bytes_upset_the_search_for_tables(noise: bytes, cut: int) -> None:
    with_huffman_tables(noise)
    with_huffman_tables(without_tables(encoded(16, 16))[:cut] + noise)
