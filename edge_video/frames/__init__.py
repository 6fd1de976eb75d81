"""Defines frames, and cuts them out of a stream of bytes."""

from edge_video.frames.frame import CameraId, Frame
from edge_video.frames.splitter import FrameSplitter

__all__ = ["CameraId", "Frame", "FrameSplitter"]
