"""Cameras whose pictures are fetched one by one, with all that such cameras do wrong."""

from __future__ import annotations

import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.capture import CaptureStartError
from edge_video.faults import (
    GarbageBytes,
    KillFfmpeg,
    OversizedFrame,
    RefuseSpawn,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.resilience.failures import Cause
from edge_video.testing.certificates import make_certificates
from edge_video.testing.devices import (
    Basic,
    HangUp,
    LoopbackServer,
    SnapshotDevice,
    http_answer,
    http_head,
    without_huffman_tables,
)
from tests.support.snapshots import CAM, IMAGES, JPEG, LOGIN, PASSWORD, USER, Fetching, failure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.faults import CameraFault
    from edge_video.testing.devices import Connection, Request

# --- pictures ---------------------------------------------------------------------------------


def test_pictures_come_one_by_one_over_one_connection_and_as_they_are() -> None:
    with SnapshotDevice(IMAGES) as device, Fetching(device.url) as fetching:
        assert fetching.wait_for(4) == IMAGES
        assert fetching.capture.pid is None
        assert fetching.threads == {"snapshot-shop"}
    assert device.connections == 1
    assert {each.method for each in device.requests} == {"GET"}
    assert device.requests[0].headers["host"] == f"127.0.0.1:{device.port}"


def test_the_next_request_begins_when_the_last_one_has_ended_and_its_time_has_come() -> None:
    """Lower bounds, which no load breaks; that nothing is caught up is `SnapshotPace`'s test."""
    asked_s: list[float] = []
    answering = threading.Lock()

    def slow(number: int, _: Request) -> bytes:
        assert answering.acquire(blocking=False), "two requests at once"
        asked_s.append(time.monotonic())
        time.sleep(0.15 if number == 1 else 0)
        answering.release()
        return http_answer(IMAGES[number % 4], **JPEG)

    device = SnapshotDevice(IMAGES, picture=slow)
    began_s = time.monotonic()
    with device, Fetching(device.url, fps=10) as fetching:
        fetching.wait_for(4)
    assert asked_s[1] >= began_s + 0.095
    assert asked_s[2] >= asked_s[1] + 0.15, "before the last one had ended"
    assert asked_s[3] >= asked_s[1] + 0.245


def chunked(image: bytes, **headers: str) -> bytes:
    head = http_head(Transfer_Encoding="chunked", **{**JPEG, **headers})
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(image), image)


def closing(image: bytes) -> bytes:
    return http_head(**JPEG, Connection="close") + image


ODD_ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "no Content-Type": http_answer,
    "a type that lies": lambda image: http_answer(image, Content_Type="text/html"),
    "a type of nothing": lambda image: http_answer(image, Content_Type="application/octet-stream"),
    "chunks": chunked,
    "padding behind the image": lambda image: http_answer(image + bytes(40), **JPEG),
    "line ends before the image": lambda image: http_answer(b"\r\n\r\n" + image, **JPEG),
    "line feeds alone": lambda image: (
        b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % len(image) + image
    ),
    "no reason phrase": lambda image: (
        b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(image) + image
    ),
}


@pytest.mark.parametrize("oddity", ODD_ANSWERS)
def test_an_odd_answer_with_a_picture_in_it_is_one(oddity: str) -> None:
    odd = ODD_ANSWERS[oddity]
    device = SnapshotDevice(IMAGES, picture=lambda number, _: odd(IMAGES[number % 4]))
    with device, Fetching(device.url) as fetching:
        assert fetching.wait_for(3) == IMAGES[:3]
    assert device.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda image: http_answer(image, **JPEG, Connection="close"),
        lambda image: http_answer(image, **JPEG),  # closes, and does not say so
        closing,
        lambda image: b"HTTP/1.0 200 OK\r\n\r\n" + image,
    ],
)
def test_a_camera_that_closes_after_each_picture_is_connected_to_again(
    answer: Callable[[bytes], bytes],
) -> None:
    def picture(number: int, _: Request) -> bytes:
        return answer(IMAGES[number % 4])

    device = SnapshotDevice(IMAGES, picture=picture, closes=True)
    with device, Fetching(device.url) as fetching:
        assert fetching.wait_for(4) == IMAGES
        assert fetching.failure is None
    assert device.connections >= 4


def test_a_connection_that_dies_while_the_next_request_is_sent_costs_no_picture() -> None:
    def picture(number: int, _: Request) -> bytes:
        if number == 1:
            raise HangUp(reset=True)
        return http_answer(IMAGES[number % 4], **JPEG)

    with SnapshotDevice(IMAGES, picture=picture) as device, Fetching(device.url) as fetching:
        assert fetching.wait_for(3) == [IMAGES[0], IMAGES[2], IMAGES[3]]


