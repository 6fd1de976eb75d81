"""Measures this process, its FFmpeg children and the machine, and judges its memory."""

from edge_video.metrics.memory import MemoryLevel, MemoryPolicy
from edge_video.metrics.sample import FfmpegSample, ProcessSample

__all__ = ["FfmpegSample", "MemoryLevel", "MemoryPolicy", "ProcessSample"]
