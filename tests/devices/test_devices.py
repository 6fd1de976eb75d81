"""The devices themselves: a healthy one of each kind streams, and each does what it is told."""

from __future__ import annotations

import dataclasses
import itertools
import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.config import CameraConfig
from edge_video.testing.clips import clip_identity, decode_jpeg, encoded_clip
from edge_video.testing.devices import (
    Asking,
    Basic,
    Codec,
    Digest,
    HangUp,
    HttpDevice,
    RtpPacket,
    RtspDevice,
    Several,
    Video,
    http_answer,
    jpegs,
    pacing,
    stamps,
    without_huffman_tables,
)
from edge_video.testing.leaks import no_leaks
from edge_video.testing.waiting import eventually
from tests.support.devices import DeviceRun, Watcher
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.testing.devices import Authentication, Request

pytestmark = [pytest.mark.ffmpeg]

USER, PASSWORD = "viewer", 'p"a:s/s@é'


@pytest.fixture(scope="module")
def video(ffmpeg: Binary) -> Video:
    """Camera 5, 160x120 at 25 fps."""
    del ffmpeg
    return Video.load(encoded_clip(5))


def camera(url: str, **keys: Any) -> CameraConfig:
    return CameraConfig.model_validate({"id": "door", "url": url, **keys})


def number_shown(image: bytes) -> int:
    return clip_identity(decode_jpeg(image))


# --- healthy devices ---


@EVERY_FFMPEG
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_h264_over_rtsp_streams(any_ffmpeg: Binary, video: Video, transport: str) -> None:
    with (
        RtspDevice(video) as device,
        Watcher(any_ffmpeg, camera(device.url, transport=transport)) as watcher,
    ):
        assert number_shown(watcher.wait_for(20)[-1]) == 5
    assert device.sessions == 1


@EVERY_FFMPEG
def test_h265_over_rtsp_streams(any_ffmpeg: Binary) -> None:
    video = Video.load(encoded_clip(6, codec="libx265"), Codec.H265)
    with RtspDevice(video) as device, Watcher(any_ffmpeg, camera(device.url)) as watcher:
        assert number_shown(watcher.wait_for(20)[-1]) == 6


@EVERY_FFMPEG
def test_jpeg_over_rtsp_streams(any_ffmpeg: Binary) -> None:
    device = RtspDevice(Video.of_jpegs(jpegs()), fps=10)
    with device, Watcher(any_ffmpeg, camera(device.url)) as watcher:
        colour = decode_jpeg(watcher.wait_for(10)[-1])[110, 80].tolist()
    assert colour == pytest.approx([40, 90, 160], abs=12)


@EVERY_FFMPEG
@pytest.mark.parametrize("chunked", [False, True])
def test_motion_jpeg_over_http_streams(any_ffmpeg: Binary, chunked: bool) -> None:
    device = HttpDevice(jpegs(), chunked=chunked)
    with device, Watcher(any_ffmpeg, camera(device.url)) as watcher:
        assert decode_jpeg(watcher.wait_for(10)[-1]).shape == (120, 160, 3)


def test_the_program_streams_from_devices(ffmpeg: Binary, video: Video, tmp_path: Path) -> None:
    with RtspDevice(video) as rtsp, HttpDevice(jpegs()) as web:
        cameras = [{"id": "rtsp", "url": rtsp.url}, {"id": "web", "url": web.url}]
        with DeviceRun(tmp_path, cameras, ffmpeg=ffmpeg) as program:
            eventually(lambda: len(program.frames("rtsp")) == 20, timeout_s=20)
            eventually(lambda: len(program.frames("web")) == 20, timeout_s=20)
            assert program.stop() == 0
    assert number_shown(program.frames("rtsp")[-1]) == 5
    assert program.camera("web")["attempts"] == 1


# --- who is let in ---


DIGESTS = [
    Digest(USER, PASSWORD),
    Digest(USER, PASSWORD, "MD5", "auth"),
    Digest(USER, PASSWORD, "MD5", "auth", quoted=False),
    Digest(USER, PASSWORD, "MD5", opaque=""),
    Digest(USER, PASSWORD, "MD5-sess", "auth"),
    Several((Digest(USER, PASSWORD), Basic(USER, PASSWORD))),
    Basic(USER, PASSWORD),
    Basic(USER, PASSWORD, realm='cam "A"'),
    Digest(USER, PASSWORD, nonce="n" * 299),
    Several((Basic(USER, PASSWORD), Digest(USER, PASSWORD, "SHA-256")), in_one_header=True),
    Several((Digest(USER, PASSWORD), Basic(USER, PASSWORD)), in_one_header=True),
]


