"""Computes RTP time stamps as cameras do, rightly and wrongly, by the picture's number.

The clock counts 90 000 a second. `RtspDevice(video, stamp=repeated(25))`, or any function of one's
own from a picture's number (from 0) to its time stamp. Stamps are cut to 32 bits on the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Stamp = Callable[[int], int]

CLOCK: Final = 90_000


def steady(fps: float, start: int = 0) -> Stamp:
    """A right clock."""
    return lambda i: start + round(i * CLOCK / fps)


def repeated(fps: float, every: int = 50) -> Stamp:
    """One picture in `every` has the stamp of the one before it."""
    return lambda i: round((i - (i % every == every - 1)) * CLOCK / fps)


def stray(fps: float, seconds: float, every: int = 50) -> Stamp:
    """One picture in `every` is stamped `seconds` away from its neighbours; less than 0 is past."""
    # It begins far from both ends, so that a stray stamp is no wrap by accident.
    return lambda i: (
        2_000_000_000
        + round(i * CLOCK / fps)
        + (round(seconds * CLOCK) if i % every == every - 1 else 0)
    )


def constant(value: int = 0) -> Stamp:
    """Every picture has the same stamp."""
    return lambda _: value


def milliseconds(fps: float) -> Stamp:
    """A clock of 1 000 a second where the SDP promises 90 000."""
    return lambda i: round(i * 1000 / fps)


def at_speed(fps: float, factor: float) -> Stamp:
    """A clock that runs `factor` times as fast as time."""
    return lambda i: round(i * CLOCK * factor / fps)


def jumping(fps: float, seconds: float, after: int) -> Stamp:
    """A right clock that is set by `seconds` before picture `after`, once, for good."""
    return lambda i: 2_000_000_000 + round((i / fps + (seconds if i >= after else 0)) * CLOCK)


def wrapping(fps: float, after: int = 50) -> Stamp:
    """A right clock that passes 2³² at picture `after`."""
    return lambda i: 2**32 + round((i - after) * CLOCK / fps)
