"""Models the captures of a node: each takes its time to start, and to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from edge_video.resilience.cluster.terms import LeaseEvent
    from edge_video.testing.lease_model.loop import EventLoop
    from edge_video.testing.lease_model.process import Process

from edge_video.resilience.cluster.terms import CaptureStopped, CaptureStreaming

_RETRY_S: Final = 5.0
_UNREACHABLE_S: Final = 60.0


@dataclass(slots=True)
class SimulatedCapture:
    """The capture of one camera."""

    epoch: int = 0
    generation: int = 0
    is_running: bool = False
    is_streaming: bool = False
    started_s: float = 0.0


class Captures:
    """All captures of a node; `tell` is called with what happens to them."""

    def __init__(
        self,
        loop: EventLoop,
        chance: random.Random,
        process: Process,
        tell: Callable[[str, LeaseEvent], None],
        tell_unreachable: Callable[[str], None],
    ) -> None:
        self.out_of_reach: set[str] = set()
        self._loop = loop
        self._chance = chance
        self._process = process
        self._tell = tell
        self._tell_unreachable = tell_unreachable
        self._captures: dict[str, SimulatedCapture] = {}

    def begin(self, cameras: Iterable[str]) -> None:
        """Begin with none running, in a new program."""
        self._captures = {camera: SimulatedCapture() for camera in cameras}

    def end(self) -> None:
        """End all, with their program."""
        self._captures = {}

    def streams(self, camera: str) -> bool:
        """Whether frames of the camera leave the node."""
        capture = self._captures.get(camera)
        return capture is not None and capture.is_streaming and not self._process.is_paused

    def epoch(self, camera: str) -> int:
        """Return what its frames bear."""
        return self._captures[camera].epoch

    def start(self, camera: str, epoch: int) -> None:
        """Start a capture, or go on with another epoch."""
        capture = self._captures[camera]
        capture.epoch = epoch
        if not capture.is_running:
            capture.is_running = True
            capture.generation += 1
            capture.started_s = self._loop.now
            self._attempt(camera, self._chance.uniform(0.3, 2.0))

    def stop(self, camera: str) -> None:
        """Stop a capture."""
        capture = self._captures[camera]
        capture.is_running = capture.is_streaming = False
        capture.generation += 1
        self._process.later(
            self._chance.uniform(0.1, 0.6), lambda: self._tell(camera, CaptureStopped())
        )

    def lose(self, camera: str) -> None:
        """Have a camera out of reach from here."""
        self.out_of_reach.add(camera)
        capture = self._captures.get(camera)
        if capture is not None and capture.is_streaming:
            capture.is_streaming = False
            capture.started_s = self._loop.now
            self._attempt(camera, _RETRY_S)

    def _attempt(self, camera: str, delay_s: float) -> None:
        generation = self._captures[camera].generation

        def look() -> None:
            capture = self._captures[camera]
            if capture.generation != generation:
                return
            if camera not in self.out_of_reach:
                capture.is_streaming = True
                self._tell(camera, CaptureStreaming())
                return
            if self._loop.now - capture.started_s >= _UNREACHABLE_S:
                self._tell_unreachable(camera)
            self._attempt(camera, _RETRY_S)

        self._process.later(delay_s, look)
