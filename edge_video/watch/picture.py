"""Checks the structure of a JPEG, without decoding it. Pure."""

from __future__ import annotations

from edge_video.frames.jpeg import EOI, FILL, SOI, SOS_CODE, STANDALONE_CODES, image_size

_MAX_SEGMENTS = 512


def structural_defect(image: bytes) -> str | None:
    """What is wrong with the image's structure, in English; None when nothing is.

    Looks at the start and end markers, the frame header (a size), and that a scan with entropy
    coded bytes follows; not at those bytes: a picture may pass and still be grey in places.
    """
    if image[:2] != SOI:
        return "no start marker"
    if image[-2:] != EOI:
        return "no end marker: torn"
    if image_size(image) == (0, 0):
        return "no readable frame header"
    scan = _scan_start(image)
    if scan is None:
        return "no scan"
    return "an empty scan" if scan >= len(image) - len(EOI) else None


def _scan_start(image: bytes) -> int | None:
    """Where the entropy-coded bytes of the first scan begin."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if at + 4 > len(image) or image[at] != FILL:
            return None
        code = image[at + 1]
        if code == FILL:
            at += 1
        elif code in STANDALONE_CODES:
            at += 2
        else:
            length = int.from_bytes(image[at + 2 : at + 4], "big")
            if length < 2:  # noqa: PLR2004 - it counts itself
                return None
            at += 2 + length
            if code == SOS_CODE:
                return at
    return None
