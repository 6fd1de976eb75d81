"""Cameras in mode snapshot within the whole system: breaker, status, reload, end."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from edge_video.actors.messages import ResetBreaker
from edge_video.app import start_system
from edge_video.config import Config
from edge_video.config.source import ConfigSource
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status import CameraHealth, CameraPhase, camera_health
from edge_video.status.configuration import ReloadResult
from edge_video.status.model import CameraMode
from edge_video.testing import eventually
from edge_video.testing.devices import HangUp, SnapshotDevice, http_answer, jpegs
from tests.support.frames import FrameKeeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.app import System
    from edge_video.frames import Frame
    from edge_video.status import CameraStatus
    from edge_video.testing.devices import Request

pytestmark = pytest.mark.ffmpeg  # the system looks for one, and runs none for such a camera

IMAGES = jpegs(4, size=(64, 48))
SHOP = CameraId("shop")


def values(folder: Path, **camera: Any) -> dict[str, Any]:
    return {
        "sink": {"type": "directory", "path": str(folder / "frames"), "keep": 3},
        "report_interval": "1h",
        "circuit_breaker": {"max_failures": 1},
        "cameras": [{"id": SHOP, "mode": "snapshot", "fps": 20, **camera}],
    }


def camera_of(system: System) -> CameraStatus:
    return system.status().cameras[0]


def asking() -> set[str]:
    """The threads that fetch pictures now."""
    return {each.name for each in threading.enumerate() if each.name.startswith("snapshot-")}


def test_an_open_camera_has_no_connection_and_a_closed_one_is_back(tmp_path: Path) -> None:
    device = SnapshotDevice(IMAGES)
    with device:
        system = start_system(Config.model_validate(values(tmp_path, url=device.url)))
        try:
            eventually(lambda: camera_of(system).frames.published >= 5, 20)
            camera = camera_of(system)
            assert (camera.ffmpeg_pid, camera.width, camera.height) == (None, 64, 48)
            device.stop()
            eventually(lambda: camera_of(system).breaker.state is BreakerState.OPEN, 20)
            assert camera_of(system).last_failure is not None
            device.restart()
            eventually(lambda: not asking(), 5)
            before = device.connections
            time.sleep(0.3)
            assert (device.connections, device.clients()) == (before, 0)
            system.supervisor.tell(ResetBreaker(SHOP))
            eventually(lambda: camera_of(system).phase is CameraPhase.STREAMING, 20)
            assert camera_health(camera_of(system)) is CameraHealth.HEALTHY
        finally:
            stopped = system.stop(20)
    assert stopped.status.totals.imbalance() is None
    assert stopped.status.totals.received == stopped.status.totals.published
    assert asking() == set()


def test_the_same_picture_is_told_and_is_no_trouble(tmp_path: Path) -> None:
    with SnapshotDevice(IMAGES[:1]) as device:
        system = start_system(Config.model_validate(values(tmp_path, url=device.url)))
        try:
            eventually(lambda: (camera_of(system).unchanged_s or 0) > 0.5, 20)
            camera = camera_of(system)
            assert camera.frames.received == 1
            assert camera.capture.unchanged > 5
            assert camera.breaker.successes > 0
            assert camera_health(camera) is CameraHealth.HEALTHY
        finally:
            system.stop(20)


def test_a_picture_an_hour_is_no_trouble_and_keeps_no_connection(tmp_path: Path) -> None:
    with SnapshotDevice(IMAGES) as device:
        keys = {"url": device.url, "snapshot_interval": "1h"}
        system = start_system(Config.model_validate(values(tmp_path, **keys)))
        try:
            eventually(lambda: camera_of(system).frames.published == 3, 20)
            eventually(lambda: device.clients() == 0, 5)
            camera = camera_of(system)
            assert (camera.interval_s, camera.breaker.state) == (3600, BreakerState.CLOSED)
            assert camera.mode is CameraMode.SNAPSHOT
            assert camera_health(camera) is CameraHealth.HEALTHY
        finally:
            system.stop(20)


def test_a_stop_ends_a_request_that_hangs(tmp_path: Path) -> None:
    over = threading.Event()

    def hang(_: Request) -> bytes:
        over.wait(20)
        raise HangUp

    with SnapshotDevice([], answer=hang) as device:
        system = start_system(Config.model_validate(values(tmp_path, url=device.url)))
        device.wait_for_request(lambda _: True)
        began_s = time.monotonic()
        system.stop(20)
        assert time.monotonic() - began_s < 5
        assert asking() == set()
        over.set()


def test_a_wrong_password_is_told_and_not_tried_again(tmp_path: Path) -> None:
    refused = http_answer(status="401 No", WWW_Authenticate='Digest realm="r", nonce="n"')
    camera = {"username": "viewer", "password": "canary-Zx9"}
    with SnapshotDevice([], answer=lambda _: refused) as device:
        config = Config.model_validate(values(tmp_path, url=device.url, **camera))
        system = start_system(config)
        try:
            eventually(lambda: camera_of(system).breaker.state is BreakerState.OPEN, 20)
            failure = camera_of(system).last_failure
            assert failure is not None
            assert failure.cause is Cause.WRONG_PASSWORD
            assert (camera_of(system).breaker.retry_in_s or 0) > 50
        finally:
            system.stop(20)
    assert len(device.requests) == 2


def test_a_camera_changes_from_a_stream_to_snapshots_and_back_by_a_reload(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"

    def write(**camera: Any) -> None:
        path.write_text(yaml.safe_dump(values(tmp_path, **camera)))

    stream = {"url": "lavfi:testsrc2=size=32x32:rate=10", "mode": "transcode"}
    with SnapshotDevice(IMAGES) as device:
        write(**stream)
        source = ConfigSource(path)
        reading = source.read()
        source.accept(reading)
        keeper = FrameKeeper.start()
        system = start_system(reading.config, source=source, frames={SHOP: keeper})
        try:
            frames = keeper.proxy().frames
            for camera, size in (
                (stream, (32, 32)),
                ({"url": device.url}, (64, 48)),
                (stream, (32, 32)),
            ):
                write(**camera)
                answer = system.reload(origin="test")
                assert answer.result is not ReloadResult.REFUSED
                eventually(partial(_has_size, frames.get, size), 20)
        finally:
            stopped = system.stop(20)
            keeper.stop(timeout=5)
    assert stopped.status.totals.imbalance() is None
    assert asking() == set()


def _has_size(kept: Callable[[], list[Frame]], size: tuple[int, int]) -> bool:
    """Whether the last frame that came has this size."""
    frames = kept()
    return bool(frames) and (frames[-1].width, frames[-1].height) == size
