"""A pykka program that starts a single camera actor, with its own actor as the receiver.

The camera streams once; what happens when it fails is the program's own decision.
Run it: python examples/embed_one_camera.py
"""

from __future__ import annotations

import threading

import pykka

from edge_video import CameraActor, CameraConfig, CameraEnded, CameraFailed, FramesReady


class Watcher(pykka.ThreadingActor):
    """Receives the camera's frames and its facts."""

    def __init__(self, ended: threading.Event) -> None:
        super().__init__()
        self.frames = 0
        self.ended = ended

    def on_receive(self, message: object) -> object:
        match message:
            case FramesReady(outbox=outbox):
                while frames := outbox.deliver():
                    self.frames += len(frames)
            case CameraFailed(failure=failure):
                print(f"the stream ended: {failure.cause}")
            case CameraEnded():
                self.ended.set()
            case "how many?":
                return self.frames
        return None


def main() -> None:
    """Two seconds of a test picture: the stream's own end is its failure."""
    ended = threading.Event()
    watcher = Watcher.start(ended)
    camera = CameraConfig(id="door", url="lavfi:testsrc2=size=320x240:rate=15:duration=2")
    CameraActor.start(camera, frames=watcher, events=watcher)
    ended.wait(20)
    print(f"{watcher.ask('how many?', timeout=5)} frames")
    watcher.stop(timeout=5)


if __name__ == "__main__":
    main()
