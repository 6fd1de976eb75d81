"""Connects to a camera once, for real, and says what it sends or why it does not."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.capture import Capture, CaptureCounters, CaptureStartError, ProcessTable
from edge_video.failures import Cause, Failure
from edge_video.ffmpeg import probe_command
from edge_video.frames import CameraId
from edge_video.jpeg import image_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edge_video.config import CameraConfig
    from edge_video.ffmpeg import Binary

_AT_ONCE: Final = 8
"""Cameras that are probed at the same time; often they are channels of one recorder."""

_VIDEO: Final = re.compile(r"Stream #\d+:\d+.*?: Video: (?P<codec>\w+)(?P<rest>.*)")
_SIZE: Final = re.compile(r"[ ,](?P<width>\d{2,5})x(?P<height>\d{2,5})\b")
_RATE: Final = re.compile(r"(?P<rate>\d+(?:\.\d+)?k?) fps\b")
_OUTPUT: Final = re.compile(r"(\] |^)Output #\d")


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
        failure: why there was none; None when `ok`.
    """

    camera_id: CameraId
    ok: bool
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    first_frame_s: float | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class VideoStream:
    """What FFmpeg says about a stream that it reads."""

    codec: str
    width: int | None
    height: int | None
    fps: float | None


def parse_stream(lines: Iterable[str]) -> VideoStream | None:
    """The first video stream of the input in FFmpeg's lines; None when there is none."""
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
    binary: Binary, camera: CameraConfig, redact: Callable[[str], str], timeout_s: float
) -> ProbeResult:
    """Run FFmpeg until the camera's first frame, its failure, or `timeout_s` seconds.

    Blocks for at most about two seconds more than that. Any thread; raises nothing.
    """
    camera_id = CameraId(camera.id)
    images: list[bytes] = []
    failures: list[Failure] = []
    done = threading.Event()
    first_s: list[float] = []
    began_s = time.monotonic()

    def on_frame(image: bytes) -> None:
        if not images:
            first_s.append(time.monotonic() - began_s)
            images.append(image)
            done.set()

    def on_end(failure: Failure) -> None:
        failures.append(failure)
        done.set()

    capture = Capture(
        probe_command(binary, camera),
        camera_id=camera_id,
        on_frame=on_frame,
        on_end=on_end,
        counters=CaptureCounters(),
        processes=ProcessTable(),
        redact=redact,
    )
    try:
        capture.start()
    except CaptureStartError as refused:
        return ProbeResult(camera_id, ok=False, failure=refused.failure)
    done.wait(timeout_s)
    capture.stop()
    stream = parse_stream(capture.last_words())
    if images:
        return _success(camera_id, images[0], first_s[0], stream)
    late = Failure(Cause.TIMEOUT, f"no frame in {timeout_s:g} s")
    failure = failures[0] if failures else late
    return ProbeResult(
        camera_id,
        ok=False,
        codec=stream.codec if stream else None,
        width=stream.width if stream else None,
        height=stream.height if stream else None,
        fps=stream.fps if stream else None,
        failure=failure,
    )


def _success(
    camera_id: CameraId, image: bytes, first_frame_s: float, stream: VideoStream | None
) -> ProbeResult:
    width, height = image_size(image)
    return ProbeResult(
        camera_id,
        ok=True,
        codec=stream.codec if stream else None,
        width=(stream.width if stream else None) or width,
        height=(stream.height if stream else None) or height,
        fps=stream.fps if stream else None,
        first_frame_s=first_frame_s,
    )


def probe_all(
    binary: Binary,
    cameras: Sequence[CameraConfig],
    redact: Callable[[str], str],
    timeout_s: float,
) -> list[ProbeResult]:
    """Probe cameras, eight at a time; the results are in the order of `cameras`."""
    if not cameras:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(cameras)), thread_name_prefix="probe") as pool:
        return list(
            pool.map(lambda camera: probe_camera(binary, camera, redact, timeout_s), cameras)
        )
