"""Walks the header segments of a JPEG image that may be torn, incomplete, or none (T.81, annex B).

Pure: a buffer and positions in it go in, positions come out.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from edge_video.frames.jpeg import (
    EOI_CODE,
    FILL,
    FIRST_CODE,
    SOI,
    SOI_CODE,
    SOS_CODE,
    STANDALONE_CODES,
)

_MAX_SEGMENTS: Final = 1024
"""An image has some ten header segments; a profile or a preview adds up to 255 each."""
_NOT_FILL: Final = re.compile(rb"[^\xff]")
_BARE_SOI: Final = SOI + bytes((FILL,))
# What can follow a segment: a fill byte or another segment.
_AFTER_SEGMENT: Final = frozenset(range(FIRST_CODE, 0x100)) - frozenset(range(0xD0, SOS_CODE))
_AFTER_SOI: Final = frozenset({0x01, *range(FIRST_CODE, 0x100)}) - {SOI_CODE, EOI_CODE}
_NO_LENGTH: Final = frozenset({FILL, SOS_CODE}) | STANDALONE_CODES
_LENGTH_BYTES: Final = 2  # a segment's length counts itself


class WalkEnd(Enum):
    """How `walk` ends."""

    STARVED = auto()
    """It takes bytes behind the limit to tell; the walk goes on at the position."""
    BROKEN = auto()
    """This is no image; the search for another goes on at the position."""
    SCAN = auto()
    """Entropy-coded bytes follow, from the position at the latest."""


def walk(buffer: bytearray, at: int, limit: int, segments: int) -> tuple[WalkEnd, int, int]:
    """Go through an image's header as far as it can be seen: how that ends, where, the segments.

    Args:
        buffer: has the image.
        at: where the next marker should stand.
        limit: nothing is looked at from there on.
        segments: how many of the image's segments were passed before.
    """
    while at + 1 < limit:
        code = buffer[at + 1]
        if buffer[at] != FILL or code == SOI_CODE:
            return WalkEnd.BROKEN, at, segments
        if code == FILL:
            code_at = _NOT_FILL.search(buffer, at + 1, limit)
            at = code_at.start() - 1 if code_at else limit - 1
        elif code in STANDALONE_CODES:
            at += 2
        elif code < FIRST_CODE or code == EOI_CODE:  # an image without a scan shows nothing
            return WalkEnd.BROKEN, at + 2, segments
        else:
            end, behind = _pass_segment(buffer, at, limit, segments)
            if end is not None:
                return end, behind, segments
            at = behind
            segments += 1
    return WalkEnd.STARVED, at, segments


def _pass_segment(
    buffer: bytearray, at: int, limit: int, segments: int
) -> tuple[WalkEnd | None, int]:
    """Go behind the segment at `at` if what follows it can be right."""
    if at + 4 > limit:
        return WalkEnd.STARVED, at
    length = buffer[at + 2] << 8 | buffer[at + 3]
    stop = at + 2 + length
    if length < _LENGTH_BYTES or segments >= _MAX_SEGMENTS:
        return WalkEnd.BROKEN, at + 2
    if buffer[at + 1] == SOS_CODE:
        # Its few parameters cannot look like a marker either, unless it is torn.
        return WalkEnd.SCAN, at + 2
    if stop + 2 > limit:
        return WalkEnd.STARVED, at
    if buffer[stop] != FILL or buffer[stop + 1] not in _AFTER_SEGMENT:
        return WalkEnd.BROKEN, at + 2
    soi = _torn_before(buffer, at + 2, stop)
    return (None, stop) if soi < 0 else (WalkEnd.BROKEN, soi)


def _torn_before(buffer: bytearray, begin: int, stop: int) -> int:
    """Where another image begins between `begin` and `stop`, one of whose segments ends there.

    Then the segment that was to end at `stop` is torn, and it was the other image's marker that
    seemed to follow it. A thumbnail does not give that impression. -1 when all is well.
    """
    soi = buffer.rfind(_BARE_SOI, begin, stop + 1)
    at = soi + 2
    while soi >= 0 and at < stop:
        if at + 4 > stop or buffer[at] != FILL:
            return -1
        at += 2 + max(_LENGTH_BYTES, buffer[at + 2] << 8 | buffer[at + 3])
    return soi if at == stop else -1


def may_follow_soi(buffer: bytearray, soi: int) -> bool:
    """Whether the two bytes behind a start marker can be a marker of a header."""
    return buffer[soi + 2] == FILL and buffer[soi + 3] in _AFTER_SOI


def is_torn_at(buffer: bytearray, soi: int, end: int, max_bytes: int) -> bool:
    """Whether the first segment behind `soi` cannot be one, as far as can be told at once.

    `walk` would find out; it is here for the sake of garbage that is full of start markers, which
    is passed over several times as fast.
    """
    if buffer[soi + 3] in _NO_LENGTH or soi + 6 > end:
        return False
    stop = soi + 4 + (buffer[soi + 4] << 8 | buffer[soi + 5])
    if stop + 2 > end or stop + 2 > soi + max_bytes:
        return False
    return buffer[stop] != FILL or buffer[stop + 1] not in _AFTER_SEGMENT
