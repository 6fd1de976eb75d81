"""What somebody is told of a camera that is not configured yet."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from edge_video.capture.binary import BinaryMissing
from edge_video.capture.probe import KeyFrames, ProbeResult
from edge_video.frames import CameraId
from edge_video.http.camera_probe import CameraProbeEndpoint
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.http.camera_probe import ProbeHandler

PROBED = CameraId("probed")
GOOD = ProbeResult(
    PROBED,
    ok=True,
    codec="h264",
    width=1920,
    height=1080,
    fps=12.5,
    first_frame_s=0.4,
    key_frames=KeyFrames(4.0, at_least=True),
    picture=b"\xff\xd8\xff\xd9",
)


def ask(
    endpoint: CameraProbeEndpoint, *bodies: bytes, language: str = "en"
) -> list[httpx.Response]:
    """Send these requests at once."""

    async def sent() -> list[httpx.Response]:
        transport = httpx.ASGITransport(Starlette(routes=endpoint.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await asyncio.gather(
                *(
                    client.post("/api/probe", content=body, headers={"accept-language": language})
                    for body in bodies
                )
            )

    return asyncio.run(sent())


def raising(error: Exception) -> ProbeHandler:
    """A handler that fails with this."""

    def handler(values: Mapping[str, Any], timeout_s: float) -> ProbeResult:
        del values, timeout_s
        raise error

    return handler


def test_a_camera_that_sends_is_told_with_its_picture() -> None:
    asked: list[Mapping[str, Any]] = []

    def handler(values: Mapping[str, Any], timeout_s: float) -> ProbeResult:
        asked.append(values)
        assert timeout_s == 20.0
        return GOOD

    (answer,) = ask(CameraProbeEndpoint(handler, "p"), b'{"url": "rtsp://h/s"}')
    assert asked == [{"url": "rtsp://h/s"}]
    assert answer.json() == {
        "ok": True,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "fps": 12.5,
        "first_frame_s": 0.4,
        "key_frame_interval_s": 4.0,
        "key_frame_interval_is_at_least": True,
        "cause": None,
        "detail": None,
        "picture": "/9j/2Q==",
    }


def test_a_camera_that_does_not_is_told_with_the_cause() -> None:
    failed = ProbeResult(PROBED, ok=False, failure=Failure(Cause.WRONG_PASSWORD, "401\x1b"))
    (answer,) = ask(CameraProbeEndpoint(lambda *_: failed, "p"), b"{}")
    assert (answer.status_code, answer.json()["cause"]) == (200, "wrong_password")
    assert "\x1b" not in answer.json()["detail"]


def test_keys_that_are_wrong_are_told() -> None:
    (answer,) = ask(CameraProbeEndpoint(lambda *_: ("url: no",), "p"), b"{}")
    assert (answer.status_code, answer.json()["details"]) == (422, ["url: no"])


def test_what_is_wrong_is_told_in_the_language_of_who_asks() -> None:
    wrong = ("fps: 900 is not between 1 and 60",)
    (answer,) = ask(CameraProbeEndpoint(lambda *_: wrong, "p"), b"{}", language="pt-BR")
    assert answer.json()["details"] == ["fps: 900 não está entre 1 e 60"]


def test_a_camera_is_still_being_probed_when_its_client_has_gone() -> None:
    begun, end = threading.Event(), threading.Event()

    def handler(values: Mapping[str, Any], timeout_s: float) -> ProbeResult:
        del values, timeout_s
        begun.set()
        end.wait(10)
        return GOOD

    async def story() -> list[int]:
        transport = httpx.ASGITransport(
            Starlette(routes=CameraProbeEndpoint(handler, "p").routes())
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            gone = asyncio.create_task(client.post("/api/probe", content=b"{}"))
            await asyncio.to_thread(begun.wait, 10)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            refused = await client.post("/api/probe", content=b"{}")
            end.set()
            answer = refused
            for _ in range(1000):
                if answer.status_code == 200:
                    break
                await asyncio.sleep(0.01)
                answer = await client.post("/api/probe", content=b"{}")
            return [refused.status_code, answer.status_code]

    assert asyncio.run(story()) == [503, 200]


@pytest.mark.parametrize("body", [b"", b"[]", b" " * 70_000 + b"{}"])
def test_a_body_that_is_no_small_object_is_an_error(body: bytes) -> None:
    (answer,) = ask(CameraProbeEndpoint(lambda *_: GOOD, "p"), body)
    assert answer.status_code == 400


def test_one_camera_is_probed_at_a_time() -> None:
    second_refused = threading.Event()

    def handler(values: Mapping[str, Any], timeout_s: float) -> ProbeResult:
        del values, timeout_s
        assert second_refused.wait(10)
        return GOOD

    async def story() -> tuple[int, int]:
        transport = httpx.ASGITransport(
            Starlette(routes=CameraProbeEndpoint(handler, "p").routes())
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:

            async def post() -> int:
                status = (await client.post("/api/probe", content=b"{}")).status_code
                second_refused.set()
                return status

            return await asyncio.gather(post(), post())

    assert sorted(asyncio.run(story())) == [200, 503]


def test_that_there_is_no_ffmpeg_is_said() -> None:
    (answer,) = ask(CameraProbeEndpoint(raising(BinaryMissing("none")), "p"), b"{}")
    assert (answer.status_code, answer.json()) == (409, {"error": "there is no FFmpeg"})


def test_a_probe_for_which_there_is_no_thread_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    endpoint = CameraProbeEndpoint(lambda *_: GOOD, "p")
    with monkeypatch.context() as short:
        short.setattr(threading.Thread, "start", start)
        (answer,) = ask(endpoint, b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    (answer,) = ask(endpoint, b"{}")
    assert answer.status_code == 200


def test_a_shortage_while_it_is_probed_is_not_a_missing_ffmpeg() -> None:
    endpoint = CameraProbeEndpoint(raising(RuntimeError("can't start new thread")), "p")
    (answer,) = ask(endpoint, b"{}")
    assert answer.status_code == 503
