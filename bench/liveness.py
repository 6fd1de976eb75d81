"""Measures what `liveness` costs: CPU of twenty cameras whose pictures are looked at.

Run it as `python -m bench.liveness`; it takes two minutes. The real actor looks at the pictures
of a real outbox, into which each camera puts a frame a second: nothing else runs. No verdict is
open, which is how things are nearly always; with `--open` there is always one, and no rest.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.actors.liveness import LivenessActor, LivenessRuntime
from edge_video.capture.binary import find_binary
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.resilience.liveness import LivenessPolicy
from edge_video.runtime.timer import SystemClock, SystemTimer

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES: Final = ("640x360", "1280x720", "1920x1080")
_WARM_UP: Final = 2
"""Seconds in which things are loaded and learned first, which are not counted."""
CALM: Final = LivenessPolicy()
OPEN: Final = LivenessPolicy(white_above=0, white_after_s=3600.0)
"""Every picture may be one of an hour of white."""


def jpegs(size: str, pictures: int) -> list[bytes]:
    """A test pattern under noise, as FFmpeg encodes it at quality 5."""
    source = f"testsrc2=size={size}:rate=1,noise=alls=6:allf=t"
    encoder = ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "-"]
    command = [find_binary(None).path, "-nostdin", "-v", "error", "-f", "lavfi", "-i", source]
    command += ["-frames:v", str(pictures), *encoder]
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [b"\xff\xd8" + each for each in raw.split(b"\xff\xd8")[1:]]


def cpu_percent(images: Sequence[bytes], cameras: int, policy: LivenessPolicy | None) -> float:
    """CPU of this process in percent of one core, while each camera brings a frame a second.

    With a `policy` each is looked at.
    """
    clock, timer = SystemClock(), SystemTimer()
    outbox, ids = Outbox(clock), [CameraId(f"cam{number}") for number in range(cameras)]
    for camera_id in ids:
        outbox.add_camera(camera_id)
        outbox.open(camera_id, 1, "bench")
    policies = dict.fromkeys(ids, policy) if policy else {}
    outboxes = dict.fromkeys(ids, outbox)
    runtime = LivenessRuntime(clock, timer, lambda: policies, outboxes)
    timer.start()
    actor = LivenessActor.start(runtime=runtime)
    try:
        used_s = 0.0
        for second, image in enumerate(images):
            if second == _WARM_UP:
                used_s = time.process_time()
            for camera_id in ids:
                outbox.put(camera_id, 1, image)
            outbox.deliver(cameras)
            time.sleep(1.0)
        return 100.0 * (time.process_time() - used_s) / (len(images) - _WARM_UP)
    finally:
        actor.stop()
        timer.stop()


class Found(NamedTuple):
    """What looking at pictures of one size cost, of so many cameras with one a second."""

    size: str
    kilobytes: float
    cpu_percent: float
    """Of one core, beyond what the same frames cost without being looked at."""
    ms_per_picture: float


def measure_liveness(size: str, cameras: int, seconds: int, policy: LivenessPolicy) -> Found:
    """Measure it for pictures of one size, by `CALM` or `OPEN`."""
    images = jpegs(size, seconds + _WARM_UP)
    bare, ours = (cpu_percent(images, cameras, each) for each in (None, policy))
    every_s = policy.interval_s if policy is OPEN else policy.calm_interval_s
    kilobytes = sum(map(len, images)) / len(images) / 1000
    return Found(size, kilobytes, ours - bare, 10.0 * (ours - bare) * every_s / cameras)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what liveness costs.")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--open", action="store_true", help="a verdict is open all the time")
    options = parser.parse_args()
    policy = OPEN if options.open else CALM
    print("| picture | KB | CPU, % of a core | per picture |\n|---|---|---|---|")
    for size in SIZES:
        found = measure_liveness(size, options.cameras, options.seconds, policy)
        figures = f"{found.kilobytes:.0f} | {found.cpu_percent:.1f} | {found.ms_per_picture:.2f} ms"
        print(f"| {size} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
