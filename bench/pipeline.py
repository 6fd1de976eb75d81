"""What the program costs per frame, next to `cat` reading the output of the same FFmpegs.

`python -m bench.pipeline` starts real RTSP cameras (720p25), a RabbitMQ node of its own and a
consumer, and measures in turn: the program with all of them and one camera that cannot be
reached; `cat`; and the program with nothing but an OPEN camera, beside one whose only camera is
disabled. It needs GStreamer's RTSP server, rabbitmq-server and ffmpeg (`make system-packages`).
Figures of a machine that does something else meanwhile are worth nothing: it says how busy it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from bench.consumer import Arrived, CountingConsumer
from bench.measure import Reading, between, cpu_of_all, read_process
from edge_video.config import CameraConfig
from edge_video.ffmpeg import capture_command, find_binary
from edge_video.testing import eventually
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rabbit import RabbitNode
from edge_video.testing.rtsp import RtspServer
from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FPS: Final = 15
EXCHANGE: Final = "bench"
NOBODY: Final = "rtsp://127.0.0.1:9/nobody"
RESULTS: Final = Path(__file__).parent / "results"
_SETTLE_S: Final = 5.0
_LONG_WAIT: Final = {"reset_timeout": "1h"}
"""A camera that is OPEN stays so."""

TARGET_MS_PER_FRAME: Final = 0.6
TARGET_RSS_MB: Final = 60.0


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
class Cat:
    """`cat > /dev/null` behind the same FFmpeg command lines."""

    cpu_s: float
    read_bytes: int
    frames: float
    """Computed: what was read, divided by the size of the program's frames."""

    @property
    def cpu_ms_per_frame(self) -> float:
        """CPU of all `cat`s."""
        return 1000 * self.cpu_s / self.frames


@dataclass(frozen=True, slots=True)
class Idle:
    """Two programs without a stream, measured at the same time. CPU in ms per minute."""

    open_ms_per_minute: float
    disabled_ms_per_minute: float
    open_rss_mb: float


# --- what is measured -----------------------------------------------------------------------


def measure_ours(urls: Sequence[str], node: RabbitNode, seconds: float) -> Ours:
    """The program, all cameras streaming and the bad one OPEN."""
    cameras = [{"id": f"cam{n}", "url": url} for n, url in enumerate(urls, 1)]
    cameras.append({"id": "bad", "url": NOBODY})
    with (
        _folder() as folder,
        CountingConsumer(node.parameters(), EXCHANGE) as consumer,
        Program(folder, _config(node, cameras), "--report-file", "final.json") as program,
    ):
        for camera in cameras[:-1]:
            program.wait_for_log(f"[{camera['id']}]", "1280x720", timeout_s=60)
        program.wait_for_log("[bad]", "OPEN", timeout_s=60)
        _pass("ours: settling", _SETTLE_S)
        ffmpegs = program.ffmpegs()
        ffmpeg_before_s = cpu_of_all(ffmpegs)
        before = read_process(program.psutil)
        peak = _pass("ours", seconds, program.psutil)
        after = read_process(program.psutil)
        ffmpeg_cpu_s = cpu_of_all(ffmpegs) - ffmpeg_before_s
        time.sleep(1)  # the last frames of the window arrive
        arrived = consumer.between(before.at_ns, after.at_ns)
        _expect(program.stop() == 0, "the program ended in order")
        _expect(program.report()["books"]["balanced"], "the books balance")
    return Ours(len(urls), between(before, after), ffmpeg_cpu_s, arrived, peak / 1e6)


