"""Knows the markers of a JPEG image, and reads its size from its header (ITU-T T.81, annex B)."""

from __future__ import annotations

from typing import Final

SOI: Final = b"\xff\xd8"
"""Start of image."""
EOI: Final = b"\xff\xd9"
"""End of image."""
MIN_IMAGE_BYTES: Final = len(SOI) + len(EOI)
"""Nothing shorter is an image."""

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
_MAX_STEPS: Final = 512
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
    for _ in range(_MAX_STEPS):
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


def is_one_scan(image: bytes) -> bool:
    """Whether the image is a sequential one whose only scan begins with all of its components.

    The time that such an image takes to decode grows with its bytes and its pixels alone. Walks
    the marker segments; any thread, never raises.
    """
    at, last = 2, len(image) - 4
    components = -1
    for _ in range(_MAX_STEPS):
        if at >= last or image[at] != FILL:
            return False
        code = image[at + 1]
        if code == FILL:
            at += 1
            continue
        if code in STANDALONE_CODES:
            at += 2
            continue
        if code == SOS_CODE:
            return image[at + 4] == components
        if code in _HUFFMAN_SOF_CODES and at + 9 < len(image):
            components = image[at + 9]
        elif code in _SOF_CODES:
            return False
        at += 2 + (image[at + 2] << 8 | image[at + 3])
    return False


class SizeReader:
    """Reads the sizes of one camera's images; quick when one begins as the one before it.

    Not thread-safe.

    Attributes:
        last_size: (width, height) of the last image; (0, 0) before any.
    """

    __slots__ = ("_head", "last_size")

    def __init__(self) -> None:
        self._head = b""  # how the last image began, up to its size
        self.last_size = (0, 0)

    def size_of(self, image: bytes) -> tuple[int, int]:
        """(width, height) of an image, as `image_size` reads it."""
        head = self._head
        if head and image.startswith(head):
            return self.last_size
        width, height, length = image_head(image)
        self._head, self.last_size = image[:length], (width, height)
        return self.last_size


# Table K.3 to K.6: what an image means that brings no Huffman tables of its own, as Motion JPEG in
# AVI files and USB cameras do.
_STANDARD_TABLES: Final = bytes.fromhex(
    "0000010501010101010100000000000000000102030405060708090a0b100002010303020403050504040000"
    "017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718"
    "191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a7374757677"
    "78797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7"
    "c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa010003010101010101010101"
    "0000000000000102030405060708090a0b110002010204040304070504040001027700010203110405213106"
    "1241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536"
    "3738393a434445464748494a535455565758595a636465666768696a737475767778797a8283848586878889"
    "8a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8"
    "d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"
)
_STANDARD_DHT: Final = b"\xff\xc4" + (len(_STANDARD_TABLES) + 2).to_bytes(2) + _STANDARD_TABLES
_DHT_CODE: Final = 0xC4
_DAC_CODE: Final = 0xCC
_HUFFMAN_SOF_CODES: Final = frozenset({0xC0, 0xC1})


def with_huffman_tables(image: bytes) -> bytes:
    """The image as it is, or with the standard's Huffman tables when it brings none.

    Only baseline and extended sequential images: a progressive one without tables cannot be
    helped. Walks the marker segments; any thread, never raises.
    """
    at, last = 2, len(image) - 4
    huffman = False
    for _ in range(_MAX_STEPS):
        if at > last or image[at] != FILL:
            return image
        code = image[at + 1]
        if code == FILL:
            at += 1
        elif code in STANDALONE_CODES:
            at += 2
        elif code in (_DHT_CODE, _DAC_CODE):
            return image
        elif code == SOS_CODE:
            return image[:at] + _STANDARD_DHT + image[at:] if huffman else image
        else:
            huffman = huffman or code in _HUFFMAN_SOF_CODES
            at += 2 + (image[at + 2] << 8 | image[at + 3])
    return image
