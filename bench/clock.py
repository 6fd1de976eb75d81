"""A camera that shows the time in its pixels, and the eye that reads it back.

Sixteen cells along the top of the picture, black or white, spell the monotonic clock in
milliseconds, modulo 65 536, in Gray code: a picture torn between two times is off by little.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_video.testing.clips import decode_jpeg
from edge_video.testing.rabbit import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 640
HEIGHT: Final = 360
FPS: Final = 25
BITS: Final = 16


def picture(ms: int) -> bytes:
    """A grey picture (YUV 4:2:0) that shows a time."""
    luma = np.full((HEIGHT, WIDTH), 90, np.uint8)
    ms %= 2**BITS
    code = ms ^ (ms >> 1)
    cell = WIDTH // BITS
    for bit in range(BITS):
        level = 235 if code >> (BITS - 1 - bit) & 1 else 16
        luma[: HEIGHT // 8, bit * cell : (bit + 1) * cell] = level
    return luma.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2)


def shown_ms(pixels: Any) -> int:
    """The time that a decoded picture shows."""
    row = pixels[HEIGHT // 32 : HEIGHT // 11].mean(axis=(0, 2))
    cell = WIDTH // BITS
    code = 0
    for bit in range(BITS):
        level = row[bit * cell + cell // 4 : (bit + 1) * cell - cell // 4].mean()
        code = code << 1 | int(level > 128)
    ms, shift = code, code >> 1
    while shift:
        ms, shift = ms ^ shift, shift >> 1
    return ms


def age_ms(image: bytes) -> float:
    """How long ago a received picture was drawn."""
    now = time.monotonic_ns() // 1_000_000
    return float((now - shown_ms(decode_jpeg(image))) % 2**BITS)


@contextlib.contextmanager
def clock_camera() -> Iterator[str]:
    """A live H.264 camera over HTTP that shows the time; gives its URL, for one client."""
    port = free_port()
    command = [
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p"),
        *("-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "pipe:0"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(FPS)),
        *("-f", "mpegts", "-flush_packets", "1", "-listen", "1", f"http://127.0.0.1:{port}/live"),
    ]
    with (
        subprocess.Popen([sys.executable, "-m", "bench.clock"], stdout=subprocess.PIPE) as painter,
        subprocess.Popen(command, stdin=painter.stdout) as encoder,
    ):
        assert painter.stdout is not None
        painter.stdout.close()
        threading.Event().wait(1.0)  # until it listens; a first refusal is tried again anyway
        try:
            yield f"http://127.0.0.1:{port}/live"
        finally:
            encoder.kill()
            painter.kill()


def main() -> None:
    """Paint for ever, at the camera's rate."""
    due_s = time.monotonic()
    with contextlib.suppress(BrokenPipeError):
        while True:
            sys.stdout.buffer.write(picture(time.monotonic_ns() // 1_000_000))
            sys.stdout.buffer.flush()
            due_s = max(due_s + 1 / FPS, time.monotonic() - 1)
            time.sleep(max(0.0, due_s - time.monotonic()))


if __name__ == "__main__":
    main()
