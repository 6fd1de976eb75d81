"""What is measured. Each section takes the bench and returns plain values, fit for JSON."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psutil
import yaml

from bench.clock import WIDTH, age_ms, clock_camera
from bench.hardware_section import hardware
from bench.measure import between, read_process
from bench.peer_run import peer_readings
from bench.picture_sections import change, liveness, snapshots
from bench.quality import quality
from bench.real_cameras import measure_idle, measure_ours
from bench.rig import FPS, Bench, ScriptedCameras, child, run_program, wait_for_cameras
from edge_video.capture.binary import Binary, find_binary
from edge_video.capture.command import capture_command
from edge_video.capture.limiter import WALL_CLOCK
from edge_video.config import CameraConfig
from edge_video.testing.clips import numbered_clip
from edge_video.testing.consumer import consume
from edge_video.testing.rtsp import RtspServer
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measure import Reading

Result = dict[str, Any]

_CAMERAS: Final = 5
_SIZES: Final = (10_000, 50_000, 300_000)


# --- the floor ------------------------------------------------------------------------------


def floor_of(bench: Bench, size: int, cameras: int, what: str) -> Result:
    """`cat` behind each camera, and the bare socket at the rate of all: ms of CPU per frame."""
    with ScriptedCameras(size) as scripted, contextlib.ExitStack() as stack:
        cats = [stack.enter_context(_cat(scripted.command)) for _ in range(cameras)]
        raw = stack.enter_context(
            child(
                *(sys.executable, "-m", "bench.raw_publisher"),
                *(bench.node.url(), str(size), str(FPS * cameras)),
            )
        )
        bench.progress.wait(what, 2)
        processes = [*cats, raw]
        before = [read_process(each) for each in processes]
        bench.progress.wait(what, bench.seconds)
        used = [
            between(one, read_process(each)) for one, each in zip(before, processes, strict=True)
        ]
    frames = used[-1].at_s * FPS * cameras
    cat_ms = 1000 * sum(each.cpu_s for each in used[:-1]) / frames
    raw_ms = 1000 * used[-1].cpu_s / frames
    return {"cat_ms": cat_ms, "raw_ms": raw_ms, "floor_ms": cat_ms + raw_ms}


@contextlib.contextmanager
def _cat(command: Sequence[str]) -> Any:
    with (
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as camera,
        subprocess.Popen(["cat"], stdin=camera.stdout, stdout=subprocess.DEVNULL) as cat,
    ):
        assert camera.stdout is not None
        camera.stdout.close()
        try:
            yield psutil.Process(cat.pid)
        finally:
            camera.kill()
            cat.kill()


def ours(bench: Bench) -> Result:
    """The program and the floor in turn, by size of frame; medians of the rounds."""
    rounds = 1 if bench.quick else 3
    rows = []
    for size in _SIZES[1:] if bench.quick else _SIZES:
        runs, floors = [], []
        for number in range(rounds):
            what = f"ours, {size // 1000} KB, round {number + 1}"
            with ScriptedCameras(size) as cameras:
                runs.append(run_program(bench, cameras, _CAMERAS, what))
            floors.append(floor_of(bench, size, _CAMERAS, f"floor, {size // 1000} KB"))
        cpu_ms = median(run.cpu_ms for run in runs)
        user = median(run.user_share for run in runs)
        rows.append(
            {
                "bytes": size,
                "cpu_ms": cpu_ms,
                "user_ms": cpu_ms * user,
                "system_ms": cpu_ms * (1 - user),
                **{key: median(each[key] for each in floors) for key in floors[0]},
                "ratio": median(
                    run.cpu_ms / each["floor_ms"] for run, each in zip(runs, floors, strict=True)
                ),
                "switches": median(run.used.switches / run.published for run in runs),
                "threads": runs[0].used.threads,
                "rss_mb": median(run.used.rss_bytes / 1e6 for run in runs),
                "share": min(run.share_of_target for run in runs),
            }
        )
    return {"cameras": _CAMERAS, "rows": rows}


# --- peers ----------------------------------------------------------------------------------


def peers(bench: Bench) -> Result:
    """Other ways over the same scripted cameras; OpenCV over RTSP, which it decodes itself."""
    rows: list[Result] = []
    with ScriptedCameras(50_000) as cameras:
        run = run_program(bench, cameras, _CAMERAS, "peers: edge-video")
        rows.append(_peer_row("edge-video", run.used, run.published))
        for way, needs in (("pika", "pika"), ("pika-confirms", "pika"), ("kombu", "kombu")):
            if find_spec(needs) is None:
                bench.skipped.append(f"peer {way}: {needs} is not installed")
                continue
            rows.append(_peer(bench, way, str(cameras.ffmpeg), str(_CAMERAS)))
    if find_spec("cv2") is None:
        bench.skipped.append("peer opencv: cv2 is not installed")
        return {"rows": rows}
    clip_s = 4 * bench.seconds + 60
    with RtspServer({"/cam": numbered_clip(1, seconds=clip_s)}) as server:
        url = server.url("/cam")
        with _real_program(bench, [url]) as program:
            rows.append(_with_children("edge-video and its FFmpeg, RTSP", bench, program))
        rows.append(_peer(bench, "opencv", "", url, "OpenCV and pika, RTSP"))
    return {"rows": rows}


def _peer_row(name: str, used: Reading, frames: int) -> Result:
    return {
        "name": name,
        "cpu_ms": 1000 * used.cpu_s / max(1, frames),
        "frames": frames,
        "rss_mb": used.rss_bytes / 1e6,
        "threads": used.threads,
        "switches": used.switches / max(1, frames),
    }


def _peer(bench: Bench, way: str, ffmpeg: str, cameras: str, name: str = "") -> Result:
    return _peer_row(name or way, *peer_readings(bench, way, ffmpeg, cameras, f"peers: {way}"))


@contextlib.contextmanager
def _real_program(bench: Bench, urls: Sequence[str], **keys: Any) -> Any:
    config = {
        "fps": FPS,
        "amqp": {"url": bench.node.url(), "exchange": "bench"},
        "language": "en",
        "report_interval": "1h",
        "cameras": [{"id": f"cam{n}", "url": url, **keys} for n, url in enumerate(urls)],
    }
    with (
        tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder,
        Program(Path(folder), config, "--report-file", "final.json") as program,
    ):
        wait_for_cameras(program, len(urls))
        yield program


def _with_children(name: str, bench: Bench, program: Program) -> Result:
    bench.progress.wait(f"peers: {name}", 3)
    family = [program.psutil, *program.ffmpegs()]
    before = [read_process(each) for each in family]
    bench.progress.wait(f"peers: {name}", bench.seconds)
    used = [between(one, read_process(each)) for one, each in zip(before, family, strict=True)]
    frames = round(used[0].at_s * FPS)
    row = _peer_row(name, used[0], frames)
    row["cpu_ms"] = 1000 * sum(each.cpu_s for each in used) / frames
    row["rss_mb"] = sum(each.rss_bytes for each in used) / 1e6
    return row


# --- scale, latency, start ------------------------------------------------------------------


def scale(bench: Bench) -> Result:
    """More and more cameras, until frames are lost or the cores are used up."""
    rows: list[Result] = []
    counts = (1, 5, 20, 100) if bench.quick else (1, 5, 20, 50, 100, 200)
    for size in (50_000,) if bench.quick else _SIZES:
        for count in counts:
            with ScriptedCameras(size) as cameras:
                run = run_program(bench, cameras, count, f"scale: {count} x {size // 1000} KB")
            machine = psutil.cpu_percent(0.2)
            rows.append(
                {
                    "bytes": size,
                    "cameras": count,
                    "cpu_ms": run.cpu_ms,
                    "cores": run.used.cpu_s / run.used.at_s,
                    "share": run.share_of_target,
                    "rss_mb": run.used.rss_bytes / 1e6,
                    "threads": run.used.threads,
                    "machine_percent_after": machine,
                }
            )
            if run.share_of_target < 0.95:
                break  # saturated: more cameras only lose more
    return {"rows": rows}


def latency(bench: Bench) -> Result:
    """From each frame whole in its pipe to the broker's confirm, in milliseconds."""
    rows = []
    for count in (5, 20) if bench.quick else (1, 5, 20, 100):
        took_ms, _ = _took_ms(bench, count, f"latency, {count} cameras")
        rows.append({"cameras": count, **ranks(took_ms)})
    return {"rows": rows}


