"""What one device says of its streams, and what comes of devices that do it wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.capture.onvif.inquiry import ask_device, ask_devices
from edge_video.capture.onvif.model import Answer, Device, Login, Problem
from edge_video.testing.devices import Digest, HangUp, OnvifDevice, OnvifStream
from edge_video.testing.devices.requests import RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.testing.devices import Connection, Request

LOGIN: Final = Login("viewer", "s<cr&t")
STREAM_ANSWER: Final = b"<e><Body><MediaUri><Uri>rtsp://127.0.0.1/main</Uri></MediaUri></Body></e>"
STREAMS: Final = (
    OnvifStream("main", "rtsp://127.0.0.1:554/main?a=1&b=2"),
    OnvifStream("sub", "rtsp://127.0.0.1:554/sub", "H264", 640, 360, 15),
)


class ClosesLater(OnvifDevice):
    """Takes one more request on a connection, and closes it without an answer."""

    def serve(self, connection: Connection) -> None:
        requests = RequestReader(connection)
        for answers in (True, False):
            request = requests.read()
            if request is None:
                return
            self._remember(request)
            if answers:
                connection.send(self._answer(request))


def answer_of(device: OnvifDevice, *services: str) -> Answer:
    return Answer("urn:x", "127.0.0.1", services or (device.url,))


def asked(device: OnvifDevice, login: Login | None = None, limit_s: float = 20.0) -> Device:
    return ask_device(answer_of(device), login, limit_s)


def test_a_device_tells_its_streams_and_who_made_it() -> None:
    with OnvifDevice(STREAMS, name="Acme Dome") as device:
        found = asked(device)
    assert found.problem is None
    assert found.maker == "Acme Dome"
    assert found.clock_offset_s is not None
    assert abs(found.clock_offset_s) < 5
    assert [(each.name, each.width, each.height, each.fps) for each in found.streams] == [
        ("main", 1920, 1080, 25.0),
        ("sub", 640, 360, 15.0),
    ]
    assert found.streams[0].url == "rtsp://127.0.0.1:554/main?a=1&b=2"


@pytest.mark.parametrize("offset_s", [0.0, -86_400.0 * 365, 3600.0])
def test_a_login_has_the_time_of_the_devices_own_clock(offset_s: float) -> None:
    login = (LOGIN.username, LOGIN.password)
    with OnvifDevice(STREAMS, login=login, clock_offset_s=offset_s) as device:
        found = asked(device, LOGIN)
    assert found.problem is None
    assert len(found.streams) == 2
    assert found.clock_offset_s == pytest.approx(offset_s, abs=5.0)
    assert device.refused_logins == 0


def test_a_device_that_asks_for_digest_gets_one_and_no_token() -> None:
    digest = Digest(LOGIN.username, LOGIN.password, qop="auth", algorithm="MD5")
    with OnvifDevice(STREAMS, http_login=digest) as device:
        found = asked(device, LOGIN)
        assert not any(b"UsernameToken" in each.body for each in device.requests)
    assert found.problem is None
    assert device.refused_logins == 0


@pytest.mark.parametrize("way", ["token", "digest"])
def test_a_wrong_password_is_tried_once(way: str) -> None:
    right = (LOGIN.username, "another")
    http = Digest(*right, qop="auth") if way == "digest" else None
    with OnvifDevice(STREAMS, login=right, http_login=http) as device:
        found = asked(device, LOGIN)
    assert (found.problem, found.streams) == (Problem.WRONG_LOGIN, ())
    assert device.refused_logins == 1


def test_without_a_login_none_is_tried() -> None:
    with OnvifDevice(STREAMS, login=("a", "b")) as device:
        found = asked(device)
    assert found.problem is Problem.NEEDS_LOGIN
    assert device.refused_logins == 0


@pytest.mark.parametrize(
    "named",
    [
        "http://0.0.0.0:{port}/onvif/device_service",
        "http://169.254.7.7:{port}/s http://192.168.77.1:{port}/s",
        "http://198.51.100.1:{port}/s",
        "nonsense http://127.0.0.1:1/closed http://127.0.0.1:{port}/s",
        "http://[fe80::1]:{port}/s",
    ],
)
def test_only_the_address_that_answered_is_asked(named: str) -> None:
    odd = tuple(replace(each, url=each.url.replace("127.0.0.1", "10.9.8.7")) for each in STREAMS)
    media = "http://198.51.100.2:{port}/m"
    with OnvifDevice(odd, media=media) as device:
        services = named.format(port=device.port).split()
        found = ask_device(answer_of(device, *services), None, 20.0)
    assert found.problem is None
    assert [each.url for each in found.streams] == [each.url for each in STREAMS]
    assert bool(found.foreign_addresses) == ("127.0.0.1" not in named)


def test_secrets_in_a_streams_address_are_not_shown() -> None:
    path = "user=admin_password=hunter2canary_channel=1_stream=0.sdp"
    streams = [OnvifStream("main", f"rtsp://admin:hunter2canary@127.0.0.1:554/{path}")]
    with OnvifDevice(streams) as device:
        (stream,) = asked(device).streams
    assert stream.url == f"rtsp://127.0.0.1:554/{path}"
    assert "hunter2canary" not in f"{stream.shown_url}{stream}"


def hang_up(_: Request) -> bytes:
    raise HangUp(reset=True)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<a" * 200_000, Problem.NOT_UNDERSTOOD),
        (b"<html><body>login</body", Problem.NOT_UNDERSTOOD),
        (b"", Problem.NOT_UNDERSTOOD),
        (hang_up, Problem.NO_ANSWER),
    ],
    ids=["huge", "broken", "empty", "reset"],
)
def test_a_device_that_makes_no_sense_is_given_up(
    body: bytes | Callable[[Request], bytes], problem: Problem
) -> None:
    with OnvifDevice(STREAMS, answers={"GetSystemDateAndTime": body}) as device:
        found = asked(device)
    assert (found.problem, found.service) == (problem, None)


def test_one_broken_answer_costs_one_answer() -> None:
    broken = {"GetDeviceInformation": b"<<<", "GetSystemDateAndTime": b"<e><Body><x/></Body></e>"}
    with OnvifDevice(STREAMS, answers=broken) as device:
        found = asked(device)
    assert (found.problem, found.maker, found.clock_offset_s) == (None, "", None)
    assert len(found.streams) == 2


def test_a_device_that_closes_after_each_answer_loses_no_question() -> None:
    digest = Digest(LOGIN.username, LOGIN.password, qop="auth", algorithm="MD5")
    with ClosesLater(STREAMS, http_login=digest) as device:
        found = asked(device, LOGIN)
    assert (found.problem, len(found.streams), found.maker) == (None, 2, "Acme Simulated")


def test_streams_that_were_found_before_a_silence_are_kept() -> None:
    def first_only(request: Request) -> bytes:
        if b">main<" in request.body:
            return STREAM_ANSWER
        raise HangUp

    with OnvifDevice(STREAMS, answers={"GetStreamUri": first_only}) as device:
        found = asked(device)
    assert [each.token for each in found.streams] == ["main"]
    assert found.problem is Problem.NO_ANSWER


def test_a_device_that_does_not_tell_its_maker_has_answered() -> None:
    with OnvifDevice(STREAMS, answers={"GetDeviceInformation": hang_up}) as device:
        found = asked(device)
    assert (found.problem, len(found.streams), found.maker) == (None, 2, "")


def test_a_device_without_video_says_so() -> None:
    with OnvifDevice() as device:
        assert asked(device).problem is Problem.NO_STREAMS


def test_a_silent_device_does_not_hold_up_the_others() -> None:
    with OnvifDevice(STREAMS) as silent, OnvifDevice(STREAMS) as device:
        silent.freeze()
        began = time.monotonic()
        found = ask_devices([answer_of(silent), answer_of(device)], None, 1.0)
        assert time.monotonic() - began < 10.0
    assert [each.problem for each in found] == [Problem.NO_ANSWER, None]
