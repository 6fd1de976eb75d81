"""Decides when pictures leave a device, in seconds since it began, by their number.

`RtspDevice(video, due=bursts(25))`, or any function of one's own that never decreases.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Due = Callable[[int], float]


def even(fps: float) -> Due:
    """One picture after the other, as they are taken."""
    return lambda i: i / fps


def bursts(fps: float, every_s: float = 1.0) -> Due:
    """What is taken within `every_s` leaves at once, as over a bad wireless link."""
    return lambda i: math.floor(i / fps / every_s) * every_s


def paused(fps: float, after_s: float, pause_s: float) -> Due:
    """Nothing leaves for `pause_s` after `after_s`, once; then it goes on evenly."""
    return lambda i: i / fps + (pause_s if i / fps >= after_s else 0)
