"""Connects to a camera once, for real, and says what it sends or why it does not."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from edge_video.capture.arrival_meter import ArrivalMeter
from edge_video.capture.arrivals import bytes_taken
from edge_video.capture.capture import Capture
from edge_video.capture.command import (
    encode_command,
    fetch_command,
    may_be_motion_jpeg,
    probe_command,
)
from edge_video.capture.counters import CaptureCounters
from edge_video.capture.launcher import (
    FfmpegLauncher,
    camera_environment,
    explained_by_camera,
)
from edge_video.capture.motion_jpeg import Commands, MotionJpegCapture
from edge_video.capture.process import CaptureStartError, ProcessTable
from edge_video.frames import CameraId
from edge_video.frames.jpeg import image_size
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edge_video.capture.binary import Binary
    from edge_video.capture.launcher import AnyCapture
    from edge_video.capture.resizing import Size
    from edge_video.config import CameraConfig

MAX_AT_ONCE: Final = 8
"""Cameras that are probed at the same time; often they are channels of one recorder."""

_VIDEO: Final = re.compile(r"Stream #\d+:\d+.*?: Video: (?P<codec>\w+)(?P<rest>.*)")
_SIZE: Final = re.compile(r"[ ,](?P<width>\d{2,5})x(?P<height>\d{2,5})\b")
_RATE: Final = re.compile(r"(?P<rate>\d+(?:\.\d+)?k?) fps\b")
_OUTPUT: Final = re.compile(r"(\] |^)Output #\d")


_ENOUGH_FRAMES: Final = 2
_MAX_FPS: Final = 60
_KEY_FRAME_WAIT_S: Final = 15.0
"""How long the second key frame may take; that it takes longer is then what is known."""
_CLOCK_TOLERANCE_S: Final = 0.5
_STAMP: Final = re.compile(r"\bn: *\d+ pts: *-?\d+ pts_time:(-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class KeyFrames:
    """How far apart a camera's key frames are.

    Attributes:
        interval_s: seconds.
        at_least: the second one did not come in time: they are farther apart.
    """

    interval_s: float
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one camera answered.

    Attributes:
        camera_id: the camera.
        ok: a whole frame came in time.
        codec: of the camera's stream, by FFmpeg's name (`h264`, `hevc`, `mjpeg`).
        width: pixels, as the camera sends it, before any scaling.
        height: pixels, the same.
        fps: as the stream announces it; None when it does not.
        first_frame_s: seconds from the start of FFmpeg to the first whole frame.
        key_frames: how far apart they are; None when nobody knows.
        failure: why there was none; None when `ok`.
        wanted_fps: frames per second that the configuration asks for; None when only key frames
            are decoded.
        picture: the first frame, a JPEG; None when there was none.
    """

    camera_id: CameraId
    ok: bool
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    first_frame_s: float | None = None
    key_frames: KeyFrames | None = None
    failure: Failure | None = None
    wanted_fps: int | None = None
    picture: bytes | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class VideoStream:
    """What FFmpeg says about a stream that it reads.

    Attributes:
        codec: by FFmpeg's name.
        width: pixels; None when it is not said.
        height: pixels; the same.
        fps: frames per second, as the stream announces it; the same.
    """

    codec: str
    width: int | None
    height: int | None
    fps: float | None


def parse_stream(lines: Iterable[str]) -> VideoStream | None:
    """Return the first video stream of the input in FFmpeg's lines; None when there is none."""
    for line in lines:
        if _OUTPUT.search(line):
            return None
        if video := _VIDEO.search(line):
            size, rate = _SIZE.search(video["rest"]), _RATE.search(video["rest"])
            return VideoStream(
                codec=video["codec"],
                width=int(size["width"]) if size else None,
                height=int(size["height"]) if size else None,
                fps=_frames_per_second(rate["rate"]) if rate else None,
            )
    return None


def _frames_per_second(text: str) -> float:
    return float(text.removesuffix("k")) * (1000 if text.endswith("k") else 1)