@pytest.mark.parametrize("asks", DIGESTS, ids=[str(n) for n in range(len(DIGESTS))])
@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_the_right_password_is_let_in(
    ffmpeg: Binary, video: Video, asks: Authentication, kind: str
) -> None:
    device = (
        RtspDevice(video, authentication=asks)
        if kind == "rtsp"
        else HttpDevice(jpegs(), authentication=asks)
    )
    with device, Watcher(ffmpeg, camera(device.url_for(USER, PASSWORD))) as watcher:
        watcher.wait_for(5)


@pytest.mark.parametrize(
    "asks",
    [
        Digest(USER, "another"),
        Digest(USER, PASSWORD, "SHA-256"),
        Digest(USER, PASSWORD, "MD17"),
        Asking(('Bearer realm="camera"',)),
    ],
    ids=["another password", "SHA-256", "no such algorithm", "another scheme"],
)
def test_nobody_else_is(ffmpeg: Binary, video: Video, asks: Authentication) -> None:
    device = RtspDevice(video, authentication=asks)
    with device, Watcher(ffmpeg, camera(device.url_for(USER, PASSWORD))) as watcher:
        watcher.wait_for_end()
    assert (watcher.frames, device.sessions) == ([], 0)


def test_a_digest_is_computed_as_the_rfc_does() -> None:
    # RFC 7616, 3.9.1
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    sent = (
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html",'
        f' algorithm=SHA-256, nonce="{nonce}", nc=00000001, qop=auth,'
        ' cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",'
        ' response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"'
    )
    asks = Digest("Mufasa", "Circle of Life", "SHA-256", "auth", "http-auth@example.org", nonce)
    assert asks.accepts("GET", sent)
    assert not asks.accepts("PUT", sent)
    assert not dataclasses.replace(asks, nonce="another").accepts("GET", sent)


# --- packets, paces, ends ---


