"""What must hold for any bytes at all; driven by hypothesis in the tests, by atheris at length.

Each target takes bytes and returns, or raises: an assertion that failed, or whatever the part under
test must not raise. `python scripts/fuzz.py` runs one of them for minutes.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pika.exceptions
import pytest
from pydantic import ValidationError

from edge_video.capture.binary import Binary
from edge_video.capture.classification import classify
from edge_video.capture.command import capture_command
from edge_video.capture.stderr import StderrTail
from edge_video.config import CameraConfig, ConfigError, load_config, redactor_of
from edge_video.delivery.amqp.errors import describe_loss, describe_refusal
from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings
from edge_video.frames import CameraId
from edge_video.frames.jpeg import image_size
from edge_video.frames.splitter import FrameSplitter
from edge_video.text.duration import format_duration, parse_duration
from edge_video.text.escaping import one_line
from edge_video.text.redact import Redactor, mask_url
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT: Final = 2000
"""The splitter's limit here: small, so that a fuzzer's few bytes can reach it."""
MAX_SEGMENT: Final = 65_535 + 4
RESYNCHRONISED_AFTER: Final = LIMIT + MAX_SEGMENT
"""Bytes of good frames, after any garbage, behind which no good frame is lost any more."""


def good_frame(number: int) -> bytes:
    return b"\xff\xd8\xff\xda\x00\x02%06d\xff\xd9" % number


def part(image: bytes) -> bytes:
    head = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n" % len(image)
    return head + image + b"\r\n"


def _cut(data: bytes) -> Iterator[bytes]:
    """In pieces whose sizes the data's own bytes decide."""
    at = 0
    while at < len(data):
        size = 1 + (data[at] if data[at] % 3 else data[at] * 16)
        yield data[at : at + size]
        at += size


