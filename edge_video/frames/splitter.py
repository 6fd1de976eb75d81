r"""Cuts a stream of bytes into JPEG frames: FFmpeg's `mpjpeg`, other multipart, bare JPEG.

Sans-IO: no file, no thread, no clock. Bytes go in as they come, whole frames come out, and how
the bytes were chunked changes nothing, neither the frames nor the counters.

FFmpeg's `-f mpjpeg` writes, for each frame (`\r\n` behind the image belongs to the next part)::

    --ffmpeg\r\n
    Content-type: image/jpeg\r\n
    Content-length: 9455\r\n
    \r\n
    FF D8 ... FF D9 \r\n

An image with an announced length is taken at its word once its last two bytes are an end marker:
its body is not looked at (a camera's own lengths have to prove true first). Any other image is
walked: its header segments one by one, which skips embedded thumbnails, then its entropy-coded
bytes up to the end marker. Entropy coding never yields a start marker, so one in there says that
the image is torn and the next has begun.

Every byte is looked at a bounded number of times, whatever it is: where a walk fails, the search
goes on at the segment that did not check out, not at the image's beginning.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from edge_video.frames.byte_window import ByteWindow
from edge_video.frames.jpeg import EOI, MIN_IMAGE_BYTES, SOI
from edge_video.frames.part_header import (
    BLANK_LINE,
    LINE_FEED,
    MAX_HEADER_BYTES,
    MAX_LENGTH_DIGITS,
    AnnouncedLengths,
    header_before,
    is_in_text,
)
from edge_video.frames.segments import WalkEnd, is_torn_at, may_follow_soi, walk

# One pass of `re` costs a fifth of two passes of `bytearray.find`, which stumbles over the many
# 0xFF of entropy-coded bytes.
_END_OR_TORN: Final = re.compile(rb"\xff[\xd8\xd9]")
# Where an image may begin: behind a line break, which may end a header, or before what can be its
# first marker; both are seen in C, whatever a stream is full of.
_BEGINNING: Final = re.compile(
    rb"\xff\xd8(?:(?=\xff(?:[\x01\xc0-\xd7\xda-\xff]|\Z)|\Z)|(?<=\n\xff\xd8))"
)


class _State(Enum):
    SEARCH = auto()
    """Between images; the window's `scan` is where the search for a start marker goes on."""
    ANNOUNCED = auto()
    """An image of `_announced` bytes begins at the window's start."""
    SEGMENTS = auto()
    """An image begins at the window's start; its next header segment at `scan`."""
    ENTROPY = auto()
    """An image begins at the window's start; its end is searched from `scan`."""