def play(device: RtspDevice) -> socket.socket:
    """Set up and play, by hand, with interleaved packets; reads past the answers."""
    client = socket.create_connection(("127.0.0.1", device.port), 10)
    for number, words in enumerate(
        ("SETUP {0}/track1 RTSP/1.0\r\nTransport: RTP/AVP/TCP;interleaved=0-1", "PLAY {0} RTSP/1.0")
    ):
        client.sendall(f"{words.format(device.url)}\r\nCSeq: {number}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"RTSP/1.0 200"), answer
    return client


def packets(client: socket.socket) -> Iterable[tuple[int, bytes]]:
    """Channel and bytes of each packet until the device hangs up."""
    stream = client.makefile("rb")
    while (head := stream.read(4)) and head[:1] == b"$":
        yield head[1], stream.read(int.from_bytes(head[2:]))


def test_stamps_sequence_and_marker_are_what_the_device_was_told(video: Video) -> None:
    def alter(number: int, sent: list[RtpPacket]) -> list[RtpPacket]:
        return [dataclasses.replace(each, sequence=number * 7, marker=False) for each in sent[:1]]

    device = RtspDevice(video, stamp=lambda i: -i, alter=alter, pictures=4, due=lambda _: 0)
    with device, play(device) as client:
        heads = [each[:12] for _, each in packets(client)]
    assert [int.from_bytes(each[2:4]) for each in heads] == [0, 7, 14, 21]
    assert [int.from_bytes(each[4:8]) for each in heads] == [0, *(2**32 - n for n in (1, 2, 3))]
    assert {each[1] for each in heads} == {96}


def test_every_picture_ends_with_a_marker_and_numbers_go_up(video: Video) -> None:
    device = RtspDevice(video, pictures=30, due=lambda _: 0, sequence=65530, payload=200)
    with device, play(device) as client:
        heads = [each[:12] for _, each in packets(client)]
    assert sum(each[1] >> 7 for each in heads) == 30
    numbers = [int.from_bytes(each[2:4]) for each in heads]
    assert numbers == [(65530 + n) % 65536 for n in range(len(heads))]


def test_a_burst_leaves_at_once_and_the_next_when_it_is_due(video: Video) -> None:
    began = time.monotonic()
    device = RtspDevice(video, fps=25, due=pacing.bursts(25, 0.5), pictures=26)
    with device, play(device) as client:
        ends = [time.monotonic() - began for _, each in packets(client) if each[1] & 0x80]
    assert ends[24] < ends[25]
    assert ends[25] >= 1.0  # the third burst begins with picture 25


@pytest.mark.parametrize("ending", ["close", "reset", "bye", "silence"])
def test_a_session_ends_as_it_was_told_to(video: Video, ending: Any) -> None:
    device = RtspDevice(video, session_s=0.2, ending=ending)
    with device, play(device) as client:
        client.settimeout(0.7)
        last: tuple[int, bytes] | None = None
        end: object = None
        try:
            for last in packets(client):  # noqa: B007 - the last is what counts
                pass
        except OSError as error:
            end = type(error)
    assert last is not None
    expected = {"reset": ConnectionResetError, "silence": TimeoutError}
    assert end is expected.get(ending)
    assert (last[0] == 1) == (ending == "bye")


def test_raw_bytes_go_onto_the_connection_as_they_are(video: Video) -> None:
    def garbage(number: int, sent: list[RtpPacket]) -> Iterable[RtpPacket | bytes]:
        if number == 2:
            raise HangUp
        return [b"$\x07\x00\x01x", *sent]

    device = RtspDevice(video, alter=garbage)
    with device, play(device) as client:
        assert [each for each in packets(client) if each[0] == 7] == [(7, b"x")] * 2


def test_a_live_device_goes_on_between_sessions(video: Video) -> None:
    moving = RtspDevice(video, live=True, start=10)
    standing = RtspDevice(video, start=10)
    first = moving.first_picture()
    eventually(lambda: moving.first_picture() > first, timeout_s=5)
    assert standing.first_picture() == 10


def test_an_answer_of_ones_own_replaces_the_usual_one(ffmpeg: Binary, video: Video) -> None:
    def answer(request: Request) -> str | None:
        refused = "RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: {cseq}\r\n\r\n"
        return refused if request.method == "SETUP" else None

    device = RtspDevice(video, answer=answer)
    with device, Watcher(ffmpeg, camera(device.url)) as watcher:
        assert "453" in watcher.wait_for_end().detail
        device.wait_for_request(lambda request: request.method == "SETUP")


def test_a_device_can_hang_up_freeze_and_come_back(ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video) as device:
        port = device.port
        with Watcher(ffmpeg, camera(device.url)) as watcher:
            watcher.wait_for(5)
            device.freeze()
            device.thaw()
            watcher.wait_for(20)
            device.hang_up()
            watcher.wait_for_end()
        device.restart()
        assert device.port == port
        with Watcher(ffmpeg, camera(device.url)) as watcher:
            watcher.wait_for(5)
        device.wait_for_sessions(2)


def test_no_thread_and_no_socket_of_a_device_is_left(video: Video) -> None:
    with no_leaks():
        device = RtspDevice(video)
        with device:
            clients = [play(device) for _ in range(5)]
            device.freeze()
        for client in clients:
            client.close()
        assert device.clients() == 0


# --- HTTP ---


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # a test's own device
        body: bytes = answer.read()
    return body


def test_an_http_device_answers_what_it_was_told() -> None:
    def answer(request: Request) -> bytes | None:
        gone = http_answer(b"gone", "404 Not Found")
        return gone if request.url == "/old" else None

    device = HttpDevice(
        [b"1", b"2", b"3"],
        part=lambda i, image: b"%d:%s " % (i, image),
        prefix=b"first ",
        pictures=4,
        answer=answer,
    )
    with device:
        assert fetch(device.url) == b"first 0:1 1:2 2:3 3:1 "
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(device.url.replace("/video", "/old"))
    assert [each.url for each in device.requests] == ["/video", "/old"]


def test_a_chunked_answer_is_whole() -> None:
    device = HttpDevice([b"ab"], part=lambda _, image: image, pictures=3, chunked=True, fps=100)
    with device:
        assert fetch(device.url) == b"ababab"


def test_jpegs_lose_their_tables_and_nothing_else() -> None:
    whole = jpegs(1)[0]
    bare = without_huffman_tables(whole)
    assert b"\xff\xc4" in whole
    assert b"\xff\xc4" not in bare
    assert bare[6:10] == b"AVI1"
    assert whole[whole.index(b"\xff\xda") :] == bare[bare.index(b"\xff\xda") :]


# --- clocks ---


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (stamps.steady(25), [0, 3600, 7200, 10800]),
        (stamps.repeated(25, 2), [0, 0, 7200, 7200]),
        (stamps.constant(7), [7, 7, 7, 7]),
        (stamps.milliseconds(25), [0, 40, 80, 120]),
        (stamps.at_speed(25, 0.5), [0, 1800, 3600, 5400]),
        (stamps.wrapping(25, 2), [2**32 - 7200, 2**32 - 3600, 2**32, 2**32 + 3600]),
    ],
)
def test_stamps_are_as_their_names_say(stamp: Any, expected: list[int]) -> None:
    assert [stamp(i) for i in range(4)] == expected


def test_stray_and_set_clocks_jump_where_they_should() -> None:
    steps = [b - a for a, b in itertools.pairwise(map(stamps.stray(25, -60, 4), range(6)))]
    assert steps == [3600, 3600, 3600 - 60 * 90000, 3600 + 60 * 90000, 3600]
    steps = [b - a for a, b in itertools.pairwise(map(stamps.jumping(25, 5, 2), range(4)))]
    assert steps == [3600, 3600 + 5 * 90000, 3600]
