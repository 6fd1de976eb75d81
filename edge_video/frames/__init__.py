"""Defines frames, and cuts them out of a stream of bytes."""

from edge_video.frames.frame import CameraId, ChangeNote, Frame
from edge_video.frames.splitter import FrameSplitter

__all__ = ["CameraId", "ChangeNote", "Frame", "FrameSplitter"]
