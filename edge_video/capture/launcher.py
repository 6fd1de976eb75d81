"""Makes the captures of a camera from its configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from edge_video.capture.capture import Capture
from edge_video.capture.command import (
    capture_command,
    encode_command,
    fetch_command,
    may_be_motion_jpeg,
)
from edge_video.capture.counters import CaptureCounters
from edge_video.capture.environment import ffmpeg_environment
from edge_video.capture.hardware.keeper import HardwareKeeper
from edge_video.capture.inquiry import TIMEOUT_S, explain
from edge_video.capture.limits import FfmpegLimits, LimitKeeper
from edge_video.capture.motion_jpeg import Commands, MotionJpegCapture
from edge_video.capture.presence import told_by_presence
from edge_video.capture.process import ProcessTable
from edge_video.frames import CameraId
from edge_video.frames.jpeg import with_huffman_tables
from edge_video.runtime.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

    from edge_video.capture.binary import Binary
    from edge_video.capture.counters import CaptureTotals
    from edge_video.capture.motion_jpeg import CaptureMaker
    from edge_video.capture.snapshot.capture import SnapshotCapture
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure

    AnyCapture: TypeAlias = Capture | MotionJpegCapture | SnapshotCapture
    """One attempt at a camera."""


def camera_environment(camera: CameraConfig) -> dict[str, str]:
    """Return a camera's FFmpeg's environment, with its proxy, whose URL may have a password."""
    proxy = camera.http_proxy
    return ffmpeg_environment(os.environ, proxy.get_secret_value() if proxy is not None else None)


def explained_by_camera(camera: CameraConfig, failure: Failure, frames: int) -> Failure:
    """Return the failure with its true cause, by one question to the camera; blocks up to 2 s.

    A camera in mode snapshot was asked by this program itself: only whether it is there is open.
    """
    if camera.mode == "snapshot" and camera.http_proxy is None:
        return told_by_presence(camera, failure, TIMEOUT_S)
    return explain(camera, failure, frames=frames)


@dataclass(frozen=True, slots=True)
class FfmpegLauncher:
    """Makes the capture of an attempt; keeps what outlives attempts: counters and process table.

    Args:
        binary: the FFmpeg to run.
        redact: masks secrets in a line of FFmpeg's.
        processes: where live FFmpeg processes are listed.
        reactor: reads the pipes of all cameras.
        limits: holds FFmpegs within what their cameras allow.
        make_hardware: makes what knows which hardware decodes; tests bring their own.

    Attributes:
        hardware: what it has made.
    """

    binary: Binary
    redact: Callable[[str], str]
    processes: ProcessTable = field(default_factory=ProcessTable)
    reactor: Reactor = field(default_factory=Reactor)
    limits: LimitKeeper = field(default_factory=LimitKeeper)
    make_hardware: Callable[[Binary], HardwareKeeper] = HardwareKeeper
    hardware: HardwareKeeper = field(init=False)
    _counters: dict[CameraId, CaptureCounters] = field(default_factory=dict)
    _other_formats: dict[CameraId, str] = field(default_factory=dict, repr=False)
    """The URLs of HTTP cameras that turned out to send no Motion JPEG."""
    _left_threads: dict[CameraId, Thread] = field(default_factory=dict)
    """Of captures that could not be ended in time."""

    def __post_init__(self) -> None:
        """Make what knows which hardware decodes."""
        object.__setattr__(self, "hardware", self.make_hardware(self.binary))

    def __call__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> AnyCapture:
        """Make a capture that has not started yet. Any thread; one attempt per camera at a time.

        Waits some seconds for hardware that is being tried.
        """
        # Asked of every camera: one that had hardware before a reload is forgotten there with it.
        acceleration = self.hardware.acceleration_for(camera)
        if camera.mode == "snapshot":
            return self._snapshot(camera, on_frame, on_end)
        if camera.mode == "passthrough":
            on_frame = complete(on_frame)
        make = self._maker(camera)
        command = capture_command(self.binary, camera, acceleration)
        if may_be_motion_jpeg(camera) and not self._is_known_as_other(camera):
            return self._motion_jpeg(camera, make, on_frame, on_end, command)
        capture: Capture

        def ended(failure: Failure) -> None:
            if not capture.frames:  # what was learnt of its format may be wrong now
                self._other_formats.pop(CameraId(camera.id), None)
            on_end(failure)

        capture = make(command, on_frame=on_frame, on_end=ended)
        return capture

    def _snapshot(
        self,
        camera: CameraConfig,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
    ) -> SnapshotCapture:
        # Here: its HTTP client is an extra, installed where such cameras are configured.
        from edge_video.capture.snapshot.capture import SnapshotCapture  # noqa: PLC0415 - as above

        return SnapshotCapture(
            camera,
            on_frame=on_frame,
            on_end=on_end,
            counters=self._counters_of(CameraId(camera.id)),
            redact=self.redact,
            threads=self._left_threads,
        )

    def _motion_jpeg(
        self,
        camera: CameraConfig,
        make: CaptureMaker,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        otherwise: list[str],
    ) -> MotionJpegCapture:
        passthrough = camera.mode == "passthrough"
        url = camera.url.get_secret_value()
        camera_id = CameraId(camera.id)
        self.hardware.set_aside(camera_id)

        def on_other() -> None:
            self._other_formats[camera_id] = url
            self.hardware.set_aside(camera_id, aside=False)

        return MotionJpegCapture(
            Commands(
                fetch=fetch_command(self.binary, camera),
                encode=None if passthrough else encode_command(self.binary, camera),
                otherwise=otherwise,
            ),
            camera_id=camera_id,
            make=make,
            on_frame=on_frame,
            on_end=on_end,
            fps=camera.fps,
            redact=self.redact,
            on_other=on_other,
        )

    def _is_known_as_other(self, camera: CameraConfig) -> bool:
        return self._other_formats.get(CameraId(camera.id)) == camera.url.get_secret_value()

    def _maker(self, camera: CameraConfig) -> CaptureMaker:
        camera_id = CameraId(camera.id)
        return partial(
            Capture,
            camera_id=camera_id,
            counters=self._counters_of(camera_id),
            processes=self.processes,
            redact=self.redact,
            reactor=self.reactor,
            environment=camera_environment(camera),
            confine=partial(self.limits.confine, camera.id, FfmpegLimits.of(camera)),
            # What is not fitted into one size cannot go on in another.
            ends_when_resized=camera.width is None or camera.height is None,
        )

    def totals(self, camera_id: CameraId) -> CaptureTotals:
        """Return what reading a camera took, over all its attempts. Any thread."""
        return self._counters_of(camera_id).totals()

    def _counters_of(self, camera_id: CameraId) -> CaptureCounters:
        return self._counters.setdefault(camera_id, CaptureCounters())


def complete(on_frame: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Return a callback that adds the tables some cameras leave out, as decoders need them."""

    def completed(image: bytes) -> None:
        on_frame(with_huffman_tables(image))

    return completed