class FrameSplitter:
    """Takes bytes, gives frames; in the idiom of `asyncio.BufferedProtocol`.

    Read into `get_buffer()`, then say with `buffer_updated(n)` how many bytes came. The one copy
    that is made of a frame is the `bytes` object handed out.

    Not thread-safe: one reader owns it. Memory: 256 KiB, more only while frames need it, never
    more than `max_frame_bytes` plus 256 KiB.

    Attributes:
        frames: whole frames handed out.
        frame_bytes: their lengths together.
        oversized: images refused because they are, or are announced, larger than the limit; they
            are passed over without being kept.
        discarded_bytes: bytes that belong to no frame: garbage, torn and oversized images,
            headers that are none.
        framing_bytes: bytes of boundaries and part headers. With the frames' lengths, the
            discarded bytes and `buffered` they add up to the bytes that went in.

    Args:
        max_frame_bytes: larger images are refused.
        believes_lengths: whether announced lengths are believed from the first one on; otherwise
            one has to prove true before.

    Raises:
        ValueError: `max_frame_bytes` is smaller than any image.
    """

    __slots__ = (
        "_announced",
        "_lengths",
        "_max_frame_bytes",
        "_refused",
        "_segments",
        "_state",
        "_window",
        "discarded_bytes",
        "frame_bytes",
        "frames",
        "framing_bytes",
        "oversized",
    )

    def __init__(self, *, max_frame_bytes: int = 16 * 2**20, believes_lengths: bool = True) -> None:
        if max_frame_bytes < MIN_IMAGE_BYTES:
            raise ValueError(f"max_frame_bytes must be at least {MIN_IMAGE_BYTES}")
        self.frames = 0
        self.frame_bytes = 0
        self.oversized = 0
        self.discarded_bytes = 0
        self.framing_bytes = 0
        self._max_frame_bytes = max_frame_bytes
        self._window = ByteWindow(max_frame_bytes)
        self._lengths = AnnouncedLengths(are_believed=believes_lengths)
        self._state = _State.SEARCH
        # Of the image that begins at the window's start: the length it is said to have, its header
        # segments so far, and whether it is too large.
        self._announced = 0
        self._segments = 0
        self._refused = False

    @property
    def buffered(self) -> int:
        """Bytes kept because what they are is not yet known."""
        return self._window.end - self._window.start

    @property
    def capacity(self) -> int:
        """Bytes of memory the buffer takes now."""
        return len(self._window.buffer)

    def get_buffer(self) -> memoryview:
        """Where the next read goes: writable, never empty, valid until the next call here."""
        return self._window.room()

    def peek(self, n: int) -> bytes:
        """The first `n` bytes that were read into `get_buffer()`, before `buffer_updated`."""
        end = self._window.end
        return bytes(self._window.view[end : end + n])

    def buffer_updated(self, n: int) -> list[bytes]:
        """Take in the `n` bytes that were read into `get_buffer()`; the frames now whole, in order.

        Raises:
            ValueError: `n` is negative or more than the buffer had room for.
        """
        window = self._window
        window.extend(n)
        whole: list[bytes] = []
        if self._state is _State.SEARCH and self._lengths.are_believed:
            self._take_usual(whole)
        # Behind a usual part comes a line break and no more: two bytes on which no step can act.
        if not whole or window.end - window.start > len(SOI):
            while self._step(whole):
                pass
        window.move_a_little()
        return whole

    def feed(self, chunk: bytes) -> list[bytes]:
        """Copy a chunk of any size in; the frames now whole, in order."""
        whole: list[bytes] = []
        rest = memoryview(chunk)
        while rest:
            room = self.get_buffer()
            n = min(len(room), len(rest))
            room[:n] = rest[:n]
            whole += self.buffer_updated(n)
            rest = rest[n:]
        return whole

    def _take_usual(self, whole: list[bytes]) -> None:
        """Take whole parts that begin exactly as the last one did, in as few steps as can be.

        It does what the states below would do; it is here because it is done for every frame.
        """
        window, usual = self._window, self._lengths.usual
        buffer, at, end = window.buffer, window.start, window.end
        while usual and window.scan <= at + len(usual) and buffer.startswith(usual, at, end):
            digits = at + len(usual)
            soi = buffer.find(BLANK_LINE, digits, digits + MAX_LENGTH_DIGITS + len(BLANK_LINE)) + 4
            number = buffer[digits : soi - 4]
            if soi < digits or not number.isdigit():
                return
            length = int(number)
            stop = soi + length
            if not (
                MIN_IMAGE_BYTES <= length <= self._max_frame_bytes
                and stop <= end
                and buffer.startswith(SOI, soi)
                and buffer.startswith(EOI, stop - 2)
            ):
                return
            self.framing_bytes += soi - at
            window.start = soi
            self._refused = False
            self._hand_out(stop, whole)
            at = stop

    # --- the states; each returns whether another step can follow -----------------------------

    def _step(self, whole: list[bytes]) -> bool:
        match self._state:
            case _State.SEARCH:
                return self._search()
            case _State.ANNOUNCED:
                return self._take_announced(whole)
            case _State.SEGMENTS:
                return self._walk()
            case _State.ENTROPY:
                return self._find_end(whole)

    def _search(self) -> bool:
        window = self._window
        buffer, end = window.buffer, window.end
        for found in _BEGINNING.finditer(buffer, window.scan, end):
            soi = found.start()
            header, length = soi, None
            if buffer[soi - 1] == LINE_FEED:
                header, length = header_before(window.view, window.start, soi)
            if length is not None:
                self._begin_at(header, soi)
                self._announce(length)
                return True
            if soi + 4 > end:
                return self._wait_at(soi)
            if not may_follow_soi(buffer, soi):
                continue
            if header == soi:
                if is_in_text(buffer, window.start, soi):
                    continue
                if is_torn_at(buffer, soi, end, self._max_frame_bytes):
                    self.discarded_bytes += window.drop_before(soi)
                    continue
            self._begin_at(header, soi)
            return True
        return self._wait_at(max(window.scan, end - 1))

    def _begin_at(self, header: int, soi: int) -> None:
        """An image begins at `soi`, and what stands before it from `header` on is its header."""
        window = self._window
        self.discarded_bytes += window.drop_before(header)
        if header < soi:
            self._lengths.learn(bytes(window.view[header:soi]))
        self.framing_bytes += window.drop_before(soi)
        window.scan = soi + 2
        self._segments = 0
        self._announced = 0
        self._refused = False
        self._state = _State.SEGMENTS

    def _announce(self, length: int) -> None:
        """The image at the window's start is said to have so many bytes."""
        self._announced = length
        if not self._lengths.are_believed:
            return
        if length > self._max_frame_bytes:
            self._refuse()
        else:
            self._state = _State.ANNOUNCED

    def _take_announced(self, whole: list[bytes]) -> bool:
        stop = self._window.start + self._announced
        if stop > self._window.end:
            return False
        if self._window.buffer.startswith(EOI, stop - 2):
            self._lengths.proved_true()
            self._hand_out(stop, whole)
        else:
            # The length lies, or the image is torn: let the image speak for itself.
            self._lengths.proved_wrong()
            self._state = _State.SEGMENTS
        return True

    def _walk(self) -> bool:
        window = self._window
        limit = self._limit()
        end, window.scan, self._segments = walk(window.buffer, window.scan, limit, self._segments)
        if end is WalkEnd.STARVED:
            return self._starve()
        self._state = _State.ENTROPY if end is WalkEnd.SCAN else _State.SEARCH
        return True

    def _find_end(self, whole: list[bytes]) -> bool:
        window, limit = self._window, self._limit()
        marker = _END_OR_TORN.search(window.buffer, window.scan, limit)
        if marker is None:
            window.scan = max(window.scan, limit - 1)
            return self._starve()
        if marker[0] == SOI:
            self._state, window.scan = _State.SEARCH, marker.start()
        elif self._refused:
            self._state, window.scan = _State.SEARCH, marker.end()
        else:
            if marker.end() - window.start == self._announced:
                self._lengths.proved_true()
            self._hand_out(marker.end(), whole)
        return True

    # --- what the states share ----------------------------------------------------------------

    def _limit(self) -> int:
        """How far this image may be looked at; counting from it keeps any chunking equal."""
        window = self._window
        if self._refused:
            return window.end
        return min(window.end, window.start + self._max_frame_bytes)

    def _starve(self) -> bool:
        """The image needs bytes behind the limit: wait for them, or refuse it as too large."""
        if self._refused:
            return self._wait_at(self._window.scan)
        if self.buffered > self._max_frame_bytes:
            self._refuse()
            return True
        return False

    def _refuse(self) -> None:
        """Pass the current image over: what is scanned of it is not kept."""
        self.oversized += 1
        self._refused = True

    def _hand_out(self, stop: int, whole: list[bytes]) -> None:
        window = self._window
        whole.append(bytes(window.view[window.start : stop]))
        self.frames += 1
        self.frame_bytes += stop - window.start
        window.start = window.scan = stop
        self._state = _State.SEARCH

    def _wait_at(self, scan: int) -> bool:
        """Wait for more bytes; keep as much before `scan` as a header could take."""
        self._window.scan = scan
        self.discarded_bytes += self._window.drop_before(scan - MAX_HEADER_BYTES)
        return False