def probe_camera(
    binary: Binary,
    camera: CameraConfig,
    redact: Callable[[str], str],
    timeout_s: float,
    cancelled: threading.Event | None = None,
) -> ProbeResult:
    """Run FFmpeg until the camera's second key frame, its failure, or `timeout_s` seconds.

    In mode snapshot one picture is fetched, and no FFmpeg runs.

    Blocks for at most some four seconds more than that, or after `cancelled` is set. Any thread;
    raises nothing.
    """
    camera_id = CameraId(camera.id)
    enough = 1 if camera.mode == "snapshot" else _ENOUGH_FRAMES
    record = _ProbeRecord(cancelled or threading.Event(), enough)
    capture = _probing(binary, camera, redact, record)
    try:
        capture.start()
    except CaptureStartError as error:
        return ProbeResult(camera_id, ok=False, failure=error.failure)
    silence = record.wait(capture, timeout_s)
    capture.stop()
    lines = capture.stderr_tail()
    stream = parse_stream(lines)
    result = _described(camera_id, stream, capture.source_size, any_images=bool(record.images))
    if not record.images:
        failure = explained_by_camera(camera, record.failure or silence, 0)
        return replace(result, failure=failure)
    return _seen(camera, result, record, lines)


def _seen(
    camera: CameraConfig, result: ProbeResult, record: _ProbeRecord, lines: Sequence[str]
) -> ProbeResult:
    """Add what the pictures say; a single one may turn out to be all that there is."""
    if record.failure is not None and len(record.images) == 1:
        failure = explained_by_camera(camera, record.failure, 1)
        if failure.cause is Cause.STILL_PICTURE:
            return replace(result, ok=False, failure=failure)
    width, height = image_size(record.images[0])
    return replace(
        result,
        width=result.width or width,
        height=result.height or height,
        first_frame_s=record.first_frame_s,
        wanted_fps=None if camera.keyframes_only or camera.mode == "snapshot" else camera.fps,
        key_frames=None if camera.mode == "snapshot" else record.key_frames(lines),
        picture=record.images[0],
    )


def _described(
    camera_id: CameraId, stream: VideoStream | None, announced: Size | None, *, any_images: bool
) -> ProbeResult:
    """Return a result with what FFmpeg said about the stream; that of images may go unsaid."""
    width, height = (stream.width, stream.height) if stream else announced or (None, None)
    return ProbeResult(
        camera_id,
        ok=any_images,
        codec=stream.codec if stream else "mjpeg" if any_images else None,
        width=width,
        height=height,
        fps=stream.fps if stream else None,
    )


def _probing(
    binary: Binary, camera: CameraConfig, redact: Callable[[str], str], record: _ProbeRecord
) -> AnyCapture:
    if camera.mode == "snapshot":
        launcher = FfmpegLauncher(binary, redact)
        return launcher(camera, on_frame=record.on_frame, on_end=record.on_end)
    make = partial(
        Capture,
        camera_id=CameraId(camera.id),
        counters=CaptureCounters(),
        processes=ProcessTable(),
        redact=redact,
        environment=camera_environment(camera),
        reactor=Reactor(f"probe-{camera.id}", round_s=0),
    )
    command = probe_command(binary, camera)
    if not may_be_motion_jpeg(camera):
        return make(command, on_frame=record.on_frame, on_end=record.on_end)
    # The camera's own images are shown whole, unless its frames are not.
    encode = encode_command(binary, camera) if camera.is_picture_changed else None
    return MotionJpegCapture(
        Commands(fetch=fetch_command(binary, camera), encode=encode, otherwise=command),
        camera_id=CameraId(camera.id),
        make=make,
        on_frame=record.on_frame,
        on_end=record.on_end,
        on_other=lambda: None,
        fps=_MAX_FPS,
        redact=redact,
    )