def measure_cat(urls: Sequence[str], bytes_per_frame: float, seconds: float) -> Cat:
    """`cat` in place of the program."""
    binary = find_binary(None)
    commands = [
        capture_command(binary, CameraConfig(id=f"cam{n}", url=url, fps=FPS))
        for n, url in enumerate(urls, 1)
    ]
    with contextlib.ExitStack() as stack:
        cats = [stack.enter_context(_cat(command)) for command in commands]
        eventually(
            lambda: all(read_process(each).read_bytes > 100_000 for each in cats), 60, "pictures"
        )
        _pass("cat: settling", _SETTLE_S)
        before = [read_process(each) for each in cats]
        _pass("cat", seconds)
        used = [between(one, read_process(each)) for one, each in zip(before, cats, strict=True)]
    read_bytes = sum(each.read_bytes for each in used)
    part_header = len("--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 50000\r\n\r\n\r\n")
    frames = read_bytes / (bytes_per_frame + part_header)
    return Cat(sum(each.cpu_s for each in used), read_bytes, frames)


def measure_idle(node: RabbitNode, seconds: float) -> Idle:
    """Whether a camera that is OPEN costs anything."""
    bad = {"id": "bad", "url": NOBODY}
    with (
        _folder() as open_folder,
        _folder() as disabled_folder,
        Program(open_folder, _config(node, [bad])) as with_open,
        Program(disabled_folder, _config(node, [{**bad, "enabled": False}])) as with_disabled,
    ):
        programs = (with_open, with_disabled)
        with_open.wait_for_log("[bad]", "OPEN", timeout_s=60)
        for program in programs:
            program.wait_for_log("Publisher connected", timeout_s=60)
        _pass("OPEN: settling", _SETTLE_S)
        before = [read_process(program.psutil) for program in programs]
        _pass("OPEN", seconds)
        used = [
            between(one, read_process(program.psutil))
            for one, program in zip(before, programs, strict=True)
        ]
        for program in programs:
            _expect(program.stop() == 0, "the program ended in order")
    per_minute = [1000 * each.cpu_s / each.at_s * 60 for each in used]
    return Idle(per_minute[0], per_minute[1], used[0].rss_bytes / 1e6)


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


@contextlib.contextmanager
def _cat(command: Sequence[str]) -> Iterator[psutil.Process]:
    """One FFmpeg, read by one `cat`."""
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as ffmpeg,
        subprocess.Popen(["cat"], stdin=ffmpeg.stdout, stdout=subprocess.DEVNULL) as cat,
    ):
        assert ffmpeg.stdout is not None
        ffmpeg.stdout.close()  # cat's alone: its end ends FFmpeg
        try:
            yield psutil.Process(cat.pid)
        finally:
            ffmpeg.kill()
            cat.kill()


def _pass(what: str, seconds: float, watched: psutil.Process | None = None) -> int:
    """Let time pass, with a line that says so; the highest memory of a process meanwhile."""
    began_s = time.monotonic()
    peak = 0
    while (left_s := began_s + seconds - time.monotonic()) > 0:
        print(f"\r{what}: {left_s:3.0f} s left ", end="", file=sys.stderr, flush=True)
        if watched is not None:
            peak = max(peak, watched.memory_info().rss)
        time.sleep(min(1.0, left_s))
    print(f"\r{'':40}\r", end="", file=sys.stderr, flush=True)
    return peak


def _expect(kept: object, what: str) -> None:
    if not kept:
        raise RuntimeError(f"not so: {what}")


# --- what is shown --------------------------------------------------------------------------


