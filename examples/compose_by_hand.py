"""Two cameras, a publisher and a producer of the program's own, composed by hand with pykka.

No supervisor and no tree: a camera that fails stays down until the program starts it again.
Run it: python examples/compose_by_hand.py [amqp://user:password@host/vhost]
Without a broker the frames go to files.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

import pykka

from edge_video import (
    AmqpConfig,
    CameraActor,
    CameraConfig,
    CameraFailed,
    CameraId,
    CameraStreaming,
    DirectorySinkConfig,
    Drain,
    FrameCounts,
    GetFrameCounts,
    PublishAnswer,
    PublisherActor,
    PublishFrame,
    PublishResult,
    sink_for,
)

DRAW = "ffmpeg -v error -f lavfi -i mandelbrot=size=320x240 -frames:v 1 -f mjpeg -"
ASK = "publish a picture, please"


class Watcher(pykka.ThreadingActor):
    """The program's own actor: hears what becomes of the cameras."""

    def on_receive(self, message: object) -> object:
        match message:
            case CameraStreaming(camera_id=camera_id, width=width, height=height):
                print(f"{camera_id} streams {width}x{height}")
            case CameraFailed(camera_id=camera_id, failure=failure):
                print(f"{camera_id} failed: {failure.cause}")
            case "are you there?":
                return "yes"
        return None


class Drone(pykka.ThreadingActor):
    """A producer that edge-video knows nothing of: it has its pictures from somewhere else."""

    def __init__(self, publisher: pykka.ActorRef[PublisherActor]) -> None:
        super().__init__()
        self.publisher = publisher
        drawn = subprocess.run(DRAW.split(), capture_output=True, check=True)  # noqa: S603 - a constant
        self.picture = drawn.stdout

    def on_receive(self, message: object) -> object:
        if message != ASK:
            return None
        frame = PublishFrame(CameraId("drone"), self.picture, time.time_ns())
        # `tell` would do as well; who asks hears what became of the picture.
        answer: PublishAnswer = self.publisher.ask(frame, block=True, timeout=5)
        if answer.result is not PublishResult.ACCEPTED:
            print(f"a picture of the drone was refused: {answer.result}")
        return answer


def finish(publisher: pykka.ActorRef[PublisherActor]) -> dict[CameraId, FrameCounts]:
    """Hand over what waits, for at most five seconds; what became of all the frames."""
    drained: pykka.Future[bool] = pykka.ThreadingFuture()
    publisher.tell(Drain(drained))
    if not drained.get(timeout=5):
        print("some frames could not be handed over")
    counts: dict[CameraId, FrameCounts]
    counts = publisher.ask(GetFrameCounts(), block=True, timeout=5)
    publisher.stop(timeout=5)
    return counts


def run(sink: AmqpConfig | DirectorySinkConfig, *, seconds: float = 3.0) -> None:
    """Stream for a while, then stop cameras and publisher, and nobody else."""
    publisher = PublisherActor.start(sink=sink_for(sink))
    watcher, drone = Watcher.start(), Drone.start(publisher)
    cameras = [
        CameraActor.start(CameraConfig(id=name, url=url), frames=publisher, events=watcher)
        for name, url in (
            ("door", "lavfi:testsrc2=size=320x240:rate=15"),
            ("yard", "lavfi:smptebars=size=320x240:rate=15"),
        )
    ]
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        drone.ask(ASK, timeout=5)
        time.sleep(0.1)
    for camera in cameras:
        camera.stop(timeout=10)
    for camera_id, counts in finish(publisher).items():
        print(f"{camera_id}: received {counts.received}, confirmed {counts.confirmed}", end="")
        print(f", dropped {counts.dropped}, {counts.imbalance() or 'balanced'}")
    print(f"do the program's own actors live on? {watcher.ask('are you there?', timeout=5)}")
    drone.stop(timeout=5)
    watcher.stop(timeout=5)


def main() -> None:
    """Publish to the broker that is named, or to files."""
    if len(sys.argv) > 1:
        run(AmqpConfig(url=sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        run(DirectorySinkConfig(path=directory))


if __name__ == "__main__":
    main()
