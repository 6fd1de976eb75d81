"""A camera that is not configured is connected to with its own keys only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.actors import probing
from edge_video.actors.probing import CameraProber
from edge_video.capture.binary import Binary, BinaryMissing
from edge_video.capture.probe import ProbeResult
from edge_video.frames import CameraId

if TYPE_CHECKING:
    import threading

    from edge_video.config import CameraConfig

FFMPEG = Binary("/nowhere/ffmpeg", (5, 1, 0))


def test_its_keys_are_validated_and_its_secrets_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[CameraConfig] = []

    def probe(
        _: Binary, camera: CameraConfig, redact: object, timeout_s: float, __: threading.Event
    ) -> ProbeResult:
        asked.append(camera)
        assert callable(redact)
        assert redact("my hunter2-canary") == "my ***"
        assert timeout_s == 5.0
        return ProbeResult(CameraId(camera.id), ok=True)

    monkeypatch.setattr(probing, "probe_camera", probe)
    values = {"url": "rtsp://10.0.0.1/s", "username": "u", "password": "hunter2-canary"}
    assert isinstance(CameraProber(FFMPEG)(values, 5.0), ProbeResult)
    assert asked[0].host == "10.0.0.1"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "url: it is required"),
        ({"url": "/etc/passwd"}, "it must begin with one of"),
        ({"url": "rtsp://h/s", "input_args": ["-x"]}, "it cannot be set here"),
        ({"url": "rtsp://h/s", "fps": 0}, "0 is not between"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], problem: str) -> None:
    found = CameraProber(FFMPEG)(values, 5.0)
    assert isinstance(found, tuple)
    assert problem in "\n".join(found)


def test_without_ffmpeg_that_is_said() -> None:
    with pytest.raises(BinaryMissing, match="there is no FFmpeg"):
        CameraProber(None)({"url": "rtsp://h/s"}, 5.0)


def test_a_probe_that_runs_ends_when_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    prober = CameraProber(FFMPEG)

    def probe(
        _: Binary, camera: CameraConfig, __: object, ___: float, cancelled: threading.Event
    ) -> ProbeResult:
        assert not cancelled.is_set()
        prober.cancel()
        assert cancelled.is_set()
        return ProbeResult(CameraId(camera.id), ok=False)

    monkeypatch.setattr(probing, "probe_camera", probe)
    assert isinstance(prober({"url": "rtsp://h/s"}, 5.0), ProbeResult)
