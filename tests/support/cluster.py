"""Nodes of a cluster in this process: whole systems with scripted cameras, on a real broker."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from edge_video.app import start_system
from edge_video.config import Config
from tests.support.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.app import System
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure

FPS = 20
FRAME_BYTES = 500


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
        return Pump(on_frame, FPS, FRAME_BYTES)

    def streaming(self) -> set[str]:
        """The cameras that stream here."""
        status = self.system.status()
        return {each.camera_id for each in status.cameras if each.phase.value == "streaming"}


def new_group() -> dict[str, Any]:
    """A section of a cluster that nobody else belongs to."""
    return {"group": f"tests-{uuid.uuid4().hex[:12]}"}
