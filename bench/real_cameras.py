"""What the program costs over real cameras, and with nothing but a camera that is OPEN."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.consumer import Arrived, CountingConsumer
from bench.measure import Reading, between, cpu_of_all, read_process
from bench.rig import EXCHANGE, FPS
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.rig import Bench
    from edge_video.testing.rabbit import RabbitNode

NOBODY: Final = "rtsp://127.0.0.1:9/nobody"
_SETTLE_S: Final = 5.0
_LONG_WAIT: Final = {"reset_timeout": "1h"}
"""A camera that is OPEN stays so."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The program with good cameras and an OPEN one."""

    cameras: int
    used: Reading
    ffmpeg_cpu_s: float
    arrived: Arrived
    peak_rss_mb: float

    @property
    def cpu_ms_per_frame(self) -> float:
        """CPU of the process, its FFmpegs excluded."""
        return 1000 * self.used.cpu_s / self.arrived.frames

    @property
    def share_of_target(self) -> float:
        """Frames that were published, of those that were asked for."""
        return self.arrived.frames / (self.used.at_s * FPS * self.cameras)


@dataclass(frozen=True, slots=True)
class Idle:
    """Two programs without a stream, measured at the same time. CPU in ms per minute."""

    open_ms_per_minute: float
    disabled_ms_per_minute: float


def measure_ours(urls: Sequence[str], bench: Bench, seconds: float) -> Ours:
    """The program, all cameras streaming and the bad one OPEN."""
    cameras = [{"id": f"cam{n}", "url": url} for n, url in enumerate(urls, 1)]
    cameras.append({"id": "bad", "url": NOBODY})
    with (
        _folder() as folder,
        CountingConsumer(bench.node.parameters(), EXCHANGE) as consumer,
        Program(folder, _config(bench.node, cameras), "--report-file", "final.json") as program,
    ):
        for camera in cameras[:-1]:
            program.wait_for_log(f"[{camera['id']}]", "1280x720", timeout_s=60)
        program.wait_for_log("[bad]", "OPEN", timeout_s=60)
        bench.progress.wait("ours: settling", _SETTLE_S)
        ffmpegs = program.ffmpegs()
        ffmpeg_before_s = cpu_of_all(ffmpegs)
        before = read_process(program.psutil)
        peak = bench.progress.wait("ours", seconds, program.psutil)
        after = read_process(program.psutil)
        ffmpeg_cpu_s = cpu_of_all(ffmpegs) - ffmpeg_before_s
        time.sleep(1)  # the last frames of the window arrive
        arrived = consumer.between(before.at_ns, after.at_ns)
        _expect(program.stop() == 0, "the program ended in order")
        _expect(program.report()["accounting"]["balanced"], "the frame accounting is balanced")
    return Ours(len(urls), between(before, after), ffmpeg_cpu_s, arrived, peak / 1e6)


def measure_idle(bench: Bench) -> Idle:
    """Whether a camera that is OPEN costs anything."""
    bad = {"id": "bad", "url": NOBODY}
    with (
        _folder() as open_folder,
        _folder() as disabled_folder,
        Program(open_folder, _config(bench.node, [bad])) as with_open,
        Program(disabled_folder, _config(bench.node, [{**bad, "enabled": False}])) as with_disabled,
    ):
        programs = (with_open, with_disabled)
        with_open.wait_for_log("[bad]", "OPEN", timeout_s=60)
        for program in programs:
            program.wait_for_log("Publisher connected", timeout_s=60)
        bench.progress.wait("OPEN: settling", _SETTLE_S)
        before = [read_process(program.psutil) for program in programs]
        bench.progress.wait("OPEN", bench.seconds)
        used = [
            between(one, read_process(program.psutil))
            for one, program in zip(before, programs, strict=True)
        ]
        for program in programs:
            _expect(program.stop() == 0, "the program ended in order")
    per_minute = [1000 * each.cpu_s / each.at_s * 60 for each in used]
    return Idle(per_minute[0], per_minute[1])


def _config(node: RabbitNode, cameras: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "fps": FPS,
        "amqp": {"url": node.url(), "exchange": EXCHANGE},
        "circuit_breaker": _LONG_WAIT,
        "cameras": list(cameras),
        "language": "en",
    }


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="edge-video-bench-") as name:
        yield Path(name)


def _expect(kept: object, what: str) -> None:
    if not kept:
        raise RuntimeError(f"not so: {what}")
