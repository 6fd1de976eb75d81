"""What every measurement needs: scripted cameras, the program over them, a progress bar."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psutil

from bench.measure import Reading, between, read_process
from edge_video.testing import eventually
from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from edge_video.testing.rabbit import RabbitNode

FPS: Final = 15
EXCHANGE: Final = "bench"
SCRIPT: Final = Path(__file__).with_name("scripted.py")


class Progress:
    """A bar on standard error."""

    def __init__(self, total_s: float) -> None:
        self._began_s = time.monotonic()
        self._total_s = total_s

    def wait(self, what: str, seconds: float, watched: psutil.Process | None = None) -> int:
        """Let time pass, visibly; the highest memory of a process meanwhile, in bytes."""
        until_s, peak = time.monotonic() + seconds, 0
        while (left_s := until_s - time.monotonic()) > 0:
            self.show(what)
            if watched is not None:
                peak = max(peak, watched.memory_info().rss)
            time.sleep(min(0.5, left_s))
        return peak

    def show(self, what: str) -> None:
        """Draw the bar."""
        spent_s = time.monotonic() - self._began_s
        share = min(1.0, spent_s / self._total_s)
        bar = "#" * round(30 * share)
        line = f"[{bar:<30}] {spent_s:4.0f} of about {self._total_s:.0f} s  {what}"
        print(f"\r{line[:100]:<100}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear it."""
        print(f"\r{'':100}\r", end="", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Bench:
    """What the sections share."""

    node: RabbitNode
    progress: Progress
    seconds: float
    """Of each measurement."""
    quick: bool
    skipped: list[str] = field(default_factory=list)


class ScriptedCameras:
    """The server behind scripted cameras, and an "ffmpeg" that is one of them."""

    def __init__(self, frame_bytes: int, fps: int = FPS) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="edge-video-bench-")
        self.folder = Path(self._folder.name)
        self._socket = self.folder / "cameras"
        self.ffmpeg = self.folder / "ffmpeg"
        python = os.path.realpath(sys.executable)
        self.command = [python, "-S", "-E", str(SCRIPT), str(self._socket)]
        self.command += [str(frame_bytes), str(fps)]
        self.ffmpeg.write_text(
            "#!/bin/sh\n"
            'if [ "$1" = -version ]; then echo "ffmpeg version 5.1.6"; exit 0; fi\n'
            f"exec {' '.join(self.command)}\n"
        )
        self.ffmpeg.chmod(0o755)

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self._socket)], stdin=subprocess.PIPE
        )
        eventually(self._socket.exists, 20, "the scripted cameras")
        time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.kill()
        self._server.communicate()
        self._folder.cleanup()

    def config(self, node: RabbitNode, cameras: int, **more: Any) -> dict[str, Any]:
        """A configuration of the program over so many of them."""
        return {
            "fps": FPS,
            "ffmpeg": str(self.ffmpeg),
            "amqp": {"url": node.url(), "exchange": EXCHANGE},
            "start_spacing": "10ms",
            "language": "en",
            "cameras": [{"id": f"cam{n}", "url": "lavfi:testsrc"} for n in range(cameras)],
            **more,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """The program over a while."""

    used: Reading
    user_share: float
    published: int
    """Frames, in that while."""
    share_of_target: float

    @property
    def cpu_ms(self) -> float:
        """Per frame; its FFmpegs excluded."""
        return 1000 * self.used.cpu_s / max(1, self.published)


def run_program(
    bench: Bench, cameras: ScriptedCameras, count: int, what: str, seconds: float | None = None
) -> Run:
    """Start the program, let it settle, measure, stop it, and see its frame accounting balanced."""
    seconds = seconds or bench.seconds
    with (
        tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder,
        Program(
            Path(folder),
            cameras.config(bench.node, count, report_interval="1h"),
            "--report-file",
            "final.json",
        ) as program,
    ):
        wait_for_cameras(program, count)
        bench.progress.wait(what, 3)
        times = program.psutil.cpu_times()
        before = read_process(program.psutil)
        bench.progress.wait(what, seconds)
        used = between(before, read_process(program.psutil))
        after = program.psutil.cpu_times()
        user_s, system_s = after.user - times.user, after.system - times.system
        program.stop(timeout_s=60)
        report = program.report()
        assert report["accounting"]["balanced"], "the frame accounting is balanced"
    lost = frames_lost(report)
    target = used.at_s * FPS * count
    published = round(target * (1 - lost))
    return Run(used, user_s / max(0.01, user_s + system_s), published, 1 - lost)


def wait_for_cameras(program: Program, count: int) -> None:
    """Until each camera has delivered a frame; what a busy machine lacks is time.

    Raises:
        AssertionError: one did not; with the end of the program's log.
    """
    try:
        eventually(lambda: streams_begun(program.log) >= count, 120 + count, f"{count} stream")
    except AssertionError as error:
        raise AssertionError(f"{error}; the log ends: {' / '.join(program.log[-3:])}") from error


def streams_begun(log: Sequence[str]) -> int:
    """How many streams a log says have begun: line by line, and those that it only counts."""
    held_back = (re.search(r"(\d+) streams began", line) for line in log)
    return sum("first frame after" in line for line in log) + sum(
        int(found[1]) for found in held_back if found
    )


def frames_lost(report: dict[str, Any]) -> float:
    """The share of received frames that were not confirmed, over the whole run."""
    totals = [camera["frames"] for camera in report["cameras"]]
    received: int = sum(each["received"] for each in totals)
    confirmed: int = sum(each["confirmed"] for each in totals)
    return 1 - confirmed / max(1, received)


@contextlib.contextmanager
def child(*command: str, **environ: str) -> Iterator[psutil.Popen]:
    """A process that is killed, with its children, when the block ends."""
    process = psutil.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
    )
    try:
        yield process
    finally:
        family = [*process.children(recursive=True), process]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        process.communicate()
