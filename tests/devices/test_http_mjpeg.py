"""Motion JPEG over HTTP in all the wrappings that web cameras put it in, and what is none."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture.probe import probe_camera
from edge_video.config import CameraConfig
from edge_video.frames.jpeg import EOI, SOI, image_size
from edge_video.resilience.failures import Cause
from edge_video.testing.clips import decode_jpeg
from edge_video.testing.devices import (
    Digest,
    HttpDevice,
    http_answer,
    jpegs,
    pacing,
    usual_part,
    without_huffman_tables,
)
from edge_video.testing.waiting import eventually
from edge_video.text.redact import Redactor
from tests.support.devices import DeviceRun, Watcher
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.capture.binary import Binary

    Part = Callable[[int, bytes], bytes]

pytestmark = [pytest.mark.ffmpeg]

SIZE = (160, 120)
IMAGES = jpegs(size=SIZE)
TYPE = b"Content-Type: image/jpeg\r\n"


def camera(url: str, **keys: Any) -> CameraConfig:
    return CameraConfig.model_validate({"id": "web", "url": url, **keys})


def length(image: bytes, off: int = 0) -> bytes:
    return b"Content-Length: %d\r\n" % (len(image) + off)


def part(head: bytes = TYPE, boundary: bytes = b"--frame\r\n", off: int | None = 0) -> Part:
    """A part whose length is `off` bytes wrong; None for no length."""

    def made(_: int, image: bytes) -> bytes:
        says = b"" if off is None else length(image, off)
        return boundary + head + says + b"\r\n" + image + b"\r\n"

    return made


def with_text_before(text: bytes) -> Part:
    """A part of text before each image, as motion detectors send it."""
    head = b"--frame\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(text)
    return lambda number, image: head + text + b"\r\n" + usual_part(number, image)


def with_segment(image: bytes, code: int, payload: bytes) -> bytes:
    return SOI + bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2) + payload + image[2:]


THUMBNAIL = jpegs(1, size=(32, 32))[0]

PARTS: dict[str, Part] = {
    "no first boundary": lambda _, image: (
        TYPE + length(image) + b"\r\n" + image + b"\r\n--frame\r\n"
    ),
    "a boundary without a line end": part(boundary=b"--frame"),
    "a boundary without dashes": part(boundary=b"frame\r\n"),
    "another boundary than announced": part(boundary=b"--somethingelse\r\n"),
    "a boundary that changes": lambda number, image: part(boundary=b"--b%d\r\n" % number)(0, image),
    "no headers": lambda _, image: b"--frame\r\n\r\n" + image + b"\r\n",
    "no length": part(off=None),
    "a length too short": part(off=-7),
    "a length too long": part(off=9),
    "a length of a megabyte": part(off=10**6),
    "a length of terabytes": part(off=10**13),
    "a length of nothing": lambda _, image: part(TYPE + b"Content-Length: 0\r\n", off=None)(
        0, image
    ),
    "image/jpg": part(b"Content-Type: image/jpg\r\n"),
    "a type with parameters": lambda _, image: part(
        b"Content-Type: image/jpeg;size=%d\r\n" % len(image), off=None
    )(0, image),
    "no type": part(b""),
    "a header without a colon": part(b"garbage here\r\n" + TYPE),
    "line feeds alone": lambda _, image: (
        part()(0, b"").replace(b"\r", b"").replace(b": 0", b": %d" % len(image)).rstrip(b"\n")
        + b"\n\n"
        + image
        + b"\n"
    ),
    "blank lines around": lambda number, image: (
        b"\r\n\r\n" + usual_part(number, image) + b"\r\n\r\n"
    ),
    "text between": with_text_before(b"motion 1"),
    "text with a start marker": with_text_before(b"m" + SOI + b"\xff\xe0to"),
    "text that looks like an end": with_text_before(EOI + b"--frame--"),
    "bare images": lambda _, image: image,
    "padding behind the image": lambda number, image: usual_part(number, image + bytes(37)),
    "a thumbnail, and a wrong length": lambda _, image: part(off=-7)(
        0, with_segment(image, 0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0" + THUMBNAIL)
    ),
    "a boundary within the image": lambda _, image: part(off=None)(
        0, with_segment(image, 0xFE, b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n")
    ),
    "a header of kilobytes": part(b"X-Analytics: " + b"a" * 3000 + b"\r\n" + TYPE),
    "time stamps as headers": part(b"X-Timestamp: 12.5\r\nX-Audio: 1\r\n" + TYPE),
    "more headers than most": part(b"X-Status: 0\r\nX-Tags: \r\nX-Flags: 0\r\n" + TYPE),
    "a torn image now and then": lambda number, image: usual_part(
        number, image if number % 4 else image[: len(image) // 2]
    ),
    "no Huffman tables": lambda number, image: usual_part(number, without_huffman_tables(image)),
}


@EVERY_FFMPEG
@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
@pytest.mark.parametrize("oddity", PARTS)
def test_an_odd_multipart_stream_streams(any_ffmpeg: Binary, oddity: str, mode: str) -> None:
    device = HttpDevice(IMAGES, part=PARTS[oddity], fps=20)
    with device, Watcher(any_ffmpeg, camera(device.url, mode=mode, fps=30)) as watcher:
        frames = watcher.wait_for(15)
        assert {image_size(each) for each in frames} == {SIZE}
        for each in frames[-3:]:
            assert decode_jpeg(each)[110, 80].tolist() == pytest.approx([40, 90, 160], abs=12)
    assert device.sessions == 1


@EVERY_FFMPEG
@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/x-mixed-replace; boundary="frame"',
        "multipart/x-mixed-replace;boundary=--frame",
        "multipart/x-mixed-replace; boundary =frame",
        "multipart/x-mixed-replace",
        "multipart/mixed; boundary=frame",
        "image/jpeg",
        "video/x-motion-jpeg",
        "text/html",
        None,
    ],
)
def test_whatever_type_the_answer_has_it_streams(
    any_ffmpeg: Binary, content_type: str | None, mode: str
) -> None:
    device = HttpDevice(IMAGES, content_type=content_type, fps=20)
    with device, Watcher(any_ffmpeg, camera(device.url, mode=mode, fps=30)) as watcher:
        watcher.wait_for(10)


@EVERY_FFMPEG
def test_text_before_the_first_part_is_passed_over(any_ffmpeg: Binary) -> None:
    device = HttpDevice(IMAGES, prefix=b"Good morning, a multipart stream\r\n\r\n", fps=20)
    with device, Watcher(any_ffmpeg, camera(device.url)) as watcher:
        watcher.wait_for(10)


def test_an_answer_without_a_status_line_streams(ffmpeg: Binary) -> None:
    head = b"Content-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
    device = HttpDevice(IMAGES, head=head, fps=20)
    with device, Watcher(ffmpeg, camera(device.url)) as watcher:
        watcher.wait_for(10)


@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
def test_a_part_cut_into_chunks_anywhere_streams(ffmpeg: Binary, mode: str) -> None:
    def answer(_: object) -> Any:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
        yield b"Transfer-Encoding: chunked\r\n\r\n"
        for number in itertools.count():
            whole = usual_part(number, IMAGES[number % len(IMAGES)])
            for at in range(0, len(whole), 700):
                piece = whole[at : at + 700]
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
            time.sleep(0.05)

    device = HttpDevice(IMAGES, answer=answer)
    with device, Watcher(ffmpeg, camera(device.url, mode=mode)) as watcher:
        watcher.wait_for(10)


def test_a_camera_with_digest_authentication_streams(ffmpeg: Binary) -> None:
    device = HttpDevice(
        IMAGES, part=PARTS["no first boundary"], authentication=Digest("me", "p@ss"), fps=20
    )
    with (
        device,
        Watcher(ffmpeg, camera(device.url, username="me", password="p@ss")) as watcher,
    ):
        watcher.wait_for(10)


@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
def test_an_image_comes_when_it_is_sent_and_not_with_the_next(ffmpeg: Binary, mode: str) -> None:
    device = HttpDevice(IMAGES, part=PARTS["bare images"], due=pacing.even(0.2))
    with device, Watcher(ffmpeg, camera(device.url, mode=mode)) as watcher:
        watcher.wait_for(1, timeout_s=4.0)


@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
def test_no_more_than_fps_images_a_second_are_passed_on(ffmpeg: Binary, mode: str) -> None:
    device = HttpDevice(IMAGES, fps=30)
    with device, Watcher(ffmpeg, camera(device.url, mode=mode, fps=6)) as watcher:
        watcher.wait_for(6)
        before, began = len(watcher.frames), time.monotonic()
        watcher.wait_for(before + 18)
        rate = 18 / (time.monotonic() - began)
    assert rate == pytest.approx(6, rel=0.25)


@pytest.mark.parametrize("mode", ["transcode", "passthrough"])
def test_images_that_come_seconds_at_a_time_keep_their_rate(ffmpeg: Binary, mode: str) -> None:
    device = HttpDevice(IMAGES, due=pacing.bursts(25, 3))
    with device, Watcher(ffmpeg, camera(device.url, mode=mode, fps=5)) as watcher:
        watcher.wait_for(25)  # the pauses are known by then
        before, began = len(watcher.frames), time.monotonic()
        watcher.wait_for(before + 60, timeout_s=30)
        rate = 60 / (time.monotonic() - began)
        assert 4 < rate < 7, "counted over four bursts"
        assert watcher.capture.frames == pytest.approx(len(watcher.frames), abs=2)


def test_images_that_are_scaled_have_the_size_asked_for(ffmpeg: Binary) -> None:
    device = HttpDevice(IMAGES, part=PARTS["bare images"], fps=20)
    with device, Watcher(ffmpeg, camera(device.url, width=80)) as watcher:
        assert image_size(watcher.wait_for(5)[-1]) == (80, 60)


@EVERY_FFMPEG
def test_an_image_without_tables_is_passed_on_with_the_standards(any_ffmpeg: Binary) -> None:
    bare = without_huffman_tables(IMAGES[0])
    device = HttpDevice([bare], fps=20)
    with device, Watcher(any_ffmpeg, camera(device.url, mode="passthrough")) as watcher:
        image = watcher.wait_for(3)[-1]
    assert len(image) > len(bare)
    assert decode_jpeg(image).tolist() == decode_jpeg(IMAGES[0]).tolist()


def test_a_stream_that_ends_gives_all_its_images_and_says_so(ffmpeg: Binary) -> None:
    device = HttpDevice(IMAGES, part=PARTS["a length too long"], pictures=12, fps=10)
    with device, Watcher(ffmpeg, camera(device.url, fps=60)) as watcher:
        failure = watcher.wait_for_end()
        assert len(watcher.frames) == 12
    assert failure.cause is Cause.END_OF_STREAM


def test_a_refusal_keeps_its_cause(ffmpeg: Binary) -> None:
    device = HttpDevice(IMAGES, answer=lambda _: http_answer(status="404 Not Found"))
    with device, Watcher(ffmpeg, camera(device.url)) as watcher:
        assert watcher.wait_for_end().cause is Cause.NO_SUCH_STREAM


def test_bytes_that_are_no_video_are_said_to_be_unsupported(ffmpeg: Binary) -> None:
    noise = b"no video at all. " * 100_000
    device = HttpDevice(IMAGES, answer=lambda _: http_answer(noise, Content_Type="video/mp4"))
    with device, Watcher(ffmpeg, camera(device.url)) as watcher:
        assert watcher.wait_for_end().cause is Cause.UNSUPPORTED
        assert watcher.frames == []


@pytest.mark.parametrize("oddity", ["no first boundary", "bare images"])
def test_probe_knows_an_odd_camera_too(ffmpeg: Binary, oddity: str) -> None:
    with HttpDevice(IMAGES, part=PARTS[oddity]) as device:
        result = probe_camera(ffmpeg, camera(device.url), Redactor(), 15)
    assert (result.ok, result.codec, result.width, result.height) == (True, "mjpeg", *SIZE)


def test_what_is_masked_is_masked_in_probe_too_where_images_come_as_they_are(
    ffmpeg: Binary,
) -> None:
    everywhere = [{"points": [[0, 0], [1, 0], [1, 1], [0, 1]]}]
    cut = {"width": 0.5, "height": 0.5}
    with HttpDevice(IMAGES) as device:
        keys = camera(device.url, masks=everywhere, crop=cut)
        result = probe_camera(ffmpeg, keys, Redactor(), 15)
    assert (result.ok, result.codec, result.width, result.height) == (True, "mjpeg", *SIZE)
    assert result.picture is not None
    shown = decode_jpeg(result.picture)
    assert shown.shape[:2] == (60, 80)
    assert shown.max() < 40


def test_the_program_streams_from_every_odd_camera_at_once(ffmpeg: Binary, tmp_path: Path) -> None:
    names = ("no first boundary", "a boundary without a line end", "no headers", "text between")
    with contextlib.ExitStack() as stack:
        devices = [stack.enter_context(HttpDevice(IMAGES, part=PARTS[name])) for name in names]
        cameras = [
            {"id": f"cam{number}", "url": device.url} for number, device in enumerate(devices)
        ]
        program = stack.enter_context(DeviceRun(tmp_path, cameras, ffmpeg=ffmpeg))
        ids = [each["id"] for each in cameras]
        eventually(lambda: all(len(program.frames(each)) >= 10 for each in ids), timeout_s=30)
        assert program.stop() == 0
        for each in ids:
            assert program.camera(each)["attempts"] == 1
