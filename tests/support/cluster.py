"""Nodes of a cluster in this process: whole systems with scripted cameras, on a real broker."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

from edge_video.app import start_system
from edge_video.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.app import System
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure

FPS = 20


class Pump:
    """Satisfies `RunningCapture`: a thread that brings frames at one rate."""

    def __init__(self, on_frame: Callable[[bytes], object]) -> None:
        self._on_frame = on_frame
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.pid: int | None = None
        self.frames = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, deadline_s: float = 2.0) -> None:
        self._over.set()
        self._thread.join(deadline_s)

    def signal(self, signum: int) -> None:
        raise AssertionError(f"nobody signals a scripted camera, yet {signum} came")

    def _run(self) -> None:
        while not self._over.wait(1 / FPS):
            self.frames += 1
            self._on_frame(b"\xff\xd8" + self.frames.to_bytes(8, "big") + bytes(500) + b"\xff\xd9")


class ClusterNode:
    """One node.

    Args:
        name: of the node.
        port: of the broker, or of who stands between.
        cameras: those that all nodes share.
        cluster: the section.
    """

    def __init__(
        self, name: str, port: int, cameras: Iterable[str], cluster: dict[str, Any], exchange: str
    ) -> None:
        self.name = name
        self.config = Config.model_validate(
            {
                "node": name,
                "amqp": {"url": f"amqp://guest:guest@127.0.0.1:{port}/", "exchange": exchange},
                "cluster": cluster,
                "cameras": [{"id": each, "url": f"rtsp://camera/{each}"} for each in cameras],
                "report_interval": 0,
            }
        )
        self.system: System = start_system(self.config, capture=self._capture)

    def _capture(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> Pump:
        del camera, on_end
        return Pump(on_frame)

    def streaming(self) -> set[str]:
        """The cameras that stream here."""
        status = self.system.status()
        return {each.camera_id for each in status.cameras if each.phase.value == "streaming"}


def new_group() -> dict[str, Any]:
    """A section of a cluster that nobody else belongs to."""
    return {"group": f"tests-{uuid.uuid4().hex[:12]}"}
