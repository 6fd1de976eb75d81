"""Runs a camera for some seconds as the program itself would, and measures what that costs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from edge_video.capture.arrivals import bytes_taken
from edge_video.capture.hardware import SOFTWARE
from edge_video.capture.hardware.errors import is_suspicious
from edge_video.capture.hardware.keeper import HardwareKeeper
from edge_video.capture.launcher import FfmpegLauncher, explained_by_camera
from edge_video.capture.process import CaptureStartError
from edge_video.frames import CameraId
from edge_video.frames.jpeg import image_size
from edge_video.metrics.usage import memory_shares, usage_of
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Decoding
    from edge_video.capture.launcher import AnyCapture
    from edge_video.config import CameraConfig

MAX_TOGETHER: Final = 64
"""Cameras that are measured side by side."""
SETTLING_S: Final = 2.0
"""After the first frame; FFmpeg hands over at once what it held while it got to know the stream."""

_LOOK_S: Final = 1.0
_MAX_REPEATS: Final = 2
"""Hardware without a picture is tried twice, as cameras do; then the CPU decodes."""
_SLOWEST: Final = 2 * (1 + _MAX_REPEATS)
"""Times the time-out, a camera may take to begin: each run with a trial before it."""
_LEAST_S: Final = 1.0
"""A stream that ends is measured if it lasted so long."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a camera cost while it was measured; None where the machine does not tell.

    Attributes:
        measured_s: how long, without the start.
        cpu_percent: of one core, by its FFmpegs.
        frames: that would have been published.
        bytes_out: of these frames.
        bytes_in: what the camera sent; known of TCP, on Linux.
        pss_bytes: the most memory its FFmpegs had: what they share counts in part.
        private_bytes: of it, what they share with nobody.
        shared_bytes: what they share with their like.
        published: width and height of a frame, in pixels; zeros when it does not say.
    """

    measured_s: float
    cpu_percent: float | None
    frames: int
    bytes_out: int
    bytes_in: int | None
    pss_bytes: int | None
    private_bytes: int | None
    shared_bytes: int | None
    published: tuple[int, int]

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.frames / self.measured_s

    @property
    def out_per_s(self) -> float:
        """Bytes a second that would have been published."""
        return self.bytes_out / self.measured_s

    @property
    def in_per_s(self) -> float | None:
        """Bytes a second that the camera sent."""
        return None if self.bytes_in is None else self.bytes_in / self.measured_s


@dataclass(frozen=True, slots=True)
class CameraMeasure:
    """What came of measuring one camera.

    Attributes:
        camera_id: the camera.
        figures: what it cost; None when it never ran.
        failure: why it ended before its time; None when it did not.
        decoding: what decoded its pictures; None where no hardware is configured.
    """

    camera_id: CameraId
    figures: Figures | None = None
    failure: Failure | None = None
    decoding: Decoding | None = None

    @property
    def ok(self) -> bool:
        """Whether it was measured for as long as was asked."""
        return self.figures is not None and self.failure is None


class _Run(NamedTuple):
    """What came of one FFmpeg of a camera, and whether its hardware is to blame."""

    measure: CameraMeasure
    is_hardwares: bool = False


@dataclass(frozen=True, slots=True)
class MeasuringPlan:
    """How cameras are measured.

    Attributes:
        seconds: for how long each, after its start.
        timeout_s: how long the first frame may take.
        together: all side by side, or one after the other.
        settling_s: between the first frame and the measurement.
    """

    seconds: float
    timeout_s: float
    together: bool = False
    settling_s: float = SETTLING_S


class CameraMeasures:
    """The measurements of some cameras; leaving its context ends what still runs.

    Args:
        binary: the FFmpeg to run.
        redact: masks secrets in a line of FFmpeg's.
        plan: how.
        cameras: how many there will be; with `together` at most `MAX_TOGETHER`.
    """

    def __init__(
        self, binary: Binary, redact: Callable[[str], str], plan: MeasuringPlan, cameras: int
    ) -> None:
        # What decodes in the end is measured: a slow trial is waited for.
        keeper = partial(HardwareKeeper, trial_wait_s=plan.timeout_s)
        self._launcher = FfmpegLauncher(binary, redact, make_hardware=keeper)
        self._options = plan
        self._cancelled = threading.Event()
        at_once = max(1, cameras) if plan.together else 1
        self._gate = _Gate(at_once, self._cancelled)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="measure")

    def begin(self, camera: CameraConfig) -> Future[CameraMeasure]:
        """Measure a camera as soon as it is its turn."""
        return self._pool.submit(self._measure, camera)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cancelled.set()
        self._launcher.hardware.wait_no_longer()
        self._pool.shutdown(cancel_futures=True)

    def _measure(self, camera: CameraConfig) -> CameraMeasure:
        """Run a camera; blocks for its time and some seconds more. Raises nothing.

        Where its hardware fails it is run again, as the program itself would: at last by the CPU.
        """
        free = camera.model_copy(update={"ffmpeg_max_memory_mb": 0, "ffmpeg_max_cpu_percent": 0})
        run = self._run(free)
        for _ in range(_MAX_REPEATS):
            if not run.is_hardwares or self._cancelled.is_set():
                break
            run = self._run(free)
        self._gate.pass_by(camera.id)
        return run.measure

    def _run(self, camera: CameraConfig) -> _Run:
        record = _Record(CameraId(camera.id), self._cancelled)
        capture = self._launcher(camera, on_frame=record.on_frame, on_end=record.on_end)
        try:
            capture.start()
        except CaptureStartError as error:
            return _Run(CameraMeasure(record.camera_id, failure=error.failure))
        try:
            return self._measured(camera, record, capture)
        finally:
            capture.stop()

    def _measured(self, camera: CameraConfig, record: _Record, capture: AnyCapture) -> _Run:
        limit_s = self._options.timeout_s
        came = record.wait(lambda: bool(record.frames), limit_s)
        figures = self._figures(record) if came else None
        if figures is not None and camera.mode == "snapshot":
            figures = _without_ffmpeg(figures)
        decoding = self._launcher.hardware.decoding(record.camera_id)
        failure = record.failure
        if not came and failure is None:
            failure = Failure(Cause.STALLED)
        is_hardwares = failure is not None and self._is_hardwares(capture, record, failure)
        if not came and not is_hardwares:
            silence = Failure(Cause.TIMEOUT, f"no frame in {limit_s:g} s")
            failure = explained_by_camera(camera, record.failure or silence, 0)
        return _Run(CameraMeasure(record.camera_id, figures, failure, decoding), is_hardwares)

    def _is_hardwares(self, capture: AnyCapture, record: _Record, failure: Failure) -> bool:
        """Whether hardware may have ended a stream; once that is sure, the CPU decodes the next."""
        hardware, camera_id = self._launcher.hardware, record.camera_id
        decoding = hardware.decoding(camera_id)
        if decoding is None or decoding.used == SOFTWARE:
            return False
        lines = capture.stderr_tail()
        is_sure = hardware.has_failed(camera_id, failure, lines, record.frames)
        return is_sure or is_suspicious(failure, record.frames)

    def _figures(self, record: _Record) -> Figures | None:
        plan = self._options
        self._gate.wait(record.camera_id, _SLOWEST * plan.timeout_s)
        record.wait(lambda: False, plan.settling_s)
        meter = _Meter(record, self._pids)
        until_s = time.monotonic() + plan.seconds
        while (left_s := until_s - time.monotonic()) > 0 and record.goes_on:
            record.wait(lambda: False, min(_LOOK_S, left_s))
            meter.look()
        return meter.figures()

    def _pids(self, camera_id: CameraId) -> list[int]:
        listed = self._launcher.processes.snapshot().items()
        return [pid for pid, each in listed if each == camera_id]


class _Gate:
    """Lets cameras that are measured together begin together; one that fails is not waited for."""

    def __init__(self, cameras: int, cancelled: threading.Event) -> None:
        self._cameras = cameras
        self._passed: set[str] = set()
        self._cancelled = cancelled
        self._changed = threading.Condition()

    def pass_by(self, camera_id: str) -> None:
        """Wait no longer for a camera: it will not begin, or is ready to."""
        with self._changed:
            self._passed.add(camera_id)
            self._changed.notify_all()

    def wait(self, camera_id: str, timeout_s: float) -> None:
        """Wait for the others, but no longer than the slowest of them may take."""
        self.pass_by(camera_id)
        until_s = time.monotonic() + timeout_s
        with self._changed:
            while len(self._passed) < self._cameras and not self._cancelled.is_set():
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    return
                self._changed.wait(min(_LOOK_S, left_s))


class _Record:
    """What a camera has sent so far. The reactor's thread writes, the measuring one waits."""

    def __init__(self, camera_id: CameraId, cancelled: threading.Event) -> None:
        self.camera_id = camera_id
        self.frames = 0
        self.frame_bytes = 0
        self.last_image = b""
        self.failure: Failure | None = None
        self._cancelled = cancelled
        self._changed = threading.Event()

    def on_frame(self, image: bytes) -> None:
        """Count a picture."""
        self.frames += 1
        self.frame_bytes += len(image)
        self.last_image = image
        if self.frames == 1:
            self._changed.set()

    def on_end(self, failure: Failure) -> None:
        """Take note that the stream is over."""
        self.failure = failure
        self._changed.set()

    @property
    def goes_on(self) -> bool:
        """Whether the stream is not over, and somebody still wants it."""
        return self.failure is None and not self._cancelled.is_set()

    def wait(self, is_enough: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until it is enough, the end or the time-out; return whether it is enough."""
        until_s = time.monotonic() + timeout_s
        while not is_enough() and self.goes_on:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                break
            self._changed.wait(min(_LOOK_S, left_s))
            self._changed.clear()
        return is_enough()


def _without_ffmpeg(figures: Figures) -> Figures:
    """What a camera costs that needs no FFmpeg: nothing of one, which is known."""
    return replace(figures, cpu_percent=0.0, pss_bytes=0, private_bytes=0, shared_bytes=0)


@dataclass(slots=True)
class _Usage:
    """What one process has used at the beginning, and at the last look."""

    began_s: float
    last_s: float


@dataclass(slots=True)
class _Memory:
    """What the processes had when it was most; None until it was measured."""

    pss_bytes: int | None = None
    private_bytes: int | None = None
    shared_bytes: int | None = None


@dataclass(slots=True)
class _Arrivals:
    """Counts what comes over connections whose counts begin anew."""

    total: int | None = None
    _last: dict[int, int] = field(default_factory=dict)

    def add(self, pid: int, taken: int | None) -> None:
        """Take note of what the connections of a process have brought so far."""
        if taken is None:
            return
        before = self._last.get(pid)
        if before is not None:
            self.total = (self.total or 0) + (taken - before if taken >= before else taken)
        self._last[pid] = taken


class _Meter:
    """Measures the processes of one camera between its making and the last look."""

    def __init__(self, record: _Record, pids: Callable[[CameraId], Sequence[int]]) -> None:
        self._record = record
        self._pids = pids
        self._usage: dict[int, _Usage] = {}
        self._memory = _Memory()
        self._arrivals = _Arrivals()
        self._began_s = self._last_s = time.monotonic()
        self._frames, self._bytes = record.frames, record.frame_bytes
        self._seen_frames, self._seen_bytes = self._frames, self._bytes
        self.look()

    def look(self) -> None:
        """Measure once; nothing is taken from a look at processes that have just ended."""
        pids = self._pids(self._record.camera_id)
        used = {pid: usage for pid in pids if (usage := usage_of(pid)) is not None}
        if self._usage and not used:
            return
        self._last_s = time.monotonic()
        self._seen_frames, self._seen_bytes = self._record.frames, self._record.frame_bytes
        for pid, usage in used.items():
            self._usage.setdefault(pid, _Usage(usage.cpu_s, usage.cpu_s)).last_s = usage.cpu_s
            self._arrivals.add(pid, bytes_taken(pid))
        shares = [each for each in map(memory_shares, used) if each is not None]
        pss = sum(each.pss_bytes for each in shares)
        if shares and pss > (self._memory.pss_bytes or 0):
            self._memory = _Memory(
                pss,
                sum(each.private_bytes for each in shares),
                max(each.shared_bytes for each in shares),
            )

    def figures(self) -> Figures | None:
        """What was measured; None when it was too short to tell."""
        measured_s = self._last_s - self._began_s
        if measured_s < _LEAST_S / 2:
            return None
        cpu_s = sum(each.last_s - each.began_s for each in self._usage.values())
        return Figures(
            measured_s=measured_s,
            cpu_percent=100 * cpu_s / measured_s if self._usage else None,
            frames=self._seen_frames - self._frames,
            bytes_out=self._seen_bytes - self._bytes,
            bytes_in=self._arrivals.total,
            pss_bytes=self._memory.pss_bytes,
            private_bytes=self._memory.private_bytes,
            shared_bytes=self._memory.shared_bytes,
            published=image_size(self._record.last_image),
        )
