"""Defines one measurement of this process, its FFmpeg children and the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.metrics.cpu import CpuShortage, CpuUse
from edge_video.metrics.memory import MemoryLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class FfmpegSample:
    """One FFmpeg child at the time of a measurement."""

    pid: int
    cpu_s: float
    """CPU it has used since it began."""
    rss_bytes: int
    cpu_percent: float | None = None
    """Of one core, since the measurement before; None at first."""


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """One measurement of this process, its FFmpeg children and the machine."""

    cpu_percent: float | None
    """Of one core, since the previous sample; may exceed 100. None before there are two, as are the
    other two."""
    rss_bytes: int
    ffmpeg_processes: int
    ffmpeg_cpu_percent: float | None
    ffmpeg_rss_bytes: int
    system_ram_bytes: int
    system_ram_used_percent: float
    system_cpu_percent: float | None
    threads: int
    actors: int
    allocated_blocks: int
    """Memory blocks that the Python allocator has handed out (`sys.getallocatedblocks`)."""
    gc_collections: int
    gc_last_ago_s: float | None
    """Seconds since the garbage collector last ran; None when it has not run since the start."""
    memory_level: MemoryLevel = MemoryLevel.NORMAL
    memory_limit_bytes: int | None = None
    """None when the memory controller is off."""
    cpu: CpuUse | None = None
    """How much of the CPU that is there is used; None before there are two measurements."""
    cpu_shortage: CpuShortage | None = None
    """While CPU is short."""
    ffmpegs: tuple[FfmpegSample, ...] = ()
    """Each of the `ffmpeg_processes`; `CameraStatus.ffmpeg_pid` says whose it is."""


def dearest_camera(
    ffmpegs: Iterable[FfmpegSample], cameras: Mapping[int, str]
) -> tuple[str, float]:
    """The camera whose FFmpegs use most CPU, and how much, in percent of a core; ("", 0) of none.

    Args:
        ffmpegs: all of them.
        cameras: which process id is whose.
    """
    used: dict[str, float] = {}
    for each in ffmpegs:
        if each.pid in cameras and each.cpu_percent is not None:
            camera = cameras[each.pid]
            used[camera] = used.get(camera, 0.0) + each.cpu_percent
    return max(used.items(), key=lambda item: item[1], default=("", 0.0))
