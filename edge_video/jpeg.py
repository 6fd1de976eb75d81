"""The markers of a JPEG image, and its size read from its own header (ITU-T T.81, annex B)."""

from __future__ import annotations

from typing import Final

SOI: Final = b"\xff\xd8"
"""Start of image."""
EOI: Final = b"\xff\xd9"
"""End of image."""

FILL: Final = 0xFF
"""Begins every marker; any number of them may come before a marker's code."""
SOI_CODE: Final = 0xD8
EOI_CODE: Final = 0xD9
SOS_CODE: Final = 0xDA
"""Start of scan: entropy-coded bytes follow its segment."""
FIRST_CODE: Final = 0xC0
"""Codes below are reserved, `TEM` (0x01) excepted."""
STANDALONE_CODES: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0 to RST7: markers without a segment."""

# All frame headers; 0xC4, 0xC8 and 0xCC are DHT, JPG and DAC.
_SOF_CODES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# A JPEG has about ten markers before its frame header; an ICC profile or a large preview adds
# up to 255 segments. More are nonsense, and walking them would cost as much as their number.
_MOST_STEPS: Final = 512
_UNREADABLE: Final = (0, 0, 0)


def image_size(image: bytes) -> tuple[int, int]:
    """The (width, height) in pixels that the image's frame header states.

    Walks the marker segments, a few dozen bytes of a usual image, and looks at nothing behind the
    frame header. (0, 0) when the header is torn, missing, or leaves a dimension open. Any thread;
    never raises.
    """
    return image_head(image)[:2]


def image_head(image: bytes) -> tuple[int, int, int]:
    """As `image_size`, and how many bytes of the image say so; 0 when the header is unreadable.

    Another image that begins with the same bytes has the same size: encoders change little
    between two frames, and comparing is far cheaper than walking.
    """
    if image[:2] != SOI:
        return _UNREADABLE
    at = 2
    last = len(image) - 9  # a frame header up to its width
    for _ in range(_MOST_STEPS):
        if at > last or image[at] != FILL:
            return _UNREADABLE
        code = image[at + 1]
        if code == FILL:
            at += 1
            continue
        if code in STANDALONE_CODES:
            at += 2
            continue
        length = image[at + 2] << 8 | image[at + 3]
        if code in _SOF_CODES:
            height = image[at + 5] << 8 | image[at + 6]
            width = image[at + 7] << 8 | image[at + 8]
            # Height 0 is legal (a DNL segment after the scan states it) and of no use here.
            return (width, height, at + 9) if length >= 8 and width and height else _UNREADABLE  # noqa: PLR2004 - a frame header's fixed part
        if code < FIRST_CODE or SOI_CODE <= code <= SOS_CODE:
            return _UNREADABLE
        at += 2 + length  # a length below 2 is wrong, and leads to its own bytes: no marker
    return _UNREADABLE
