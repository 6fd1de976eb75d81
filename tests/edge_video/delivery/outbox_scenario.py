"""An outbox with open cameras and a clock that stands still, for tests."""

from __future__ import annotations

from edge_video.delivery.ledger import FrameCounts, add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.testing import FakeClock

CAM = CameraId("cam1")
OTHER = CameraId("cam2")
THIRD = CameraId("cam3")
PATIENCE_S = 20

# A JPEG as far as its frame header: 640 by 360.
IMAGE = b"\xff\xd8\xff\xc0\x00\x0b\x08\x01\x68\x02\x80\x01\x01\x11\x00\xff\xd9"


def image(number: int) -> bytes:
    return IMAGE + b"%d" % number


class OutboxScenario:
    """An outbox with open cameras, a clock that stands still, and a listener that counts."""

    def __init__(
        self,
        *cameras: CameraId,
        buffer_frames: int = 3,
        max_age_s: float = 2.0,
        max_bytes: int = 1000,
    ) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(
            self.clock, buffer_frames=buffer_frames, max_age_s=max_age_s, max_bytes=max_bytes
        )
        self.notifications = 0
        for camera in cameras or (CAM,):
            self.outbox.add_camera(camera)
            self.outbox.open(camera, 1, f"{camera}-1")

    def on_ready(self) -> None:
        self.notifications += 1

    def put(self, camera: CameraId = CAM, times: int = 1, generation: int = 1) -> bool:
        results = [self.outbox.put(camera, generation, IMAGE) for _ in range(times)]
        return all(results)

    def taken(self) -> list[tuple[CameraId, int, int]]:
        """Camera, number and losses of everything that can be taken."""
        taken = []
        while (frame := self.outbox.take()) is not None:
            taken.append((frame.camera_id, frame.seq, frame.dropped))
        return taken

    def counts(self, camera: CameraId = CAM) -> FrameCounts:
        counts = self.outbox.counts()
        for one in counts.values():
            assert one.imbalance() is None
        assert self.outbox.held == add_counts(counts.values()).held
        return counts[camera]
