"""Defines what a camera actor needs of the world: its capture, the clock, the timer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge_video.actors.fallback_spacing import FallbackSpacing
from edge_video.frames.change_gate import LookShare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.capture.frame_watch import KeyFrameNotes
    from edge_video.capture.hardware import Decoding
    from edge_video.capture.resizing import Size
    from edge_video.config import CameraConfig
    from edge_video.faults import CameraFault
    from edge_video.frames import CameraId
    from edge_video.resilience.failures import Failure
    from edge_video.runtime.timer import Clock, Timer


class RunningCapture(Protocol):
    """What a camera needs of `edge_video.capture.Capture`; tests bring scripted ones."""

    @property
    def pid(self) -> int | None:
        """Of FFmpeg; None before the start and after the end."""
        ...

    @property
    def frames(self) -> int:
        """Whole frames so far."""
        ...

    def start(self) -> None:
        """Spawn; raises `CaptureStartError`."""
        ...

    def stop(self, deadline_s: float = ...) -> None:
        """End and reap; nothing is called back after it returns."""
        ...

    def signal(self, signum: int) -> None:
        """Send a signal to FFmpeg."""
        ...


@runtime_checkable
class SizedCapture(RunningCapture, Protocol):
    """A capture that knows the size of the camera's own pictures; a scripted one need not."""

    @property
    def source_size(self) -> Size | None:
        """Before any scaling; None until it is known."""
        ...


@runtime_checkable
class TamperableCapture(RunningCapture, Protocol):
    """A capture that can also be broken beyond signals; a scripted one need not be."""

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """Break it on purpose; False when there is nothing to break."""
        ...

    def untamper(self) -> None:
        """Undo every fault of `tamper` that still acts."""
        ...


@runtime_checkable
class ObservableCapture(RunningCapture, Protocol):
    """A capture that can be looked at while it is silent; a scripted one need not be."""

    def bytes_taken(self) -> int | None:
        """What FFmpeg has read from its camera over TCP; None where unknown."""
        ...

    def output_waits(self) -> bool:
        """Whether something that FFmpeg wrote has not been read yet."""
        ...


@runtime_checkable
class LimitedCapture(RunningCapture, Protocol):
    """A capture whose FFmpeg may use so much and no more; a scripted one need not be."""

    def limit_reached(self, ended: Failure | None = None) -> Failure | None:
        """Measure, or judge a failure; the failure whose cause is a limit, if it is one."""
        ...


@runtime_checkable
class SpeakingCapture(RunningCapture, Protocol):
    """A capture whose FFmpeg says what is wrong; a scripted one need not."""

    def stderr_tail(self) -> tuple[str, ...]:
        """Its last lines, oldest first, secrets masked."""
        ...


class HardwareRecord(Protocol):
    """What a camera needs of `edge_video.capture.hardware.keeper.HardwareKeeper`."""

    def decoding(self, camera_id: CameraId) -> Decoding | None:
        """What decodes its pictures; None where hardware is not configured."""
        ...

    def has_failed(
        self, camera_id: CameraId, failure: Failure, stderr_lines: Sequence[str], frames: int
    ) -> bool:
        """Whether it was its hardware that ended its stream."""
        ...

    def is_usable_again(self, camera_id: CameraId) -> bool:
        """Whether hardware works that had failed; asked in each second with a whole frame."""
        ...


@runtime_checkable
class AskingCapture(RunningCapture, Protocol):
    """A capture that asks for each picture; an answer without a newer one is in `frames`, too."""

    @property
    def unchanged_s(self) -> float | None:
        """How long the picture has been the same; None while it changes."""
        ...


class CaptureFactory(Protocol):
    """Makes the capture of one attempt.

    `on_frame` and `on_end` are called from the reactor's thread, or from one of the capture's own;
    neither is an actor's.
    """

    def __call__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> RunningCapture:
        """Make it; nothing runs before `start`."""
        ...


def unexplained(camera: CameraConfig, failure: Failure, frames: int) -> Failure:
    """The failure as it was read from FFmpeg's lines: the camera is not asked."""
    del camera, frames
    return failure


@dataclass(frozen=True, slots=True)
class CameraRuntime:
    """What every camera of a system shares."""

    clock: Clock
    timer: Timer
    capture: CaptureFactory
    stop_deadline_s: float = 2.0
    """FFmpeg gets this long to end by itself before it is killed."""
    allow_faults: bool = False
    draw: Callable[[], float] = random.random
    """Where the breaker's jitter comes from: a number in [0, 1)."""
    key_frames: dict[CameraId, KeyFrameNotes] = field(default_factory=dict)
    """Of every camera, over all its attempts; each written by the one attempt that runs."""
    hardware: HardwareRecord | None = None
    """Knows what decodes each camera; None: the CPU does."""
    fallbacks: FallbackSpacing = field(default_factory=FallbackSpacing)
    """Keeps the starts of FFmpegs apart that go on where hardware has failed."""
    looks: LookShare = field(default_factory=LookShare)
    """Bounds the time in which the pictures of cameras that publish changes only are looked at."""
    explain: Callable[[CameraConfig, Failure, int], Failure] = unexplained
    """Finds out the true cause of a failure, where FFmpeg does not say it; may ask the camera."""

    def decoding(self, camera_id: CameraId) -> Decoding | None:
        """What decodes a camera's pictures; None where hardware is not configured."""
        return None if self.hardware is None else self.hardware.decoding(camera_id)

    def wants_hardware_again(self, camera_id: CameraId) -> bool:
        """Whether hardware works that had failed the camera."""
        return self.hardware is not None and self.hardware.is_usable_again(camera_id)

    def hardware_failed(
        self, camera_id: CameraId, failure: Failure, capture: RunningCapture | None
    ) -> bool:
        """Whether it was hardware that ended a camera's stream; the CPU decodes the next."""
        if self.hardware is None or not isinstance(capture, SpeakingCapture):
            return False
        return self.hardware.has_failed(camera_id, failure, capture.stderr_tail(), capture.frames)