def test_an_image_without_tables_gets_the_standards() -> None:
    bare = [without_huffman_tables(each) for each in IMAGES]
    with SnapshotDevice(bare) as device, Fetching(device.url) as fetching:
        assert all(b"\xff\xc4" in each for each in fetching.wait_for(2))


# --- what is the same -------------------------------------------------------------------------


def test_the_same_picture_again_is_counted_and_not_published() -> None:
    shown = [IMAGES[0], IMAGES[0], IMAGES[0], IMAGES[1]]
    with SnapshotDevice(shown) as device, Fetching(device.url) as fetching:
        assert fetching.wait_for(3) == [IMAGES[0], IMAGES[1], IMAGES[0]]
        assert fetching.capture.frames >= 5
        assert fetching.launcher.totals(CAM).unchanged >= 2


def test_a_camera_with_etags_is_asked_for_news_only() -> None:
    state = {"picture": 0}

    def with_etag(_: int, request: Request) -> bytes:
        tag = f'"{state["picture"]}"'
        if request.headers.get("if-none-match") == tag:
            return http_head("304 Not Modified", ETag=tag)
        return http_answer(IMAGES[state["picture"]], ETag=tag, **JPEG)

    with SnapshotDevice(IMAGES, picture=with_etag) as device, Fetching(device.url) as fetching:
        fetching.wait_for(1)
        device.wait_for_request(lambda request: "if-none-match" in request.headers)
        device.wait_for_sessions(10)
        assert len(fetching.frames) == 1
        assert fetching.failure is None
        state["picture"] = 1
        assert fetching.wait_for(2)[1] == IMAGES[1]
    assert device.connections == 1


def test_a_last_modified_that_never_changes_freezes_no_picture() -> None:
    lying = "Mon, 01 Jan 2001 00:00:00 GMT"

    def picture(number: int, request: Request) -> bytes:
        if "if-modified-since" in request.headers:
            return http_head("304 Not Modified")
        return http_answer(IMAGES[number % 4], Last_Modified=lying, **JPEG)

    with SnapshotDevice(IMAGES, picture=picture) as device, Fetching(device.url) as fetching:
        assert fetching.wait_for(6) == [*IMAGES, *IMAGES[:2]]


# --- time -------------------------------------------------------------------------------------


def test_a_camera_that_sends_a_byte_now_and_then_is_given_up_in_time() -> None:
    def trickle(_: Request) -> Iterator[bytes]:
        yield http_head(Content_Length="1000", **JPEG)
        for _each in range(999):  # for longer than the test waits for the end
            time.sleep(0.02)
            yield b"\xff"

    failure = failure_of(SnapshotDevice([], answer=trickle), stall_timeout="500ms")
    assert failure.cause is Cause.TIMEOUT


def test_misses_between_pictures_are_passed_over_until_the_camera_counts_as_stalled() -> None:
    busy = http_answer(b"", "503 Busy")

    def picture(number: int, _: Request) -> bytes:
        is_picture = number in (0, 2)
        return http_answer(IMAGES[number], **JPEG) if is_picture else busy

    device = SnapshotDevice(IMAGES, picture=picture)
    with device, Fetching(device.url, stall_timeout="5s") as fetching:
        assert fetching.wait_for(2) == [IMAGES[0], IMAGES[2]]
        assert fetching.wait_for_end().cause is Cause.BUSY
    assert (
        device.sessions <= 3 + 10
    )  # while it is busy ten in `stall_timeout`, and not fifty a second


@pytest.mark.parametrize("begins", [b"", http_head(Content_Length="1000", **JPEG)])
def test_stopping_ends_a_request_that_waits_at_once(begins: bytes) -> None:
    asked, over = threading.Event(), threading.Event()

    def wait(_: Request) -> Iterator[bytes]:
        yield begins
        asked.set()
        over.wait(5)

    with SnapshotDevice([], answer=wait) as device, Fetching(device.url) as fetching:
        assert asked.wait(5)
        began_s = time.monotonic()
        fetching.capture.stop(2.0)
        assert time.monotonic() - began_s < 0.5
        assert fetching.failure is None
        over.set()


def test_after_a_stop_there_is_neither_connection_nor_thread() -> None:
    with SnapshotDevice(IMAGES) as device, Fetching(device.url) as fetching:
        fetching.wait_for(1)
        fetching.capture.stop()
        frames = len(fetching.frames)
        assert "snapshot-shop" not in {each.name for each in threading.enumerate()}
        deadline_s = time.monotonic() + 5
        while device.clients() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        assert device.clients() == 0
        assert len(fetching.frames) == frames


