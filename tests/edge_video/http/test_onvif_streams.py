"""What is answered of a device's streams: by a simulated one, and where something is missing."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from starlette.applications import Starlette

from edge_video.capture.onvif.model import Answer, Device, Problem
from edge_video.http.onvif_streams import StreamsEndpoint
from edge_video.testing import eventually
from edge_video.testing.devices import OnvifDevice, OnvifStream

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSWORD: Final = "pw-canary-5150"
LOGIN: Final = {"username": "viewer", "password": PASSWORD}
STREAMS: Final = (
    OnvifStream("main", "rtsp://127.0.0.1:554/main"),
    OnvifStream("third", f"rtsp://127.0.0.1:554/{PASSWORD}/t", "H265", 352, 288, 10),
    OnvifStream("sub", "rtsp://127.0.0.1:554/sub", "H264", 640, 360, 15),
)


def ask(endpoint: StreamsEndpoint, *bodies: Any) -> list[httpx.Response]:
    async def sent() -> Sequence[httpx.Response]:
        transport = httpx.ASGITransport(Starlette(routes=endpoint.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            posts = (client.post("/api/onvif/streams", json=body) for body in bodies)
            return await asyncio.gather(*posts)

    return list(asyncio.run(sent()))


def of_device(device: OnvifDevice, **login: str) -> dict[str, Any]:
    (answer,) = ask(StreamsEndpoint("s"), {"host": f"127.0.0.1:{device.port}", **login})
    assert answer.status_code == 200
    assert PASSWORD not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def nothing(answer: Answer, *_: object) -> Device:
    """A handler whose device is not asked."""
    return Device(answer)


def test_a_device_tells_its_streams_and_the_substream_is_proposed() -> None:
    with OnvifDevice(STREAMS, name="Dome", login=("viewer", PASSWORD)) as device:
        found = of_device(device, **LOGIN)
    assert (found["name"], found["problem"], found["detail"]) == ("Acme Dome", None, None)
    assert [each["profile"] for each in found["streams"] if each["proposed"]] == ["sub"]
    main, third, sub = found["streams"]
    assert main["url"] == "rtsp://127.0.0.1:554/main"
    assert third["url"] == "rtsp://127.0.0.1:554/***/t"  # some write the password into a path
    assert [sub[key] for key in ("codec", "width", "height", "fps")] == ["H264", 640, 360, 15.0]


@pytest.mark.parametrize("secret", [PASSWORD, f"rtsp://admin:{PASSWORD}@10.0.0.9/s"])
def test_nothing_is_left_of_a_secret_where_long_words_of_a_device_are_cut(secret: str) -> None:
    words = f"{'x' * (192 - secret.index('pw'))} {secret}"

    def handler(answer: Answer, *_: object) -> Device:
        return Device(answer, problem=Problem.REFUSED, detail=words)

    (answer,) = ask(StreamsEndpoint("s", handler), {"host": "h", **LOGIN})
    assert len(answer.json()["detail"]) <= 200
    assert PASSWORD[:5] not in answer.text


@pytest.mark.parametrize(
    ("login", "problem", "refused"),
    [({}, "needs_login", 0), ({"username": "viewer", "password": "wrong-one"}, "wrong_login", 1)],
)
def test_a_device_that_wants_another_login_is_asked_once(
    login: dict[str, str], problem: str, refused: int
) -> None:
    with OnvifDevice(STREAMS, login=("viewer", PASSWORD)) as device:
        found = of_device(device, **login)
    assert (found["problem"], found["streams"]) == (problem, [])
    assert device.refused_logins == refused


def test_a_width_and_a_rate_that_are_wanted_change_the_proposal() -> None:
    with OnvifDevice(STREAMS) as device:
        body = {"host": f"127.0.0.1:{device.port}", "width": 1280, "fps": 20}
        (answer,) = ask(StreamsEndpoint("s"), body)
    proposed = [each["profile"] for each in answer.json()["streams"] if each["proposed"]]
    assert proposed == ["main"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"host": "rtsp://10.0.0.5/s"},
        {"host": "10.0.0.5/s"},
        {"host": "viewer:pw@10.0.0.5"},
        {"host": ":pw@10.0.0.5"},
        {"host": "10.0.0.5:99999"},
        {"host": 5},
        {"host": "a" * 2000},
        {"password": "alone"},
        {"username": []},
        {"username": "viewer", "password": False},
        {"fps": 61},
        {"width": True},
        {"cameras": []},
    ],
)
def test_what_is_no_question_is_an_error(wrong: dict[str, Any]) -> None:
    (answer,) = ask(StreamsEndpoint("s", nothing), {"host": "10.0.0.5", **wrong})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_device_without_a_port_is_asked_where_devices_usually_answer() -> None:
    asked: list[Answer] = []

    def handler(answer: Answer, *_: object) -> Device:
        asked.append(answer)
        return nothing(answer)

    (answer,) = ask(StreamsEndpoint("s", handler), {"host": "[fe80::1]", "username": None})
    assert (answer.status_code, answer.json()["address"]) == (200, "fe80::1")
    assert asked == [Answer("", "fe80::1", announced=False)]


def test_what_has_to_be_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "edge_video.capture.onvif.inquiry", None)
    (answer,) = ask(StreamsEndpoint("s"), {"host": "10.0.0.5"})
    assert answer.status_code == 501
    assert "pip install 'edge-video[onvif]'" in answer.json()["error"]


class Hanging:
    """A handler that asks until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, answer: Answer, *_: object) -> Device:
        self.begun.set()
        assert self.let_go.wait(10)
        return nothing(answer)


def test_one_is_asked_at_a_time_and_a_stop_waits_for_none() -> None:
    handler = Hanging()
    endpoint = StreamsEndpoint("s", handler)

    async def story() -> list[int]:
        transport = httpx.ASGITransport(Starlette(routes=endpoint.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:

            async def post() -> int:
                return (await client.post("/api/onvif/streams", json={"host": "h"})).status_code

            first = asyncio.create_task(post())
            await asyncio.to_thread(handler.begun.wait, 10)
            refused = await post()
            endpoint.cancel()
            given_up = await first
            still_refused = await post()  # its thread is there yet
            handler.let_go.set()
            await asyncio.to_thread(eventually, lambda: not is_asking())
            return [refused, given_up, still_refused, await post()]

    assert asyncio.run(story()) == [503, 503, 503, 200]


def test_a_stop_ends_the_question_to_a_device_that_does_not_answer() -> None:
    endpoint = StreamsEndpoint("s")

    async def story(silent: socket.socket) -> int:
        transport = httpx.ASGITransport(Starlette(routes=endpoint.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            body = {"host": f"127.0.0.1:{silent.getsockname()[1]}"}
            asking = asyncio.create_task(client.post("/api/onvif/streams", json=body))
            connection, _ = await asyncio.to_thread(silent.accept)
            with connection:
                endpoint.cancel()
                await asyncio.to_thread(eventually, lambda: not is_asking(), 2.0)
            return (await asking).status_code

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        assert asyncio.run(story(silent)) == 503


def is_asking() -> bool:
    return any(each.name == "s" for each in threading.enumerate())


def test_a_question_for_which_there_is_no_thread_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    endpoint = StreamsEndpoint("s", nothing)
    with monkeypatch.context() as short:
        short.setattr(threading.Thread, "start", start)
        (answer,) = ask(endpoint, {"host": "h"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    (answer,) = ask(endpoint, {"host": "h"})
    assert answer.status_code == 200
