"""A pykka program that runs the whole of edge-video beside its own actors.

Its own actor receives the frames of one camera; the other camera's go to the configured sink.
Run it: python examples/embed_the_tree.py
"""

from __future__ import annotations

import logging
import tempfile
import time
from typing import TYPE_CHECKING

import pykka

from edge_video import CameraConfig, Config, DirectorySinkConfig, FramesReady, start_system

if TYPE_CHECKING:
    from edge_video import Frame


class FrameCounter(pykka.ThreadingActor):
    """The host's own actor: looks at each frame of its camera, and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = 0
        self.bytes = 0

    def on_receive(self, message: object) -> object:
        match message:
            case FramesReady(outbox=outbox):
                while frames := outbox.deliver():
                    for frame in frames:
                        self.look_at(frame)
            case "how many?":
                return self.frames, self.bytes
        return None

    def look_at(self, frame: Frame) -> None:
        """Here a program would decode or forward `frame.image`, a whole JPEG."""
        self.frames += 1
        self.bytes += len(frame.image)


def main() -> None:
    """Run for three seconds, then stop edge-video and leave the host's actors alone."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    counter = FrameCounter.start()
    with tempfile.TemporaryDirectory() as directory:
        config = Config(
            cameras=[
                CameraConfig(id="door", url="lavfi:testsrc2=size=320x240:rate=15"),
                CameraConfig(id="yard", url="lavfi:smptebars=size=320x240:rate=15"),
            ],
            sink=DirectorySinkConfig(path=directory, keep=10),
        )
        system = start_system(config, frames={"door": counter})
        time.sleep(3)
        status = system.status()
        stopped = system.stop()
    for camera in stopped.status.cameras:
        print(f"{camera.camera_id}: {camera.frames.received} frames, {camera.phase}")
    frames, size = counter.ask("how many?", timeout=5)
    print(f"the host's own actor lives on: it saw {frames} frames, {size} bytes")
    print(f"while it ran: publisher {status.publisher.state}")
    counter.stop(timeout=5)


if __name__ == "__main__":
    main()
