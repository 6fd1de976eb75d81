"""Makes JPEG images as devices send them, and takes them apart for RTP."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_START: Final = b"\xff\xd8"
_DHT, _DQT, _SOF0, _SOS, _APP0 = 0xC4, 0xDB, 0xC0, 0xDA, 0xE0
_AVI1: Final = b"\xff\xe0\x00\x10AVI1\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"


def jpegs(
    count: int = 10,
    *,
    size: tuple[int, int] = (160, 120),
    quality: int = 80,
    grey: bool = False,
    progressive: bool = False,
) -> list[bytes]:
    """Small pictures of a block that moves; needs Pillow.

    Width and height must be multiples of 16 where they are to travel in RTP.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - importing the package needs no Pillow

    images = []
    for number in range(count):
        picture = Image.new("L" if grey else "RGB", size, 90 if grey else (40, 90, 160))
        left = number * size[0] // (count + 2)
        block = (left, size[1] // 12, left + size[0] // 5, size[1] // 2)
        ImageDraw.Draw(picture).rectangle(block, fill=255 if grey else (255, 255, 0))
        encoded = io.BytesIO()
        picture.save(encoded, "JPEG", quality=quality, progressive=progressive)
        images.append(encoded.getvalue())
    return images


def without_huffman_tables(image: bytes) -> bytes:
    """The image as AVI-style motion JPEG has it: an AVI1 marker and no Huffman tables (DHT)."""
    kept = [raw for marker, raw in _segments(image) if marker not in (_DHT, _APP0)]
    return _START + _AVI1 + b"".join(kept)


@dataclass(frozen=True, slots=True)
class JpegParts:
    """What RFC 2435 sends of a baseline JPEG."""

    width: int
    height: int
    rtp_type: int
    """0 for 4:2:2, 1 for 4:2:0."""
    quantization: tuple[bytes, ...]
    """64 bytes each, in zigzag order."""
    scan: bytes
    """The entropy-coded data."""


def parse_jpeg(image: bytes) -> JpegParts:
    """Take a baseline JPEG with the standard Huffman tables apart.

    Raises:
        ValueError: it has no frame or scan, or is not baseline colour.
    """
    tables: dict[int, bytes] = {}
    frame = scan = b""
    for marker, raw in _segments(image):
        if marker == _DQT:
            body = raw[4:]
            for at in range(0, len(body), 65):
                tables[body[at] & 0x0F] = body[at + 1 : at + 65]
        elif marker == _SOF0:
            frame = raw
        elif marker == _SOS:
            scan = raw[2 + struct.unpack_from(">H", raw, 2)[0] :].removesuffix(b"\xff\xd9")
    if len(frame) < 12 or not scan:
        raise ValueError("not a baseline JPEG")
    height, width = struct.unpack_from(">HH", frame, 5)
    return JpegParts(
        width, height, frame[11] & 0x0F == 2, tuple(tables[each] for each in sorted(tables)), scan
    )


def _segments(image: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker segment after the start with its bytes; the scan's go to the end of the image."""
    at = 2
    while at + 4 <= len(image) and image[at] == 0xFF:
        marker = image[at + 1]
        end = at + 2 + struct.unpack_from(">H", image, at + 2)[0]
        if marker == _SOS:
            end = len(image)
        yield marker, image[at:end]
        at = end
