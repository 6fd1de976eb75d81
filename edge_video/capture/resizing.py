"""Notices that pictures change their size in mid-stream, and decides what is done about it.

FFmpeg's encoder keeps the size of its first picture, and FFmpeg squeezes every later one into it
without a word. So the filter that comes before it prints the size of what it is given, each time it
is set up, and the one who reads the pipes starts FFmpeg anew. A camera that changes its size
again and again has its pictures fitted into one size for a while, with black bars where the shapes
differ, as have those of a camera with both `width` and `height`.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from edge_video.resilience.failures import Cause, Failure

Size = tuple[int, int]
"""Width and height, in pixels."""

_SHIFT: Final = 2**16
_WARNING_LEVEL: Final = 24
"""AV_LOG_WARNING: what is printed with the log level that cameras have."""
_ANNOUNCED: Final = re.compile(rb"(?:\[Eval @ [^]]*\] )?\[warning\] (\d{6,10})\.0{6}")

_MAX_FOLLOWED: Final = 5
_WITHIN_S: Final = 60.0
_REPORTED_AGAIN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class PictureResized(Failure):
    """The end of a capture that is no failure: pictures have another `size` from here on."""

    size: Size = (0, 0)


def format_size(size: Size) -> str:
    """Write a size as operators do: 640x480."""
    return f"{size[0]}x{size[1]}"


def scale_filter(width: int | None, height: int | None, *, announces: bool = True) -> str:
    """Return a filter that scales and announces the size of what it is given.

    Both sides given: pictures keep their shape, and bars fill the rest. One: the other follows.
    None: pictures stay as they are, at no cost.

    Args:
        width: of the pictures that it gives; None: as above.
        height: the same.
        announces: False: another filter before it does so.
    """
    announce = f"{announcement()}+" if announces else ""
    if width is None and height is None:
        return f"scale=w='{announce}iw':h=ih"
    if width is None or height is None:
        return f"scale=w='{announce}{width or -2}':h={height or -2}"
    fitted = f"scale=w='{announce}{width}':h={height}:force_original_aspect_ratio=decrease"
    return f"{fitted},pad={width}:{height}:-1:-1"


def announcement() -> str:
    """Return an expression, 0, that announces `iw` and `ih`: the size of what a filter is given."""
    # Both numbers in one, as lines of several cameras' filters could not be told apart.
    return f"0*print(iw*{_SHIFT}+ih,{_WARNING_LEVEL})"


def announced_size(line: bytes) -> Size | None:
    """Return the size that a line of FFmpeg's announces; None for any other line."""
    match = _ANNOUNCED.fullmatch(line)
    if match is None:
        return None
    width, height = divmod(int(match[1]), _SHIFT)
    return (width, height) if width and height else None


class SourceSize:
    """The size of a camera's pictures, as FFmpeg announces it, in one capture.

    The reactor's thread, except `size`.

    Args:
        ends_when_resized: whether pictures of another size than the first ones end the capture.

    Attributes:
        size: of the camera's own pictures, before any scaling; None until FFmpeg has said it.
    """

    def __init__(self, *, ends_when_resized: bool) -> None:
        self.size: Size | None = None
        self._ends_when_resized = ends_when_resized

    def announced(self, size: Size) -> PictureResized | None:
        """Take note of the size of pictures to come; the end of the capture, if it is to end."""
        before, self.size = self.size, size
        if not self._ends_when_resized or before is None or before == size:
            return None
        change = f"the pictures changed from {format_size(before)} to {format_size(size)}"
        return PictureResized(Cause.END_OF_STREAM, change, size=size)


class SizeFollower:
    """Decides whether a new size is followed, by starting FFmpeg anew, or fitted into the old one.

    Five changes within a minute are followed. Then pictures are fitted until their size has been
    the same for a minute. Times are of a monotonic clock. Not thread-safe.
    """

    def __init__(self) -> None:
        self._followed: deque[float] = deque(maxlen=_MAX_FOLLOWED)
        self._size: Size | None = None
        self._since_s = 0.0
        self._reported_s = -_REPORTED_AGAIN_S

    def is_worth_telling(self, now_s: float, *, fitted: bool) -> bool:
        """Whether a change is reported to the operator; of fitted ones, one in ten minutes."""
        if fitted and now_s - self._reported_s < _REPORTED_AGAIN_S:
            return False
        self._reported_s = now_s
        return True

    def follows(self, now_s: float) -> bool:
        """Whether the change that was just seen is followed; asked once for each."""
        full = len(self._followed) == _MAX_FOLLOWED
        if full and now_s - self._followed[0] < _WITHIN_S:
            return False
        self._followed.append(now_s)
        return True

    def has_settled(self, size: Size, now_s: float) -> bool:
        """Whether fitted pictures have come in this size for long enough to follow it."""
        if size != self._size:
            self._size, self._since_s = size, now_s
        return now_s - self._since_s >= _WITHIN_S