_TAIL: Final = [good_frame(n) for n in range(RESYNCHRONISED_AFTER // len(part(good_frame(0))) + 22)]
_TAIL_BYTES: Final = b"".join(map(part, _TAIL))


def splitter(data: bytes) -> None:
    """Any bytes, cut anywhere: no error, bounded memory, every byte counted, and it recovers."""
    cutter = FrameSplitter(max_frame_bytes=LIMIT)
    images: list[bytes] = []
    for piece in (*_cut(data), _TAIL_BYTES):
        images += cutter.feed(piece)
        assert cutter.capacity <= max(256 * 1024, LIMIT + 256 * 1024)
    counted = sum(map(len, images)) + cutter.discarded_bytes + cutter.framing_bytes
    assert counted + cutter.buffered == len(data) + len(_TAIL_BYTES)
    assert all(4 <= len(image) <= LIMIT for image in images)
    assert all(image[:2] == b"\xff\xd8" and image[-2:] == b"\xff\xd9" for image in images)
    assert images[-20:] == _TAIL[-20:]
    assert len(images) == cutter.frames


def config(data: bytes) -> None:
    """Any file is a configuration, or problems in words: one printable line each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.yaml"
        path.write_bytes(data)
        try:
            load_config(path, {"X": "9"})
        except ConfigError as error:
            refusal = error
        else:
            return
    lines = str(refusal).splitlines()
    assert 1 <= len(lines) == len(refusal.problems) <= 201
    # PyYAML ends a line at more than a line feed.
    ends = (b"\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
    last = 2 + sum(map(data.count, ends))
    for problem in refusal.problems:
        assert one_line(str(problem)) == str(problem)
        assert problem.line is None or 1 <= problem.line <= last


def stderr(data: bytes) -> None:
    """Any words of FFmpeg's are kept within bounds, are harmless, and have a cause."""
    tail = StderrTail(CameraId("c"), Redactor(["canary"]))
    for piece in _cut(data):
        tail.take(piece)
        assert tail.partial_bytes <= LIMIT
    tail.take(b"\n")
    lines = tail.lines()
    assert len(lines) <= 50
    for line in lines:
        assert one_line(line) == line
        assert len(line) <= 520
        assert "canary" not in line
    for any_frames in (False, True):
        failure = classify(1, lines, any_frames=any_frames, ran_s=0.5)
        assert len(failure.detail) <= 200
        assert one_line(failure.detail) == failure.detail


def broker(data: bytes) -> None:
    """Any refusal of a broker's becomes words."""
    text = data.decode(errors="surrogateescape")
    for error in (
        pika.exceptions.ConnectionClosedByBroker(len(data), text),
        pika.exceptions.ProbableAccessDeniedError(text),
        pika.exceptions.IncompatibleProtocolError(text),
        pika.exceptions.StreamLostError(text),
        pika.exceptions.AMQPConnectionError(text),
        OSError(text),
        OSError(len(data), text),
        RuntimeError(text),
        pika.exceptions.AMQPError(),
    ):
        for tls in (None, TlsSettings()):
            words = describe_loss(error, AmqpSettings("h", 1, text, "u", "p", tls=tls)).reason
            assert words
            one_line(words).encode()
    for code in (403, 404, 406, len(data)):
        assert describe_refusal(text, code, text)


def jpeg(data: bytes) -> None:
    """Any image has a size, or none."""
    for image in (data, b"\xff\xd8" + data, b"\xff\xd8\xff" + data):
        width, height = image_size(image)
        assert (width == 0) == (height == 0)
        assert 0 <= width <= 65_535
        assert 0 <= height <= 65_535


def duration(data: bytes) -> None:
    """Any text is a duration that reads back, or an error that quotes little."""
    text = data.decode(errors="replace")
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        if len(str(error)) > 600:
            raise AssertionError("it quotes too much") from error
        return
    assert math.isfinite(seconds)
    assert seconds >= 0
    again = parse_duration(format_duration(seconds))
    assert math.isclose(again, seconds, rel_tol=1e-6, abs_tol=0.0006)


def url(data: bytes) -> None:
    """Any URL is refused, or becomes the one argument behind `-i`; nothing else is raised."""
    text = data.decode(errors="replace")
    mask_url(text)
    with contextlib.suppress(ValueError):
        split_url(text)
    try:
        camera = CameraConfig(id="c", url=text)
    except ValidationError:
        return
    command = capture_command(Binary("ffmpeg", (5, 1)), camera)
    assert command.count("-i") == 1
    target = command[command.index("-i") + 1]
    assert target
    assert target.isprintable()
    assert not target.startswith("-") or text.lower().startswith("lavfi:")
    assert all("\0" not in word for word in command)


def password(data: bytes) -> None:
    """Any password is masked in whatever command line, error or address it got into, or refused."""
    secret = "canary" + data.decode(errors="replace") + "yranac"
    sources: tuple[dict[str, Any], ...] = (
        {"url": "rtsp://h/x", "password": secret},
        {"url": "http://h/x", "username": "u", "password": secret},
        {"url": "rtmp://h/x", "username": "u", "password": secret},
    )
    for keys in sources:
        if "\0" in secret:
            with pytest.raises(ValidationError) as refused:
                CameraConfig(id="c", **keys)
            assert "canary" not in str(refused.value)
            continue
        camera = CameraConfig(id="c", **keys)
        redact = redactor_of([camera])
        command = capture_command(Binary("ffmpeg", (5, 1)), camera)
        for text in (
            " ".join(command),
            repr(command),
            repr(camera),
            f"[error] {command[command.index('-i') + 1]}: Connection refused {secret}",
        ):
            assert "canary" not in redact(text), redact(text)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (splitter, config, stderr, broker, jpeg, duration, url, password)
}
"""By name."""


def seeds(name: str) -> list[bytes]:
    """Where to begin: inputs that get far."""
    if name == "config":
        root = Path(__file__).parents[2]
        files = [*root.glob("config/*.yaml"), *root.glob("tests/edge_video/configs/*.yaml")]
        return [file.read_bytes() for file in files]
    return {
        "splitter": [part(good_frame(1)) * 3, good_frame(1), part(good_frame(2))[:-9]],
        "stderr": [b"[rtsp @ 0x55] [error] method DESCRIBE failed: 401 Unauthorized\r\n"],
        "jpeg": [b"\xff\xd8\xff\xc0\x00\x0b\x08\x01\x68\x02\x80\x01\x01\x11\x00\xff\xd9"],
        "duration": [b"1h30m5.5s", b"500ms"],
        "url": [b"rtsp://u:p@10.0.0.1:554/x?a=b", b"lavfi:testsrc2", b"file:-x", b"http://[::1]/x"],
        "password": [b"p@:%/#? \xc3\xa9\\"],
        "broker": [b"[SSL: WRONG_VERSION_NUMBER] x", b"vhost 'x' not found"],
    }[name]
