from __future__ import annotations

import io
import itertools
import os
import shutil
import struct
import subprocess
import time
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge_video.frames.part_header import MAX_HEADER_BYTES
from edge_video.frames.splitter import FrameSplitter

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"


def segment(code: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def jpeg(entropy: bytes = b"\x12\xff\x00\x34", *, thumbnail: bytes = b"", fill: int = 0) -> bytes:
    """A JPEG as far as its structure goes: every kind of segment, stuffed entropy-coded bytes."""
    exif = segment(0xE1, b"Exif\0\0" + thumbnail) if thumbnail else b""
    return b"".join(
        (
            SOI,
            segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0"),
            segment(0xFE, b"a comment"),
            exif,
            b"\xff" * fill,
            segment(0xDB, bytes(65)),
            segment(0xC4, bytes(28)),
            segment(0xC0, b"\x08\x00\x10\x00\x10\x01\x01\x11\x00"),
            segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            entropy,
            EOI,
        )
    )


def part(image: bytes, length: int | None = None, boundary: bytes = b"ffmpeg") -> bytes:
    """A part as FFmpeg's mpjpeg muxer writes it, the line break behind the image included."""
    announced = len(image) if length is None else length
    return (
        b"--%s\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n" % (boundary, announced)
        + image
        + b"\r\n"
    )


@dataclass(frozen=True)
class Cut:
    """What came of a stream."""

    frames: list[bytes]
    discarded_bytes: int
    framing_bytes: int
    oversized: int
    buffered: int


def cut(*chunks: bytes, max_frame_bytes: int = 2**20) -> Cut:
    splitter = FrameSplitter(max_frame_bytes=max_frame_bytes)
    frames = []
    fed = 0
    for chunk in chunks:
        frames += splitter.feed(chunk)
        fed += len(chunk)
        assert splitter.frames == len(frames)
        assert fed == (
            sum(map(len, frames))
            + splitter.framing_bytes
            + splitter.discarded_bytes
            + splitter.buffered
        )
    return Cut(
        frames,
        splitter.discarded_bytes,
        splitter.framing_bytes,
        splitter.oversized,
        splitter.buffered,
    )


def one_at_a_time(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


ONE = jpeg(b"one" * 10)
TWO = jpeg(b"two\xff\x00two\xff\xd3" * 7)
THREE = jpeg(b"3")
THUMBNAILED = jpeg(b"big", thumbnail=jpeg(b"small"))


# --- whole streams --------------------------------------------------------------------------------


def test_parts_of_announced_length_are_cut_out() -> None:
    stream = part(ONE) + part(TWO) + part(THREE)
    result = cut(stream)
    assert result.frames == [ONE, TWO, THREE]
    assert result.discarded_bytes == 0
    assert result.framing_bytes == len(stream) - len(ONE + TWO + THREE) - result.buffered


def test_bare_images_are_cut_out() -> None:
    assert cut(ONE + TWO + THREE) == Cut([ONE, TWO, THREE], 0, 0, 0, 0)


def test_a_frame_comes_out_with_its_last_byte() -> None:
    for stream in (part(ONE)[:-2], ONE):
        splitter = FrameSplitter()
        assert splitter.feed(stream[:-1]) == []
        assert splitter.feed(stream[-1:]) == [ONE]


@pytest.mark.parametrize(
    "header",
    [
        b"--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n",
        b"\r\n--b\r\nCONTENT-LENGTH:%d\r\nX-Timestamp: 1700000000.000\r\n\r\n",
        b"--b--c\nContent-length:   %d \n\n",
        b"----\r\nX-A: --\r\ncontent-length: %d\r\nX-B: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n--b\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_other_cameras_headers_announce_a_length_too(header: bytes) -> None:
    # With an end marker in the middle only the announced length can give the whole body.
    body = SOI + b"no JPEG inside " + EOI + b" at all" + EOI
    assert cut((header % len(body)) + body + part(ONE)).frames == [body, ONE]


def test_a_part_without_a_length_is_cut_by_its_markers() -> None:
    header = b"--b\r\nContent-Type: image/jpeg\r\n\r\n"
    stream = header + ONE + b"\r\n" + header + TWO
    assert cut(stream) == Cut([ONE, TWO], 0, 2 * len(header) + 2, 0, 0)


@pytest.mark.parametrize("length", [0, 3])
def test_a_length_that_no_image_has_is_no_announcement(length: int) -> None:
    assert cut(part(ONE, length) + part(TWO)).frames == [ONE, TWO]


def test_the_body_of_an_announced_frame_is_not_looked_at() -> None:
    body = SOI + ONE + part(TWO) + THUMBNAILED + EOI
    assert cut(part(body) + part(ONE)).frames == [body, ONE]


def test_an_embedded_thumbnail_does_not_end_a_bare_image() -> None:
    assert cut(THUMBNAILED + ONE) == Cut([THUMBNAILED, ONE], 0, 0, 0, 0)


def test_fill_bytes_and_standalone_markers_are_part_of_an_image() -> None:
    image = SOI + b"\xff\x01\xff\xd0" + jpeg(fill=70_000)[2:-2] + b"\xff\xff" + EOI
    assert cut(image + ONE).frames == [image, ONE]


def test_images_of_an_encoder_are_cut_out_bare() -> None:
    images = []
    for size, options in (
        ((64, 48), {}),
        ((321, 203), {"progressive": True}),
        ((200, 200), {"quality": 100, "subsampling": 0, "comment": "FFD9"}),
    ):
        out = io.BytesIO()
        Image.effect_noise(size, 90).convert("RGB").save(out, "JPEG", **options)
        images.append(out.getvalue())
    assert cut(b"".join(images)) == Cut(images, 0, 0, 0, 0)


# --- the worst boundaries -------------------------------------------------------------------------

STREAM = b"".join(
    (
        part(ONE),
        b"garbage\r\n--",
        part(TWO),
        THUMBNAILED,
        part(TWO, len(TWO) + 5),
        part(ONE[:-30], len(ONE)),
        TWO[:70],
        part(THREE),
        ONE,
        b"\xff",
        part(jpeg(bytes(900))),
        jpeg(bytes(900)),
        SOI,
        SOI + EOI,
        part(THREE),
        b"\r\n--ff",
    )
)
STREAM_LIMIT = 600


def test_a_split_at_any_byte_changes_nothing() -> None:
    whole = cut(STREAM, max_frame_bytes=STREAM_LIMIT)
    assert whole.frames == [ONE, TWO, THUMBNAILED, TWO, THREE, ONE, THREE]
    assert whole.oversized == 2
    for at in range(len(STREAM)):
        assert cut(STREAM[:at], STREAM[at:], max_frame_bytes=STREAM_LIMIT) == whole, at


def test_single_bytes_change_nothing() -> None:
    assert cut(*one_at_a_time(STREAM), max_frame_bytes=STREAM_LIMIT) == cut(
        STREAM, max_frame_bytes=STREAM_LIMIT
    )


PIECES = st.one_of(
    st.sampled_from(
        [
            part(ONE),
            part(TWO),
            part(THUMBNAILED),
            ONE,
            THREE,
            THUMBNAILED,
            part(ONE, len(ONE) + 7),
            part(TWO, len(TWO) - 7),
            part(ONE, 10**9),
            part(jpeg(bytes(700))),
            jpeg(bytes(700)),
            SOI,
            EOI,
            SOI + b"\xff",
            b"\xff\xd8\xff\xe0\xff\xf0",
            b"\xff\xd8\xff\xda\x00\x02",
            b"\xff" * 40,
            b"\r\n--",
            b"\r\n\r\n",
            b"Content-Length: 300\r\n",
            b"--x\n" * 30,
            bytes(MAX_HEADER_BYTES),
        ]
    ),
    st.binary(max_size=40),
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Good parts, bad parts and noise, each possibly cut short."""
    pieces = []
    for piece in draw(st.lists(PIECES, max_size=12)):
        keep = draw(st.just(len(piece)) | st.integers(0, len(piece)))
        pieces.append(piece[:keep])
    return b"".join(pieces)


@st.composite
def chunked_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(streams())
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    edges = [0, *cuts, len(stream)]
    return stream, [stream[a:b] for a, b in itertools.pairwise(edges)]


@settings(max_examples=400, deadline=None)
@given(chunked_streams(), st.sampled_from([4, 100, 250, 300, 500, 100_000]))
def test_any_chunking_gives_the_same_frames_and_counters(
    chunked: tuple[bytes, list[bytes]], limit: int
) -> None:
    stream, chunks = chunked
    whole = cut(stream, max_frame_bytes=limit)
    assert cut(*chunks, max_frame_bytes=limit) == whole
    for frame in whole.frames:
        assert len(frame) <= limit
        assert frame.startswith(SOI)
        assert frame.endswith(EOI)


@settings(max_examples=200, deadline=None)
@given(streams(), st.sampled_from([4, 300, 500, 100_000]))
def test_single_bytes_of_any_stream_change_nothing(stream: bytes, limit: int) -> None:
    assert cut(*one_at_a_time(stream), max_frame_bytes=limit) == cut(stream, max_frame_bytes=limit)


# --- damage ---------------------------------------------------------------------------------------


@given(
    st.lists(
        st.binary(max_size=60).filter(lambda noise: b"\xff" not in noise and b"--" not in noise),
        min_size=3,
        max_size=3,
    )
)
def test_garbage_between_frames_is_discarded_and_counted(noise: list[bytes]) -> None:
    stream = noise[0] + part(ONE) + noise[1] + part(TWO) + noise[2] + ONE
    result = cut(stream)
    assert result.frames == [ONE, TWO, ONE]
    assert result.buffered == 0
    # The line break behind a part is framing only right before a boundary.
    assert 0 <= result.discarded_bytes - sum(map(len, noise)) <= 4


@pytest.mark.parametrize("image", [TWO, THUMBNAILED])
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("next_announced", [True, False])
def test_a_truncation_at_any_byte_loses_only_the_torn_frame(
    image: bytes, announced: bool, next_announced: bool
) -> None:
    # A tear inside a segment's length may announce up to 64 KiB: enough follows to see the lie.
    filler = jpeg(b"\x11" * 1000)
    # (A whole small frame could complete the announced body to the very byte; no one could tell.)
    after = [filler if announced else ONE, THREE, *[filler] * 70]
    tail = b"".join(part(each) if next_announced else each for each in after)
    for keep in range(len(image)):
        torn = part(image)[: -len(image) - 2] + image[:keep] if announced else image[:keep]
        frames = cut(torn + tail).frames
        if frames[0] == jpeg(b"small"):  # a whole image inside a torn one is an image
            frames = frames[1:]
        assert frames == after, keep


def test_a_length_that_is_too_long_or_too_short_loses_no_frame() -> None:
    for image in (TWO, THUMBNAILED):
        for length in range(len(image) + 200):
            if length in {len(image), 4}:
                continue
            frames = cut(part(image, length) + part(ONE) * 2).frames
            if image[:length].endswith(EOI):  # ends like an image: taken at its word
                assert frames[1:] == [ONE, ONE]
            else:
                assert frames == [image, ONE, ONE], length


def test_a_part_that_does_not_begin_with_an_image_is_discarded() -> None:
    stream = part(b"x" + ONE[1:]) + part(b"<html>login</html>") + part(TWO)
    result = cut(stream)
    assert result.frames == [TWO]
    assert result.discarded_bytes > len(ONE)


def test_an_image_without_a_scan_is_discarded() -> None:
    tables = SOI + segment(0xDB, bytes(65)) + EOI
    assert cut(tables + ONE) == Cut([ONE], len(tables), 0, 0, 0)


def test_a_tear_that_seems_to_end_at_stuffed_bytes_is_seen() -> None:
    # The torn segment's length leads to an FF 00 within the next image, which is no marker.
    following = jpeg(b"\x11\xff\x00\x22" * 5)
    torn = SOI + b"\xff\xe1" + struct.pack(">H", 2 + following.index(b"\xff\x00"))
    assert cut(torn + following + ONE).frames == [following, ONE]


@pytest.mark.parametrize("length", [0, 1])
def test_a_segment_whose_length_does_not_count_itself_breaks_its_image(length: int) -> None:
    for code in (0xE0, 0xDB, 0xDA):
        broken = SOI + struct.pack(">BBH", 0xFF, code, length) + b"\x11" * 20 + EOI
        assert cut(broken + ONE).frames == [ONE]


def test_endless_header_lines_are_not_kept() -> None:
    splitter = FrameSplitter()
    for _ in range(1000):
        assert splitter.feed(b"X-Header: " + b"x" * 990) == []
        assert splitter.buffered <= MAX_HEADER_BYTES + 1
    assert splitter.feed(b"\r\n\r\n" + part(ONE)) == [ONE]
    assert splitter.capacity == 256 * 1024


def test_a_header_as_long_as_the_limit_is_read_and_a_longer_one_is_none() -> None:
    body = SOI + b"only the length tells" + EOI
    bare = b"--b\r\nContent-Length: %d\r\nX: \r\n\r\n" % len(body)
    for extra, frames in ((0, [body, ONE]), (1, [ONE])):
        filler = b"x" * (MAX_HEADER_BYTES - len(bare) + extra)
        header = bare.replace(b"X: ", b"X: " + filler)
        assert cut(header + body + ONE).frames == frames
        assert cut(*one_at_a_time(header + body + ONE)).frames == frames


# --- size -----------------------------------------------------------------------------------------


def test_an_announced_oversize_is_counted_once_and_never_kept() -> None:
    splitter = FrameSplitter(max_frame_bytes=100_000)
    huge = part(jpeg(b"\x11" * 3_000_000, thumbnail=jpeg(b"small")))
    assert splitter.feed(huge[:200_000]) == []
    assert splitter.oversized == 1
    assert splitter.buffered < 70_000
    assert splitter.feed(huge[200_000:] + part(ONE)) == [ONE]
    assert splitter.oversized == 1
    assert splitter.capacity == 256 * 1024


def test_a_found_oversize_is_counted_once_and_kept_no_further_than_the_limit() -> None:
    splitter = FrameSplitter(max_frame_bytes=100_000)
    huge = jpeg(b"\x11" * 3_000_000)
    for at in range(0, len(huge), 50_000):
        assert splitter.feed(huge[at : at + 50_000]) == []
        assert splitter.buffered <= 100_000
    assert splitter.feed(ONE) == [ONE]
    assert splitter.oversized == 1
    assert splitter.discarded_bytes == len(huge)
    assert splitter.capacity == 256 * 1024


def test_a_lie_about_an_enormous_length_costs_one_frame() -> None:
    result = cut(part(ONE, 10**18) + part(ONE, int("9" * 300)) + part(TWO))
    assert result.frames == [TWO]
    assert result.oversized == 2


@pytest.mark.parametrize("wrap", [part, bytes])
def test_an_image_of_exactly_the_limit_passes_and_one_byte_more_does_not(wrap: object) -> None:
    assert callable(wrap)
    for limit, frames in ((len(TWO), [TWO, THREE]), (len(TWO) - 1, [THREE])):
        result = cut(wrap(TWO) + wrap(THREE), max_frame_bytes=limit)
        assert result.frames == frames
        assert result.oversized == 2 - len(frames)


def test_the_buffer_grows_for_large_frames_up_to_the_limit_and_shrinks_again() -> None:
    splitter = FrameSplitter(max_frame_bytes=4 * 2**20)
    large = jpeg(b"\x11" * (4 * 2**20 - 1000))
    for wrapped in (part(large), large):
        assert splitter.feed(wrapped) == [large]
        assert 4 * 2**20 <= splitter.capacity <= 4 * 2**20 + 256 * 1024
    small = part(jpeg(b"\x22" * 50_000))
    for _ in range(3000):
        assert len(splitter.feed(small)) == 1
    assert splitter.capacity < 2**20
    assert splitter.discarded_bytes == 2  # the line break before the bare image


def test_frames_of_usual_size_never_grow_the_buffer() -> None:
    splitter = FrameSplitter()
    stream = part(jpeg(b"\x11" * 100_000)) * 20
    for at in range(0, len(stream), 65_536):
        splitter.feed(stream[at : at + 65_536])
        assert splitter.capacity == 256 * 1024
    assert splitter.frames == 20


def test_a_limit_below_any_image_is_an_error() -> None:
    with pytest.raises(ValueError, match="max_frame_bytes"):
        FrameSplitter(max_frame_bytes=3)


# --- the buffer -----------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 100_000), st.sampled_from([5_000, 300_000]))
def test_reading_into_the_buffer_gives_the_frames(read_size: int, entropy: int) -> None:
    image = jpeg(b"\x11" * entropy)
    source = io.BytesIO(part(image) * 3 + image * 2)
    splitter = FrameSplitter(max_frame_bytes=400_000)
    frames = []
    while True:
        room = splitter.get_buffer()
        assert len(room) > 0
        n = source.readinto(room[:read_size])
        frames += splitter.buffer_updated(n)
        if n == 0:
            break
    assert frames == [image] * 5


def test_a_read_of_nothing_changes_nothing() -> None:
    splitter = FrameSplitter()
    splitter.feed(part(ONE)[:50])
    assert splitter.buffer_updated(0) == []
    assert splitter.feed(part(ONE)[50:]) == [ONE]


def test_more_bytes_than_the_buffer_had_room_for_are_an_error() -> None:
    splitter = FrameSplitter()
    room = len(splitter.get_buffer())
    for n in (-1, room + 1):
        with pytest.raises(ValueError, match="buffer"):
            splitter.buffer_updated(n)


def test_frames_do_not_change_when_the_buffer_is_used_again() -> None:
    splitter = FrameSplitter()
    (first,) = splitter.feed(ONE)
    splitter.feed(TWO * 10)
    assert first == ONE


def test_after_two_wrong_lengths_an_image_is_not_waited_for() -> None:
    splitter = FrameSplitter()
    for _ in range(2):
        assert splitter.feed(part(ONE, len(ONE) + 40)) == []
        assert splitter.feed(b" " * 40) == [ONE]
    assert splitter.feed(part(TWO, len(TWO) + 40)) == [TWO]


@pytest.mark.parametrize("length", [10**6, 2**31 - 1, 2**32 - 1, 10**18])
def test_who_doubts_lengths_waits_for_none_and_loses_no_image(length: int) -> None:
    splitter = FrameSplitter(believes_lengths=False)
    for image in (ONE, TWO, THREE):
        assert splitter.feed(part(image, length)) == [image]
    assert splitter.oversized == 0


def test_a_length_that_proved_true_is_believed() -> None:
    splitter = FrameSplitter(believes_lengths=False)
    body = SOI + b"only the length tells" + EOI
    assert splitter.feed(part(body)) == []
    assert splitter.feed(part(ONE)) == [ONE]
    assert splitter.feed(part(body)) == [body]


@pytest.mark.parametrize("name", [b"Content-Type", b"content-type", b"Content-type"])
def test_a_part_of_text_is_no_image_whatever_is_in_it(name: bytes) -> None:
    text = b"--b\r\n" + name + b": text/plain\r\n\r\nmotion " + SOI + b"\xff\xe0to\r\n"
    splitter = FrameSplitter()
    for _ in range(3):
        assert splitter.feed(text + part(ONE)) == [ONE]


def test_an_image_with_headers_without_end_is_given_up() -> None:
    splitter = FrameSplitter()
    began = time.process_time()
    assert splitter.feed(SOI + b"\xff\xe0\x00\x02" * 1_000_000) == []
    assert splitter.feed(ONE) == [ONE]
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "unit",
    [
        SOI,
        SOI + b"\xff",
        SOI + b"\xff\xe0\xff\xfe",
        SOI + b"\xff\xe0\x00\x06",
        SOI + b"\xff\xda\x00\x02",
        SOI + b"\xff\xdb\x00\x04\xff\xd8\xff",
        b"\xff",
        b"\xff\xe0\x00\x02",
        b"--a\n\n" + SOI,
        b"\n--a\nb: c\n\n" + SOI + b"\xff",
        b"--x\nContent-Length: 1000000\n\n" + SOI + b"\xff\xe0\x00\x06ab",
    ],
)
def test_hostile_repetition_costs_linear_time_and_bounded_memory(unit: bytes) -> None:
    limit = 2**20
    for beginning in (b"", SOI + b"\xff\xe0\x00\x04ab"):
        splitter = FrameSplitter(max_frame_bytes=limit)
        began = time.process_time()
        splitter.feed(beginning + unit * (600_000 // len(unit)))
        # Quadratic work would take far longer; the worst of these takes about half a second.
        assert time.process_time() - began < 10
        assert splitter.buffered <= limit
        assert splitter.capacity <= limit + 256 * 1024


# --- the real thing -------------------------------------------------------------------------------


@pytest.fixture
def ffmpeg() -> str:
    path = shutil.which("ffmpeg")
    if path is not None:
        return path
    words = "NOT TESTED ON REAL OUTPUT: no ffmpeg on PATH"
    if os.environ.get("CI") or os.environ.get("EDGE_VIDEO_REQUIRE_ALL") == "1":
        pytest.fail(words)
    pytest.skip(words)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("muxer", ["mpjpeg", "mjpeg", "image2pipe"])
def test_the_output_of_ffmpeg_is_cut_into_images_that_a_decoder_accepts(
    muxer: str, ffmpeg: str
) -> None:
    command = [ffmpeg, "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10"]
    command += ["-t", "2", "-c:v", "mjpeg", "-f", muxer, "pipe:1"]
    stream = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    splitter = FrameSplitter()
    frames = []
    for at in range(0, len(stream), 4093):
        frames += splitter.feed(stream[at : at + 4093])
    assert len(frames) == 20
    assert splitter.discarded_bytes == 0
    assert splitter.oversized == 0
    assert splitter.buffered == (len(b"\r\n--ffmpeg\r\n") if muxer == "mpjpeg" else 0)
    pictures = set()
    for frame in frames:
        with Image.open(io.BytesIO(frame)) as picture:
            picture.load()
            assert picture.size == (320, 240)
            pictures.add(picture.tobytes())
    assert len(pictures) == 20