def render(ours: Ours, cat: Cat, idle: Idle) -> str:
    """The table, the ratios and the verdicts."""
    arrived, used = ours.arrived, ours.used
    median_ms, slow_ms = arrived.capture_to_consumer_ms
    per_camera = ", ".join(
        f"{100 * n / (used.at_s * FPS):.1f}" for _, n in sorted(arrived.per_camera.items())
    )
    rows = [
        ("frames published", f"{arrived.frames}", f"{cat.frames:.0f} (read)"),
        ("bytes per frame", f"{arrived.bytes_per_frame:.0f}", ""),
        ("CPU per frame, ms", f"{ours.cpu_ms_per_frame:.3f}", f"{cat.cpu_ms_per_frame:.3f}"),
        ("CPU, % of a core", f"{100 * used.cpu_s / used.at_s:.2f}", ""),
        ("FFmpeg's CPU per frame, ms", f"{1000 * ours.ffmpeg_cpu_s / arrived.frames:.2f}", ""),
        ("frames, % of the target, per camera", per_camera, ""),
        ("capture to consumer, ms, p50 / p99", f"{median_ms:.1f} / {slow_ms:.1f}", ""),
        ("RSS, MB (peak)", f"{used.rss_bytes / 1e6:.1f} ({ours.peak_rss_mb:.1f})", ""),
        ("threads", f"{used.threads}", f"{ours.cameras} processes"),
        ("context switches per frame", f"{used.switches / arrived.frames:.1f}", ""),
    ]
    lines = [f"{'':38}{'edge-video':>30}{'cat':>14}"]
    lines += [f"{name:38}{one:>30}{other:>14}" for name, one, other in rows]
    ratio = ours.cpu_ms_per_frame / cat.cpu_ms_per_frame
    lines += [
        "",
        f"The program costs {ratio:.1f} x cat, {_share(ours):.1%} of what its FFmpegs cost.",
        (
            f"CPU per minute without a stream: camera OPEN {idle.open_ms_per_minute:.0f} ms,"
            f" camera disabled {idle.disabled_ms_per_minute:.0f} ms"
            f" (RSS {idle.open_rss_mb:.1f} MB)."
        ),
        "",
        _verdict("CPU per frame, ms", ours.cpu_ms_per_frame, TARGET_MS_PER_FRAME),
        _verdict(f"RSS with {ours.cameras + 1} cameras, MB", ours.peak_rss_mb, TARGET_RSS_MB),
    ]
    return "\n".join(lines)


def _share(ours: Ours) -> float:
    return ours.used.cpu_s / ours.ffmpeg_cpu_s


def _verdict(what: str, found: float, limit: float) -> str:
    return f"{'met   ' if found < limit else 'MISSED'} {what}: {found:.2f}, target under {limit:g}"


def _save(results: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"pipeline-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="per measurement (default 30)")
    parser.add_argument("--cameras", type=int, default=5, help="good ones (default 5)")
    args = parser.parse_args()
    load_before = os.getloadavg()[0]
    clip_s = 2 * args.seconds + 120
    print("preparing clips, cameras and broker ...", file=sys.stderr)
    mounts = {f"/cam{n}": numbered_clip(n, seconds=clip_s) for n in range(1, args.cameras + 1)}
    node = RabbitNode(Path(tempfile.mkdtemp(prefix="edge-video-bench-rabbit-")), tls=False)
    try:
        node.start()
        with RtspServer(mounts) as server:
            urls = [server.url(path) for path in mounts]
            ours = measure_ours(urls, node, args.seconds)
            cat = measure_cat(urls, ours.arrived.bytes_per_frame, args.seconds)
        idle = measure_idle(node, args.seconds)
    finally:
        node.close()
    machine = {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load_before": load_before,
        "ffmpeg": ".".join(map(str, find_binary(None).version)),
    }
    print(f"\n{args.cameras} cameras of 720p25 at fps {FPS} and one OPEN, {args.seconds:g} s;")
    print(f"{machine['cores']} cores, load before {load_before:.2f}; {ROOT.name}\n")
    print(render(ours, cat, idle))
    path = _save(
        {
            "seconds": args.seconds,
            "machine": machine,
            "ours": {
                **asdict(ours),
                "cpu_ms_per_frame": ours.cpu_ms_per_frame,
                "share_of_target": ours.share_of_target,
            },
            "cat": {**asdict(cat), "cpu_ms_per_frame": cat.cpu_ms_per_frame},
            "idle": asdict(idle),
        }
    )
    print(f"\nwritten to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
