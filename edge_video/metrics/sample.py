"""Defines one measurement of this process, its FFmpeg children and the machine."""

from __future__ import annotations

from dataclasses import dataclass

from edge_video.metrics.memory import MemoryLevel


@dataclass(frozen=True, slots=True)
class FfmpegSample:
    """One FFmpeg child at the time of a measurement."""

    pid: int
    cpu_s: float
    """CPU it has used since it began."""
    rss_bytes: int


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
    ffmpegs: tuple[FfmpegSample, ...] = ()
    """Each of the `ffmpeg_processes`; `CameraStatus.ffmpeg_pid` says whose it is."""
