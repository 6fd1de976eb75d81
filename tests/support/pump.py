"""A scripted camera: a thread that brings frames of one size at one rate."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Pump:
    """Satisfies `RunningCapture`.

    Args:
        on_frame: takes each frame.
        fps: frames a second.
        size: bytes of a frame, beside its number and its marks.
    """

    def __init__(self, on_frame: Callable[[bytes], object], fps: int, size: int) -> None:
        self._on_frame = on_frame
        self._pause_s = 1 / fps
        self._size = size
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
        raise AssertionError(f"nobody signals a scripted camera, yet signal {signum} came")

    def _run(self) -> None:
        while not self._over.wait(self._pause_s):
            self.frames += 1
            # A new object each time: one that is held by mistake is memory that is missing.
            self._on_frame(b"\xff\xd8" + self.frames.to_bytes(8, "big") + bytes(self._size))
