"""Reads the headers of a multipart stream's parts, and judges the lengths that they announce."""

from __future__ import annotations

import re
from typing import Final

from edge_video.frames.jpeg import MIN_IMAGE_BYTES

# A part's header, from the boundary to the blank line, ends within this many bytes, or it is
# none. Nothing longer is kept while no image begins.
MAX_HEADER_BYTES: Final = 2048
LINE_FEED: Final = 0x0A
BLANK_LINE: Final = b"\r\n\r\n"
MAX_LENGTH_DIGITS: Final = 9

_PART: Final = re.compile(rb"--[^\r\n]{1,256}\r?\n(?:[^\r\n:]{1,128}:[^\r\n]*\r?\n)*\r?\n")
_LENGTH: Final = re.compile(rb"\nContent-Length:[ \t]*([0-9]+)[ \t]*\r?\n", re.IGNORECASE)
_USUAL: Final = re.compile(rb"(.*\nContent-Length: )[0-9]{1,9}\r\n\r\n", re.DOTALL | re.IGNORECASE)
_TYPE: Final = re.compile(rb"content-type:[ \t]*([a-z]*)", re.IGNORECASE)
_MAY_BE_IMAGES: Final = frozenset({b"image", b"multipart", b"application", b""})
_TYPE_BYTES: Final = 16
_TYPE_WITHIN: Final = 512
"""So far before an image begins may stand what its part is said to be instead of an image."""
_MAX_LIES: Final = 2
"""So many wrong lengths in a row, and lengths are not believed until one proves true: waiting for
more bytes than an image has would make each as late as the next ones."""


def header_before(view: memoryview, start: int, soi: int) -> tuple[int, int | None]:
    """Where the part header that ends at `soi` begins, and the length that it announces.

    Looks at nothing before `start`. (`soi`, None) when no header ends there.
    """
    if soi == start or view[soi - 1] != LINE_FEED:
        return soi, None
    head = bytes(view[max(start, soi - MAX_HEADER_BYTES) : soi])
    begin = head.rfind(b"\n--") + 1
    if _PART.fullmatch(head, begin) is None:
        # Behind garbage, or a torn image, a boundary need not begin a line.
        begin = head.rfind(b"--")
        if begin < 0 or _PART.fullmatch(head, begin) is None:
            return soi, None
    announced = _LENGTH.search(head, begin)
    length = int(announced[1]) if announced else 0
    if head.endswith(b"\r\n", 0, begin):  # the line break before a boundary is part of it
        begin -= 2
    elif head.endswith(b"\n", 0, begin):
        begin -= 1
    return soi - len(head) + begin, length if length >= MIN_IMAGE_BYTES else None


def is_in_text(buffer: bytearray, start: int, soi: int) -> bool:
    """Whether `soi` stands in a part that is announced to be no image: text may be anything."""
    if soi - start <= _TYPE_BYTES:
        return False
    types = _TYPE.findall(buffer, max(start, soi - _TYPE_WITHIN), soi)
    return bool(types) and types[-1].lower() not in _MAY_BE_IMAGES


class AnnouncedLengths:
    """Decides whether the lengths that headers announce are believed. Not thread-safe.

    Attributes:
        are_believed: until two in a row prove wrong, and again once one has proved true.
        usual: how the last part began, up to its length, if its length is the last thing that its
            header says; empty otherwise.

    Args:
        are_believed: from the first one on; otherwise one has to prove true before.
    """

    __slots__ = ("_lies", "are_believed", "usual")

    def __init__(self, *, are_believed: bool) -> None:
        self._lies = 0 if are_believed else _MAX_LIES
        self.are_believed = are_believed
        self.usual = b""

    def proved_true(self) -> None:
        """An image was as long as announced."""
        self._lies = 0
        self.are_believed = True

    def proved_wrong(self) -> None:
        """An image was not as long as announced."""
        self._lies += 1
        self.are_believed = self._lies < _MAX_LIES

    def learn(self, header: bytes) -> None:
        """Remember how a part begins."""
        named = _USUAL.fullmatch(header)
        self.usual = named[1] if named and header.startswith(b"\r\n--") else b""
