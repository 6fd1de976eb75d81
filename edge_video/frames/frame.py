"""Defines a frame: one whole JPEG image of one camera, and what its consumers need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, NewType

CameraId = NewType("CameraId", str)


class ChangeNote(NamedTuple):
    """What a frame says of itself where only changes are published, or were until lately."""

    next_within_ms: int | None
    """While the camera streams, another frame is published after about so many milliseconds at
    most; None: nobody can tell, or all frames are published."""
    unchanged: int = 0
    """Frames left out because they showed no change, since the previous one that was handed to the
    sink; known when the frame is handed over."""
    unchanged_since_ns: int | None = None
    """Wall clock, nanoseconds since the epoch, when the first frame was whole that shows the same
    as this one, which is published only because the last one was long ago. None: it is published
    because it shows something new, or because nobody knows what it shows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG image on its way from a camera to a sink.

    Attributes:
        camera_id: the camera's configured id.
        seq: 1 for a camera's first frame, then counting up; never reused while the program
            runs, restarts of the camera's actor included. A gap is a dropped frame.
        session: names one FFmpeg run; changes with every reconnection.
        image: the JPEG, start and end marker included.
        captured_at_ns: wall clock, nanoseconds since the epoch, when the frame was whole.
        captured_at_s: monotonic clock, seconds, the same instant; for ages.
        width: pixels, from the JPEG's own header; 0 when the header is unreadable.
        height: pixels, from the JPEG's own header; 0 when the header is unreadable.
        dropped: frames of this camera left out since the previous one that was handed to the sink.
        note: of a camera of which only changes are published, or were when frames before this one
            were left out; None: all its frames are.
        epoch: of nodes that share cameras, the number of the lease with which this one was captured
            when the frame was whole: of two nodes the higher one's frames count. None: no node
            shares the camera.
    """

    camera_id: CameraId
    seq: int
    session: str
    image: bytes = field(repr=False)
    captured_at_ns: int
    captured_at_s: float
    width: int
    height: int
    dropped: int
    note: ChangeNote | None = None
    epoch: int | None = None