def reload(bench: Bench) -> Result:
    """The same of the cameras that a reload leaves alone: without one, and with two a second."""
    rounds = 2
    still_ms, reloaded_ms = _took_ms(bench, 2 * _CAMERAS, "reload", rounds)
    still, reloaded = ranks(still_ms), ranks(reloaded_ms)
    return {
        "cameras": 2 * _CAMERAS - 1,
        "rows": [{"name": "before", **still}, {"name": "during reloads", **reloaded}],
        "p99_ratio": reloaded["p99"] / still["p99"],
    }


def _took_ms(bench: Bench, count: int, what: str, rounds: int = 0) -> list[list[float]]:
    """What `bench.host` measures over so many cameras."""
    with ScriptedCameras(50_000) as cameras:
        config = cameras.folder / "config.yaml"
        config.write_text(yaml.safe_dump(cameras.config(bench.node, count)))
        command = (sys.executable, "-m", "bench.host", str(config), str(bench.seconds), str(rounds))
        with child(*command) as process:
            bench.progress.wait(what, bench.seconds * max(1, 2 * rounds) + 4)
            assert process.stdout is not None
            found: list[list[float]] = json.loads(process.stdout.read())
    return found


def real(bench: Bench) -> Result:
    """Five RTSP cameras of 720p25, one that is OPEN; and the delay of one that shows the time."""
    clip_s = 2 * bench.seconds + 120
    mounts = {f"/cam{n}": numbered_clip(n, seconds=clip_s) for n in range(1, _CAMERAS + 1)}
    with RtspServer(mounts) as server:
        urls = [server.url(path) for path in mounts]
        bench.progress.show("real cameras")
        found = measure_ours(urls, bench, max(10, bench.seconds))
    return {
        "cameras": _CAMERAS + 1,
        "cpu_ms": found.cpu_ms_per_frame,
        "ffmpeg_ms": 1000 * found.ffmpeg_cpu_s / found.arrived.frames,
        "bytes": found.arrived.bytes_per_frame,
        "share": found.share_of_target,
        "rss_mb": found.peak_rss_mb,
        "from_camera_ms": _from_camera(bench),
    }