def test_a_capture_is_started_once() -> None:
    with (
        SnapshotDevice(IMAGES) as device,
        Fetching(device.url) as fetching,
        pytest.raises(RuntimeError),
    ):
        fetching.capture.start()


# --- TLS, a proxy -----------------------------------------------------------------------------


def test_a_certificate_of_its_own_is_accepted_and_kept_connections_are_used(
    tmp_path: Path,
) -> None:
    made = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    device = SnapshotDevice(IMAGES, tls=context, authentication=Basic(USER, PASSWORD))
    with device, Fetching(device.url, **LOGIN) as fetching:
        assert fetching.wait_for(3) == IMAGES[:3]
    assert device.connections == 1


def test_tls_where_there_is_none_is_told_as_such() -> None:
    def in_the_clear(connection: Connection) -> None:
        connection.receive()
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = LoopbackServer(in_the_clear)
    server.open()
    try:
        with Fetching(f"https://127.0.0.1:{server.port}/x.jpg") as fetching:
            assert fetching.wait_for_end().cause is Cause.TLS_FAILED
    finally:
        server.close()


def test_a_proxy_is_asked_for_the_cameras_address() -> None:
    proxy = SnapshotDevice(IMAGES)
    with proxy, Fetching("http://camera.invalid/x.jpg", http_proxy=proxy.url) as fetching:
        assert fetching.wait_for(2) == IMAGES[:2]
    assert proxy.requests[0].url == "http://camera.invalid:80/x.jpg"


# --- faults on purpose ------------------------------------------------------------------------


class Gated:
    """A camera that answers when it is let: what is broken on purpose is the answer after that."""

    def __init__(self) -> None:
        self._may = threading.Semaphore(0)
        self.device = SnapshotDevice(IMAGES, picture=self.picture)

    def picture(self, number: int, _: Request) -> bytes:
        self._may.acquire(timeout=5)
        return http_answer(IMAGES[number % 4], **JPEG)

    def answer(self, times: int = 1) -> None:
        self._may.release(times)


FAULTS: dict[CameraFault, tuple[int, int]] = {
    TruncatedFrame(): (len(IMAGES[1]) // 2, 0),
    GarbageBytes(1000): (1000, 0),
    OversizedFrame(): (0, 1),
    SilentEnd(): (0, 0),
}
"""What each leaves in the counters: bytes of no picture, and pictures that are too large."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_one_answer_and_the_next_one_is_whole(fault: CameraFault) -> None:
    gated = Gated()
    with gated.device, Fetching(gated.device.url, stall_timeout="10s") as fetching:
        gated.answer()
        fetching.wait_for(1)
        assert fetching.capture.tamper(fault, fps=50)
        gated.answer(2)
        assert fetching.wait_for(2) == [IMAGES[0], IMAGES[2]]
        totals = fetching.launcher.totals(CAM)
        gated.answer(9)
    assert (totals.discarded_bytes, totals.oversized) == FAULTS[fault]


def test_faults_that_are_taken_back_break_nothing() -> None:
    gated = Gated()
    with gated.device, Fetching(gated.device.url) as fetching:
        gated.answer()
        fetching.wait_for(1)
        assert all(fetching.capture.tamper(each, fps=50) for each in FAULTS)
        fetching.capture.untamper()
        gated.answer(9)
        assert fetching.wait_for(4) == IMAGES


def test_slow_frames_are_asked_for_later() -> None:
    with SnapshotDevice(IMAGES) as device, Fetching(device.url) as fetching:
        fetching.wait_for(1)
        assert fetching.capture.tamper(SlowFrames(share=0.01), fps=50)
        fetching.wait_for(2)
        frames = len(fetching.frames)
        time.sleep(0.2)
        assert len(fetching.frames) <= frames + 1


@pytest.mark.parametrize("fault", [KillFfmpeg(), RefuseSpawn()])
def test_there_is_no_process_to_break(fault: CameraFault) -> None:
    with SnapshotDevice(IMAGES) as device, Fetching(device.url) as fetching:
        assert not fetching.capture.tamper(fault, fps=50)


def test_a_start_is_refused_on_purpose() -> None:
    fetching = Fetching("http://127.0.0.1:9/x.jpg")
    assert fetching.capture.tamper(RefuseSpawn(), fps=50)
    with pytest.raises(CaptureStartError):
        fetching.capture.start()
