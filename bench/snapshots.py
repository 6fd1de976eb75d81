"""Measures what fetching still pictures costs: CPU of this process per picture, no FFmpeg.

`measure_snapshots` is for the benchmark's sections; `python -m bench.snapshots` prints its figures
alone. The cameras are one server in a process of its own, whose CPU is not counted.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from edge_video.capture import FfmpegLauncher
from edge_video.capture.binary import Binary
from edge_video.config import CameraConfig
from edge_video.testing.devices import Digest, SnapshotDevice, http_answer, jpegs
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_video.testing.devices import Request

SIZES: Final = (10_000, 50_000, 300_000)
_LOGIN: Final = {"username": "bench", "password": "bench"}
_NO_FFMPEG: Final = Binary("/nowhere/ffmpeg", (5, 1))
_SETTLE_S: Final = 0.5


def measure_snapshots(
    *, seconds: float = 3.0, cameras: int = 5, fps: int = 15, sizes: Sequence[int] = SIZES
) -> dict[str, dict[str, float]]:
    """Fetch pictures of each size: microseconds of CPU and the rate, by size in bytes."""
    return {str(size): _measure(size, seconds, cameras, fps) for size in sizes}


def _measure(size: int, seconds: float, cameras: int, fps: int) -> dict[str, float]:
    launcher = FfmpegLauncher(_NO_FFMPEG, Redactor())
    came: list[int] = []
    with _server(size) as url, contextlib.ExitStack() as stack:
        for number in range(cameras):
            config = CameraConfig.model_validate(
                {"id": f"c{number}", "url": url, "mode": "snapshot", "fps": fps, **_LOGIN}
            )
            capture = launcher(config, on_frame=lambda each: came.append(len(each)), on_end=_failed)
            capture.start()
            stack.callback(capture.stop)
        time.sleep(_SETTLE_S)
        before, began, cpu_s = len(came), time.monotonic(), time.process_time()
        time.sleep(seconds)
        pictures = len(came) - before
        cpu_s, lasted_s = time.process_time() - cpu_s, time.monotonic() - began
    return {
        "cpu_us_per_picture": round(cpu_s / max(1, pictures) * 1e6, 1),
        "pictures_per_s": round(pictures / lasted_s, 1),
    }


def _failed(failure: object) -> None:
    sys.stderr.write(f"a camera failed: {failure}\n")


@contextlib.contextmanager
def _server(size: int) -> Iterator[str]:
    """Run the cameras in another process; its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.snapshots", "serve", str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.communicate()


def serve(size: int) -> None:
    """Serve pictures of about so many bytes behind a digest until standard input ends."""
    images = [_padded(each, size) for each in jpegs(8)]

    def picture(number: int, _: Request) -> bytes:
        return http_answer(images[number % len(images)], Content_Type="image/jpeg")

    login = Digest("bench", "bench", algorithm="SHA-256", qop="auth")
    with SnapshotDevice(images, picture=picture, authentication=login) as device:
        sys.stdout.write(f"{device.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


def _padded(image: bytes, size: int) -> bytes:
    """Make an image larger by comments, which nobody looks at."""
    missing = max(0, size - len(image))
    segments = b""
    while missing > 4:
        length = min(missing, 65_000)
        segments += b"\xff\xfe" + (length - 2).to_bytes(2) + bytes(length - 4)
        missing -= length
    return image[:2] + segments + image[2:]


def main(arguments: Sequence[str]) -> None:
    """Serve, or measure and print."""
    if arguments[:1] == ["serve"]:
        serve(int(arguments[1]))
    else:
        figures: Any = measure_snapshots()
        sys.stdout.write(f"{json.dumps(figures, indent=2)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