def _from_camera(bench: Bench) -> Result:
    """From the moment a picture is drawn to a consumer that has it: encoder and network too."""
    with (
        consume(bench.node, "bench") as consumer,
        clock_camera() as url,
        _real_program(bench, [url], width=WIDTH) as program,
    ):
        wait_for_cameras(program, 1)
        bench.progress.wait("a camera that shows the time", 3)
        seen = len(consumer.messages)
        ages = []
        until_s = time.monotonic() + bench.seconds
        while time.monotonic() < until_s:
            if len(consumer.messages) > seen:
                ages.append(age_ms(consumer.messages[-1].body))
                seen = len(consumer.messages)
            time.sleep(0.001)
    return ranks(sorted(ages))


def ranks(took_ms: Sequence[float]) -> Result:
    """p50, p95, p99 and the longest of a sorted list."""
    if not took_ms:
        raise ValueError("no frame was confirmed")
    last = len(took_ms) - 1
    at = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {"frames": len(took_ms)} | {key: took_ms[round(q * last)] for key, q in at.items()}


def start(bench: Bench) -> Result:
    """From the command to the first frame of the first and of the last camera, in seconds."""
    rows = []
    for count in (1, 50):
        with (
            ScriptedCameras(50_000) as cameras,
            tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder,
        ):
            spacing = {"start_spacing": "100ms"}
            program = Program(Path(folder), cameras.config(bench.node, count, **spacing))
            began_s = time.monotonic()
            with program:
                program.wait_for_log("1280x720", timeout_s=60)
                first_s = time.monotonic() - began_s
                wait_for_cameras(program, count)
                last_s = time.monotonic() - began_s
                bench.progress.show(f"start, {count} cameras")
        rows.append({"cameras": count, "first_s": first_s, "last_s": last_s})
    return {"rows": rows}


# --- outage ---------------------------------------------------------------------------------


