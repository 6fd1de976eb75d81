"""Two small real cameras to break on purpose, and the measuring of their recovery."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from edge_video.config import CameraConfig, CircuitBreakerConfig, Config, DirectorySinkConfig
from edge_video.log.events import LogEvent
from tests.support.watched import Running, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FPS: Final = 20
STALL_TIMEOUT_S: Final = 1.5
PICTURE: Final = f"lavfi:testsrc2=size=160x120:rate={FPS}"
BROKEN, CONTROL = "cam1", "cam2"
GENEROUS_S: Final = 10.0
"""The promise is two seconds; a test machine shared with others gets more."""


def two_cameras(folder: Path, url: str = PICTURE, **more: Any) -> Config:
    """`cam1`, which the tests break, and `cam2`, which must not notice."""
    return Config(
        cameras=[
            CameraConfig(id=camera_id, url=each, fps=FPS, stall_timeout=STALL_TIMEOUT_S)
            for camera_id, each in ((BROKEN, url), (CONTROL, PICTURE))
        ],
        **{
            "sink": DirectorySinkConfig(path=str(folder / "frames"), keep=3),
            "circuit_breaker": CircuitBreakerConfig(enabled=False),
            **more,
        },
    )


class Broken(Running):
    """A running system of two cameras, and the clock that runs while one of them is broken."""

    def recovered_s(self, *, since_s: float, count: int = 2) -> float:
        """Seconds until `cam1` streams for the `count`-th time; printed."""
        streaming = self.story.wait_for(LogEvent.CAMERA_STREAMING, camera_id=BROKEN, count=count)
        return self.measured(streaming.at_s - since_s)

    def measured(self, recovery_s: float) -> float:
        print(f"recovered after {1000 * recovery_s:.0f} ms")
        assert recovery_s < GENEROUS_S
        return recovery_s

    def failed_at_s(self, count: int = 1) -> float:
        """When the failure of `cam1` was noticed."""
        return self.story.wait_for(LogEvent.CAMERA_FAILED, camera_id=BROKEN, count=count).at_s

    def assert_control_undisturbed(self) -> None:
        """The other camera streams on in its first attempt."""
        control = self.camera(CONTROL)
        assert control.attempts == 1
        assert (control.last_frame_ago_s or 0.0) < STALL_TIMEOUT_S


@contextmanager
def broken(folder: Path, *, ends: bool = False, **options: Any) -> Iterator[Broken]:
    """Streams when it is handed over; afterwards stopped, unless it `ends` by itself."""
    config = options.pop("config", None) or two_cameras(folder)
    with listening() as story:
        running = Broken(config, story, **options)
        try:
            running.wait_until_streaming()
            yield running
        except BaseException:
            running.system.clear_faults()
            running.system.stop()
            raise
        if not ends:
            running.stop()


def now_s() -> float:
    return time.monotonic()
