"""What FFmpeg sees of the environment, as a list and as the kernel shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.capture.environment import ffmpeg_environment
from edge_video.testing.devices import HttpDevice, jpegs
from tests.support.devices import DeviceRun

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

SECRETS = {
    "AMQP_PASSWORD": "canary-broker",
    "CAM1_PASSWORD": "canary-camera",
    "EDGE_VIDEO_TOKEN": "canary-token",
    "RABBITMQ_URL": "amqp://u:canary-url@broker",
    "AWS_SECRET_ACCESS_KEY": "canary-cloud",
}
PROXIES = {
    "http_proxy": "http://u:canary-proxy@127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "no_proxy": "10.0.0.0/8",
}
NEEDED = {
    "LC_ALL": "C.UTF-8",
    "LD_LIBRARY_PATH": "/opt/nowhere/lib",
    "LIBVA_DRIVER_NAME": "iHD",
    "CUDA_VISIBLE_DEVICES": "0",
    "TZ": "America/Sao_Paulo",
}
ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}


def test_only_what_is_needed_is_passed_on() -> None:
    given = {"PATH": "/bin", "HOME": "/root", "FFREPORT": "file=/tmp/x", "PYTHONPATH": "/x"}
    passed = ffmpeg_environment({**given, **SECRETS, **PROXIES, **NEEDED})
    assert passed == {"PATH": "/bin", "HOME": "/root", **NEEDED, **ONE_HEAP}


def test_a_configured_proxy_is_the_only_one() -> None:
    passed = ffmpeg_environment(PROXIES, "http://proxy.lan:3128")
    assert passed == {"http_proxy": "http://proxy.lan:3128", **ONE_HEAP}


def test_ffmpeg_has_one_heap_unless_it_is_told_otherwise() -> None:
    assert ffmpeg_environment({}) == ONE_HEAP
    assert ffmpeg_environment({"MALLOC_ARENA_MAX": "4"}) == {"MALLOC_ARENA_MAX": "4"}


@pytest.mark.ffmpeg
def test_a_real_ffmpeg_has_no_secret_in_its_environment(ffmpeg: Binary, tmp_path: Path) -> None:
    with (
        HttpDevice(jpegs()) as device,
        DeviceRun(
            tmp_path,
            [{"id": "door", "url": device.url}],
            ffmpeg=ffmpeg,
            environment={**SECRETS, **PROXIES, **NEEDED},
        ) as program,
    ):
        program.wait_for_log("[door] Streaming")
        environments = [each.environ() for each in program.ffmpegs()]
        assert program.stop() == 0
    assert environments
    for environment in environments:
        assert "canary" not in repr(environment)
        assert not {*SECRETS, *PROXIES} & set(environment)
        assert {name: environment.get(name) for name in NEEDED} == NEEDED
        assert environment["PATH"]
        assert environment["MALLOC_ARENA_MAX"] == "1"