def outage(bench: Bench) -> Result:
    """A broker that hangs, then goes on; and a camera that is OPEN against a disabled one."""
    with (
        ScriptedCameras(50_000) as cameras,
        tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder,
        Program(Path(folder), cameras.config(bench.node, _CAMERAS)) as program,
    ):
        wait_for_cameras(program, _CAMERAS)
        rows = {}
        for name, do in (
            ("broker well", _nothing),
            ("broker frozen", bench.node.freeze),
            ("broker back", bench.node.thaw),
        ):
            do()
            bench.progress.wait(name, 3)
            before = read_process(program.psutil)
            bench.progress.wait(name, bench.seconds)
            used = between(before, read_process(program.psutil))
            rows[name] = {
                "cpu_ms_per_s": 1000 * used.cpu_s / used.at_s,
                "rss_mb": used.rss_bytes / 1e6,
            }
    idle = measure_idle(bench)
    return {
        "rows": rows,
        "open_ms_per_minute": idle.open_ms_per_minute,
        "disabled_ms_per_minute": idle.disabled_ms_per_minute,
    }


def _nothing() -> None:
    """All is well."""


# --- FFmpeg ---------------------------------------------------------------------------------


def original_flags(binary: Binary, url: str) -> list[str]:
    """The command line of the program that this one replaces, but for where the picture goes."""
    return [
        *(binary.path, "-nostdin", "-loglevel", "error", "-i", url),
        *("-vf", f"fps={FPS}", "-f", "image2pipe", "-vcodec", "mjpeg", "-q:v", "5", "pipe:1"),
    ]


def ffmpeg(bench: Bench) -> Result:
    """CPU and bytes per frame of FFmpeg over a clip of ten seconds, as fast as it goes."""
    binary = find_binary(None)
    rows = []
    clip_s = 4 if bench.quick else 10
    sizes = ((1280, 720),) if bench.quick else ((1280, 720), (1920, 1080))
    for codec in ("libx264",) if bench.quick else ("libx264", "libx265"):
        for size in sizes:
            clip = str(numbered_clip(1, size=size, codec=codec, seconds=10))
            mine = _unpaced(binary, clip)
            ways: dict[str, list[str]] = {
                "original": original_flags(binary, clip),
                "ours": mine,
                "ours, huffman: optimal": _unpaced(binary, clip, huffman="optimal"),
                "ours, loop filter skipped": _with_input(mine, "-skip_loop_filter", "all"),
                "ours, keyframes_only": _unpaced(binary, clip, keyframes_only=True),
            }
            for name, command in ways.items():
                bench.progress.show(f"FFmpeg: {codec} {size[1]}p {name}")
                rows.append(
                    {"codec": codec, "height": size[1], "way": name, **_run_ffmpeg(command, clip_s)}
                )
    return {"rows": rows}


def _unpaced(binary: Binary, clip: str, **options: Any) -> list[str]:
    """The program's own command line for a camera, at whatever speed the machine has.

    The rate limit goes by the clip's clock: by the machine's it would let next to nothing pass.
    """
    camera = CameraConfig(id="cam", url=clip, fps=FPS, **options)
    clock = "pts*tb" if camera.mode == "passthrough" else "t"
    command = capture_command(binary, camera)
    return [each.replace(WALL_CLOCK, clock) for each in command if each != "-re"]


def _with_input(command: Sequence[str], *options: str) -> list[str]:
    at = command.index("-i")
    return [*command[:at], *options, *command[at:]]


def _run_ffmpeg(command: Sequence[str], seconds: float) -> Result:
    at = list(command).index("-i")
    whole = [*command[:at], "-t", f"{seconds:g}", *command[at:]]
    before = psutil.Process().cpu_times()
    output = subprocess.run(
        whole,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    ).stdout
    after = psutil.Process().cpu_times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    frames = max(1, output.count(b"\xff\xd8\xff"))
    return {"cpu_ms": 1000 * cpu_s / frames, "bytes": len(output) / frames, "frames": frames}


class Section(NamedTuple):
    """A measurement, and about how long it takes."""

    measure: Callable[[Bench], Result]
    quick_s: float
    whole_s: float


SECTIONS: Final = {
    "ours": Section(ours, 50, 300),
    "peers": Section(peers, 75, 140),
    "quality": Section(quality, 420, 1300),
    "scale": Section(scale, 75, 480),
    "latency": Section(latency, 25, 75),
    "reload": Section(reload, 30, 60),
    "real": Section(real, 45, 60),
    "start": Section(start, 5, 5),
    "outage": Section(outage, 45, 90),
    "ffmpeg": Section(ffmpeg, 15, 90),
    "hardware": Section(hardware, 10, 15),
    "liveness": Section(liveness, 45, 170),
    "change": Section(change, 60, 150),
    "snapshots": Section(snapshots, 20, 40),
}
