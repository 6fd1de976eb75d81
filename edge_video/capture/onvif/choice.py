"""Proposes one of a device's streams: the smallest one that is large and fast enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.onvif.model import Stream


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be published.

    Attributes:
        width: in pixels.
        fps: frames a second.
    """

    width: int
    fps: int


def propose(streams: Sequence[Stream], wish: Wish) -> Stream | None:
    """The stream that costs least to decode and still has what is wanted; None without streams.

    Where none is large and fast enough, a large one comes before a fast one. A size that a device
    does not say counts as too small, a rate that it does not say as fast enough.
    """
    if not streams:
        return None
    return min(streams, key=lambda each: _rank(each, wish))


def _rank(stream: Stream, wish: Wish) -> tuple[int, bool, float]:
    width, height = stream.width or 0, stream.height or 0
    missing = max(0, wish.width - width)
    is_slow = stream.fps is not None and stream.fps < wish.fps
    cost = width * height * (stream.fps or wish.fps)
    return missing, is_slow, -cost if missing or is_slow else cost