class _ProbeRecord:
    """What has come of one camera so far. The capture's thread writes, the probing one waits."""

    def __init__(self, cancelled: threading.Event, enough: int) -> None:
        self._cancelled = cancelled
        self._enough = enough
        self.images: list[bytes] = []
        self.failure: Failure | None = None
        self._arrivals_s: list[float] = []
        self._began_s = self._until_s = time.monotonic()
        self._changed = threading.Event()

    def on_frame(self, image: bytes) -> None:
        """Keep the first pictures, and when they came."""
        if len(self.images) < self._enough:
            self._arrivals_s.append(time.monotonic())
            self.images.append(image)
            self._changed.set()

    def on_end(self, failure: Failure) -> None:
        """Take note that the stream is over."""
        self.failure = failure
        self._changed.set()

    @property
    def first_frame_s(self) -> float:
        """Seconds from FFmpeg's start to the first picture."""
        return self._arrivals_s[0] - self._began_s

    def wait(self, capture: AnyCapture, timeout_s: float) -> Failure:
        """Wait until all is known, or the time is up; the failure, if nothing came at all."""
        meter = ArrivalMeter()
        while not self._all_is_known(timeout_s):
            self._changed.wait(min(1.0, max(0.01, self._until_s - time.monotonic())))
            self._changed.clear()
            if not self.images and capture.pid is not None:
                meter.reading(time.monotonic(), bytes_taken(capture.pid))
        if meter.arriving:
            return Failure(Cause.NO_KEY_FRAME, f"data came, and no key frame in {timeout_s:g} s")
        return Failure(Cause.TIMEOUT, f"no frame in {timeout_s:g} s")

    def _all_is_known(self, timeout_s: float) -> bool:
        self._until_s = self._began_s + timeout_s
        if self.images:
            self._until_s = min(self._until_s, self._arrivals_s[0] + _KEY_FRAME_WAIT_S)
        enough = self.failure is not None or len(self.images) >= self._enough
        enough = enough or self._cancelled.is_set()
        return enough or time.monotonic() >= self._until_s

    def key_frames(self, lines: Sequence[str]) -> KeyFrames | None:
        """Return how far apart they are, by the stream's clock if that goes as the real one."""
        first_s = self._arrivals_s[0]
        if len(self._arrivals_s) < _ENOUGH_FRAMES:
            waited_s = time.monotonic() - first_s
            return None if self.failure is not None else KeyFrames(waited_s, at_least=True)
        arrived_s = self._arrivals_s[1] - first_s
        # FFmpeg hands over at once what it held back while it got to know the stream.
        most_s = arrived_s + self.first_frame_s + _CLOCK_TOLERANCE_S
        stamps_s = [float(match[1]) for line in lines if (match := _STAMP.search(line))]
        stamped_s = stamps_s[1] - stamps_s[0] if len(stamps_s) >= _ENOUGH_FRAMES else -1.0
        believed = arrived_s - _CLOCK_TOLERANCE_S <= stamped_s <= most_s and stamped_s > 0
        return KeyFrames(stamped_s if believed else arrived_s)


class CameraProbes:
    """The probes of some cameras, eight at a time; leaving its context cancels what still runs."""

    def __init__(self, binary: Binary, redact: Callable[[str], str], timeout_s: float) -> None:
        self._ask = partial(probe_camera, binary, redact=redact, timeout_s=timeout_s)
        self._cancelled = threading.Event()
        self._pool = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="probe")

    def begin(self, camera: CameraConfig) -> Future[ProbeResult]:
        """Probe a camera as soon as there is room."""
        return self._pool.submit(self._ask, camera, cancelled=self._cancelled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cancelled.set()
        self._pool.shutdown(cancel_futures=True)


def probe_all(
    binary: Binary,
    cameras: Sequence[CameraConfig],
    redact: Callable[[str], str],
    timeout_s: float,
) -> list[ProbeResult]:
    """Probe cameras, eight at a time; the results are in the order of `cameras`."""
    with CameraProbes(binary, redact, timeout_s) as probes:
        return [each.result() for each in [probes.begin(camera) for camera in cameras]]
